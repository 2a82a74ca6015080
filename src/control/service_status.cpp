// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that only tell: what runs and what it counts.
#include "control/numbers/stats_json.hpp"
#include "control/service.hpp"

namespace gate511::control {

Json Service::hello() const {
  Json features = Json::array();
  if (parts_.keys.has_vlan()) features.push_back("session.vlan");
  if (parts_.keys.has_link()) features.push_back("session.link");
  Json hello{
      {"program", "gate511"},
      {"version", parts_.version},
      {"protocol", kProtocolVersion},
      {"features", std::move(features)},
      {"methods", dispatcher_.methods()},
  };
  if (const auto number = parts_.config.config()->sessions.gateway; number != 0)
    hello["gateway"] = number;
  return hello;
}

Json Service::stats() const {
  return numbers::stats_json(*parts_.numbers.take());
}

Json Service::ports() const {
  Json list = Json::array();
  for (const dataplane::PortStatus& port : parts_.status.ports()) {
    list.push_back({
        {"name", port.name},
        {"link", port.link},
        {"role", port.role},
        {"driver", port.driver},
        {"mac", port.mac},
        {"up", port.up},
        {"speed_mbps", port.speed_mbps},
        {"mtu", port.mtu},
        {"queues", port.queues},
        {"offloads", port.sums_tcp ? Json::array({"tcp_checksum"}) : Json::array()},
        {"rx_packets", port.rx_packets},
        {"rx_bytes", port.rx_bytes},
        {"rx_missed", port.rx_missed},
        {"rx_errors", port.rx_errors},
        {"tx_packets", port.tx_packets},
        {"tx_bytes", port.tx_bytes},
        {"tx_errors", port.tx_errors},
    });
  }
  return {{"ports", std::move(list)}};
}

}  // namespace gate511::control
