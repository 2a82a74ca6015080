// SPDX-License-Identifier: BSD-3-Clause
#include "radius/gateway/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "logging/log.hpp"

namespace gate511::radius {
namespace {

constexpr std::chrono::milliseconds kTimeout{4'000};

Changes::Failure failure_of(const ClientError& error) {
  return {error.message, error.kind == ClientError::Kind::kRefused
                             ? (error.reason.empty() ? "REFUSED" : error.reason)
                             : std::string{}};
}

/// Of an item of a batch.
Changes::Result result_of(const Changes::Json& item) {
  const auto error = item.find("error");
  if (error == item.end()) return item;
  const Changes::Json data = error->value("data", Changes::Json::object());
  std::string reason = text_of(data, "reason");
  if (reason.empty()) reason = "REFUSED";
  return tl::unexpected{Changes::Failure{text_of(*error, "message"), std::move(reason)}};
}

}  // namespace

Changes::~Changes() {
  {
    const std::lock_guard lock{mutex_};
    is_over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Changes::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Changes::enqueue(Change change) {
  {
    const std::lock_guard lock{mutex_};
    if (waiting_.size() < kMaxWaiting) {
      waiting_.push_back(std::move(change));
      changed_.notify_one();
      return;
    }
  }
  inbox_.post([done = std::move(change.done)] {
    done(tl::unexpected{Failure{"too much waits for the gateway", {}}});
  });
}

void Changes::add(const Place& place, Json terms, Done done) {
  enqueue({{}, place, std::move(terms), std::move(done)});
}

void Changes::call(std::string method, std::optional<Place> place, Json params, Done done) {
  enqueue({std::move(method), std::move(place), std::move(params), std::move(done)});
}

/// All adds that stand together at the front, or one of the others.
std::vector<Changes::Change> Changes::take() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
  std::vector<Change> taken;
  while (!is_over_ && !waiting_.empty() && taken.size() < kMaxBatch) {
    const bool is_add = waiting_.front().method.empty();
    if (!is_add && !taken.empty()) break;
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    if (!is_add) break;
  }
  return taken;
}

void Changes::run() {
  for (std::vector<Change> taken = take(); !taken.empty(); taken = take()) {
    if (taken.front().method.empty()) {
      do_adds(taken);
    } else {
      do_call(taken.front());
    }
  }
}

void Changes::do_adds(std::vector<Change>& adds) {
  const Result result = ask("session.add", [&] {
    Json sessions = Json::array();
    for (const Change& add : adds) {
      Json session = key_.key(*add.place);
      session.update(add.params);
      sessions.push_back(std::move(session));
    }
    return Json{{"sessions", std::move(sessions)}};
  });
  auto told = std::make_shared<std::vector<std::pair<Done, Result>>>();
  const Json items = result ? result->value("results", Json::array()) : Json::array();
  for (std::size_t i = 0; i < adds.size(); ++i) {
    Result its =
        result ? Result{tl::unexpected{Failure{"the gateway's answer is short", {}}}} : result;
    if (i < items.size()) its = result_of(items[i]);
    told->emplace_back(std::move(adds[i].done), std::move(its));
  }
  inbox_.post([told] {
    for (const auto& [done, its] : *told) done(its);
  });
}

void Changes::do_call(Change& change) {
  Result result = ask(change.method, [&] {
    Json params = change.place ? key_.key(*change.place) : Json::object();
    params.update(change.params);
    return params;
  });
  inbox_.post([done = std::move(change.done), result = std::move(result)] { done(result); });
}

std::optional<Changes::Failure> Changes::connect() {
  if (client_) return std::nullopt;
  ClientOptions options;
  options.timeout = kTimeout;
  auto connected = Client::connect(socket_, options);
  if (!connected) return failure_of(connected.error());
  // A gateway that has restarted may know sessions by something else.
  const auto hello = connected->call("hello");
  if (!hello) return failure_of(hello.error());
  key_ = KeyParts::of(*hello);
  client_.emplace(std::move(*connected));
  return std::nullopt;
}

Changes::Result Changes::ask(const std::string& method, const std::function<Json()>& params) {
  for (const bool is_last : {false, true}) {
    const bool was_connected = client_.has_value();
    if (auto failure = connect()) {
      is_connected_ = false;
      logging::say(logging::Level::kWarning, "gateway",
                   fmt::format("gateway: {}: {}; see that gate511 runs, and that this user is in "
                               "its control.group",
                               socket_, failure->message));
      return tl::unexpected{std::move(*failure)};
    }
    auto result = client_->call(method, params());
    if (result || result.error().kind == ClientError::Kind::kRefused) {
      is_connected_ = true;
      if (result) return std::move(*result);
      return tl::unexpected{failure_of(result.error())};
    }
    client_.reset();
    is_connected_ = false;
    // All that is asked for here says the same twice.
    const bool may_repeat = was_connected && result.error().kind == ClientError::Kind::kClosed;
    if (is_last || !may_repeat) return tl::unexpected{failure_of(result.error())};
  }
  return tl::unexpected{Failure{}};
}

}  // namespace gate511::radius
