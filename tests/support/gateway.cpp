// SPDX-License-Identifier: BSD-3-Clause
#include "support/gateway.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "net/checksum.hpp"
#include "responder/reply_writer.hpp"

namespace gate511::test {
namespace {

constexpr std::size_t kCapacity = 64;
constexpr std::uint8_t kWorker = 1;
constexpr net::SipKey kSeed{5, 11};

std::size_t at(policy::Verdict verdict) {
  return static_cast<std::size_t>(verdict);
}

http::AnswerTexts texts(const auto& options) {
  http::AnswerTexts made;
  made.portal_url = options.portal_url;
  made.network_name = options.network_name;
  return made;
}

/// The rules that are built in, compiled once a program.
const std::shared_ptr<const http::ProbeRules>& default_probes() {
  static const auto rules = [] {
    auto read = http::read_probe_rules(http::kDefaultProbes, "probes.list");
    if (!read) throw std::runtime_error{read.error().text()};
    auto compiled = http::ProbeRules::compile(*read);
    if (!compiled) throw std::runtime_error{compiled.error().text()};
    return std::make_shared<const http::ProbeRules>(std::move(*compiled));
  }();
  return rules;
}

/// Where GATE511_CASES names a file, each frame that is put to a gateway is written there with what
/// became of it, for the same to be put to the daemon (tests/smoke/lib/replay_cases.py):
/// `test NAME`, then a line a frame, `VERDICT FRAME REPLY` in hex, `-` for no reply.
class CaseFile {
 public:
  static CaseFile& get() {
    static CaseFile file;
    return file;
  }
  /// `usual`: of a gateway whose table, options and time are those that the daemon can be given.
  void write(const Bytes& frame, const Outcome& outcome, bool usual) {
    if (file_ == nullptr) return;
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string{test->test_suite_name()} + '.' + test->name();
    if (name != test_) {
      test_ = std::move(name);
      std::fprintf(file_, "test %s\n", test_.c_str());
    }
    std::fprintf(file_, "%s %s %s\n",
                 usual ? std::string{policy::info(outcome.verdict).name}.c_str() : "unusual",
                 hex(frame).c_str(), hex(outcome.reply).c_str());
  }

 private:
  CaseFile() {
    if (const char* const path = std::getenv("GATE511_CASES")) file_ = std::fopen(path, "we");
  }
  static std::string hex(const Bytes& octets) {
    std::string text;
    for (const std::byte octet : octets)
      text += fmt::format("{:02x}", static_cast<unsigned>(octet));
    return text.empty() ? "-" : text;
  }

