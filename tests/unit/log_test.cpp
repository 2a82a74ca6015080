// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for operators: one valid line each, whatever is in them.
#include "logging/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "logging/escape.hpp"

namespace gate511::logging {
namespace {

using namespace std::string_literals;

/// What each is to be, and what is wrong with it.
const std::pair<std::string, std::string> kNames[] = {
    {"room 12, Zimmer für Ü \xe2\x82\xac", "room 12, Zimmer für Ü \xe2\x82\xac"},
    {"a\nb\rc", "a\\nb\\x0dc"},
    {"\x1b[2Jcleared", "\\x1b[2Jcleared"},
    {"nul\0nul"s, "nul\\x00nul"},
    {"\x7f\xc2\x9b", "\\x7f\\u009b"},
    {"\xff\xc3\x28\xc0\xaf\xed\xa0\x80", "\\xff\\xc3(\\xc0\\xaf\\xed\\xa0\\x80"},
    {"\xe0\x80\x80\xf4\x90\x80\x80", "\\xe0\\x80\\x80\\xf4\\x90\\x80\\x80"},
    {"line\xe2\x80\xa8 and\xe2\x80\xa9 paragraph", "line\\u2028 and\\u2029 paragraph"},
    {"\xe2\x80\xae"
     "evil\xe2\x81\xa6\xd8\x9c",
     "\\u202eevil\\u2066\\u061c"},
    {"cut\xe2\x82", "cut\\xe2\\x82"},
};

TEST(Log, EscapesWhatIsNotPrinted) {
  for (const auto& [name, escape] : kNames) EXPECT_EQ(escaped(name), escape);
}

TEST(Log, ALineOfTextIsOneLine) {
  configure("test", {Format::kText, Level::kInfo});
  for (const auto& [name, escape] : kNames) {
    testing::internal::CaptureStderr();
    say(Level::kWarning, escape, "user " + name);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "test: user " + escape + "\n");
  }
}

TEST(Log, ALineOfJsonIsOneObjectInAscii) {
  configure("test", {Format::kJson, Level::kInfo});
  for (const auto& [name, escape] : kNames) {
    testing::internal::CaptureStderr();
    say(Level::kError, "json" + escape, "user " + name, {{"user", name}});
    const std::string line = testing::internal::GetCapturedStderr();
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    for (const char c : line.substr(0, line.size() - 1)) EXPECT_TRUE(c >= ' ' && c < 0x7f) << line;
    const auto object = nlohmann::json::parse(line);
    EXPECT_EQ(object["level"], "error");
    EXPECT_TRUE(object.contains("user"));
  }
}

TEST(Log, OfAKindAFewAMinuteAndNoneBelowItsLevel) {
  configure("test", {Format::kText, Level::kWarning});
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  say(Level::kInfo, "talk", "not this");
  for (std::uint32_t i = 0; i < kPerMinute + 5; ++i) say(Level::kWarning, "many", "again");
  say(Level::kError, "another", "seen");
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(lines, '\n'), kPerMinute + 1);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Log, DoesNotWaitForWhoDoesNotRead) {
  configure("test", {Format::kJson, Level::kInfo});
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
  const std::string full(4'096, 'x');
  while (::write(ends[1], full.data(), full.size()) > 0) {
  }
  ASSERT_EQ(::fcntl(ends[1], F_SETFL, 0), 0);  // it would wait now
  const int former = ::dup(STDERR_FILENO);
  ASSERT_EQ(::dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
  for (int i = 0; i < 3; ++i) say(Level::kError, "unread", "nobody takes this");
  std::string got(1 << 20, 0);
  while (::read(ends[0], got.data(), got.size()) > 0) {
  }
  say(Level::kError, "read", std::string(20'000, '\1'));
  const ssize_t size = ::read(ends[0], got.data(), got.size());
  ::dup2(former, STDERR_FILENO);
  for (const int file : {ends[0], ends[1], former}) ::close(file);
  ASSERT_GT(size, 0);
  EXPECT_LE(size, 4'096);
  const auto line = nlohmann::json::parse(got.substr(0, static_cast<std::size_t>(size)));
  EXPECT_EQ(line["kind"], "read");
  EXPECT_EQ(line["unread"], 3);
}

}  // namespace
}  // namespace gate511::logging
