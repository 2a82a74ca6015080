// SPDX-License-Identifier: BSD-3-Clause
//
// What is sent of a spool, and when, to a server on loopback that answers as each test says.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "radius/accounting/sender.hpp"
#include "radius/client/address.hpp"
#include "radius/client/file_descriptor.hpp"
#include "radius/wire/signature.hpp"
#include "radius/wire/writer.hpp"
#include "support/temp_folder.hpp"

namespace gate511::radius {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSecret = "a secret of the test's";

class RadiusSender : public testing::Test {
 protected:
  RadiusSender() : socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    SocketAddress address = SocketAddress::parse("127.0.0.1", 0).value();
    EXPECT_EQ(::bind(socket_.get(), address.get(), address.size()), 0);
    socklen_t size = SocketAddress::capacity();
    EXPECT_EQ(::getsockname(socket_.get(), address.get(), &size), 0);
    exchange_.emplace("accounting", std::vector{Server{"127.0.0.1", address.port(), kSecret}},
                      ExchangeOptions{20ms, 2, 100ms, 8'192});
    EXPECT_TRUE(exchange_->open());
    sender_.emplace(*exchange_, "spool.db", Sender::Waits{20ms, 200ms, 1'000ms, 5ms});
  }

  void put(RecordKind kind, std::uint64_t session, const std::string& name) {
    Attributes attributes;
    attributes.add(attribute::kAcctSessionId, name);
    spool_.put(kind, {0, {session, 1}, 1'000, attributes.encoded()});
  }

  /// All that came is noted, and answered unless it is of `refused_` or the server is away.
  void serve() {
    for (;;) {
      PacketBytes bytes(kMaxPacket);
      SocketAddress from;
      socklen_t size = SocketAddress::capacity();
      const ssize_t got =
          ::recvfrom(socket_.get(), bytes.data(), bytes.size(), 0, from.get(), &size);
      if (got < 0) return;
      bytes.resize(static_cast<std::size_t>(got));
      const Packet request = Packet::parse(bytes).value();
      const std::string name = request.text(attribute::kAcctSessionId).value_or("");
      came_.push_back(name);
      if (is_away_ || refused_.contains(name)) continue;
      answered_ += name + ' ';
      const PacketBytes reply = reply_to(request, Code::kAccountingResponse, kSecret, {});
      ::sendto(socket_.get(), reply.data(), reply.size(), 0, from.get(), from.size());
    }
  }

  bool until(const std::function<bool()>& holds, std::chrono::milliseconds most = 3'000ms) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      pollfd waits{exchange_->fd(), POLLIN, 0};
      ::poll(&waits, 1, 2);
      serve();
      exchange_->work();
      sender_->drop_taken(spool_);
      sender_->send(spool_);
    }
    return true;
  }
  [[nodiscard]] std::ptrdiff_t times(const std::string& name) const {
    return std::count(came_.begin(), came_.end(), name);
  }

  test::TempFolder folder_;
  Spool spool_{folder_ / "spool.db"};
  FileDescriptor socket_;
  std::optional<Exchange> exchange_;
  std::optional<Sender> sender_;
  std::set<std::string> refused_;
  bool is_away_ = false;
  std::vector<std::string> came_;
  std::string answered_;
};

TEST_F(RadiusSender, WhatIsTakenIsDeleted) {
  put(RecordKind::kStart, 1, "one");
  put(RecordKind::kStart, 2, "two");
  EXPECT_TRUE(until([&] { return spool_.size() == 0; }));
  EXPECT_EQ(sender_->delivered(), 2U);
  EXPECT_EQ(times("one"), 1);
}

TEST_F(RadiusSender, OneThatIsNeverAnsweredHoldsUpNoOther) {
  refused_ = {"bad"};
  put(RecordKind::kStart, 1, "bad");
  for (std::uint64_t i = 2; i < 10; ++i) put(RecordKind::kStart, i, "good");
  EXPECT_TRUE(until([&] { return sender_->delivered() == 8 && sender_->refused() == 1; }));
  // Alone, and with others that come later.
  EXPECT_TRUE(until([&] { return times("bad") >= 4; }));
  put(RecordKind::kStop, 20, "later");
  EXPECT_TRUE(until([&] { return sender_->delivered() == 9; }, 500ms));
  EXPECT_EQ(spool_.size(), 1U);
  refused_.clear();
  EXPECT_TRUE(until([&] { return spool_.size() == 0; }));
  EXPECT_EQ(sender_->refused(), 0U);
}

TEST_F(RadiusSender, OneThatIsNeverAnsweredIsSentMoreAndMoreSeldom) {
  refused_ = {"bad"};
  put(RecordKind::kStart, 1, "bad");
  put(RecordKind::kStart, 2, "good");
  EXPECT_TRUE(until([&] { return sender_->refused() == 1; }));
  const auto before = times("bad");
  // In 200 ms, 400 ms and 800 ms, twice each.
  EXPECT_FALSE(until([&] { return times("bad") > before; }, 150ms));
  static_cast<void>(until([] { return false; }, 1'000ms));
  EXPECT_GE(times("bad"), before + 2);
  EXPECT_LE(times("bad"), before + 4);
}

TEST_F(RadiusSender, ManyThatAreNeverAnsweredHoldUpNoOther) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    refused_.insert("bad" + std::to_string(i));
    put(RecordKind::kStart, i, "bad" + std::to_string(i));
  }
  EXPECT_TRUE(until([&] { return times("bad5") >= 2; }));  // by now it looks as if none were there
  put(RecordKind::kStart, 9, "good");
  EXPECT_TRUE(until([&] { return sender_->delivered() == 1; }));
  EXPECT_EQ(spool_.size(), 5U);
}

TEST_F(RadiusSender, WhereNoneIsAnsweredOneAtATimeFindsOut) {
  is_away_ = true;
  for (std::uint64_t i = 0; i < 50; ++i) put(RecordKind::kStart, i, std::to_string(i));
  EXPECT_TRUE(until([&] { return exchange_->counts().timeouts >= 50; }));
  EXPECT_EQ(sender_->refused(), 0U) << "it is the server that is away";
  const auto before = came_.size();
  static_cast<void>(until([] { return false; }, 300ms));
  EXPECT_LE(came_.size(), before + 20);
  is_away_ = false;
  EXPECT_TRUE(until([&] { return spool_.size() == 0; }));
  EXPECT_EQ(sender_->delivered(), 50U);
}

TEST_F(RadiusSender, RecordsOfASessionKeepTheirOrder) {
  is_away_ = true;
  for (std::uint64_t i = 0; i < 5; ++i) put(RecordKind::kStart, i, "start" + std::to_string(i));
  for (std::uint64_t i = 0; i < 5; ++i) put(RecordKind::kStop, i, "stop" + std::to_string(i));
  EXPECT_TRUE(until([&] { return exchange_->counts().timeouts >= 12; }));
  EXPECT_EQ(times("stop0") + times("stop4"), 0);
  is_away_ = false;
  EXPECT_TRUE(until([&] { return spool_.size() == 0; }));
  for (std::uint64_t i = 0; i < 5; ++i) {
    const std::string name = std::to_string(i);
    EXPECT_LT(answered_.find("start" + name), answered_.find("stop" + name)) << answered_;
  }
}

TEST_F(RadiusSender, AStartThatIsRefusedIsNotSentBehindItsStop) {
  refused_ = {"start"};
  put(RecordKind::kStart, 1, "start");
  put(RecordKind::kStart, 2, "good");
  EXPECT_TRUE(until([&] { return sender_->refused() == 1; }));
  put(RecordKind::kStop, 1, "stop");
  EXPECT_TRUE(until([&] { return spool_.size() == 0; }, 500ms));
  EXPECT_EQ(answered_, "good stop ");
  refused_.clear();
  static_cast<void>(until([] { return false; }, 300ms));
  EXPECT_EQ(answered_, "good stop ");
}

TEST_F(RadiusSender, AnInterimThatGaveWayHoldsNothingUp) {
  is_away_ = true;
  put(RecordKind::kInterim, 1, "interim");
  EXPECT_TRUE(until([&] { return exchange_->counts().timeouts >= 1; }));
  put(RecordKind::kStop, 1, "stop");
  is_away_ = false;
  EXPECT_TRUE(until([&] { return spool_.size() == 0; }));
  EXPECT_NE(answered_.find("stop"), std::string::npos);
}

TEST_F(RadiusSender, AnswersForASpoolThatWasSetAsideAreNotOfTheNext) {
  put(RecordKind::kStart, 1, "old");
  sender_->send(spool_);
  sender_->begin_anew();
  for (int i = 0; i < 50; ++i) {
    serve();
    exchange_->work();
    ::poll(nullptr, 0, 1);
  }
  EXPECT_NE(answered_, "");
  sender_->drop_taken(spool_);
  EXPECT_EQ(spool_.size(), 1U) << "it has the number of another record now";
}

}  // namespace
}  // namespace gate511::radius