  std::FILE* file_ = nullptr;
  std::string test_;
};

void add_zones(policy::Snapshot& snapshot, const Gateway::Options& options) {
  for (const Gateway::Options::Zone& wanted : options.zones) {
    const auto number = static_cast<std::uint8_t>(snapshot.zones.size());
    auto answers = http::Answers::render(texts(wanted));
    EXPECT_TRUE(answers) << answers.error().text();
    snapshot.zones.push_back({.name = "zone " + std::to_string(number),
                              .number = number,
                              .guest = {},
                              .answers = std::move(*answers)});
    snapshot.place_of_zone[number] = number;
    for (const std::uint16_t vlan : wanted.vlans)
      snapshot.links[0].zone_of_vlan[vlan] = {number, wanted.enforce};
  }
}

policy::Snapshot make_snapshot(const Gateway::Options& options) {
  auto answers = http::Answers::render(texts(options));
  EXPECT_TRUE(answers) << answers.error().text();
  policy::LinkPolicy link;
  link.name = "venue";
  link.pass_reserved = options.pass_reserved;
  link.multicast_all = options.multicast_all;
  link.zone_of_vlan.fill({0, options.enforce});
  policy::Zone zone{.name = "default",
                    .http_ports = {80, 8080},
                    .https = options.https,
                    .guest = {},
                    .answers = std::move(*answers)};
  zone.guest.resolvers =
      net::IpSet{{*net::parse_cidr("192.0.2.53"), *net::parse_cidr("2001:db8::53")}};
  zone.guest.any_resolver = options.any_resolver;
  zone.guest.ntp = net::IpSet{{*net::parse_cidr("192.0.2.123")}};
  zone.guest.garden =
      policy::GardenSet{{{*net::parse_cidr("192.0.2.10/32")},
                         {*net::parse_cidr("2001:db8::10/128")},
                         {*net::parse_cidr("192.0.2.11"), {{443, 443}, {8000, 8010}}}}};
  policy::Snapshot snapshot{
      .links = {link}, .zones = {}, .link_key = http::LinkKey{net::as_bytes(kSecret)}};
  if (options.redirect_probes) zone.probes = default_probes();
  snapshot.zones.push_back(std::move(zone));
  snapshot.scratch.resize(kWorker + 1);
  EXPECT_TRUE(default_probes()->fit(snapshot.scratch[kWorker]));
  add_zones(snapshot, options);
  return snapshot;
}

}  // namespace

Gateway::Gateway(const Options& options)
    : buckets(table::SessionTable::buckets_for(kCapacity)),
      table{buckets, kCapacity, {1, 2}},
      counters(table.slots()),
      policers(table.slots()),
      bindings(table.slots()),
      snapshot{make_snapshot(options)},
      shared{table, kSeed},
      pipeline{shared, counters, kWorker, 7},
      opener{shared.permits},
      is_usual_{options.is_usual} {
  for (std::uint64_t i = 0; i < keys.key.size(); ++i) keys.key[i] = {i + 1, i + 100};
  shared.policers = policers;
  shared.bindings = bindings;
  shared.snapshot = &snapshot;
  shared.cookie_keys = &keys;
  if (!options.key_has_vlan) return;
  table::number_by_vlan(key_numbers);
  shared.key_numbers.fill(&key_numbers);
}

void Gateway::rotate_keys() {
  keys = keys.rotated({keys.key[keys.newest].k0 + 1000, keys.key[keys.newest].k1 + 1});
}

std::uint64_t Gateway::counted(policy::Verdict verdict) const {
  return pipeline.counters().total(policy::kMaxZones, 1)[at(verdict)];
}

std::uint64_t Gateway::counted_in(std::uint8_t zone, policy::Verdict verdict) const {
  return pipeline.counters().counted(0, zone)[at(verdict)];
}

std::uint64_t Gateway::would_have(std::uint8_t zone, policy::Verdict verdict) const {
  return pipeline.counters().would_have(0, zone)[at(verdict)];
}

Outcome Gateway::run(const Bytes& frame, pipeline::Direction direction) {
  const Bytes exact(frame.begin(), frame.end());  // a heap buffer of exactly the frame's size
  auto burst = std::make_unique<pipeline::Burst>();
  burst->direction = direction;
  burst->count = 1;
  burst->max_frame_out = max_frame_out;
  burst->pages_summed = pages_summed;
  burst->frame[0] = exact;
  pipeline.run(*burst, now);
  EXPECT_EQ(burst->pass.count + burst->reply.count + burst->drop.count + burst->hold.count, 1);
  Outcome outcome{.verdict = burst->verdict[0],
                  .forwarded = burst->pass.count == 1,
                  .held = burst->hold.count == 1,
                  .reply = {},
                  .sent = {}};
  if (outcome.held) pipeline.learner().hold(0, this);
  if (burst->reply.count == 1) {
    outcome.reply.assign(responder::kMaxReply, std::byte{0xa5});  // as dirty as an mbuf
    outcome.reply.resize(pipeline.write_reply(*burst, 0, now, outcome.reply));
  }
  Bytes grows = exact;
  if (!burst->announce.empty()) {
    EXPECT_TRUE(outcome.forwarded);
    grows.resize(exact.size() + room);
    burst->frame[0] = net::ByteView{grows}.first(exact.size());
    grows.resize(pipeline.announce(*burst, 0, grows, now));
  }
  outcome.sent = grows;
  pipeline.account(*burst);
  CaseFile::get().write(frame, outcome,
                        is_usual_ && pages_summed == responder::Summed::kHere &&
                            direction == pipeline::Direction::kFromAccess && table.size() == 0 &&
                            keys.newest == 0 && now.ns == kStart_ns);
  return outcome;
}

std::size_t Gateway::release_held() {
  while (opener.serve(pipeline.learner(), shared.unix_s) > 0) {
  }
  std::array<pipeline::Released, pipeline::GardenLearner::kMaxHeld> back;
  const std::size_t count = pipeline.learner().take_released(back);
  for (const pipeline::Released& one : std::span{back}.first(count)) {
    EXPECT_EQ(one.frame, this);
    pipeline.account_released(one, policy::Verdict::kDns);
  }
  return count;
}

Reply Gateway::reply_to(const Bytes& frame) {
  const Outcome outcome = from_access(frame);
  EXPECT_FALSE(outcome.reply.empty()) << policy::info(outcome.verdict).name;
  return outcome.reply.empty() ? Reply{} : read_reply(frame, outcome.reply);
}

Reply read_reply(const Bytes& trigger, const Bytes& frame) {
  Reply reply{.ethernet = net::parse_ethernet(frame), .packet = {}, .text = {}};
  const net::Ethernet asked = net::parse_ethernet(trigger);
  EXPECT_EQ(reply.ethernet.flaw, net::Flaw::kNone);
  EXPECT_EQ(reply.ethernet.source, asked.destination);
  EXPECT_EQ(reply.ethernet.destination, asked.source);
  EXPECT_EQ(reply.ethernet.type, asked.type);
  EXPECT_TRUE(std::equal(frame.begin() + 12, frame.begin() + asked.l3_offset, trigger.begin() + 12))
      << "tags are kept";
  // Parsing verifies IPv4's header checksum.
  reply.packet = net::parse_packet(frame, reply.ethernet);
  const net::Packet& p = reply.packet;
  EXPECT_EQ(p.flaw, net::Flaw::kNone);
  const net::Packet question = net::parse_packet(trigger, asked);
  EXPECT_EQ(p.source, question.destination);
  EXPECT_EQ(p.destination, question.source);
  EXPECT_EQ(p.hop_limit, 64);
  if (!p.is_v6) {
    EXPECT_EQ(net::load_be16(frame, p.l3_offset + 6U), 0x4000) << "DF, no fragment";
  }
  const std::size_t length = std::size_t{p.end} - p.l4_offset;
  const net::ByteView transport = net::ByteView{frame}.subspan(p.l4_offset, length);
  const std::uint64_t pseudo =
      p.protocol == net::protocol::kIcmp
          ? 0
          : net::pseudo_header_sum(p.source, p.destination, p.protocol, length);
  EXPECT_EQ(net::fold(pseudo + net::sum(transport)), 0xffff) << "transport checksum";
  if (p.protocol == net::protocol::kTcp) {
    EXPECT_EQ(p.source_port, question.destination_port);
    EXPECT_EQ(p.destination_port, question.source_port);
    if (p.payload_offset == p.l4_offset + 24) reply.mss = net::load_be16(frame, p.l4_offset + 22U);
    for (std::size_t at = p.payload_offset; at < p.end; ++at)
      reply.text.push_back(static_cast<char>(frame[at]));
  }
  EXPECT_TRUE(p.end == frame.size() || frame.size() <= std::max<std::size_t>(60, p.end));
  return reply;
}

}  // namespace gate511::test
