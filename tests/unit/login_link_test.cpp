// SPDX-License-Identifier: BSD-3-Clause
//
// The login link from end to end: what the gateway signs, libgate511 verifies, and so do the
// examples of docs/portal.md as they stand there.
#include "gate511/login_link.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "http/login_link.hpp"

namespace gate511 {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kOther = "another secret of 32 bytes or so";
constexpr std::string_view kReturn = "http%3A%2F%2Forigin.example%2Fa%3Fb%3Dc";
const auto kMade = std::chrono::system_clock::from_time_t(1'800'000'000);

std::string token(std::string_view return_url, std::uint32_t unix_s = 1'800'000'000,
                  std::string_view secret = kSecret, std::uint8_t gateway = 0) {
  const http::LinkKey key{net::as_bytes(secret)};
  const http::Token made = http::TokenMaker{
      key,
      {.zone = 7,
       .vlan = 0x123,
       .mac = net::MacAddress{0x0200'5e00'5301},
       .address = *net::parse_ip("192.0.2.101"),
       .unix_s = unix_s,
       .nonce = 0xdead'beef,
       .gateway = gateway}}.make(return_url);
  return {made.data(), made.size()};
}

LoginLinkVerifier verifier(std::vector<std::string> secrets = {std::string{kSecret}}) {
  return LoginLinkVerifier{std::move(secrets)};
}

TEST(LoginLinkVerifier, ReadsWhatTheGatewaySigned) {
  const auto link = verifier().verify(token(kReturn), kReturn, kMade + 10s);
  ASSERT_TRUE(link) << text_of(link.error());
  EXPECT_EQ(link->zone, 7);
  EXPECT_EQ(link->vlan, 0x123);
  EXPECT_EQ(link->mac, "02:00:5e:00:53:01");
  EXPECT_EQ(link->address_text(), "192.0.2.101");
  EXPECT_EQ(link->made, kMade);
  EXPECT_EQ(link->nonce, 0xdead'beefU);
  EXPECT_EQ(link->return_url, "http://origin.example/a?b=c");
  EXPECT_TRUE(verifier().verify(token(""), "", kMade));
}

TEST(LoginLinkVerifier, TellsOfSeveralGatewaysWhichOneItWas) {
  EXPECT_EQ(verifier().verify(token(kReturn), kReturn, kMade)->gateway, 0);
  const std::string made = token(kReturn, 1'800'000'000, kSecret, 211);
  EXPECT_EQ(made.size(), http::kTokenChars);
  EXPECT_TRUE(made.starts_with("Agc")) << "version 2, then the zone: " << made;
  const auto link = verifier().verify(made, kReturn, kMade);
  ASSERT_TRUE(link) << text_of(link.error());
  EXPECT_EQ(link->gateway, 211);
  EXPECT_EQ(link->zone, 7);
  EXPECT_EQ(link->nonce, 0xd3ad'beefU) << "so that no two gateways' are the same";
}

TEST(LoginLinkVerifier, TellsAForgeryInAnyBit) {
  const std::string good = token(kReturn);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    const auto link = verifier().verify(bad, kReturn, kMade);
    if (i + 1 == good.size()) {
      EXPECT_FALSE(link);  // its last bits are of no octet
      continue;
    }
    ASSERT_FALSE(link) << i;
    EXPECT_EQ(link.error(), LinkFault::kForged);
  }
  EXPECT_EQ(verifier().verify(good, "", kMade).error(), LinkFault::kForged);
  EXPECT_EQ(verifier().verify(good, "http%3A%2F%2Fevil.example", kMade).error(),
            LinkFault::kForged);
  EXPECT_EQ(verifier({std::string{kOther}}).verify(good, kReturn, kMade).error(),
            LinkFault::kForged);
}

TEST(LoginLinkVerifier, TakesEitherKeyWhileOneIsBeingChanged) {
  const auto both = verifier({std::string{kOther}, std::string{kSecret}});
  EXPECT_TRUE(both.verify(token(kReturn), kReturn, kMade));
  EXPECT_TRUE(both.verify(token(kReturn, 1'800'000'000, kOther), kReturn, kMade));
}

TEST(LoginLinkVerifier, KnowsHowOldALinkIs) {
  const std::string good = token("");
  EXPECT_TRUE(verifier().verify(good, "", kMade + 1h));
  EXPECT_EQ(verifier().verify(good, "", kMade + 1h + 1s).error(), LinkFault::kExpired);
  EXPECT_TRUE(verifier().verify(good, "", kMade - 60s));
  EXPECT_EQ(verifier().verify(good, "", kMade - 61s).error(), LinkFault::kNotYet);
  EXPECT_TRUE(LoginLinkVerifier({std::string{kSecret}}, 2h).verify(good, "", kMade + 2h));
}

TEST(LoginLinkVerifier, RefusesWhatIsNoToken) {
  for (const std::string& bad : {std::string{}, std::string(66, 'A'), std::string(68, 'A'),
                                 std::string(66, 'A') + "+", std::string(66, 'A') + "\xc3"})
    EXPECT_EQ(verifier().verify(bad, "", kMade).error(), LinkFault::kMalformed) << bad;
  const std::string good = token("%zz");
  EXPECT_EQ(verifier().verify(good, "%zz", kMade).error(), LinkFault::kMalformed);
  EXPECT_EQ(verifier().verify(token("%4"), "%4", kMade).error(), LinkFault::kMalformed);
  EXPECT_EQ(verifier().verify(good, std::string(161, 'u'), kMade).error(), LinkFault::kMalformed);
  std::string second = token("");
  second.back() = static_cast<char>(second.back() + 1);
  EXPECT_FALSE(verifier().verify(second, "", kMade)) << "a token is written in one way only";
}

TEST(LoginLinkVerifier, ReadsAQuery) {
  const std::string with = fmt::format("t={}&u={}", token(kReturn), kReturn);
  EXPECT_TRUE(verifier().verify_query(with, kMade));
  EXPECT_TRUE(verifier().verify_query("http://192.0.2.10/login?a=b&" + with + "#x", kMade));
  EXPECT_TRUE(verifier().verify_query("t=" + token(""), kMade));
  EXPECT_EQ(verifier().verify_query(with + "&t=x", kMade).error(), LinkFault::kMalformed);
  EXPECT_EQ(verifier().verify_query("", kMade).error(), LinkFault::kMalformed);
}

TEST(LoginLinkVerifier, NeedsASecret) {
  EXPECT_THROW(verifier({}), std::invalid_argument);
  EXPECT_THROW(verifier({std::string(31, 's')}), std::invalid_argument);
}

// ---- the examples of docs/portal.md ----

std::string example(const std::string& language) {
  std::ifstream file{GATE511_PORTAL_DOC};
  std::stringstream text;
  text << file.rdbuf();
  const std::string begin = "```" + language + "\n";
  const std::size_t from = text.str().find(begin);
  EXPECT_NE(from, std::string::npos);
  const std::size_t start = from + begin.size();
  return text.str().substr(start, text.str().find("```", start) - start);
}

/// Runs a program over its text; what it prints.
std::string run(const std::string& interpreter, const std::string& program) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("gate511-portal-{}", ::getpid());
  std::ofstream{path} << program;
  const std::string command = fmt::format("{} {} 2>&1", interpreter, path.string());
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command.c_str(), "r"), ::pclose};
  std::string out;
  std::array<char, 256> part{};
  while (pipe && std::fgets(part.data(), part.size(), pipe.get()) != nullptr) out += part.data();
  std::filesystem::remove(path);
  return out;
}

struct Asked {
  std::string token, return_url, secrets;  ///< the last as the language writes a list
  std::string answer;
};

std::vector<Asked> questions() {
  const auto now = static_cast<std::uint32_t>(std::time(nullptr));
  const std::string wanted{kReturn};
  const std::string good = token(kReturn, now);
  std::string forged = good;
  forged[40] = forged[40] == 'A' ? 'B' : 'A';
  return {{good, wanted, "new+old", "02:00:5e:00:53:01 291 fresh"},
          {good, wanted, "new", "none"},
          {token("", now), "", "old", "02:00:5e:00:53:01 291 fresh"},
          {token(kReturn, now - 3700), wanted, "old", "02:00:5e:00:53:01 291 expired"},
          {good, "", "old", "none"},
          {forged, wanted, "old", "none"},
          {good + "A", wanted, "old", "none"},
          {"", "", "old", "none"}};
}

TEST(PortalExample, VerifiesInPython) {
  std::string program = example("python");
  for (const Asked& one : questions()) {
    std::string list = one.secrets;
    const auto put = [&](std::string_view name, std::string_view secret) {
      if (const auto at = list.find(name); at != list.npos)
        list.replace(at, name.size(), fmt::format("b'{}'", secret));
    };
    put("old", kSecret);
    put("new", kOther);
    if (const auto at = list.find('+'); at != list.npos) list[at] = ',';
    program += fmt::format(
        "\nl = login_link('{}', '{}', [{}])\n"
        "print('none' if l is None else f\"{{l['mac']}} {{l['vlan']}} {{'expired' if l['expired'] "
        "else 'fresh'}}\")\n",
        one.token, one.return_url, list);
  }
  std::string expected;
  for (const Asked& one : questions()) expected += one.answer + '\n';
  EXPECT_EQ(run("/usr/bin/python3", program), expected);
}

TEST(PortalExample, VerifiesInPhp) {
  std::string program = "<?php\n" + example("php");
  for (const Asked& one : questions()) {
    std::string list = one.secrets;
    const auto put = [&](std::string_view name, std::string_view secret) {
      if (const auto at = list.find(name); at != list.npos)
        list.replace(at, name.size(), fmt::format("'{}'", secret));
    };
    put("old", kSecret);
    put("new", kOther);
    if (const auto at = list.find('+'); at != list.npos) list[at] = ',';
    program += fmt::format(
        "\n$l = login_link('{}', '{}', [{}]);\n"
        "echo $l === null ? 'none' : $l['mac'] . ' ' . $l['vlan'] . ' ' . ($l['expired'] ? "
        "'expired' : 'fresh'), \"\\n\";\n",
        one.token, one.return_url, list);
  }
  std::string expected;
  for (const Asked& one : questions()) expected += one.answer + '\n';
  EXPECT_EQ(run("/usr/bin/php -d display_errors=stderr", program), expected);
}

}  // namespace
}  // namespace gate511
