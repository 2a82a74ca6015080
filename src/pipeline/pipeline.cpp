// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/pipeline.hpp"

#include <algorithm>
#include <cassert>

#include "pipeline/uplink_sighting.hpp"
#include "policy/dhcp.hpp"
#include "policy/guards.hpp"
#include "policy/guest_rules.hpp"
#include "responder/reply_writer.hpp"

namespace gate511::pipeline {
namespace {

using net::Ethernet;
using net::Flaw;
using policy::Enforce;
using policy::Fate;
using policy::Verdict;

/// Refusals (RST, ICMP) a second and at once, for one worker: enough for a full venue's phones,
/// too few to be of use to whoever wants the gateway to shout.
constexpr std::uint64_t kRefusalsPerSecond = 20'000;
constexpr std::uint64_t kRefusalBurst = 2'000;
/// Guests whose budgets are remembered, for one worker: 160 bytes each.
constexpr std::size_t kGuestSlots = 16'384;
/// Connections to the garden's hosts, for one worker: 4 KiB each, once they are used.
constexpr std::size_t kGardenFlows = 4'096;

/// The verdict where nothing is enforced. Three things never pass, whatever the zone: what is no
/// Ethernet frame, what the other port cannot take, and flow control, which is for the two ends of
/// one cable (IEEE 802.3, annex 31B).
Verdict judge_unenforced(const Burst& burst, std::size_t i, Verdict passes) noexcept {
  const Ethernet& ethernet = burst.ethernet[i];
  if (ethernet.flaw == Flaw::kRunt) return Verdict::kRunt;
  if (policy::judge_reserved(burst.frame[i], ethernet, true) == Verdict::kPause)
    return Verdict::kPause;
  return burst.frame[i].size() > burst.max_frame_out ? Verdict::kOversized : passes;
}

// ---- decide ----

/// What a guest's frame is charged by.
policy::GuestBudgets::Charge charge_of(const Burst& burst, std::size_t i, Now now) noexcept {
  return {now.ns, &burst.snapshot->zone(burst.zone[i]).guest.budgets, burst.workers};
}

/// What the control thread is told of a frame that broke a guard. nullopt: what the frame is could
/// not be read, so it says nothing of its sender.
std::optional<SightingSource> source_of(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kRogueDhcp:
      return SightingSource::kRogueServer;
    case Verdict::kRouterMac:
      return SightingSource::kStolenMac;
    case Verdict::kRouterClaim:
      return SightingSource::kStolenAddress;
    case Verdict::kRouterMessage:
      return SightingSource::kRogueRouter;
    default:
      return std::nullopt;
  }
}

bool is_syn(const net::Packet& packet) noexcept {
  return packet.is_ip && packet.protocol == net::protocol::kTcp &&
         (packet.tcp_flags & net::tcp_flag::kSyn) != 0;
}

}  // namespace

Pipeline::Pipeline(Shared& shared, std::span<table::SessionCounters> sessions, std::uint8_t worker,
                   std::uint64_t seed)
    : shared_{shared},
      sessions_{sessions},
      worker_{worker},
      nonces_{static_cast<std::uint32_t>(net::siphash24({seed, worker}, net::as_bytes("nonce")))},
      refusals_{kRefusalsPerSecond, kRefusalBurst},
      refusals_not_made_{kRefusalsPerSecond, kRefusalBurst},
      budgets_{kGuestSlots, seed},
      garden_flows_{kGardenFlows, seed},
      learner_{seed},
      sightings_{seed},
      uplink_{seed},
      guarded_{seed},
      teller_{seed} {}

void Pipeline::run(Burst& burst, Now now) noexcept {
  assert(burst.count <= kMaxBurst);
  burst.snapshot = shared_.snapshot.load(std::memory_order_acquire);
  burst.known = shared_.known.load(std::memory_order_acquire);
  burst.opened = shared_.opened.load(std::memory_order_acquire);
  burst.key_numbers = shared_.key_numbers[burst.link];
  parse(burst);
  shared_.table->look_up(std::span{burst.key}.first(burst.count),
                         std::span{burst.session}.first(burst.count));
  if (!burst.shows.empty()) look_out(burst, now);
  pass_sessions(burst);
  if (!burst.rest.empty()) prefetch_budgets(burst);
  for (const std::uint8_t i : burst.rest) {
    const Verdict verdict = judge_in_zone(burst, i, now);
    burst.verdict[i] = verdict;
    // Read now: once a frame is handed to a port, its bytes are not ours any more.
    if (verdict == Verdict::kSession)
      burst.session_bytes[i] =
          static_cast<std::uint32_t>(net::counted_bytes(burst.frame[i], burst.ethernet[i]));
  }
  sort(burst);
  burst.announce.clear();
  if (!burst.shows.empty() && burst.direction == Direction::kFromUplink)
    CapportTeller::choose(burst);
}

