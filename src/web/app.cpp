// SPDX-License-Identifier: BSD-3-Clause
#include "web/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace gate511::web {
namespace {

constexpr int kKeepAlive_s = 10;                     // as `Patience::idle`
constexpr const char* kScheme = "X-Gate511-Scheme";  // ours: the client's is taken off

constexpr std::array<std::pair<const char*, const char*>, 6> kFields{{
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
     "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
}};

/// A request that is all there, and where its answer goes.
class Exchange : public httplib::Stream {
 public:
  Exchange(std::string_view request, const Peer& peer) : request_{request}, peer_{peer} {}

  [[nodiscard]] bool is_readable() const override { return !request_.empty(); }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* into, size_t size) override {
    const std::size_t bytes = std::min(size, request_.size());
    std::memcpy(into, request_.data(), bytes);
    request_.remove_prefix(bytes);
    return static_cast<ssize_t>(bytes);
  }
  ssize_t write(const char* from, size_t size) override {
    answer_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = peer_.address;
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  [[nodiscard]] socket_t socket() const override { return 0; }

  [[nodiscard]] std::string take() { return std::move(answer_); }

 private:
  std::string_view request_;
  const Peer& peer_;
  std::string answer_;
};

}  // namespace

App::App() {
  httplib::Headers fields;
  for (const auto& [name, value] : kFields) fields.emplace(name, value);
  set_default_headers(std::move(fields));
  set_keep_alive_max_count(kMaxRequests);
  set_keep_alive_timeout(kKeepAlive_s);
}

void App::add_file(const std::string& path, const std::string& type, std::string_view content) {
  std::string fields = fmt::format(
      "Content-Type: {}\r\nContent-Length: {}\r\nCache-Control: public, max-age=300\r\n", type,
      content.size());
  for (const auto& [name, value] : kFields) fields += fmt::format("{}: {}\r\n", name, value);
  files_.emplace(path, File{std::move(fields), content});
}

std::optional<Answer> App::file_answer(std::string_view request, bool closes) const {
  const std::size_t space = request.find(' ');
  const std::string_view method = request.substr(0, space);
  if (space == request.npos || (method != "GET" && method != "HEAD")) return std::nullopt;
  request.remove_prefix(space + 1);
  const std::string_view target = request.substr(0, request.find(' '));
  const auto found = files_.find(target.substr(0, target.find('?')));
  if (found == files_.end()) return std::nullopt;
  const std::string goes_on =
      closes ? "Connection: close"
             : fmt::format("Keep-Alive: timeout={}, max={}", kKeepAlive_s, kMaxRequests);
  return Answer{fmt::format("HTTP/1.1 200 OK\r\n{}\r\n{}\r\n", goes_on, found->second.fields),
                closes, method == "GET" ? found->second.content : std::string_view{}};
}

Answer App::answer(std::string_view request, const Peer& peer, bool closes) {
  Exchange exchange{request, peer};
  bool wants_close = closes;
  const bool goes_on = process_request(exchange, closes, wants_close, [&](httplib::Request& read) {
    // Nothing is compressed: pages hold secrets of ours beside what a client gave.
    read.headers.erase("Accept-Encoding");
    read.headers.erase("Range");
    read.headers.erase("Connection");  // web/framing has read it
    read.ranges.clear();
    read.headers.erase(kScheme);
    read.headers.emplace(kScheme, peer.is_tls ? "https" : "http");
  });
  return {exchange.take(), closes || wants_close || !goes_on};
}

std::string App::refusal(int status) const {
  std::string fields;
  for (const auto& [name, value] : kFields) fields += fmt::format("{}: {}\r\n", name, value);
  return fmt::format(
      "HTTP/1.1 {} Refused\r\nConnection: close\r\nCache-Control: no-store\r\n{}{}Content-Length: "
      "0\r\n\r\n",
      status, status == 405 ? fmt::format("Allow: {}\r\n", allowed_) : "", fields);
}

bool is_tls(const httplib::Request& request) {
  return request.get_header_value(kScheme) == "https";
}

}  // namespace gate511::web
