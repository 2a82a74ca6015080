// SPDX-License-Identifier: BSD-3-Clause
//
// What can be wrong with a gateway, defined once: `health`, the events, the log and what else tells
// of alarms read this list. And which of them are raised. Control thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gate511::control {

enum class Alarm : std::uint8_t {
  kWorkerStalled,
  kPortDown,
  kMbufsLow,
  kStoreFailing,
  kStoreBehind,
  kTableNearlyFull,
  kFramesMissed,
  kRingDrops,
  kAuditFailing,
  kRecordsFailing,
  kStoreDamaged,
  kStoreAway,
  kClockOff,
  kSessionsMissing,
};
inline constexpr std::size_t kAlarmCount = 14;

enum class Severity : std::uint8_t {
  kWarning,   ///< something is lost, or soon will be
  kCritical,  ///< traffic, or what was promised of sessions, suffers now
};
[[nodiscard]] constexpr std::string_view name_of(Severity severity) {
  return severity == Severity::kCritical ? "critical" : "warning";
}

struct AlarmInfo {
  Alarm alarm;
  std::string_view name;  ///< does not change
  Severity severity;
  std::string_view sentence;  ///< what it means, of any subject
  std::string_view cure;      ///< what the operator is to do
};

/// By number, which is by how bad they are.
inline constexpr std::array<AlarmInfo, kAlarmCount> kAlarms{{
    {Alarm::kWorkerStalled, "worker_stalled", Severity::kCritical,
     "a worker has not moved for 1 s: no frame of its ports passes",
     "see that nothing else runs on its CPU; restart gate511 if it stays so"},
    {Alarm::kPortDown, "port_down", Severity::kCritical,
     "a port has no carrier: no frame passes by it",
     "check its cable and the device at the other end"},
    {Alarm::kMbufsLow, "mbufs_low", Severity::kCritical,
     "more than 90 % of the packet buffers are in use; without any, frames are dropped",
     "see in `port.list` which port does not send; restart gate511 if it stays so"},
    {Alarm::kStoreFailing, "store_failing", Severity::kCritical, "the store cannot be written",
     "make room on its disk; until then changes are refused, or, with sessions.on_store_failure "
     "\"memory\", lost at a restart"},
    {Alarm::kStoreBehind, "store_behind", Severity::kCritical,
     "changes have waited for the store's disk for 2 s or longer",
     "see what else uses that disk, or give the store a faster one; changes are answered when it "
     "has taken them"},
    {Alarm::kTableNearlyFull, "table_nearly_full", Severity::kWarning,
     "more than 95 % of sessions.capacity is held; when it is full, no session is added",
     "revoke what is not needed, or raise sessions.capacity and restart"},
    {Alarm::kFramesMissed, "frames_missed", Severity::kWarning,
     "100 frames or more a second came faster than the workers took them from a port",
     "give more workers in dpdk.lcores, and nothing else to do to their CPUs; see "
     "docs/hostile.md if it is a flood"},
    {Alarm::kRingDrops, "ring_drops", Severity::kWarning,
     "100 reports or more a second of the workers to another thread were dropped, as it did not "
     "keep up",
     "see with `client.list` who sends so much ARP, ND, DHCP or DNS, and that the first of "
     "dpdk.lcores has its CPU to itself"},
    {Alarm::kAuditFailing, "audit_failing", Severity::kWarning,
     "the audit log cannot be written: who changes what is not noted",
     "make room on its disk, or see that its folder can be written"},
    {Alarm::kRecordsFailing, "records_failing", Severity::kWarning,
     "records cannot be written: who has which address waits in memory, and is lost at a restart",
     "make room on their disk, or see that their folder can be written"},
    {Alarm::kStoreDamaged, "store_damaged", Severity::kWarning,
     "the store, or the file of records, was damaged at the start and set aside: what it held is "
     "not "
     "here",
     "see what the disk has done, add sessions of the store anew, and restart to have this no "
     "more"},
    {Alarm::kStoreAway, "store_away", Severity::kCritical,
     "the server that gateways share sessions by is not in use: what other gateways change is not "
     "seen here",
     "see that it runs, can be reached and has room; sessions that are known here go on, and new "
     "ones are refused, or, with sessions.on_store_failure \"memory\", hold on this gateway alone "
     "until it is back"},
    {Alarm::kClockOff, "clock_off", Severity::kWarning,
     "this gateway's time is not that of the server that gateways share sessions by: sessions that "
     "are added here end at another time than they should at the others",
     "run NTP on both; restart gate511 when the clock is right, which it reads at its start"},
    {Alarm::kSessionsMissing, "sessions_missing", Severity::kCritical,
     "sessions of other gateways have no room here: their clients are guests at this gateway",
     "raise sessions.capacity to that of the others and restart, or revoke what is not needed"},
}};
[[nodiscard]] constexpr const AlarmInfo& info_of(Alarm alarm) {
  return kAlarms.at(static_cast<std::size_t>(alarm));
}

/// Which alarms are raised, of what subjects. One is raised when it is found, and over only when it
/// was not found for `kQuiet_ns`. Each time either happens it is told of; of one that comes and
/// goes for ever, so many times at once and then once in `kRefill_ns`.
class Alarms {
 public:
  static constexpr std::uint64_t kQuiet_ns = 3'000'000'000;
  static constexpr std::uint64_t kRefill_ns = 60'000'000'000;
  static constexpr unsigned kAtOnce = 4;

  struct Found {
    Alarm alarm;
    std::string subject;  ///< port, worker or ring; empty where there is but one
    std::string what;     ///< the sentence for this very case
  };
  struct Raised {
    std::string what;
    std::uint64_t since_s = 0;  ///< unix time
    std::uint64_t found_ns = 0;
    bool is_told = false;
  };
  struct Change {
    Alarm alarm;
    std::string subject;
    std::string what;
    std::uint64_t since_s;
    bool raised;           ///< false: it is over
    std::uint64_t untold;  ///< times that it was raised before without being told of
  };
  using Key = std::pair<Alarm, std::string>;

  /// All that is found now; gives what is to be told.
  [[nodiscard]] std::vector<Change> look(std::vector<Found> found, std::uint64_t now_ns,
                                         std::uint64_t unix_s);

  [[nodiscard]] bool is_raised(Alarm alarm, const std::string& subject = {}) const {
    return raised_.contains({alarm, subject});
  }
  /// Subjects of which it is raised.
  [[nodiscard]] std::size_t count(Alarm alarm) const;
  /// By how bad they are, then by subject.
  [[nodiscard]] const std::map<Key, Raised>& raised() const { return raised_; }

 private:
  struct Told {
    unsigned left = kAtOnce;
    std::uint64_t refilled_ns = 0;
    std::uint64_t untold = 0;
  };
  [[nodiscard]] static bool may_tell(Told& told, std::uint64_t now_ns);

  std::map<Key, Raised> raised_;
  std::map<Key, Told> told_;  ///< of what was ever raised; there are few subjects
};

}  // namespace gate511::control
