// SPDX-License-Identifier: BSD-3-Clause
#include "radius/accounting/session_id.hpp"

#include <fmt/format.h>

#include <charconv>

namespace gate511::radius {
namespace {

bool read_number(std::string_view text, int base, std::uint64_t& out) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, out, base);
  return read.ec == std::errc{} && read.ptr == end;
}

}  // namespace

std::string acct_session_id(const SessionId& session) {
  return fmt::format("{:x}-{}", session.created_at, session.id);
}

std::optional<SessionId> read_acct_session_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  SessionId session;
  if (dash == std::string_view::npos ||
      !read_number(text.substr(0, dash), 16, session.created_at) ||
      !read_number(text.substr(dash + 1), 10, session.id))
    return std::nullopt;
  return session;
}

}  // namespace gate511::radius
