// SPDX-License-Identifier: BSD-3-Clause
#include "http/probes.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gate511::http {
namespace {

ProbeRules compiled(std::string_view text) {
  auto rules = read_probe_rules(text, "list");
  if (!rules) throw std::runtime_error{rules.error().text()};
  auto made = ProbeRules::compile(*rules);
  if (!made) throw std::runtime_error{made.error().text()};
  return std::move(*made);
}

/// Rules and what is needed to ask them.
struct Asker {
  ProbeRules rules;
  Patterns::Scratch scratch;
  explicit Asker(std::string_view text = kDefaultProbes) : rules{compiled(text)} {
    EXPECT_TRUE(rules.fit(scratch));
  }
  [[nodiscard]] std::string ask(std::string_view url, std::string_view agent = "x",
                                std::string_view method = "GET") const {
    const std::size_t path = url.find('/');
    const std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\n\r\n",
                                            method, url.substr(path), url.substr(0, path), agent);
    const Request scanned = scan_request(net::as_bytes(request));
    const auto hit = rules.match(scanned, scratch);
    EXPECT_TRUE(!hit || rules.may_match(scanned)) << "the cheap test rules out no probe";
    return hit ? rules.names()[*hit] : "";
  }
};

TEST(Probes, KnowTheRealOnes) {
  const Asker asker;
  for (const auto& [url, name] : std::vector<std::pair<const char*, const char*>>{
           {"connectivitycheck.gstatic.com/generate_204", "google"},
           {"www.gstatic.com/generate_204", "google"},
           {"www.google.com/gen_204", "google"},
           {"clients3.google.com/generate_204", "google"},
           {"google.com/generate_204", "google"},
           {"connectivitycheck.android.com/generate_204", "google"},
           {"play.googleapis.com/generate_204", "google"},
           {"connectivitycheck.platform.hicloud.com/generate_204", "google"},
           {"captive.apple.com/hotspot-detect.html", "apple"},
           {"captive.apple.com/", "apple"},
           {"www.apple.com/library/test/success.html", "apple"},
           {"www.ibook.info/library/test/success.html", "apple"},
           {"www.msftconnecttest.com/connecttest.txt", "windows"},
           {"ipv6.msftconnecttest.com/redirect", "windows"},
           {"www.msftncsi.com/ncsi.txt", "windows"},
           {"ipv4.connman.net/online/status.html", "connman"},
           {"spectrum.s3.amazonaws.com/kindle-wifi/wifistub.html", "kindle"},
           {"spectrum.s3.amazonaws.com/kindle-wifi/wifiredirect.html", "kindle"},
           {"ctest.cdn.nintendo.net/", "nintendo"},
           {"conntest.nintendowifi.net/", "nintendo"}}) {
    EXPECT_EQ(asker.ask(url), name) << url;
    EXPECT_EQ(asker.ask(url, "x", "HEAD"), name) << url;
    EXPECT_EQ(asker.ask(url, "x", "POST"), "") << url;
  }
  EXPECT_EQ(asker.ask("a.example/b", "CaptiveNetworkSupport-407.40.1 wispr"), "apple");
}

TEST(Probes, IgnoreCasePortDotAndQuery) {
  const Asker asker;
  EXPECT_EQ(asker.ask("WWW.Gstatic.COM/generate_204"), "google");
  EXPECT_EQ(asker.ask("www.gstatic.com.:8080/generate_204?t=1"), "google");
  EXPECT_EQ(asker.ask("Captive.Apple.Com.:80/"), "apple");
}

TEST(Probes, AreNotTakenForWhatLooksLikeThem) {
  const Asker asker;
  for (const char* url :
       {"a.example/generate_204", "captive.apple.com.evil.example/",
        "www.gstatic.com.evil.example/generate_204", "evilgstatic.com/generate_204",
        "www.gstatic.com/generate_2044", "www.gstatic.com/x/generate_204",
        "www.gstatic.com/GENERATE_204", "xcaptive.apple.com/", "www.apple.com/",
        "msftconnecttest.com.evil.example/", "detectportal.firefox.com/canonical.html",
        "detectportal.firefox.com/success.txt", "network-test.debian.org/nm",
        "connectivity-check.ubuntu.com/", "nmcheck.gnome.org/check_network_status.txt",
        "ipv4.connman.net/online/status.html.evil", "nintendo.net/", "xconnectivitycheck.example/"})
    EXPECT_EQ(asker.ask(url), "") << url;
  EXPECT_EQ(asker.ask("a.example/b", "xCaptiveNetworkSupport"), "");
  EXPECT_EQ(asker.ask("a.example/b", "captivenetworksupport"), "");
}

