// SPDX-License-Identifier: BSD-3-Clause
//
// Captures by the control protocol: who may, what is read, and each way in which one ends.
#include <gtest/gtest.h>

#include "control_service_fixture.hpp"

namespace gate511::control {
namespace {

class CaptureTest : public ServiceTest {
 protected:
  CaptureTest() { enable("[capture]\nenabled = true\n"); }
  Json start(const Json& more = Json::object()) {
    Json params{{"mac", kMac}, {"seconds", 10}};
    params.update(more);
    return result("capture.start", params);
  }
  void frame(std::size_t worker, std::size_t bytes, std::uint64_t after_ns = 0) {
    std::vector<std::byte> made(bytes, std::byte{0xab});
    net::store_be48(made, 6, 0x0200'5e00'5301);
    taps_.frame(worker, made, taps_.now_ns + after_ns, policy::Verdict::kGuestDenied);
  }
};

TEST_F(CaptureTest, OnlyRootAndOnlyWhereItIsOn) {
  const Json params{{"mac", kMac}, {"seconds", 10}};
  caller_.rights = Access::kChange;
  EXPECT_EQ(error("capture.start", params),
            "-32005 `capture.start` is for root alone; call it as root on control.socket");
  caller_.rights = Access::kRoot;
  enable("");
  EXPECT_EQ(error("capture.start", params),
            "-32005 captures are off: set capture.enabled = true in the configuration, and reload");
  EXPECT_EQ(taps_.taps[0], nullptr);
  EXPECT_TRUE(captures_.empty());
  EXPECT_EQ(error("capture.read", Json::object()),
            "-32001 this connection has no capture; begin one with `capture.start`");
}

TEST_F(CaptureTest, SaysWhatIsWrong) {
  EXPECT_EQ(error("capture.start", {{"mac", kMac}}), "-32602 `seconds` is missing");
  EXPECT_EQ(error("capture.start", {{"seconds", 5}}), "-32602 `mac` is missing");
  EXPECT_EQ(error("capture.start", {{"mac", "x"}, {"seconds", 5}}),
            "-32003 `x` is no MAC address; write it like 02:00:5e:00:53:01");
  EXPECT_EQ(error("capture.start", {{"mac", kMac}, {"seconds", 3601}}),
            "-32602 `seconds` must be an integer from 1 to 3600");
  EXPECT_EQ(error("capture.start", {{"mac", kMac}, {"seconds", 5}, {"snap", 13}}),
            "-32602 `snap` must be an integer from 14 to 65535");
}

TEST_F(CaptureTest, ReadsTheFramesOfAllWorkersInTheirOrder) {
  world_.status.port_list = {{"p0", "venue", "access", "", ""}, {"p1", "venue", "uplink", "", ""}};
  EXPECT_EQ(start()["interfaces"], Json::parse(R"([{"name":"p0","link":"venue","role":"access"},
                                                  {"name":"p1","link":"venue","role":"uplink"}])"));
  frame(0, 14, 5);
  frame(1, 15, 4);
  const Json read = result("capture.read");
  ASSERT_EQ(read["frames"].size(), 2U);
  EXPECT_EQ(read["frames"][0]["bytes"], 15);
  EXPECT_EQ(read["frames"][1],
            Json::parse(R"({"time_ns":1750000000000000005,"interface":0,"direction":"in","bytes":14,
                            "verdict":"guest_denied","data":"q6urq6urAgBeAFMBq6s="})"));
  EXPECT_EQ(read["done"], false);
  EXPECT_EQ(read["dropped"], 0);
  EXPECT_EQ(result("capture.read")["frames"], Json::array());
  EXPECT_EQ(captures_, std::vector<std::string>{"began 02:00:5e:00:53:01"});
  // One at a time, and nobody else's.
  caller_.connection = 2;
  EXPECT_EQ(error("capture.start", {{"mac", kMac}, {"seconds", 5}}),
            "-32006 a capture of 02:00:5e:00:53:01 by uid 0 is under way; there can be one at a "
            "time");
  EXPECT_EQ(call("capture.read")["error"]["code"], -32001);
  EXPECT_EQ(call("capture.stop")["error"]["code"], -32001);
}

TEST_F(CaptureTest, EndsInTimeAndTellsTheRest) {
  start();
  frame(0, 20);
  world_.time.advance_ms(10'000);
  capture_methods_.tick();
  EXPECT_EQ(taps_.taps[0], nullptr);
  EXPECT_EQ(taps_.taps[1], nullptr);
  world_.settle();
  const Json read = result("capture.read");
  EXPECT_EQ(read["frames"].size(), 1U);
  EXPECT_EQ(read["done"], true);
  EXPECT_EQ(captures_.back(), "ended time 1");
  EXPECT_TRUE(start().contains("interfaces")) << "another may begin";
}

TEST_F(CaptureTest, EndsWithItsConnectionByRequestByReloadAndByBytes) {
  start();
  capture_methods_.gone(7);
  EXPECT_NE(taps_.taps[0], nullptr) << "another's";
  capture_methods_.gone(caller_.connection);
  EXPECT_EQ(taps_.taps[0], nullptr);
  EXPECT_EQ(captures_.back(), "ended gone 0");
  start();
  frame(0, 20);
  result("capture.stop");
  world_.settle();
  EXPECT_EQ(result("capture.read")["done"], true);
  EXPECT_EQ(captures_.back(), "ended stopped 1") << "with what was read behind its end";
  start({{"max_bytes", 30}});
  for (int i = 0; i < 5; ++i) frame(0, 20);
  const Json read = result("capture.read");
  EXPECT_EQ(read["frames"].size(), 2U);
  EXPECT_EQ(read["done"], true);
  EXPECT_EQ(captures_.back(), "ended bytes 2");
  start();
  enable("");
  capture_methods_.tick();
  capture_methods_.gone(caller_.connection);
  EXPECT_EQ(captures_.back(), "ended disabled 0");
}

TEST_F(CaptureTest, ItsMemoryStaysWhileAWorkerMayWriteToIt) {
  start({{"snap", 14}});
  pipeline::Tap* const tap = taps_.taps[0];
  world_.workers.stuck = true;
  capture_methods_.gone(caller_.connection);
  taps_.taps[0] = tap;  // a worker that has not looked yet
  frame(0, 100);
  taps_.taps[0] = nullptr;
  world_.workers.stuck = false;
  world_.settle();
}

}  // namespace
}  // namespace gate511::control
