// SPDX-License-Identifier: BSD-3-Clause
#include "control/jobs.hpp"

#include <gtest/gtest.h>

#include <string>

#include "control/json_reader.hpp"

namespace gate511::control {
namespace {

using std::chrono::seconds;

TEST(Jobs, TakeTurnsBetweenOwnersAndKeepEachOnesOrder) {
  Jobs jobs;
  std::string done;
  const auto job = [&done](char name, int steps) {
    return [&done, name, steps]() mutable {
      done += name;
      return --steps > 0;
    };
  };
  jobs.add(1, job('a', 3));
  jobs.add(1, job('b', 1));
  jobs.add(2, job('x', 2));
  jobs.work(seconds{1});
  EXPECT_EQ(done, "axaxab");
  EXPECT_TRUE(jobs.empty());
}

TEST(Jobs, WhatAStepAddsComesBeforeItsRest) {
  Jobs jobs;
  std::string done;
  int left = 2;
  jobs.add(1, [&] {
    done += 'a';
    for (const char name : {'1', '2'}) jobs.add(1, [&done, name] { return done += name, false; });
    return --left > 0;
  });
  jobs.add(1, [&] { return done += 'b', false; });
  jobs.work(seconds{1});
  EXPECT_EQ(done, "a12a12b");
}

TEST(Jobs, StopWhenTheirTimeIsUp) {
  Jobs jobs;
  int steps = 0;
  jobs.add(1, [&steps] { return ++steps < 5; });
  jobs.work(std::chrono::nanoseconds{0});
  EXPECT_EQ(steps, 1);
  EXPECT_FALSE(jobs.empty());
}

TEST(JsonReader, ReadsTheSameInSlicesOfAnySize) {
  const std::string text =
      R"( {"a":[1,-2,3.5,1e3,true,false,null,"\u00e9\ud83d\ude00\n\\ é😀"],"b":{},"c":[[],{"d":""}],)"
      R"("e":18446744073709551615,"f":-9223372036854775808,"g":18446744073709551616} )";
  const nlohmann::json wanted = nlohmann::json::parse(text);
  for (std::size_t slice = 1; slice < text.size() + 1; ++slice) {
    JsonReader reader{text, 32};
    while (reader.work(slice)) {
    }
    EXPECT_EQ(reader.error(), "");
    EXPECT_EQ(reader.root(), wanted) << slice;
  }
}

TEST(JsonReader, SaysWhatItRefuses) {
  const auto error_of = [](const std::string& text) {
    JsonReader reader{text, 3};
    while (reader.work(7)) {
    }
    return reader.error();
  };
  for (const char* bad : {"",
                          " ",
                          "{",
                          "[1",
                          "[1,]",
                          "{\"a\"}",
                          "{\"a\":1,}",
                          "{a:1}",
                          "01",
                          "-",
                          "1.",
                          "1e",
                          "+1",
                          ".5",
                          "tru",
                          "\"",
                          "\"\\x\"",
                          "\"\\u12g4\"",
                          "\"\\ud800\"",
                          "\"\\udc00\"",
                          "\"\t\"",
                          "\"\xc0\x80\"",
                          "\"\xed\xa0\x80\"",
                          "\"\xf4\x90\x80\x80\"",
                          "\"\xe2\x82\"",
                          "1 2",
                          "[]]",
                          "1e999",
                          "[}"})
    EXPECT_TRUE(error_of(bad).starts_with("not JSON, or not UTF-8, at byte ")) << bad;
  EXPECT_EQ(error_of("[[[[]]]]"), "nested deeper than 3");
  EXPECT_EQ(error_of(R"({"a":1,"a":2})"), "key `a` stands twice in an object");
  std::string many = "[0";
  for (std::size_t i = 1; i < JsonReader::kMaxValues; ++i) many += ",0";
  EXPECT_EQ(error_of(many + "]"), "holds more than 65536 values");
}

TEST(JsonReader, ADocumentIsFreedInSlices) {
  nlohmann::json document = nlohmann::json::parse(R"([[1,2],{"a":[3],"b":{}},[[[]]],"x"])");
  int slices = 1;
  while (shred(document, 1)) ++slices;
  EXPECT_TRUE(document.is_null());
  EXPECT_EQ(slices, 12);
}

}  // namespace
}  // namespace gate511::control
