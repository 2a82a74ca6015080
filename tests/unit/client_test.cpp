// SPDX-License-Identifier: BSD-3-Clause
//
// libgate511 against the real control server, and against daemons that misbehave.
#include "gate511/client.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <deque>

#include "client/message.hpp"
#include "live_control.hpp"

namespace gate511 {
namespace {

using Json = nlohmann::json;
using Kind = ClientError::Kind;
using std::chrono::milliseconds;

class ClientTest : public control::LiveControl {
 protected:
  Client connect(ClientOptions options = {}) {
    auto client = Client::connect(config_.control.socket, options);
    EXPECT_TRUE(client) << client.error().message;
    return std::move(*client);
  }
};

TEST_F(ClientTest, CallsAndIsRefused) {
  Client client = connect();
  const auto added = client.call("session.add", {{"mac", "02:00:5e:00:53:01"}, {"ttl_s", 60}});
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->at("created"), true);
  const auto gone = client.call("session.get", {{"mac", "02:00:5e:00:53:02"}});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind, Kind::kRefused);
  EXPECT_EQ(gone.error().code, -32001);
  EXPECT_TRUE(gone.error().is_not_found());
  EXPECT_EQ(gone.error().message, "02:00:5e:00:53:02 has no session");
  const auto unknown = client.call("session.frobnicate");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, -32601);
  EXPECT_EQ(unknown.error().reason, "");
}

TEST_F(ClientTest, TextThatIsNotUtf8IsMended) {
  const auto added = connect().call("session.add", {{"mac", "02:00:5e:00:53:01"},
                                                    {"tag",
                                                     "a\xff"
                                                     "b"}});
  ASSERT_TRUE(added);
  EXPECT_EQ(added->at("session").at("tag"),
            "a\xef\xbf\xbd"
            "b");
}

TEST_F(ClientTest, BatchGivesAResultForEachInOrder) {
  const std::vector<Client::Request> requests{
      {"hello"}, {"nonsense"}, {"session.get", {{"mac", "02:00:5e:00:53:01"}}}, {"health"}};
  const auto results = connect().batch(requests);
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 4U);
  EXPECT_EQ((*results)[0]->at("program"), "gate511");
  EXPECT_EQ((*results)[1].error().code, -32601);
  EXPECT_TRUE((*results)[2].error().is_not_found());
  EXPECT_EQ((*results)[3]->at("status"), "ok");
  EXPECT_TRUE(connect().batch({})->empty());
}

TEST_F(ClientTest, ManyOnTheirWayFinishedInAnyOrder) {
  Client client = connect();
  std::deque<Client::Ticket> tickets;
  for (unsigned n = 0; n < 200; ++n) {
    const auto ticket = client.start(
        "session.add", {{"mac", net::to_string(net::MacAddress{0x02005e000000U + n})}});
    ASSERT_TRUE(ticket);
    tickets.push_back(*ticket);
  }
  for (; !tickets.empty(); tickets.pop_back()) EXPECT_TRUE(client.finish(tickets.back()));
  EXPECT_EQ(client.call("stats.get")->at("sessions").at("total"), 200);
  EXPECT_EQ(client.finish(1).error().kind, Kind::kProtocol);
}

TEST_F(ClientTest, MovesAndLeavesNothingOpen) {
  Client first = connect();
  const int fd = first.fd();
  Client second{std::move(first)};
  EXPECT_EQ(second.fd(), fd);
  EXPECT_TRUE(second.call("hello"));
  second = connect();
  EXPECT_TRUE(second.call("hello"));
  EXPECT_TRUE(second.notify("hello"));
  EXPECT_TRUE(second.call("hello"));
}

TEST_F(ClientTest, NoDaemonAndNoPath) {
  EXPECT_EQ(Client::connect("/nonexistent/control.sock").error().kind, Kind::kNoDaemon);
  EXPECT_EQ(Client::connect("").error().kind, Kind::kAddress);
  EXPECT_EQ(Client::connect(std::string(200, 'x')).error().kind, Kind::kAddress);
}

TEST_F(ClientTest, DaemonThatStopsIsTold) {
  Client client = connect();
  EXPECT_TRUE(client.call("shutdown"));
  thread_.join();
  control_.reset();
  EXPECT_EQ(client.call("hello").error().kind, Kind::kClosed);
  EXPECT_EQ(client.call("hello").error().kind, Kind::kClosed);
  EXPECT_EQ(client.next_notification(milliseconds{0}).error().kind, Kind::kClosed);
}

TEST_F(ClientTest, TheExampleDoesWhatItSays) {
  const auto ran =
      run(std::string{GATE511_EXAMPLE} + " " + config_.control.socket + " 02:00:5e:00:53:07");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.output, "added\ngot authenticated\nlisted 1\nrevoked 1\ngone\n");
}

