// SPDX-License-Identifier: BSD-3-Clause
//
// DNS messages (RFC 1035, 4), as much as the rules for guests and the garden ask of them. Hostile
// bytes: nothing is read past the message, pointers lead backwards only, and a name that does not
// fit its 255 octets is none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/bytes.hpp"
#include "net/ip.hpp"

namespace gate511::net {

namespace dns_type {
inline constexpr std::uint16_t kA = 1;
inline constexpr std::uint16_t kCname = 5;
inline constexpr std::uint16_t kNull = 10;  ///< RFC 1035, 3.3.10
inline constexpr std::uint16_t kTxt = 16;
inline constexpr std::uint16_t kAaaa = 28;
inline constexpr std::uint16_t kOpt = 41;              ///< EDNS (RFC 6891)
inline constexpr std::uint16_t kSvcb = 64;             ///< RFC 9460
inline constexpr std::uint16_t kHttps = 65;            ///< the same
inline constexpr std::uint16_t kFirstPrivate = 65280;  ///< to 65534: private use (RFC 6895, 3.1)
inline constexpr std::uint16_t kLastPrivate = 65534;
}  // namespace dns_type

/// A domain name as lower-case text, labels joined by dots, without the root's: `www.a.example`.
class DnsName {
 public:
  /// RFC 1035, 2.3.4: 255 octets on the wire, so 253 as text.
  static constexpr std::size_t kMaxText = 253;

  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }
  /// Every octet is one that a host name has, or `_`: text() tells all there is.
  [[nodiscard]] bool is_plain() const noexcept { return is_plain_; }
  bool operator==(const DnsName& other) const noexcept {
    return is_plain_ && other.is_plain_ && text() == other.text();
  }

 private:
  friend std::optional<std::size_t> read_name(ByteView message, std::size_t at,
                                              DnsName& out) noexcept;
  std::array<char, kMaxText> text_{};
  std::uint8_t size_ = 0;
  bool is_plain_ = true;
};

/// Reads the name at `at`, through its pointers, and returns where what follows it begins. nullopt:
/// cut short, too long, a label of another kind, or a pointer that does not lead backwards.
[[nodiscard]] std::optional<std::size_t> read_name(ByteView message, std::size_t at,
                                                   DnsName& out) noexcept;

inline constexpr std::size_t kDnsHeader = 12;  ///< bytes
inline constexpr std::uint16_t kDnsClassIn = 1;

struct DnsHeader {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;  ///< QR, opcode, AA, TC, RD, RA, Z, RCODE as on the wire
  std::uint16_t questions = 0, answers = 0, authorities = 0, additionals = 0;

  [[nodiscard]] bool is_response() const noexcept { return (flags & 0x8000) != 0; }
  [[nodiscard]] unsigned opcode() const noexcept { return flags >> 11 & 0xf; }
  [[nodiscard]] bool is_truncated() const noexcept { return (flags & 0x0200) != 0; }
  [[nodiscard]] unsigned rcode() const noexcept { return flags & 0xf; }
};

struct DnsQuestion {
  DnsHeader header;
  DnsName name;
  std::uint16_t type = 0;
  std::uint16_t of_class = 0;
  std::size_t name_bytes = 0;  ///< of the name on the wire
  std::size_t end = 0;         ///< where the answer section begins
};

/// The header and the one question of a message of either direction. nullopt: not exactly one, or
/// damaged.
[[nodiscard]] std::optional<DnsQuestion> read_dns_question(ByteView message) noexcept;

/// A query as a stub resolver sends it: opcode QUERY, one question of class IN, no records but
/// those of EDNS, and nothing behind it.
[[nodiscard]] std::optional<DnsQuestion> read_dns_query(ByteView message) noexcept;

/// The addresses that an answer gives for its question's name, through CNAMEs.
struct DnsAddresses {
  static constexpr std::size_t kMax = 16;
  static constexpr std::size_t kMaxChain = 8;  ///< CNAMEs that are followed

  std::array<IpAddress, kMax> address;
  std::size_t count = 0;
  std::uint32_t ttl_s = 0;  ///< the least of all records that were followed

  [[nodiscard]] auto begin() const noexcept { return address.begin(); }
  [[nodiscard]] auto end() const noexcept { return address.begin() + count; }
};

/// `question`: of this message. None of a message that is truncated, an error or damaged anywhere
/// in its answer section: what cannot be read completely is not believed in part.
[[nodiscard]] DnsAddresses read_dns_addresses(ByteView message,
                                              const DnsQuestion& question) noexcept;

/// The message in a DNS-over-TCP segment's data that begins with one (RFC 1035, 4.2.2). nullopt:
/// the data ends before the message does.
[[nodiscard]] std::optional<ByteView> first_tcp_message(ByteView data) noexcept;

}  // namespace gate511::net