// ---- look out for clients' addresses, guests' and sessions' alike, and for routers ----

void Pipeline::look_out(const Burst& burst, Now now) noexcept {
  for (const std::uint8_t i : burst.shows) {
    const Ethernet& ethernet = burst.ethernet[i];
    const bool from_access = burst.direction == Direction::kFromAccess;
    if (!from_access) {
      for (const Sighting& seen :
           read_uplink_sightings(burst.frame[i], ethernet, burst.link, *burst.known))
        uplink_.report(seen, now.ns);
    }
    if (from_access && burst.known->holds(burst.link, ethernet.source)) continue;
    for (const Sighting& seen :
         read_sightings(burst.frame[i], ethernet, burst.direction, burst.link)) {
      // What speaks in the name of a router is no client.
      if (from_access && burst.known->holds(burst.link, seen.vlan, seen.address)) continue;
      if (!from_access) note_lease(burst, seen);
      sightings_.report(seen, now.ns);
    }
  }
}

// ---- decide ----

/// Guests whom nobody has seen for a while are not in the cache: all are fetched before one is
/// charged.
void Pipeline::prefetch_budgets(const Burst& burst) const noexcept {
  std::array<policy::GuestBudgets::Guest, kMaxBurst> guests;
  std::size_t count = 0;
  for (const std::uint8_t i : burst.rest) {
    if (burst.session[i].state >= table::State::kBlocked) continue;
    const Ethernet& ethernet = burst.ethernet[i];
    guests[count] = {
        burst.direction == Direction::kFromAccess ? ethernet.source : ethernet.destination,
        burst.zone[i].number};
    budgets_.prefetch_set(guests[count++]);
  }
  for (std::size_t i = 0; i < count; ++i) budgets_.prefetch_entry(guests[i]);
}

Verdict Pipeline::judge_in_zone(Burst& burst, std::size_t i, Now now) noexcept {
  const Enforce enforce = burst.zone[i].enforce;
  if (enforce == Enforce::kOff) return judge_unenforced(burst, i, Verdict::kUnenforced);
  Verdict verdict = judge(burst, i, now);
  if (policy::fate(verdict) == Fate::kForwarded && burst.frame[i].size() > burst.max_frame_out)
    verdict = Verdict::kOversized;
  if (enforce == Enforce::kOn) return verdict;
  burst.would_have[i] = verdict;
  if (policy::fate(verdict) == Fate::kForwarded) return verdict;
  return judge_unenforced(burst, i, Verdict::kMonitored);
}

Verdict Pipeline::judge(Burst& burst, std::size_t i, Now now) noexcept {
  const Ethernet& ethernet = burst.ethernet[i];
  if (ethernet.flaw != Flaw::kNone) return policy::verdict_of(ethernet.flaw);
  const table::State state = burst.session[i].state;
  if (state == table::State::kBlocked) return Verdict::kBlocked;
  if (burst.may_break[i]) {
    if (const auto broken = guard(burst, i, now)) return *broken;
  }
  const bool pass_reserved = burst.snapshot->links[burst.link].pass_reserved;
  const Verdict reserved = policy::judge_reserved(burst.frame[i], ethernet, pass_reserved);
  if (reserved != Verdict::kGuestDenied) return reserved;
  if (table::is_bound(state)) return judge_bound(burst, i, now);
  if (table::is_authenticated(state)) return judge_session(burst, i, now);
  return burst.direction == Direction::kFromAccess ? judge_from_guest(burst, i, now)
                                                   : judge_to_guest(burst, i, now);
}

/// A frame from the access side that nobody may send is told of, but not where nothing is enforced.
std::optional<Verdict> Pipeline::guard(const Burst& burst, std::size_t i, Now now) noexcept {
  const Ethernet& ethernet = burst.ethernet[i];
  std::optional<policy::Broken> broken;
  if (burst.known->holds(burst.link, ethernet.source)) {
    broken = policy::Broken{Verdict::kRouterMac};
  } else {
    broken = policy::break_guard(burst.frame[i], ethernet, burst.link, *burst.known);
  }
  if (!broken) return std::nullopt;
  const auto source = source_of(broken->verdict);
  if (source && burst.zone[i].enforce == Enforce::kOn) {
    guarded_.report({.address = broken->address,
                     .client = ethernet.source,
                     .vlan = ethernet.vlan,
                     .link = burst.link,
                     .source = *source},
                    now.ns);
  }
  return broken->verdict;
}

