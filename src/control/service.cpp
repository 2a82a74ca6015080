// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that add, list and revoke sessions; service_status.cpp has those that only tell, and
// service_session_changes.cpp and service_clients.cpp register what else there is.
#include "control/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "control/params.hpp"
#include "control/session_json.hpp"

namespace gate511::control {
namespace {

constexpr std::string_view kNothingChanged = "nothing was changed";
constexpr std::string_view kUnlessServer =
    " here; if the server did it all the same, it comes in from there";

// The watch looks four times in GraceQueue::kPatience_ns, so a worker that stood still for all of
// it was seen to for half of it at least.
constexpr std::uint64_t kWatchStuckFor_ns = GraceQueue::kPatience_ns / 2;

// In one step, of some 20 us.
constexpr std::size_t kAddsAStep = 8;
constexpr std::size_t kListedAStep = 32;
constexpr std::size_t kLooksAStep = 512;
constexpr std::size_t kAnswerBytes = 512;  // for one session, nearly always

/// A method without parameters that is answered at once.
template <typename Make>
auto plain(Make make) {
  return [make](const Json& params, const Done& done) {
    Params none{params, {}};
    if (none.error()) return done(none.refused());
    done(make());
  };
}

}  // namespace

Service::Service(Parts parts)
    : parts_{std::move(parts)},
      events_{dispatcher_, parts_.events},
      health_{{parts_.status, parts_.sessions.table(), parts_.ledger, parts_.clock, parts_.events,
               parts_.audit_problem, parts_.store_note, parts_.records_problem,
               parts_.records_note}} {
  dispatcher_.add("hello", Access::kStatus, plain([this] { return hello(); }));
  dispatcher_.add("stats.get", Access::kStatus, plain([this] { return stats(); }));
  dispatcher_.add("port.list", Access::kStatus, plain([this] { return ports(); }));
  dispatcher_.add("health", Access::kStatus, plain([this] { return health_.report(); }));
  dispatcher_.add("shutdown", Access::kChange, plain([this] {
                    shutdown_requested_ = true;
                    return Json{{"stopping", true}};
                  }));
  dispatcher_.add("session.add", Access::kChange,
                  Method{[this](const Caller& caller, Json& params, const Done& done) {
                    session_add(caller, params, done);
                  }});
  dispatcher_.add("session.list", Access::kRead,
                  Method{[this](const Caller& caller, const Json& params, const Done& done) {
                    session_list(caller, params, done);
                  }});
  dispatcher_.add("session.revoke", Access::kChange,
                  [this](const Json& params, const Done& done) { session_revoke(params, done); });
}

Json Service::with_generation(Json result) const {
  result["generation"] = parts_.sessions.generation();
  return result;
}

RpcError Service::not_seen(std::string_view change) const {
  const auto lcores = health_.stuck(kWatchStuckFor_ns);
  const std::string who = lcores.empty()
                              ? std::string{"a worker"}
                              : fmt::format("worker on lcore {}", fmt::join(lcores, ", "));
  RpcError error = rpc::busy(fmt::format(
      "{} has not passed a quiescent point for 1 s; {}, but that worker may not have seen it yet",
      who, change));
  error.data["lcores"] = lcores;
  error.data["generation"] = parts_.sessions.generation();
  return error;
}

std::optional<RpcError> Service::backed_up() const {
  if (!parts_.ledger.is_backed_up()) return std::nullopt;
  return rpc::busy(
      fmt::format("the store's disk does not answer, and {} changes wait for it; nothing was "
                  "changed, ask again when it does",
                  Ledger::kMaxWaiting));
}

RpcError Service::not_stored(std::string_view change) const {
  const store::Store::Status status = parts_.ledger.status();
  // What has no answer may have been done by a server that is shared, which tells it to all.
  const bool may_be_done = status.problem.empty() && !status.away.empty();
  return rpc::store_failed(
      fmt::format("{}; {}{}",
                  !status.problem.empty() ? status.problem
                  : !status.away.empty()
                      ? status.away
                      : "another gateway has changed the same session at the same time; try again",
                  change, may_be_done && change == kNothingChanged ? kUnlessServer : ""));
}

std::optional<RpcError> Service::add_one(const Json& given, Sessions::Batch& batch,
                                         std::string& out) {
  Params params{
      given,
      {"mac", "vlan", "link", "state", "ttl_s", "expires_at", "rate_up_bps", "rate_down_bps",
       "idle_s", "quota_bytes", "tag", "user", "class", "bind_ip", "only_new"}};
  const bool only_new = params.boolean("only_new").value_or(false);
  const auto client = read_key(params, parts_.keys);
  const SessionFields fields = read_fields(params, parts_.clock.unix_ns() / kNsPerSecond);
  if (params.error() || !client) return *params.error();
  const auto key = make_key(parts_.keys, *client);
  if (!key) return key.error();
  if (only_new && parts_.sessions.record(*key) != nullptr) {
    return rpc::exists(fmt::format("{} has a session already; leave out `only_new` to change it",
                                   net::to_string(key->mac())));
  }
  const auto added = parts_.sessions.upsert(*key, fields, batch);
  if (!added) {
    return rpc::table_full(
        fmt::format("{} sessions are held, which is sessions.capacity; revoke "
                    "some, or raise it in the configuration",
                    parts_.sessions.table().capacity()));
  }
  out += added->created ? R"({"created":true,"session":)" : R"({"created":false,"session":)";
  append_session(out, added->session, parts_.keys);
  return std::nullopt;
}

/// A `session.add` of many, under way.
struct Service::Adding {
  Json items;
  Done done;
  std::size_t next = 0;
  ResultText result{};
  Sessions::Batch batch{};
};

bool Service::add_some(Adding& adding) {
  for (std::size_t i = 0; i < kAddsAStep && adding.next < adding.items.size(); ++i) {
    Json& item = adding.items[adding.next++];
    std::string& out = adding.result.out;
    const auto error = add_one(item, adding.batch, out);
    if (error) out += R"({"error":)" + error->to_json().dump();
    out += adding.next < adding.items.size() ? "}," : "}]";
    item = nullptr;  // freed as it goes: all at once would take long
  }
  if (adding.next < adding.items.size()) return true;
  answer_when_settled(std::move(adding.result), std::move(adding.batch), adding.done);
  return false;
}

/// `result`: an object that is not closed.
void Service::answer_when_settled(ResultText result, Sessions::Batch batch, const Done& done) {
  result.out += fmt::format(R"(,"generation":{}}})", parts_.sessions.generation());
  parts_.sessions.commit(std::move(batch),
                         [this, done, result = std::make_shared<ResultText>(std::move(result))](
                             Sessions::Settled settled) {
                           if (!settled.stored)
                             return done(tl::unexpected{not_stored(kNothingChanged)});
                           if (!settled.seen)
                             return done(tl::unexpected{not_seen("the change stands")});
                           done(std::move(*result));
                         });
}

void Service::session_add(const Caller& caller, Json& given, const Done& done) {
  if (auto error = backed_up()) return done(tl::unexpected{std::move(*error)});
  if (!given.contains("sessions")) {
    Sessions::Batch batch;
    ResultText result;
    if (auto error = add_one(given, batch, result.out))
      return done(tl::unexpected{std::move(*error)});
    return answer_when_settled(std::move(result), std::move(batch), done);
  }
  Params params{given, {"sessions"}};
  if (params.array("sessions", kMaxAdd) == nullptr) return done(params.refused());
  auto adding = std::make_shared<Adding>(Adding{std::move(given["sessions"]), done});
  std::string& out = adding->result.out;
  out.reserve(adding->items.size() * kAnswerBytes);
  out += adding->items.empty() ? R"({"results":[])" : R"({"results":[)";
  parts_.jobs.add(caller.connection,
                  [this, adding = std::move(adding)] { return add_some(*adding); });
}

/// A page of `session.list`, under way.
struct Service::Listing {
  SessionFilter filter;
  std::uint32_t cursor;
  std::size_t limit;
  Done done;
  std::size_t looked = 0;
  std::size_t listed = 0;
  ResultText result{};
};

bool Service::list_some(Listing& listing) const {
  const Sessions::Page page =
      parts_.sessions.list(listing.filter, listing.cursor,
                           std::min(listing.limit - listing.listed, kListedAStep), kLooksAStep);
  for (const SessionRef& view : page.sessions) {
    if (listing.listed++ > 0) listing.result.out += ',';
    append_session(listing.result.out, view, parts_.keys);
  }
  listing.looked += kLooksAStep;
  if (page.next) {
    listing.cursor = *page.next;
    if (listing.listed < listing.limit && listing.looked < Sessions::kMaxLook) return true;
  }
  listing.result.out +=
      fmt::format(R"(],"next_cursor":{},"generation":{}}})",
                  page.next ? std::to_string(*page.next) : "null", parts_.sessions.generation());
  listing.done(std::move(listing.result));
  return false;
}

void Service::session_list(const Caller& caller, const Json& given, const Done& done) const {
  Params params{given, {"cursor", "limit", "state", "tag", "user", "vlan", "link"}};
  const auto cursor = params.integer("cursor", 0, 0xffff'ffff);
  const auto limit = params.integer("limit", 1, kMaxPage);
  SessionFilter filter;
  filter.state = read_state(params);
  filter.tag = params.text("tag", kMaxTag);
  filter.user = params.text("user", kMaxUser);
  read_filter(params, parts_.keys, filter);
  if (params.error()) return done(params.refused());
  auto listing = std::make_shared<Listing>(Listing{std::move(filter),
                                                   static_cast<std::uint32_t>(cursor.value_or(0)),
                                                   limit.value_or(kDefaultPage), done});
  listing->result.out.reserve(std::min(listing->limit, parts_.sessions.table().size()) *
                              kAnswerBytes);
  listing->result.out += R"({"sessions":[)";
  parts_.jobs.add(caller.connection,
                  [this, listing = std::move(listing)] { return list_some(*listing); });
}

void Service::session_revoke(const Json& given, const Done& done) {
  Params params{given, {"mac", "vlan", "link", "tag", "user", "all"}};
  SessionFilter filter;
  filter.tag = params.text("tag", kMaxTag);
  filter.user = params.text("user", kMaxUser);
  const auto all = params.boolean("all");
  const int chosen =
      (params.has("mac") ? 1 : 0) + (filter.tag ? 1 : 0) + (filter.user ? 1 : 0) + (all ? 1 : 0);
  if (chosen != 1 || (all && !*all) || (filter.tag && filter.tag->empty()) ||
      (filter.user && filter.user->empty()) ||
      ((params.has("vlan") || params.has("link")) && !params.has("mac")))
    params.fail(rpc::invalid_params(
        "give one of `mac` (with `vlan` and `link`), `tag`, `user` and `all`: true"));
  std::optional<table::Key> key;
  if (params.has("mac")) {
    if (const auto client = read_key(params, parts_.keys)) key = parts_.keys.find(*client);
  }
  if (params.error()) return done(params.refused());

  const auto finish = [this, done](const Sessions::Revoked& revoked) {
    if (!revoked.settled.seen) return done(tl::unexpected{not_seen("the revocation stands")});
    if (!revoked.settled.stored) {
      const bool is_kept = parts_.ledger.is_shared() && parts_.ledger.status().problem.empty();
      return done(tl::unexpected{not_stored(
          is_kept ? "the revocation stands, and the others are told as soon as that is possible, "
                    "after a restart of this gateway too"
                  : "the revocation stands, and is stored as soon as that is possible, but a "
                    "restart before then takes it back")});
    }
    Json result{{"existed", revoked.count > 0}, {"revoked", revoked.count}};
    if (revoked.session) result["session"] = session_json(*revoked.session, parts_.keys);
    done(with_generation(std::move(result)));
  };
  if (key) return parts_.sessions.revoke(*key, finish);
  parts_.sessions.revoke_matching(std::move(filter), finish);
}

}  // namespace gate511::control
