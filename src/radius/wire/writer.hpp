// SPDX-License-Identifier: BSD-3-Clause
//
// Packets to be sent. A Message-Authenticator stands first, so that nothing that an attacker may
// choose stands before it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "radius/wire/packet.hpp"

namespace gate511::radius {

/// Attributes as they are sent, in the order that they were added in.
class Attributes {
 public:
  /// What a packet has room for beside header, Message-Authenticator and password.
  static constexpr std::size_t kMaxBytes = kMaxPacket - kHeader - 18 - 130 - 18;

  /// A value of 253 bytes at most. False: there is no room for it, and nothing was added.
  bool add(AttributeId id, Bytes value);
  /// The same of a text, cut at 253 bytes; an empty one is left out (RFC 2865, 5).
  bool add(AttributeId id, std::string_view text);
  bool add(AttributeId id, std::uint32_t number);
  /// Attributes as another had them.
  bool add_encoded(std::string_view bytes);

  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
  [[nodiscard]] std::string encoded() const;

 private:
  std::vector<std::byte> bytes_;
};

/// How a user shows who it is.
struct Credentials {
  enum class Kind : std::uint8_t { kNone, kPap, kChap };
  Kind kind = Kind::kNone;
  std::string password;
  /// Of CHAP, where the client has made them (RFC 2865, 5.3 and 5.40); empty: made here.
  std::string chap_response;  ///< identifier and MD5
  std::string chap_challenge;
};

using PacketBytes = std::vector<std::byte>;

[[nodiscard]] PacketBytes access_request(std::uint8_t id, const Authenticator& authenticator,
                                         std::string_view secret, const Attributes& attributes,
                                         const Credentials& credentials);
/// Its authenticator stands in it (RFC 2866, 3).
[[nodiscard]] PacketBytes accounting_request(std::uint8_t id, std::string_view secret,
                                             const Attributes& attributes);
/// Disconnect and CoA (RFC 5176, 2.3), sealed.
[[nodiscard]] PacketBytes dynamic_request(Code code, std::uint8_t id, std::string_view secret,
                                          const Attributes& attributes);
/// To `request`, sealed.
[[nodiscard]] PacketBytes reply_to(const Packet& request, Code code, std::string_view secret,
                                   const Attributes& attributes);

}  // namespace gate511::radius
