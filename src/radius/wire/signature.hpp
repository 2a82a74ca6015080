// SPDX-License-Identifier: BSD-3-Clause
//
// What only who has the secret can make, and what is hidden by it. MD5 is what the standard has;
// the Message-Authenticator, an HMAC over the whole packet, is what keeps replies from being forged
// (RFC 2869, 5.14; CVE-2024-3596), so it is required wherever there is one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "radius/wire/packet.hpp"

namespace gate511::radius {

/// From the system's generator of random numbers. Throws std::runtime_error where it has none.
[[nodiscard]] Authenticator random_authenticator();

/// A reply is signed over the authenticator of its request (RFC 2865, 3; 5176, 2.3).
[[nodiscard]] bool is_reply_genuine(const Envelope& reply, const Authenticator& request,
                                    std::string_view secret);
/// A request of accounting or of dynamic authorization, over zeros (RFC 2866, 3; 5176, 2.3).
[[nodiscard]] bool is_request_genuine(const Envelope& request, std::string_view secret);

enum class Seal : std::uint8_t { kGood, kMissing, kWrong };
/// The Message-Authenticator. `over`: of a reply, the authenticator of the request; of a request of
/// dynamic authorization, zeros.
[[nodiscard]] Seal check_seal(const Envelope& packet, const Authenticator& over,
                              std::string_view secret);

/// User-Password (RFC 2865, 5.2), of 128 bytes at most.
[[nodiscard]] std::vector<std::byte> hidden_password(std::string_view password,
                                                     const Authenticator& request,
                                                     std::string_view secret);

/// The value of CHAP-Password (RFC 2865, 5.3).
[[nodiscard]] std::vector<std::byte> chap_password(std::byte identifier, std::string_view password,
                                                   Bytes challenge);

/// Digests, for who writes packets.
[[nodiscard]] Authenticator md5_of(Bytes bytes, std::string_view behind);
[[nodiscard]] Authenticator hmac_md5(std::string_view secret, Bytes bytes);

}  // namespace gate511::radius
