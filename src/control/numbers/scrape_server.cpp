// SPDX-License-Identifier: BSD-3-Clause
#include "control/numbers/scrape_server.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <exception>
#include <string_view>
#include <utility>

#include "control/numbers/prometheus.hpp"

namespace gate511::control::numbers {
namespace {

/// One thread answers: who asks much waits for himself. Silence, and who takes nothing, makes room.
constexpr web::Server::Limits kLimits{.connections = 256,
                                      .of_client = 192,
                                      .of_network = 192,
                                      .threads = 1,
                                      .held = 16U << 20U,
                                      .patience = {}};
constexpr int kNice = 10;  // it shares a CPU with the control thread

constexpr int kMethodNotAllowed = 405;
constexpr int kNotFound = 404;
constexpr int kUnavailable = 503;

web::ListenAddress address_of(std::string_view listen) {
  const std::size_t colon = listen.rfind(':');
  std::string_view host = listen.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  web::ListenAddress address{std::string{host}, 0};
  std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), address.port);
  return address;
}

void say(web::App::Response& response, int status, const std::string& text) {
  response.status = status;
  response.set_content(text, "text/plain; charset=utf-8");
}

}  // namespace

ScrapeServer::ScrapeServer(Board& board) : board_{board}, server_{kLimits} {
  using Handled = httplib::Server::HandlerResponse;
  app_.allow("GET, HEAD");
  app_.set_pre_routing_handler(
      [this](const web::App::Request& request, web::App::Response& response) {
        if (request.method == "GET" || request.method == "HEAD") return Handled::Unhandled;
        response.set_header("Allow", app_.allowed());
        say(response, kMethodNotAllowed, "metrics are read alone\n");
        return Handled::Handled;
      });
  app_.Get("/metrics",
           [this](const web::App::Request&, web::App::Response& response) { answer(response); });
  const httplib::Server::HandlerWithResponse on_error = [](const web::App::Request& /*request*/,
                                                           web::App::Response& response) {
    if (response.body.empty() && response.status == kNotFound)
      say(response, kNotFound, "there is /metrics alone\n");
    return Handled::Handled;
  };
  app_.set_error_handler(on_error);
}

tl::expected<std::unique_ptr<ScrapeServer>, Error> ScrapeServer::open(const std::string& listen,
                                                                      Board& board,
                                                                      const std::string& where) {
  try {
    std::unique_ptr<ScrapeServer> made{new ScrapeServer{board}};
    if (auto bound = made->server_.listen(address_of(listen), made->app_, nullptr); !bound) {
      return tl::unexpected{Error{where, fmt::format("{}: {}", listen, bound.error().what),
                                  bound.error().hint + ", or \"\" for no metrics"}};
    }
    made->thread_ = std::thread{[&server = made->server_] {
      ::pthread_setname_np(::pthread_self(), "gate511-metrics");
      ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
      server.run();
    }};
    return made;
  } catch (const std::exception& error) {  // no descriptor, or no thread
    return tl::unexpected{Error{where, error.what(), "raise the limits of the service"}};
  }
}

ScrapeServer::~ScrapeServer() {
  board_.close();
  server_.stop();
  if (thread_.joinable()) thread_.join();
}

void ScrapeServer::answer(web::App::Response& response) {
  const auto snapshot = board_.latest();
  if (!snapshot) return say(response, kUnavailable, "the gateway has not started yet\n");
  const std::lock_guard lock{mutex_};
  if (shown_ != snapshot->number) {
    text_ = prometheus_text(*snapshot);
    shown_ = snapshot->number;
  }
  response.set_content(text_, kPrometheusType);
}

}  // namespace gate511::control::numbers
