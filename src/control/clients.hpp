// SPDX-License-Identifier: BSD-3-Clause
//
// The clients that the workers have seen, guests and those with a session alike, with their
// addresses. Bounded: a new client displaces the guest that was unseen for longest, so spoofed MACs
// cost no more memory than any others, and what is known of a session's client stays while there
// are guests to displace.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "control/clock.hpp"
#include "control/session_keys.hpp"
#include "dataplane/sighting_source.hpp"
#include "net/capport.hpp"
#include "net/ip.hpp"
#include "pipeline/sighting.hpp"
#include "table/session_table.hpp"

namespace gate511::control {

/// An address that a client was seen with. Times are CLOCK_BOOTTIME.
struct SeenAddress {
  net::IpAddress address;
  pipeline::SightingSource source = pipeline::SightingSource::kArp;
  std::uint8_t link = 0;
  std::uint16_t vlan = 0;  ///< outer VLAN, 0: untagged
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
  std::uint64_t bound_until_ns = 0;  ///< end of the DHCP lease; 0: no lease, kForever: not told

  static constexpr std::uint64_t kForever = ~std::uint64_t{0};
};

/// What became last of an answer that could have told a client of the portal's API.
struct Told {
  std::uint64_t at_ns = 0;  ///< CLOCK_BOOTTIME; 0: there was none
  net::CapportOutcome outcome{};
};
using ToldByCarrier = std::array<Told, net::kCapportCarriers>;

struct SeenClient {
  ClientKey key;
  std::uint8_t link = 0;   ///< where it was seen last
  std::uint16_t vlan = 0;  ///< the same; outer VLAN, 0: untagged
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
  std::vector<SeenAddress> addresses;  ///< at most Clients::kMaxAddresses
  ToldByCarrier told{};                ///< itself; not with all others
};

/// Where an address is meant. Empty: anywhere.
struct Place {
  std::optional<std::uint16_t> vlan{};
  std::optional<std::uint8_t> link{};

  [[nodiscard]] bool holds(std::uint16_t at_vlan, std::uint8_t at_link) const {
    return (!vlan || *vlan == at_vlan) && (!link || *link == at_link);
  }
};

struct ClientFilter {
  std::optional<bool> has_session{};
  Place place{};  ///< where it was seen last
};

/// Control thread.
class Clients {
 public:
  static constexpr std::size_t kMaxAddresses =
      8;  ///< of a client; the longest unseen goes; it stands first
  /// For so long an address stands that was told by ARP or ND alone, or whose lease is over: as
  /// long as routers keep what they learnt by ARP.
  static constexpr std::uint64_t kClaim_ns = 14'400 * kNsPerSecond;
  static constexpr std::size_t kMaxClaims = 16;   ///< of one address that are told of
  static constexpr std::size_t kMaxLook = 1'024;  ///< clients that one page looks at

  struct Options {
    std::size_t capacity = 65'536;
    std::uint64_t forget_after_s = 86'400;  ///< of guests, and of sessions' addresses
  };
  /// All outlive this.
  Clients(const table::SessionTable& table, const SessionKeys& keys, const Clock& clock,
          Options options);

  /// Takes in what the workers saw, for one slice. True if there may be more.
  bool take(dataplane::SightingSource& source);
  void add(const pipeline::Sighting& seen);
  /// Is told of each address that a client is seen with, each time.
  using OnAddress = std::function<void(const SeenClient& client, const SeenAddress& address)>;
  void on_address(OnAddress on_address) { on_address_ = std::move(on_address); }
  /// Is told of each client without a session that has spoken; of one so often at most.
  using OnGuest = std::function<void(const SeenClient& client)>;
  void on_guest(OnGuest on_guest, std::uint64_t quiet_ns) {
    on_guest_ = std::move(on_guest);
    quiet_ns_ = quiet_ns;
  }
  /// Where a client is.
  struct At {
    net::MacAddress mac;
    std::uint16_t vlan = 0;
    std::uint8_t link = 0;
  };
  /// Nothing, of one that was not seen.
  void set_told(const At& at, net::CapportCarrier carrier, const Told& told);
  /// To be called a few times a second: looks whether those with a session still have one, and
  /// forgets what was unheard for too long.
  void tick();

