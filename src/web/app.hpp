// SPDX-License-Identifier: BSD-3-Clause
//
// cpp-httplib as a function: a whole request in, a whole answer out. It reads the request, finds
// who handles it and writes the answer; sockets, time-outs and limits are web/server's, which hands
// it only what web/framing has let by.
#pragma once

#include <httplib.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gate511::web {

/// Who asks.
struct Peer {
  std::string address;  ///< IPv4 also where it came as ::ffff:a.b.c.d; no scope
  bool is_tls = false;
};

struct Answer {
  std::string bytes;
  bool closes = false;      ///< the connection is over behind it
  std::string_view file{};  ///< the app's, behind `bytes`: not copied for each client
};

/// Every answer has the fields that keep it from caches, frames and other sites. Handlers are set
/// up before the first answer(), which any number of threads may call at once.
class App : private httplib::Server {
 public:
  using Request = httplib::Request;
  using Response = httplib::Response;

  App();
  using httplib::Server::Get;
  using httplib::Server::Post;
  using httplib::Server::set_error_handler;
  using httplib::Server::set_exception_handler;
  using httplib::Server::set_pre_routing_handler;

  /// Requests that one connection may carry, as answers tell.
  static constexpr std::size_t kMaxRequests = 100;

  /// What is the same for everybody, at a path. `content` outlives the app.
  void add_file(const std::string& path, const std::string& type, std::string_view content);
  /// Where the request is for one of them: without a handler, and at once.
  [[nodiscard]] std::optional<Answer> file_answer(std::string_view request, bool closes) const;

  /// `closes`: the server or the client wants no other request on this connection.
  [[nodiscard]] Answer answer(std::string_view request, const Peer& peer, bool closes);

  /// Of GET, HEAD and POST, those that there are handlers for; all of them until then.
  void allow(std::string methods) { allowed_ = std::move(methods); }
  [[nodiscard]] const std::string& allowed() const { return allowed_; }

  /// To what web/framing refuses.
  [[nodiscard]] std::string refusal(int status) const;

 private:
  using httplib::Server::process_request;

  struct File {
    std::string fields;
    std::string_view content;
  };
  std::map<std::string, File, std::less<>> files_;  ///< by path
  std::string allowed_ = "GET, HEAD, POST";
};

/// In a handler: did the request come by TLS?
[[nodiscard]] bool is_tls(const httplib::Request& request);

}  // namespace gate511::web
