// SPDX-License-Identifier: BSD-3-Clause
#include "control/line_work.hpp"

#include <fmt/format.h>

#include <utility>

namespace gate511::control {
namespace {

// In one step, of some 10 us.
constexpr std::size_t kReadAStep = 2'048;
constexpr std::size_t kFreedAStep = 128;
constexpr std::size_t kSmall = 4'096;

}  // namespace

std::string text_of(const Json& json) {
  // What came in was valid UTF-8, but a name from the operating system may not be.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string error_answer(const RpcError& error, const Json& id) {
  return fmt::format(R"({{"error":{},"id":{},"jsonrpc":"2.0"}})", text_of(error.to_json()),
                     text_of(id));
}

RpcError invalid_request(std::string message) {
  return {rpc::kInvalidRequest, std::move(message), nullptr};
}

/// A batch under way: its answers, and how many are still owed.
struct LineWork::Batch {
  std::string answers;
  std::size_t owed = 0;
  Dispatcher::Reply reply;

  void finish_one(std::string_view made) {
    if (!made.empty()) {
      answers += answers.empty() ? '[' : ',';
      answers += made;
    }
    if (--owed != 0) return;
    // Notifications alone draw no answer, not even an empty batch (specification, 6).
    reply(answers.empty() ? std::string{} : std::move(answers) + ']');
  }
};

LineWork::LineWork(const Dispatcher& dispatcher, Caller caller, std::string_view line,
                   Dispatcher::Reply reply)
    : dispatcher_{dispatcher},
      caller_{std::move(caller)},
      line_{line},
      reader_{line_, kMaxDepth},
      reply_{std::move(reply)} {}

bool LineWork::step() {
  switch (phase_) {
    case Phase::kRead:
      if (!reader_.work(kReadAStep)) take_apart();
      break;
    case Phase::kBatch:
      one_of_batch();
      break;
    case Phase::kFree:
      return shred(reader_.root(), kFreedAStep);
  }
  // What is small is done with in one step.
  return phase_ != Phase::kFree || line_.size() > kSmall;
}

void LineWork::refuse(const RpcError& error) {
  phase_ = Phase::kFree;
  std::exchange(reply_, nullptr)(error_answer(error));
}

void LineWork::take_apart() {
  if (!reader_.error().empty()) return refuse({rpc::kParseError, reader_.error(), nullptr});
  Json& document = reader_.root();
  if (!document.is_array()) {
    phase_ = Phase::kFree;
    return dispatcher_.handle_one(caller_, document, std::exchange(reply_, nullptr));
  }
  if (document.empty() || document.size() > kMaxBatch) {
    return refuse(invalid_request(
        fmt::format("a batch of {}; it must have 1 to {} requests", document.size(), kMaxBatch)));
  }
  batch_ = std::make_shared<Batch>();
  batch_->owed = document.size();
  batch_->reply = std::exchange(reply_, nullptr);
  phase_ = Phase::kBatch;
}

void LineWork::one_of_batch() {
  Json& document = reader_.root();
  if (next_ + 1 == document.size()) phase_ = Phase::kFree;
  dispatcher_.handle_one(caller_, document[next_++],
                         [batch = batch_](const std::string& made) { batch->finish_one(made); });
}

}  // namespace gate511::control
