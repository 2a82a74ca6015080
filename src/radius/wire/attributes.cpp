// SPDX-License-Identifier: BSD-3-Clause
#include "radius/wire/attributes.hpp"

#include <algorithm>
#include <array>

namespace gate511::radius {
namespace {

using namespace attribute;  // NOLINT(google-build-using-namespace)

constexpr AttributeRule kUnknown{{}, Shape::kOctets, false, ""};

constexpr std::array kRules{
    AttributeRule{kUserName, Shape::kText, true, "User-Name"},
    AttributeRule{kUserPassword, Shape::kPassword, true, "User-Password"},
    AttributeRule{kChapPassword, Shape::kChap, true, "CHAP-Password"},
    AttributeRule{kNasIpAddress, Shape::kInteger, true, "NAS-IP-Address"},
    AttributeRule{kNasPort, Shape::kInteger, true, "NAS-Port"},
    AttributeRule{kServiceType, Shape::kInteger, true, "Service-Type"},
    AttributeRule{kFramedIpAddress, Shape::kInteger, true, "Framed-IP-Address"},
    AttributeRule{kReplyMessage, Shape::kText, false, "Reply-Message"},
    AttributeRule{kState, Shape::kText, true, "State"},
    AttributeRule{kClass, Shape::kText, false, "Class"},
    AttributeRule{kSessionTimeout, Shape::kInteger, true, "Session-Timeout"},
    AttributeRule{kIdleTimeout, Shape::kInteger, true, "Idle-Timeout"},
    AttributeRule{kTerminationAction, Shape::kInteger, true, "Termination-Action"},
    AttributeRule{kCalledStationId, Shape::kText, true, "Called-Station-Id"},
    AttributeRule{kCallingStationId, Shape::kText, true, "Calling-Station-Id"},
    AttributeRule{kNasIdentifier, Shape::kText, true, "NAS-Identifier"},
    AttributeRule{kAcctStatusType, Shape::kInteger, true, "Acct-Status-Type"},
    AttributeRule{kAcctDelayTime, Shape::kInteger, true, "Acct-Delay-Time"},
    AttributeRule{kAcctInputOctets, Shape::kInteger, true, "Acct-Input-Octets"},
    AttributeRule{kAcctOutputOctets, Shape::kInteger, true, "Acct-Output-Octets"},
    AttributeRule{kAcctSessionId, Shape::kText, true, "Acct-Session-Id"},
    AttributeRule{kAcctAuthentic, Shape::kInteger, true, "Acct-Authentic"},
    AttributeRule{kAcctSessionTime, Shape::kInteger, true, "Acct-Session-Time"},
    AttributeRule{kAcctInputPackets, Shape::kInteger, true, "Acct-Input-Packets"},
    AttributeRule{kAcctOutputPackets, Shape::kInteger, true, "Acct-Output-Packets"},
    AttributeRule{kAcctTerminateCause, Shape::kInteger, true, "Acct-Terminate-Cause"},
    AttributeRule{kAcctInputGigawords, Shape::kInteger, true, "Acct-Input-Gigawords"},
    AttributeRule{kAcctOutputGigawords, Shape::kInteger, true, "Acct-Output-Gigawords"},
    AttributeRule{kEventTimestamp, Shape::kInteger, true, "Event-Timestamp"},
    AttributeRule{kChapChallenge, Shape::kText, true, "CHAP-Challenge"},
    AttributeRule{kNasPortType, Shape::kInteger, true, "NAS-Port-Type"},
    AttributeRule{kMessageAuthenticator, Shape::kAuthenticator, true, "Message-Authenticator"},
    AttributeRule{kAcctInterimInterval, Shape::kInteger, true, "Acct-Interim-Interval"},
    AttributeRule{kNasPortId, Shape::kText, true, "NAS-Port-Id"},
    AttributeRule{kNasIpv6Address, Shape::kIpv6, true, "NAS-IPv6-Address"},
    AttributeRule{kErrorCause, Shape::kInteger, true, "Error-Cause"},
    AttributeRule{kBandwidthMaxUp, Shape::kInteger, true, "WISPr-Bandwidth-Max-Up"},
    AttributeRule{kBandwidthMaxDown, Shape::kInteger, true, "WISPr-Bandwidth-Max-Down"},
    AttributeRule{kMaxTotalOctets, Shape::kInteger, true, "ChilliSpot-Max-Total-Octets"},
    AttributeRule{kMaxTotalGigawords, Shape::kInteger, true, "ChilliSpot-Max-Total-Gigawords"},
};

}  // namespace

const AttributeRule& rule_of(AttributeId id) noexcept {
  const auto* const found = std::find_if(kRules.begin(), kRules.end(),
                                         [id](const AttributeRule& rule) { return rule.id == id; });
  return found == kRules.end() ? kUnknown : *found;
}

bool is_vendor_known(std::uint32_t vendor) noexcept {
  return vendor == kWispr || vendor == kChilliSpot;
}

bool fits(Shape shape, std::size_t bytes) noexcept {
  switch (shape) {
    case Shape::kOctets:
      return bytes <= 253;
    case Shape::kText:
      return bytes >= 1 && bytes <= 253;
    case Shape::kInteger:
      return bytes == 4;
    case Shape::kIpv6:
    case Shape::kAuthenticator:
      return bytes == 16;
    case Shape::kPassword:
      return bytes >= 16 && bytes <= 128 && bytes % 16 == 0;
    case Shape::kChap:
      return bytes == 17;
  }
  return false;
}

}  // namespace gate511::radius
