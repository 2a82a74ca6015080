// SPDX-License-Identifier: BSD-3-Clause
#include "http/host_set.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace gate511::http {
namespace {

HostSet set_of(const std::vector<std::string>& names) {
  auto set = HostSet::build(names);
  if (!set) throw std::runtime_error{set.error().what};
  return std::move(*set);
}

TEST(HostSet, HoldsAnExactNameAndNothingBesideIt) {
  const HostSet set = set_of({"a.example"});
  EXPECT_TRUE(set.contains("a.example"));
  for (const char* other : {"b.a.example", "example", "aa.example", "a.example.net", ".a.example",
                            "a..example", "a.example..", "", ".", "a"})
    EXPECT_FALSE(set.contains(other)) << other;
}

TEST(HostSet, HoldsWhatIsBelowASuffixAndNotTheSuffixItself) {
  const HostSet set = set_of({"*.a.example"});
  EXPECT_TRUE(set.contains("b.a.example"));
  EXPECT_TRUE(set.contains("_c.b.a.example"));
  EXPECT_FALSE(set.contains("a.example"));
  EXPECT_FALSE(set.contains("ba.example"));
  EXPECT_FALSE(set.contains(".a.example")) << "an empty label";
  EXPECT_FALSE(set.contains("b..a.example"));
}

TEST(HostSet, HoldsANameAndWhatIsBelowItWhereBothAreGiven) {
  const HostSet set = set_of({"*.a.example", "a.example", "A.EXAMPLE."});
  EXPECT_EQ(set.size(), 2U) << "names given twice count once";
  EXPECT_TRUE(set.contains("a.example"));
  EXPECT_TRUE(set.contains("b.a.example"));
}

TEST(HostSet, KnowsAnyCaseAndATrailingDot) {
  const HostSet set = set_of({"WwW.Example.", "*.Net.Example"});
  for (const char* name : {"www.example", "WWW.EXAMPLE", "www.example.", "Z.nEt.exAmple."})
    EXPECT_TRUE(set.contains(name)) << name;
}

TEST(HostSet, ComparesEachOctet) {
  const std::string name = "abcdefghijklmnop.example";
  const HostSet set = set_of({name});
  for (std::size_t i = 0; i < name.size(); ++i) {
    for (unsigned octet = 0; octet < 256; ++octet) {
      std::string other = name;
      other[i] = static_cast<char>(octet);
      const bool same = octet == static_cast<unsigned char>(name[i]) ||
                        (name[i] != '.' && octet == static_cast<unsigned char>(name[i]) - 0x20U);
      EXPECT_EQ(set.contains(other), same) << i << ' ' << octet;
    }
  }
}

TEST(HostSet, TakesNamesAsLongAsNamesCanBe) {
  const std::string label(63, 'l');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'm');
  ASSERT_EQ(longest.size(), 253U);
  std::string deepest = "a";
  while (deepest.size() < 253) deepest += ".a";
  const HostSet set = set_of({longest, deepest, "*.a.a"});
  EXPECT_TRUE(set.contains(longest));
  EXPECT_TRUE(set.contains(longest + '.'));
  EXPECT_FALSE(set.contains(longest + 'm'));
  EXPECT_TRUE(set.contains(deepest));
  EXPECT_TRUE(set.contains(deepest.substr(2)));
  EXPECT_FALSE(set.contains("a.a"));
  EXPECT_FALSE(set.contains(std::string(64, 'l') + ".a.a")) << "a label of 64";
  EXPECT_FALSE(set.contains(deepest + ".a"));
}

TEST(HostSet, HoldsNothingWhenItIsEmpty) {
  EXPECT_FALSE(HostSet{}.contains("a.example"));
  EXPECT_FALSE(set_of({}).contains(""));
}

TEST(HostSet, IsAsAPlainSetIs) {
  std::mt19937 random{7};
  const auto name = [&] {
    std::string made;
    for (unsigned labels = 1 + random() % 4; labels > 0; --labels) {
      for (unsigned n = 1 + random() % 2; n > 0; --n) made += static_cast<char>('a' + random() % 3);
      if (labels > 1) made += '.';
    }
    return made;
  };
  std::vector<std::string> names;
  std::set<std::string> plain;
  for (int i = 0; i < 60; ++i) {
    names.push_back((random() % 2 == 0 ? "*." : "") + name());
    plain.insert(names.back());
  }
  const HostSet set = set_of(names);
  EXPECT_EQ(set.size(), plain.size());
  unsigned held = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string asked = name();
    bool expected = plain.contains(asked);
    for (std::size_t dot = asked.find('.'); dot != asked.npos; dot = asked.find('.', dot + 1))
      expected = expected || plain.contains("*" + asked.substr(dot));
    EXPECT_EQ(set.contains(asked), expected) << asked;
    held += expected ? 1 : 0;
  }
  EXPECT_GT(held, 1000U);
}

TEST(HostSet, HoldsAHundredThousandNames) {
  std::vector<std::string> names;
  names.reserve(100'000);
  for (int i = 0; i < 100'000; ++i)
    names.push_back(fmt::format("{}host{}.example", i % 2 ? "*." : "", i));
  const HostSet set = set_of(names);
  EXPECT_EQ(set.size(), 100'000U);
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_EQ(set.contains(fmt::format("host{}.example", i)), i % 2 == 0);
    EXPECT_EQ(set.contains(fmt::format("www.host{}.example", i)), i % 2 == 1);
    EXPECT_FALSE(set.contains(fmt::format("other{}.example", i)));
  }
}

TEST(HostSet, SaysWhichNameIsNoneAndWhy) {
  const auto error_of = [](const std::string& name) {
    const std::vector<std::string> names{"a.example", name};
    const auto set = HostSet::build(names);
    return set ? std::string{}
               : fmt::format("{}: {}; {}", set.error().index, set.error().what, set.error().hint);
  };
  const std::string form = "; write it like \"a.example\" or \"*.a.example\"";
  EXPECT_EQ(error_of(""), "1: \"\" is no host name" + form);
  EXPECT_EQ(error_of("*."), "1: \"*.\" is no host name" + form);
  EXPECT_EQ(error_of("*"), "1: \"*\" has a * that is not in front" + form);
  EXPECT_EQ(error_of("a.*.example"), "1: \"a.*.example\" has a * that is not in front" + form);
  EXPECT_EQ(error_of("a..example"), "1: \"a..example\" has an empty label" + form);
  EXPECT_EQ(error_of("a b"), "1: \"a b\" has a character that no host name has" + form);
  EXPECT_EQ(error_of("http://a.example/"),
            "1: \"http://a.example/\" has a character that no host name has" + form);
  EXPECT_EQ(error_of("192.0.2.1"),
            "1: \"192.0.2.1\" is an address, not a name; addresses belong into `cidrs`");
  EXPECT_EQ(error_of("b\xc3\xbc.example"),
            "1: \"b??.example\" is not ASCII; write it in its xn-- form");
  EXPECT_EQ(error_of(std::string(64, 'l')),
            "1: \"" + std::string(64, 'l') + "\" has a label of over 63 bytes; shorten it");
  EXPECT_EQ(error_of("a." + std::string(252, 'l')),
            "1: \"a." + std::string(78, 'l') + "...\" is over 253 bytes long; shorten it");
}

}  // namespace
}  // namespace gate511::http
