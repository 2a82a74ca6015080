// SPDX-License-Identifier: BSD-3-Clause
#include "net/dhcp.hpp"

namespace gate511::net {
namespace {

// ---- version 4: RFC 2131, 2; options in RFC 2132 ----

constexpr std::size_t kYiaddrAt = 16;
constexpr std::size_t kChaddrAt = 28;
constexpr std::size_t kMagicAt = 236;
constexpr std::size_t kOptionsAt = 240;
constexpr std::uint32_t kMagic = 0x6382'5363;
constexpr std::uint8_t kBootReply = 2;
constexpr std::uint16_t kEthernet = 0x0106;  // htype 1, hlen 6

constexpr std::uint8_t kPad = 0;
constexpr std::uint8_t kRouter = 3;
constexpr std::uint8_t kLeaseTime = 51;
constexpr std::uint8_t kMessageType = 53;
constexpr std::uint8_t kEnd = 255;
constexpr std::uint8_t kOffer = 2;
constexpr std::uint8_t kAck = 5;

struct Options4 {
  std::uint8_t type = 0;
  std::uint32_t lease_s = 0;
  std::optional<IpAddress> router;
  bool whole = false;  ///< no option reached past the end
};

Options4 read_options4(ByteView options) noexcept {
  Options4 found;
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t code = load_u8(options, at++);
    if (code == kPad) continue;
    if (code == kEnd) break;
    if (at == options.size()) return found;
    const std::size_t length = load_u8(options, at++);
    if (length > options.size() - at) return found;
    if (code == kMessageType && length == 1) found.type = load_u8(options, at);
    if (code == kLeaseTime && length == 4) found.lease_s = load_be32(options, at);
    if (code == kRouter && length >= 4 && !found.router)
      found.router = IpAddress::v4(load_be32(options, at));
    at += length;
  }
  // No end option is no harm where the last option ends with the message.
  found.whole = true;
  return found;
}

// ---- version 6: RFC 8415, 8 and 21 ----

constexpr std::uint8_t kReply = 7;
constexpr std::size_t kMessage6Header = 4;
constexpr std::uint16_t kIaNa = 3;
constexpr std::size_t kIaNaHeader = 12;  // IAID, T1, T2
constexpr std::uint16_t kIaAddress = 5;
constexpr std::size_t kIaAddressHeader = 24;  // address, preferred and valid lifetime

/// Calls `each(code, body)` until the options end or one is cut short.
template <typename Each>
void walk_options6(ByteView options, const Each& each) noexcept {
  constexpr std::size_t kHeader = 4;
  while (options.size() >= kHeader) {
    const std::size_t length = load_be16(options, 2);
    if (length > options.size() - kHeader) return;
    each(load_be16(options, 0), options.subspan(kHeader, length));
    options = options.subspan(kHeader + length);
  }
}

}  // namespace

std::optional<Dhcp4Ack> read_dhcp4_ack(ByteView message) noexcept {
  if (message.size() < kOptionsAt || load_u8(message, 0) != kBootReply ||
      load_be16(message, 1) != kEthernet || load_be32(message, kMagicAt) != kMagic)
    return std::nullopt;
  const Options4 options = read_options4(message.subspan(kOptionsAt));
  const MacAddress client{load_be48(message, kChaddrAt)};
  const IpAddress address = IpAddress::v4(load_be32(message, kYiaddrAt));
  if (!options.whole || options.type != kAck || !client.is_station() || !address.is_unicast_host())
    return std::nullopt;
  return Dhcp4Ack{client, {address, options.lease_s}};
}

std::optional<IpAddress> read_dhcp4_router(ByteView message) noexcept {
  if (message.size() < kOptionsAt || load_u8(message, 0) != kBootReply ||
      load_be32(message, kMagicAt) != kMagic)
    return std::nullopt;
  const Options4 options = read_options4(message.subspan(kOptionsAt));
  if (!options.whole || (options.type != kOffer && options.type != kAck)) return std::nullopt;
  return options.router;
}

Dhcp6Bindings read_dhcp6_reply(ByteView message) noexcept {
  Dhcp6Bindings found;
  if (message.size() < kMessage6Header || load_u8(message, 0) != kReply) return found;
  const auto take_address = [&found](std::uint16_t code, ByteView body) {
    if (code != kIaAddress || body.size() < kIaAddressHeader) return;
    const IpAddress address = IpAddress::load_v6(body, 0);
    const std::uint32_t valid_s = load_be32(body, 20);
    if (found.count == Dhcp6Bindings::kMax || valid_s == 0 || address.is_v4() ||
        !address.is_unicast_host())
      return;
    found.binding[found.count++] = {address, valid_s};
  };
  walk_options6(message.subspan(kMessage6Header), [&](std::uint16_t code, ByteView body) {
    if (code == kIaNa && body.size() >= kIaNaHeader)
      walk_options6(body.subspan(kIaNaHeader), take_address);
  });
  return found;
}

}  // namespace gate511::net
