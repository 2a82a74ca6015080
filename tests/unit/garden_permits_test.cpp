// SPDX-License-Identifier: BSD-3-Clause
//
// What was learnt of the garden's hosts, kept over a restart.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "control/garden_permits.hpp"
#include "control_fakes.hpp"
#include "support/temp_folder.hpp"

namespace gate511::control {
namespace {

constexpr std::uint32_t kNow = 1'750'000'000;

class GardenPermitsTest : public testing::Test {
 protected:
  static pipeline::Learnt learnt(std::string_view address, std::uint32_t until_s,
                                 std::string_view host = "a.example") {
    pipeline::Learnt made{.address = *net::parse_ip(address), .until_s = until_s};
    std::ranges::copy(host, made.name.begin());
    made.name_size = static_cast<std::uint8_t>(host.size());
    return made;
  }
  void write(std::string_view text) { std::ofstream{path_} << text; }

  ConfigFile file_;
  ConfigState config_{file_.load()};
  test::TempFolder folder_;
  std::string path_ = folder_ / "garden.jsonl";
};

TEST_F(GardenPermitsTest, AreTheSameAfterARestart) {
  GardenPermits before{config_};
  before.add(learnt("198.51.100.80", kNow + 3600));
  before.add(learnt("2001:db8:80::80", kNow + 7200));
  before.add(learnt("198.51.100.81", kNow + 10));
  before.add(learnt("198.51.100.80", kNow + 5000, ""));
  EXPECT_TRUE(before.take_changed());
  EXPECT_FALSE(before.take_changed());
  ASSERT_TRUE(replace_file(path_, before.text()));

  GardenPermits after{config_};
  policy::Permits permits{{1, 2}};
  const auto opened = after.load(path_, permits, kNow + 20);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(*opened, 2U) << "what has ended stays closed";
  EXPECT_EQ(permits.until(0, *net::parse_ip("198.51.100.80"), kNow + 20), kNow + 5000);
  EXPECT_TRUE(permits.allows(0, *net::parse_ip("2001:db8:80::80"), kNow + 20));
  EXPECT_FALSE(permits.allows(0, *net::parse_ip("198.51.100.81"), kNow + 20));
  EXPECT_EQ(after.permits().begin()->second.host, "a.example");
}

TEST_F(GardenPermitsTest, AreWrittenInSlices) {
  GardenPermits permits{config_};
  for (int i = 0; i < 100; ++i) permits.add(learnt("198.51.100." + std::to_string(i), kNow + 10));
  permits.begin_text();
  int slices = 1;
  std::optional<std::string> text;
  for (; !(text = permits.go_on()); ++slices) EXPECT_TRUE(permits.has_begun());
  EXPECT_FALSE(permits.has_begun());
  EXPECT_EQ(slices, 4);
  EXPECT_EQ(*text, permits.text());
}

TEST_F(GardenPermitsTest, OfAFileThatIsDamagedAreNone) {
  GardenPermits after{config_};
  policy::Permits permits{{1, 2}};
  EXPECT_EQ(*after.load(path_, permits, kNow), 0U) << "no file is no error";
  write(R"({"zone":"default","address":"198.51.100.80","host":"a.example","until":1750003600})"
        "\n{\"zone\":\n");
  const auto opened = after.load(path_, permits, kNow);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text(),
            path_ + ":2: this is no permit of the garden's; remove the file: it is made anew");
  EXPECT_FALSE(permits.allows(0, *net::parse_ip("198.51.100.80"), kNow));
  write(R"({"zone":"gone","address":"198.51.100.80","host":"a.example","until":1750003600})");
  EXPECT_EQ(*after.load(path_, permits, kNow), 0U) << "of a zone that is not there";
  write(R"({"zone":"default","address":"198.51.100.80","host":"a.example","until":9999999999})");
  EXPECT_EQ(*after.load(path_, permits, kNow), 0U) << "longer than any permit";
}

TEST_F(GardenPermitsTest, AreForgottenWhenTheyEnd) {
  GardenPermits permits{config_};
  for (int i = 0; i < 250; ++i)
    permits.add(learnt("198.51.100." + std::to_string(i), kNow + (i % 2 == 0 ? 10U : 100U)));
  permits.tick(kNow + 50);
  EXPECT_EQ(permits.permits().size(), 125U);
}

TEST_F(GardenPermitsTest, ThatCannotBeWrittenAreAnError) {
  EXPECT_EQ(replace_file("/nowhere/garden.jsonl", "x").error().text(),
            "/nowhere/garden.jsonl: cannot be written: No such file or directory; see that its "
            "folder is there and has room");
}

}  // namespace
}  // namespace gate511::control
