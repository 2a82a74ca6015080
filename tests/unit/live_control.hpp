// SPDX-License-Identifier: BSD-3-Clause
//
// The whole control thread with real time and a real socket; only the workers are stand-ins.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/control.hpp"
#include "control_fakes.hpp"
#include "support/temp_folder.hpp"

namespace gate511::control {

/// Of the program that this build made.
[[nodiscard]] std::string gate511ctl_path();

/// Workers that another thread stands for: a quiescent point every time it comes round.
class ThreadGrace : public table::GracePeriod {
 public:
  ThreadGrace()
      : worker_{[this](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            if (!stuck) passed_ = started_.load();
            std::this_thread::sleep_for(std::chrono::microseconds{20});
          }
        }} {}
  Token start() override { return ++started_; }
  bool passed(Token token) override { return token <= passed_; }

  std::atomic<bool> stuck{false};

 private:
  std::atomic<Token> started_{0};
  std::atomic<Token> passed_{0};
  std::jthread worker_;
};

struct Ran {
  int exit = -1;
  std::string output;  ///< of both streams
};

class LiveControl : public testing::Test {
 protected:
  explicit LiveControl(KeyKind kind = KeyKind::kMac) : keys_{kind, {"venue", "annex"}} {}

  void SetUp() override {
    ASSERT_EQ(::access(gate511ctl_path().c_str(), X_OK), 0) << "build gate511ctl as well";
    config_.control.socket = folder_ / "run/control.sock";
    config_.control.status_socket = folder_ / "run/status.sock";
    config_.control.group = "";
    config_.metrics.listen = "";
    config_.sessions.store = folder_ / "sessions.db";
    status_.numbers.mbufs_total = 1024;
    shared_.policers = policers_;
    shared_.bindings = bindings_;
    shared_.snapshot = &snapshot_;
    auto control = Control::open(config_, {table_, grace_, *source_, sightings_, taps_, shared_,
                                           keys_, "0.1.0", nullptr, clock_});
    ASSERT_TRUE(control) << control.error().text();
    control_ = std::move(*control);
    thread_ = std::jthread{[this] {
      control_->run([this] { return stop_.load(); }, [this] { ++ticks_; });
      stopped_ = true;
    }};
  }
  void TearDown() override {
    stop_ = true;
    thread_ = {};
    control_.reset();
  }

  Ran ctl(const std::string& arguments) {
    return run(gate511ctl_path() + " -s " + config_.control.socket + " " + arguments);
  }
  /// A shell's command.
  static Ran run(const std::string& line) {
    const std::string command = line + " 2>&1";
    Ran ran;
    FILE* const pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> chunk{};
    std::size_t got = 0;
    while ((got = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0)
      ran.output.append(chunk.data(), got);
    const int status = ::pclose(pipe);
    ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
  }

  Config config_;
  test::TempFolder folder_;
  std::vector<table::Bucket> buckets_{table::SessionTable::buckets_for(2'000)};
  table::SessionTable table_{buckets_, 2'000, {1, 2}};
  ThreadGrace grace_;
  HandStatus status_;
  const dataplane::StatusSource* source_ = &status_;
  Clock clock_ = Clock::system();
  HandTaps taps_;
  HandSightings sightings_;
  const policy::Snapshot snapshot_ = hand_snapshot();
  std::vector<table::Policer> policers_ = std::vector<table::Policer>(table_.slots());
  std::vector<table::BindingPlace> bindings_ = std::vector<table::BindingPlace>(table_.slots());
  pipeline::Shared shared_{table_, net::SipKey{}};
  SessionKeys keys_;
  std::unique_ptr<Control> control_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> stopped_{false};
  std::atomic<int> ticks_{0};
  std::jthread thread_;
};

}  // namespace gate511::control
