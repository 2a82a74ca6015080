// SPDX-License-Identifier: BSD-3-Clause
//
// Every way out of the gateway: its name, what became of the frame, and a sentence for operators.
// One table; counters, statistics and documentation all read it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gate511::policy {

enum class Verdict : std::uint8_t {
  // Forwarded.
  kSession,
  kReserved,
  kMulticast,
  kArp,
  kNeighbour,
  kMld,
  kDhcp,
  kDns,
  kNtp,
  kGarden,
  kGardenHost,
  kMonitored,
  kUnenforced,
  // Held, until it is counted as something else.
  kDnsHeld,
  // Answered.
  kSynAck,
  kPage,
  kUploadAck,
  kCookieReset,
  kTcpRefused,
  kHttpsRefused,
  kHttpsAlert,
  kUdpRefused,
  kDnsRefused,
  kGardenRefused,
  // Dropped: the frame is damaged, or not to be classified completely.
  kRunt,
  kOversized,
  kBadSource,
  kTagDepth,
  kTruncated,
  kBadIpHeader,
  kIpOptions,
  kFragment,
  kExtensionChain,
  kBadTcpHeader,
  kBadUdpHeader,
  kBadIcmpHeader,
  kBadArp,
  kBadNeighbour,
  kBadSourceAddress,
  kBadDestination,
  kBadChecksum,
  kTrailingBytes,
  kUnknownEthertype,
  // Dropped: policy.
  kPause,
  kReservedDropped,
  kBlocked,
  kOverRate,
  kGuestDenied,
  kRouterMessage,
  kRogueDhcp,
  kRouterMac,
  kRouterClaim,
  kDhcpDenied,
  kDnsMalformed,
  kDnsLongName,
  kDnsType,
  kGardenSegment,
  kNotSolicited,
  kMulticastDenied,
  // Dropped: the responder has nothing to say.
  kTcpPureAck,
  kTcpReset,
  kTcpBadFlags,
  kTcpNoRoom,
  kHttpsDropped,
  kNoReplyAddress,
  kReplyTooLarge,
  kRateLimited,
  // Dropped: the guest has used up its budget.
  kRefusalBudget,
  kSynBudget,
  kAnswerBudget,
  kDnsBudget,
  kDhcpBudget,
  kArpBudget,
  kNeighbourBudget,
  kNtpBudget,
  kGardenBudget,
  // Dropped: the machine was at its limit.
  kNoMbuf,
  kTxFull,
};

enum class Fate : std::uint8_t { kForwarded, kHeld, kAnswered, kDropped };

struct VerdictInfo {
  Verdict verdict;
  Fate fate;
  std::string_view name;      ///< as in `stats.get`
  std::string_view sentence;  ///< for operators
};

