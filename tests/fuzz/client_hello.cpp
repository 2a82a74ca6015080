// SPDX-License-Identifier: BSD-3-Clause
//
// The first bytes of a connection to a garden's host, whole and in segments of any cut and order.
// Besides the sanitizers' findings it holds that
//
// - a name is made of what host names have, and more bytes do not turn it into another;
// - a connection is approved only where the bytes that passed, in the order of their sequence
//   numbers, name a host of the garden.
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "http/first_name.hpp"
#include "policy/garden_flows.hpp"
#include "support/frame_builder.hpp"

namespace {

using namespace gate511;
using fuzz::require;
using Found = http::FirstName::Found;
using policy::Verdict;

template <typename Read>
void read(const std::vector<std::byte>& bytes, const Read& name_of) {
  const http::FirstName whole = name_of(bytes);
  for (const char c : whole.name())
    require(std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_',
            "only what host names have");
  for (const std::size_t part : {bytes.size() / 2, bytes.size() - bytes.size() / 4}) {
    const std::vector<std::byte> cut{bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(part)};
    const http::FirstName early = name_of(cut);
    if (early.found == Found::kName)
      require(whole.found == Found::kName && whole.name() == early.name(), "a name stays");
  }
}

net::Packet parse(const test::Bytes& frame) {
  return net::parse_packet(frame, net::parse_ethernet(frame));
}

void connect(fuzz::Input input) {
  static const http::HostSet hosts = [] {
    const std::vector<std::string> names{"a.example", "*.b.example"};
    return *http::HostSet::build(names);
  }();
  const policy::GardenHosts garden{&hosts};
  constexpr net::MacAddress kGuest{0x0200'5e00'5301};
  policy::GardenFlows flows{8, 7};
  const unsigned port = (input.u8() & 1) != 0 ? 443 : 80;
  const auto segment = [&](unsigned flags, std::uint32_t seq, const test::Bytes& data) {
    return test::FrameBuilder{}
        .ip("192.0.2.101", "198.51.100.80")
        .tcp(40000, port, flags)
        .seq(seq)
        .ack(1)
        .data(data)
        .build();
  };
  const auto up = [&](const test::Bytes& frame) {
    return flows.from_guest(frame, kGuest, parse(frame), garden, 1);
  };
  namespace flag = net::tcp_flag;
  require(up(segment(flag::kSyn, 99, {})).verdict == Verdict::kGardenHost, "a SYN passes");
  const test::Bytes down = test::FrameBuilder{}
                               .ip("198.51.100.80", "192.0.2.101")
                               .tcp(port, 40000, flag::kSyn | flag::kAck)
                               .ack(100)
                               .build();
  require(flows.knows(kGuest, parse(down), 1), "its answer is known");
  std::vector<std::byte> passed;  // by sequence number, as the server has it
  std::vector<bool> there;
  while (!input.empty()) {
    const std::uint32_t at = input.u16() % 2048;
    const test::Bytes data = input.bytes(600);
    const auto judged = up(segment(flag::kAck, 100 + at, data));
    if (judged.verdict != Verdict::kGardenHost) {
      require(!judged.approved, "what does not pass approves nothing");
      continue;
    }
    if (passed.size() < at + data.size()) {
      passed.resize(at + data.size());
      there.resize(at + data.size());
    }
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (!there[at + i]) passed[at + i] = data[i];
      there[at + i] = true;
    }
    if (!judged.approved) continue;
    const http::FirstName name =
        port == 443 ? http::read_server_name(passed) : http::read_http_host(passed);
    require(name.found == Found::kName && hosts.contains(name.name()),
            "the server reads a name of the garden");
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{data, size};
  const std::vector<std::byte> bytes = input.all();
  read(bytes, [](const auto& part) { return http::read_server_name(part); });
  read(bytes, [](const auto& part) { return http::read_http_host(part); });
  connect(input);
  return 0;
}
