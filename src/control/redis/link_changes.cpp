// SPDX-License-Identifier: BSD-3-Clause
//
// The link: changes of this gateway on their way to the server.
#include <algorithm>
#include <string>
#include <utility>

#include "control/redis/link.hpp"
#include "control/redis/link_parts.hpp"
#include "control/redis/scripts.hpp"

namespace gate511::control::redis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryKept{1'000};  // what the server has refused
constexpr std::size_t kKeptASend = 500;
constexpr std::size_t kMaxKept = 2'000'000;

}  // namespace

void Link::take_batches() {
  std::deque<Batch> batches;
  {
    const std::lock_guard lock{mutex_};
    batches.swap(waiting_);
  }
  for (Batch& batch : batches) {
    std::erase_if(batch.ops,
                  [this](const Op& op) { return op.if_doubtful && doubtful_.erase(op.id) == 0; });
    if (batch.ops.empty()) {
      settle(batch.number, Verdict::kDone);
    } else {
      send_batch(std::move(batch));
    }
  }
}

void Link::send_batch(Batch batch) {
  if (state_ != State::kReady) {
    settle(batch.number, Verdict::kFailed);
    if (batch.mode == Mode::kEach) keep(batch.ops);
    return;
  }
  const auto shared = std::make_shared<Batch>(std::move(batch));
  const std::uint64_t number = next_in_flight_++;
  in_flight_.emplace(number, shared);
  std::vector<const Op*> ops;
  for (const Op& op : shared->ops) {
    ops.push_back(&op);
    // What it was to become before is not wanted any more.
    const auto kept =
        op.kind == 'P' || op.kind == 'E' ? kept_by_id_.find(op.id) : kept_by_id_.end();
    if (kept == kept_by_id_.end()) continue;
    kept_.erase(kept->second);
    kept_by_id_.erase(kept);
  }
  send_ops(ops, shared->mode, [this, shared, ops, number](const Reply& reply) {
    in_flight_.erase(number);
    const Verdict verdict = take_answer(ops, reply);
    settle(shared->number, verdict);
    if (verdict == Verdict::kFailed && shared->mode == Mode::kEach) keep(shared->ops);
  });
}

void Link::send_ops(const std::vector<const Op*>& ops, Mode mode, Connection::OnReply on_reply) {
  const std::string keys = std::to_string(ops.size() + 2), seq = key("seq"), stream = key("stream");
  const std::string gateway = std::to_string(options_.gateway);
  const std::string length = std::to_string(kStreamLength), stay = std::to_string(kEndsStay_ms);
  const std::string prefix = std::to_string(session_prefix_.size());
  std::vector<std::string> texts;
  texts.reserve(ops.size() * 3);
  for (const Op* op : ops) texts.push_back(session_prefix_ + op->client);
  std::vector<std::string_view> command{"EVALSHA", apply_, keys, seq, stream};
  for (std::size_t i = 0; i < ops.size(); ++i) command.emplace_back(texts[i]);
  command.insert(command.end(),
                 {gateway, mode == Mode::kAll ? "all" : "each", length, stay, prefix});
  for (const Op* op : ops) {
    const std::string& seen = texts.emplace_back(std::to_string(op->seen));
    const std::string& id = texts.emplace_back(std::to_string(op->id));
    command.insert(command.end(), {{&op->kind, 1}, seen, id, op->a, op->b});
  }
  commands_->send(command, std::move(on_reply));
}

Link::Verdict Link::take_answer(const std::vector<const Op*>& ops, const Reply& reply) {
  if (reply.is_error()) {
    {
      const std::lock_guard lock{mutex_};
      ++status_.errors;
    }
    const std::string text = printable(reply.text);
    if (text.starts_with("NOSCRIPT")) {
      commands_->fail("has lost what it was told");
    } else {
      refuse(text);
    }
    next_kept_attempt_ = SteadyClock::now() + kRetryKept;
    return Verdict::kFailed;
  }
  const auto done = reply.is_array() && reply.elements.size() % 2 == 1 ? reply.elements[0].number()
                                                                       : std::nullopt;
  if (!done) {
    commands_->fail("answers nonsense");
    return Verdict::kFailed;
  }
  bool is_conflict = false;
  for (std::size_t i = 1; i + 1 < reply.elements.size(); i += 2) {
    const auto at = reply.elements[i].number();
    if (!at || *at < 1 || *at > ops.size()) {
      commands_->fail("answers nonsense");
      return Verdict::kFailed;
    }
    const Op& op = *ops[*at - 1];
    if (op.kind == 'P') is_conflict = true;
    take_entry(op.client, reply.elements[i + 1]);
  }
  const std::lock_guard lock{mutex_};
  status_.refusal.clear();
  status_.sent += *done;
  if (is_conflict) ++status_.conflicts;
  return is_conflict ? Verdict::kConflict : Verdict::kDone;
}

void Link::settle(std::uint64_t number, Verdict verdict) {
  if (number == 0) return;
  const std::lock_guard lock{mutex_};
  outcomes_.push_back({number, verdict});
  has_news_ = true;
}

void Link::keep(std::vector<Op>& ops) {
  for (Op& op : ops) {
    if (op.kind != 'P' && op.kind != 'E') continue;
    const auto known = kept_by_id_.find(op.id);
    // A session that was moved ends at one place and goes on at another.
    if (known != kept_by_id_.end() && kept_.at(known->second).client == op.client) {
      kept_.erase(known->second);
    }
    kept_by_id_[op.id] = next_kept_;
    kept_.emplace(next_kept_++, std::move(op));
  }
  while (kept_.size() > kMaxKept) {
    const auto oldest = kept_.begin();
    const auto known = kept_by_id_.find(oldest->second.id);
    if (known != kept_by_id_.end() && known->second == oldest->first) kept_by_id_.erase(known);
    kept_.erase(oldest);
    const std::lock_guard lock{mutex_};
    ++status_.lost;
  }
}

void Link::send_kept() {
  if (kept_.empty() || kept_in_flight_ > 0 || SteadyClock::now() < next_kept_attempt_) return;
  const auto sent = std::make_shared<std::vector<std::pair<std::uint64_t, Op>>>();
  std::vector<const Op*> ops;
  sent->reserve(kKeptASend);
  for (const auto& [number, op] : kept_) {
    if (sent->size() == kKeptASend) break;
    sent->emplace_back(number, op);
    ops.push_back(&sent->back().second);
  }
  kept_in_flight_ = sent->size();
  send_ops(ops, Mode::kEach, [this, sent, ops](const Reply& reply) {
    kept_in_flight_ = 0;
    if (take_answer(ops, reply) == Verdict::kFailed) return;
    for (const auto& [number, op] : *sent) {
      kept_.erase(number);
      const auto known = kept_by_id_.find(op.id);
      if (known != kept_by_id_.end() && known->second == number) kept_by_id_.erase(known);
    }
  });
}

}  // namespace gate511::control::redis
