// SPDX-License-Identifier: BSD-3-Clause
#include "http/answers.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fmt/format.h>

#include <bit>
#include <regex>

#include "http/h2.hpp"
#include "support/gateway.hpp"

namespace gate511::http {
namespace {

using test::bytes;
using test::kSecret;

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
  const Token token = TokenMaker{
      key,
      {.zone = 7,
       .vlan = 0x123,
       .mac = net::MacAddress{0x0200'5e00'5301},
       .address = *net::parse_ip("192.0.2.101"),
       .unix_s = 0x6553'f100,
       .nonce =
           0xdead'beef}}.make("");
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
    // Each length, since the padding of SHA-256's last block depends on it.
    for (std::size_t size = 0; size <= ReturnUrl::kMax; ++size) {
      const std::string url(size, 'u');
      const Token token = TokenMaker{key, {.mac = test::kClient, .unix_s = 5}}.make(url);
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
const ProbeRules& rules() {
  static const auto made = [] {
    auto compiled = ProbeRules::compile(*read_probe_rules(kDefaultProbes, "probes.list"));
    if (!compiled) throw std::runtime_error{compiled.error().text()};
    return std::move(*compiled);
  }();
  return made;
}
const Patterns::Scratch& scratch() {
  static const Patterns::Scratch made = [] {
    Patterns::Scratch fitted;
    if (!rules().fit(fitted)) throw std::runtime_error{"no scratch"};
    return fitted;
  }();
  return made;
}
std::string write(const Answers& answers, SizeClass size, std::string_view request) {
  test::Bytes out(answer_bytes(size), std::byte{0});
  answers.write(size, net::as_bytes(request), {&rules(), &scratch()},
                LinkKey{net::as_bytes(kSecret)}, {.mac = test::kClient, .unix_s = 5}, out);
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

AnswerTexts texts(std::string url, std::string name) {
  AnswerTexts made;
  made.portal_url = std::move(url);
  made.network_name = std::move(name);
  return made;
}
const AnswerTexts kTexts = texts("http://192.0.2.10/login", "Example Wi-Fi");

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
  EXPECT_NE(body.find("<title>Example Wi-Fi: Log in</title>"), std::string::npos);
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
  const std::string body = body_of(write(
      render(texts("https://p.example/?a=1&b=2", "Tom & \"Jerry\" <b>")), SizeClass::kFull, kGet));
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
  const Answers answers = render(texts(url, "Example Wi-Fi"));
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
  EXPECT_EQ(error_of(texts("http://p.example/" + std::string(96, 'p'), "x")),
            "portal.url: is 17 bytes over the 96 that fit every answer; use a shorter host name or "
            "path");
  EXPECT_EQ(
      error_of(texts("http://192.0.2.10/login", std::string(1000, 'n'))),
      "response.network_name: the full page in English is 1697 bytes over its 1200; shorten the "
      "network's name or portal.url");
}

TEST(Answers, RefuseAUrlThatIsNone) {
  const std::string hint =
      "; give an http or https URL of at most 96 printable ASCII characters, without a fragment";
  EXPECT_EQ(error_of(texts("", "x")), "portal.url: '' is no web address" + hint);
  EXPECT_EQ(error_of(texts("http://", "x")), "portal.url: 'http://' is no web address" + hint);
  EXPECT_EQ(error_of(texts("ftp://a/", "x")), "portal.url: 'ftp://a/' is no web address" + hint);
  EXPECT_EQ(error_of(texts("http://a/ b", "x")),
            "portal.url: has the octet 0x20 at position 10" + hint);
  EXPECT_EQ(error_of(texts("http://a/\"", "x")),
            "portal.url: has the octet 0x22 at position 10" + hint);
  EXPECT_EQ(error_of(texts("http://a/#b", "x")),
            "portal.url: has the octet 0x23 at position 10" + hint);
  EXPECT_EQ(error_of(texts("http://\xc3\xa4/", "x")),
            "portal.url: has the octet 0xc3 at position 8" + hint);
}

// ---- kinds of answers ----

const std::string kProbe =
    "GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com\r\n\r\n";
const std::string kH2 = std::string{h2::kPreface} + h2::frame_header(h2::Type::kSettings, 0, 0, 0) +
                        h2::frame_header(h2::Type::kHeaders, h2::kEndHeaders, 1, 1) + "\x82";
const std::string kH2Head = std::string{h2::kPreface} +
                            h2::frame_header(h2::Type::kHeaders, h2::kEndHeaders, 1, 6) +
                            "\x42\x04HEAD";

std::string asking(std::string_view field) {
  return fmt::format("GET /a HTTP/1.1\r\nHost: origin.example\r\n{}\r\n\r\n", field);
}

TEST(Answers, OfAClassAreOfOneLengthWhateverIsAsked) {
  const Answers answers = render(kTexts);
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact, SizeClass::kTiny}) {
    for (const std::string& request :
         {std::string{kGet}, std::string{"HEAD / HTTP/1.1\r\n\r\n"}, kProbe,
          "HEAD" + kProbe.substr(3), asking("Accept: application/json"),
          "HEAD" + asking("Accept: application/json").substr(3), kH2, kH2Head,
          std::string{h2::kPreface}, std::string{"PRI "}, std::string{"\x16\x03\x01"},
          asking("Accept-Language: ar"), asking("Accept-Language: zh")}) {
      const std::string answer = write(answers, size, request);
      EXPECT_EQ(answer.size(), answer_bytes(size));
      EXPECT_TRUE(request.starts_with("PRI") || answer.starts_with("HTTP/1.1 ")) << request;
    }
  }
}

TEST(Answers, AreProblemJsonForWhoPrefersIt) {
  const Answers answers = render(texts("http://192.0.2.10/login?a=1&b=2", "Tom \"\\\" & Co"));
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact}) {
    const std::string answer = write(answers, size, asking("Accept: application/problem+json"));
    EXPECT_TRUE(
        answer.starts_with("HTTP/1.1 511 Network Authentication Required\r\n"
                           "Content-Type: application/problem+json\r\n"
                           "Cache-Control: no-store\r\nConnection: close\r\n"));
    EXPECT_EQ(body_of(answer).size(), content_length(answer));
    std::smatch found;
    const std::string body = body_of(answer);
    ASSERT_TRUE(std::regex_match(
        body, found,
        std::regex{
            "\\{\"status\":511,\"title\":\"Network Authentication Required\",\"detail\":\"(.*)"
            "\",\"user-portal-url\":\"http://192\\.0\\.2\\.10/login\\?a=1&b=2&t="
            "([-_A-Za-z0-9]{67})\"\\}\\n *"}))
        << body;
    expect_valid(found[2].str(), kSecret, "");
    const std::string said = "The network that you are on, not the site, asks you to log in.";
    EXPECT_EQ(found[1], size == SizeClass::kFull ? "Tom \\\"\\\\\\\" & Co: " + said : said);
  }
  EXPECT_TRUE(write(answers, SizeClass::kTiny, asking("Accept: application/json"))
                  .starts_with("HTTP/1.1 511 "));
}

TEST(Answers, RedirectAProbeToThePortalWithoutAReturnUrl) {
  const Answers answers = render(kTexts);
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact}) {
    const std::string get = write(answers, size, kProbe);
    std::smatch found;
    ASSERT_TRUE(std::regex_search(
        get, found,
        std::regex{
            "^HTTP/1\\.1 302 Found\r\nLocation: http://192\\.0\\.2\\.10/login\\?t="
            "([-_A-Za-z0-9]{67})\r\nContent-Type: text/html; charset=utf-8\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\nContent-Length: \\d{3}\r\n\r\n"}))
        << get;
    expect_valid(found[1].str(), kSecret, "");
    EXPECT_EQ(body_of(get).size(), content_length(get));
    const std::string head = write(answers, size, "HEAD" + kProbe.substr(3));
    EXPECT_TRUE(head.starts_with(head_of(get) + "\r\nX-Padding: ."));
    EXPECT_EQ(body_of(head), "");
  }
  EXPECT_TRUE(write(answers, SizeClass::kTiny, kProbe).starts_with("HTTP/1.1 511 "));
  for (const char* method : {"POST", "OPTIONS", "PUT"})
    EXPECT_TRUE(
        write(answers, SizeClass::kFull, method + kProbe.substr(3)).starts_with("HTTP/1.1 511 "));
}

