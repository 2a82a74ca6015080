// SPDX-License-Identifier: BSD-3-Clause
#include "control/guest_news.hpp"

#include "net/mac.hpp"

namespace gate511::control {

void GuestNews::seen(const SeenClient& client) {
  if (!is_wanted()) return;
  const std::uint64_t second = parts_.clock.boot_ns() / kNsPerSecond;
  if (std::exchange(second_, second) != second) told_in_it_ = 0;
  if (told_in_it_ >= kPerSecond) {
    ++untold_;
    return;
  }
  ++told_in_it_;
  parts_.events.emit("client.seen", {{"mac", net::to_string(client.key.mac)},
                                     {"vlan", client.vlan},
                                     {"link", parts_.link_name(client.link)},
                                     {"zone", parts_.zone_name(client.link, client.vlan)},
                                     {"is_new", client.first_ns == client.last_ns},
                                     {"untold", std::exchange(untold_, 0)}});
}

}  // namespace gate511::control
