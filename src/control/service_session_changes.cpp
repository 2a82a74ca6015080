// SPDX-License-Identifier: BSD-3-Clause
#include "control/service_session_changes.hpp"

#include <fmt/format.h>

#include <utility>

#include "control/config.hpp"
#include "control/params.hpp"
#include "control/session_json.hpp"

namespace gate511::control {
SessionChangeMethods::SessionChangeMethods(Parts parts, Dispatcher& dispatcher)
    : parts_{std::move(parts)} {
  dispatcher.add("session.extend", Access::kChange,
                 [this](const Json& params, const Done& done) { extend(params, done); });
  dispatcher.add("session.move", Access::kChange,
                 [this](const Json& params, const Done& done) { move(params, done); });
}

RpcError SessionChangeMethods::no_session(table::Key key) const {
  return rpc::not_found(fmt::format("{} has no session", net::to_string(key.mac())));
}

Outcome SessionChangeMethods::shown(table::Key key) const {
  const auto view = parts_.sessions.find(key);
  if (!view) return tl::unexpected{no_session(key)};
  return Json{{"session", session_json(*view, parts_.keys)},
              {"generation", parts_.sessions.generation()}};
}

Outcome SessionChangeMethods::settled(table::Key key, Sessions::Settled settled,
                                      std::string_view undone) const {
  if (!settled.stored) return tl::unexpected{parts_.not_stored(undone)};
  if (!settled.seen) return tl::unexpected{parts_.not_seen("the change stands")};
  return shown(key);
}

void SessionChangeMethods::extend(const Json& given, const Done& done) {
  if (auto error = parts_.backed_up()) return done(tl::unexpected{std::move(*error)});
  Params params{given, {"mac", "vlan", "link", "ttl_s", "expires_at", "add_s"}};
  const auto client = read_key(params, parts_.keys);
  const auto add_s = params.integer("add_s", 1, SessionsConfig::kMaxTtl_s);
  const SessionFields read = read_fields(params, parts_.clock.unix_ns() / kNsPerSecond);
  const int chosen = (params.has("ttl_s") ? 1 : 0) + (params.has("expires_at") ? 1 : 0) +
                     (params.has("add_s") ? 1 : 0);
  if (chosen != 1)
    params.fail(rpc::invalid_params("give one of `ttl_s`, `expires_at` and `add_s`"));
  if (params.error() || !client) return done(params.refused());
  const table::Key key = parts_.keys.find(*client);
  const auto refuse = [&done](RpcError error) { done(tl::unexpected{std::move(error)}); };
  Sessions::Batch batch;
  if (add_s) {
    switch (parts_.sessions.add_time(key, *add_s, batch)) {
      case Sessions::Refusal::kNotFound:
        return refuse(no_session(key));
      case Sessions::Refusal::kEndless:
        return refuse(rpc::invalid_params(
            fmt::format("{} has no end to add `add_s` to; give `ttl_s` or `expires_at`",
                        net::to_string(key.mac()))));
      case Sessions::Refusal::kTooLong:
        return refuse(rpc::invalid_params(
            fmt::format("`add_s` makes it longer than {} s; give less, or `ttl_s` 0 for no end",
                        SessionsConfig::kMaxTtl_s)));
      default:
        break;
    }
  } else {
    SessionFields fields;
    fields.ttl_s = read.ttl_s;
    fields.expires_at_s = read.expires_at_s;
    if (!parts_.sessions.find(key) || !parts_.sessions.upsert(key, fields, batch))
      return refuse(no_session(key));
  }
  parts_.sessions.commit(std::move(batch), [this, done, key](Sessions::Settled settled) {
    done(this->settled(key, settled, "nothing was changed"));
  });
}

void SessionChangeMethods::move(const Json& given, const Done& done) {
  if (auto error = parts_.backed_up()) return done(tl::unexpected{std::move(*error)});
  Params params{given, {"mac", "vlan", "link", "to_mac", "to_vlan", "to_link"}};
  const auto client = read_key(params, parts_.keys);
  if (params.error() || !client) return done(params.refused());
  const auto target = read_target(params, *client, parts_.keys);
  if (params.error() || !target) return done(params.refused());
  const table::Key from = parts_.keys.find(*client);
  if (!parts_.sessions.find(from)) return done(tl::unexpected{no_session(from)});
  const auto to = make_key(parts_.keys, *target);
  if (!to) return done(tl::unexpected{to.error()});
  const auto answer = [this, done, to = *to](Sessions::Settled settled) {
    done(this->settled(to, settled,
                       "the move stands, and is stored as soon as that is possible, but a restart "
                       "before then takes it back"));
  };
  switch (parts_.sessions.move(from, *to, answer)) {
    case Sessions::Refusal::kNone:
      return;
    case Sessions::Refusal::kTaken:
      return done(tl::unexpected{rpc::conflict(
          fmt::format("{} has a session already; revoke it first", net::to_string(to->mac())))});
    case Sessions::Refusal::kFull:
      return done(tl::unexpected{rpc::table_full(
          "a move needs room for one more session, and sessions.capacity is reached; revoke some, "
          "or raise it in the configuration")});
    case Sessions::Refusal::kBusy:
      return done(tl::unexpected{
          rpc::busy(fmt::format("a change of {} is not stored yet; move it when that is answered",
                                net::to_string(from.mac())))});
    default:
      return done(tl::unexpected{no_session(from)});
  }
}

}  // namespace gate511::control
