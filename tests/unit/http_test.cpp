// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <regex>

#include "http/answers.hpp"
#include "http/request.hpp"
#include "support/gateway.hpp"

namespace gate511::http {
namespace {

using test::bytes;
using test::kSecret;

// ---- request ----

Request scan(std::string_view text) {
  return scan_request(net::as_bytes(text));
}
std::string wanted(std::string_view text) {
  return std::string{return_url(scan(text)).view()};
}

TEST(Request, ReadsTargetAndHost) {
  const Request r =
      scan("GET /a?b=c HTTP/1.1\r\nUser-Agent: x\r\nhOsT: \tOrigin.example:8080 \r\n\r\n");
  EXPECT_FALSE(r.is_head);
  EXPECT_EQ(r.target, "/a?b=c");
  EXPECT_EQ(r.host, "Origin.example");
  EXPECT_EQ(r.port, "8080");
}

TEST(Request, KnowsHeadFromItsFirstBytes) {
  EXPECT_TRUE(scan("HEAD / HTTP/1.1\r\n\r\n").is_head);
  EXPECT_TRUE(scan("HEAD ").is_head);
  EXPECT_FALSE(scan("HEAD").is_head);
  EXPECT_FALSE(scan("head / HTTP/1.1\r\n\r\n").is_head) << "methods are case-sensitive";
  EXPECT_FALSE(scan("HEADER / HTTP/1.1\r\n\r\n").is_head);
}

TEST(Request, TakesAnAbsoluteTargetsAuthority) {
  const Request r = scan("GET HTTP://a.example:81/x HTTP/1.1\r\nHost: b.example\r\n\r\n");
  EXPECT_EQ(r.host, "a.example");
  EXPECT_EQ(r.port, "81");
  EXPECT_EQ(r.target, "/x");
  EXPECT_EQ(scan("GET http://a.example HTTP/1.1\r\n\r\n").target, "/");
  EXPECT_EQ(scan("GET http://a.example?q HTTP/1.1\r\n\r\n").target, "");
}

TEST(Request, LeavesOutWhatIsNotPlain) {
  const std::string get = "GET / HTTP/1.1\r\n";
  for (const std::string& text :
       {get, get + "\r\n", get + "Host:\r\n\r\n", get + "Host: a b\r\n\r\n",
        get + "Host: a_b\r\n\r\n", get + "Host: [2001:db8::1]\r\n\r\n",
        get + "Host: a.example\r\nHost: b.example\r\n\r\n",
        get + "Host: a.example\r\n b.example\r\n\r\n", get + "Host : a.example\r\n\r\n",
        get + "Host: a.example:80x\r\n\r\n", get + "Host: a.example:123456\r\n\r\n",
        get + "Host: a.exa\xffmple\r\n\r\n", get + "Host: " + std::string(254, 'a') + "\r\n\r\n",
        get + "Host: a.exam", std::string{"GET / HTTP/1.1 Host: a.example"},
        get + "\r\nHost: a.example\r\n\r\n"}) {
    EXPECT_EQ(scan(text).host, "") << text;
    EXPECT_EQ(wanted(text), "");
  }
  for (const char* line : {"GET  HTTP/1.1", "GET /a b HTTP/1.1", "GET a HTTP/1.1", "GET * HTTP/1.1",
                           "GET /\x80 HTTP/1.1", "GET / FTP/1.1", "GET /", "/", " ", "  ", ""}) {
    EXPECT_EQ(scan(std::string{line} + "\r\nHost: a.example\r\n\r\n").target, "") << line;
  }
}

TEST(Request, ReadsBareLineFeeds) {
  EXPECT_EQ(scan("GET / HTTP/1.1\nHost: a.example\n\n").host, "a.example");
}

TEST(ReturnUrl, IsPercentEncodedWholly) {
  EXPECT_EQ(wanted("GET /a?b=\"><script>&'#%41 HTTP/1.1\r\nHost: a.example:81\r\n\r\n"),
            "http%3A%2F%2Fa.example%3A81%2Fa%3Fb%3D%22%3E%3Cscript%3E%26%27%23%2541");
}

TEST(ReturnUrl, IsLeftOutWhereItIsTooLong) {
  const std::string fixed = "http%3A%2F%2Fa.example%2F";
  for (const std::size_t over : {0U, 1U}) {
    const std::string path(160 - fixed.size() + over, 'p');
    EXPECT_EQ(wanted("GET /" + path + " HTTP/1.1\r\nHost: a.example\r\n\r\n"),
              over == 0 ? fixed + path : "");
  }
  EXPECT_EQ(wanted("GET /" + std::string(5000, '"') + " HTTP/1.1\r\nHost: a.example\r\n\r\n"), "");
}

// ---- login link ----

/// RFC 4648, 5, as the RFC's table has it; independent of what makes tokens.
test::Bytes decode_base64url(std::string_view text) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  test::Bytes out;
  unsigned held = 0, bits = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    EXPECT_NE(value, std::string::npos);
    held = held << 6 | static_cast<unsigned>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<std::byte>(held >> bits & 0xff));
  }
  return out;
}

