// SPDX-License-Identifier: BSD-3-Clause
//
// Sequences of frames, both ways, through the whole pipeline: raw bytes, and TCP segments that
// follow a connection as far as the fuzzer wishes. Besides the sanitizers' findings it holds that
//
// - only frames of a forwarding verdict are forwarded, and each frame is on one list;
// - a reply is well formed, and goes to whom the frame came from;
// - nothing larger than its trigger is sent but the answer to a verified cookie, and ICMP errors
//   only as far as the guest has sent bytes;
// - nothing goes back to the uplink.
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "support/gateway.hpp"

namespace {

using namespace gate511;
using fuzz::Input;
using fuzz::require;
using policy::Verdict;

/// A gateway, and what went to it and came back from it, whoever the guest was.
struct Bed {
  explicit Bed(const test::Gateway::Options& options) : gateway{options} {}

  test::Gateway gateway;
  std::size_t sent = 0, received = 0;  ///< bytes; without pages
};

/// One for many inputs, as making it takes as long as hundreds of them: what an input finds may
/// need those before it.
Bed& bed_of(unsigned shape) {
  constexpr std::array kUrls{"http://192.0.2.10/login", "https://portal.example/?a=b&c=d"};
  constexpr unsigned kShapes = 8, kInputs = 4096;
  static std::array<std::unique_ptr<Bed>, kShapes> beds;
  static unsigned inputs = 0;
  if (inputs++ % kInputs == 0) beds = {};
  std::unique_ptr<Bed>& bed = beds[shape % kShapes];
  if (!bed) {
    bed = std::make_unique<Bed>(
        test::Gateway::Options{.key_has_vlan = (shape & 1) != 0,
                               .multicast_all = (shape & 2) != 0,
                               .portal_url = kUrls[shape / 4 % kUrls.size()]});
  }
  return *bed;
}

class Session {
 public:
  explicit Session(Input input) : input_{input}, bed_{bed_of(input_.u8())} {}

  void run() {
    for (int steps = 0; !input_.empty() && steps < 64; ++steps) step();
    for (const std::uint16_t vlan : {0, 10}) send_away(vlan);
  }

 private:
  void step() {
    switch (input_.u8() % 8) {
      case 0:
      case 1:
        return from_access(input_.bytes(2048));
      case 2:
        return from_uplink(input_.bytes(2048));
      case 3:
      case 4:
        return from_access(segment());
      case 5:
        return change_session();
      case 6:
        bed_.gateway.rotate_keys();
        return;
      default:
        bed_.gateway.now.ns += std::uint64_t{input_.u16()} * 1'000'000;
    }
  }

  /// A segment of the one connection, acknowledging as far behind our last sequence number as the
  /// input says.
  test::Bytes segment() {
    test::FrameBuilder frame;
    const std::uint8_t shape = input_.u8();
    if ((shape & 1) != 0) frame.tag(10);
    if ((shape & 2) != 0) {
      frame.ip("2001:db8::101", "2001:db8:80::80");
    } else {
      frame.ip("192.0.2.101", "198.51.100.80");
    }
    frame.tcp(40000, (shape & 4) != 0 ? 443 : 80, input_.u8());
    frame.seq(input_.u16()).ack(sequence_ + input_.u16() % 1300).window(input_.u16());
    if ((shape & 8) != 0) {
      test::Bytes options = input_.bytes(40);
      options.resize(options.size() / 4 * 4);
      frame.tcp_options(options);
    }
    return frame.data(input_.bytes(1400)).build();
  }

  static table::Key key_of(std::uint16_t vlan) { return {test::kClient, vlan}; }

  /// No input begins with the session of another.
  void send_away(std::uint16_t vlan) {
    const table::Hit hit = bed_.gateway.table.look_up(key_of(vlan));
    if (!hit.found()) return;
    bed_.gateway.table.erase(hit.index);
    bed_.gateway.table.release(hit.index);
  }

  void change_session() {
    const auto vlan = static_cast<std::uint16_t>(input_.u8() % 2 * 10);
    table::SessionTable& table = bed_.gateway.table;
    const table::Hit hit = table.look_up(key_of(vlan));
    constexpr std::array kStates{table::State::kAuthenticated, table::State::kRestricted,
                                 table::State::kBlocked};
    const table::State state = kStates[input_.u8() % kStates.size()];
    if (!hit.found()) {
      require(table.insert(key_of(vlan), state).has_value(), "the table holds its capacity");
    } else if (state == hit.state) {
      send_away(vlan);
    } else {
      table.set_state(hit.index, state);
    }
  }

  void from_access(const test::Bytes& frame) {
    const test::Outcome outcome = bed_.gateway.from_access(frame);
    const policy::Fate fate = policy::info(outcome.verdict).fate;
    require(outcome.forwarded == (fate == policy::Fate::kForwarded), "the verdict is the fate");
    require(outcome.reply.empty() == (fate != policy::Fate::kAnswered), "answered means a reply");
    bed_.sent += frame.size();
    if (outcome.reply.empty()) return;
    const test::Reply reply = test::read_reply(frame, outcome.reply);
    if (outcome.verdict == Verdict::kSynAck) sequence_ = reply.packet.sequence;
    if (outcome.verdict == Verdict::kPage) return;
    require(outcome.reply.size() <= frame.size() || is_icmp(reply), "no amplification");
    bed_.received += outcome.reply.size();
    require(bed_.received <= bed_.sent, "no more bytes come back than went");
  }

  static bool is_icmp(const test::Reply& reply) {
    return reply.packet.protocol == net::protocol::kIcmp ||
           reply.packet.protocol == net::protocol::kIcmpv6;
  }

  void from_uplink(const test::Bytes& frame) {
    const test::Outcome outcome = bed_.gateway.from_uplink(frame);
    require(outcome.reply.empty(), "nothing goes back to the uplink");
  }

  Input input_;
  Bed& bed_;
  std::uint32_t sequence_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Session{Input{data, size}}.run();
  return 0;
}
