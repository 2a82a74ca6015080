// SPDX-License-Identifier: BSD-3-Clause
//
// Lists of hosts as people write them.
#include <gtest/gtest.h>

#include "control/host_list.hpp"

namespace gate511::control {
namespace {

std::string error_of(std::string_view text) {
  const auto read = parse_host_list(text, "hosts.list");
  return read ? "no error" : read.error().text();
}

TEST(HostList, IsANameALineWithComments) {
  const auto read =
      parse_host_list("# the portal\n\n  A.Example. \t# its site\r\n*.b.example", "x");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (std::vector<std::string>{"a.example", "*.b.example"}));
}

TEST(HostList, TakesNamesInAnyScript) {
  const auto read =
      parse_host_list("b\u00fccher.example\n*.\u4f8b\u3048.example\nB\u00dcCHER.example\n", "x");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, (std::vector<std::string>{"xn--bcher-kva.example", "*.xn--r8jz45g.example",
                                             "xn--bcher-kva.example"}));
}

TEST(HostList, SaysWhichLineIsWrong) {
  EXPECT_EQ(error_of("a.example\n# b\nx.*.example\n"),
            "hosts.list:3: \"x.*.example\" has a * that is not in front; write it like "
            "\"a.example\" or \"*.a.example\"");
  EXPECT_EQ(
      error_of("a.example\n/.*/\n"),
      "hosts.list:2: \"/.*/\" is an expression; give names, such as a.example or *.a.example");
  EXPECT_EQ(error_of("192.0.2.1\n"),
            "hosts.list:1: \"192.0.2.1\" is an address, not a name; addresses belong into `cidrs`");
  EXPECT_TRUE(
      error_of("a.example\n\xff\xfe.example\n")
          .starts_with("hosts.list:2: \"\xff\xfe.example\" is no name that can be written"));
  EXPECT_NE(error_of("a b.example\n"), "no error");
}

TEST(HostList, HoldsAHundredThousand) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "host" + std::to_string(i) + ".example\n";
  EXPECT_EQ(parse_host_list(text, "x")->size(), 100'000U);
  EXPECT_EQ(error_of(text + "*\n"),
            "hosts.list:100001: \"*\" has a * that is not in front; write it like "
            "\"a.example\" or \"*.a.example\"");
}

TEST(HostList, SaysWhichFileCannotBeRead) {
  EXPECT_EQ(read_host_list("/nowhere/hosts.list").error().text(),
            "/nowhere/hosts.list: this list of hosts cannot be read; see that it is there and "
            "readable");
}

}  // namespace
}  // namespace gate511::control