  void set_forget_after_s(std::uint64_t after_s) { options_.forget_after_s = after_s; }
  /// All that is known of a MAC, wherever it was seen. How many clients these were.
  std::size_t forget(net::MacAddress mac);
  [[nodiscard]] std::vector<const SeenClient*> all_of(net::MacAddress mac) const;

  [[nodiscard]] const SeenClient* find(const ClientKey& key) const;

  /// The IPv4 address that DHCP gave it last, while the lease runs; 0: none.
  [[nodiscard]] std::uint32_t leased_v4(const ClientKey& key) const;

  struct Claim {
    const SeenClient* client;
    const SeenAddress* address;
  };
  /// Who may have `address`, in the order of their keys: those that DHCP gave it to, else all that
  /// claim it.
  [[nodiscard]] std::vector<Claim> claims(const net::IpAddress& address, const Place& place) const;
  /// The clients but `own` that claim what `own` has as `address`, whatever outranks what.
  [[nodiscard]] std::vector<Claim> rivals(const SeenClient& own, const SeenAddress& address) const;

  struct Page {
    std::vector<const SeenClient*> clients;
    std::optional<ClientKey> next;  ///< where the next page begins; none: that was all
  };
  /// Up to `limit` clients in the order of their keys, from `cursor` on (all 0: the first). A page
  /// may hold fewer, or none, though more follow. A client that is known all through a listing
  /// stands in it exactly once.
  [[nodiscard]] Page list(const ClientFilter& filter, const ClientKey& cursor,
                          std::size_t limit) const;

  [[nodiscard]] bool has_session(const ClientKey& key) const { return session(key).found(); }
  /// Its place in the table.
  [[nodiscard]] table::Hit session(const ClientKey& key) const {
    return table_.look_up(keys_.find(key));
  }
  [[nodiscard]] bool is_bound(const SeenAddress& address) const;
  /// It may be its client's still.
  [[nodiscard]] bool stands(const SeenAddress& address) const;
  [[nodiscard]] const SessionKeys& keys() const { return keys_; }
  [[nodiscard]] std::size_t size() const { return clients_.size(); }
  /// Of those: without a session, as they were found when last looked at.
  [[nodiscard]] std::size_t guests() const { return guests_.size(); }
  [[nodiscard]] std::size_t capacity() const { return options_.capacity; }
  /// Clients that were displaced, since start.
  [[nodiscard]] std::uint64_t displaced() const { return displaced_; }

 private:
  using Order = std::list<ClientKey>;  ///< the longest unseen first
  struct Entry {
    SeenClient client;
    bool among_sessions = false;  ///< as it was found when last looked at
    std::uint64_t told_ns = 0;    ///< when on_guest_ heard of it last; 0: never
    Order::iterator place;
  };
  using Entries = std::map<ClientKey, Entry>;

  void make_room();
  void forget_unheard();
  void drop(Entries::iterator entry);
  void settle(Entry& entry);
  void tell_of_guest(Entry& entry);
  void add_address(SeenClient& client, const pipeline::Sighting& seen);
  void forget_address(SeenClient& client, std::size_t at);
  void unbind_others(const SeenClient& owner, const SeenAddress& address);
  /// Adds to `claims` those of `address` that stand, bound ones or the others.
  void collect(const net::IpAddress& address, const Place& place, bool bound,
               std::vector<Claim>& claims) const;

  const table::SessionTable& table_;
  const SessionKeys& keys_;
  const Clock& clock_;
  Options options_;
  Entries clients_;
  Order guests_, with_session_;
  /// Address, whether without a lease, and client: the bound ones are found first, however many
  /// claim what is not theirs.
  std::set<std::tuple<net::IpAddress, bool, ClientKey>> by_address_;
  std::uint64_t displaced_ = 0;
  ClientKey looked_up_to_;  ///< for those unheard
  OnAddress on_address_;    ///< may be empty
  OnGuest on_guest_;        ///< the same
  std::uint64_t quiet_ns_ = 0;
};

}  // namespace gate511::control
