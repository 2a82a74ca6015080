// SPDX-License-Identifier: BSD-3-Clause
//
// What gate511ctl reads and writes for people: units, tables at given widths, results, progress.
#include <gtest/gtest.h>

#include "programs/ctl/given.hpp"
#include "programs/ctl/progress.hpp"
#include "programs/ctl/show.hpp"
#include "programs/ctl/table.hpp"
#include "programs/ctl/terminal.hpp"
#include "programs/ctl/units.hpp"

namespace gate511::ctl {
namespace {

TEST(CtlUnits, Durations) {
  EXPECT_EQ(parse_duration("0"), 0U);
  EXPECT_EQ(parse_duration("90"), 90U);
  EXPECT_EQ(parse_duration("90s"), 90U);
  EXPECT_EQ(parse_duration("1h30m"), 5'400U);
  EXPECT_EQ(parse_duration("1w1d"), 691'200U);
  for (const char* bad : {"", "h", "1y", "1h30", "-1s", "1.5h", " 1s", "1s ", "99999999999999999d"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  EXPECT_EQ(show_duration(59), "59s");
  EXPECT_EQ(show_duration(3'900), "1h 5m");
  EXPECT_EQ(show_duration(180'000), "2d 2h");
}

TEST(CtlUnits, SizesAndRates) {
  EXPECT_EQ(parse_size("1000"), 1'000U);
  EXPECT_EQ(parse_size("2G"), 2'000'000'000U);
  EXPECT_EQ(parse_size("1.5kB"), 1'500U);
  EXPECT_EQ(parse_size("4GiB"), 4ULL << 30);
  EXPECT_EQ(parse_rate("20M"), 20'000'000U);
  EXPECT_EQ(parse_rate("1.5Gbit/s"), 1'500'000'000U);
  EXPECT_EQ(parse_rate("64Kbps"), 64'000U);
  for (const char* bad : {"", "M", "-1", "1e9", "1X", "inf", "nan", "1GG", "9999999T", "1 M"}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
    EXPECT_EQ(parse_rate(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(show_size(0), "0 B");
  EXPECT_EQ(show_size(999), "999 B");
  EXPECT_EQ(show_size(1'500), "1.50 kB");
  EXPECT_EQ(show_size(12'345'678), "12.3 MB");
  EXPECT_EQ(show_size(999'999), "1.00 MB");
  EXPECT_EQ(show_rate(1e10), "10.0 Gbit/s");
  EXPECT_EQ(show_per_s(0.4), "0 /s");
  EXPECT_EQ(show_per_s(123'456), "123 k/s");
  EXPECT_EQ(show_count(1'234'567), "1,234,567");
  EXPECT_EQ(show_count(123), "123");
}

TEST(CtlUnits, Times) {
  EXPECT_EQ(parse_time("1750000000"), 1'750'000'000U);
  EXPECT_EQ(parse_time("2025-06-15T15:06:40Z"), 1'750'000'000U);
  EXPECT_EQ(parse_time("2025-06-15T15:06Z"), 1'749'999'960U);
  EXPECT_EQ(parse_time("2025-06-15"), 1'749'945'600U);
  for (const char* bad : {"", "soon", "2025-06-15T15:06", "2025-13-01", "2025-06-15T15:06:40Zx"})
    EXPECT_EQ(parse_time(bad), std::nullopt) << bad;
  EXPECT_EQ(show_time(1'750'000'000), "2025-06-15 15:06:40Z");
}

TEST(CtlTable, WidthsOfText) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("Zoë"), 3U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(clipped("abcdef", 6), "abcdef");
  EXPECT_EQ(clipped("abcdef", 4), "abc…");
  EXPECT_EQ(clipped("日本語", 4), "日…");
  EXPECT_EQ(clipped("abc", 0), "");
}

TEST(CtlTable, NothingHarmfulReachesTheTerminal) {
  EXPECT_EQ(harmless("a\x1b[31mb\nc"), "a?[31mb?c");
  EXPECT_EQ(harmless("\xc2\x9b"
                     "1m"),
            "?1m");
  EXPECT_EQ(harmless("\xff"
                     "a\xc3"),
            "?a?");
  EXPECT_EQ(harmless("a\u202e"
                     "b"),
            "a?b");
  EXPECT_EQ(table({{"A"}}, {{"x\x07y"}}, 0), "A\nx?y\n");
}

TEST(CtlTable, TakesWhatItNeedsWithoutALimit) {
  EXPECT_EQ(table({{"MAC"}, {"N", true}, {"TAG"}}, {{"02:00", "7", "a"}, {"x", "1234", ""}}, 0),
            "MAC       N  TAG\n"
            "02:00     7  a\n"
            "x      1234\n");
}

TEST(CtlTable, FitsTheTerminal) {
  const std::vector<Column> columns{{"MAC", false, true}, {"TAG"}, {"USER"}, {"N", true}};
  const std::vector<Row> rows{{"02:00:5e:00:53:01", "a-long-tag-of-a-room", "ann@example", "12"}};
  for (const std::size_t width : {80U, 50U, 44U, 36U, 30U, 20U, 10U}) {
    const std::string text = table(columns, rows, width);
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      EXPECT_LE(display_width(text.substr(at, text.find('\n', at) - at)), width) << text;
  }
  EXPECT_NE(table(columns, rows, 44).find("02:00:5e:00:53:01"), std::string::npos);
  EXPECT_NE(table(columns, rows, 44).find("…"), std::string::npos);
}

TEST(CtlTable, LaterPartsHaveNoHeads) {
  Table parts{{{"A"}, {"B"}}, 0};
  EXPECT_EQ(parts.part({{"12", "3"}}), "A   B\n12  3\n");
  EXPECT_EQ(parts.part({{"1", "3"}}), "1   3\n");
}

TEST(CtlShow, WhatIsNotThereIsADash) {
  EXPECT_EQ(show_added(Json::object()), "changed -: -, no end\n");
  EXPECT_EQ(show_hello({{"program", "gate511"}, {"new", 1}}), "gate511 -, control protocol -\n");
  EXPECT_EQ(show_ports(Json::object(), 0), "LINK  ROLE  PORT  STATE  SPEED  MTU  RX  TX  MISSED\n");
  EXPECT_EQ(session_row(Json::object(), {.vlan = true}),
            (Row{"-", "-", "-", "no end", "-", "-", "-", "-"}));
  EXPECT_EQ(session_row({{"mac", "m"}, {"vlan", 20}, {"link", "annex"}, {"state", "blocked"}},
                        {.vlan = true, .link = true}),
            (Row{"m", "20", "annex", "blocked", "no end", "-", "-", "-", "-"}));
  EXPECT_EQ(session_columns({.vlan = true, .link = true})[2].head, "LINK");
  EXPECT_EQ(client_row(Json::object()), (Row{"-", "-", "-", "-", "-", "-"}));
  EXPECT_FALSE(show_stats(Json::object(), 80).empty());
  const Json stats{{"answers", {{"page", {{"full", 3}, {"compact", 2}, {"tiny", 0}}}}},
                   {"probes", {{"google", 7}}}};
  EXPECT_NE(show_stats(stats, 80).find("page        3        2     0  the 511 with its page"),
            std::string::npos)
      << show_stats(stats, 80);
  EXPECT_NE(show_stats(stats, 80).find("google           7"), std::string::npos)
      << show_stats(stats, 80);
  const Json told{{"capport",
                   {{"inserted", {{"dhcp4", 5}, {"dhcp6", 0}}},
                    {"left_alone", {{"router_advert", {{"present", 2}, {"too_long", 0}}}}}}}};
  const std::string shown = show_stats(told, 80);
  EXPECT_NE(shown.find("\nCAPPORT        ANSWERS\n"
                       "dhcp4                5  the option was put in\n"
                       "router_advert        2  left alone: it has the option already\n"),
            std::string::npos)
      << shown;
}

TEST(CtlShow, AnythingByItsUnits) {
  EXPECT_EQ(show_anything({{"ttl_s", 60},
                           {"rate_up_bps", 2'000'000},
                           {"bytes_up", 1'500},
                           {"why", Json::array({{{"rule", "dns"}, {"ok", true}}})}}),
            "bytes_up     1.50 kB\n"
            "rate_up_bps  2.00 Mbit/s\n"
            "ttl_s        1m 0s\n"
            "why\n"
            "  - ok    yes\n"
            "    rule  dns\n");
}

TEST(CtlShow, Events) {
  EXPECT_EQ(show_event({{"seq", 7},
                        {"type", "session.ended"},
                        {"time", 1'750'000'000},
                        {"mac", "02:00:5e:00:53:01"}}),
            "2025-06-15 15:06:40Z         7  session.ended  mac=02:00:5e:00:53:01\n");
}

TEST(CtlShow, AnEndOfASessionInOneLine) {
  EXPECT_EQ(show_event({{"seq", 7},
                        {"type", "session.ended"},
                        {"time", 1'750'000'000},
                        {"reason", "expired"},
                        {"session",
                         {{"id", 3},
                          {"mac", "02:00:5e:00:53:01"},
                          {"tag", ""},
                          {"bytes_up", 1'500},
                          {"bytes_down", 0}}}}),
            "2025-06-15 15:06:40Z         7  session.ended  reason=expired  id=3  "
            "mac=02:00:5e:00:53:01  up=1.50 kB  down=0 B\n");
}

TEST(CtlShow, HealthInColourOnlyWhereAsked) {
  EXPECT_EQ(show_health({{"status", "ok"}}, false), "ok\n");
  EXPECT_EQ(show_health({{"status", "ok"}}, true), "\x1b[32mok\x1b[0m\n");
  const Json result{{"status", "degraded"},
                    {"problems",
                     {{{"alarm", "port_down"},
                       {"severity", "critical"},
                       {"subject", "p0"},
                       {"what", "access port p0\x1b[2J is down"},
                       {"cure", "check its cable"},
                       {"since", 1'750'000'000}}}}};
  EXPECT_EQ(
      show_health(result, false),
      "degraded\n- critical port_down since 2025-06-15 15:06:40Z: access port p0?[2J is down; "
      "check its cable\n");
  EXPECT_NE(show_health(result, true).find("- \x1b[31;1mcritical\x1b[0m port_down"),
            std::string::npos);
}

TEST(CtlProgress, FitsItsWidth) {
  EXPECT_EQ(progress_line(0.5, 430'000, "sessions", 5, 55),
            "[=====>    ]  50 %  430,000 sessions  86.0 k/s  ETA 5s");
  EXPECT_EQ(progress_line(-1, 10, "sessions", 1, 79), "10 sessions  10 /s");
  for (const std::size_t width : {20U, 40U, 60U, 79U, 200U})
    EXPECT_LE(display_width(progress_line(0.25, 1'000'000, "sessions", 60, width)), width);
}

TEST(CtlGiven, TellsAnAddressFromAMac) {
  EXPECT_TRUE(is_ip("192.0.2.1"));
  EXPECT_TRUE(is_ip("2001:db8::1"));
  EXPECT_FALSE(is_ip("02:00:5e:00:53:01"));
  EXPECT_FALSE(is_ip("02-00-5e-00-53-01"));
}

}  // namespace
}  // namespace gate511::ctl
