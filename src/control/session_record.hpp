// SPDX-License-Identifier: BSD-3-Clause
//
// What the control thread knows of a session besides its slot in the table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "control/session_keys.hpp"
#include "control/session_texts.hpp"
#include "table/binding.hpp"
#include "table/session_counters.hpp"
#include "table/session_table.hpp"

namespace gate511::control {

inline constexpr std::size_t kMaxTag = 64;   ///< bytes
inline constexpr std::size_t kMaxUser = 64;  ///< bytes
inline constexpr std::size_t kMaxClass = 64;
inline constexpr std::uint64_t kMaxQuota_bytes = std::uint64_t{1} << 53;

/// What a session that was moved counted under its former keys. Shared by all that show it, and
/// settled once the workers count there no more.
struct CarriedTraffic {
  std::uint32_t index = 0;        ///< of the former key
  table::TrafficCounts baseline;  ///< what stood in its counters when the session got it
  std::shared_ptr<const CarriedTraffic> before{};  ///< under still earlier keys; null once settled
  table::TrafficCounts counts;                     ///< once settled: all of it
  bool settled = false;
};

/// The addresses that a session is bound to, and those of them that are stored.
struct Bound {
  explicit Bound(const table::BoundAddresses& given = {}) : binding{given} {}

  table::Binding binding;
  table::BoundAddresses stored{};
};

/// What the operator gave a session, besides its state and its end.
struct SessionTerms {
  std::uint64_t rate_up_bps = 0;  ///< bits of IP a second; 0: any
  std::uint64_t rate_down_bps = 0;
  std::uint64_t quota_bytes = 0;   ///< of IP, in both directions; 0: any number
  std::shared_ptr<Bound> bound{};  ///< null: it may have any address
  SessionTexts texts{};
  std::uint32_t idle_s = 0;  ///< ends when it has sent and got nothing for so long; 0: never
};

/// What a session gets that is added without it, and what becomes of one that has used its quota.
struct SessionDefaults {
  std::uint32_t ttl_s = 0;   ///< 0: no end
  std::uint32_t idle_s = 0;  ///< 0: never
  bool quota_removes = false;
};

/// There are a million of them, so they are kept small.
struct SessionRecord : SessionTerms {
  static constexpr std::uint64_t kNoEnd = 0;

  std::uint32_t index = 0;
  std::uint64_t id = 0;  ///< unique for each life; grows
  table::Key key;
  std::uint64_t deadline_ns = kNoEnd;  ///< CLOCK_BOOTTIME
  std::uint64_t last_seen_ns = 0;      ///< CLOCK_BOOTTIME of the last look that found traffic
  std::uint64_t seen_sum = 0;          ///< packets and bytes at that look
  std::uint32_t created_unix_s = 0;
  std::uint32_t first_seen_s = 0;  ///< unix time of the first look that found traffic; 0: none yet
  std::uint32_t last_seen_s = 0;   ///< and of the last
  std::uint32_t change = 0;        ///< number of its last change, modulo 2^32
  /// What stood in the counters of `index` when this session got it.
  table::TrafficCounts baseline;
  std::shared_ptr<const CarriedTraffic> carried{};  ///< null: it was never moved
  std::uint32_t fresh_until_s = 0;  ///< CLOCK_BOOTTIME: the workers are told that it is fresh
  table::State state = table::State::kAuthenticated;
  bool is_stored = false;  ///< some state of it is durable
  bool is_counted = true;  ///< the store knows of what was there at the last look
  /// Of one that is over: another gateway owned it, and accounts for it.
  bool is_others = false;
};
static_assert(sizeof(SessionRecord) <= 168);

/// What an add or an update gives. Fields that are not given stay as they are.
struct SessionFields {
  std::optional<table::State> state{};
  std::optional<std::uint64_t> ttl_s{};         ///< from now; 0: no end
  std::optional<std::uint64_t> expires_at_s{};  ///< unix time; instead of ttl_s
  std::optional<std::uint64_t> rate_up_bps{};   ///< 0: any
  std::optional<std::uint64_t> rate_down_bps{};
  std::optional<std::uint64_t> idle_s{};       ///< 0: never
  std::optional<std::uint64_t> quota_bytes{};  ///< 0: any number
  std::optional<std::string> tag{};
  std::optional<std::string> user{};
  std::optional<std::string> service_class{};
  /// Whether it is bound, and to which addresses at first.
  struct BindIp {
    bool on = false;
    table::BoundAddresses given{};
  };
  std::optional<BindIp> bind_ip{};
};

/// Grows with each packet.
[[nodiscard]] inline std::uint64_t sum_of(const table::TrafficCounts& counts) {
  return counts.bytes_up + counts.bytes_down + counts.packets_up + counts.packets_down;
}

/// A session as it is shown, while its record stands.
struct SessionRef {
  const SessionRecord& record;
  table::TrafficCounts traffic;
  std::uint64_t ttl_s = 0;         ///< left, rounded up; 0: no end
  std::uint64_t expires_at_s = 0;  ///< unix time; 0: no end
  std::uint64_t first_seen_s = 0;  ///< unix time; 0: never
  std::uint64_t last_seen_s = 0;
};

/// The same to be kept.
struct SessionView {
  SessionRecord record;
  table::TrafficCounts traffic;
  std::uint64_t ttl_s = 0;
  std::uint64_t expires_at_s = 0;
  std::uint64_t first_seen_s = 0;
  std::uint64_t last_seen_s = 0;

  SessionView(const SessionRef& shown)  // NOLINT: it is the same
      : record{shown.record},
        traffic{shown.traffic},
        ttl_s{shown.ttl_s},
        expires_at_s{shown.expires_at_s},
        first_seen_s{shown.first_seen_s},
        last_seen_s{shown.last_seen_s} {}
  operator SessionRef() const {  // NOLINT
    return {record, traffic, ttl_s, expires_at_s, first_seen_s, last_seen_s};
  }
};

/// Which sessions are meant. Empty: all.
struct SessionFilter {
  std::optional<net::MacAddress> mac{};  ///< wherever it is
  std::optional<table::State> state{};
  std::optional<std::string> tag{};
  std::optional<std::string> user{};
  std::optional<std::uint16_t> vlan{};
  std::optional<std::uint8_t> link{};
  const SessionKeys* keys = nullptr;  ///< set where `vlan` or `link` is

  [[nodiscard]] bool matches(const SessionRecord& record) const {
    return (!mac || *mac == record.key.mac()) && (!state || *state == record.state) &&
           (!tag || record.texts.tag() == *tag) && (!user || record.texts.user() == *user) &&
           (keys == nullptr || is_at(record.key));
  }

 private:
  [[nodiscard]] bool is_at(table::Key key) const {
    const ClientKey client = keys->client_of(key);
    return (!vlan || *vlan == client.vlan) && (!link || *link == client.link);
  }
};

}  // namespace gate511::control
