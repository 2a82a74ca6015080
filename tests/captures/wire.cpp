// SPDX-License-Identifier: BSD-3-Clause
#include "captures/wire.hpp"

#include <algorithm>

namespace gate511::captures {
namespace {

constexpr std::size_t kTagged = 4;

std::uint64_t add_up(Frame bytes, std::uint64_t sum) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += number(bytes, i, 2);
  if (bytes.size() % 2 != 0) sum += number(bytes, bytes.size() - 1, 1) << 8;
  return sum;
}

bool is_all_ones(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return sum == 0xffff;
}

void read_transport(Frame frame, Datagram& packet) {
  const std::size_t length = packet.end - packet.at;
  if (packet.is(6)) {
    demand(length >= 20, "TCP header cut short");
    const std::size_t header = (number(frame, packet.at + 12, 1) >> 4) * 4;
    demand(header >= 20 && header <= length, "TCP data offset");
    packet.tcp_flags = static_cast<unsigned>(number(frame, packet.at + 13, 1));
    packet.data = packet.at + header;
  } else if (packet.is(17)) {
    demand(length >= 8, "UDP header cut short");
    demand(number(frame, packet.at + 4, 2) == length, "UDP length is not the packet's");
    packet.data = packet.at + 8;
  } else {
    return;
  }
  packet.port_from = static_cast<unsigned>(number(frame, packet.at, 2));
  packet.port_to = static_cast<unsigned>(number(frame, packet.at + 2, 2));
}

Datagram read4(Frame frame, std::size_t at) {
  Datagram packet;
  demand(number(frame, at, 1) == 0x45, "IPv4 with another version, or with options");
  const std::uint64_t total = number(frame, at + 2, 2);
  demand(total >= 20 && at + total <= frame.size(), "IPv4 length");
  demand(sum_is_right(frame.subspan(at, 20)), "IPv4 header checksum");
  demand((number(frame, at + 6, 2) & 0x3fff) == 0, "IPv4 fragment");
  packet.hops = static_cast<unsigned>(number(frame, at + 8, 1));
  packet.protocol = static_cast<unsigned>(number(frame, at + 9, 1));
  packet.from = Address::at(frame, at + 12, false);
  packet.to = Address::at(frame, at + 16, false);
  packet.at = at + 20;
  packet.end = at + total;
  return packet;
}

Datagram read6(Frame frame, std::size_t at) {
  Datagram packet;
  packet.v6 = true;
  demand(number(frame, at, 1) >> 4 == 6, "IPv6 with another version");
  packet.end = at + 40 + number(frame, at + 4, 2);
  demand(packet.end <= frame.size(), "IPv6 length");
  packet.protocol = static_cast<unsigned>(number(frame, at + 6, 1));
  packet.hops = static_cast<unsigned>(number(frame, at + 7, 1));
  packet.from = Address::at(frame, at + 8, true);
  packet.to = Address::at(frame, at + 24, true);
  packet.at = at + 40;
  for (int headers = 0; packet.is(0) || packet.is(60); ++headers) {
    demand(headers < 4, "more than four extension headers");
    demand(packet.is(60) || headers == 0, "hop-by-hop options not in front");
    const std::uint64_t length = (number(frame, packet.at + 1, 1) + 1) * 8;
    packet.protocol = static_cast<unsigned>(number(frame, packet.at, 1));
    packet.at += length;
    demand(packet.at <= packet.end, "extension header past the packet");
  }
  demand(!packet.is(43), "routing header");
  demand(!packet.is(44), "IPv6 fragment");
  return packet;
}

bool hear4(Frame frame, std::size_t at, Heard& heard) {
  const std::size_t header = (number(frame, at, 1) & 0xf) * 4;
  const std::uint64_t total = number(frame, at + 2, 2);
  if (number(frame, at, 1) >> 4 != 4 || header < 20 || total < header ||
      at + total > frame.size() || !sum_is_right(frame.subspan(at, header)) ||
      (number(frame, at + 6, 2) & 0x1fff) != 0)
    return false;
  heard.protocol = static_cast<unsigned>(number(frame, at + 9, 1));
  heard.at = at + header;
  heard.end = at + total;
  return true;
}

bool hear6(Frame frame, std::size_t at, Heard& heard) {
  heard.v6 = true;
  heard.end = at + 40 + number(frame, at + 4, 2);
  if (number(frame, at, 1) >> 4 != 6 || heard.end > frame.size()) return false;
  heard.protocol = static_cast<unsigned>(number(frame, at + 6, 1));
  heard.hops = static_cast<unsigned>(number(frame, at + 7, 1));
  heard.at = at + 40;
  while (heard.protocol == 0 || heard.protocol == 60 || heard.protocol == 43 ||
         heard.protocol == 44) {
    if (heard.at + 8 > heard.end) return false;
    std::uint64_t length = 8;
    if (heard.protocol == 44) {
      heard.fragment = true;
      if (number(frame, heard.at + 2, 2) >> 3 != 0) return false;
    } else {
      length = (number(frame, heard.at + 1, 1) + 1) * 8;
    }
    heard.protocol = static_cast<unsigned>(number(frame, heard.at, 1));
    heard.at += length;
  }
  return heard.at <= heard.end;
}

}  // namespace

