// SPDX-License-Identifier: BSD-3-Clause
#include "portal/web/app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace gate511::portal {
namespace {

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
  set_keep_alive_max_count(100);
  set_keep_alive_timeout(10);
}

Answer App::answer(std::string_view request, const Peer& peer, bool closes) {
  Exchange exchange{request, peer};
  bool wants_close = closes;
  const bool goes_on = process_request(exchange, closes, wants_close, [&](httplib::Request& read) {
    // Nothing is compressed: pages hold secrets of ours beside what a client gave.
    read.headers.erase("Accept-Encoding");
    read.headers.erase("Range");
    read.ranges.clear();
    read.headers.erase(kScheme);
    read.headers.emplace(kScheme, peer.is_tls ? "https" : "http");
  });
  return {exchange.take(), closes || wants_close || !goes_on};
}

std::string App::refusal(int status) {
  std::string fields;
  for (const auto& [name, value] : kFields) fields += fmt::format("{}: {}\r\n", name, value);
  return fmt::format(
      "HTTP/1.1 {} Refused\r\nConnection: close\r\nCache-Control: no-store\r\n{}{}Content-Length: "
      "0\r\n\r\n",
      status, status == 405 ? "Allow: GET, HEAD, POST\r\n" : "", fields);
}

bool is_tls(const httplib::Request& request) {
  return request.get_header_value(kScheme) == "https";
}

}  // namespace gate511::portal
