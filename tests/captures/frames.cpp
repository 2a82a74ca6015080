// SPDX-License-Identifier: BSD-3-Clause
#include "captures/frames.hpp"

#include "net/checksum.hpp"
#include "net/frame.hpp"
#include "support/dns_message.hpp"
#include "support/first_bytes.hpp"
#include "support/gateway.hpp"

namespace gate511::captures {
namespace {

using test::bytes;
using test::Bytes;
using test::FrameBuilder;
using test::kClient;
using test::kRouter;
namespace flag = net::tcp_flag;

constexpr std::string_view kGuest = "192.0.2.101", kGuest6 = "2001:db8::101";
constexpr std::string_view kLocal6 = "fe80::5eff:fe00:5301";
constexpr std::string_view kOrigin = "198.51.100.80", kOrigin6 = "2001:db8:80::80";
constexpr net::MacAddress kBroadcast{0xffff'ffff'ffff};
constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragmentHeader = 44, kOptions = 60;

using Frames = std::vector<Bytes>;

FrameBuilder up(std::string_view to, std::string_view from = kGuest) {
  return FrameBuilder{}.from(kClient).to(kRouter).ip(from, to);
}
FrameBuilder up6(std::string_view to, std::string_view from = kGuest6) {
  return up(to, from);
}
FrameBuilder down(std::string_view from, std::string_view to = kGuest) {
  return FrameBuilder{}.from(kRouter).to(kClient).ip(from, to);
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes arp(unsigned operation, net::MacAddress sender, unsigned last) {
  Bytes packet = bytes({0,   1, 8, 0,    6, 4, 0, operation, 0, 0, 0,   0, 0, 0,
                        192, 0, 2, last, 0, 0, 0, 0,         0, 0, 192, 0, 2, 1});
  net::store_be48(packet, 8, sender.value());
  return packet;
}

Bytes dhcp(unsigned op, unsigned type) {
  Bytes message = bytes({op, 1, 6, 0, 0x12, 0x34, 0x56, 0x78});
  message.resize(236);
  message[19] = std::byte{7};
  net::store_be48(message, 28, kClient.value());
  return joined({message, bytes({0x63, 0x82, 0x53, 0x63, 53, 1,   type, 51, 4, 0,
                                 0,    14,   16,   3,    4,  192, 0,    2,  1, 255})});
}

Bytes dhcp6(unsigned type) {
  return bytes({type, 1, 2, 3, 0,  1, 0, 10, 0, 3, 0, 1,    2,    0, 0x5e, 0,    0x53,
                1,    0, 3, 0, 12, 0, 0, 0,  1, 0, 0, 0x0e, 0x10, 0, 0,    0x15, 0x18});
}

/// Behind a type and code: the rest of the header, an address, an option of link-layer address.
Bytes discovery(unsigned first, unsigned last, unsigned option) {
  Bytes body(20);
  body[0] = static_cast<std::byte>(first);
  body[4] = std::byte{0x20};
  body[5] = std::byte{0x01};
  body[6] = std::byte{0x0d};
  body[7] = std::byte{0xb8};
  body[19] = static_cast<std::byte>(last);
  return joined({body, bytes({option, 1, 2, 0, 0x5e, 0, 0x53, 1})});
}

Bytes advertisement() {
  return bytes({64,   0,    7,    8,    0,  0,    0, 0, 0,  0,  0, 0, 1,  1,  2, 0, 0x5e, 0,
                0x53, 0xfe, 3,    4,    64, 0xc0, 0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 0,    0,
                0x20, 1,    0x0d, 0xb8, 0,  0,    0, 0, 0,  0,  0, 0, 0,  0,  0, 0});
}

void add_link(Frames& all) {
  for (const unsigned operation : {1U, 2U, 3U})
    all.push_back(FrameBuilder{}.to(kBroadcast).type(0x0806, arp(operation, kClient, 101)).build());
  all.push_back(FrameBuilder{}.to(kBroadcast).type(0x0806, arp(2, kRouter, 1)).build());
  all.push_back(FrameBuilder{}.from(kRouter).to(kClient).type(0x0806, arp(2, kRouter, 1)).build());
  const auto to = [](std::uint64_t mac, std::uint16_t type, Bytes body) {
    return FrameBuilder{}.to(net::MacAddress{mac}).type(type, std::move(body)).build();
  };
  all.push_back(to(0x0180'c200'0000, 39, joined({bytes({0x42, 0x42, 3}), Bytes(36)})));
  all.push_back(to(0x0180'c200'0002, 0x8809, Bytes(50)));
  all.push_back(to(0x0180'c200'000e, 0x88cc, Bytes(46)));
  all.push_back(to(0x0180'c200'0001, 0x8808, Bytes(46)));
  all.push_back(to(0x0180'c200'0005, 0x0800, Bytes(46)));
  for (const std::uint16_t type :
       std::initializer_list<std::uint16_t>{0x8847, 0x8863, 0x8864, 0x88e5, 0x9100, 64})
    all.push_back(to(kRouter.value(), type, Bytes(64, std::byte{0x45})));
  Bytes short_one(9, std::byte{2});
  all.push_back(short_one);
}

void add_dhcp(Frames& all) {
  all.push_back(
      up("255.255.255.255", "0.0.0.0").to(kBroadcast).udp(68, 67).data(dhcp(1, 1)).build());
  all.push_back(up("192.0.2.1").udp(68, 67).data(dhcp(1, 3)).build());
  all.push_back(
      down("192.0.2.1", "255.255.255.255").to(kBroadcast).udp(67, 68).data(dhcp(2, 2)).build());
  all.push_back(down("192.0.2.1").udp(67, 68).data(dhcp(2, 5)).build());
  all.push_back(up("ff02::1:2", kLocal6).udp(546, 547).data(dhcp6(1)).build());
  all.push_back(down("fe80::1", kLocal6).udp(547, 546).data(dhcp6(7)).build());
  all.push_back(up("ff02::1:2", kLocal6).udp(546, 547).data(dhcp6(12)).build());
  // A server on the access side, plainly and in what hosts read all the same.
  const auto rogue = [] { return up("255.255.255.255").to(kBroadcast); };
  all.push_back(rogue().udp(67, 68).data(dhcp(2, 5)).build());
  all.push_back(rogue().ip_options(bytes({1, 1, 1, 0})).udp(67, 68).data(dhcp(2, 5)).build());
  all.push_back(rogue().fragment(0x2000).udp(67, 68).data(dhcp(2, 5)).build());
  all.push_back(rogue().udp(68, 67).data(dhcp(2, 5)).build());
  Bytes longer = rogue().udp(67, 68).data(dhcp(2, 5)).build();
  net::store_be(longer, 38, static_cast<std::uint16_t>(net::load_be16(longer, 38) - 4));
  all.push_back(longer);  // RFC 768: UDP may end before the packet does
  const auto rogue6 = [] { return up6("ff02::1", kLocal6); };
  all.push_back(rogue6().udp(547, 546).data(dhcp6(7)).build());
  all.push_back(rogue6().extension(kOptions, Bytes(6)).udp(547, 546).data(dhcp6(7)).build());
  all.push_back(rogue6().extension(kRouting, Bytes(6)).udp(547, 546).data(dhcp6(7)).build());
  all.push_back(rogue6().extension(kFragmentHeader, Bytes(6)).udp(547, 546).data(dhcp6(7)).build());
  FrameBuilder chain = rogue6();
  for (int i = 0; i < 9; ++i) chain.extension(kOptions, Bytes(6));
  all.push_back(chain.udp(547, 546).data(dhcp6(7)).build());
}

void add_neighbours(Frames& all) {
  all.push_back(up6("ff02::2", kLocal6).ttl(255).icmp(133, 0, Bytes(4)).build());
  all.push_back(up6("ff02::1:ff00:1", kLocal6).ttl(255).icmp(135, 0, discovery(0, 1, 1)).build());
  all.push_back(up6("2001:db8::1").ttl(255).icmp(135, 0, discovery(0, 1, 1)).build());
  all.push_back(up6("2001:db8::1").ttl(64).icmp(135, 0, discovery(0, 1, 1)).build());
  all.push_back(up6("ff02::1").ttl(255).icmp(136, 0, discovery(0x20, 1, 2)).build());
  all.push_back(up6("fe80::1", kLocal6).ttl(255).icmp(136, 0, discovery(0x60, 1, 2)).build());
  all.push_back(up6("ff02::1", kLocal6).ttl(255).icmp(134, 0, advertisement()).build());
  all.push_back(up6("ff02::1", kLocal6)
                    .ttl(255)
                    .extension(kOptions, Bytes(6))
                    .icmp(134, 0, advertisement())
                    .build());
  all.push_back(up6("ff02::1", kLocal6)
                    .ttl(255)
                    .extension(kRouting, Bytes(6))
                    .icmp(134, 0, advertisement())
                    .build());
  all.push_back(up6("fe80::101", kLocal6).ttl(255).icmp(137, 0, Bytes(36)).build());
  all.push_back(up6("ff02::16", kLocal6)
                    .ttl(1)
                    .extension(kHopByHop, bytes({5, 2, 0, 0, 1, 0}))
                    .icmp(143, 0, joined({bytes({0, 0, 0, 1, 4, 0, 0, 0, 0xff, 2}), Bytes(14)}))
                    .build());
  all.push_back(down("fe80::1", "ff02::1")
                    .to(net::MacAddress{0x3333'0000'0001})
                    .ttl(255)
                    .icmp(134, 0, advertisement())
                    .build());
  all.push_back(down("fe80::1", kLocal6).ttl(255).icmp(136, 0, discovery(0xe0, 1, 2)).build());
  all.push_back(down("192.0.2.1", "224.0.0.1")
                    .to(net::MacAddress{0x0100'5e00'0001})
                    .ip_options(bytes({148, 4, 0, 0}))
                    .protocol(2)
                    .data(Bytes(8))
                    .build());
}

void add_names(Frames& all) {
  const auto ask = [&all](const Bytes& message) {
    all.push_back(up("192.0.2.53").udp(5000, 53).data(message).build());
    all.push_back(up6("2001:db8::53").udp(5000, 53).data(message).build());
  };
  ask(test::dns_query("www.site.example"));
  ask(test::with_edns(test::dns_query("www.site.example", 28, 2)));
  for (const unsigned type : {10U, 16U, 65'280U, 65U, 255U})
    ask(test::dns_query("www.site.example", type));
  ask(test::dns_query(std::string(60, 'a') + '.' + std::string(60, 'b') + '.' +
                      std::string(60, 'c') + ".example"));
  ask(joined({test::dns_query("www.site.example"), bytes("tunnel")}));
  all.push_back(down("192.0.2.53")
                    .udp(53, 5000)
                    .data(test::DnsAnswer{"www.site.example"}
                              .cname("www.site.example", "a.site.example")
                              .a("a.site.example", kOrigin)
                              .build())
                    .build());
  all.push_back(
      down("2001:db8::53", kGuest6)
          .udp(53, 5000)
          .data(
              test::DnsAnswer{"www.site.example", 28, 2}.aaaa("www.site.example", kOrigin6).build())
          .build());
  all.push_back(up(kOrigin).udp(5000, 53).data(test::dns_query("other.example")).build());
  const auto tcp = [&all](unsigned flags, const Bytes& data) {
    all.push_back(up("192.0.2.53").tcp(5001, 53, flags).seq(100).ack(7).data(data).build());
  };
  tcp(flag::kSyn, {});
  tcp(flag::kSyn, test::over_tcp(test::dns_query("a.example")));
  tcp(flag::kAck | flag::kPsh, test::over_tcp(test::dns_query("a.example")));
  tcp(flag::kAck, test::over_tcp(test::dns_query("a.example", 16)));
  tcp(flag::kAck, bytes({0, 40, 1}));
}

void add_connections(Frames& all) {
  for (const unsigned port : {22U, 53U, 80U, 443U, 8000U, 8080U}) {
    for (const std::string_view to :
         {kOrigin, std::string_view{"192.0.2.10"}, std::string_view{"192.0.2.11"}}) {
      all.push_back(
          up(to).tcp(40000, port, flag::kSyn).seq(100).tcp_options(bytes({2, 4, 5, 0xb4})).build());
    }
    all.push_back(up6(kOrigin6).tcp(40000, port, flag::kSyn).seq(100).build());
  }
  const auto web = [&all](unsigned port, unsigned flags, const Bytes& data) {
    all.push_back(up(kOrigin).tcp(40001, port, flags).seq(101).ack(5001).data(data).build());
  };
  web(80, flag::kAck, {});
  web(80, flag::kAck | flag::kPsh, bytes("GET / HTTP/1.1\r\nHost: www.site.example\r\n\r\n"));
  web(443, flag::kAck | flag::kPsh, test::client_hello("www.site.example"));
  web(443, flag::kAck | flag::kPsh, test::client_hello("elsewhere.invalid"));
  for (const unsigned flags : {0U, 0x29U, 0x03U, 0x06U, 0x3fU, 0x04U, 0x14U, 0x12U})
    web(80, flags, {});
  all.push_back(down(kOrigin).tcp(80, 40001, flag::kSyn | flag::kAck).seq(5000).ack(101).build());
  all.push_back(down("192.0.2.10").tcp(80, 40001, flag::kAck).data("portal").build());
  all.push_back(up("192.0.2.123").udp(5000, 123).data(Bytes(48)).build());
  all.push_back(down("192.0.2.123").udp(123, 5000).data(Bytes(48)).build());
  all.push_back(up(kOrigin).udp(5000, 443).data(Bytes(1200)).build());
  all.push_back(up6(kOrigin6).udp(5000, 9000).data("hello").build());
  for (const std::string_view to : {kOrigin, std::string_view{"192.0.2.10"}})
    all.push_back(up(to).icmp(8, 0, Bytes(12)).build());
}

/// An ICMP error from the uplink about what was sent to `to`.
Bytes error_about(std::string_view to) {
  const Bytes sent = up(to).tcp(40000, 80, flag::kSyn).no_padding().build();
  return down("192.0.2.1")
      .icmp(3, 4, joined({Bytes(4), Bytes(sent.begin() + 14, sent.begin() + 42)}))
      .build();
}

void add_hidden(Frames& all) {
  for (const std::uint16_t offset : std::initializer_list<std::uint16_t>{0x2000, 0x2001, 1})
    all.push_back(up("192.0.2.10").fragment(offset).tcp(1, 80, flag::kSyn).build());
  for (const auto& options :
       {bytes({7, 7, 4, 0, 0, 0, 0, 0}), bytes({131, 7, 4, 198, 51, 100, 80, 0})})
    all.push_back(up("192.0.2.10").ip_options(options).tcp(1, 80, flag::kSyn).build());
  for (const std::uint8_t header : {kRouting, kFragmentHeader, kHopByHop, kOptions})
    all.push_back(up6("2001:db8::10").extension(header, Bytes(6)).tcp(1, 80, flag::kSyn).build());
  for (const int length : {4, 5, 20}) {
    FrameBuilder chain = up6("2001:db8::10");
    for (int i = 0; i < length; ++i) chain.extension(kOptions, Bytes(6));
    all.push_back(chain.tcp(1, 80, flag::kSyn).build());
  }
  all.push_back(up("192.0.2.10").tcp(1, 80, flag::kSyn).trailing(Bytes(40)).build());
  all.push_back(up("192.0.2.10").tcp(1, 80, flag::kAck).data(Bytes(2000)).build());
  all.push_back(up("192.0.2.10", "192.0.2.10").tcp(1, 80, flag::kSyn).build());
  all.push_back(up("192.0.2.10", "127.0.0.1").tcp(1, 80, flag::kSyn).build());
  all.push_back(up("192.0.2.10").to(kBroadcast).udp(1, 80).build());
  all.push_back(error_about("192.0.2.10"));
  all.push_back(error_about(kOrigin));
}

}  // namespace

std::vector<test::Bytes> sample_frames() {
  Frames all;
  add_link(all);
  add_dhcp(all);
  add_neighbours(all);
  add_names(all);
  add_connections(all);
  add_hidden(all);
  const std::size_t plain = all.size();
  for (std::size_t i = 0; i < plain; i += 3) {  // and some behind tags
    if (all[i].size() < 14) continue;
    Bytes tagged = all[i];
    const Bytes tag =
        i % 2 == 0 ? bytes({0x81, 0, 0, 10}) : bytes({0x88, 0xa8, 0, 10, 0x81, 0, 0, 20});
    tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
    all.push_back(tagged);
  }
  return all;
}

}  // namespace gate511::captures