TEST(Answers, SpeakTheClientsLanguage) {
  const Answers answers = render(kTexts);
  for (const LanguageInfo& one : kLanguages) {
    for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact}) {
      const std::string page =
          write(answers, size, asking(fmt::format("Accept-Language: nl, {}-XX;q=0.9", one.code)));
      EXPECT_NE(page.find(fmt::format("<html lang=\"{}\"{}>", one.code,
                                      one.right_to_left ? " dir=\"rtl\"" : "")),
                page.npos);
      EXPECT_NE(page.find(fmt::format("<p>{}</p>", one.sentence)), page.npos);
      const std::string problem =
          write(answers, size,
                asking(fmt::format("Accept: application/json\r\nAccept-Language: {}", one.code)));
      EXPECT_NE(problem.find(one.sentence), problem.npos);
    }
  }
}

TEST(Answers, SpeakTheOperatorsLanguageToWhoNamesNone) {
  AnswerTexts own = kTexts;
  own.language = Language::kFrench;
  own.sentences[static_cast<std::size_t>(Language::kFrench)] = "Bonjour <b>";
  const Answers answers = render(own);
  EXPECT_NE(write(answers, SizeClass::kFull, kGet).find("<p>Bonjour &lt;b&gt;</p>"),
            std::string::npos);
  EXPECT_NE(
      write(answers, SizeClass::kFull, asking("Accept-Language: en")).find("<html lang=\"en\">"),
      std::string::npos);
}