/// HMAC-SHA256 by OpenSSL's own function.
test::Bytes hmac(std::string_view secret, const test::Bytes& data) {
  std::array<unsigned char, 32> digest{};
  unsigned length = digest.size();
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       std::bit_cast<const unsigned char*>(data.data()), data.size(), digest.data(), &length);
  test::Bytes out;
  for (const unsigned char octet : digest) out.push_back(std::byte{octet});
  return out;
}

void expect_valid(std::string_view token, std::string_view secret, std::string_view return_text) {
  ASSERT_EQ(token.size(), 67U);
  const test::Bytes raw = decode_base64url(token);
  ASSERT_EQ(raw.size(), 50U);
  test::Bytes signed_part(raw.begin(), raw.begin() + 34);
  const test::Bytes tail = bytes(return_text);
  signed_part.insert(signed_part.end(), tail.begin(), tail.end());
  const test::Bytes digest = hmac(secret, signed_part);
  EXPECT_TRUE(std::equal(raw.begin() + 34, raw.end(), digest.begin()));
}

TEST(LoginLink, LaysOutItsClaimAsTheDesignSays) {
  const LinkKey key{net::as_bytes(kSecret)};
  const Token token = make_token(key,
                                 {.zone = 7,
                                  .vlan = 0x123,
                                  .mac = net::MacAddress{0x0200'5e00'5301},
                                  .address = *net::parse_ip("192.0.2.101"),
                                  .unix_s = 0x6553'f100,
                                  .nonce = 0xdead'beef},
                                 "");
  const test::Bytes raw = decode_base64url({token.data(), token.size()});
  EXPECT_EQ(test::Bytes(raw.begin(), raw.begin() + 34),
            bytes({1,    7,    0x01, 0x23, 0x02, 0x00, 0x5e, 0x00, 0x53, 0x01,  //
                   0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                   0xff, 0xff, 192,  0,    2,    101,  //
                   0x65, 0x53, 0xf1, 0x00, 0xde, 0xad, 0xbe, 0xef}));
}

TEST(LoginLink, IsSignedOverClaimAndReturnUrl) {
  for (const std::string& secret :
       {std::string{kSecret}, std::string(64, 'k'), std::string(65, 'k'), std::string(200, 'k')}) {
    const LinkKey key{net::as_bytes(secret)};
    for (const std::string& url :
         {std::string{}, std::string{"http%3A%2F%2Fa.example%2F"}, std::string(160, 'u')}) {
      const Token token = make_token(key, {.mac = test::kClient, .unix_s = 5}, url);
      expect_valid({token.data(), token.size()}, secret, url);
    }
  }
}

// ---- answers ----

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: origin.example\r\n\r\n";

Answers render(const AnswerTexts& texts) {
  auto answers = Answers::render(texts);
  if (!answers) throw std::runtime_error{answers.error().text()};
  return std::move(*answers);
}
std::string write(const Answers& answers, SizeClass size, std::string_view request) {
  test::Bytes out(answer_bytes(size), std::byte{0});
  answers.write(size, net::as_bytes(request), LinkKey{net::as_bytes(kSecret)},
                {.mac = test::kClient, .unix_s = 5}, out);
  std::string text;
  for (const std::byte octet : out) text.push_back(static_cast<char>(octet));
  return text;
}
std::string head_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n\r\n"));
}
std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}
std::size_t content_length(const std::string& answer) {
  std::smatch found;
  EXPECT_TRUE(std::regex_search(answer, found, std::regex{"\r\nContent-Length: +(\\d+)\r\n"}));
  return std::stoul(found[1]);
}

