// SPDX-License-Identifier: BSD-3-Clause
#include "net/dhcp.hpp"

#include "net/dhcp_wire.hpp"

namespace gate511::net {
namespace {

struct Options4 {
  std::uint8_t type = 0;
  std::uint32_t lease_s = 0;
  std::optional<IpAddress> router;
  bool whole = false;  ///< no option reached past the end
};

/// `message`: dhcp4::is_reply().
Options4 read_options4(ByteView message) noexcept {
  using namespace dhcp4;
  Options4 found;
  const Walked walked = walk(message, kOptionsAt, message.size(),
                             [&found](std::uint8_t code, std::size_t /*at*/, ByteView body) {
                               if (code == kMessageType && body.size() == 1)
                                 found.type = load_u8(body, 0);
                               if (code == kLeaseTime && body.size() == 4)
                                 found.lease_s = load_be32(body, 0);
                               if (code == kRouter && body.size() >= 4 && !found.router)
                                 found.router = IpAddress::v4(load_be32(body, 0));
                             });
  // No end option is no harm where the last option ends with the message.
  found.whole = walked.stop != Stop::kCut;
  return found;
}

}  // namespace

std::optional<Dhcp4Ack> read_dhcp4_ack(ByteView message) noexcept {
  using namespace dhcp4;
  if (!is_reply(message) || load_be16(message, 1) != kEthernet) return std::nullopt;
  const Options4 options = read_options4(message);
  const MacAddress client{load_be48(message, kChaddrAt)};
  const IpAddress address = IpAddress::v4(load_be32(message, kYiaddrAt));
  if (!options.whole || options.type != kAck || !client.is_station() || !address.is_unicast_host())
    return std::nullopt;
  return Dhcp4Ack{client, {address, options.lease_s}};
}

std::optional<IpAddress> read_dhcp4_router(ByteView message) noexcept {
  if (!dhcp4::is_reply(message)) return std::nullopt;
  const Options4 options = read_options4(message);
  if (!options.whole || (options.type != dhcp4::kOffer && options.type != dhcp4::kAck))
    return std::nullopt;
  return options.router;
}

Dhcp6Bindings read_dhcp6_reply(ByteView message) noexcept {
  using namespace dhcp6;
  constexpr std::size_t kIaNaHeader = 12;       // IAID, T1, T2
  constexpr std::size_t kIaAddressHeader = 24;  // address, preferred and valid lifetime
  Dhcp6Bindings found;
  if (message.size() < kHeader || load_u8(message, 0) != kReply) return found;
  const auto take_address = [&found](std::uint16_t code, std::size_t /*at*/, ByteView body) {
    if (code != kIaAddress || body.size() < kIaAddressHeader) return;
    const IpAddress address = IpAddress::load_v6(body, 0);
    const std::uint32_t valid_s = load_be32(body, 20);
    if (found.count == Dhcp6Bindings::kMax || valid_s == 0 || address.is_v4() ||
        !address.is_unicast_host())
      return;
    found.binding[found.count++] = {address, valid_s};
  };
  // What stands before damage is kept.
  (void)walk(message, kHeader, message.size(),
             [&](std::uint16_t code, std::size_t /*at*/, ByteView body) {
               if (code == kIaNa && body.size() >= kIaNaHeader)
                 (void)walk(body, kIaNaHeader, body.size(), take_address);
             });
  return found;
}

}  // namespace gate511::net
