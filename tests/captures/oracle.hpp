// SPDX-License-Identifier: BSD-3-Clause
//
// What may pass, written once more from the rules alone (docs/architecture.md, "The order of the
// guest rules"): it knows nothing of the code that it judges, and may be slow. It is a bound: what
// it lets pass the gateway may still drop for a reason of its own, such as a budget.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "captures/wire.hpp"

namespace gate511::captures {

/// The network that the gateway is configured for.
struct Network {
  struct Open {
    Prefix prefix;
    std::vector<std::pair<unsigned, unsigned>> ports{};  ///< none: all, and every protocol
  };
  std::vector<Prefix> resolvers, ntp;
  std::vector<Open> garden;
  bool any_resolver = false;
  bool learns_names = false;  ///< addresses that DNS answers name are open on TCP 80 and 443
  bool all_multicast = false;
  bool pass_reserved = true;
  std::size_t longest_frame = 1522;
  std::size_t longest_name = 128;
};

class Oracle {
 public:
  explicit Oracle(Network network) : network_{std::move(network)} {}

  /// These throw Denied if the frame may not pass, and note what it opens if it may.
  void guest_up(Frame frame);    ///< access to uplink
  void guest_down(Frame frame);  ///< uplink to access
  void session_up(Frame frame);
  void session_down(Frame frame);

  /// A session's frame that nothing may keep from passing.
  [[nodiscard]] bool session_must_pass(Frame frame, bool up) const;

  /// What comes by the uplink, whatever becomes of it: DHCP servers make themselves known by it.
  void heard(Frame frame);

  /// What goes back to a guest for a frame of its own. Throws Denied if it may not.
  void reply(Frame trigger, Frame reply);
  /// Bytes that a guest has sent, before what they draw is judged.
  void sent(Frame frame);

 private:
  void passable(Frame frame, const Carrier& carrier) const;
  [[nodiscard]] bool is_reserved(Frame frame, const Carrier& carrier) const;
  void packet_up(Frame frame, const Carrier& carrier, const Datagram& packet);
  void dhcp_up(Frame frame, const Carrier& carrier, const Datagram& packet);
  [[nodiscard]] bool is_dhcp_answer(Frame frame, const Datagram& packet) const;
  [[nodiscard]] bool is_resolver(const Address& address) const;
  /// By the rows with addresses: traffic of this protocol with that port of the remote host.
  [[nodiscard]] bool is_open(unsigned protocol, const Address& remote, unsigned port) const;
  [[nodiscard]] bool was_named(const Address& address) const;
  void group_down(Frame frame, const Carrier& carrier) const;
  void error_down(Frame frame, const Datagram& packet) const;

  struct Credit {
    std::uint64_t sent = 0, received = 0;  ///< bytes; an answer behind a handshake is not counted
  };

  Network network_;
  std::set<Address> dhcp_servers_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> dhcp_asked_;  ///< MAC and transaction
  std::set<std::string> named_;             ///< octets of addresses in answers
  std::map<std::uint64_t, Credit> credit_;  ///< by MAC
};

}  // namespace gate511::captures