const AnswerTexts kTexts{"http://192.0.2.10/login", "Example Wi-Fi"};

TEST(Answers, CarryTheFieldsOfTheirClass) {
  const Answers answers = render(kTexts);
  const std::string four =
      "HTTP/1.1 511 Network Authentication Required\r\n"
      "Content-Type: text/html; charset=utf-8\r\n"
      "Cache-Control: no-store\r\n"
      "Connection: close\r\n"
      "Content-Length: ";
  const std::string full = write(answers, SizeClass::kFull, kGet);
  EXPECT_TRUE(full.starts_with(four));
  EXPECT_NE(full.find("\r\nContent-Security-Policy: default-src 'none'; style-src "
                      "'unsafe-inline'\r\nX-Content-Type-Options: nosniff\r\n"
                      "Referrer-Policy: no-referrer\r\n\r\n"),
            std::string::npos);
  const std::string compact = write(answers, SizeClass::kCompact, kGet);
  EXPECT_TRUE(compact.starts_with(four));
  EXPECT_EQ(std::count(compact.begin(), compact.end(), '\r'), 6);
  EXPECT_EQ(write(answers, SizeClass::kTiny, kGet),
            "HTTP/1.1 511 Network Authentication Required\r\nConnection: close\r\n"
            "Content-Length:   0\r\n\r\n");
}

TEST(Answers, AreExactlyAsLongAsTheySay) {
  const Answers answers = render(kTexts);
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact, SizeClass::kTiny}) {
    for (const std::string_view request :
         {kGet, std::string_view{}, std::string_view{"\0\1\2", 3}}) {
      const std::string answer = write(answers, size, request);
      EXPECT_EQ(answer.size(), answer_bytes(size));
      EXPECT_EQ(answer.find('\0'), std::string::npos);
      EXPECT_EQ(body_of(answer).size(), content_length(answer));
    }
  }
}

TEST(Answers, ToHeadAreThePagesFieldsAndFiller) {
  const Answers answers = render(kTexts);
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact}) {
    const std::string get = write(answers, size, kGet);
    const std::string head = write(answers, size, "HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
    EXPECT_TRUE(head.starts_with(head_of(get) + "\r\nX-Padding: ..."));
    EXPECT_EQ(body_of(head), "");
    EXPECT_EQ(head.size(), answer_bytes(size));
  }
}

TEST(Answers, AlwaysSayTheSameStatus) {
  const Answers answers = render(kTexts);
  for (const char* method : {"OPTIONS", "CONNECT", "POST", "PUT", "DELETE", "TRACE", "BREW"}) {
    const std::string request = std::string{method} + " / HTTP/1.0\r\nExpect: 100-continue\r\n" +
                                "Range: bytes=0-\r\nUpgrade: websocket\r\n\r\n";
    EXPECT_TRUE(write(answers, SizeClass::kFull, request).starts_with("HTTP/1.1 511 "));
  }
}

TEST(Answers, LinkToThePortalWithTheReturnUrlInTheRefreshAlone) {
  const std::string body = body_of(write(render(kTexts), SizeClass::kFull, kGet));
  std::smatch refresh, link;
  ASSERT_TRUE(std::regex_search(
      body, refresh,
      std::regex{"<meta http-equiv=\"refresh\" content=\"0;url=http://192\\.0\\.2\\.10/"
                 "login\\?t=([-_A-Za-z0-9]{67})&amp;u=([^\"]*)\">"}));
  ASSERT_TRUE(std::regex_search(
      body, link,
      std::regex{"<a href=\"http://192\\.0\\.2\\.10/login\\?t=([-_A-Za-z0-9]{67})\">"}));
  EXPECT_EQ(refresh[2], "http%3A%2F%2Forigin.example%2Fa");
  expect_valid(refresh[1].str(), kSecret, refresh[2].str());
  expect_valid(link[1].str(), kSecret, "");
  EXPECT_NE(body.find("<title>Example Wi-Fi: log in</title>"), std::string::npos);
}

