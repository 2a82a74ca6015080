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

/// By what others have written into the server: hello makes it good.
bool can_be_mended(std::string_view error) {
  return error.starts_with("ERR ") || error.starts_with("WRONGTYPE ");
}

}  // namespace

void Link::take_batches() {
  std::deque<Batch> batches;
  {
    const std::lock_guard lock{mutex_};
    batches.swap(waiting_);
  }
  for (Batch& batch : batches) {
    std::erase_if(batch.ops, [this](const Op& op) {
      if (!op.if_doubtful || doubtful_.erase(op.id) != 0) return false;
      tell(op);
      return true;
    });
    if (batch.ops.empty()) {
      settle(batch.number, Verdict::kDone);
    } else {
      send_batch(std::move(batch));
    }
  }
}

void Link::send_batch(Batch batch) {
  std::erase_if(batch.ops, [this](const Op& op) {
    if (op.kind != 'R') return false;
    if (state_ == State::kReady) read_one(op.client);
    return true;
  });
  if (batch.ops.empty()) return settle(batch.number, Verdict::kDone);
  if (state_ != State::kReady) {
    settle(batch.number, Verdict::kFailed);
    if (batch.mode == Mode::kEach) keep(batch.ops);
    return;
  }
  const auto shared = std::make_shared<Batch>(std::move(batch));
  const std::uint64_t number = next_in_flight_++;
  in_flight_.emplace(number, shared);
  for (const Op& op : shared->ops) drop_overtaken(op);
  send_in_flight(number, shared);
}

void Link::send_in_flight(std::uint64_t number, const std::shared_ptr<Batch>& batch) {
  std::vector<const Op*> ops;
  ops.reserve(batch->ops.size());
  for (const Op& op : batch->ops) ops.push_back(&op);
  send_ops(ops, batch->mode, [this, batch, ops, number](const Reply& reply) {
    if (reply.is_error() && can_be_mended(reply.text) && !std::exchange(batch->is_again, true)) {
      say_hello();
      return send_in_flight(number, batch);
    }
    in_flight_.erase(number);
    const Verdict verdict = take_answer(ops, reply);
    settle(batch->number, verdict);
    if (verdict == Verdict::kFailed && batch->mode == Mode::kEach) keep(batch->ops);
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
                 {gateway, mode == Mode::kAll ? "all" : "each", length, stay, prefix, connection_});
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
      next_hello_ = SteadyClock::now();  // which mends what can be mended
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
    take_entry(op.client, reply.elements[i + 1], /*is_answer=*/true);
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

/// That the server needs to hear of this end no more.
void Link::tell(const Op& op) {
  const std::lock_guard lock{mutex_};
  told_.push_back({op.id, op.client});
  has_news_ = true;
}

void Link::drop_kept(std::map<std::uint64_t, Op>::iterator kept, bool is_told) {
  const auto& [number, op] = *kept;
  if (const auto known = kept_by_id_.find(op.id);
      known != kept_by_id_.end() && known->second == number)
    kept_by_id_.erase(known);
  if (op.kind == 'E') {
    if (is_told) tell(op);
    const auto end = kept_ends_.find(end_name(op.id, op.client));
    if (end != kept_ends_.end() && end->second == number) kept_ends_.erase(end);
  }
  kept_.erase(kept);
}

void Link::drop_overtaken(const Op& op) {
  if (kept_.empty() || (op.kind != 'P' && op.kind != 'E')) return;
  // What it was to become before is not wanted any more, nor that it had left this client.
  if (const auto known = kept_by_id_.find(op.id); known != kept_by_id_.end()) {
    const auto kept = kept_.find(known->second);
    if (kept->second.kind == 'P') drop_kept(kept, /*is_told=*/false);
  }
  const auto end = kept_ends_.find(end_name(op.id, op.client));
  if (op.kind == 'P' && end != kept_ends_.end()) drop_kept(kept_.find(end->second), true);
}

void Link::keep(std::vector<Op>& ops) {
  for (Op& op : ops) {
    if (op.kind != 'P' && op.kind != 'E') continue;
    drop_overtaken(op);
    // One that is kept twice is sent once.
    if (op.kind == 'E' && is_end_kept(op.id, op.client)) continue;
    kept_by_id_[op.id] = next_kept_;
    if (op.kind == 'E') kept_ends_[end_name(op.id, op.client)] = next_kept_;
    kept_.emplace(next_kept_++, std::move(op));
  }
  while (kept_.size() > kMaxKept) {
    drop_kept(kept_.begin(), /*is_told=*/false);
    const std::lock_guard lock{mutex_};
    ++status_.lost;
  }
}

void Link::keep_owed() {
  std::vector<Op> ops;
  ops.reserve(options_.owed.size());
  for (const store::Owed& owed : options_.owed) {
    ops.push_back({.kind = 'E',
                   .id = owed.id,
                   .client = client_text(owed.place),
                   .a = std::to_string(owed.reason)});
  }
  keep(ops);
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
    for (const auto& one : *sent) {
      if (const auto kept = kept_.find(one.first); kept != kept_.end()) drop_kept(kept, true);
    }
  });
}

}  // namespace gate511::control::redis
