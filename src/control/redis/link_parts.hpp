// SPDX-License-Identifier: BSD-3-Clause
//
// What the parts of Link share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "control/redis/connection.hpp"

namespace gate511::control::redis {

inline constexpr std::size_t kUntaken = 65'536;  // changes that may wait for the control thread

inline void send(Connection& to, std::initializer_list<std::string_view> command,
                 Connection::OnReply on_reply) {
  to.send({command.begin(), command.size()}, std::move(on_reply));
}

/// What a server says can be anything: one line, and not long.
[[nodiscard]] inline std::string printable(std::string_view text) {
  std::string out{text.substr(0, 160)};
  std::ranges::replace_if(
      out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace gate511::control::redis
