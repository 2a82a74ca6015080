// SPDX-License-Identifier: BSD-3-Clause
#include "http/request.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/h2.hpp"
#include "http/preferences.hpp"

namespace gate511::http {
namespace {

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
  EXPECT_EQ(r.kind, Request::Kind::kGet);
  EXPECT_EQ(r.path(), "/a");
  EXPECT_EQ(r.user_agent, "x");
  EXPECT_EQ(r.target, "/a?b=c");
  EXPECT_EQ(r.host, "Origin.example");
  EXPECT_EQ(r.port, "8080");
}

TEST(Request, KnowsHeadFromItsFirstBytes) {
  EXPECT_TRUE(scan("HEAD / HTTP/1.1\r\n\r\n").is_head());
  EXPECT_TRUE(scan("HEAD ").is_head());
  EXPECT_FALSE(scan("HEAD").is_head());
  EXPECT_FALSE(scan("head / HTTP/1.1\r\n\r\n").is_head()) << "methods are case-sensitive";
  EXPECT_FALSE(scan("HEADER / HTTP/1.1\r\n\r\n").is_head());
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

// ---- fields ----

TEST(Request, ReadsWhatTheAnswerDependsOn) {
  const Request r = scan(
      "GET / HTTP/1.1\r\nAccept: application/json \r\nACCEPT-LANGUAGE:de\r\nuser-agent: A b/1\r\n"
      "Accept-Encoding: gzip\r\nAccept: text/html\r\n\r\n");
  EXPECT_EQ(r.accept, "application/json") << "the first of two";
  EXPECT_EQ(r.accept_language, "de");
  EXPECT_EQ(r.user_agent, "A b/1");
}

TEST(Request, TakesAFoldedFieldForNone) {
  const Request r =
      scan("GET / HTTP/1.1\r\nUser-Agent: a\r\n\tb\r\nAccept: x\r\n y\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(r.user_agent, "");
  EXPECT_EQ(r.accept, "");
  EXPECT_EQ(r.host, "a.example");
}

TEST(Request, ReadsWhatIsThereOfARequestThatIsCutShort) {
  const std::string whole =
      "GET /generate_204 HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\n\r\n";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const std::string part = whole.substr(0, size);
    const Request r = scan(part);
    EXPECT_EQ(r.kind, size >= 4 ? Request::Kind::kGet : Request::Kind::kOther);
    EXPECT_EQ(r.target, size >= whole.find("Host") ? "/generate_204" : "");
    EXPECT_EQ(r.host, size >= whole.find("User") ? "a.example" : "");
    EXPECT_EQ(r.user_agent, size >= whole.size() - 2 ? "x" : "");
  }
}

TEST(Request, LooksAtNoMoreThanItsBound) {
  const std::string get = "GET / HTTP/1.1\r\n";
  const auto behind = [&](std::size_t size) {
    const std::string text =
        get + "X: " + std::string(size - get.size() - 5, 'x') + "\r\nHost: a.example\r\n\r\n";
    return std::string{scan(text).host};
  };
  EXPECT_EQ(behind(1800), "a.example");
  EXPECT_EQ(behind(2048), "");
}

TEST(Request, KeepsUserInformationOutOfTheHost) {
  EXPECT_EQ(scan("GET http://user@a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n").host, "");
}

TEST(Request, PathEndsBeforeTheQuery) {
  EXPECT_EQ(scan("GET /a/b?c#d HTTP/1.1\r\n\r\n").path(), "/a/b");
  EXPECT_EQ(scan("GET /a#b?c HTTP/1.1\r\n\r\n").path(), "/a");
}

// ---- HTTP/2 ----

const std::string kPreface{h2::kPreface};
const std::string kSettings = h2::frame_header(h2::Type::kSettings, 0, 0, 6) + std::string(6, '\0');

std::string headers(const std::string& block, std::uint8_t flags = h2::kEndHeaders) {
  return h2::frame_header(h2::Type::kHeaders, flags, 1, block.size()) + block;
}

TEST(H2, KnowsThePrefaceFromItsFirstFourBytes) {
  for (std::size_t size = 4; size <= kPreface.size(); ++size)
    EXPECT_EQ(scan(kPreface.substr(0, size)).kind, Request::Kind::kH2Preface) << size;
  EXPECT_EQ(scan("PRI").kind, Request::Kind::kOther);
  EXPECT_EQ(scan("PRI * HTTP/1.1\r\n\r\n").kind, Request::Kind::kOther);
  EXPECT_EQ(scan(kPreface + kSettings).kind, Request::Kind::kH2) << "the request follows";
}

TEST(H2, FindsTheRequestOfStreamOne) {
  const std::string update = std::string("\0\0\4\x08\0\0\0\0\0", 9) + std::string(4, 'w');
  EXPECT_EQ(scan(kPreface + kSettings + update + headers("\x82\x84")).kind, Request::Kind::kH2);
  EXPECT_EQ(scan(kPreface + kSettings + headers("\x82\x84").substr(0, 10)).kind, Request::Kind::kH2)
      << "cut short";
  std::string other = headers("\x82");
  other[8] = 3;
  EXPECT_EQ(scan(kPreface + kSettings + other).kind, Request::Kind::kH2);
}

TEST(H2, KnowsARequestInASegmentOfItsOwn) {
  EXPECT_EQ(scan(headers("\x82\x84")).kind, Request::Kind::kH2);
  EXPECT_EQ(scan(headers("\x42\x04HEAD")).kind, Request::Kind::kH2Head);
  EXPECT_EQ(scan(kSettings).kind, Request::Kind::kOther);
  EXPECT_EQ(scan(kSettings + headers("\x82")).kind, Request::Kind::kOther);
}

TEST(H2, TellsHead) {
  for (const char* first : {"\x42", "\x02", "\x12"})
    EXPECT_EQ(scan(kPreface + headers(std::string{first} + "\x04HEAD\x84")).kind,
              Request::Kind::kH2Head);
  // Padding and priority in front of the block.
  const std::string padded = std::string("\2", 1) + std::string(5, 'p') + "\x42\x04HEAD" + "zz";
  EXPECT_EQ(scan(kPreface + headers(padded, 0x2c)).kind, Request::Kind::kH2Head);
  EXPECT_EQ(scan(kPreface + headers("\x42\x03PUT")).kind, Request::Kind::kH2);
  EXPECT_EQ(scan(kPreface + headers(std::string("\xff", 1), 0x0c)).kind, Request::Kind::kH2);
}

// ---- preferences ----

TEST(Preferences, PreferJsonWhereItIsNamedAndWeighsMore) {
  for (const char* json :
       {"application/json", "application/problem+json", "application/json, text/plain, */*",
        "text/html;q=0.5, application/json;q=0.6", "Application/JSON;charset=utf-8",
        "application/json;q=0.3,*/*;q=0.3", "text/*;q=0.2, application/json;q=0.2"})
    EXPECT_TRUE(prefers_json(json)) << json;
  for (const char* html :
       {"", "*/*", "text/html", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/json, text/html", "application/json;q=0", "application/json;q=0.1, */*",
        "application/json;q=2", "application/json;q=0.0001", "application/json;q=", "application/*",
        "application/json;q=0.5, text/*", "application/jsonx", "json", ";q=1", ",,,"})
    EXPECT_FALSE(prefers_json(html)) << html;
}

TEST(Preferences, LookAtWholeMembersOfALongField) {
  EXPECT_FALSE(prefers_json(std::string(300, 'x') + ",application/json"));
  EXPECT_FALSE(prefers_json("text/html;q=0.1," + std::string(230, ' ') + "application/json"));
  EXPECT_TRUE(prefers_json("application/json," + std::string(300, 'x')));
}

TEST(Preferences, ChooseTheLanguageThatWeighsMost) {
  const auto chosen = [](std::string_view field) {
    return info(preferred_language(field, Language::kSpanish)).code;
  };
  EXPECT_EQ(chosen(""), "es");
  EXPECT_EQ(chosen("de"), "de");
  EXPECT_EQ(chosen("DE-at"), "de");
  EXPECT_EQ(chosen("pt-BR,pt;q=0.9,en;q=0.8"), "pt");
  EXPECT_EQ(chosen("zh-Hans-CN"), "zh");
  EXPECT_EQ(chosen("en;q=0.2, ar;q=0.9, fr;q=0.9"), "ar") << "the first at the same weight";
  EXPECT_EQ(chosen("nl,sv;q=0.9"), "es") << "neither is spoken";
  EXPECT_EQ(chosen("nl, fr;q=0.1"), "fr");
  EXPECT_EQ(chosen("*"), "es");
  EXPECT_EQ(chosen("de;q=0.5, *;q=0.9"), "es");
  EXPECT_EQ(chosen("de;q=0"), "es");
  EXPECT_EQ(chosen("de;q=x, en;q=1.1, fr;q=0.01"), "fr");
  EXPECT_EQ(chosen("english"), "es");
}

}  // namespace
}  // namespace gate511::http