std::uint64_t number(Frame frame, std::size_t at, std::size_t octets) {
  demand(at + octets <= frame.size(), "the frame ends inside a header");
  std::uint64_t value = 0;
  for (const std::byte octet : frame.subspan(at, octets))
    value = value << 8 | std::to_integer<std::uint64_t>(octet);
  return value;
}

Address Address::v4(std::uint64_t value) {
  Address address;
  for (int i = 15; i > 11; --i, value >>= 8)
    address.octets[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value);
  return address;
}

Address Address::at(Frame frame, std::size_t offset, bool v6) {
  if (!v6) return v4(number(frame, offset, 4));
  Address address;
  address.v6 = true;
  for (std::size_t i = 0; i < 16; ++i)
    address.octets[i] = static_cast<std::uint8_t>(number(frame, offset + i, 1));
  return address;
}

std::uint64_t Address::low32() const {
  std::uint64_t value = 0;
  for (std::size_t i = 12; i < 16; ++i) value = value << 8 | octets[i];
  return value;
}

bool Address::is_group() const {
  return v6 ? octets[0] == 0xff : octets[12] >> 4 == 0xe || low32() == 0xffff'ffff;
}

bool Address::is_link_local() const {
  return v6 && octets[0] == 0xfe && octets[1] >> 6 == 2;
}

bool Prefix::holds(const Address& one) const {
  if (one.v6 != address.v6) return false;
  const std::size_t first = one.v6 ? 0 : 12;
  for (unsigned bit = 0; bit < bits; ++bit) {
    const std::size_t octet = first + bit / 8;
    if (((one.octets[octet] ^ address.octets[octet]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

Carrier carrier(Frame frame) {
  Carrier read;
  read.to = number(frame, 0, 6);
  read.from = number(frame, 6, 6);
  read.type = static_cast<unsigned>(number(frame, 12, 2));
  read.at = 14;
  for (int tags = 0; read.type == 0x8100 || read.type == 0x88a8; ++tags) {
    demand(tags < 2, "a third tag");
    read.type = static_cast<unsigned>(number(frame, read.at + 2, 2));
    read.at += kTagged;
  }
  demand((read.from >> 40 & 1) == 0 && read.from != 0, "no station's source MAC");
  return read;
}

Datagram datagram(Frame frame, const Carrier& carrier) {
  demand(carrier.type == 0x0800 || carrier.type == 0x86dd, "neither ARP nor IP");
  Datagram packet = carrier.type == 0x0800 ? read4(frame, carrier.at) : read6(frame, carrier.at);
  read_transport(frame, packet);
  return packet;
}

bool sum_is_right(Frame bytes) {
  return is_all_ones(add_up(bytes, 0));
}

bool transport_sum_is_right(Frame frame, const Datagram& packet) {
  const Frame transport = frame.subspan(packet.at, packet.end - packet.at);
  std::uint64_t sum = packet.protocol + transport.size();
  for (const Address& address : {packet.from, packet.to})
    sum = add_up(std::as_bytes(std::span{address.octets}), sum);
  return is_all_ones(add_up(transport, sum));
}

bool hear(Frame frame, const Carrier& carrier, Heard& heard) {
  heard = {};
  try {
    if (carrier.type == 0x0800) return hear4(frame, carrier.at, heard);
    return carrier.type == 0x86dd && hear6(frame, carrier.at, heard);
  } catch (const Denied&) {
    return false;
  }
}

}  // namespace gate511::captures
