// SPDX-License-Identifier: BSD-3-Clause
#include "support/frame_builder.hpp"

#include <stdexcept>

namespace gate511::test {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17, kIcmp = 1, kIcmpv6 = 58;

void put8(Bytes& out, unsigned value) {
  out.push_back(static_cast<std::byte>(value & 0xff));
}
void put16(Bytes& out, unsigned value) {
  put8(out, value >> 8);
  put8(out, value);
}
void put32(Bytes& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void put(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}
void put_mac(Bytes& out, net::MacAddress mac) {
  for (int shift = 40; shift >= 0; shift -= 8)
    put8(out, static_cast<unsigned>(mac.value() >> shift & 0xff));
}
void put_address(Bytes& out, const net::IpAddress& address) {
  if (address.is_v4()) return put32(out, address.v4_value());
  for (const std::uint64_t word : {address.high, address.low}) {
    put32(out, static_cast<std::uint32_t>(word >> 32));
    put32(out, static_cast<std::uint32_t>(word));
  }
}
void set16(Bytes& out, std::size_t at, unsigned value) {
  out[at] = static_cast<std::byte>(value >> 8 & 0xff);
  out[at + 1] = static_cast<std::byte>(value & 0xff);
}

/// RFC 1071 word by word, as the RFC writes it.
unsigned internet_checksum(const Bytes& data) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < data.size(); i += 2) {
    total += static_cast<unsigned>(data[i]) << 8;
    if (i + 1 < data.size()) total += static_cast<unsigned>(data[i + 1]);
  }
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return static_cast<unsigned>(~total & 0xffff);
}

net::IpAddress address(std::string_view text) {
  const auto parsed = net::parse_ip(text);
  if (!parsed) throw std::invalid_argument{"not an address"};
  return *parsed;
}

}  // namespace

Bytes bytes(std::initializer_list<unsigned> octets) {
  Bytes out;
  for (const unsigned octet : octets) put8(out, octet);
  return out;
}

Bytes bytes(std::string_view text) {
  const auto view = net::as_bytes(text);
  return {view.begin(), view.end()};
}

FrameBuilder& FrameBuilder::from(net::MacAddress mac) {
  source_ = mac;
  return *this;
}
FrameBuilder& FrameBuilder::to(net::MacAddress mac) {
  destination_ = mac;
  return *this;
}
FrameBuilder& FrameBuilder::tag(std::uint16_t vlan, std::uint16_t type) {
  put16(tags_, type);
  put16(tags_, vlan);
  return *this;
}
FrameBuilder& FrameBuilder::type(std::uint16_t ethertype, Bytes payload) {
  ethertype_ = ethertype;
  raw_ = std::move(payload);
  return *this;
}
FrameBuilder& FrameBuilder::ip(std::string_view source, std::string_view destination) {
  ip_source_ = address(source);
  ip_destination_ = address(destination);
  ethertype_ = ip_source_.is_v4() ? 0x0800 : 0x86dd;
  return *this;
}
FrameBuilder& FrameBuilder::ttl(unsigned hop_limit) {
  ttl_ = static_cast<std::uint8_t>(hop_limit);
  return *this;
}
FrameBuilder& FrameBuilder::ip_options(Bytes options) {
  ip_options_ = std::move(options);
  return *this;
}
FrameBuilder& FrameBuilder::fragment(std::uint16_t offset_field) {
  fragment_ = offset_field;
  return *this;
}
FrameBuilder& FrameBuilder::extension(std::uint8_t number, Bytes body) {
  extensions_.push_back({number, std::move(body)});
  return *this;
}
FrameBuilder& FrameBuilder::tcp(unsigned source_port, unsigned destination_port, unsigned flags) {
  transport_ = Transport::kTcp;
  protocol_ = kTcp;
  source_port_ = static_cast<std::uint16_t>(source_port);
  destination_port_ = static_cast<std::uint16_t>(destination_port);
  flags_ = static_cast<std::uint8_t>(flags);
  return *this;
}
FrameBuilder& FrameBuilder::seq(std::uint32_t sequence) {
  sequence_ = sequence;
  return *this;
}
FrameBuilder& FrameBuilder::ack(std::uint32_t acknowledgement) {
  acknowledgement_ = acknowledgement;
  return *this;
}
FrameBuilder& FrameBuilder::window(unsigned value) {
  window_ = static_cast<std::uint16_t>(value);
  return *this;
}
FrameBuilder& FrameBuilder::tcp_options(Bytes options) {
  tcp_options_ = std::move(options);
  return *this;
}
FrameBuilder& FrameBuilder::udp(unsigned source_port, unsigned destination_port) {
  transport_ = Transport::kUdp;
  protocol_ = kUdp;
  source_port_ = static_cast<std::uint16_t>(source_port);
  destination_port_ = static_cast<std::uint16_t>(destination_port);
  return *this;
}
FrameBuilder& FrameBuilder::icmp(unsigned type, unsigned code, Bytes body) {
  transport_ = Transport::kIcmp;
  icmp_type_ = static_cast<std::uint8_t>(type);
  icmp_code_ = static_cast<std::uint8_t>(code);
  data_ = std::move(body);
  protocol_ = ip_source_.is_v4() ? kIcmp : kIcmpv6;
  return *this;
}
FrameBuilder& FrameBuilder::protocol(std::uint8_t number) {
  transport_ = Transport::kOther;
  protocol_ = number;
  return *this;
}
FrameBuilder& FrameBuilder::data(Bytes payload) {
  data_ = std::move(payload);
  return *this;
}
FrameBuilder& FrameBuilder::trailing(Bytes more) {
  trailing_ = std::move(more);
  return *this;
}
FrameBuilder& FrameBuilder::no_padding() {
  padding_ = false;
  return *this;
}

