// SPDX-License-Identifier: BSD-3-Clause
//
// The name in a connection's first bytes, whole, cut at every byte, and damaged.
#include <gtest/gtest.h>

#include "http/first_name.hpp"
#include "support/first_bytes.hpp"

namespace gate511::test {
namespace {

using Found = http::FirstName::Found;

std::string shown(const http::FirstName& name) {
  switch (name.found) {
    case Found::kMore:
      return "more";
    case Found::kNone:
      return "none";
    case Found::kName:
      break;
  }
  return std::string{name.name()};
}
std::string host(std::string_view text) {
  return shown(http::read_http_host(net::as_bytes(text)));
}
std::string sni(const Bytes& hello) {
  return shown(http::read_server_name(hello));
}

TEST(HttpHost, IsReadOfAWholeHead) {
  const std::string head = "GET /a HTTP/1.1\r\nAccept: */*\r\nhOST:  a.example:8080 \r\n\r\n";
  EXPECT_EQ(host(head), "a.example");
  EXPECT_EQ(host(head + "body"), "a.example");
  for (std::size_t cut = 0; cut < head.size(); ++cut)
    EXPECT_EQ(host(std::string_view{head}.substr(0, cut)), "more") << cut;
}

TEST(HttpHost, IsOneAndIsTheServersOwn) {
  for (const char* bad :
       {"GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "CONNECT b.example:443 HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example/b\r\n\r\n", "get / HTTP/1.1\r\n", "\x16\x03\x01",
        " GET / "})
    EXPECT_EQ(host(bad), "none") << bad;
  EXPECT_EQ(host("GET / HTTP/1.1\r\nHost: a.example:x\r\n\r\n"), "none");
}

TEST(HttpHost, IsNotReadOfWhatServersReadInMoreThanOneWay) {
  const std::string end = "Host: a.example\r\n\r\n";
  for (const std::string& bad :
       {std::string{"GET / HTTP/1.1\nHost: b.example\n\n"},
        "GET / HTTP/1.1\r\nX: 1\nY: 2\r\n" + end, "GET / HTTP/1.1\r\nX: 1\rY: 2\r\n" + end,
        "GET / HTTP/1.1\r\nX: 1\r\n Y: 2\r\n" + end, "GET / HTTP/1.1\r\nX : 1\r\n" + end,
        "GET / HTTP/1.1\r\nX\r\n" + end, "GET / HTTP/1.1\r\n: 1\r\n" + end,
        std::string{"GET /\r\n"} + end, "GET / HTTP/2.0\r\n" + end,
        std::string{"GET / HTTP/1.1\r\nX: \0\r\n", 22} + end,
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + end,
        "POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n" + end,
        "POST / HTTP/1.1\r\nContent-Length: +1\r\n" + end,
        "POST / HTTP/1.1\r\nContent-Length: 1234567890\r\n" + end})
    EXPECT_EQ(host(bad), "none") << bad;
}

TEST(HttpHost, TellsWhereTheNextRequestBegins) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 12\r\n\r\n";
  const auto name = http::read_http_host(net::as_bytes(head + "body"));
  EXPECT_EQ(name.head_bytes, head.size());
  EXPECT_EQ(name.body_bytes, 12U);
}

TEST(ServerName, IsReadOfAWholeHello) {
  const Bytes hello = client_hello("www.a.example");
  EXPECT_EQ(sni(hello), "www.a.example");
  for (std::size_t cut = 0; cut < hello.size(); ++cut)
    EXPECT_EQ(sni({hello.begin(), hello.begin() + static_cast<std::ptrdiff_t>(cut)}), "more")
        << cut;
  EXPECT_EQ(sni(client_hello("a.example", {.records = 3})), "a.example") << "over three records";
  EXPECT_EQ(sni(client_hello("a.example", {.padding = 1800})), "a.example");
}

TEST(ServerName, IsOneHostName) {
  EXPECT_EQ(sni(client_hello("")), "none") << "no server name";
  EXPECT_EQ(sni(client_hello("a.example", {.twice = true})), "none");
  EXPECT_EQ(sni(client_hello("a example")), "none");
  Bytes other = client_hello("a.example");
  other[0] = std::byte{23};
  EXPECT_EQ(sni(other), "none") << "no handshake";
  other = client_hello("a.example");
  other[5] = std::byte{2};
  EXPECT_EQ(sni(other), "none") << "no ClientHello";
  other = client_hello("a.example");
  other[1] = std::byte{2};
  EXPECT_EQ(sni(other), "none") << "no TLS";
  other = client_hello("a.example");
  other[6] = std::byte{1};
  EXPECT_EQ(sni(other), "none") << "longer than any";
}

}  // namespace
}  // namespace gate511::test
