// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "programs/ctl/table.hpp"

namespace gate511::ctl {
namespace {

constexpr int kPageLimit = 500;
constexpr int kMethodNotFound = -32601;

std::string hint_of(const ClientError& error, const std::string& method) {
  if (error.is_not_found()) {
    const bool is_client = method.starts_with("client.") || method == "explain";
    return is_client ? "see `gate511ctl client list`" : "see `gate511ctl session list`";
  }
  if (error.reason == "READ_ONLY") return "give control.socket, or run as one who may, with -s";
  if (error.code == kMethodNotFound) {
    return "this gate511 does not have it: compare `gate511ctl version` with "
           "`gate511ctl --version`";
  }
  return fmt::format("see {} in docs/control.md",
                     error.reason.empty() ? fmt::format("error {}", error.code) : error.reason);
}

}  // namespace

Failure usage(std::string where, std::string what, std::string hint) {
  return {Exit::kUsage, {std::move(where), std::move(what), std::move(hint)}};
}

Failure failure_of(const ClientError& error, const std::string& method, const std::string& socket) {
  using Kind = ClientError::Kind;
  switch (error.kind) {
    case Kind::kRefused:
      return {error.is_not_found() ? Exit::kNotFound : Exit::kRefused,
              {method, error.message, hint_of(error, method)}};
    case Kind::kAddress:
      return {Exit::kUsage, {socket, error.message, "give control.socket's with -s"}};
    case Kind::kNoDaemon:
      return {Exit::kNoDaemon,
              {socket, error.message, "start gate511, or give its control.socket with -s"}};
    case Kind::kNoAccess:
      return {Exit::kNoDaemon, {socket, error.message, "run as root or as a member of its group"}};
    case Kind::kTimeout:
      return {Exit::kNoDaemon,
              {socket, error.message, "see whether gate511 still runs, or wait longer with -t"}};
    case Kind::kClosed:
    case Kind::kProtocol:
      break;
  }
  return {Exit::kNoDaemon,
          {socket, error.message, "see whether gate511 still runs, and try again"}};
}

int fail(const Failure& failure) {
  std::fprintf(stderr, "gate511ctl: %s\n", harmless(failure.error.text()).c_str());
  return static_cast<int>(failure.exit);
}

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

tl::expected<Client, Failure> Command::connect() const {
  ClientOptions options;
  options.timeout = timeout();
  auto client = Client::connect(socket, options);
  if (!client) return tl::unexpected{failure_of(client.error(), "connect", socket)};
  return std::move(*client);
}

tl::expected<Json, Failure> Command::call(Client& client, const std::string& method,
                                          const Json& params) const {
  auto result = client.call(method, params);
  if (!result) return tl::unexpected{failure_of(result.error(), method, socket)};
  return std::move(*result);
}

int Command::run(const std::string& method, const Json& params, const Show& show,
                 const std::function<Exit(const Json&)>& judge) const {
  auto client = connect();
  if (!client) return fail(client.error());
  const auto result = call(*client, method, params);
  if (!result) return fail(result.error());
  print(json ? json_text(*result) + "\n" : show(*result));
  return static_cast<int>(judge(*result));
}

tl::expected<void, Failure> Command::each_page(
    Client& client, const std::string& method, Json params,
    const std::function<bool(Json& page)>& on_page) const {
  params["limit"] = kPageLimit;
  // What a cursor is, is the daemon's business; without one the first page comes.
  for (;;) {
    auto page = call(client, method, params);
    if (!page) return tl::unexpected{page.error()};
    Json next = page->value("next_cursor", Json{});
    if (!on_page(*page) || next.is_null()) return {};
    params["cursor"] = std::move(next);
  }
}

}  // namespace gate511::ctl
