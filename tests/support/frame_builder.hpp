// SPDX-License-Identifier: BSD-3-Clause
//
// Frames for tests, written as they read on the wire: Ethernet, tags, IP, transport, data. Every
// length and checksum is right unless a test spoils it afterwards. It shares no code with what it
// tests but the loads and stores of net/bytes.hpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "net/bytes.hpp"
#include "net/ip.hpp"
#include "net/mac.hpp"

namespace gate511::test {

using Bytes = std::vector<std::byte>;

[[nodiscard]] Bytes bytes(std::initializer_list<unsigned> octets);
[[nodiscard]] Bytes bytes(std::string_view text);

class FrameBuilder {
 public:
  FrameBuilder& from(net::MacAddress mac);
  FrameBuilder& to(net::MacAddress mac);  ///< without it, a group address of IP has its group's MAC
  FrameBuilder& tag(std::uint16_t vlan, std::uint16_t type = 0x8100);
  /// Everything behind the tags, for what is not IP.
  FrameBuilder& type(std::uint16_t ethertype, Bytes payload);

  /// Addresses of one family; which one makes the packet IPv4 or IPv6.
  FrameBuilder& ip(std::string_view source, std::string_view destination);
  FrameBuilder& ttl(unsigned hop_limit);
  FrameBuilder& ip_options(Bytes options);             ///< IPv4; a multiple of 4 bytes
  FrameBuilder& fragment(std::uint16_t offset_field);  ///< IPv4: flags and offset as on the wire
  /// IPv6: an extension header of its own number; `body` is 8 * n - 2 bytes long.
  FrameBuilder& extension(std::uint8_t number, Bytes body);

  FrameBuilder& tcp(unsigned source_port, unsigned destination_port, unsigned flags);
  FrameBuilder& seq(std::uint32_t sequence);
  FrameBuilder& ack(std::uint32_t acknowledgement);
  FrameBuilder& window(unsigned value);
  FrameBuilder& tcp_options(Bytes options);  ///< a multiple of 4 bytes
  FrameBuilder& udp(unsigned source_port, unsigned destination_port);
  FrameBuilder& icmp(unsigned type, unsigned code, Bytes body = {});
  FrameBuilder& protocol(std::uint8_t number);  ///< any other transport
  FrameBuilder& data(Bytes payload);
  FrameBuilder& data(std::string_view payload) { return data(bytes(payload)); }
  FrameBuilder& trailing(Bytes more);  ///< behind the packet
  FrameBuilder& no_padding();          ///< do not pad to Ethernet's 60 bytes

  [[nodiscard]] Bytes build() const;

 private:
  enum class Transport { kNone, kTcp, kUdp, kIcmp, kOther };
  struct Extension {
    std::uint8_t number;
    Bytes body;
  };
  [[nodiscard]] net::MacAddress destination() const;
  [[nodiscard]] Bytes transport() const;
  [[nodiscard]] Bytes packet() const;

  net::MacAddress source_{0x0200'5e00'5301};
  std::optional<net::MacAddress> destination_;
  Bytes tags_;
  std::uint16_t ethertype_ = 0;
  Bytes raw_;
  net::IpAddress ip_source_, ip_destination_;
  std::uint8_t ttl_ = 64;
  Bytes ip_options_;
  std::uint16_t fragment_ = 0x4000;
  std::vector<Extension> extensions_;
  Transport transport_ = Transport::kNone;
  std::uint8_t protocol_ = 0;
  std::uint16_t source_port_ = 0, destination_port_ = 0;
  std::uint8_t flags_ = 0;
  std::uint32_t sequence_ = 0, acknowledgement_ = 0;
  std::uint16_t window_ = 64240;
  Bytes tcp_options_;
  std::uint8_t icmp_type_ = 0, icmp_code_ = 0;
  Bytes data_;
  Bytes trailing_;
  bool padding_ = true;
};

}  // namespace gate511::test
