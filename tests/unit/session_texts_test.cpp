// SPDX-License-Identifier: BSD-3-Clause
#include "control/session_texts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace gate511::control {
namespace {

TEST(SessionTexts, AreWhatTheyWereGiven) {
  const SessionTexts none;
  EXPECT_EQ(none.tag(), "");
  EXPECT_EQ(none.user(), "");
  EXPECT_EQ(none.service_class(), "");
  const std::string longest(SessionTexts::kMax, 'x');
  for (const std::string& tag : {std::string{}, std::string{"room-12"}, longest}) {
    for (const std::string& user : {std::string{}, std::string{"a\0b", 3}, longest}) {
      for (const std::string& service_class : {std::string{}, std::string{"gold"}, longest}) {
        SessionTexts texts{tag, user, service_class};
        const SessionTexts copy = texts;  // NOLINT(performance-unnecessary-copy-initialization)
        const SessionTexts& same = texts;
        texts = same;
        const SessionTexts moved = std::move(texts);
        for (const SessionTexts* const one : {&copy, &moved}) {
          EXPECT_EQ(one->tag(), tag);
          EXPECT_EQ(one->user(), user);
          EXPECT_EQ(one->service_class(), service_class);
        }
      }
    }
  }
  EXPECT_LE(sizeof(SessionTexts), sizeof(void*));
}

TEST(SessionTexts, AreCutWhereTheyAreTooLong) {
  const SessionTexts texts{std::string(300, 'y'), "ann", std::string(256, 'z')};
  EXPECT_EQ(texts.tag(), std::string(255, 'y'));
  EXPECT_EQ(texts.user(), "ann");
  EXPECT_EQ(texts.service_class(), std::string(255, 'z'));
}

TEST(SessionTexts, AreChangedByThemselves) {
  SessionTexts texts{"room-12", "ann", ""};
  texts = {"room-13", texts.user(), texts.service_class()};
  EXPECT_EQ(texts.tag(), "room-13");
  EXPECT_EQ(texts.user(), "ann");
}

}  // namespace
}  // namespace gate511::control