/// RFC 1112, 6.4, RFC 2464, 7, and the limited broadcast address.
net::MacAddress FrameBuilder::destination() const {
  if (destination_) return *destination_;
  const bool ip = ethertype_ == 0x0800 || ethertype_ == 0x86dd;
  const std::uint64_t low = ip_destination_.low;
  if (ip && ip_destination_.is_v4() && ip_destination_.v4_value() == 0xffff'ffff)
    return net::MacAddress{0xffff'ffff'ffff};
  if (ip && ip_destination_.is_v4() && ip_destination_.v4_value() >> 28 == 0xe)
    return net::MacAddress{0x0100'5e00'0000 | (low & 0x7f'ffff)};
  if (ip && ip_destination_.high >> 56 == 0xff)
    return net::MacAddress{0x3333'0000'0000 | (low & 0xffff'ffff)};
  return net::MacAddress{0x0200'5e00'53fe};
}

Bytes FrameBuilder::transport() const {
  Bytes out;
  std::size_t checksum_at = 0;
  switch (transport_) {
    case Transport::kTcp:
      put16(out, source_port_);
      put16(out, destination_port_);
      put32(out, sequence_);
      put32(out, acknowledgement_);
      put8(out, static_cast<unsigned>((20 + tcp_options_.size()) / 4) << 4);
      put8(out, flags_);
      put16(out, window_);
      put32(out, 0);
      put(out, tcp_options_);
      checksum_at = 16;
      break;
    case Transport::kUdp:
      put16(out, source_port_);
      put16(out, destination_port_);
      put16(out, static_cast<unsigned>(8 + data_.size()));
      put16(out, 0);
      checksum_at = 6;
      break;
    case Transport::kIcmp:
      put8(out, icmp_type_);
      put8(out, icmp_code_);
      put16(out, 0);
      checksum_at = 2;
      break;
    case Transport::kNone:
    case Transport::kOther:
      break;
  }
  put(out, data_);
  if (checksum_at == 0) return out;
  Bytes covered;
  if (protocol_ != kIcmp) {
    put_address(covered, ip_source_);
    put_address(covered, ip_destination_);
    put32(covered, static_cast<std::uint32_t>(out.size()));
    put32(covered, protocol_);
  }
  put(covered, out);
  set16(out, checksum_at, internet_checksum(covered));
  return out;
}

Bytes FrameBuilder::packet() const {
  if (ethertype_ != 0x0800 && ethertype_ != 0x86dd) return raw_;
  if (!raw_.empty()) return raw_;
  Bytes out;
  const Bytes payload = transport();
  if (ip_source_.is_v4()) {
    const std::size_t header = 20 + ip_options_.size();
    put8(out, static_cast<unsigned>(0x40 + header / 4));
    put8(out, 0);
    put16(out, static_cast<unsigned>(header + payload.size()));
    put16(out, 0x1234);
    put16(out, fragment_);
    put8(out, ttl_);
    put8(out, protocol_);
    put16(out, 0);
    put_address(out, ip_source_);
    put_address(out, ip_destination_);
    put(out, ip_options_);
    set16(out, 10, internet_checksum(out));
  } else {
    Bytes chain;
    for (std::size_t i = 0; i < extensions_.size(); ++i) {
      put8(chain, i + 1 < extensions_.size() ? extensions_[i + 1].number : protocol_);
      put8(chain, static_cast<unsigned>((extensions_[i].body.size() + 2) / 8 - 1));
      put(chain, extensions_[i].body);
    }
    put32(out, 0x6000'0000);
    put16(out, static_cast<unsigned>(chain.size() + payload.size()));
    put8(out, extensions_.empty() ? protocol_ : extensions_.front().number);
    put8(out, ttl_);
    put_address(out, ip_source_);
    put_address(out, ip_destination_);
    put(out, chain);
  }
  put(out, payload);
  return out;
}

Bytes FrameBuilder::build() const {
  Bytes out;
  put_mac(out, destination());
  put_mac(out, source_);
  put(out, tags_);
  put16(out, ethertype_);
  put(out, packet());
  put(out, trailing_);
  constexpr std::size_t kMinimum = 60;
  if (padding_ && out.size() < kMinimum) out.resize(kMinimum);
  return out;
}

}  // namespace gate511::test
