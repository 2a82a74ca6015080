// SPDX-License-Identifier: BSD-3-Clause
//
// Sessions as lines of JSON, sorted; and the pictures of `top`.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "programs/ctl/busy_sessions.hpp"
#include "programs/ctl/line_reader.hpp"
#include "programs/ctl/ndjson.hpp"
#include "programs/ctl/sorted_lines.hpp"
#include "programs/ctl/table.hpp"
#include "programs/ctl/top_frame.hpp"

namespace gate511::ctl {
namespace {

TEST(CtlNdjson, LineHasWhatDefinesASession) {
  EXPECT_EQ(to_line({{"id", 7},
                     {"bytes_up", 9},
                     {"ttl_s", 60},
                     {"created_at", 1},
                     {"user", ""},
                     {"tag", "room \"12\""},
                     {"expires_at", 1'750'003'600},
                     {"quota_bytes", 0},
                     {"state", "blocked"},
                     {"vlan", 0},
                     {"mac", "02:00:5e:00:53:01"}}),
            R"({"mac":"02:00:5e:00:53:01","vlan":0,"state":"blocked","expires_at":1750003600,)"
            R"("tag":"room \"12\""})");
  EXPECT_EQ(to_line({{"mac", "02:00:5e:00:53:01"},
                     {"expires_at", nullptr},
                     {"rate_up_bps", 1'000},
                     {"bind_ip", nullptr}}),
            R"({"mac":"02:00:5e:00:53:01","ttl_s":0,"rate_up_bps":1000})");
}

TEST(CtlNdjson, LineIsReadAsItWasWritten) {
  const std::string line = R"({"mac":"02:00:5e:00:53:01","state":"blocked","ttl_s":0,"tag":"ö"})";
  const auto read = from_line(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(to_line(*read), line);
}

TEST(CtlNdjson, BadLinesSayWhatIsWrong) {
  EXPECT_EQ(from_line("{").error(), "is no JSON");
  EXPECT_EQ(from_line("{\"mac\":\"\xff\"}").error(), "is no JSON");
  EXPECT_EQ(from_line("[]").error(), "is no JSON object");
  EXPECT_EQ(from_line("{}").error(), "has no `mac`");
  EXPECT_EQ(from_line(R"({"mac":7})").error(), "`mac` is 7, not text");
  EXPECT_EQ(
      from_line(R"({"mac":"x","y":)" + std::string(30'000, '[') + std::string(30'000, ']') + "}")
          .error(),
      "`y` is no value");
}

std::FILE* file_with(const std::string& text) {
  std::FILE* const file = std::tmpfile();
  std::fwrite(text.data(), 1, text.size(), file);
  std::rewind(file);
  return file;
}

TEST(CtlNdjson, LinesAreNumberedAndBounded) {
  std::FILE* const file =
      file_with("one\n\n  \r\ntwo\n" + std::string(LineReader::kMaxLine + 1, 'x') + "\nend");
  LineReader reader{file};
  auto line = reader.next();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->text, "one");
  line = reader.next();
  EXPECT_EQ(line->number, 4U);
  EXPECT_EQ(line->text, "two");
  line = reader.next();
  EXPECT_TRUE(line->is_too_long);
  EXPECT_EQ(line->text.size(), LineReader::kMaxLine);
  line = reader.next();
  EXPECT_EQ(line->number, 6U);
  EXPECT_EQ(line->text, "end");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.has_failed());
  std::fclose(file);
}

TEST(CtlSortedLines, SortsWithAndWithoutFiles) {
  for (const std::size_t run : {std::size_t{1}, std::size_t{2'000}, SortedLines::kRun}) {
    SortedLines lines{run};
    std::vector<std::string> wanted;
    for (unsigned n = 0; n < 300; ++n) {
      wanted.push_back(std::to_string(n * 7'919 % 1'000) + "\n");
      ASSERT_TRUE(lines.add(wanted.back().substr(0, wanted.back().size() - 1)));
    }
    std::sort(wanted.begin(), wanted.end());
    std::vector<std::string> got;
    ASSERT_TRUE(lines.each([&](const std::string& line) {
      got.push_back(line);
      return true;
    }));
    EXPECT_EQ(got, wanted);
  }
}

Json session(unsigned id, std::uint64_t up, std::uint64_t down) {
  return {{"id", id},
          {"mac", "02:00:5e:00:53:0" + std::to_string(id)},
          {"bytes_up", up},
          {"bytes_down", down}};
}

TEST(CtlTop, BusiestFirstAndTheGoneForgotten) {
  BusySessions busy;
  busy.see({session(1, 0, 0), session(2, 0, 0), session(3, 5, 5)}, 10);
  busy.end_round();
  EXPECT_TRUE(busy.busiest(9).empty());
  busy.see({session(1, 1'000, 0), session(2, 0, 5'000), session(3, 5, 5)}, 12);
  busy.end_round();
  const auto top = busy.busiest(9);
  ASSERT_EQ(top.size(), 2U);
  EXPECT_EQ(top[0].mac, "02:00:5e:00:53:02");
  EXPECT_DOUBLE_EQ(top[0].down_bps, 20'000);
  EXPECT_DOUBLE_EQ(top[1].up_bps, 4'000);
  EXPECT_EQ(busy.busiest(1).size(), 1U);
  busy.end_round();
  EXPECT_TRUE(busy.busiest(9).empty());
}

TopSample sample(double at_s, std::uint64_t frames) {
  return {
      at_s,
      {{"uptime_s", 60},
       {"frames_in", frames},
       {"forwarded", frames},
       {"verdicts", {{"session", frames}}},
       {"sessions", {{"total", 3}, {"capacity", 65'536}, {"authenticated", 3}}},
       {"workers", Json::array({{{"lcore", 1}, {"frames_in", frames}, {"bursts", frames / 4}}})}},
      {{"ports", Json::array({{{"name", "p0"},
                               {"link", "venue"},
                               {"role", "access"},
                               {"up", true},
                               {"rx_packets", frames},
                               {"rx_bytes", frames * 100}}})}}};
}

TEST(CtlTop, ShowsRatesAndFitsTheScreen) {
  const BusySessions busy;
  const auto lines = top_frame(sample(1, 1'000), sample(3, 5'000), busy, {80, 24}, false);
  EXPECT_EQ(lines[1].substr(0, 20), "frames in 2.00 k/s, ");
  const std::string all = [&] {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  }();
  EXPECT_NE(all.find("1.60 Mbit/s"), std::string::npos) << all;
  EXPECT_NE(all.find("4.0"), std::string::npos);
  EXPECT_NE(all.find("BUSIEST SESSION"), std::string::npos);
  EXPECT_EQ(all.find('\x1b'), std::string::npos);
  for (const Size size : {Size{80, 24}, Size{40, 10}, Size{10, 3}, Size{200, 60}}) {
    const auto fitted = top_frame(sample(1, 1), sample(2, 9), busy, size, false);
    EXPECT_LE(fitted.size(), size.rows);
    for (const std::string& line : fitted) EXPECT_LE(display_width(line), size.columns) << line;
  }
  EXPECT_FALSE(top_frame({}, {}, busy, {80, 24}, true).empty());
}

}  // namespace
}  // namespace gate511::ctl
