// SPDX-License-Identifier: BSD-3-Clause
//
// The portal's configuration: each error with its line and with what would be right.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "portal/brand.hpp"
#include "portal/config.hpp"
#include "support/temp_folder.hpp"

namespace gate511::portal {
namespace {

constexpr std::string_view kGood = R"([portal]
url = "https://portal.example/"
secret_file = "link.key"
[listen]
https = ["192.0.2.10:443", "[2001:db8::10]:443"]
certificate = "portal.pem"
key = "portal.key"
[[plan]]
name = "day"
)";

std::string with(std::string_view from, std::string_view to) {
  std::string text{kGood};
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(PortalConfig, DefaultsAreTheDocumentedOnes) {
  const auto config = parse_config(kGood, "portal.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->host, "portal.example");
  EXPECT_EQ(config->https.at(1).host, "2001:db8::10");
  EXPECT_EQ(config->methods, std::vector<std::string>{"voucher"});
  EXPECT_EQ(config->plan("day")->ttl_s, 86'400U);
  EXPECT_EQ(config->gateway.socket, "/run/gate511/control.sock");
  EXPECT_TRUE(config->gateway.sees_addresses);
  EXPECT_EQ(config->operator_listen.port, 0);
  EXPECT_TRUE(warnings(*config).empty());
}

TEST(PortalConfig, MayAskRadiusForUsers) {
  EXPECT_EQ(parse_config(kGood, "portal.toml")->radius_socket, "");
  const auto config =
      parse_config(std::string{kGood} + "[radius]\nsocket = \"/run/r.sock\"\n", "portal.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->radius_socket, "/run/r.sock");
}

struct Bad {
  std::string text;
  std::string_view error;
};

class PortalConfigRefuses : public testing::TestWithParam<Bad> {};

TEST_P(PortalConfigRefuses, WithItsLine) {
  const auto config = parse_config(GetParam().text, "portal.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().text(), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, PortalConfigRefuses,
    testing::Values(Bad{with("https://portal.example/", "https://portal.example/login"),
                        "portal.toml:2: `portal.url` is \"https://portal.example/login\", which is "
                        "no site's; give scheme and host "
                        "with a slash at the end, such as \"https://portal.example/\""},
                    Bad{with("secret_file = \"link.key\"", ""),
                        "portal.toml:1: `portal.secret_file` is missing; set it: the gateway's "
                        "portal.secret_file"},
                    Bad{with("secret_file", "secert_file"),
                        "portal.toml:3: unknown key `portal.secert_file`; did you mean "
                        "`secret_file`? portal takes url, "
                        "network_name, secret_file, old_secret_file, database, renew_url, "
                        "venue_info_url, language, style, logo"},
                    Bad{with("192.0.2.10:443", "192.0.2.10"),
                        "portal.toml:5: `listen.https` holds \"192.0.2.10\", which is no address "
                        "and port; write it like "
                        "\"192.0.2.10:443\" or \"[2001:db8::10]:443\""},
                    Bad{with("certificate = \"portal.pem\"", ""),
                        "portal.toml:5: `listen.https` has no certificate; set listen.certificate "
                        "and listen.key, each a PEM file"},
                    Bad{with("url = \"https://", "url = \"http://"),
                        "portal.toml:5: `portal.url` is \"http://portal.example/\" and "
                        "`listen.https` is not; make them agree: "
                        "https:// with listen.https, else http://"},
                    Bad{std::string{kGood} + "[log]\nformat = \"xml\"",
                        "portal.toml:11: `log.format` is \"xml\"; it must be \"auto\", "
                        "\"text\", \"json\" or \"journal\""},
                    Bad{std::string{kGood} + "ttl_s = -1",
                        "portal.toml:10: `plan[0].ttl_s` is -1; it must be an integer from 0 to "
                        "3153600000 seconds, 0 for no end"},
                    Bad{std::string{kGood} + "[[plan]]\nname = \"day\"",
                        "portal.toml:11: two plans are named \"day\"; give each its own"},
                    Bad{std::string{kGood} +
                            "[login]\nmethods = [\"terms\"]\nterms_plan = \"week\"",
                        "portal.toml:12: `login.terms_plan` is \"week\", which is no plan; name "
                        "the [[plan]] that accepting the "
                        "terms gives"},
                    Bad{std::string{kGood} + "[login]\nmethods = [\"sms\"]",
                        "portal.toml:11: `login.methods` holds \"sms\"; it may hold \"terms\", "
                        "\"voucher\" and \"password\", each "
                        "once"},
                    Bad{std::string{kGood} + "[operator]\nlisten = \"127.0.0.1:8511\"",
                        "portal.toml:11: `operator.password_file` is missing; make one: "
                        "gate511-portal hash-password >FILE"},
                    Bad{std::string{kGood} + "[gateway]\ntls_connect = \"gateway.example:9512\"",
                        "portal.toml:11: `gateway.tls_cert` is missing; TLS needs tls_cert, "
                        "tls_key and tls_ca, each a PEM file"},
                    Bad{with("secret_file", "renew_url = \"https://a.example/\"\nsecret_file"),
                        "portal.toml:3: `portal.renew_url` is \"https://a.example/\", which renews "
                        "no link; give an http URL on port "
                        "80 outside of the garden, which the gateway answers in its place"},
                    Bad{with("portal.example/", "portal.example:0/"),
                        "portal.toml:2: `portal.url` is \"https://portal.example:0/\", which is "
                        "no site's; give scheme and host with a slash at the end, such as "
                        "\"https://portal.example/\""},
                    Bad{with("portal.example/", "portal.example:99999/"),
                        "portal.toml:2: `portal.url` is \"https://portal.example:99999/\", which "
                        "is no site's; give scheme and host with a slash at the end, such as "
                        "\"https://portal.example/\""},
                    Bad{std::string{kGood} + "class = \"" + std::string(65, 'x') + "\"",
                        "portal.toml:10: `plan[0].class` is longer than 64 bytes, or holds control "
                        "characters; give a short one"},
                    Bad{with("\"day\"", "\"day\\n\""),
                        "portal.toml:9: `plan[0].name` is longer than 64 bytes, or holds control "
                        "characters; give a short one"},
                    Bad{std::string{kGood} + "[gateway]\ntag = \"" + std::string(65, 'x') + "\"",
                        "portal.toml:11: `gateway.tag` is no tag; give 1 to 64 bytes without "
                        "control characters"},
                    Bad{"[portal",
                        "portal.toml:1: Error while parsing table header: encountered end-of-file; "
                        "write it as TOML: `key "
                        "= \"text\"`, `key = 1` or `[section]`"}));

struct Site {
  std::string_view given;
  std::string_view url;
  std::string_view host;
};

class PortalConfigSite : public testing::TestWithParam<Site> {};

TEST_P(PortalConfigSite, IsWrittenAsBrowsersWriteIt) {
  const auto config =
      parse_config(with("https://portal.example/", GetParam().given), "portal.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->url, GetParam().url);
  EXPECT_EQ(config->host, GetParam().host);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, PortalConfigSite,
    testing::Values(
        Site{"https://portal.example:443/", "https://portal.example/", "portal.example"},
        Site{"https://Portal.Example/", "https://portal.example/", "portal.example"},
        Site{"https://Portal.Example:08443/", "https://portal.example:8443/",
             "portal.example:8443"},
        Site{"https://portal.example:80/", "https://portal.example:80/", "portal.example:80"},
        Site{"https://[2001:DB8::10]:443/", "https://[2001:db8::10]/", "[2001:db8::10]"}));

TEST(PortalConfig, ASecretsErrorSaysWhatToDo) {
  const test::TempFolder folder;
  const std::string path = folder / "link.key";
  const auto config = parse_config(with("link.key", path), "portal.toml");
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(load_secrets(*config).error().text(),
            "portal.toml:3: `portal.secret_file` " + path +
                " cannot be opened: No such file or directory; it is the gateway's "
                "portal.secret_file: see that it is there, and that the portal may read it when it "
                "starts");
  std::ofstream{path} << std::string(32, 'x');
  ::chmod(path.c_str(), 0644);
  EXPECT_EQ(load_secrets(*config).error().text(),
            "portal.toml:3: `portal.secret_file` " + path +
                " is open to every user; close it: chmod 0640 " + path);
  ::chmod(path.c_str(), 0640);
  EXPECT_TRUE(load_secrets(*config));
}

TEST(PortalConfig, PlainHttpDrawsAWarning) {
  const auto config = parse_config(R"([portal]
url = "http://192.0.2.10/"
secret_file = "link.key"
[listen]
http = ["192.0.2.10:80"]
[[plan]]
name = "day"
)",
                                   "portal.toml");
  ASSERT_TRUE(config) << config.error().text();
  ASSERT_EQ(warnings(*config).size(), 1U);
  EXPECT_EQ(warnings(*config)[0].text(),
            "portal.toml:5: the portal speaks plain HTTP: all who are near read codes and "
            "passwords, and clients get no "
            "RFC 8908 API; set listen.https, certificate and key");
}

TEST(PortalBrand, LogosAreKnownByTheirBytes) {
  EXPECT_EQ(image_type("\x89PNG\r\n\x1a\n"), "image/png");
  EXPECT_EQ(image_type("\xff\xd8\xff\xe0"), "image/jpeg");
  EXPECT_EQ(image_type("RIFF\x01\x02\x03\x04WEBPVP8 "), "image/webp");
  EXPECT_EQ(image_type("<svg xmlns="), "image/svg+xml");
  EXPECT_EQ(image_type("<html>"), "");
}

}  // namespace
}  // namespace gate511::portal
