// SPDX-License-Identifier: BSD-3-Clause
//
// What the portal does with bytes from the network: framing, forms, cookies, return URLs, seals,
// limits.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "portal/guest/method.hpp"
#include "portal/guest/pages.hpp"
#include "portal/texts.hpp"
#include "portal/web/form.hpp"
#include "portal/web/limiter.hpp"
#include "portal/web/return_url.hpp"
#include "portal/web/seal.hpp"
#include "portal/web/text.hpp"
#include "web/app.hpp"
#include "web/framing.hpp"
#include "web/server.hpp"

namespace gate511::portal {
namespace {

using State = web::Framing::State;

// ---- framing ----

TEST(PortalFraming, ARequestIsWholeAtItsLastByteAndNotBefore) {
  const std::string request =
      "POST /login HTTP/1.1\r\nHost: portal.example\r\nContent-Length: 5\r\n\r\na=b&c";
  for (std::size_t size = 0; size < request.size(); ++size)
    EXPECT_EQ(web::frame_request(request.substr(0, size)).state, State::kMore) << size;
  const web::Framing whole = web::frame_request(request + "GET ");
  EXPECT_EQ(whole.state, State::kWhole);
  EXPECT_EQ(whole.bytes, request.size());
}

TEST(PortalFraming, ClosesWhereTheClientWantsTo) {
  const auto closes = [](const std::string& fields, const std::string& version = "1.1") {
    const web::Framing framing =
        web::frame_request("GET / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n");
    EXPECT_EQ(framing.state, State::kWhole);
    return framing.closes;
  };
  EXPECT_TRUE(closes("Connection: close\r\n"));
  EXPECT_TRUE(closes("CONNECTION: CLOSE\r\n"));
  EXPECT_TRUE(closes("Connection: foo ,\tClose\r\n"));
  EXPECT_TRUE(closes("Connection: foo\r\nConnection: close\r\n"));
  EXPECT_TRUE(closes("", "1.0"));
  EXPECT_FALSE(closes(""));
  EXPECT_FALSE(closes("Connection: keep-alive, closed,,\r\n"));
}

struct Refusal {
  std::string_view input;
  int status;
};

class PortalFramingRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(PortalFramingRefuses, With) {
  const web::Framing framing = web::frame_request(GetParam().input);
  EXPECT_EQ(framing.state, State::kRefused) << GetParam().input;
  EXPECT_EQ(framing.status, GetParam().status) << GetParam().input;
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, PortalFramingRefuses,
    testing::Values(
        Refusal{"\x16\x03\x01", 400}, Refusal{"GET / HTTP/1.1\r\n\r\n", 400},
        Refusal{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        Refusal{"GET / FTP/1.1\r\nHost: a\r\n\r\n", 400},
        Refusal{"PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        Refusal{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Refusal{"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Refusal{"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Refusal{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        Refusal{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        Refusal{"GET / HTTP/1.1\r\nHost: a\r\n continued\r\n\r\n", 400},
        Refusal{"GET / HTTP/1.1\r\nHost: a\nb: c\r\n\r\n", 400},
        Refusal{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", 400},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\n\r\n", 411},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
                400},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8193\r\n\r\n", 413},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Encoding: gzip\r\n\r\n",
                415},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
                417}));

TEST(PortalFraming, HeadsAreBounded) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(web::frame_request(begin + "X: " + std::string(web::kMaxHead, 'x')).status, 431);
  std::string fields;
  for (std::size_t i = 0; i < web::kMaxFields; ++i) fields += "X: y\r\n";
  EXPECT_EQ(web::frame_request(begin + fields + "\r\n").status, 431);
  EXPECT_EQ(web::frame_request("GET /" + std::string(web::kMaxTarget, 'x') +
                               " HTTP/1.1\r\nHost: a\r\n\r\n")
                .status,
            414);
}

// ---- the library that answers ----

TEST(PortalApp, AnswersCarryWhatKeepsThemFromFramesAndOtherSites) {
  web::App app;
  app.Get("/page", [](const web::App::Request& request, web::App::Response& response) {
    response.set_content(request.remote_addr + (web::is_tls(request) ? " by TLS" : " plain"),
                         "text/plain");
  });
  const web::Answer answer = app.answer(
      "GET /page HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\nX-Gate511-Scheme: "
      "http\r\n\r\n",
      {"192.0.2.7", true}, false);
  EXPECT_FALSE(answer.closes);
  EXPECT_TRUE(answer.bytes.starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(answer.bytes.ends_with("192.0.2.7 by TLS")) << answer.bytes;
  for (const char* const field :
       {"Content-Security-Policy: default-src 'none'", "X-Frame-Options: DENY",
        "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer"})
    EXPECT_NE(answer.bytes.find(field), std::string::npos) << field;
  EXPECT_EQ(answer.bytes.find("Content-Encoding"), std::string::npos);
}

TEST(PortalApp, ClosesWhereItIsTold) {
  web::App app;
  const std::string request = "GET /none HTTP/1.1\r\nHost: a\r\n\r\n";
  const web::Answer last = app.answer(request, {"192.0.2.7", false}, true);
  EXPECT_TRUE(last.closes);
  EXPECT_NE(last.bytes.find("\r\nConnection: close\r\n"), std::string::npos);
  const web::Answer answer = app.answer(request, {"192.0.2.7", false}, false);
  EXPECT_FALSE(answer.closes);
  EXPECT_NE(answer.bytes.find("\r\nKeep-Alive: timeout=10, max=100\r\n"), std::string::npos);
}

TEST(PortalApp, FilesAreSentFromOneCopy) {
  web::App app;
  const std::string content = "body { margin: 0 }";
  app.add_file("/style.css", "text/css", content);
  const auto got = app.file_answer("GET /style.css?v=2 HTTP/1.1\r\nHost: a\r\n\r\n", false);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->file.data(), content.data());
  EXPECT_EQ(got->file, content);
  EXPECT_FALSE(got->closes);
  EXPECT_TRUE(got->bytes.starts_with(
      "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=10, max=100\r\nContent-Type: text/css\r\n"
      "Content-Length: 18\r\nCache-Control: public, max-age=300\r\nContent-Security-Policy: "));
  EXPECT_TRUE(got->bytes.ends_with("\r\n\r\n"));
  const auto head = app.file_answer("HEAD /style.css HTTP/1.1\r\nHost: a\r\n\r\n", true);
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->closes);
  EXPECT_TRUE(head->file.empty());
  EXPECT_NE(head->bytes.find("\r\nContent-Length: 18\r\n"), std::string::npos);
  EXPECT_TRUE(head->bytes.starts_with("HTTP/1.1 200 OK\r\nConnection: close\r\n"));
  for (const char* const other : {"POST /style.css HTTP/1.1\r\n\r\n", "GET /style HTTP/1.1\r\n\r\n",
                                  "GET /style.css/ HTTP/1.1\r\n\r\n", "GET", ""})
    EXPECT_FALSE(app.file_answer(other, false)) << other;
}

