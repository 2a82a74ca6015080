// SPDX-License-Identifier: BSD-3-Clause
//
// Requests are worked on one after the other, so that each is compared with what the one before it
// has left in force.
#include "control/service_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "control/params.hpp"
#include "control/snapshot_builder.hpp"

namespace gate511::control {
namespace {

Json diff_json(const ConfigDiff& diff, const std::vector<Error>& warnings) {
  Json notes = Json::array();
  for (const Error& warning : warnings) notes.push_back(warning.text());
  return {{"changed", diff.changed},
          {"zones",
           {{"added", diff.zones_added},
            {"removed", diff.zones_removed},
            {"changed", diff.zones_changed}}},
          {"warnings", std::move(notes)}};
}

RpcError bad_config(const Error& error) {
  RpcError made = rpc::bad_config(error.text());
  made.data["where"] = error.where;
  made.data["what"] = error.what;
  made.data["hint"] = error.hint;
  return made;
}

RpcError needs_restart(const std::vector<std::string>& keys) {
  RpcError made = rpc::needs_restart(
      fmt::format("{} cannot change while the gateway runs; nothing was changed: restart gate511, "
                  "or set {} back",
                  fmt::join(keys, ", "), keys.size() == 1 ? "it" : "them"));
  made.data["keys"] = keys;
  return made;
}

}  // namespace

ConfigMethods::ConfigMethods(Parts parts, Dispatcher& dispatcher) : parts_{std::move(parts)} {
  dispatcher.add("config.check", Access::kRead,
                 [this](const Json& params, Done done) { check(params, std::move(done)); });
  dispatcher.add("config.reload", Access::kChange, [this](const Json& given, const Done& done) {
    const Params none{given, {}};
    if (none.error()) return done(tl::unexpected{*none.error()});
    reload(done);
  });
}

void ConfigMethods::check(const Json& given, Done done) {
  Params params{given, {"text", "source"}};
  const Json* const text = given.is_object() && given.contains("text") ? &given["text"] : nullptr;
  if (text != nullptr && !text->is_string())
    params.fail(rpc::invalid_params("`text` must be a string: the configuration"));
  const auto source = params.text("source", kMaxSource);
  if (source && text == nullptr)
    params.fail(rpc::invalid_params("`source` names the `text`, which is not given"));
  if (params.error()) return done(tl::unexpected{*params.error()});
  Request request{.apply = false, .text = std::nullopt, .done = std::move(done)};
  if (text != nullptr) request.text = Text{text->get<std::string>(), source.value_or("config")};
  enqueue(std::move(request));
}

void ConfigMethods::reload(Done done) {
  enqueue({.apply = true, .text = std::nullopt, .done = std::move(done)});
}

void ConfigMethods::enqueue(Request request) {
  if (slot_ == nullptr || waiting_.size() >= kMaxWaiting) {
    return request.done(
        tl::unexpected{rpc::busy("other configurations are being read; try again in a second")});
  }
  waiting_.push_back(std::move(request));
  if (!busy_) start_next();
}

void ConfigMethods::start_next() {
  if (waiting_.empty()) return;
  busy_ = true;
  auto request = std::make_shared<Request>(std::move(waiting_.front()));
  waiting_.pop_front();
  auto candidate = std::make_shared<Candidate>();
  parts_.aside(
      [request, candidate, current = parts_.state.config(), numbers = parts_.state.numbers(),
       key = slot_->current().link_key] {
        read(*candidate, request->text, *current, numbers, key);
      },
      [this, request, candidate] { finish(*request, *candidate); });
}

/// On another thread: touches nothing but its arguments.
void ConfigMethods::read(Candidate& candidate, const std::optional<Text>& text,
                         const Config& current, const ZoneNumbers& numbers,
                         const http::LinkKey& key) {
  try {
    auto config = text ? parse_config(text->text, text->source) : load_config(current.source);
    if (!config) {
      candidate.error = config.error();
      return;
    }
    candidate.diff = compare(current, *config);
    candidate.numbers = numbers.with(config->zones);
    // A text that a client sends must not make the daemon open files.
    auto snapshot = text ? build_snapshot(*config, candidate.numbers, key)
                         : build_snapshot(*config, candidate.numbers);
    if (!snapshot) {
      candidate.error = snapshot.error();
      return;
    }
    candidate.snapshot = std::move(*snapshot);
    auto& changed = candidate.diff.changed;
    const bool told =
        std::find(changed.begin(), changed.end(), "portal.secret_file") != changed.end();
    if (!told && candidate.snapshot->link_key != key) changed.emplace_back("portal.secret_file");
    candidate.warnings = warnings(*config);
    candidate.config = std::make_shared<const Config>(std::move(*config));
  } catch (const std::exception& error) {
    candidate.error = Error{text ? text->source : current.source, error.what(),
                            "see whether the machine is out of memory"};
  }
}

void ConfigMethods::finish(const Request& request, const Candidate& candidate) {
  if (candidate.error) return end(request.done, tl::unexpected{bad_config(*candidate.error)});
  if (!request.apply) {
    Json result = diff_json(candidate.diff, candidate.warnings);
    result["needs_restart"] = candidate.diff.needs_restart;
    return end(request.done, std::move(result));
  }
  if (!candidate.diff.needs_restart.empty())
    return end(request.done, tl::unexpected{needs_restart(candidate.diff.needs_restart)});
  apply(candidate, request.done);
}

void ConfigMethods::apply(const Candidate& candidate, const Done& done) {
  if (!candidate.diff.empty()) {
    parts_.state.replace(candidate.config, candidate.numbers, parts_.status);
    parts_.sessions.set_defaults(candidate.config->sessions.defaults());
    parts_.sessions.count_change();
    slot_->replace(candidate.snapshot);
    parts_.events.emit("config.reloaded", {{"config_generation", parts_.state.generation()}});
  }
  Json result = diff_json(candidate.diff, candidate.warnings);
  result["generation"] = parts_.sessions.generation();
  result["config_generation"] = parts_.state.generation();
  parts_.grace.add(
      [this, done, result = std::move(result)](bool seen) {
        if (seen) return end(done, result);
        end(done, tl::unexpected{parts_.not_seen("the configuration stands")});
      },
      {});
}

void ConfigMethods::end(const Done& done, Outcome outcome) {
  busy_ = false;
  done(std::move(outcome));
  if (!busy_) start_next();
}

}  // namespace gate511::control
