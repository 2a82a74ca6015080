// SPDX-License-Identifier: BSD-3-Clause
//
// The asynchronous client, against servers on loopback that answer as each test says.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "radius/client/address.hpp"
#include "radius/client/exchange.hpp"
#include "radius/wire/signature.hpp"
#include "radius_fakes.hpp"

namespace gate511::radius {
namespace {

using namespace std::chrono_literals;

struct Bed {
  explicit Bed(std::size_t count, ExchangeOptions options = {50ms, 2, 300ms, 8'192}) {
    servers.resize(count);
    std::vector<Server> all;
    for (auto& server : servers) {
      server = std::make_unique<FakeServer>();
      all.push_back(server->as_server());
    }
    exchange = std::make_unique<Exchange>("authentication", std::move(all), options);
    EXPECT_TRUE(exchange->open());
  }
  void ask(Code code = Code::kAccessRequest, const std::string& user = "nemo") {
    Request request;
    request.code = code;
    request.attributes.add(attribute::kUserName, user);
    request.about = user;
    exchange->send(std::move(request), [this](const Exchange::Result& result) {
      constexpr std::array kFailures{"no answer", "no room", "unusable"};
      results.emplace_back(result ? name_of((*result)->code())
                                  : kFailures.at(static_cast<std::size_t>(result.error())));
    });
  }
  void ask_for(const std::string& user) { ask(Code::kAccessRequest, user); }
  /// Asked for one after the other, answered by nobody.
  void ask_in_vain(const std::vector<std::string>& users) {
    for (const std::string& user : users) {
      ask_for(user);
      const std::size_t wanted = results.size() + 1;
      EXPECT_TRUE(until([&] { return results.size() == wanted; }));
    }
  }
  /// Runs until it holds, for two seconds at most.
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + 2s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      pollfd waits{exchange->fd(), POLLIN, 0};
      ::poll(&waits, 1, 5);
      exchange->work();
    }
    return true;
  }
  FakeServer::Got next(std::size_t server = 0) {
    std::optional<FakeServer::Got> got;
    EXPECT_TRUE(until([&] { return (got = servers.at(server)->receive()).has_value(); }));
    return got.value_or(FakeServer::Got{});
  }
  const Exchange::Counts& counts() { return exchange->counts(); }

