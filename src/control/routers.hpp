// SPDX-License-Identifier: BSD-3-Clause
//
// What is known of the routers, resolvers and DHCP servers beyond the uplink: from the
// configuration, and from what the workers saw there. The guards protect their MACs and addresses.
// A frame from the uplink makes no client a router: what a client has already is refused.
// Bounded, and aged. Control thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/clients.hpp"
#include "control/clock.hpp"
#include "control/config.hpp"
#include "control/events.hpp"
#include "dataplane/sighting_source.hpp"
#include "policy/infrastructure.hpp"

namespace gate511::control {

class Routers {
 public:
  static constexpr std::size_t kMaxLearnt = 64;
  /// For so long what was learnt stands, unless it is seen again.
  static constexpr std::uint64_t kAge_ns = 14'400 * kNsPerSecond;
  /// The log has a line about the guards so often at most.
  static constexpr std::uint64_t kLog_ns = 10 * kNsPerSecond;

  enum class Role : std::uint8_t { kPinned, kResolver, kRouter, kDhcpServer };

  struct Known {
    Role role = Role::kRouter;
    std::uint8_t link = 0;
    std::uint16_t vlan = policy::ProtectedAddress::kAnyVlan;
    net::IpAddress address{};   ///< all zero: a pinned MAC
    net::MacAddress mac{};      ///< zero: not known yet
    net::MacAddress told_by{};  ///< of a router named by DHCP, or a DHCP server: whose frame told
    std::uint64_t last_ns = 0;  ///< CLOCK_BOOTTIME; 0: from the configuration
    bool refused = false;       ///< its MAC is a client's, which was told of
  };
  using Publish = std::function<void(std::shared_ptr<const policy::Infrastructure>,
                                     const std::vector<Known>& servers)>;

  struct Parts {
    const Clients& clients;
    EventBus& events;
    const Clock& clock;
  };
  /// `parts` outlive this.
  explicit Routers(Parts parts) : parts_{parts} {}

  /// Called with what is known anew, and with the DHCP servers on the uplink's own network.
  void publish_to(Publish publish);
  /// At start and when the configuration changes.
  void configure(const Config& config);
  /// Takes in what the workers saw, for one slice. True if there may be more.
  bool take(dataplane::SightingSource& source);
  void saw(const pipeline::Sighting& seen);
  /// A client did what the guards are against.
  void guarded(const pipeline::Sighting& seen);
  void tell_of_foreign(const pipeline::Sighting& seen) const;
  /// A few times a second: ages, publishes what has changed, logs.
  void tick();

  /// What is protected now.
  [[nodiscard]] std::vector<Known> known() const;
  [[nodiscard]] const std::string& link_name(std::uint8_t link) const { return links_[link]; }

 private:
  void learn(Role role, const pipeline::Sighting& seen);
  void set_mac(Known& known, const pipeline::Sighting& seen);
  [[nodiscard]] bool is_client(const pipeline::Sighting& seen) const;
  /// A DHCP server counts once ARP has shown that it is on the uplink's own network: else any host
  /// of the Internet could be one. What it names as routers counts then.
  [[nodiscard]] bool is_active(const Known& known) const;
  void tell(std::string_view type, const Known& known) const;
  void publish();

  Parts parts_;
  Publish publish_;
  std::vector<std::string> links_;
  std::vector<bool> is_pinned_;  ///< by link: it has routers in the configuration
  std::vector<Known> known_;     ///< those of the configuration first
  std::size_t configured_ = 0;
  bool changed_ = true;
  std::uint64_t reports_ = 0;  ///< of broken guards, since the last line in the log
  std::string last_report_;
  std::uint64_t logged_ns_ = 0;
};

[[nodiscard]] std::string_view role_name(Routers::Role role);

}  // namespace gate511::control