TEST(Answers, LinkOnceInTheCompactPage) {
  const std::string body = body_of(write(render(kTexts), SizeClass::kCompact, kGet));
  std::smatch refresh;
  ASSERT_TRUE(std::regex_search(body, refresh, std::regex{"login\\?t=([-_A-Za-z0-9]{67})\">"}));
  expect_valid(refresh[1].str(), kSecret, "");
  EXPECT_FALSE(std::regex_search(refresh.suffix().str(), std::regex{"login"}));
}

TEST(Answers, ReflectNothingButTheReturnUrl) {
  const Answers answers = render(kTexts);
  const std::string evil =
      "GET /<script>alert(1)</script> HTTP/1.1\r\nHost: evil\"><b>\r\nX-Evil: evil\r\n\r\n";
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact})
    EXPECT_EQ(write(answers, size, evil).find("evil"), std::string::npos);
}

TEST(Answers, EscapeTheOperatorsTexts) {
  const std::string body = body_of(
      write(render({"https://p.example/?a=1&b=2", "Tom & \"Jerry\" <b>"}), SizeClass::kFull, kGet));
  EXPECT_NE(body.find("<h1>Tom &amp; &quot;Jerry&quot; &lt;b&gt;</h1>"), std::string::npos);
  EXPECT_NE(body.find("https://p.example/?a=1&amp;b=2&amp;t="), std::string::npos);
}

TEST(Answers, CarryNoneOfWhatTheyMustNot) {
  const Answers answers = render(kTexts);
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact, SizeClass::kTiny}) {
    const std::string answer = write(answers, size, kGet);
    for (const char* field : {"WWW-Authenticate", "Set-Cookie", "Strict-Transport-Security",
                              "Alt-Svc", "Access-Control", "Retry-After", "ETag", "<form"})
      EXPECT_EQ(answer.find(field), std::string::npos) << field;
  }
}

TEST(Answers, FitTheirBudgetAtTheLongestUrl) {
  const std::string url = "https://portal.example/" + std::string(96 - 23, 'p');
  ASSERT_EQ(url.size(), 96U);
  const Answers answers = render({url, "Example Wi-Fi"});
  const std::string long_return =
      "GET /" + std::string(160 - 25, 'p') + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
  EXPECT_NE(write(answers, SizeClass::kFull, long_return).find("&amp;u=http%3A%2F%2Fa.example"),
            std::string::npos);
}

std::string error_of(const AnswerTexts& texts) {
  const auto answers = Answers::render(texts);
  return answers ? "" : answers.error().text();
}

TEST(Answers, RefuseTextsThatDoNotFitAndSayByHowMuch) {
  EXPECT_EQ(error_of({"http://p.example/" + std::string(96, 'p'), "x"}),
            "portal.url: is 17 bytes over the 96 that fit every answer; use a shorter host name or "
            "path");
  EXPECT_EQ(
      error_of({"http://192.0.2.10/login", std::string(1000, 'n')}),
      "response.network_name: the full page is 1752 bytes over its 1200; shorten the network's "
      "name or portal.url");
}

TEST(Answers, RefuseAUrlThatIsNone) {
  const std::string hint =
      "; give an http or https URL of at most 96 printable ASCII characters, without a fragment";
  EXPECT_EQ(error_of({"", "x"}), "portal.url: '' is no web address" + hint);
  EXPECT_EQ(error_of({"http://", "x"}), "portal.url: 'http://' is no web address" + hint);
  EXPECT_EQ(error_of({"ftp://a/", "x"}), "portal.url: 'ftp://a/' is no web address" + hint);
  EXPECT_EQ(error_of({"http://a/ b", "x"}), "portal.url: has the octet 0x20 at position 10" + hint);
  EXPECT_EQ(error_of({"http://a/\"", "x"}), "portal.url: has the octet 0x22 at position 10" + hint);
  EXPECT_EQ(error_of({"http://a/#b", "x"}), "portal.url: has the octet 0x23 at position 10" + hint);
  EXPECT_EQ(error_of({"http://\xc3\xa4/", "x"}),
            "portal.url: has the octet 0xc3 at position 8" + hint);
}

}  // namespace
}  // namespace gate511::http
