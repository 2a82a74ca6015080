// SPDX-License-Identifier: BSD-3-Clause
//
// One connection to the control socket: a request out, its answer in.
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <string>

#include "control/fd.hpp"
#include "gate511/error.hpp"

namespace gate511::ctl {

using Json = nlohmann::json;

/// As the manual gives them.
enum class Exit : int { kOk = 0, kRefused = 1, kUsage = 2, kNoDaemon = 3, kNotFound = 4 };

struct Failure {
  Exit exit = Exit::kRefused;
  Error error;
};

class Client {
 public:
  [[nodiscard]] static tl::expected<Client, Failure> connect(const std::string& socket);

  /// The result, or the daemon's refusal. Waits 10 s for it.
  [[nodiscard]] tl::expected<Json, Failure> call(const std::string& method, const Json& params);

 private:
  Client(control::Fd fd, std::string socket) : fd_{std::move(fd)}, socket_{std::move(socket)} {}
  [[nodiscard]] tl::expected<std::string, Failure> read_line();
  [[nodiscard]] tl::unexpected<Failure> lost(const std::string& what) const;

  control::Fd fd_;
  std::string socket_;
  std::string input_;
};

}  // namespace gate511::ctl
