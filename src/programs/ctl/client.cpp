// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/client.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace gate511::ctl {
namespace {

constexpr int kNotFoundCode = -32001;
constexpr timeval kPatience{10, 0};

}  // namespace

tl::expected<Client, Failure> Client::connect(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) {
    return tl::unexpected{
        Failure{Exit::kUsage, {socket, "is no path for a socket", "give one of 1 to 107 bytes"}}};
  }
  socket.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  control::Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const bool forbidden = errno == EACCES || errno == EPERM;
    return tl::unexpected{
        Failure{Exit::kNoDaemon,
                {socket, fmt::format("cannot be connected to: {}", std::strerror(errno)),
                 forbidden ? "run as root or as a member of its group"
                           : "start gate511, or give its control.socket with -s"}}};
  }
  return Client{std::move(fd), socket};
}

tl::unexpected<Failure> Client::lost(const std::string& what) const {
  return tl::unexpected{
      Failure{Exit::kNoDaemon, {socket_, what, "see whether gate511 still runs, and try again"}}};
}

tl::expected<std::string, Failure> Client::read_line() {
  std::size_t newline = 0;
  while ((newline = input_.find('\n')) == std::string::npos) {
    std::array<char, 16'384> chunk;
    const ssize_t got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return lost("no answer for 10 s");
    if (got < 0) return lost(fmt::format("no answer: {}", std::strerror(errno)));
    if (got == 0) return lost("closed without an answer");
    input_.append(chunk.data(), static_cast<std::size_t>(got));
  }
  std::string line = input_.substr(0, newline);
  input_.erase(0, newline + 1);
  return line;
}

tl::expected<Json, Failure> Client::call(const std::string& method, const Json& params) {
  const std::string line =
      Json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}}.dump(
          -1, ' ', false, Json::error_handler_t::replace) +
      "\n";
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t put = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) break;  // an answer that says why may be there all the same
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  auto text = read_line();
  if (!text) return tl::unexpected{text.error()};
  Json answer = Json::parse(*text, nullptr, false);
  if (answer.is_object() && answer.contains("result")) return std::move(answer["result"]);
  if (!answer.is_object() || !answer.contains("error") || !answer["error"].is_object())
    return lost("what came is no answer");
  const Json& error = answer["error"];
  const int code = error.value("code", 0);
  std::string reason = fmt::format("error {}", code);
  if (error.contains("data")) reason = error["data"].value("reason", reason);
  return tl::unexpected{
      Failure{code == kNotFoundCode ? Exit::kNotFound : Exit::kRefused,
              {method, error.value("message", std::string{"refused"}),
               code == kNotFoundCode ? "see `gate511ctl session list`"
                                     : fmt::format("see {} in docs/control.md", reason)}}};
}

}  // namespace gate511::ctl
