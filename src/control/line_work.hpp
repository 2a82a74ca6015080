// SPDX-License-Identifier: BSD-3-Clause
//
// The work on a line, from its bytes to the last of its requests, in small steps.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "control/json_reader.hpp"
#include "control/json_rpc.hpp"

namespace gate511::control {

/// Valid UTF-8, whatever `json` holds.
[[nodiscard]] std::string text_of(const Json& json);
/// The answer to a request that failed.
[[nodiscard]] std::string error_answer(const RpcError& error, const Json& id = nullptr);
[[nodiscard]] RpcError invalid_request(std::string message);

class LineWork {
 public:
  LineWork(const Dispatcher& dispatcher, Caller caller, std::string_view line,
           Dispatcher::Reply reply);
  LineWork(const LineWork&) = delete;
  LineWork& operator=(const LineWork&) = delete;

  /// True: there is more to do.
  bool step();

 private:
  struct Batch;
  enum class Phase { kRead, kBatch, kFree };

  void refuse(const RpcError& error);
  void take_apart();
  void one_of_batch();

  const Dispatcher& dispatcher_;
  const Caller caller_;
  const std::string line_;
  JsonReader reader_;
  Dispatcher::Reply reply_;
  Phase phase_ = Phase::kRead;
  std::shared_ptr<Batch> batch_;
  std::size_t next_ = 0;
};

}  // namespace gate511::control
