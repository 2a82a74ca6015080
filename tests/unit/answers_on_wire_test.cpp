// SPDX-License-Identifier: BSD-3-Clause
//
// The answers, frame in and frame out: what each kind of request draws, in every family and behind
// every number of tags.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <regex>

#include "connection.hpp"
#include "http/h2.hpp"
#include "net/checksum.hpp"

namespace gate511::test {
namespace {

const std::string kStatus = "HTTP/1.1 511 Network Authentication Required\r\n";
const std::string kFields =
    "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nConnection: close\r\n"
    "Content-Length: ";
const std::string kMoreFields =
    "\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'"
    "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
const std::string kLink = "http://192.0.2.10/login?t=";
const std::string kToken = "[-_A-Za-z0-9]{67}";

std::string get(std::string_view host, std::string_view path, std::string_view fields = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", path, host, fields);
}
std::string head_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n\r\n"));
}
std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}
bool has(const std::string& text, const std::string& expression) {
  return std::regex_search(text, std::regex{expression});
}
bool is_redirect(const std::string& answer) {
  return has(answer, "^HTTP/1\\.1 302 Found\r\nLocation: http://192\\.0\\.2\\.10/login\\?t=" +
                         kToken + "\r\n") &&
         answer.find("&u=") == answer.npos;
}

class AnswersOnWire : public Connection {
 protected:
  void expect_511(const std::string& request) {
    for (const unsigned mss : {1440U, 536U, 88U})
      EXPECT_TRUE(answer_to(request, mss).starts_with(kStatus)) << request;
  }
};

INSTANTIATE_TEST_SUITE_P(Families, AnswersOnWire, testing::ValuesIn(kConnectionCases),
                         name_of_case);

TEST_P(AnswersOnWire, AFullPageHasItsFieldsAndLinks) {
  const std::string answer = answer_to(get("origin.example", "/a?b=c"));
  EXPECT_TRUE(answer.starts_with(kStatus + kFields));
  EXPECT_NE(answer.find(kMoreFields), answer.npos);
  const std::string body = body_of(answer);
  EXPECT_NE(head_of(answer).find(fmt::format("Content-Length: {}", body.size())), answer.npos);
  EXPECT_NE(body.find("<title>Example Wi-Fi"), body.npos);
  EXPECT_TRUE(has(body,
                  "<meta http-equiv=\"refresh\" content=\"0;url=http://192\\.0\\.2\\.10/login"
                  "\\?t=" +
                      kToken + "&amp;u=http%3A%2F%2Forigin\\.example%2Fa%3Fb%3Dc\">"));
  EXPECT_TRUE(has(body, "<a href=\"http://192\\.0\\.2\\.10/login\\?t=" + kToken + "\">"));
}

/// What a port does (DPDK, rte_mbuf_core.h, RTE_MBUF_F_TX_L4_MASK): it adds up the segment with
/// what stands in the checksum's place, the sum of the pseudo-header.
TEST_P(AnswersOnWire, ThatAPortSumsHaveThePseudoHeadersSumForIt) {
  for (const unsigned mss : {1440U, 536U, 88U}) {
    const std::uint32_t c = open(mss);
    const Bytes asked = segment(kPsh | kAck).seq(kS).ack(c + 1).data(get("a.example", "/")).build();
    gateway.pages_summed = responder::Summed::kByPort;
    Bytes reply = gateway.from_access(asked).reply;
    const net::Packet p = net::parse_packet(reply, net::parse_ethernet(reply));
    const std::size_t at = p.l4_offset + 16U, length = std::size_t{p.end} - p.l4_offset;
    EXPECT_EQ(net::load_be16(reply, at),
              net::fold(net::pseudo_header_sum(p.source, p.destination, p.protocol, length)));
    const std::uint64_t sum = net::sum(net::ByteView{reply}.subspan(p.l4_offset, length));
    net::store_be(net::ByteSpan{reply}, at, static_cast<std::uint16_t>(~net::fold(sum)));
    EXPECT_EQ(read_reply(asked, reply).text.substr(0, 12), "HTTP/1.1 511");
    EXPECT_EQ(gateway.reply_to(segment(kSyn)).packet.tcp_flags, kSyn | kAck) << "made here";
    gateway.pages_summed = responder::Summed::kHere;
  }
}

