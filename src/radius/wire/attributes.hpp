// SPDX-License-Identifier: BSD-3-Clause
//
// Attributes by their numbers, and what the value of each must be (RFC 2865, 2866, 2869, 3576,
// 5176; WISPr; ChilliSpot, whose limits of volume most servers know).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gate511::radius {

enum class Code : std::uint8_t {
  kAccessRequest = 1,
  kAccessAccept = 2,
  kAccessReject = 3,
  kAccountingRequest = 4,
  kAccountingResponse = 5,
  kAccessChallenge = 11,
  kDisconnectRequest = 40,
  kDisconnectAck = 41,
  kDisconnectNak = 42,
  kCoaRequest = 43,
  kCoaAck = 44,
  kCoaNak = 45,
};

/// `vendor` 0: the standard's own.
struct AttributeId {
  std::uint32_t vendor = 0;
  std::uint8_t type = 0;

  auto operator<=>(const AttributeId&) const noexcept = default;
};

namespace attribute {

inline constexpr AttributeId kUserName{0, 1};
inline constexpr AttributeId kUserPassword{0, 2};
inline constexpr AttributeId kChapPassword{0, 3};
inline constexpr AttributeId kNasIpAddress{0, 4};
inline constexpr AttributeId kNasPort{0, 5};
inline constexpr AttributeId kServiceType{0, 6};
inline constexpr AttributeId kFramedIpAddress{0, 8};
inline constexpr AttributeId kReplyMessage{0, 18};
inline constexpr AttributeId kState{0, 24};
inline constexpr AttributeId kClass{0, 25};
inline constexpr AttributeId kVendorSpecific{0, 26};
inline constexpr AttributeId kSessionTimeout{0, 27};
inline constexpr AttributeId kIdleTimeout{0, 28};
inline constexpr AttributeId kTerminationAction{0, 29};
inline constexpr AttributeId kCalledStationId{0, 30};
inline constexpr AttributeId kCallingStationId{0, 31};
inline constexpr AttributeId kNasIdentifier{0, 32};
inline constexpr AttributeId kProxyState{0, 33};
inline constexpr AttributeId kAcctStatusType{0, 40};
inline constexpr AttributeId kAcctDelayTime{0, 41};
inline constexpr AttributeId kAcctInputOctets{0, 42};
inline constexpr AttributeId kAcctOutputOctets{0, 43};
inline constexpr AttributeId kAcctSessionId{0, 44};
inline constexpr AttributeId kAcctAuthentic{0, 45};
inline constexpr AttributeId kAcctSessionTime{0, 46};
inline constexpr AttributeId kAcctInputPackets{0, 47};
inline constexpr AttributeId kAcctOutputPackets{0, 48};
inline constexpr AttributeId kAcctTerminateCause{0, 49};
inline constexpr AttributeId kAcctInputGigawords{0, 52};
inline constexpr AttributeId kAcctOutputGigawords{0, 53};
inline constexpr AttributeId kEventTimestamp{0, 55};
inline constexpr AttributeId kChapChallenge{0, 60};
inline constexpr AttributeId kNasPortType{0, 61};
inline constexpr AttributeId kMessageAuthenticator{0, 80};
inline constexpr AttributeId kAcctInterimInterval{0, 85};
inline constexpr AttributeId kNasPortId{0, 87};
inline constexpr AttributeId kNasIpv6Address{0, 95};
inline constexpr AttributeId kErrorCause{0, 101};

inline constexpr std::uint32_t kWispr = 14'122;
inline constexpr AttributeId kBandwidthMaxUp{kWispr, 7};    ///< bits a second
inline constexpr AttributeId kBandwidthMaxDown{kWispr, 8};  ///< the same

inline constexpr std::uint32_t kChilliSpot = 14'559;
inline constexpr AttributeId kMaxTotalOctets{kChilliSpot, 3};
inline constexpr AttributeId kMaxTotalGigawords{kChilliSpot, 23};

}  // namespace attribute

/// What the value of an attribute is.
enum class Shape : std::uint8_t {
  kOctets,         ///< 0 to 253 bytes, whatever they are
  kText,           ///< 1 to 253 bytes
  kInteger,        ///< 4 bytes, big-endian
  kIpv6,           ///< 16 bytes
  kAuthenticator,  ///< 16 bytes
  kPassword,       ///< 16 to 128 bytes, a multiple of 16
  kChap,           ///< 17 bytes: an identifier and 16 of MD5
};

struct AttributeRule {
  AttributeId id;
  Shape shape;
  bool is_once;  ///< may stand in a packet once (RFC 2865, 5.44; 2866, 5.13; 2869, 5.19; 5176, 3.6)
  std::string_view name;
};

/// Of one that is not known: any bytes, any number of times.
[[nodiscard]] const AttributeRule& rule_of(AttributeId id) noexcept;
/// Whether attributes of a vendor are read in the form that RFC 2865, 5.26 recommends.
[[nodiscard]] bool is_vendor_known(std::uint32_t vendor) noexcept;
[[nodiscard]] bool fits(Shape shape, std::size_t bytes) noexcept;

}  // namespace gate511::radius
