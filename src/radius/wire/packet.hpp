// SPDX-License-Identifier: BSD-3-Clause
//
// A RADIUS packet as it came (RFC 2865, 3): its envelope, which is all that a signature needs, and
// what stands in it, looked through once, refused whole where anything of it is not as it must be.
// Nothing here knows a secret; signature.hpp does.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "radius/wire/attributes.hpp"

namespace gate511::radius {

using Bytes = std::span<const std::byte>;
using Authenticator = std::array<std::byte, 16>;

inline constexpr std::size_t kHeader = 20;       // RFC 2865, 3
inline constexpr std::size_t kMaxPacket = 4096;  // the same

/// As a name in lines for operators.
[[nodiscard]] std::string_view name_of(Code code) noexcept;

struct Attribute {
  AttributeId id;
  Bytes value;
};

/// Header and length of a packet, whatever stands in it. Refers to the bytes that it was read from.
class Envelope {
 public:
  /// The error: what is wrong with it, such as "its length field is 19".
  [[nodiscard]] static tl::expected<Envelope, std::string> of(Bytes datagram);

  [[nodiscard]] Code code() const noexcept { return static_cast<Code>(bytes_[0]); }
  [[nodiscard]] std::uint8_t id() const noexcept { return static_cast<std::uint8_t>(bytes_[1]); }
  [[nodiscard]] Authenticator authenticator() const noexcept;
  /// All of it, without what stood behind it in the datagram.
  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }
  /// Where the value of the first Message-Authenticator begins in bytes().
  [[nodiscard]] std::optional<std::size_t> message_authenticator() const noexcept;

 private:
  Bytes bytes_;
};

/// With its attributes.
class Packet : public Envelope {
 public:
  static constexpr std::size_t kMaxAttributes = 256;

  /// The error: what is wrong with it, such as "Session-Timeout has 3 bytes".
  [[nodiscard]] static tl::expected<Packet, std::string> parse(Bytes datagram);
  [[nodiscard]] static tl::expected<Packet, std::string> parse(const Envelope& envelope);
  /// As if it had no attributes.
  explicit Packet(const Envelope& envelope) : Envelope{envelope} {}

  /// In their order; those of a vendor that is known by themselves.
  [[nodiscard]] const std::vector<Attribute>& attributes() const noexcept { return attributes_; }

  /// The first one; nullopt: there is none.
  [[nodiscard]] std::optional<Bytes> find(AttributeId id) const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> integer(AttributeId id) const noexcept;
  [[nodiscard]] std::optional<std::string> text(AttributeId id) const;

 private:
  std::vector<Attribute> attributes_;

  [[nodiscard]] std::optional<std::string> read_attributes();
  [[nodiscard]] std::optional<std::string> take(AttributeId id, Bytes value);
  [[nodiscard]] std::optional<std::string> take_vendor(Bytes value);
};

}  // namespace gate511::radius
