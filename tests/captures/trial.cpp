// SPDX-License-Identifier: BSD-3-Clause
#include "captures/trial.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "responder/reply_writer.hpp"

namespace gate511::captures {
namespace {

using pipeline::Direction;
using policy::Fate;
using policy::Verdict;

constexpr std::uint64_t kBurst_ns = 100'000'000;

Prefix v4(std::uint64_t address, unsigned bits) {
  return {Address::v4(address), bits};
}

Prefix v6(std::array<std::uint8_t, 16> octets, unsigned bits) {
  return {{true, octets}, bits};
}

/// What test::Gateway is configured for, said once more.
Network venue() {
  Network network;
  network.resolvers = {v4(0xc000'0235, 32),
                       v6({0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53}, 128)};
  network.ntp = {v4(0xc000'027b, 32)};
  network.garden = {{v4(0xc000'020a, 32)},
                    {v6({0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}, 128)},
                    {v4(0xc000'020b, 32), {{443, 443}, {8000, 8010}}}};
  return network;
}

/// Every resolver, every time server, a quarter of the addresses, some ports of another, and names.
Network open_network() {
  Network network;
  network.resolvers = {v4(0, 0), v6({}, 0)};
  network.ntp = network.resolvers;
  network.garden = {
      {v4(0, 2)}, {v4(0x4000'0000, 2), {{80, 80}, {443, 443}, {1024, 2047}}}, {v6({0x20}, 12)}};
  network.learns_names = true;
  network.all_multicast = true;
  network.longest_frame = 9018;
  return network;
}

test::Gateway::Options options_of(Trial::Kind kind) {
  test::Gateway::Options options;
  if (kind == Trial::Kind::kOpen) {
    options.multicast_all = true;
    options.https = policy::HttpsPolicy::kAlert;
  }
  return options;
}

void open_up(test::Gateway& gateway) {
  policy::GuestRules& rules = gateway.snapshot.zones[0].guest;
  const std::vector<net::Cidr> all{*net::parse_cidr("0.0.0.0/0"), *net::parse_cidr("::/0")};
  rules.resolvers = net::IpSet{all};
  rules.ntp = net::IpSet{all};
  rules.garden =
      policy::GardenSet{{{*net::parse_cidr("0.0.0.0/2")},
                         {*net::parse_cidr("64.0.0.0/2"), {{80, 80}, {443, 443}, {1024, 2047}}},
                         {*net::parse_cidr("2000::/12")}}};
  const std::vector<std::string> names{"*.com", "*.net", "*.org", "*.example", "*.arpa", "*.edu"};
  rules.hosts = std::make_shared<const http::HostSet>(*http::HostSet::build(names));
  policy::BudgetRates rates;
  rates.per_s.fill(policy::BudgetRates::kMaxRate);
  rules.budgets = policy::Budgets{rates};
  gateway.max_frame_out = 9018;
}

std::size_t place(Client client, Direction direction) {
  return static_cast<std::size_t>(client) * 2 + (direction == Direction::kFromUplink ? 1 : 0);
}

Tally operator-(Tally a, const Tally& b) {
  return {a.in - b.in, a.forwarded - b.forwarded, a.answered - b.answered, a.held - b.held,
          a.dropped - b.dropped};
}

bool operator==(const Tally& a, const Tally& b) {
  return a.in == b.in && a.forwarded == b.forwarded && a.answered == b.answered &&
         a.held == b.held && a.dropped == b.dropped;
}

}  // namespace

Trial::Trial(Kind kind)
    : gateway_{options_of(kind)}, oracle_{kind == Kind::kVenue ? venue() : open_network()} {
  if (kind == Kind::kOpen) open_up(gateway_);
  gateway_.shared.unix_s = gateway_.now.unix_s;
}

const Tally& Trial::tally(Client client, Direction direction) const {
  return tallies_[place(client, direction)];
}

void Trial::run(const std::vector<CapturedFrame>& frames, Client client, Direction direction,
                const Finding& finding) {
  client_ = client;
  direction_ = direction;
  finding_ = &finding;
  now_ = {};
  passed_session_ = 0;
  if (client == Client::kSession) let_in(frames, direction);
  const Tally before = counted();
  const std::uint64_t packets = session_packets();
  for (std::size_t first = 0; first < frames.size(); first += pipeline::kMaxBurst) {
    const std::size_t count = std::min(pipeline::kMaxBurst, frames.size() - first);
    put(std::span{frames}.subspan(first, count), first);
    gateway_.now.ns += kBurst_ns;
  }
  check_counters(before, packets);
  send_away();
  Tally& sum = tallies_[place(client, direction)];
  sum.in += now_.in;
  sum.forwarded += now_.forwarded;
  sum.answered += now_.answered;
  sum.held += now_.held;
  sum.dropped += now_.dropped;
  sum.waited += now_.waited;
}

/// Whoever is the client of a frame that comes from this side, as far as the table has room.
void Trial::let_in(const std::vector<CapturedFrame>& frames, Direction direction) {
  for (const CapturedFrame& frame : frames) {
    if (frame.bytes.size() < net::kEthernetBytes) continue;
    const net::MacAddress mac{
        net::load_be48(frame.bytes, direction == Direction::kFromAccess ? 6 : 0)};
    if (!mac.is_station() || gateway_.table.look_up({mac, 0}).found()) continue;
    const auto index = gateway_.table.insert({mac, 0}, table::State::kAuthenticated);
    if (index) sessions_.push_back(*index);
  }
}

void Trial::send_away() {
  for (const std::uint32_t index : sessions_) {
    gateway_.table.erase(index);
    gateway_.table.release(index);
  }
  sessions_.clear();
}

/// One burst, each frame in a buffer of exactly its size.
void Trial::put(std::span<const CapturedFrame> frames, std::size_t first) {
  first_ = first;
  std::vector<std::vector<std::byte>> exact;
  for (const CapturedFrame& frame : frames) exact.emplace_back(frame.bytes);
  pipeline::Burst& burst = *burst_;
  burst.direction = direction_;
  burst.count = frames.size();
  burst.max_frame_out = gateway_.max_frame_out;
  for (std::size_t i = 0; i < frames.size(); ++i) burst.frame[i] = exact[i];
  for (const auto& frame : exact) {
    if (direction_ == Direction::kFromUplink) {
      oracle_.heard(frame);
    } else {
      oracle_.sent(frame);
    }
  }
  gateway_.pipeline.run(burst, gateway_.now);
  check_lists(burst);
  for (std::size_t i = 0; i < burst.count; ++i) judge(burst, i);
  for (const std::uint8_t i : burst.hold) gateway_.pipeline.learner().hold(i, this);
  gateway_.pipeline.account(burst);
  release();
}

/// Each frame is on one list, and on that which its verdict says.
void Trial::check_lists(const pipeline::Burst& burst) {
  std::array<int, pipeline::kMaxBurst> lists{};
  std::array<Fate, pipeline::kMaxBurst> fate{};
  const auto note = [&](const pipeline::FrameList& list, Fate of) {
    for (const std::uint8_t i : list) {
      ++lists[i];
      fate[i] = of;
    }
  };
  note(burst.pass, Fate::kForwarded);
  note(burst.reply, Fate::kAnswered);
  note(burst.drop, Fate::kDropped);
  note(burst.hold, Fate::kHeld);
  for (std::size_t i = 0; i < burst.count; ++i) {
    if (lists[i] != 1) found(i, fmt::format("is on {} lists", lists[i]));
    if (fate[i] != policy::fate(burst.verdict[i])) found(i, "is on another list than its verdict");
  }
  now_.in += burst.count;
  now_.forwarded += burst.pass.count;
  now_.answered += burst.reply.count;
  now_.held += burst.hold.count;
  now_.waited += burst.hold.count;
  now_.dropped += burst.drop.count;
}

void Trial::judge(const pipeline::Burst& burst, std::size_t i) {
  const Frame frame = burst.frame[i];
  const Fate fate = policy::fate(burst.verdict[i]);
  const bool session = burst.session[i].found();
  if (burst.verdict[i] == Verdict::kSession) {
    ++passed_session_;
    if (!session) found(i, "passed as a session's, of which there is none");
  }
  try {
    if (fate == Fate::kForwarded || fate == Fate::kHeld) judge_passed(frame, session);
    if (fate == Fate::kAnswered) judge_reply(burst, i);
    const bool up = direction_ == Direction::kFromAccess;
    if (session && fate != Fate::kForwarded && oracle_.session_must_pass(frame, up))
      found(i,
            fmt::format("a session's frame is dropped: {}", policy::info(burst.verdict[i]).name));
  } catch (const Denied& denied) {
    found(i, fmt::format("{} as {}: {}", fate == Fate::kAnswered ? "answered" : "passed",
                         policy::info(burst.verdict[i]).name, denied.why));
  }
}

void Trial::judge_passed(Frame frame, bool session) {
  const bool up = direction_ == Direction::kFromAccess;
  if (session) {
    up ? oracle_.session_up(frame) : oracle_.session_down(frame);
  } else {
    up ? oracle_.guest_up(frame) : oracle_.guest_down(frame);
  }
}

void Trial::judge_reply(const pipeline::Burst& burst, std::size_t i) {
  demand(direction_ == Direction::kFromAccess, "a reply to the uplink");
  demand(!burst.session[i].found(), "a reply to a session");
  std::vector<std::byte> reply(responder::kMaxReply, std::byte{0xa5});
  reply.resize(gateway_.pipeline.write_reply(burst, i, gateway_.now, reply));
  oracle_.reply(burst.frame[i], reply);
}

/// What the garden thread does, and the worker behind it.
void Trial::release() {
  while (gateway_.opener.serve(gateway_.pipeline.learner(), gateway_.shared.unix_s) > 0) {
  }
  std::array<pipeline::Released, pipeline::GardenLearner::kMaxHeld> back;
  const std::size_t count = gateway_.pipeline.learner().take_released(back);
  for (const pipeline::Released& one : std::span{back}.first(count)) {
    gateway_.pipeline.account_released(one, Verdict::kDns);
    --now_.held;
    ++now_.forwarded;
  }
  if (gateway_.pipeline.learner().held() != 0) found(0, "a frame that was held is lost");
}

/// Frames in = forwarded + answered + held + dropped, by the gateway's own counters and by ours.
void Trial::check_counters(const Tally& before, std::uint64_t packets) {
  const Tally grown = counted() - before;
  if (grown != now_)
    found(0, fmt::format("counters: in {} of {}, forwarded {} of {}, answered {} of {}, held {} of "
                         "{}, dropped {} of {}",
                         grown.in, now_.in, grown.forwarded, now_.forwarded, grown.answered,
                         now_.answered, grown.held, now_.held, grown.dropped, now_.dropped));
  if (session_packets() - packets != passed_session_)
    found(0, fmt::format("sessions count {} packets of {}", session_packets() - packets,
                         passed_session_));
}

Tally Trial::counted() const {
  const auto counts = gateway_.pipeline.counters().total(1, 1);
  Tally tally;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    tally.in += counts[i];
    switch (policy::kVerdicts[i].fate) {
      case Fate::kForwarded:
        tally.forwarded += counts[i];
        break;
      case Fate::kAnswered:
        tally.answered += counts[i];
        break;
      case Fate::kHeld:
        tally.held += counts[i];
        break;
      case Fate::kDropped:
        tally.dropped += counts[i];
    }
  }
  return tally;
}

std::uint64_t Trial::session_packets() const {
  std::uint64_t packets = 0;
  for (const table::SessionCounters& session : gateway_.counters) {
    const table::TrafficCounts counts = session.read();
    packets += counts.packets_up + counts.packets_down;
  }
  return packets;
}

}  // namespace gate511::captures