Verdict Pipeline::judge_to_guest(Burst& burst, std::size_t i, Now now) noexcept {
  const net::ByteView frame = burst.frame[i];
  const Ethernet& ethernet = burst.ethernet[i];
  const net::Packet packet = net::parse_packet(frame, ethernet);
  if (packet.flaw == Flaw::kNone && policy::is_dhcp_answer(frame, packet) &&
      policy::is_answer_on_link(packet))
    shared_.dhcp_servers.learn(burst.link, packet.source);
  if (ethernet.destination.is_group()) {
    const bool all = burst.snapshot->links[burst.link].multicast_all;
    return policy::judge_multicast(frame, packet, all);
  }
  Verdict verdict = policy::judge_to_guest(frame, packet, rules(burst, i));
  if (verdict == Verdict::kDhcp && !packet.is_v6 &&
      !shared_.dhcp_requests.waits(ethernet.destination, policy::dhcp_transaction(frame, packet),
                                   now.ns))
    verdict = Verdict::kNotSolicited;
  if (verdict == Verdict::kGardenHost && !garden_flows_.knows(ethernet.destination, packet, now.ns))
    verdict = Verdict::kNotSolicited;
  verdict = budgets_.charge({ethernet.destination, burst.zone[i].number}, verdict,
                            static_cast<std::uint32_t>(frame.size()), /*up=*/false, /*syn=*/false,
                            charge_of(burst, i, now));
  return verdict == Verdict::kDns && learn(burst, i, packet, now) ? Verdict::kDnsHeld : verdict;
}

/// Where nothing is enforced an answer is learnt from as well, so that verdicts are as they would
/// be, but it is not held.
bool Pipeline::learn(const Burst& burst, std::size_t i, const net::Packet& packet,
                     Now now) noexcept {
  const net::ByteView frame = burst.frame[i];
  if (frame.size() > burst.max_frame_out) return false;
  return learner_.answer({.frame = frame,
                          .guest = burst.ethernet[i].destination,
                          .packet = packet,
                          .known = *burst.known,
                          .vlan = burst.ethernet[i].vlan,
                          .burst_index = static_cast<std::uint8_t>(i),
                          .may_hold = burst.zone[i].enforce == Enforce::kOn},
                         rules(burst, i), now);
}

Verdict Pipeline::judge_from_guest(Burst& burst, std::size_t i, Now now) noexcept {
  using Act = policy::GuestDecision::Act;
  const net::ByteView frame = burst.frame[i];
  const Ethernet& ethernet = burst.ethernet[i];
  const net::Packet packet = net::parse_packet(frame, ethernet);
  policy::GuestDecision decision =
      policy::judge_from_guest(frame, ethernet, packet, rules(burst, i));
  const policy::GuestBudgets::Guest guest{ethernet.source, burst.zone[i].number};
  const auto bytes = static_cast<std::uint32_t>(frame.size());
  if (decision.act == Act::kFinal) {
    if (policy::fate(decision.verdict) != Fate::kForwarded) return decision.verdict;
    budgets_.earn(guest, bytes, now.ns);
    const Verdict charged = budgets_.charge(guest, decision.verdict, bytes, /*up=*/true,
                                            is_syn(packet), charge_of(burst, i, now));
    // What is over its budget leaves no trace: it would displace what others have there.
    if (policy::fate(charged) != Fate::kForwarded) return charged;
    if (charged == Verdict::kDns)
      learner_.query(frame, ethernet.source, packet, rules(burst, i), now);
    if (charged == Verdict::kDhcp && !packet.is_v6)
      shared_.dhcp_requests.asked(ethernet.source, policy::dhcp_transaction(frame, packet), now.ns);
    if (charged != Verdict::kGardenHost) return charged;
    decision.verdict = judge_garden(burst, i, packet, now);
    if (decision.verdict != Verdict::kGardenRefused) return decision.verdict;
    decision.act = Act::kRefuse;
  }
  if (!responder::may_reply(ethernet, packet)) return Verdict::kNoReplyAddress;
  if (decision.act == Act::kRefuse) return refuse(burst, i, packet, decision.verdict, now);
  const auto service =
      decision.act == Act::kAlert ? responder::Service::kTls : responder::Service::kHttp;
  return budgets_.charge(guest, respond(burst, i, packet, service, now), bytes, /*up=*/true,
                         is_syn(packet), charge_of(burst, i, now));
}

/// A session that was let in lately may have connections whose handshake was ours: their requests
/// get the page still, since their origin knows nothing of them. None: the frame is none of such.
std::optional<Verdict> Pipeline::judge_begun(Burst& burst, std::size_t i, Now now) noexcept {
  const Ethernet& ethernet = burst.ethernet[i];
  const net::Packet packet = net::parse_packet(burst.frame[i], ethernet);
  if (packet.flaw != Flaw::kNone || !packet.is_ip || packet.protocol != net::protocol::kTcp)
    return std::nullopt;
  const policy::Zone& zone = burst.snapshot->zone(burst.zone[i]);
  const auto& ports = zone.http_ports;
  if (std::find(ports.begin(), ports.end(), packet.destination_port) == ports.end() ||
      !responder::may_reply(ethernet, packet) ||
      !responder::is_ours(packet, connection_of(burst, i, packet),
                          *shared_.cookie_keys.load(std::memory_order_acquire)))
    return std::nullopt;
  return budgets_.charge({ethernet.source, burst.zone[i].number},
                         respond(burst, i, packet, responder::Service::kHttp, now),
                         static_cast<std::uint32_t>(burst.frame[i].size()), /*up=*/true,
                         /*syn=*/false, charge_of(burst, i, now));
}

