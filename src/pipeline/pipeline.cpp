// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/pipeline.hpp"

#include <cassert>

#include "policy/guest_rules.hpp"
#include "responder/reply_writer.hpp"

namespace gate511::pipeline {
namespace {

using net::Ethernet;
using net::Flaw;
using policy::Enforce;
using policy::Fate;
using policy::Verdict;
using responder::Decision;

/// Refusals (RST, ICMP) a second and at once, for one worker: enough for a full venue's phones,
/// too few to be of use to whoever wants the gateway to shout.
constexpr std::uint64_t kRefusalsPerSecond = 20'000;
constexpr std::uint64_t kRefusalBurst = 2'000;
constexpr std::size_t kCreditSlots = 16'384;

// ---- parse ----

table::Key key_of(const Burst& burst, const Ethernet& ethernet, bool with_vlan) noexcept {
  const net::MacAddress client =
      burst.direction == Direction::kFromAccess ? ethernet.source : ethernet.destination;
  if (ethernet.flaw != Flaw::kNone || !client.is_station()) return {};
  return {client, with_vlan ? ethernet.vlan : std::uint16_t{0}};
}

void parse(Burst& burst) noexcept {
  const policy::Snapshot& snapshot = *burst.snapshot;
  const policy::LinkPolicy& link = snapshot.links[burst.link];
  for (std::size_t i = 0; i < burst.count; ++i) {
    burst.ethernet[i] = net::parse_ethernet(burst.frame[i]);
    burst.zone[i] = link.zone_of_vlan[burst.ethernet[i].vlan];
    burst.key[i] = key_of(burst, burst.ethernet[i], snapshot.key_has_vlan);
  }
}

// ---- sort ----

void sort(Burst& burst) noexcept {
  burst.pass.count = burst.reply.count = burst.drop.count = 0;
  for (std::size_t i = 0; i < burst.count; ++i) {
    switch (policy::info(burst.verdict[i]).fate) {
      case Fate::kForwarded:
        burst.pass.add(i);
        break;
      case Fate::kAnswered:
        burst.reply.add(i);
        break;
      case Fate::kDropped:
        burst.drop.add(i);
        break;
    }
  }
}

Decision final(Verdict verdict) noexcept {
  return {verdict, {}};
}

bool is_forwarded(Verdict verdict) noexcept {
  return policy::info(verdict).fate == Fate::kForwarded;
}

/// The verdict where nothing is enforced. Three things never pass, whatever the zone: what is no
/// Ethernet frame, what the other port cannot take, and flow control, which is for the two ends of
/// one cable (IEEE 802.3, annex 31B).
Verdict judge_unenforced(const Burst& burst, std::size_t i, Verdict passes) noexcept {
  const Ethernet& ethernet = burst.ethernet[i];
  if (ethernet.flaw == Flaw::kRunt) return Verdict::kRunt;
  if (policy::judge_reserved(ethernet, true) == Verdict::kPause) return Verdict::kPause;
  return burst.frame[i].size() > burst.max_frame_out ? Verdict::kOversized : passes;
}

}  // namespace

Pipeline::Pipeline(Shared& shared, std::span<table::SessionCounters> sessions, std::uint8_t worker,
                   std::uint64_t seed)
    : shared_{shared},
      sessions_{sessions},
      worker_{worker},
      nonces_{static_cast<std::uint32_t>(seed >> 32)},
      refusals_{kRefusalsPerSecond, kRefusalBurst},
      refusals_not_made_{kRefusalsPerSecond, kRefusalBurst},
      credit_{kCreditSlots, seed} {}

void Pipeline::run(Burst& burst, Now now) noexcept {
  assert(burst.count <= kMaxBurst);
  burst.snapshot = shared_.snapshot.load(std::memory_order_acquire);
  parse(burst);
  shared_.table->look_up(std::span{burst.key}.first(burst.count),
                         std::span{burst.session}.first(burst.count));
  for (std::size_t i = 0; i < burst.count; ++i) {
    const Enforce enforce = burst.zone[i].enforce;
    if (enforce == Enforce::kOff) [[unlikely]] {
      burst.verdict[i] = judge_unenforced(burst, i, Verdict::kUnenforced);
      continue;
    }
    const Decision decision = judge(burst, i, now);
    burst.verdict[i] = decision.verdict;
    if (policy::info(decision.verdict).fate == Fate::kAnswered) burst.plan[i] = decision.plan;
    if (is_forwarded(decision.verdict) && burst.frame[i].size() > burst.max_frame_out)
      burst.verdict[i] = Verdict::kOversized;
    if (enforce == Enforce::kMonitor) [[unlikely]] {
      burst.would_have[i] = burst.verdict[i];
      if (!is_forwarded(burst.verdict[i]))
        burst.verdict[i] = judge_unenforced(burst, i, Verdict::kMonitored);
    }
    // Read now: once a frame is handed to a port, its bytes are not ours any more.
    if (burst.verdict[i] == Verdict::kSession)
      burst.session_bytes[i] =
          static_cast<std::uint32_t>(net::counted_bytes(burst.frame[i], burst.ethernet[i]));
  }
  sort(burst);
}

// ---- decide ----

Decision Pipeline::judge(const Burst& burst, std::size_t i, Now now) noexcept {
  const Ethernet& ethernet = burst.ethernet[i];
  if (ethernet.flaw != Flaw::kNone) return final(policy::verdict_of(ethernet.flaw));
  const policy::LinkPolicy& link = burst.snapshot->links[burst.link];
  const Verdict reserved = policy::judge_reserved(ethernet, link.pass_reserved);
  if (reserved != Verdict::kGuestDenied) return final(reserved);

  const table::Hit& session = burst.session[i];
  if (session.state == table::State::kBlocked) return final(Verdict::kBlocked);
  const bool authenticated = table::is_authenticated(session.state);
  if (burst.direction == Direction::kFromAccess)
    return authenticated ? final(Verdict::kSession) : judge_guest(burst, i, now);

  if (authenticated) return final(Verdict::kSession);
  const net::Packet packet = net::parse_packet(burst.frame[i], ethernet);
  if (policy::is_dhcp_answer(burst.frame[i], packet))
    shared_.dhcp_servers.learn(burst.link, packet.source);
  if (ethernet.destination.is_group())
    return final(policy::judge_multicast(burst.frame[i], packet, link.multicast_all));
  return final(policy::judge_to_guest(burst.frame[i], packet, burst.snapshot->zone(burst.zone[i])));
}

Decision Pipeline::judge_guest(const Burst& burst, std::size_t i, Now now) noexcept {
  using Act = policy::GuestDecision::Act;
  const net::ByteView frame = burst.frame[i];
  const Ethernet& ethernet = burst.ethernet[i];
  credit_.earn(ethernet.source, static_cast<std::uint32_t>(frame.size()));
  const net::Packet packet = net::parse_packet(frame, ethernet);
  const policy::GuestDecision decision = policy::judge_from_guest(
      frame, packet, burst.snapshot->zone(burst.zone[i]), burst.link, shared_.dhcp_servers);
  if (decision.act == Act::kFinal) return final(decision.verdict);
  if (!responder::may_reply(ethernet, packet)) return final(Verdict::kNoReplyAddress);
  if (decision.act == Act::kRefuse) return refuse(burst, i, packet, decision.verdict, now);
  const responder::ConnectionId id{.link = burst.link,
                                   .vlan = ethernet.vlan,
                                   .client = ethernet.source,
                                   .source = packet.source,
                                   .destination = packet.destination,
                                   .source_port = packet.source_port,
                                   .destination_port = packet.destination_port};
  const auto* keys = shared_.cookie_keys.load(std::memory_order_acquire);
  return responder::respond(frame, packet, id, *keys, refusals(burst.zone[i]), now.ns);
}

Decision Pipeline::refuse(const Burst& burst, std::size_t i, const net::Packet& packet,
                          Verdict verdict, Now now) noexcept {
  Decision decision{verdict, {}};
  if (packet.protocol == net::protocol::kTcp) {
    decision = responder::refuse_tcp(packet, verdict);
    if (decision.plan.kind == responder::ReplyKind::kNone) return decision;
  } else {
    decision.plan.kind = responder::ReplyKind::kIcmpProhibited;
    decision.plan.packet = packet;
    const std::size_t bytes = responder::icmp_prohibited_bytes(burst.frame[i], packet);
    if (!credit_.spend(burst.ethernet[i].source, static_cast<std::uint32_t>(bytes)))
      return final(Verdict::kReplyTooLarge);
  }
  return refusals(burst.zone[i]).take(now.ns) ? decision : final(Verdict::kRateLimited);
}

/// What is not sent must not use up what may be.
policy::TokenBucket& Pipeline::refusals(policy::ZoneRef zone) noexcept {
  return zone.enforce == Enforce::kMonitor ? refusals_not_made_ : refusals_;
}

// ---- act ----

std::size_t Pipeline::write_reply(const Burst& burst, std::size_t i, Now now,
                                  std::span<std::byte> out) noexcept {
  assert(out.size() >= responder::kMaxReply);
  const responder::Plan& plan = burst.plan[i];
  const net::ByteView trigger = burst.frame[i];
  switch (plan.kind) {
    case responder::ReplyKind::kTcp:
      return responder::write_tcp(trigger, plan, out);
    case responder::ReplyKind::kIcmpProhibited:
      return responder::write_icmp_prohibited(trigger, plan.packet, out);
    case responder::ReplyKind::kPage: {
      const http::LoginClaim claim{.zone = burst.zone[i].number,
                                   .vlan = burst.ethernet[i].vlan,
                                   .mac = burst.ethernet[i].source,
                                   .address = plan.packet.source,
                                   .unix_s = now.unix_s,
                                   .nonce = nonce()};
      return responder::write_page(trigger, plan, burst.snapshot->zone(burst.zone[i]).answers,
                                   burst.snapshot->link_key, claim, out);
    }
    case responder::ReplyKind::kNone:
      break;
  }
  assert(false && "no plan for a frame on the reply list");
  return 0;
}

/// Workers have numbers of their own in the high octet, so that no two give out the same one.
std::uint32_t Pipeline::nonce() noexcept {
  constexpr std::uint32_t kLow = 0x00ff'ffff;
  return std::uint32_t{worker_} << 24 | (nonces_++ & kLow);
}

void Pipeline::account(const Burst& burst) noexcept {
  for (std::size_t i = 0; i < burst.count; ++i) {
    const Verdict verdict = burst.verdict[i];
    counters_.count(burst.link, burst.zone[i].number, verdict);
    if (burst.zone[i].enforce == Enforce::kMonitor) [[unlikely]]
      counters_.count_would_have(burst.link, burst.zone[i].number, burst.would_have[i]);
    if (verdict != Verdict::kSession) continue;
    table::SessionCounters& session = sessions_[burst.session[i].index];
    if (burst.direction == Direction::kFromAccess) {
      session.count_up(burst.session_bytes[i]);
    } else {
      session.count_down(burst.session_bytes[i]);
    }
  }
}

}  // namespace gate511::pipeline
