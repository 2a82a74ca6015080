// SPDX-License-Identifier: BSD-3-Clause
#include "control/short_text.hpp"

#include <gtest/gtest.h>

namespace gate511::control {
namespace {

TEST(ShortText, IsWhatItWasGiven) {
  ShortText text;
  EXPECT_EQ(text, "");
  for (const std::size_t size : {0U, 1U, 64U, 255U}) {
    const std::string given(size, 'x');
    text = given;
    EXPECT_EQ(text, given);
    const ShortText copy = text;  // NOLINT(performance-unnecessary-copy-initialization)
    EXPECT_EQ(copy, given);
  }
  EXPECT_EQ(ShortText{std::string(300, 'y')}, std::string(255, 'y'));
  text = ShortText{std::string_view{"a\0b", 3}};
  EXPECT_EQ(std::string_view{text}.size(), 3U);
  const ShortText& same = text;
  text = same;
  EXPECT_EQ(std::string_view{text}.size(), 3U);
  const ShortText moved = std::move(text);
  EXPECT_EQ(std::string_view{moved}.size(), 3U);
  EXPECT_LE(sizeof(ShortText), sizeof(void*));
}

}  // namespace
}  // namespace gate511::control