TEST(Answers, ToHttp2AreFramesThatFillTheirClass) {
  const Answers answers = render(kTexts);
  struct Frame {
    unsigned type, flags, stream;
    std::string payload;
  };
  const auto frames = [](const std::string& answer) {
    std::vector<Frame> found;
    const test::Bytes raw = bytes(answer);
    std::size_t at = 0;
    while (at + 9 <= raw.size()) {
      const std::size_t length = net::load_be32(raw, at) >> 8;
      found.push_back({net::load_u8(raw, at + 3), net::load_u8(raw, at + 4),
                       net::load_be32(raw, at + 5), answer.substr(at + 9, length)});
      at += 9 + length;
    }
    EXPECT_EQ(at, raw.size()) << "frames end where the answer does";
    return found;
  };
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact}) {
    const auto found = frames(write(answers, size, kH2));
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[0].type, 4U);
    EXPECT_TRUE(found[0].payload.empty());
    EXPECT_EQ(found[1].type, 1U);
    EXPECT_EQ(found[1].flags, 4U) << "END_HEADERS";
    EXPECT_EQ(found[1].stream, 1U);
    EXPECT_TRUE(
        found[1].payload.starts_with("\x08\x03"
                                     "511"));
    EXPECT_EQ(found[2].type, 0U);
    EXPECT_EQ(found[2].flags, 1U) << "END_STREAM";
    EXPECT_NE(found[1].payload.find(std::to_string(found[2].payload.size())), std::string::npos);
    std::smatch token;
    ASSERT_TRUE(
        std::regex_search(found[2].payload, token, std::regex{"login\\?t=([-_A-Za-z0-9]{67})\""}));
    expect_valid(token[1].str(), kSecret, "");
    EXPECT_EQ(found[3].type, 7U);
    EXPECT_EQ(found[3].payload, std::string("\0\0\0\1\0\0\0\0", 8)) << "stream 1, NO_ERROR";
  }
  for (const auto& [request, size] : {std::pair{kH2Head, SizeClass::kFull},
                                      {kH2Head, SizeClass::kCompact},
                                      {kH2Head, SizeClass::kTiny},
                                      {kH2, SizeClass::kTiny}}) {
    const auto found = frames(write(answers, size, request));
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[1].flags, 5U) << "END_HEADERS, END_STREAM";
    EXPECT_EQ(found[2].type, 7U);
  }
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact, SizeClass::kTiny}) {
    const auto found = frames(write(answers, size, h2::kPreface));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].type, 4U);
    EXPECT_EQ(found[1].type, 7U);
    EXPECT_TRUE(found[1].payload.starts_with(std::string(8, '\0'))) << "no stream was seen";
  }
}

TEST(Answers, HaveTheBestStyleThatFits) {
  const auto page = [](const AnswerTexts& given) {
    return write(render(given), SizeClass::kFull, kGet);
  };
  EXPECT_NE(page(kTexts).find("background:#06c"), std::string::npos);
  EXPECT_NE(page(kTexts).find("color-scheme:light dark"), std::string::npos);
  const std::string plain = page(texts("http://192.0.2.10/login", std::string(100, 'n')));
  EXPECT_EQ(plain.find("background:#06c"), std::string::npos);
}

TEST(Answers, SayWhichLanguageIsOverItsBudget) {
  AnswerTexts own = kTexts;
  own.sentences[static_cast<std::size_t>(Language::kArabic)] = std::string(400, 's');
  EXPECT_EQ(
      error_of(own),
      "response.sentences.ar: the full page in Arabic is 105 bytes over its 1200; shorten the "
      "sentence, the network's name or portal.url");
}

}  // namespace
}  // namespace gate511::http
