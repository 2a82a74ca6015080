// SPDX-License-Identifier: BSD-3-Clause
//
// make-seeds DIRECTORY: inputs for the fuzz targets to begin with, `DIRECTORY/TARGET/NUMBER`, in
// the form that each target reads its input in.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "captures/frames.hpp"
#include "control/store/codec.hpp"
#include "radius/wire/writer.hpp"
#include "support/dns_message.hpp"
#include "support/first_bytes.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gate511;
using test::bytes;
using test::Bytes;

class Seeds {
 public:
  explicit Seeds(fs::path directory) : directory_{std::move(directory)} {}

  void add(const std::string& target, const Bytes& seed) {
    fs::create_directories(directory_ / target);
    std::ofstream out{directory_ / target / std::to_string(number_++), std::ios::binary};
    for (const std::byte octet : seed) out.put(static_cast<char>(octet));
    out.close();
    failed_ = failed_ || out.fail();
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  fs::path directory_;
  std::size_t number_ = 0;
  bool failed_ = false;
};

/// As fuzz::Input::bytes() takes them.
Bytes counted(const Bytes& data) {
  Bytes out =
      bytes({static_cast<unsigned>(data.size() >> 8), static_cast<unsigned>(data.size() & 0xff)});
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Bytes behind(std::initializer_list<unsigned> front, const Bytes& data) {
  Bytes out = bytes(front);
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

/// Each frame alone, in every way that a target takes one.
void add_frames(Seeds& seeds) {
  for (const Bytes& frame : captures::sample_frames()) {
    const Bytes data = counted(frame);
    for (const unsigned way : {0U, 1U, 2U}) {
      seeds.add("rules", behind({0, way}, data));
      seeds.add("rules", behind({1, way}, data));
    }
    seeds.add("frame", behind({0, 0}, data));
    seeds.add("frame", behind({0, 2}, data));
    seeds.add("sightings", behind({1, 4}, data));
    seeds.add("router_advert", behind({3}, data));
  }
}

/// The data of UDP to or from a port: what follows the ports that it stands between.
void add_messages(Seeds& seeds) {
  for (const Bytes& frame : captures::sample_frames()) {
    if (frame.size() < 62 || net::load_be16(frame, 12) == 0x8100) continue;
    const bool v6 = net::load_be16(frame, 12) == 0x86dd;
    const std::size_t ports = v6 ? 54 : 34;
    const auto data = frame.begin() + static_cast<std::ptrdiff_t>(ports) + 8;
    const auto from = net::load_be16(frame, ports), to = net::load_be16(frame, ports + 2);
    if (to == 68 || to == 546) seeds.add("dhcp", behind({v6 ? 1U : 0U, 1, 0}, {data, frame.end()}));
    if (to == 53 || from == 53) seeds.add("dns", {data, frame.end()});
    if (v6 && (to == 546 || to == 547)) {
      const Bytes message{data, frame.end()};
      seeds.add("ipv6_chain",
                behind({6 | 2U << 2, 64, 3, 0, 6, 0, 0, 0, 0, 0, 0, 1, 0, 0, 4, 2, 34},
                       counted(message)));
    }
  }
  seeds.add("ipv6_chain", behind({2 | 1U << 2, 255, 3, 0, 0, 5}, counted(Bytes(12))));
  seeds.add("router_advert", behind({0x70, 0, 0}, counted(Bytes(48))));
  for (const Bytes& message : {test::over_tcp(test::dns_query("a.example")),
                               test::with_edns(test::dns_query("a.example", 28), 12)})
    seeds.add("dns", message);
}

/// Shape, URI's length, room, and the message behind what the shape gives it.
void add_insertions(Seeds& seeds) {
  const Bytes end = bytes({255}), server = bytes({54, 4, 192, 0, 2, 1});
  for (const Bytes& options :
       {server, bytes({82, 2, 1, 2}), bytes({52, 1, 3}), bytes({90, 1, 0}), bytes({114, 1, 'x'})}) {
    for (const unsigned shape : {0U, 5U})
      seeds.add("dhcp4_insert", behind({shape, 30, 1, 0}, counted(behind({0}, options))));
    Bytes ended = options;
    ended.insert(ended.end(), end.begin(), end.end());
    seeds.add("dhcp4_insert", behind({0, 30, 1, 0}, counted(ended)));
    seeds.add("dhcp4_insert", behind({8, 30, 1, 0, 0, 2, 255, 255}, counted(ended)));
  }
  const Bytes id = bytes({0, 2, 0, 4, 1, 2, 3, 4});
  seeds.add("dhcp6_insert", behind({0, 30, 1, 0}, counted(id)));
  Bytes relayed(30);
  const Bytes inner = bytes({0, 9, 0, 12, 7, 1, 2, 3, 0, 2, 0, 4, 1, 2, 3, 4});
  relayed.insert(relayed.end(), inner.begin(), inner.end());
  seeds.add("dhcp6_insert", behind({9, 30, 1, 0}, counted(relayed)));
  for (const Bytes& option : {bytes({1, 1, 2, 0, 94, 0, 83, 1}), bytes({37, 1, 0, 0, 0, 0, 0, 0}),
                              bytes({11, 1, 0, 0, 0, 0, 0, 0}), Bytes{}})
    seeds.add("ra_insert", behind({0, 30, 1, 0}, counted(option)));
}

void add_texts(Seeds& seeds) {
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n";
  for (const std::string& head : std::initializer_list<std::string>{
           "GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n",
           "HEAD http://a.example/b?c HTTP/1.0\r\nAccept: application/problem+json\r\n\r\n",
           chunked + "Accept-Language: de;q=0.5, fr\r\n\r\n0\r\n\r\n",
           "GET /hotspot-detect.html HTTP/1.1\r\nUser-Agent: CaptiveNetworkSupport\r\n\r\n",
           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    seeds.add("http_head", bytes(head));
    seeds.add("client_hello", bytes(head));
  }
  for (const std::string_view name : {"a.example", "", "xn--bcher-kva.example"}) {
    seeds.add("client_hello", test::client_hello(name));
    seeds.add("client_hello", test::client_hello(name, {.records = 3, .padding = 40}));
    seeds.add("host_name", bytes(name));
  }
  seeds.add("host_list", bytes("# a list\na.example\n*.b.example\nb\xc3\xbc"
                               "cher.example\n"));
  seeds.add("config",
            bytes("[dpdk]\nargs = [\"--no-pci\"]\nlcores = \"0-1\"\n[[link]]\nname = \"venue\"\n"
                  "access = \"a\"\nuplink = \"u\"\n[portal]\nurl = \"http://192.0.2.10/login\"\n"
                  "secret_file = \"/k\"\n[guest]\nresolvers = [\"192.0.2.53\"]\n[garden]\n"
                  "cidrs = [\"192.0.2.10 80,443\"]\nhosts = [\"*.a.example\", \"/x+/\"]\n"
                  "[[zone]]\nname = \"z\"\nlink = \"venue\"\nvlans = [20, \"30-39\"]\n"));
  for (
      const std::string_view line :
      {R"({"jsonrpc":"2.0","id":1,"method":"session.add","params":{"mac":"02:00:5e:00:53:01","ttl_s":60}})"
       "\n",
       R"([{"jsonrpc":"2.0","id":1,"method":"session.list","params":{"limit":5}},{"jsonrpc":"2.0","id":2,"method":"stats.get"}])"
       "\n",
       R"({"jsonrpc":"2.0","id":1,"method":"session.move","params":{"mac":"02:00:5e:00:53:01","to_mac":"02:00:5e:00:53:02"}})"
       "\n"})
    seeds.add("control_line", bytes(line));
}

/// A packet of each kind, and an answer with all that a session may be told by.
void add_packets(Seeds& seeds) {
  using namespace radius;  // NOLINT(google-build-using-namespace)
  Attributes asked, told;
  asked.add(attribute::kUserName, "nemo");
  asked.add(attribute::kCallingStationId, "02-00-5E-00-53-01");
  asked.add(attribute::kAcctSessionId, "1");
  asked.add(attribute::kEventTimestamp, 1'750'000'000U);
  told.add(attribute::kSessionTimeout, 3'600U);
  told.add(attribute::kIdleTimeout, 600U);
  told.add(attribute::kBandwidthMaxUp, 1'000'000U);
  told.add(attribute::kMaxTotalOctets, 1'000'000U);
  told.add(attribute::kClass, "one");
  told.add(attribute::kClass, "two");
  const PacketBytes request =
      access_request(1, {}, "secret", asked,
                     {Credentials::Kind::kPap, "arctangent", std::string{}, std::string{}});
  seeds.add("radius", request);
  seeds.add("radius", accounting_request(2, "secret", asked));
  seeds.add("radius", dynamic_request(Code::kCoaRequest, 3, "secret", told));
  seeds.add("radius",
            reply_to(Packet::parse(request).value(), Code::kAccessAccept, "secret", told));
}

/// As a server writes it (RESP): an array of texts.
std::string resp(const std::vector<std::string>& texts) {
  std::string out = fmt::format("*{}\r\n", texts.size());
  for (const std::string& text : texts) out += fmt::format("${}\r\n{}\r\n", text.size(), text);
  return out;
}

/// What gateways write into a server that they share: hashes, a change of the stream of each kind,
/// and what the scripts answer. In front stands in how large pieces it comes.
void add_replies(Seeds& seeds) {
  namespace store = control::store;
  const std::string client = "02:00:5e:00:53:01";
  store::Session session;
  session.id = 77;
  session.key = {net::MacAddress{0x0200'5e00'5301}, 0};
  session.expires_ms = 1'800'000'000'000;
  session.tag = "room-12";
  store::Counted counted;
  counted.bytes_up = 5;
  const std::string fields = store::encode_session(session);
  const std::string counts = store::encode_counts(session.id, counted);
  const std::string lives =
      resp({"v", "7", "g", "2", "i", "77", "d", fields, "o", "3", "c3", counts});
  const std::string over = resp({"v", "7", "g", "2", "i", "77", "e", "1"});
  const auto change = [&](const std::string& kind, const std::string& a, const std::string& b) {
    return "*2\r\n$3\r\n7-0\r\n" +
           resp({"p", "6", "g", "2", kind, "77 2 " + a + " 17 " + client + b});
  };
  const std::string changes = change("P", "0", fields) + change("E", "1", "") +
                              change("O", "", "") + change("C", "1", counts);
  for (const std::string& reply :
       {lives, over, changes, "*1\r\n*2\r\n$6\r\nstream\r\n*1\r\n" + change("P", "0", fields),
        "*3\r\n:0\r\n:1\r\n" + lives,
        "*3\r\n$1\r\n0\r\n" + resp({client, "77"}) + "*2\r\n$17\r\n" + client + "\r\n" + over,
        resp({"mac", "host", "1-1/9", "7", "9", "1", ""}), resp({client + "/10/venue"}),
        std::string{"+OK\r\n-ERR no\r\n$-1\r\n*-1\r\n:-1\r\n"}}) {
    for (const unsigned step : {0U, 6U, 255U})
      seeds.add("redis_reply", behind({step}, bytes(reply)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: make-seeds DIRECTORY\n");
    return 2;
  }
  Seeds seeds{argv[1]};
  add_frames(seeds);
  add_messages(seeds);
  add_insertions(seeds);
  add_texts(seeds);
  add_packets(seeds);
  add_replies(seeds);
  if (!seeds.failed()) return EXIT_SUCCESS;
  fmt::print(stderr, "make-seeds: {}: cannot be written; free some space\n", argv[1]);
  return EXIT_FAILURE;
}