TEST(Probes, AreKnownWithoutAHostOnlyByWhatNeedsNone) {
  const Asker asker;
  const std::string request =
      "GET /generate_204 HTTP/1.0\r\nUser-Agent: CaptiveNetworkSupport\r\n\r\n";
  const auto hit = asker.rules.match(scan_request(net::as_bytes(request)), asker.scratch);
  ASSERT_TRUE(hit);
  EXPECT_EQ(asker.rules.names()[*hit], "apple");
  EXPECT_FALSE(asker.rules.match(scan_request(net::as_bytes("GET /generate_204 HTTP/1.0\r\n\r\n")),
                                 asker.scratch));
}

TEST(Probes, CostOrdinaryRequestsNoScan) {
  const Asker asker;
  for (const char* url :
       {"origin.example/index.html", "www.example/", "news.example/a/b?c", "a/", "1.2.3.4/x"}) {
    const std::string request = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\r\n",
        std::string_view{url}.substr(std::string_view{url}.find('/')),
        std::string_view{url}.substr(0, std::string_view{url}.find('/')));
    EXPECT_FALSE(asker.rules.may_match(scan_request(net::as_bytes(request)))) << url;
  }
}

TEST(Probes, TakeExpressionsAndGlobs) {
  const Asker asker{
      "# ours\n\n"
      "venue  ~(www|m)\\.venue[0-9]\\.example  /check*  *\n"
      "agent  *  *  Probe/* (test)\n"
      "any    *  ~/a+\n"};
  EXPECT_EQ(asker.ask("www.venue7.example/check"), "venue");
  EXPECT_EQ(asker.ask("M.VENUE7.example/check/it"), "venue");
  EXPECT_EQ(asker.ask("www.venue77.example/check"), "");
  EXPECT_EQ(asker.ask("a.example/", "Probe/1 (test)"), "agent");
  EXPECT_EQ(asker.ask("a.example/", "Probe/1 [test]"), "");
  EXPECT_EQ(asker.ask("b.example/aaa"), "any");
  EXPECT_EQ(asker.rules.costs().back(),
            "a probe rule says nothing plain of host, path or User-Agent: each GET is scanned");
}

TEST(Probes, KeepFieldsApart) {
  // What may be anything in one field cannot reach into the next.
  const Asker asker{"one  ~[^q]*  /b"};
  EXPECT_EQ(asker.ask("a.example/b"), "one");
  EXPECT_EQ(asker.ask("a.example/a/b"), "");
}

TEST(Probes, TellWhichHostsTheyAreAbout) {
  const ProbeRules rules = compiled(kDefaultProbes);
  const std::vector<std::string> hosts{"portal.example", "captive.apple.com", "WWW.gstatic.com.",
                                       "connectivitycheck.example"};
  const auto found = rules.among(hosts);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].host, "captive.apple.com");
  EXPECT_EQ(found[0].rule, "apple");
  EXPECT_EQ(found[1].rule, "google");
  bool apple = false;
  for (const ProbeRules::Host& one : rules.examples())
    apple = apple || one.host == "captive.apple.com";
  EXPECT_TRUE(apple);
}

std::string error_of(std::string_view text) {
  const auto rules = read_probe_rules(text, "list");
  if (!rules) return rules.error().text();
  const auto made = ProbeRules::compile(*rules);
  return made ? "" : made.error().text();
}

TEST(Probes, KeepTheirNumbersOverEveryNewList) {
  const auto compile = [](std::string_view list) {
    return std::move(*ProbeRules::compile(*read_probe_rules(list, "list")));
  };
  const ProbeRules first = compile("one a.example /\ntwo b.example /\n");
  const ProbeRules second = compile("two b.example /\nthree c.example /\none a.example /\n");
  EXPECT_EQ(first.counted_as(0), second.counted_as(2));
  EXPECT_EQ(first.counted_as(1), second.counted_as(0));
  EXPECT_EQ(ProbeNumbers::names()[second.counted_as(1)], "three");
}

TEST(Probes, SayWhichLineIsWrong) {
  const std::string form =
      "; write `NAME HOST PATH [USER-AGENT]`, such as `venue probe.example /check*`";
  EXPECT_EQ(error_of("a b.example /\nc d.example\n"),
            "list:2: a probe rule of fewer than three words" + form);
  EXPECT_EQ(error_of("A b.example /"),
            "list:1: a probe rule's name is \"A\"; names are of a-z, 0-9, - and _" + form);
  EXPECT_EQ(error_of("a b.example c"),
            "list:1: a probe rule's path is \"c\"; paths begin with /" + form);
  EXPECT_EQ(error_of("a * *"), "list:1: a probe rule that every request matches" + form);
  EXPECT_TRUE(error_of("a b.example /\na ~( /x").starts_with("list:2: the expression /"));
  std::string many;
  for (int i = 0; i < 65; ++i) many += fmt::format("n{} h{}.example /\n", i, i);
  EXPECT_EQ(error_of(many),
            "list:65: it is one of more than 64 names of probe rules; let rules share a name");
}

}  // namespace
}  // namespace gate511::http
