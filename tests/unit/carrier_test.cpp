// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "dataplane/carrier.hpp"

namespace gate511::dataplane {
namespace {

using std::chrono::seconds;

class CarrierTest : public ::testing::Test {
 protected:
  /// What is ordered, such as "uplink down"; empty: nothing.
  std::string next(bool access_up, bool uplink_up) {
    const auto order = carrier_.next(access_up, uplink_up, now_);
    if (!order) return "";
    return std::string{order->end == Carrier::End::kAccess ? "access" : "uplink"} +
           (order->up ? " up" : " down");
  }
  void pass(seconds time) { now_ += time; }

 private:
  Carrier carrier_;
  Carrier::Clock::time_point now_{};
};

TEST_F(CarrierTest, ALossIsPassedOnAndTakenBack) {
  EXPECT_EQ(next(true, true), "");
  EXPECT_EQ(next(false, true), "uplink down");
  EXPECT_EQ(next(false, false), "") << "the uplink is down by our own order";
  EXPECT_EQ(next(true, false), "uplink up");
  EXPECT_EQ(next(true, false), "") << "the uplink needs a while";
  pass(seconds{3});
  EXPECT_EQ(next(true, true), "");
}

TEST_F(CarrierTest, TheOtherWayToo) {
  EXPECT_EQ(next(true, true), "");
  EXPECT_EQ(next(true, false), "access down");
  EXPECT_EQ(next(false, false), "");
  EXPECT_EQ(next(false, true), "access up");
  EXPECT_EQ(next(true, true), "");
}

TEST_F(CarrierTest, NothingAtStartUntilPortsHadTime) {
  EXPECT_EQ(next(false, true), "");
  pass(seconds{9});
  EXPECT_EQ(next(false, true), "");
  pass(seconds{1});
  EXPECT_EQ(next(false, true), "uplink down");
}

TEST_F(CarrierTest, APortThatDoesNotComeBackHoldsTheOther) {
  EXPECT_EQ(next(true, true), "");
  EXPECT_EQ(next(false, true), "uplink down");
  EXPECT_EQ(next(true, false), "uplink up");
  pass(Carrier::kSettle);
  EXPECT_EQ(next(true, false), "access down") << "the uplink's own cable is gone as well";
  EXPECT_EQ(next(false, true), "access up");
}

TEST_F(CarrierTest, BothAtOnceIsNothingToPassOn) {
  EXPECT_EQ(next(true, true), "");
  EXPECT_EQ(next(false, false), "");
  EXPECT_EQ(next(false, true), "uplink down");
  EXPECT_EQ(next(true, false), "uplink up");
}

TEST_F(CarrierTest, AFlapOfAPortThatWasUpIsPassedOnAtOnce) {
  EXPECT_EQ(next(true, true), "");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(next(false, true), "uplink down");
    EXPECT_EQ(next(true, false), "uplink up");
    EXPECT_EQ(next(true, true), "");
  }
}

}  // namespace
}  // namespace gate511::dataplane