/// A daemon that says what it is told to; of what it was sent it keeps nothing.
class Script : public Transport {
 public:
  explicit Script(std::deque<std::string> says) : says_{std::move(says)} {
    EXPECT_EQ(::pipe(ends_.data()), 0);
  }
  ~Script() override {
    for (const int end : ends_) ::close(end);
  }
  [[nodiscard]] int fd() const noexcept override { return ends_[0]; }
  [[nodiscard]] IoResult read(std::span<char> into) noexcept override {
    if (says_.empty()) return {IoResult::Status::kWaitRead};
    if (says_.front().empty()) return {IoResult::Status::kClosed};
    const std::size_t size = says_.front().copy(into.data(), into.size());
    says_.front().erase(0, size);
    if (says_.front().empty()) says_.pop_front();
    return {IoResult::Status::kDone, size};
  }
  [[nodiscard]] IoResult write(std::string_view bytes) noexcept override {
    return {IoResult::Status::kDone, std::min<std::size_t>(bytes.size(), 7)};
  }

 private:
  std::array<int, 2> ends_{};
  std::deque<std::string> says_;
};

Client scripted(std::deque<std::string> says, ClientOptions options = {milliseconds{20}}) {
  return Client{std::make_unique<Script>(std::move(says)), options};
}

TEST(ClientOverScript, AnswersInPiecesAndLate) {
  Client client = scripted({R"({"jsonrpc":"2.0","id":2,"res)", R"(ult":2})", "\n"});
  const auto first = client.start("a");
  const auto second = client.start("b");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(client.finish(*first).error().kind, Kind::kTimeout);
  EXPECT_EQ(client.finish(*second).value(), 2);
}

TEST(ClientOverScript, WhatIsNoProtocolEndsIt) {
  for (const char* said : {"hello there\n", "[]\n", "1\n",
                           R"({"id":null,"result":1})"
                           "\n",
                           R"({"jsonrpc":"2.0","id":1})"
                           "\n"}) {
    EXPECT_EQ(scripted({said}).call("hello").error().kind, Kind::kProtocol) << said;
  }
  EXPECT_EQ(scripted({std::string(100, 'x')}, {milliseconds{20}, 64}).call("x").error().kind,
            Kind::kProtocol);
}

TEST(ClientOverScript, RefusalOfTheConnectionIsSaid) {
  Client client =
      scripted({R"({"id":null,"error":{"code":-32006,"message":"full","data":{"reason":"BUSY"}}})"
                "\n",
                ""});
  const auto refused = client.call("hello");
  EXPECT_EQ(refused.error().kind, Kind::kRefused);
  EXPECT_EQ(refused.error().reason, "BUSY");
}

TEST(ClientOverScript, NotificationsAreKeptWhileCallsWait) {
  const std::string event = R"({"jsonrpc":"2.0","method":"event","params":{"seq":)";
  Client client = scripted({event + "1}}\n" + event + "2}}\n",
                            R"({"id":1,"result":{}})"
                            "\n",
                            event + "3}}\n", ""},
                           {milliseconds{20}, 1 << 20, 2});
  EXPECT_TRUE(client.call("events.subscribe"));
  EXPECT_EQ((*client.next_notification(milliseconds{0}))->params.at("seq"), 1);
  EXPECT_EQ((*client.next_notification(milliseconds{0}))->params.at("seq"), 2);
  EXPECT_EQ((*client.next_notification(milliseconds{0}))->method, "event");
  EXPECT_EQ(client.next_notification(milliseconds{0}).error().kind, Kind::kClosed);
}

TEST(ClientOverScript, OldNotificationsAreDroppedAndCounted) {
  std::string events;
  for (int n = 1; n <= 5; ++n)
    events += R"({"method":"event","params":{"seq":)" + std::to_string(n) + "}}\n";
  Client client = scripted({events}, {milliseconds{20}, 1 << 20, 2});
  EXPECT_EQ((*client.next_notification(milliseconds{5}))->params.at("seq"), 4);
  EXPECT_EQ(client.dropped_notifications(), 3U);
  EXPECT_TRUE(client.next_notification(milliseconds{0}).value());
  EXPECT_FALSE(client.next_notification(milliseconds{5}).value());
}

TEST(ClientMessage, TakesAnErrorApart) {
  Json odd = Json::parse(R"({"id":1,"error":{"code":"x","message":7,"data":[1]}})");
  const auto refused = client::outcome(odd);
  EXPECT_EQ(refused.error().code, 0);
  EXPECT_EQ(refused.error().message, "refused");
  EXPECT_EQ(refused.error().data, Json::array({1}));
  EXPECT_EQ(client::id_of(Json{{"id", "1"}}), 0U);
}

}  // namespace
}  // namespace gate511
