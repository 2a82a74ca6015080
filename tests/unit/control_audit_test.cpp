// SPDX-License-Identifier: BSD-3-Clause
#include "control/audit.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "control_fakes.hpp"
#include "support/temp_folder.hpp"

namespace gate511::control {
namespace {

class Audit : public testing::Test {
 protected:
  void SetUp() override {
    path_ = folder_ / "audit.jsonl";
    start(path_);
  }
  void TearDown() override { log_.reset(); }
  void start(const std::string& path) {
    auto opened = AuditLog::open(path, time_.clock);
    ASSERT_TRUE(opened) << opened.error().text();
    log_ = std::move(*opened);
  }
  std::vector<Json> lines() {
    log_.reset();
    std::ifstream file{path_};
    std::vector<Json> found;
    for (std::string line; std::getline(file, line);) found.push_back(Json::parse(line));
    return found;
  }

  HandClock time_;
  test::TempFolder folder_;
  std::string path_;
  std::unique_ptr<AuditLog> log_;
  const Caller root_{.rights = Access::kChange, .connection = 1, .pid = 7, .uid = 0, .gid = 0};
};

TEST_F(Audit, SaysWhoDidWhatAndWhatCameOfIt) {
  log_->note(root_, "session.add", AuditLog::params_summary({{"tag", "a\n\"b\""}}), nullptr, 5);
  const RpcError error = rpc::read_only("no");
  log_->note({.certificate = "portal.example"}, "shutdown", "{}", &error, 5);
  const auto found = lines();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0], Json::parse(R"({"time":1750000000,"uid":0,"gid":0,"pid":7,
    "method":"session.add","params":{"tag":"a\n\"b\""},"result":"ok","generation":5})"));
  EXPECT_EQ(found[1], Json::parse(R"({"time":1750000000,"certificate":"portal.example",
    "method":"shutdown","params":{},"generation":5,
    "result":{"code":-32005,"message":"no","data":{"reason":"READ_ONLY"}}})"));
}

TEST_F(Audit, ParametersAreShort) {
  Json many = Json::array();
  for (int i = 0; i < 1'000; ++i) many.push_back({{"mac", i}});
  EXPECT_EQ(AuditLog::params_summary({{"sessions", many}}), R"({"sessions":"1000 items"})");
  EXPECT_EQ(AuditLog::params_summary({{"text", std::string(10'000, 'x')}}),
            R"({"text":"a long text"})");
  EXPECT_EQ(AuditLog::params_summary({{"a", std::string(400, 'x')}, {"b", std::string(400, 'x')}}),
            R"("large")");
  EXPECT_EQ(AuditLog::params_summary(Json::array({1})), R"("no object")");
}

TEST_F(Audit, WhatComesTooFastIsCounted) {
  for (int i = 0; i < 1'100; ++i) log_->note(root_, "session.add", "{}", nullptr, 1);
  EXPECT_EQ(log_->counts().suppressed, 100U);
  time_.advance_ms(1'000);
  log_->note(root_, "session.add", "{}", nullptr, 1);
  const auto found = lines();
  ASSERT_EQ(found.size(), 1'001U);
  EXPECT_FALSE(found[999].contains("missing_before"));
  EXPECT_EQ(found[1'000]["missing_before"], 100);
}

TEST_F(Audit, GoesOnInANewFileWhenTheOldWasMoved) {
  log_->note(root_, "first", "{}", nullptr, 1);
  while (log_->counts().written < 1) std::this_thread::yield();
  std::filesystem::rename(path_, path_ + ".1");
  log_->reopen();
  log_->note(root_, "second", "{}", nullptr, 1);
  const auto found = lines();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["method"], "second");
}

TEST_F(Audit, AFileThatCannotBeOpenedAnewIsAProblemUntilItCan) {
  std::filesystem::rename(path_, path_ + ".1");
  std::filesystem::create_directory(path_);
  log_->reopen();
  log_->note(root_, "first", "{}", nullptr, 1);
  EXPECT_TRUE(log_->settle());
  EXPECT_EQ(log_->problem(), "the audit log " + path_ + " cannot be written: Is a directory");
  EXPECT_EQ(log_->counts().written, 1U) << "it goes where it went";
  std::filesystem::remove(path_);
  log_->note(root_, "second", "{}", nullptr, 2);
  EXPECT_TRUE(log_->settle());
  EXPECT_EQ(log_->problem(), "");
  ASSERT_EQ(lines().size(), 1U);
}

TEST_F(Audit, AFileThatWasRemovedIsMadeAnew) {
  std::filesystem::remove(path_);
  log_->note(root_, "first", "{}", nullptr, 1);
  EXPECT_TRUE(log_->settle());
  ASSERT_EQ(lines().size(), 1U);
}

TEST_F(Audit, AFullDiskIsToldAndCounted) {
  log_.reset();
  start("/dev/full");
  EXPECT_EQ(log_->problem(), "");
  log_->note(root_, "session.add", "{}", nullptr, 1);
  while (log_->counts().lost < 1) std::this_thread::yield();
  EXPECT_EQ(log_->problem(), "the audit log /dev/full cannot be written: No space left on device");
}

TEST_F(Audit, NamesAFileThatCannotBe) {
  const auto opened = AuditLog::open("/no/such/folder/a", time_.clock);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().text(),
            "/no/such/folder/a: cannot be opened: No such file or directory; set "
            "control.audit_log to a file that can be written, or to \"\"");
}

}  // namespace
}  // namespace gate511::control