  std::vector<std::unique_ptr<FakeServer>> servers;
  std::unique_ptr<Exchange> exchange;
  std::vector<std::string> results;
};

TEST(RadiusExchange, ARequestIsSealedAndItsAnswerIsTaken) {
  Bed bed{1};
  bed.ask();
  const auto got = bed.next();
  const Packet request = got.packet();
  EXPECT_EQ(check_seal(request, request.authenticator(), kSecret), Seal::kGood);
  EXPECT_EQ(request.text(attribute::kUserName), "nemo");
  bed.servers[0]->send(got, reply_to(request, Code::kAccessAccept, kSecret, {}));
  EXPECT_TRUE(bed.until([&] { return !bed.results.empty(); }));
  EXPECT_EQ(bed.results, std::vector<std::string>{"Access-Accept"});
  EXPECT_EQ(bed.exchange->waiting(), 0U);
}

TEST(RadiusExchange, WhatIsForgedIsDroppedAndTheRequestWaitsOn) {
  Bed bed{1, {500ms, 2, 300ms, 8'192}};
  bed.ask();
  const auto got = bed.next();
  const Packet request = got.packet();
  const auto send = [&](const PacketBytes& bytes) { bed.servers[0]->send(got, bytes); };
  // Another secret.
  send(reply_to(request, Code::kAccessAccept, "another secret", {}));
  EXPECT_TRUE(bed.until([&] { return bed.counts().bad_authenticator == 1; }));
  // Signed, but not sealed: what CVE-2024-3596 makes of an Access-Reject.
  PacketBytes unsealed{std::byte{2}, static_cast<std::byte>(request.id()), std::byte{0},
                       std::byte{20}};
  const Authenticator over = request.authenticator();
  unsealed.insert(unsealed.end(), over.begin(), over.end());
  const Authenticator signature = md5_of(unsealed, kSecret);
  std::copy(signature.begin(), signature.end(), unsealed.begin() + 4);
  send(unsealed);
  EXPECT_TRUE(bed.until([&] { return bed.counts().unsealed == 1; }));
  // Broken, and by nobody who has the secret.
  Attributes twice;
  twice.add(attribute::kSessionTimeout, 60U);
  twice.add(attribute::kSessionTimeout, 61U);
  send(reply_to(request, Code::kAccessAccept, "another secret", twice));
  EXPECT_TRUE(bed.until([&] { return bed.counts().bad_authenticator == 2; }));
  send(PacketBytes(19));
  EXPECT_TRUE(bed.until([&] { return bed.counts().malformed == 1; }));
  // Of another kind, and to what nobody asked.
  send(reply_to(request, Code::kAccountingResponse, kSecret, {}));
  PacketBytes other = reply_to(request, Code::kAccessAccept, kSecret, {});
  other[1] ^= std::byte{1};
  send(other);
  EXPECT_TRUE(bed.until([&] { return bed.counts().stray == 2; }));
  EXPECT_TRUE(bed.results.empty());
  const PacketBytes good = reply_to(request, Code::kAccessReject, kSecret, {});
  send(good);
  EXPECT_TRUE(bed.until([&] { return !bed.results.empty(); }));
  EXPECT_EQ(bed.results, std::vector<std::string>{"Access-Reject"});
  // Replayed: it answers nothing any more, and not the next request either.
  send(good);
  EXPECT_TRUE(bed.until([&] { return bed.counts().stray == 3; }));
  for (int i = 0; i < 256; ++i) bed.ask();
  send(good);
  EXPECT_TRUE(bed.until([&] { return bed.counts().bad_authenticator == 3; }));
  EXPECT_EQ(bed.results.size(), 1U);
}

/// To `request`, sealed and signed, with bytes behind that are no attribute.
PacketBytes with_tail(const Packet& request, Code code, const PacketBytes& tail) {
  PacketBytes reply = reply_to(request, code, kSecret, {});
  reply.insert(reply.end(), tail.begin(), tail.end());
  reply[3] = static_cast<std::byte>(reply.size());
  const Authenticator over = request.authenticator();
  std::copy(over.begin(), over.end(), reply.begin() + 4);
  std::fill_n(reply.begin() + kHeader + 2, 16, std::byte{0});
  const Authenticator seal = hmac_md5(kSecret, reply);
  std::copy(seal.begin(), seal.end(), reply.begin() + kHeader + 2);
  const Authenticator signature = md5_of(reply, kSecret);
  std::copy(signature.begin(), signature.end(), reply.begin() + 4);
  return reply;
}

TEST(RadiusExchange, WhatTheServerSaysAndNobodyUnderstandsIsItsAnswer) {
  Bed bed{1, {500ms, 2, 300ms, 8'192}};
  bed.ask();
  const auto got = bed.next();
  Attributes twice;
  twice.add(attribute::kSessionTimeout, 60U);
  twice.add(attribute::kSessionTimeout, 61U);
  bed.servers[0]->send(got, reply_to(got.packet(), Code::kAccessAccept, kSecret, twice));
  EXPECT_TRUE(bed.until([&] { return bed.results.size() == 1; }));
  bed.ask();
  const auto next = bed.next();
  bed.servers[0]->send(
      next, with_tail(next.packet(), Code::kAccessAccept, {std::byte{27}, std::byte{255}}));
  EXPECT_TRUE(bed.until([&] { return bed.results.size() == 2; }));
  EXPECT_EQ(bed.results, (std::vector<std::string>{"unusable", "unusable"}));
  EXPECT_EQ(bed.counts().unusable, 2U);
  EXPECT_EQ(bed.counts().answers, 2U);
  EXPECT_EQ(bed.counts().malformed, 0U);
  EXPECT_TRUE(bed.exchange->servers()[0].second);
}

TEST(RadiusExchange, ASilentServerIsAskedAgainAndThenAnother) {
  Bed bed{2};
  bed.ask();
  const auto first = bed.next(0);
  const auto again = bed.next(0);
  EXPECT_EQ(first.bytes, again.bytes);  // RFC 2865, 2.5: the same, to be known as such
  const auto got = bed.next(1);
  EXPECT_NE(got.packet().authenticator(), first.packet().authenticator());
  bed.servers[1]->send(got, reply_to(got.packet(), Code::kAccessAccept, kSecret, {}));
  EXPECT_TRUE(bed.until([&] { return !bed.results.empty(); }));
  EXPECT_EQ(bed.results, std::vector<std::string>{"Access-Accept"});
  EXPECT_EQ(bed.counts().sent_again, 1U);
  EXPECT_EQ(bed.counts().failovers, 1U);
  EXPECT_EQ(bed.counts().deaths, 0U);  // of one alone
  bed.ask_for("ann");
  const auto hers = bed.next(1);
  bed.servers[1]->send(hers, reply_to(hers.packet(), Code::kAccessAccept, kSecret, {}));
  EXPECT_TRUE(bed.until([&] { return bed.results.size() == 2; }));
  EXPECT_EQ(bed.counts().deaths, 1U);
  while (bed.servers[0]->receive()) {
  }
  // While it counts as dead the other is asked at once, and behind that it is asked anew.
  bed.ask();
  static_cast<void>(bed.next(1));
  EXPECT_FALSE(bed.servers[0]->receive());
  std::this_thread::sleep_for(310ms);
  // One finds out, and nobody else waits for that.
  bed.ask();
  static_cast<void>(bed.next(0));
  for (int i = 0; i < 3; ++i) {
    bed.ask();
    static_cast<void>(bed.next(1));
  }
  EXPECT_FALSE(bed.servers[0]->receive());
}

TEST(RadiusExchange, AServerThatLeavesOneUserUnansweredIsNotDead) {
  Bed bed{1, {20ms, 1, 60'000ms, 8'192}};
  bed.ask_in_vain({"x@realm", "x@realm", "x@realm"});
  EXPECT_EQ(bed.counts().timeouts, 3U);
  EXPECT_EQ(bed.counts().deaths, 0U);
  while (bed.servers[0]->receive()) {
  }
  // An answer to anybody begins anew.
  bed.ask_for("ann");
  const auto got = bed.next();
  bed.servers[0]->send(got, reply_to(got.packet(), Code::kAccessReject, kSecret, {}));
  EXPECT_TRUE(bed.until([&] { return bed.results.back() == "Access-Reject"; }));
  bed.ask_in_vain({"y@realm"});
  EXPECT_EQ(bed.counts().deaths, 0U);
  bed.ask_in_vain({"z@realm"});
  EXPECT_EQ(bed.counts().deaths, 1U);
}

TEST(RadiusExchange, APortGivesWayToANewOneWhereTheServerWasSilent) {
  Bed bed{1, {20ms, 1, 60'000ms, 8'192}};
  bed.ask_in_vain({"ann"});
  const auto before = bed.next();
  bed.ask_for("ann");
  const auto after = bed.next();
  EXPECT_NE(before.from.port(), after.from.port());
}

TEST(RadiusExchange, WhereThereIsNoWayItIsOpenAllTheSame) {
  // Nobody may send to 255.255.255.255, so that there is no way is told by the first send.
  FakeServer second;
  Exchange exchange{"authentication",
                    {{"255.255.255.255", 1812, kSecret}, second.as_server()},
                    {500ms, 2, 300ms, 8'192}};
  ASSERT_TRUE(exchange.open());
  exchange.send({}, [](const Exchange::Result&) {});
  EXPECT_TRUE(second.receive());
}

TEST(RadiusExchange, WhereNobodyAnswersItSaysSo) {
  Bed bed{2};
  bed.ask_in_vain({"ann", "nemo"});
  EXPECT_EQ(bed.results, (std::vector<std::string>{"no answer", "no answer"}));
  EXPECT_EQ(bed.counts().timeouts, 2U);
  // Of servers that are all dead one request at a time finds out whether they are.
  for (int i = 0; i < 5; ++i) bed.ask();
  EXPECT_TRUE(bed.until([&] { return bed.results.size() >= 5; }));
  EXPECT_EQ(bed.exchange->waiting(), 2U);
}

TEST(RadiusExchange, AccountingIsSignedAndNeedsNoSeal) {
  Bed bed{1, {500ms, 2, 300ms, 8'192}};
  bed.ask(Code::kAccountingRequest);
  const auto got = bed.next();
  EXPECT_TRUE(is_request_genuine(got.packet(), kSecret));
  // Forged, it would drop a record that no server has.
  bed.servers[0]->send(got,
                       reply_to(got.packet(), Code::kAccountingResponse, "another secret", {}));
  EXPECT_TRUE(bed.until([&] { return bed.counts().bad_authenticator == 1; }));
  // A seal that is there fits.
  PacketBytes unfit = reply_to(got.packet(), Code::kAccountingResponse, kSecret, {});
  unfit[kHeader + 2] ^= std::byte{1};
  const Authenticator over = got.packet().authenticator();
  std::copy(over.begin(), over.end(), unfit.begin() + 4);
  const Authenticator signature = md5_of(unfit, kSecret);
  std::copy(signature.begin(), signature.end(), unfit.begin() + 4);
  bed.servers[0]->send(got, unfit);
  EXPECT_TRUE(bed.until([&] { return bed.counts().bad_authenticator == 2; }));
  EXPECT_TRUE(bed.results.empty());
  bed.servers[0]->send(got, reply_to(got.packet(), Code::kAccountingResponse, kSecret, {}));
  EXPECT_TRUE(bed.until([&] { return !bed.results.empty(); }));
  EXPECT_EQ(bed.results, std::vector<std::string>{"Accounting-Response"});
}

TEST(RadiusExchange, MoreThan256MayBeOnTheirWay) {
  Bed bed{1, {2'000ms, 1, 300ms, 1'000}};
  std::vector<FakeServer::Got> all;
  for (int i = 0; i < 1'001; ++i) bed.ask();
  EXPECT_EQ(bed.results, std::vector<std::string>{"no room"});
  while (all.size() < 1'000) all.push_back(bed.next());
  std::set<std::pair<std::uint16_t, std::uint8_t>> distinct;
  for (const auto& got : all) distinct.emplace(got.from.port(), got.packet().id());
  EXPECT_EQ(distinct.size(), 1'000U);
  for (const auto& got : all)
    bed.servers[0]->send(got, reply_to(got.packet(), Code::kAccessAccept, kSecret, {}));
  EXPECT_TRUE(bed.until([&] { return bed.results.size() == 1'001; }));
  EXPECT_EQ(bed.counts().answers, 1'000U);
}

}  // namespace
}  // namespace gate511::radius
