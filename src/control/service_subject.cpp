// SPDX-License-Identifier: BSD-3-Clause
#include "control/service_subject.hpp"

#include <fmt/format.h>

#include <utility>

#include "control/audit_files.hpp"
#include "control/client_json.hpp"
#include "control/line_work.hpp"
#include "control/params.hpp"
#include "control/session_json.hpp"
#include "sql/set_aside.hpp"

namespace gate511::control {
namespace {

constexpr std::size_t kSubjectListedAStep = 16;
constexpr std::size_t kSubjectLooksAStep = 4'096;

Json audit_json(const AuditTraces& traces) {
  return {{"places", traces.places}, {"left", traces.left}};
}

}  // namespace

SubjectMethods::SubjectMethods(Parts parts, Dispatcher& dispatcher) : parts_{std::move(parts)} {
  dispatcher.add("subject.export", Access::kRoot,
                 Method{[this](const Caller& caller, const Json& params, const Done& done) {
                   export_all(caller, params, done);
                 }});
  dispatcher.add("subject.forget", Access::kRoot,
                 Method{[this](const Caller& caller, const Json& params, const Done& done) {
                   forget(caller, params, done);
                 }});
}

/// A `subject.forget`, under way.
struct SubjectMethods::Forgetting {
  net::MacAddress mac;
  std::uint64_t connection;
  Done done;
  Json result = Json::object();
  EventBus::Search events{};
  std::string failed{};  ///< what could not be taken away, and why
  int owed = 0;

