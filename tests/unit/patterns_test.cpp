// SPDX-License-Identifier: BSD-3-Clause
#include "http/patterns.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace gate511::http {
namespace {

using Expressions = std::vector<Patterns::Expression>;

Patterns compiled(const Expressions& expressions, Patterns::Case letters = Patterns::Case::kAny) {
  auto patterns = Patterns::compile(expressions, letters);
  if (!patterns) throw std::runtime_error{patterns.error().text()};
  return std::move(*patterns);
}
Patterns::Scratch scratch_for(const Patterns& patterns) {
  Patterns::Scratch scratch;
  EXPECT_TRUE(scratch.fit(patterns));
  return scratch;
}
std::string error_of(const std::string& text) {
  const auto patterns = Patterns::compile(Expressions{{"first", "a"}, {"garden.hosts[7]", text}},
                                          Patterns::Case::kAny);
  return patterns ? "" : patterns.error().text();
}

TEST(Patterns, MatchTheWholeTextInAnyCase) {
  const Patterns patterns = compiled({{"a", "cdn[0-9]+\\.example"}});
  const auto scratch = scratch_for(patterns);
  EXPECT_EQ(patterns.match("cdn42.example", scratch), 0U);
  EXPECT_EQ(patterns.match("CDN42.Example", scratch), 0U);
  for (const char* other :
       {"cdn42.example.net", "x.cdn42.example", "cdn42.example\n", "cdn.example", ""})
    EXPECT_FALSE(patterns.match(other, scratch)) << other;
}

TEST(Patterns, MindTheCaseWhereTheyAreToldTo) {
  const Patterns patterns = compiled({{"a", "/gen_204|(?i:x)"}}, Patterns::Case::kSame);
  const auto scratch = scratch_for(patterns);
  EXPECT_TRUE(patterns.match("/gen_204", scratch));
  EXPECT_FALSE(patterns.match("/GEN_204", scratch));
  EXPECT_TRUE(patterns.match("X", scratch));
}

TEST(Patterns, TellTheFirstThatMatches) {
  const Patterns patterns = compiled({{"a", "x"}, {"b", "[a-z]y"}, {"c", "..?"}});
  const auto scratch = scratch_for(patterns);
  EXPECT_EQ(patterns.match("x", scratch), 0U);
  EXPECT_EQ(patterns.match("zy", scratch), 1U);
  EXPECT_EQ(patterns.match("zz", scratch), 2U);
}

TEST(Patterns, CannotBeWidenedByAnOpenBracketOrAnAlternative) {
  const Patterns patterns = compiled({{"a", "a|b"}});
  const auto scratch = scratch_for(patterns);
  EXPECT_TRUE(patterns.match("b", scratch));
  EXPECT_FALSE(patterns.match("bc", scratch));
  EXPECT_FALSE(patterns.match("ca", scratch));
  EXPECT_NE(error_of("a)|(?:b"), "");
}

TEST(Patterns, MatchAnyBytesOrNone) {
  const Patterns patterns = compiled({{"a", "[^a]+"}});
  const auto scratch = scratch_for(patterns);
  EXPECT_TRUE(patterns.match(std::string_view{"\0\xff\n", 3}, scratch));
  EXPECT_FALSE(patterns.match(std::string(5000, 'b'), scratch)) << "longer than anything asked for";
  const Patterns none = compiled({});
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none.match("a", scratch_for(none)));
}

TEST(Patterns, HaveAScratchForEachWorkerThatFitsSeveralSets) {
  const Patterns one = compiled({{"a", "x+"}});
  const Patterns two = compiled({{"a", "(foo|bar)[0-9]{2,5}\\.(a|b)*\\.example"}, {"b", "y+"}});
  Patterns::Scratch first;
  ASSERT_TRUE(first.fit(one));
  ASSERT_TRUE(first.fit(two));
  auto second = first.clone();
  ASSERT_TRUE(second);
  const auto work = [&](const Patterns::Scratch& scratch, bool& good) {
    for (int i = 0; i < 10'000; ++i) {
      good = good && one.match("xxx", scratch) == 0U && two.match("yy", scratch) == 1U &&
             !two.match("foo1.a.example", scratch);
    }
  };
  bool first_good = true, second_good = true;
  std::thread other{[&] { work(*second, second_good); }};
  work(first, first_good);
  other.join();
  EXPECT_TRUE(first_good);
  EXPECT_TRUE(second_good);
}

TEST(Patterns, AreRefusedByName) {
  EXPECT_EQ(error_of("a("),
            "garden.hosts[7]: the expression /a(/ is refused: Missing close parenthesis for group "
            "started at index 1; write it as PCRE does, without back references and look-around");
  EXPECT_TRUE(
      error_of("(a)\\1").starts_with("garden.hosts[7]: the expression /(a)\\1/ is refused: "));
  EXPECT_TRUE(error_of("(?=a)b").starts_with("garden.hosts[7]: "));
  EXPECT_TRUE(error_of("\\Qa").starts_with("garden.hosts[7]: ")) << "quotes what is put behind it";
  EXPECT_EQ(error_of(""),
            "garden.hosts[7]: the expression is of 0 bytes; give one of 1 to 512 bytes");
  EXPECT_EQ(error_of(std::string(513, 'a')),
            "garden.hosts[7]: the expression is of 513 bytes; give one of 1 to 512 bytes");
  EXPECT_TRUE(error_of(std::string("a\0b", 3)).find("it holds a NUL") != std::string::npos);
  EXPECT_TRUE(error_of("((a{1,500}b){1,500}){1,500}").starts_with("garden.hosts[7]: "));
}

TEST(Patterns, AreAtMostFiveHundredAndTwelve) {
  Expressions expressions;
  for (unsigned i = 0; i < 512; ++i)
    expressions.push_back({fmt::format("e{}", i), fmt::format("h{}\\.example", i)});
  const Patterns patterns = compiled(expressions);
  EXPECT_EQ(patterns.match("h511.example", scratch_for(patterns)), 511U);
  expressions.push_back({"e512", "x"});
  EXPECT_EQ(
      Patterns::compile(expressions, Patterns::Case::kAny).error().text(),
      "e512: it is one of 513 expressions; at most 512 are possible: give a list as names, or "
      "as \"*.a.example\"");
}

TEST(Patterns, KnowWhatTheyCost) {
  const Patterns patterns = compiled({{"a", "x+"}, {"b", "y+"}});
  const Patterns::Cost& cost = patterns.cost();
  EXPECT_EQ(cost.expressions, 2U);
  EXPECT_GT(cost.bytes, 0U);
  EXPECT_GT(cost.compile_s, 0);
  EXPECT_GT(cost.scan_cycles, 0);
  EXPECT_EQ((Patterns::Cost{1, 2049, 0.25, 430.4, 1200}.text()),
            "1 expression, 3 KiB, compiled in 0.25 s, 430 cycles a scan (1200 of 253 bytes)");
}

}  // namespace
}  // namespace gate511::http