TEST(PortalServer, AnIpv6ClientIsCountedByItsNetworkToo) {
  EXPECT_EQ(web::network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(web::network_of("2001:db8:1:2::"), web::network_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(web::network_of("2001:db8:1:2::1"), web::network_of("2001:db8:1:3::1"));
  EXPECT_EQ(web::network_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(web::network_of(""), "");
}

// ---- forms, cookies, queries ----

TEST(PortalForm, IsReadAsBrowsersSendIt) {
  const auto form = Form::read("code=7KQ2M-X4D9R&user=Zo%C3%AB+Lind&empty=");
  ASSERT_TRUE(form);
  EXPECT_EQ((*form)["code"], "7KQ2M-X4D9R");
  EXPECT_EQ((*form)["user"], "Zo\u00eb Lind");
  EXPECT_EQ((*form)["empty"], "");
  EXPECT_EQ((*form)["missing"], "");
  EXPECT_TRUE(Form::read(""));
}

TEST(PortalForm, IsNoneWhereBytesAreNotABrowsers) {
  for (const char* const body : {"a=%", "a=%4", "a=%zz", "a=1&a=2", "a=%00", "a=%0a", "a=%ff", "=x",
                                 "a=%ed%a0%80", "a=%c0%af", "&&", "a=%7f", "a=%c2%85"})
    EXPECT_FALSE(Form::read(body)) << body;
  EXPECT_FALSE(Form::read("a=" + std::string(Form::kMaxValue + 1, 'x')));
  std::string many;
  for (std::size_t i = 0; i <= Form::kMaxFields; ++i) many += "f" + std::to_string(i) + "=&";
  EXPECT_FALSE(Form::read(many));
}

TEST(PortalCookie, IsFoundByItsWholeNameAndOnce) {
  EXPECT_EQ(cookie("a=1; gate511=x; b=2", "gate511"), "x");
  EXPECT_EQ(cookie("xgate511=y", "gate511"), "");
  EXPECT_EQ(cookie("gate511=x; gate511=y", "gate511"), "");
  EXPECT_EQ(cookie("gate511", "gate511"), "");
  EXPECT_EQ(cookie("gate511=" + std::string(2000, 'x'), "gate511"), "");
}

TEST(PortalText, ParametersAreNotDecodedAndStandOnce) {
  EXPECT_EQ(raw_parameter("t=a&u=http%3A", "u"), "http%3A");
  EXPECT_EQ(raw_parameter("t=a&t=b", "t"), std::nullopt);
  EXPECT_EQ(raw_parameter("xt=a", "t"), std::nullopt);
}

TEST(PortalText, WhatIsShownIsEscaped) {
  EXPECT_EQ(escape_html("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  EXPECT_EQ(for_log("a\nb\x1b[31m\xc3\xa4"), "a?b?[31m??");
}

TEST(PortalText, Base64urlThereAndBack) {
  for (const std::string_view bytes : {"", "f", "fo", "foo", "\xff\xfe\xfd\xfc"}) {
    const auto back = from_base64url(base64url(bytes));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, bytes);
  }
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  EXPECT_FALSE(from_base64url("-_9"));  // bits that belong to no byte
  EXPECT_FALSE(from_base64url("a"));
  EXPECT_FALSE(from_base64url("ab=="));
}

// ---- where a guest is led ----

TEST(PortalReturnUrl, LeadsToSitesAlone) {
  for (const char* const url : {"http://origin.example/", "https://origin.example:8443/a?b=c#d",
                                "http://192.0.2.1", "http://[2001:db8::1]:80/", "http://a/%22"})
    EXPECT_TRUE(is_safe_return(url, "portal.example")) << url;
  for (const char* const url : {"",
                                "/welcome",
                                "//evil.example/",
                                "javascript:alert(1)",
                                "data:text/html,x",
                                "ftp://a/",
                                "http://",
                                "http://user@evil.example/",
                                "http://good.example\\@evil.example/",
                                "http://a b/",
                                "http://a/\"x",
                                "http://a/<x>",
                                "http://portal.example/logout",
                                "https://PORTAL.example",
                                "http://a:99999999/",
                                "http://a:b/",
                                "http://[::1/",
                                "http://a%2f/",
                                "http:///x",
                                "http://a/\r\nSet-Cookie: x=y",
                                "HTTP//a"})
    EXPECT_FALSE(is_safe_return(url, "portal.example")) << url;
}

TEST(PortalReturnUrl, OnlyPlainHttpRenewsALink) {
  EXPECT_TRUE(is_plain_http("http://origin.example/x"));
  EXPECT_TRUE(is_plain_http("http://origin.example:80/x"));
  EXPECT_FALSE(is_plain_http("http://origin.example:8080/x"));
  EXPECT_FALSE(is_plain_http("https://origin.example/"));
}

// ---- seals ----

TEST(PortalSeal, OpensWhatItSealedForThatPurposeAlone) {
  const Seal seal{{std::string(32, 'a')}};
  const std::string sealed = seal.seal("login", "text");
  EXPECT_EQ(seal.open("login", sealed), "text");
  EXPECT_EQ(seal.open("log out", sealed), std::nullopt);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(seal.open("login", changed), std::nullopt) << i;
  }
  EXPECT_EQ(seal.open("login", ""), std::nullopt);
  EXPECT_EQ(seal.open("login", "."), std::nullopt);
}

TEST(PortalSeal, KnowsTheKeyBeforeToo) {
  const Seal before{{std::string(32, 'a')}};
  const Seal after{{std::string(32, 'b'), std::string(32, 'a')}};
  EXPECT_EQ(after.open("login", before.seal("login", "text")), "text");
  EXPECT_EQ(before.open("login", after.seal("login", "text")), std::nullopt);
}

// ---- guesses ----

TEST(PortalLimiter, LetsSoManyFailAndThenWaits) {
  Limiter limiter{{3, 100, std::chrono::seconds{600}}};
  const Limiter::Clock::time_point now{};
  EXPECT_FALSE(limiter.failed("a", now));
  EXPECT_FALSE(limiter.failed("a", now));
  EXPECT_EQ(limiter.wait("a", now).count(), 0);
  EXPECT_TRUE(limiter.failed("a", now));
  EXPECT_EQ(limiter.wait("a", now + std::chrono::seconds{100}).count(), 500);
  EXPECT_EQ(limiter.wait("b", now).count(), 0);
  EXPECT_EQ(limiter.wait("a", now + std::chrono::seconds{600}).count(), 0);
}

TEST(PortalLimiter, TheSumOfAllHoldsUpThoseWhoHaveFailed) {
  Limiter limiter{{3, 3, std::chrono::seconds{60}}};
  const Limiter::Clock::time_point now{};
  limiter.failed("a", now);
  limiter.failed("a", now);
  EXPECT_EQ(limiter.wait("a", now).count(), 0);
  limiter.failed("b", now);
  EXPECT_EQ(limiter.wait("a", now).count(), 60);
  EXPECT_EQ(limiter.wait("b", now).count(), 60);
  EXPECT_EQ(limiter.wait("c", now).count(), 0);
}

TEST(PortalLimiter, MemoryIsBounded) {
  Limiter limiter{{1, 1'000'000, std::chrono::seconds{60}}};
  const Limiter::Clock::time_point now{};
  for (int i = 0; i < 10'000; ++i) limiter.failed(std::to_string(i), now);
  EXPECT_EQ(limiter.keys(), Limiter::kMaxKeys);
  EXPECT_GT(limiter.wait("9999", now).count(), 0);
}

// ---- languages ----

TEST(PortalTexts, EveryLanguageSaysTheSame) {
  const Texts texts;
  for (std::size_t i = 1; i < kLanguageCodes.size(); ++i) {
    const auto& these = texts.of(static_cast<Language>(i));
    for (const auto& [key, text] : texts.of(Language::kEnglish)) {
      const auto found = these.find(key);
      ASSERT_NE(found, these.end()) << kLanguageCodes.at(i) << " " << key;
      EXPECT_FALSE(found->second.empty());
      for (const char* const place : {"{host}", "{time}", "{network}", "{days}", "{n}"}) {
        EXPECT_EQ(text.find(place) == text.npos, found->second.find(place) == text.npos)
            << kLanguageCodes.at(i) << " " << key << " " << place;
      }
    }
    EXPECT_EQ(these.size(), texts.of(Language::kEnglish).size());
  }
}

/// The one method of a site, shown after a refusal.
std::string refused_page(const std::string& method, const Refused& refused) {
  Config config;
  config.methods = {method};
  config.trail_days = 7;
  config.voucher_days = 9;
  config.terms_plan = "day";
  config.plans.push_back({.name = "day", .session_class = {}});
  const std::string path = ":memory:";
  PortalFile file{path};
  Vouchers vouchers{file};
  Users users{file};
  Log log;
  const Texts texts;
  const auto methods = make_methods(config, vouchers, users, "", log);
  return Pages{config, texts, false, false}.login(Language::kEnglish, methods, "ticket", refused);
}

bool has(const std::string& page, std::string_view text) {
  return page.find(text) != page.npos;
}

TEST(PortalPages, ARefusalIsToldAtItsField) {
  const std::string page = refused_page("password", {"It is wrong.", "password", "ann\"<"});
  EXPECT_TRUE(has(page, "<title>Error: Log in")) << page;
  EXPECT_TRUE(has(page, "<h1>Log in</h1>")) << page;
  EXPECT_TRUE(has(page, "id=\"problem\" role=\"alert\">It is wrong.")) << page;
  EXPECT_TRUE(has(page,
                  "value=\"ann&quot;&lt;\" aria-describedby=\"problem\" aria-invalid=\"true\" "
                  "autofocus>"))
      << page;
  const std::string voucher = refused_page("voucher", {"It is wrong.", "voucher", "ABC-123"});
  EXPECT_TRUE(has(voucher, "aria-describedby=\"problem code-hint\"")) << voucher;
  EXPECT_TRUE(has(voucher, "value=\"ABC-123\" aria-invalid=\"true\"")) << voucher;
}

TEST(PortalPages, WhatIsNotRefusedHasNoError) {
  for (const char* method : {"password", "voucher", "terms"}) {
    const std::string page = refused_page(method, {});
    EXPECT_TRUE(has(page, "<title>Log in")) << page;
    EXPECT_FALSE(has(page, "aria-invalid")) << page;
    EXPECT_FALSE(has(page, "problem")) << page;
    EXPECT_FALSE(has(page, "autofocus")) << page;
  }
}

TEST(PortalPages, TheTermsHaveRoleAndName) {
  EXPECT_TRUE(has(refused_page("terms", {}), "role=\"region\" aria-label=\"Terms of use\""));
}

TEST(PortalPages, WhatIsKeptIsSaid) {
  EXPECT_TRUE(has(refused_page("terms", {}), "address for 7 d."));
  EXPECT_FALSE(has(refused_page("terms", {}), "With a voucher"));
  const std::string page = refused_page("voucher", {});
  EXPECT_TRUE(has(page, "your user name or the number of your voucher")) << page;
  EXPECT_TRUE(has(page, "also kept for 9 d after the voucher ends")) << page;
  const Texts texts;
  for (std::size_t i = 0; i < kLanguageCodes.size(); ++i) {
    for (const char* key : {"privacy", "privacy_voucher"})
      EXPECT_TRUE(has(texts(static_cast<Language>(i), key), "{days}")) << kLanguageCodes[i];
  }
}

TEST(PortalTexts, TheBrowserChoosesAmongThem) {
  const auto chosen = [](std::string_view field) {
    return code_of(choose_language(field, Language::kFrench));
  };
  EXPECT_EQ(chosen("de-AT,de;q=0.9,en;q=0.8"), "de");
  EXPECT_EQ(chosen("nl, en;q=0.4, ar;q=0.7"), "ar");
  EXPECT_EQ(chosen("ZH-Hans"), "zh");
  EXPECT_EQ(chosen("nl"), "fr");
  EXPECT_EQ(chosen("en;q=0"), "fr");
  EXPECT_EQ(chosen(""), "fr");
  EXPECT_EQ(chosen(";;;,q=,en;q=x"), "fr");
}

TEST(PortalTexts, TimesAndSizesAsPeopleReadThem) {
  const Texts texts;
  EXPECT_EQ(texts.duration(Language::kEnglish, 59), "1 min");
  EXPECT_EQ(texts.duration(Language::kEnglish, 7'500), "2 h 5 min");
  EXPECT_EQ(texts.duration(Language::kGerman, 90'000), "1 T. 1 Std.");
  EXPECT_EQ(Texts::size(0), "0 B");
  EXPECT_EQ(Texts::size(1'500), "1.5 kB");
  EXPECT_EQ(Texts::size(999'991'393), "1.0 GB");
}

}  // namespace
}  // namespace gate511::portal
