// SPDX-License-Identifier: BSD-3-Clause
#include "net/capport.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <initializer_list>
#include <optional>

#include "net/capport_place.hpp"
#include "net/checksum.hpp"
#include "net/dhcp_wire.hpp"

namespace gate511::net {
namespace {

constexpr std::uint16_t kServerPort4 = 67, kClientPort4 = 68;
constexpr std::uint16_t kServerPort6 = 547, kClientPort6 = 546;
constexpr std::uint8_t kRouterAdvertisement = 134;
constexpr std::size_t kUdpLengthAt = 4, kUdpChecksumAt = 6;
constexpr std::size_t kIcmpChecksumAt = 2;

std::optional<CapportCarrier> carrier_of(const Packet& p) noexcept {
  if (p.is_ip && p.protocol == protocol::kUdp) {
    if (!p.is_v6 && p.source_port == kServerPort4 &&
        (p.destination_port == kClientPort4 || p.destination_port == kServerPort4))
      return CapportCarrier::kDhcp4;
    if (p.is_v6 && p.source_port == kServerPort6 &&
        (p.destination_port == kClientPort6 || p.destination_port == kServerPort6))
      return CapportCarrier::kDhcp6;
  }
  if (p.is_v6 && p.protocol == protocol::kIcmpv6 && p.icmp_type == kRouterAdvertisement)
    return CapportCarrier::kRouterAdvert;
  return std::nullopt;
}

/// IPv4's packets with options and first fragments: parse_packet() leaves their ports unread.
void read_ports(ByteView frame, Packet& p) noexcept {
  constexpr unsigned kOffset = 0x1fff;
  if (p.flaw != Flaw::kFragment && p.flaw != Flaw::kIpOptions) return;
  if (p.is_v6 || p.l4_offset + 4U > p.end) return;
  if ((load_be16(frame, p.l3_offset + 6U) & kOffset) != 0) return;
  p.source_port = load_be16(frame, p.l4_offset);
  p.destination_port = load_be16(frame, p.l4_offset + 2U);
}

bool checksum_is_right(ByteView segment, const Packet& p) noexcept {
  // RFC 768: none was computed; RFC 8200, 8.1: one must be.
  if (p.protocol == protocol::kUdp && load_be16(segment, kUdpChecksumAt) == 0) return !p.is_v6;
  return fold(pseudo_header_sum(p.source, p.destination, p.protocol, segment.size()) +
              sum(segment)) == 0xffff;
}

/// `segment`: with lengths as they shall be.
void write_checksum(ByteSpan segment, const Packet& p) noexcept {
  const bool is_udp = p.protocol == protocol::kUdp;
  const std::size_t at = is_udp ? kUdpChecksumAt : kIcmpChecksumAt;
  if (is_udp && load_be16(segment, at) == 0) return;
  store_be(segment, at, std::uint16_t{0});
  const std::uint16_t checksum = static_cast<std::uint16_t>(
      ~fold(pseudo_header_sum(p.source, p.destination, p.protocol, segment.size()) + sum(segment)));
  store_be(segment, at, is_udp && checksum == 0 ? std::uint16_t{0xffff} : checksum);
}

void add16(ByteSpan bytes, std::size_t at, std::size_t more) noexcept {
  store_be(bytes, at, static_cast<std::uint16_t>(load_be16(bytes, at) + more));
}

void mend_ip(ByteSpan frame, const Packet& p, std::size_t more) noexcept {
  constexpr std::size_t kHeader4 = 20, kTotalLengthAt = 2, kChecksumAt = 10, kPayloadLengthAt = 4;
  if (p.is_v6) return add16(frame, p.l3_offset + kPayloadLengthAt, more);
  const ByteSpan header = frame.subspan(p.l3_offset, kHeader4);
  add16(header, kTotalLengthAt, more);
  store_be(header, kChecksumAt, std::uint16_t{0});
  store_be(header, kChecksumAt, static_cast<std::uint16_t>(~fold(sum(header))));
}

/// RFC 4861, 4.2: what a client does not throw away unread.
bool is_valid_advert(const Packet& p) noexcept {
  return p.hop_limit == 255 && p.icmp_code == 0 && p.source.is_link_local();
}

std::optional<CapportPlace> place_in(ByteView segment, const Packet& p,
                                     CapportCarrier carrier) noexcept {
  switch (carrier) {
    case CapportCarrier::kDhcp4:
      return place_in_dhcp4(segment.subspan(kUdpHeader));
    case CapportCarrier::kDhcp6:
      return place_in_dhcp6(segment.subspan(kUdpHeader));
    case CapportCarrier::kRouterAdvert:
      break;
  }
  return is_valid_advert(p) ? place_in_router_advert(segment) : CapportPlace{};
}

/// RFC 2131, 2: a client that has not said otherwise need not take more than a datagram of 576
/// bytes. What the server has made longer, the client has said it takes.
std::size_t most_of(const Packet& p, CapportCarrier carrier, std::size_t mtu) noexcept {
  constexpr std::size_t kLeastDatagram = 576;
  const bool is_short = p.end - std::size_t{p.l3_offset} <= kLeastDatagram;
  return p.l3_offset +
         (carrier == CapportCarrier::kDhcp4 && is_short ? std::min(kLeastDatagram, mtu) : mtu);
}

/// What of the segment stands in front of the message that a CapportPlace counts from.
std::size_t header_before(CapportCarrier carrier) noexcept {
  return carrier == CapportCarrier::kRouterAdvert ? 0 : kUdpHeader;
}

MacAddress client_of(ByteView segment, const Packet& p, const Ethernet& ethernet,
                     CapportCarrier carrier) noexcept {
  const ByteView message = segment.subspan(header_before(carrier));
  if (carrier == CapportCarrier::kDhcp4 && load_be16(message, 1) == dhcp4::kEthernet) {
    const MacAddress client{load_be48(message, dhcp4::kChaddrAt)};
    if (client.is_station()) return client;
  }
  const bool to_relay = p.destination_port == kServerPort4 || p.destination_port == kServerPort6;
  return ethernet.destination.is_station() && !to_relay ? ethernet.destination : MacAddress{};
}

/// What the packet grows by.
std::size_t growth(const CapportPlace& place, ByteView option) noexcept {
  return option.size() - std::min(place.padding, option.size());
}

/// Returns the frame's new length.
std::size_t insert(ByteSpan room, const Packet& p, CapportCarrier carrier,
                   const CapportPlace& place, ByteView option) noexcept {
  const std::size_t more = growth(place, option), end = p.end + more;
  const ByteSpan segment = room.first(end).subspan(p.l4_offset);
  const std::size_t message_at = header_before(carrier), at = message_at + place.at;
  std::memmove(segment.data() + at + option.size(), segment.data() + at,
               segment.size() - option.size() - at);
  store_bytes(segment, at, option);
  for (std::size_t i = 0; i < place.length_count; ++i)
    add16(segment, message_at + place.lengths[i], more);
  if (p.protocol == protocol::kUdp) add16(segment, kUdpLengthAt, more);
  mend_ip(room, p, more);
  write_checksum(segment, p);
  return end;  // over Ethernet's least: the least is an advertisement's, of 70 bytes
}

void append(std::vector<std::byte>& bytes, ByteView more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

}  // namespace

CapportOptions::CapportOptions(std::string_view uri) : uri_{uri} {
  assert(!uri.empty() && uri.size() <= kMaxUri);
  constexpr std::size_t kUnit = 8;
  const auto size = static_cast<std::uint8_t>(uri.size());
  const auto units = static_cast<std::uint8_t>((2 + uri.size() + kUnit - 1) / kUnit);
  const auto octets = [this](std::initializer_list<std::uint8_t> values) {
    for (const std::uint8_t value : values) bytes_.push_back(std::byte{value});
  };
  octets({dhcp4::kCaptivePortal, size});  // RFC 8910, 2.1
  append(bytes_, as_bytes(uri));
  end_of_dhcp4_ = bytes_.size();
  octets({0, static_cast<std::uint8_t>(dhcp6::kCaptivePortal), 0, size});  // RFC 8910, 2.2
  append(bytes_, as_bytes(uri));
  end_of_dhcp6_ = bytes_.size();
  octets({37, units});  // RFC 8910, 2.3: padded with NUL to units of 8
  append(bytes_, as_bytes(uri));
  bytes_.resize(end_of_dhcp6_ + units * kUnit);
}

ByteView CapportOptions::in(CapportCarrier carrier) const noexcept {
  const ByteView all{bytes_};
  switch (carrier) {
    case CapportCarrier::kDhcp4:
      return all.first(end_of_dhcp4_);
    case CapportCarrier::kDhcp6:
      return all.subspan(end_of_dhcp4_, end_of_dhcp6_ - end_of_dhcp4_);
    case CapportCarrier::kRouterAdvert:
      break;
  }
  return all.subspan(end_of_dhcp6_);
}

bool insert_capport(ByteView frame, ByteSpan room, const Ethernet& ethernet,
                    const CapportOptions& options, std::size_t max_frame_out,
                    CapportResult& result) noexcept {
  assert(room.empty() || (room.data() == frame.data() && frame.size() <= room.size()));
  Packet p = parse_packet(frame, ethernet);
  read_ports(frame, p);
  const auto carrier = carrier_of(p);
  if (!carrier) return false;
  result = {};
  result.carrier = *carrier;
  result.frame_bytes = frame.size();
  if (p.flaw != Flaw::kNone) {
    if (p.flaw == Flaw::kFragment) result.outcome = CapportOutcome::kFragment;
    return true;
  }
  const ByteView segment = frame.first(p.end).subspan(p.l4_offset);
  const auto place = place_in(segment, p, *carrier);
  if (!place) return false;
  result.client = client_of(segment, p, ethernet, *carrier);
  const ByteView option = options.in(*carrier);
  const std::size_t mtu = max_frame_out - kMaxTags * kTagBytes - kEthernetBytes;
  const std::size_t most = std::min(room.size(), most_of(p, *carrier, mtu));
  result.outcome = place->outcome;
  if (place->outcome != CapportOutcome::kInserted) return true;
  if (!checksum_is_right(segment, p)) {
    result.outcome = CapportOutcome::kBadChecksum;
  } else if (p.end + growth(*place, option) > most) {
    result.outcome = CapportOutcome::kTooLong;
  } else {
    result.frame_bytes = insert(room, p, *carrier, *place, option);
  }
  return true;
}

}  // namespace gate511::net