inline constexpr std::array kVerdicts{
    VerdictInfo{Verdict::kSession, Fate::kForwarded, "session", "frame of a client with a session"},
    VerdictInfo{Verdict::kReserved, Fate::kForwarded, "reserved",
                "spanning tree, LACP or LLDP frame"},
    VerdictInfo{Verdict::kMulticast, Fate::kForwarded, "multicast",
                "broadcast or multicast from the uplink that clients may see"},
    VerdictInfo{Verdict::kArp, Fate::kForwarded, "arp", "guest's ARP"},
    VerdictInfo{Verdict::kNeighbour, Fate::kForwarded, "neighbour",
                "guest's IPv6 neighbour or router solicitation traffic"},
    VerdictInfo{Verdict::kMld, Fate::kForwarded, "mld", "guest's multicast listener report"},
    VerdictInfo{Verdict::kDhcp, Fate::kForwarded, "dhcp", "guest's DHCP"},
    VerdictInfo{Verdict::kDns, Fate::kForwarded, "dns", "guest's DNS with a configured resolver"},
    VerdictInfo{Verdict::kNtp, Fate::kForwarded, "ntp", "guest's NTP with a configured server"},
    VerdictInfo{Verdict::kGarden, Fate::kForwarded, "garden",
                "guest's traffic with the portal or the garden"},
    VerdictInfo{Verdict::kGardenHost, Fate::kForwarded, "garden_host",
                "guest's HTTP or HTTPS with a host of the garden, at an address learnt by DNS"},
    VerdictInfo{Verdict::kMonitored, Fate::kForwarded, "monitored",
                "frame in a zone that is only monitored, which would else not have passed"},
    VerdictInfo{Verdict::kUnenforced, Fate::kForwarded, "unenforced",
                "frame in a zone where nothing is enforced"},

    VerdictInfo{Verdict::kDnsHeld, Fate::kHeld, "dns_held",
                "answers of DNS that wait now for their addresses to be opened to guests"},

    VerdictInfo{Verdict::kSynAck, Fate::kAnswered, "syn_ack",
                "guest's connection accepted by cookie, to be answered"},
    VerdictInfo{Verdict::kPage, Fate::kAnswered, "page", "guest's request answered with the 511"},
    VerdictInfo{Verdict::kUploadAck, Fate::kAnswered, "upload_ack",
                "rest of a request acknowledged after its answer"},
    VerdictInfo{Verdict::kCookieReset, Fate::kAnswered, "cookie_reset",
                "TCP segment of no connection of ours reset"},
    VerdictInfo{Verdict::kTcpRefused, Fate::kAnswered, "tcp_refused",
                "guest's TCP to another port reset"},
    VerdictInfo{Verdict::kHttpsRefused, Fate::kAnswered, "https_refused", "guest's HTTPS reset"},
    VerdictInfo{Verdict::kHttpsAlert, Fate::kAnswered, "https_alert",
                "guest's HTTPS answered with a TLS alert"},
    VerdictInfo{Verdict::kUdpRefused, Fate::kAnswered, "udp_refused",
                "guest's UDP answered with ICMP administratively prohibited"},
    VerdictInfo{Verdict::kDnsRefused, Fate::kAnswered, "dns_refused",
                "guest's DNS to a resolver that is not configured refused"},
    VerdictInfo{
        Verdict::kGardenRefused, Fate::kAnswered, "garden_refused",
        "guest's connection to a garden host's address that names no host of the garden, or "
        "that is not known, reset"},

    VerdictInfo{Verdict::kRunt, Fate::kDropped, "runt", "frame shorter than an Ethernet header"},
    VerdictInfo{Verdict::kOversized, Fate::kDropped, "oversized",
                "frame longer than the other port takes"},
    VerdictInfo{Verdict::kBadSource, Fate::kDropped, "bad_source",
                "source MAC is a group address or zero"},
    VerdictInfo{Verdict::kTagDepth, Fate::kDropped, "tag_depth",
                "more than two VLAN tags, or a tag cut short"},
    VerdictInfo{Verdict::kTruncated, Fate::kDropped, "truncated",
                "frame ends inside a header or before the length that its header gives"},
    VerdictInfo{Verdict::kBadIpHeader, Fate::kDropped, "bad_ip_header",
                "IP version, header length or header checksum is wrong"},
    VerdictInfo{Verdict::kIpOptions, Fate::kDropped, "ip_options", "guest's IPv4 with options"},
    VerdictInfo{Verdict::kFragment, Fate::kDropped, "fragment", "guest's IP fragment"},
    VerdictInfo{Verdict::kExtensionChain, Fate::kDropped, "extension_chain",
                "guest's IPv6 with an extension header chain past the cap"},
    VerdictInfo{Verdict::kBadTcpHeader, Fate::kDropped, "bad_tcp_header",
                "TCP header cut short or with a wrong data offset"},
    VerdictInfo{Verdict::kBadUdpHeader, Fate::kDropped, "bad_udp_header",
                "UDP header cut short or with a wrong length"},
    VerdictInfo{Verdict::kBadIcmpHeader, Fate::kDropped, "bad_icmp_header", "ICMP cut short"},
    VerdictInfo{Verdict::kBadArp, Fate::kDropped, "bad_arp",
                "ARP cut short, not for IPv4 over Ethernet, or in another one's name"},
    VerdictInfo{Verdict::kBadNeighbour, Fate::kDropped, "bad_neighbour",
                "guest's neighbour or listener discovery that is not as its RFC has it"},
    VerdictInfo{Verdict::kBadSourceAddress, Fate::kDropped, "bad_source_address",
                "guest's packet from an address that no host has"},
    VerdictInfo{Verdict::kBadDestination, Fate::kDropped, "bad_destination",
                "guest's frame to a group whose packet is to a host, or the reverse"},
    VerdictInfo{Verdict::kBadChecksum, Fate::kDropped, "bad_checksum",
                "guest's TCP or UDP would be answered, but its checksum is wrong"},
    VerdictInfo{Verdict::kTrailingBytes, Fate::kDropped, "trailing_bytes",
                "guest's frame with more behind its packet than padding"},
    VerdictInfo{Verdict::kUnknownEthertype, Fate::kDropped, "unknown_ethertype",
                "guest's frame is neither ARP nor IP"},

    VerdictInfo{Verdict::kPause, Fate::kDropped, "pause", "Ethernet flow control frame"},
    VerdictInfo{Verdict::kReservedDropped, Fate::kDropped, "reserved_dropped",
                "frame to a reserved group address that does not pass"},
    VerdictInfo{Verdict::kBlocked, Fate::kDropped, "blocked", "frame of a blocked client"},
    VerdictInfo{Verdict::kOverRate, Fate::kDropped, "over_rate",
                "frame of a session past its rate"},
    VerdictInfo{Verdict::kGuestDenied, Fate::kDropped, "guest_denied",
                "guest's traffic that no rule lets pass"},
    VerdictInfo{Verdict::kRouterMessage, Fate::kDropped, "router_message",
                "router advertisement or redirect from the access side"},
    VerdictInfo{Verdict::kRogueDhcp, Fate::kDropped, "rogue_dhcp",
                "message of a DHCP server from the access side"},
    VerdictInfo{Verdict::kRouterMac, Fate::kDropped, "router_mac",
                "frame from the access side with the MAC of a router or resolver"},
    VerdictInfo{Verdict::kRouterClaim, Fate::kDropped, "router_claim",
                "ARP or neighbour discovery from the access side that claims the address of a "
                "router or resolver"},
    VerdictInfo{Verdict::kDhcpDenied, Fate::kDropped, "dhcp_denied",
                "guest's DHCP that is no client message, or to an unknown server"},
    VerdictInfo{Verdict::kDnsMalformed, Fate::kDropped, "dns_malformed",
                "guest's DNS that is no query as resolvers' clients send it"},
    VerdictInfo{Verdict::kDnsLongName, Fate::kDropped, "dns_long_name",
                "guest's DNS query for a name longer than guest.dns_name_bytes"},
    VerdictInfo{Verdict::kDnsType, Fate::kDropped, "dns_type",
                "guest's DNS query of a type that guests may not ask for"},
    VerdictInfo{
        Verdict::kGardenSegment, Fate::kDropped, "garden_segment",
        "guest's segment to a garden host's address that is out of order, damaged, or other "
        "than what was sent in its place before"},
    VerdictInfo{Verdict::kNotSolicited, Fate::kDropped, "not_solicited",
                "frame from the uplink to a guest that answers nothing a guest may ask"},
    VerdictInfo{Verdict::kMulticastDenied, Fate::kDropped, "multicast_denied",
                "broadcast or multicast from the uplink that clients do not need"},

    VerdictInfo{Verdict::kTcpPureAck, Fate::kDropped, "tcp_pure_ack",
                "guest's acknowledgement that asks for nothing"},
    VerdictInfo{Verdict::kTcpReset, Fate::kDropped, "tcp_reset", "guest's TCP reset"},
    VerdictInfo{Verdict::kTcpBadFlags, Fate::kDropped, "tcp_bad_flags",
                "TCP flags that no connection has"},
    VerdictInfo{Verdict::kTcpNoRoom, Fate::kDropped, "tcp_no_room",
                "answer owed, but the client's window or MSS is too small for it"},
    VerdictInfo{Verdict::kHttpsDropped, Fate::kDropped, "https_dropped",
                "guest's HTTPS dropped by configuration"},
    VerdictInfo{Verdict::kNoReplyAddress, Fate::kDropped, "no_reply_address",
                "would be answered, but its addresses are not two different hosts'"},
    VerdictInfo{Verdict::kReplyTooLarge, Fate::kDropped, "reply_too_large",
                "would be refused by ICMP, but the guest has not sent as many bytes"},
    VerdictInfo{Verdict::kRateLimited, Fate::kDropped, "rate_limited",
                "would be refused, but the budget for refusals is used up"},

    VerdictInfo{Verdict::kRefusalBudget, Fate::kDropped, "refusal_budget",
                "would be refused, but this guest's budget for refusals is used up"},
    VerdictInfo{Verdict::kSynBudget, Fate::kDropped, "syn_budget",
                "guest's new connection past its budget"},
    VerdictInfo{Verdict::kAnswerBudget, Fate::kDropped, "answer_budget",
                "would be answered with the page, but this guest's budget is used up"},
    VerdictInfo{Verdict::kDnsBudget, Fate::kDropped, "dns_budget",
                "guest's DNS past its budget in packets or bytes"},
    VerdictInfo{Verdict::kDhcpBudget, Fate::kDropped, "dhcp_budget",
                "guest's DHCP past its budget"},
    VerdictInfo{Verdict::kArpBudget, Fate::kDropped, "arp_budget", "guest's ARP past its budget"},
    VerdictInfo{Verdict::kNeighbourBudget, Fate::kDropped, "nd_budget",
                "guest's neighbour or listener discovery past its budget"},
    VerdictInfo{Verdict::kNtpBudget, Fate::kDropped, "ntp_budget", "guest's NTP past its budget"},
    VerdictInfo{Verdict::kGardenBudget, Fate::kDropped, "garden_budget",
                "guest's traffic with the portal or the garden past its budget in bytes"},

    VerdictInfo{Verdict::kNoMbuf, Fate::kDropped, "no_mbuf", "no memory for the answer"},
    VerdictInfo{Verdict::kTxFull, Fate::kDropped, "tx_full", "the transmit queue was full"},
};

inline constexpr std::size_t kVerdictCount = kVerdicts.size();

[[nodiscard]] constexpr const VerdictInfo& info(Verdict verdict) noexcept {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}

/// The fates alone, a byte each: what the packet path asks for.
inline constexpr auto kFates = [] {
  std::array<Fate, kVerdictCount> fates{};
  for (std::size_t i = 0; i < kVerdictCount; ++i) fates[i] = kVerdicts[i].fate;
  return fates;
}();

[[nodiscard]] constexpr Fate fate(Verdict verdict) noexcept {
  return kFates[static_cast<std::size_t>(verdict)];
}

/// Each row of kVerdicts stands at its own verdict's number.
static_assert([] {
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    if (kVerdicts[i].verdict != static_cast<Verdict>(i)) return false;
  }
  return kVerdicts.back().verdict == Verdict::kTxFull;
}());

}  // namespace gate511::policy
