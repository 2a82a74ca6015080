// SPDX-License-Identifier: BSD-3-Clause
//
// A frame taken apart for the oracle: a reading of its own, which shares no code with what it
// judges. Whatever it cannot take apart it denies, by a sentence.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gate511::captures {

using Frame = std::span<const std::byte>;

/// Why a frame may not pass.
struct Denied {
  const char* why;
};

inline void demand(bool holds, const char* otherwise) {
  if (!holds) throw Denied{otherwise};
}

/// `octets` bytes at `at`, in network byte order. Denied where the frame ends before.
[[nodiscard]] std::uint64_t number(Frame frame, std::size_t at, std::size_t octets);

/// An IP address; IPv4's in the last four octets.
struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> octets{};

  [[nodiscard]] static Address v4(std::uint64_t value);
  [[nodiscard]] static Address at(Frame frame, std::size_t offset, bool v6);
  [[nodiscard]] std::uint64_t low32() const;  ///< IPv4's whole
  [[nodiscard]] bool is_group() const;        ///< multicast, or IPv4's limited broadcast
  [[nodiscard]] bool is_link_local() const;   ///< fe80::/10
  auto operator<=>(const Address&) const = default;
};

struct Prefix {
  Address address;
  unsigned bits = 0;

  [[nodiscard]] bool holds(const Address& one) const;
};

/// Ethernet, and where what it carries begins.
struct Carrier {
  std::uint64_t to = 0, from = 0;  ///< MACs
  unsigned type = 0;               ///< behind the tags
  std::size_t at = 0;

  [[nodiscard]] bool to_group() const { return (to >> 40 & 1) != 0; }
};
[[nodiscard]] Carrier carrier(Frame frame);

/// An IP packet that can be judged: whole, no fragment, no option, of four extension headers at
/// most.
struct Datagram {
  bool v6 = false;
  Address from, to;
  unsigned hops = 0;
  unsigned protocol = 0;
  std::size_t at = 0;   ///< of the transport header
  std::size_t end = 0;  ///< of the packet
  unsigned port_from = 0, port_to = 0;
  std::size_t data = 0;  ///< of TCP and UDP
  unsigned tcp_flags = 0;

  [[nodiscard]] bool is(unsigned number) const { return protocol == number; }
};
[[nodiscard]] Datagram datagram(Frame frame, const Carrier& carrier);

/// The Internet checksum (RFC 1071) of a header or of a transport with its pseudo header: right?
[[nodiscard]] bool sum_is_right(Frame bytes);
[[nodiscard]] bool transport_sum_is_right(Frame frame, const Datagram& packet);

/// What guards must see through: a packet as an open-minded host reads it, options, a first
/// fragment and any chain of extension headers included. False: no host hears a message in it.
struct Heard {
  bool v6 = false;
  bool fragment = false;
  unsigned hops = 0;
  unsigned protocol = 0;
  std::size_t at = 0, end = 0;
};
[[nodiscard]] bool hear(Frame frame, const Carrier& carrier, Heard& heard);

}  // namespace gate511::captures
