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
};

struct Options {
  std::vector<std::string> eal_args;  ///< win over what the gateway would choose itself
  std::string lcores;                 ///< as EAL's --lcores; the first is the control thread's
  std::vector<LinkOptions> links;     ///< numbered as in the policy snapshot
  std::size_t session_capacity = 0;
  /// Bytes of a frame that one mbuf holds; a port's longer frames come in several.
  std::uint16_t mbuf_bytes = 2048;
};

}  // namespace gate511::dataplane
