// SPDX-License-Identifier: BSD-3-Clause
//
// DHCP on the wire: the numbers of both versions that more than one file here asks for, and their
// options walked through once. Hostile bytes: no option is told that its length takes past the end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/bytes.hpp"

namespace gate511::net {

/// RFC 2131, 2; options in RFC 2132.
namespace dhcp4 {

inline constexpr std::size_t kYiaddrAt = 16, kChaddrAt = 28, kServerNameAt = 44, kFileAt = 108;
inline constexpr std::size_t kMagicAt = 236, kOptionsAt = 240;
inline constexpr std::uint32_t kMagic = 0x6382'5363;
inline constexpr std::uint8_t kBootReply = 2;
inline constexpr std::uint16_t kEthernet = 0x0106;  ///< htype 1, hlen 6

inline constexpr std::uint8_t kOffer = 2, kAck = 5;

inline constexpr std::uint8_t kPad = 0;
inline constexpr std::uint8_t kRouter = 3;
inline constexpr std::uint8_t kLeaseTime = 51;
inline constexpr std::uint8_t kOverload = 52;
inline constexpr std::uint8_t kMessageType = 53;
inline constexpr std::uint8_t kRelayAgent = 82;
inline constexpr std::uint8_t kAuthentication = 90;
inline constexpr std::uint8_t kCaptivePortal = 114;
inline constexpr std::uint8_t kEnd = 255;

/// What a server says, from its header to its options.
[[nodiscard]] inline bool is_reply(ByteView message) noexcept {
  return message.size() >= kOptionsAt && load_u8(message, 0) == kBootReply &&
         load_be32(message, kMagicAt) == kMagic;
}

/// Where a walk ended.
enum class Stop : std::uint8_t {
  kAtEnd,  ///< at the end option
  kOpen,   ///< the last option ends with the bytes
  kCut     ///< an option reaches past them
};
struct Walked {
  Stop stop;
  std::size_t at;  ///< of kAtEnd: the end option's
};

/// Calls `each(code, at, body)` for each option of message[at, end), `at` being its first byte.
template <typename Each>
Walked walk(ByteView message, std::size_t at, std::size_t end, const Each& each) noexcept {
  while (at < end) {
    const std::size_t begin = at;
    const std::uint8_t code = load_u8(message, at++);
    if (code == kPad) continue;
    if (code == kEnd) return {Stop::kAtEnd, begin};
    if (at == end) return {Stop::kCut, begin};
    const std::size_t length = load_u8(message, at++);
    if (length > end - at) return {Stop::kCut, begin};
    each(code, begin, message.subspan(at, length));
    at += length;
  }
  return {Stop::kOpen, end};
}

}  // namespace dhcp4

/// RFC 8415, 8, 9 and 21.
namespace dhcp6 {

inline constexpr std::uint8_t kAdvertise = 2, kReply = 7, kRelayReply = 13;
inline constexpr std::size_t kHeader = 4, kRelayHeader = 34, kOptionHeader = 4;

inline constexpr std::uint16_t kIaNa = 3;
inline constexpr std::uint16_t kIaAddress = 5;
inline constexpr std::uint16_t kRelayMessage = 9;
inline constexpr std::uint16_t kAuthentication = 11;
inline constexpr std::uint16_t kCaptivePortal = 103;

/// Calls `each(code, at, body)` for each option of message[at, end), `at` being its body's first
/// byte. False: one is cut short, before which it has stopped.
template <typename Each>
bool walk(ByteView message, std::size_t at, std::size_t end, const Each& each) noexcept {
  while (end - at >= kOptionHeader) {
    const std::uint16_t code = load_be16(message, at);
    const std::size_t length = load_be16(message, at + 2);
    at += kOptionHeader;
    if (length > end - at) return false;
    each(code, at, message.subspan(at, length));
    at += length;
  }
  return at == end;
}

}  // namespace dhcp6

}  // namespace gate511::net