TEST_P(AnswersOnWire, ACompactPageHasFourFieldsAndOneLink) {
  const std::string answer = answer_to(get("origin.example", "/a"), 536);
  EXPECT_TRUE(answer.starts_with(kStatus + kFields));
  EXPECT_EQ(answer.find("Content-Security-Policy"), answer.npos);
  EXPECT_EQ(answer.find("&amp;u="), answer.npos);
  const std::size_t link = answer.find(kLink);
  ASSERT_NE(link, answer.npos);
  EXPECT_EQ(answer.find(kLink, link + 1), answer.npos);
}

TEST_P(AnswersOnWire, ATinyAnswerIsTheStatus) {
  EXPECT_EQ(answer_to(get("origin.example", "/"), 88),
            kStatus + "Connection: close\r\nContent-Length:   0\r\n\r\n");
}

TEST_P(AnswersOnWire, ToHeadAreTheSameFieldsWithFillerAndNoBody) {
  for (const unsigned mss : {1440U, 536U}) {
    const std::string page = answer_to("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n", mss);
    const std::string head = answer_to("HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n", mss);
    EXPECT_TRUE(head.starts_with(head_of(page) + "\r\nX-Padding: ."));
    EXPECT_EQ(body_of(head), "");
  }
}

TEST_P(AnswersOnWire, ArePlain511sToEveryOtherForm) {
  for (const char* request :
       {"OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nRange: bytes=0-9\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nIf-None-Match: *\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n", "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "GET /\r\n", "SSH-2.0-OpenSSH_9.2\r\n"})
    expect_511(request);
}

TEST_P(AnswersOnWire, CarryNothingOfAnOriginAndNoChallenge) {
  const std::string answer = answer_to(get("origin.example", "/"));
  for (const char* field :
       {"WWW-Authenticate", "Proxy-Authenticate", "Set-Cookie", "Strict-Transport-Security",
        "Alt-Svc", "Access-Control", "Retry-After", "ETag", "Server:", "Date:", "<form"})
    EXPECT_EQ(answer.find(field), answer.npos) << field;
}

TEST_P(AnswersOnWire, ReflectNothingButTheEncodedReturnUrl) {
  const std::string answer = answer_to(
      "GET /<script>\"' HTTP/1.1\r\nHost: a.example\r\nCookie: secret\r\nX: \x01\r\n\r\n");
  EXPECT_EQ(answer.find("<script>"), answer.npos);
  EXPECT_EQ(answer.find("secret"), answer.npos);
  for (const char* host : {"a.example\"><b>", "a_b.example", "a.example/b", ""}) {
    const std::string odd = answer_to(get(host, "/"));
    EXPECT_EQ(odd.find("&amp;u="), odd.npos) << "no plain host name: " << host;
  }
}

TEST_P(AnswersOnWire, LeaveAReturnUrlOutThatIsOver160Bytes) {
  const std::string origin = "http%3A%2F%2Fa.example%2F";
  const std::string fits(160 - origin.size(), 'p');
  EXPECT_NE(answer_to(get("a.example", "/" + fits)).find("&amp;u=" + origin + fits + "\""),
            std::string::npos);
  EXPECT_EQ(answer_to(get("a.example", "/" + fits + "p")).find("&amp;u="), std::string::npos);
}

TEST_P(AnswersOnWire, AreProblemJsonWhereAcceptPrefersIt) {
  for (const char* accept :
       {"application/json", "application/problem+json", "text/html;q=0.5, application/json"}) {
    for (const unsigned mss : {1440U, 536U}) {
      const std::string answer =
          answer_to(get("a.example", "/", fmt::format("Accept: {}\r\n", accept)), mss);
      EXPECT_TRUE(answer.starts_with(kStatus + "Content-Type: application/problem+json\r\n"));
      EXPECT_TRUE(has(body_of(answer),
                      "\"status\":511,\"title\":\"Network Authentication Required\",\"detail\":\".*"
                      "\"user-portal-url\":\"http://192\\.0\\.2\\.10/login\\?t=" +
                          kToken + "\""));
    }
  }
  for (const char* accept : {"*/*", "text/html,application/json;q=0.9", "application/jsonp"})
    EXPECT_TRUE(answer_to(get("a.example", "/", fmt::format("Accept: {}\r\n", accept)))
                    .starts_with(kStatus + "Content-Type: text/html"));
}

TEST_P(AnswersOnWire, ToHttp2AreItsFrames) {
  using http::h2::frame_header;
  using http::h2::Type;
  const std::string preface{http::h2::kPreface};
  const std::string settings = frame_header(Type::kSettings, 0, 0, 0);
  const std::string answer = answer_to(
      preface + settings + frame_header(Type::kHeaders, http::h2::kEndHeaders, 1, 1) + "\x82");
  EXPECT_TRUE(answer.starts_with(settings));
  EXPECT_EQ(answer[settings.size() + 3], 1) << "HEADERS";
  EXPECT_NE(answer.find("511"), answer.npos);
  EXPECT_TRUE(has(answer, "login\\?t=" + kToken + "\""));
  EXPECT_TRUE(answer.ends_with(std::string("\0\0\x08\7\0\0\0\0\0\0\0\0\1\0\0\0\0", 17)))
      << "GOAWAY, stream 1, no error";
  const std::string alone = answer_to(preface);
  EXPECT_TRUE(alone.starts_with(settings));
  EXPECT_EQ(alone[settings.size() + 3], 7) << "GOAWAY";
  EXPECT_EQ(alone.find("511"), alone.npos);
}

TEST_P(AnswersOnWire, RedirectEveryProbe) {
  struct Probe {
    const char *host, *path, *fields;
  };
  for (const Probe& probe : {
           Probe{"connectivitycheck.gstatic.com", "/generate_204",
                 "Connection: close\r\nUser-Agent: Dalvik/2.1.0 (Linux; U; Android 13)\r\n"},
           Probe{"www.gstatic.com", "/generate_204", ""},
           Probe{"clients3.google.com", "/generate_204", ""},
           Probe{"www.google.com", "/gen_204", ""},
           Probe{"connectivitycheck.android.com", "/generate_204", ""},
           Probe{"CONNECTIVITYCHECK.gstatic.com.:80", "/generate_204?a=1", ""},
           Probe{"connectivitycheck.platform.example", "/check", ""},
           Probe{"captive.apple.com", "/hotspot-detect.html", ""},
           Probe{"www.apple.com", "/library/test/success.html", ""},
           Probe{"www.thinkdifferent.us", "/library/test/success.html", ""},
           Probe{"a.example", "/x", "User-Agent: CaptiveNetworkSupport-443.120.2 wispr\r\n"},
           Probe{"www.msftconnecttest.com", "/connecttest.txt", "User-Agent: Microsoft NCSI\r\n"},
           Probe{"ipv6.msftconnecttest.com", "/connecttest.txt", ""},
           Probe{"www.msftncsi.com", "/ncsi.txt", ""},
           Probe{"ipv4.connman.net", "/online/status.html", ""},
           Probe{"spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", ""},
           Probe{"www.amazon.com", "/kindle-wifi/wifiredirect.html", ""},
           Probe{"ctest.cdn.nintendo.net", "/", ""},
       }) {
    for (const unsigned mss : {1440U, 536U}) {
      const std::string request = get(probe.host, probe.path, probe.fields);
      EXPECT_TRUE(is_redirect(answer_to(request, mss))) << request;
      EXPECT_TRUE(is_redirect(answer_to("HEAD" + request.substr(3), mss))) << request;
    }
    EXPECT_TRUE(answer_to("POST" + get(probe.host, probe.path).substr(3)).starts_with(kStatus));
  }
}

TEST_P(AnswersOnWire, Are511sToWhatLooksLikeAProbeAndToWhoKnowsThem) {
  for (const auto& [host, path] :
       {std::pair{"detectportal.firefox.com", "/canonical.html"},
        std::pair{"detectportal.firefox.com", "/success.txt?ipv4"},
        std::pair{"network-test.debian.org", "/nm"},
        std::pair{"nmcheck.gnome.org", "/check_network_status.txt"},
        std::pair{"name.example", "/generate_204"}, std::pair{"www.gstatic.com", "/generate_2040"},
        std::pair{"www.gstatic.com", "/x/generate_204"},
        std::pair{"captive.apple.com.evil.example", "/hotspot-detect.html"},
        std::pair{"evilcaptive.apple.com.example", "/"},
        std::pair{"evilgstatic.com", "/generate_204"},
        std::pair{"msftconnecttest.com.example", "/connecttest.txt"},
        std::pair{"connman.net.example", "/online/status.html"}})
    EXPECT_TRUE(answer_to(get(host, path)).starts_with(kStatus)) << host;
  EXPECT_TRUE(answer_to(get("a.example", "/", "User-Agent: not CaptiveNetworkSupport\r\n"))
                  .starts_with(kStatus));
}

TEST_P(AnswersOnWire, OfALanguageAreInIt) {
  for (const auto& [accepted, tag] :
       {std::pair{"de-CH, de;q=0.9", "<html lang=\"de\">"},
        std::pair{"ar", "<html lang=\"ar\" dir=\"rtl\">"}, std::pair{"zh-CN", "<html lang=\"zh\">"},
        std::pair{"nl", "<html lang=\"en\">"}})
    EXPECT_NE(answer_to(get("a.example", "/", fmt::format("Accept-Language: {}\r\n", accepted)))
                  .find(tag),
              std::string::npos)
        << accepted;
}

TEST_P(AnswersOnWire, AreCountedByKindAndSizeAndProbesByRule) {
  const std::string settings = http::h2::frame_header(http::h2::Type::kSettings, 0, 0, 0);
  answer_to(get("a.example", "/"));
  answer_to(get("a.example", "/"), 536);
  answer_to(get("www.gstatic.com", "/generate_204"), 88);
  answer_to("HEAD / HTTP/1.1\r\n\r\n");
  answer_to(get("a.example", "/", "Accept: application/json\r\n"));
  answer_to(get("www.gstatic.com", "/generate_204"));
  answer_to("HEAD" + get("www.gstatic.com", "/generate_204").substr(3), 536);
  answer_to(get("captive.apple.com", "/"));
  answer_to(std::string{http::h2::kPreface} + settings);
  answer_to(std::string{http::h2::kPreface});
  const http::AnswerCounts counts = gateway.pipeline.answers().read();
  const auto of = [&](http::AnswerKind kind) {
    return counts.answers[static_cast<std::size_t>(kind)];
  };
  using Sizes = std::array<std::uint64_t, http::kSizeClasses>;
  EXPECT_EQ(of(http::AnswerKind::kPage), (Sizes{1, 1, 1}));
  EXPECT_EQ(of(http::AnswerKind::kProblem), (Sizes{1, 0, 0}));
  EXPECT_EQ(of(http::AnswerKind::kRedirect), (Sizes{2, 1, 0}));
  EXPECT_EQ(of(http::AnswerKind::kH2), (Sizes{1, 0, 0}));
  EXPECT_EQ(of(http::AnswerKind::kH2Preface), (Sizes{1, 0, 0}));
  EXPECT_EQ(counts.answers[http::kHeadAnswer], (Sizes{1, 0, 0}));
  EXPECT_EQ(counts.probes[http::ProbeNumbers::of("google")], 2U);
  EXPECT_EQ(counts.probes[http::ProbeNumbers::of("apple")], 1U);
}

}  // namespace
}  // namespace gate511::test
