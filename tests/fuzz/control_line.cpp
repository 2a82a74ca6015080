// SPDX-License-Identifier: BSD-3-Clause
//
// Any bytes as lines to the control socket's methods, over a real session table: each line draws
// at most one answer, every answer is JSON, and the table's counts hold.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "control/grace_queue.hpp"
#include "control/service.hpp"
#include "control/service_clients.hpp"
#include "control/service_session_changes.hpp"
#include "control/session_events.hpp"
#include "control/sessions.hpp"
#include "unit/control_fakes.hpp"

namespace {

using namespace gate511;

class AtOnce : public table::GracePeriod {
 public:
  Token start() override { return 0; }
  bool passed(Token /*token*/) override { return true; }
};

void check(bool holds) {
  if (!holds) std::abort();
}

/// Our reader takes what another takes and makes the same of it, but for its own limits.
void compare_readers(std::string_view line) {
  if (line.starts_with("\xef\xbb\xbf")) return;  // a byte order mark, which only the other skips
  if (line.find('\0') != line.npos) return;      // which the other takes for the end
  const auto ours = control::parse_json(line);
  const bool theirs = nlohmann::json::accept(line);
  check(!ours || theirs);
  if (ours) check(*ours == nlohmann::json::parse(line) || line.find('e') != line.npos);
  if (!ours && theirs) check(!ours.error().message.starts_with("not JSON") || line.size() > 1'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kCapacity = 16;
  constexpr std::uint64_t kNow = 1'750'000'000'000'000'000;
  std::vector<table::Bucket> buckets(table::SessionTable::buckets_for(kCapacity));
  table::SessionTable table{buckets, kCapacity, {1, 2}};
  AtOnce workers;
  const control::HandStatus status;
  const control::Clock clock{[] { return kNow; }, [] { return kNow; }};
  control::GraceQueue grace{workers, clock};
  control::SessionKeys keys{static_cast<control::KeyKind>(size % 3), {"venue", "annex"}};
  control::Ledger ledger{clock, keys};
  std::vector<table::Policer> policers(table.slots());
  std::vector<table::BindingPlace> bindings(table.slots());
  control::Sessions sessions{{table, grace, status, clock, ledger, policers, bindings},
                             {.ttl_s = 60}};
  control::EventBus events{clock};
  control::SessionEvents session_events{events, keys};
  sessions.set_listener(&session_events);
  events.connect({.push =
                      [](std::uint64_t /*connection*/, std::string_view lines) {
                        while (!lines.empty()) {
                          const std::string_view line = lines.substr(0, lines.find('\n'));
                          check(nlohmann::json::accept(line));
                          lines.remove_prefix(std::min(lines.size(), line.size() + 1));
                        }
                        return true;
                      },
                  .owed = [](std::uint64_t /*connection*/) { return std::size_t{0}; },
                  .keep = [](std::uint64_t /*connection*/) {},
                  .close = [](std::uint64_t /*connection*/) {}});
  static const policy::Snapshot snapshot = control::hand_snapshot();
  pipeline::Shared shared{table, net::SipKey{}};
  shared.snapshot = &snapshot;
  control::HandSightings sightings;
  control::Clients clients{table, keys, clock, {.capacity = 4}};
  for (std::uint64_t n = 1; n < 6; ++n) {
    clients.add({.address = net::IpAddress::v4(0xc000'0264),
                 .client = net::MacAddress{0x0200'5e00'5300 + n},
                 .vlan = static_cast<std::uint16_t>(n)});
  }
  control::Announcements announcements{
      {clients, events, clock, [](std::uint8_t /*link*/) { return std::string{"venue"}; }}};
  control::Jobs jobs;
  const control::ConfigState config{control::Config{}};
  control::numbers::Recorder numbers{
      {status, clock, sessions, config, events, ledger, clients, "0"}};
  control::Service service{
      {sessions, grace, status, clock, "0", keys, events, config, jobs, ledger, numbers}};
  const control::ClientMethods client_methods{
      {clients, announcements, sessions, sightings, shared, clock, keys}, service.dispatcher()};
  const control::SessionChangeMethods session_change_methods{
      {sessions, clock, [&service](std::string_view change) { return service.not_seen(change); },
       [&service](std::string_view change) { return service.not_stored(change); }, keys,
       [&service] { return service.backed_up(); }},
      service.dispatcher()};

  const control::Caller caller{.rights = static_cast<control::Access>(size % 3)};
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    compare_readers(line);
    int answers = 0;
    service.dispatcher().handle(caller, line, [&answers](const std::string& answer) {
      ++answers;
      check(answer.empty() || nlohmann::json::accept(answer));
      check(answer.find('\n') == std::string::npos);
    });
    bool more = false;
    do {
      jobs.work(std::chrono::seconds{1});
      sessions.work();
      more = grace.poll();
      events.pump();
    } while (more || sessions.has_work() || !jobs.empty());
    check(answers == 1);
    check(table.size() <= kCapacity && table.in_limbo() == 0);
    check(sessions.count(table::State::kAuthenticated) + sessions.count(table::State::kBlocked) +
              sessions.count(table::State::kRestricted) ==
          table.size());
  }
  return 0;
}
