// SPDX-License-Identifier: BSD-3-Clause
//
// What the data plane is told at start. Plain types: the control plane fills them from the
// configuration without seeing DPDK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gate511::dataplane {

struct LinkOptions {
  std::string name;
  std::string access;  ///< port name or PCI address
  std::string uplink;
  std::uint16_t mtu = 0;        ///< bytes of IP; 0: as the ports have it
  bool follow_carrier = false;  ///< the loss of one port's carrier is passed on to the other
  bool offloads = true;         ///< the ports do what they can of checksums
};

struct Options {
  std::vector<std::string> eal_args;  ///< win over what the gateway would choose itself
  std::string lcores;                 ///< as EAL's --lcores; the first is the control thread's
  std::vector<LinkOptions> links;     ///< numbered as in the policy snapshot
  std::size_t session_capacity = 0;
  /// Bytes of a frame that one mbuf holds; a port's longer frames come in several.
  std::uint16_t mbuf_bytes = 2048;
  bool dumpcap = false;  ///< dpdk-dumpcap may watch the ports, which takes memory in shared files
};

}  // namespace gate511::dataplane