responder::ConnectionId Pipeline::connection_of(const Burst& burst, std::size_t i,
                                                const net::Packet& packet) const noexcept {
  return {.link = burst.link,
          .vlan = burst.ethernet[i].vlan,
          .client = burst.ethernet[i].source,
          .source = packet.source,
          .destination = packet.destination,
          .source_port = packet.source_port,
          .destination_port = packet.destination_port};
}

/// By the name that the connection begins with; one that is approved renews its address's permit.
Verdict Pipeline::judge_garden(const Burst& burst, std::size_t i, const net::Packet& packet,
                               Now now) noexcept {
  const policy::RuleContext context = rules(burst, i);
  const auto judged = garden_flows_.from_guest(burst.frame[i], burst.ethernet[i].source, packet,
                                               context.hosts(), now.ns);
  if (judged.approved) learner_.renew(packet.destination, context);
  return judged.verdict;
}

Verdict Pipeline::respond(Burst& burst, std::size_t i, const net::Packet& packet,
                          responder::Service service, Now now) noexcept {
  const responder::ConnectionId id = connection_of(burst, i, packet);
  const auto* keys = shared_.cookie_keys.load(std::memory_order_acquire);
  policy::Refusals left = refusals(burst, i, now);
  return responder::respond(burst.frame[i], packet, id, service, *keys, left, burst.plan[i]);
}

Verdict Pipeline::refuse(Burst& burst, std::size_t i, const net::Packet& packet, Verdict verdict,
                         Now now) noexcept {
  const net::ByteView frame = burst.frame[i];
  const Verdict refused = responder::refuse(frame, packet, verdict, burst.plan[i]);
  if (policy::fate(refused) != Fate::kAnswered) return refused;
  policy::Refusals left = refusals(burst, i, now);
  if (const auto none_left = left.take()) return *none_left;
  // A reset is no longer than what drew it. An ICMP error, which quotes, may be: it is paid for.
  if (burst.plan[i].kind != responder::ReplyKind::kIcmpProhibited) return refused;
  const std::size_t bytes = responder::icmp_prohibited_bytes(frame, burst.plan[i].trigger);
  budgets_.earn(left.guest, static_cast<std::uint32_t>(frame.size()), now.ns);
  return budgets_.spend(left.guest, static_cast<std::uint32_t>(bytes), now.ns)
             ? refused
             : Verdict::kReplyTooLarge;
}

/// What is not sent must not use up what may be.
policy::Refusals Pipeline::refusals(const Burst& burst, std::size_t i, Now now) noexcept {
  const policy::ZoneRef zone = burst.zone[i];
  return {zone.enforce == Enforce::kMonitor ? refusals_not_made_ : refusals_,
          budgets_,
          {burst.ethernet[i].source, zone.number},
          charge_of(burst, i, now)};
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
      return responder::write_icmp_prohibited(trigger, plan.trigger, out);
    case responder::ReplyKind::kPage: {
      const http::LoginClaim claim{.zone = burst.zone[i].number,
                                   .vlan = burst.ethernet[i].vlan,
                                   .mac = burst.ethernet[i].source,
                                   .address = plan.trigger.source(trigger),
                                   .unix_s = now.unix_s,
                                   .nonce = nonce(),
                                   .gateway = burst.snapshot->gateway};
      const http::ProbeAsker probes = burst.snapshot->probes(burst.zone[i], worker_);
      const responder::WrittenPage page =
          responder::write_page(trigger, plan, burst.snapshot->zone(burst.zone[i]).answers, probes,
                                burst.snapshot->link_key, claim, burst.pages_summed, out);
      answers_.count(plan.size, page.choice, probes.rules);
      return page.bytes;
    }
    case responder::ReplyKind::kTlsAlert:
      return responder::write_tls_alert(trigger, plan, out);
    case responder::ReplyKind::kNone:
      break;
  }
  assert(false && "no plan for a frame on the reply list");
  return 0;
}

/// Workers have numbers of their own in the high octet, so that no two give out the same one. Of
/// several gateways each has its own there; then it is the random beginnings that differ.
std::uint32_t Pipeline::nonce() noexcept {
  constexpr std::uint32_t kLow = 0x00ff'ffff;
  return std::uint32_t{worker_} << 24 | (nonces_++ & kLow);
}

}  // namespace gate511::pipeline
