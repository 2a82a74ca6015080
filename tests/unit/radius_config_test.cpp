// SPDX-License-Identifier: BSD-3-Clause
//
// gate511-radius's configuration and the files that it names.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "radius/config.hpp"
#include "radius_fakes.hpp"
#include "support/temp_folder.hpp"

namespace gate511::radius {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kServer = "[[server]]\naddress = \"192.0.2.20\"\nsecret_file = \"/s\"\n";

std::string wrong_with(std::string_view more) {
  const auto config = parse_config(std::string{kServer} + std::string{more}, "radius.toml");
  return config ? "nothing" : config.error().text();
}

TEST(RadiusConfig, HasDefaults) {
  const Config config = parse_config(kServer, "radius.toml").value();
  EXPECT_EQ(config.servers.size(), 1U);
  EXPECT_EQ(config.servers[0].authentication_port, 1812);
  EXPECT_EQ(config.exchange.timeout, 1s);
  EXPECT_EQ(config.tag, "radius");
  EXPECT_EQ(config.where("server[0].address"), "radius.toml:2");
}

TEST(RadiusConfig, TellsWhatIsWrong) {
  EXPECT_EQ(parse_config("", "radius.toml").error().text(),
            "radius.toml:1: there is no server; add a [[server]] with address and secret_file: who "
            "is to be asked");
  EXPECT_EQ(wrong_with("[[server]]\naddress = \"radius.example\"\nsecret_file = \"/s\"\n"),
            "radius.toml:5: `server[1].address` is \"radius.example\", which is no address; write "
            "it like \"192.0.2.20\" or \"2001:db8::20\"");
  EXPECT_EQ(wrong_with("[nas]\nidentifier = \"\"\n"),
            "radius.toml:5: `nas.identifier` is empty, too long or has control characters; give a "
            "name by which the servers know this gateway");
  EXPECT_EQ(wrong_with("[nas]\naddress = \"x\"\n"),
            "radius.toml:5: `nas.address` is \"x\", which is no address; write it like "
            "\"192.0.2.2\" or \"2001:db8::2\", or leave it out");
  EXPECT_EQ(wrong_with("[gateway]\ntag = \"\"\n"),
            "radius.toml:5: `gateway.tag` is no tag; give 1 to 64 bytes without control "
            "characters");
  EXPECT_EQ(wrong_with("[privileges]\nuser = \"root\"\n"),
            "radius.toml:5: `privileges.user` is root; give another user, or \"\" to stay whom it "
            "was started as");
  EXPECT_NE(wrong_with("[mac]\nformat = \"AA-BB\"\n").find("radius.toml:5: "), std::string::npos);
  EXPECT_NE(wrong_with("[mac]\nper_second = 0\n").find("radius.toml:5: "), std::string::npos);
  EXPECT_NE(wrong_with("[mac]\nbudget = 1\n").find("radius.toml:5: "), std::string::npos);
  EXPECT_EQ(wrong_with("[coa]\nlisten = \"192.0.2.2:3799\"\n"),
            "radius.toml:5: `coa.listen` is set, and there is no [[coa_client]]; add one with "
            "address and secret_file: who may ask for changes");
  EXPECT_EQ(wrong_with("[coa]\nlisten = \"2001:db8::2:3799\"\n"),
            "radius.toml:5: `coa.listen` is \"2001:db8::2:3799\", which is no address and port; "
            "write it like \"192.0.2.2:3799\" or \"[2001:db8::2]:3799\"");
  EXPECT_EQ(wrong_with("[[coa_client]]\naddress = \"x\"\nsecret_file = \"/s\"\n"),
            "radius.toml:5: `coa_client[0].address` is \"x\", which is no address; write it like "
            "\"192.0.2.20\" or \"2001:db8::20\"");
  std::string many;
  for (int i = 0; i < 8; ++i) many += kServer;
  EXPECT_EQ(wrong_with(many), "radius.toml:1: there are 9 servers; 8 are possible");
}

TEST(RadiusConfig, SecretsAreTheFirstLine) {
  const test::TempFolder folder;
  const auto file = [&folder](const char* name, const std::string& text) {
    std::string path = folder / name;
    std::ofstream{path} << text;
    std::filesystem::permissions(path, std::filesystem::perms{0600});
    return path;
  };
  Config config = parse_config(kServer, "radius.toml").value();
  config.servers[0].secret_file = file("secret", "a secret of the test's\r\nmore\r\n");
  EXPECT_EQ(load_secrets(config).value().servers[0], kSecret);
  config.mac.password_file = file("password", std::string(128, 'x') + "\n");
  EXPECT_EQ(load_secrets(config).value().mac_password.size(), 128U);
  config.mac.password_file = file("long", std::string(129, 'x') + "\n");
  EXPECT_EQ(load_secrets(config).error().text(),
            "radius.toml: `mac.password_file` " + config.mac.password_file +
                " has 129 bytes in its first line, and RADIUS carries 128; give the server and "
                "this file a shorter one");
}

}  // namespace
}  // namespace gate511::radius