  void fail(const std::string& what) { failed += (failed.empty() ? "" : "; ") + what; }
  void finish_one() {
    if (--owed != 0) return;
    if (failed.empty()) return done(std::move(result));
    done(tl::unexpected{
        rpc::store_failed("not all is forgotten: " + failed + "; mend that, and call it again")});
  }
};

void SubjectMethods::forget(const Caller& caller, const Json& given, const Done& done) {
  Params params{given, {"mac"}};
  params.require("mac");
  const auto mac = read_mac(params, "mac");
  if (params.error() || !mac) return done(tl::unexpected{*params.error()});
  const auto forgetting = std::make_shared<Forgetting>(Forgetting{*mac, caller.connection, done});
  forgetting->events = {.mac = *mac, .anonymizes = true};
  // Whoever is to be forgotten has no session any more.
  parts_.sessions.revoke_matching(
      {.mac = *mac}, [this, forgetting](const Sessions::Revoked& revoked) {
        if (!revoked.settled.seen) {
          return forgetting->done(tl::unexpected{
              parts_.not_seen("sessions are ended, and nothing else is forgotten; call it again")});
        }
        if (!revoked.settled.stored)
          forgetting->fail("the end of a session is not stored, " + parts_.ledger.status().problem);
        forgetting->result["sessions"] = revoked.count;
        // Once more round, and all that was to be told of their ends has been told.
        parts_.grace.add({}, [this, forgetting] { forget_here(forgetting); });
      });
}

void SubjectMethods::forget_here(const std::shared_ptr<Forgetting>& forgetting) {
  parts_.jobs.add(forgetting->connection, [this, forgetting] {
    if (parts_.events.search_some(forgetting->events)) return true;
    forgetting->result["events"] = forgetting->events.count;
    forgetting->result["clients"] = parts_.clients.forget(forgetting->mac);
    forget_on_disk(forgetting);
    return false;
  });
}

void SubjectMethods::forget_on_disk(const std::shared_ptr<Forgetting>& forgetting) {
  forgetting->owed = 4;
  forget_set_aside(forgetting);
  parts_.store_ends();
  parts_.ledger.scrub([this, forgetting](bool stored) {
    if (!stored) forgetting->fail("the store, " + parts_.ledger.status().problem);
    forgetting->finish_one();
  });
  forgetting->result["records"] = nullptr;
  if (keeper_ == nullptr) {
    forgetting->finish_one();
  } else {
    keeper_->ask([mac = forgetting->mac](
                     records::RecordsFile& file) { return std::to_string(file.forget(mac)); },
                 [forgetting](const tl::expected<std::string, std::string>& count) {
                   if (count) {
                     forgetting->result["records"] = std::stoull(*count);
                   } else {
                     forgetting->fail(count.error());
                   }
                   forgetting->finish_one();
                 });
  }
  forgetting->result["audit"] = nullptr;
  if (audit_ == nullptr) return forgetting->finish_one();
  const auto traces = std::make_shared<AuditTraces>();
  const auto written = std::make_shared<bool>(false);
  parts_.aside(
      [this, traces, written, mac = forgetting->mac] {
        *written = audit_->settle();
        *traces = forget_in_audit(audit_->path(), mac);
      },
      [forgetting, traces, written] {
        if (!*written) forgetting->fail("the audit log, whose disk does not answer");
        for (const std::string& file : traces->kept)
          forgetting->fail(file + ", which the gateway's user cannot write");
        forgetting->result["audit"] = audit_json(*traces);
        forgetting->finish_one();
      });
}

/// What was damaged cannot be rebuilt without somebody; whether it is to go is not ours to say.
void SubjectMethods::forget_set_aside(const std::shared_ptr<Forgetting>& forgetting) {
  const auto files = std::make_shared<std::string>();
  parts_.aside(
      [this, files] {
        for (const std::string& database : parts_.databases) {
          if (database.empty()) continue;
          for (const sql::SetAside& file : sql::files_set_aside(database))
            *files += " " + file.path;
        }
      },
      [forgetting, files] {
        if (!files->empty())
          forgetting->fail("files that were damaged are not looked into: rm" + *files);
        forgetting->finish_one();
      });
}

/// A `subject.export`, under way.
struct SubjectMethods::Exporting {
  net::MacAddress mac;
  Done done;
  std::uint32_t cursor = 0;
  bool has_sessions = false;  ///< all of them
  Json sessions = Json::array();
  EventBus::Search events{};
};

void SubjectMethods::export_all(const Caller& caller, const Json& given, const Done& done) {
  Params params{given, {"mac"}};
  params.require("mac");
  const auto mac = read_mac(params, "mac");
  if (params.error() || !mac) return done(tl::unexpected{*params.error()});
  const auto exporting = std::make_shared<Exporting>(Exporting{*mac, done});
  exporting->events.mac = *mac;
  parts_.jobs.add(caller.connection, [this, exporting] {
    if (export_some(*exporting) || parts_.events.search_some(exporting->events)) return true;
    export_rest(exporting);
    return false;
  });
}

bool SubjectMethods::export_some(Exporting& exporting) {
  if (exporting.has_sessions) return false;
  const Sessions::Page page = parts_.sessions.list({.mac = exporting.mac}, exporting.cursor,
                                                   kSubjectListedAStep, kSubjectLooksAStep);
  for (const SessionRef& session : page.sessions)
    exporting.sessions.push_back(session_json(session, parts_.keys));
  exporting.cursor = page.next.value_or(0);
  exporting.has_sessions = !page.next;
  return !exporting.has_sessions;
}

void SubjectMethods::export_rest(const std::shared_ptr<Exporting>& exporting) {
  const ClientView view{parts_.clients, *parts_.shared.snapshot.load(std::memory_order_acquire),
                        parts_.clock};
  Json clients = Json::array();
  for (const SeenClient* client : parts_.clients.all_of(exporting->mac))
    clients.push_back(view.json(*client));
  Json result{{"mac", net::to_string(exporting->mac)},
              {"at", parts_.clock.unix_ns() / kNsPerSecond},
              {"sessions", std::move(exporting->sessions)},
              {"clients", std::move(clients)},
              {"audit", nullptr},
              {"has_records", keeper_ != nullptr}};
  // A document may be large: it becomes text where nobody waits.
  const auto text = std::make_shared<ResultText>();
  parts_.aside(
      [this, text, exporting, result = std::move(result)]() mutable {
        Json& events = result["events"] = Json::array();
        for (const std::string& line : exporting->events.lines)
          events.push_back(Json::parse(line, nullptr, false)["params"]);
        if (audit_ != nullptr) {
          static_cast<void>(audit_->settle());
          const AuditTraces traces = find_in_audit(audit_->path(), exporting->mac);
          result["audit"] = audit_json(traces);
          result["audit"]["lines"] = traces.lines;
        }
        text->out += text_of(result);
      },
      [exporting, text] { exporting->done(std::move(*text)); });
}

}  // namespace gate511::control
