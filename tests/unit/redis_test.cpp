// SPDX-License-Identifier: BSD-3-Clause
//
// What is spoken with a Redis server: its URL, its answers, and sessions as they lie in it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/redis/entry.hpp"
#include "control/redis/reply.hpp"
#include "control/redis/url.hpp"
#include "control/store/codec.hpp"

namespace gate511::control::redis {
namespace {

using namespace std::literals;

TEST(RedisUrl, HasUserPasswordHostPortAndDatabase) {
  EXPECT_EQ(parse_url("redis://192.0.2.9").value(), (Url{.host = "192.0.2.9"}));
  EXPECT_EQ(parse_url("rediss://r.example:7000/3").value(),
            (Url{.is_tls = true, .host = "r.example", .port = 7000, .database = 3}));
  EXPECT_EQ(parse_url("redis://ann:p%40s%2Fs%3A@[2001:db8::9]:6380/0").value(),
            (Url{.user = "ann", .password = "p@s/s:", .host = "2001:db8::9", .port = 6380}));
  EXPECT_EQ(parse_url("redis://:secret@r.example/").value(),
            (Url{.password = "secret", .host = "r.example"}));
}

TEST(RedisUrl, MayNameSentinels) {
  const Url url =
      parse_url("redis+sentinel://:secret@s1.example,192.0.2.8:7000,[2001:db8::9]/venues/2")
          .value();
  EXPECT_EQ(url.sentinels,
            (std::vector<Url::Place>{
                {"s1.example", 26'379}, {"192.0.2.8", 7000}, {"2001:db8::9", 26'379}}));
  EXPECT_EQ(url.master, "venues");
  EXPECT_EQ(url.database, 2U);
  EXPECT_EQ(url.password, "secret");
  EXPECT_EQ(parse_url("rediss+sentinel://a/b").value(), (Url{.is_tls = true,
                                                             .host = "a",
                                                             .port = 26'379,
                                                             .sentinels = {{"a", 26'379}},
                                                             .master = "b"}));
}

TEST(RedisUrl, IsNamedByASentinelAsAnAddressOrAName) {
  EXPECT_EQ(named_place("192.0.2.8", 6379), (Url::Place{"192.0.2.8", 6379}));
  EXPECT_EQ(named_place("2001:db8::9", 65'535), (Url::Place{"2001:db8::9", 65'535}));
  EXPECT_EQ(named_place("r1.example", 1), (Url::Place{"r1.example", 1}));
  for (const char* const nothing : {"", "a b", "a,b", "[2001:db8::9]", "a\nb"})
    EXPECT_EQ(named_place(nothing, 6379), std::nullopt) << nothing;
  EXPECT_EQ(named_place("192.0.2.8", 0), std::nullopt);
  EXPECT_EQ(named_place("192.0.2.8", 65'536), std::nullopt);
  EXPECT_EQ(named_place("192.0.2.8", std::nullopt), std::nullopt);
}

TEST(RedisUrl, IsShownWithoutItsPassword) {
  EXPECT_EQ(parse_url("rediss://ann:secret@[2001:db8::9]/2").value().shown(),
            "rediss://[2001:db8::9]:6379/2");
}

TEST(RedisUrl, IsRefusedWithWhatIsWrongAndNothingOfThePassword) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"http://192.0.2.9", "it begins neither with redis:// nor with rediss://"},
      {"redis://", "it names no host"},
      {"redis://ho st", "it names no host"},
      {"redis://host,other", "it names no host"},
      {"redis+sentinel://host", "behind the `/` stands no name of a master"},
      {"redis+sentinel://host/", "behind the `/` stands no name of a master"},
      {"redis+sentinel://host,/m", "it names no host"},
      {"redis+sentinel://host/m/x", "behind the `/` stands no number of a database"},
      {"redis://host:", "its port is no number from 1 to 65535"},
      {"redis://host:0", "its port is no number from 1 to 65535"},
      {"redis://host:65536", "its port is no number from 1 to 65535"},
      {"redis://host:1x", "its port is no number from 1 to 65535"},
      {"redis://host/x", "behind the `/` stands no number of a database"},
      {"redis://host/1/2", "behind the `/` stands no number of a database"},
      {"redis://[2001:db8::9", "its address has no closing `]`"},
      {"redis://[192.0.2.9]", "between its brackets stands no IPv6 address"},
      {"redis://[2001:db8::9]6379", "behind the `]` stands no port"},
      {"redis://hunter2@host",
       "before the `@` stands no `user:password`; write other signs as %XX"},
      {"redis://a:hunter2@b@host",
       "before the `@` stands no `user:password`; write other signs as %XX"},
      {"redis://a:hunter2%4@host", "its user or password cannot be read; write other signs as %XX"},
      {"redis://a:@host", "its user or password cannot be read; write other signs as %XX"},
      {"redis://a:hunter2%0A@host",
       "its user or password cannot be read; write other signs as %XX"},
  };
  for (const auto& [text, what] : cases) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error(), what) << text;
    EXPECT_EQ(url.error().find("hunter2"), std::string::npos);
  }
}

std::vector<Reply> read(std::string_view bytes, std::size_t step) {
  ReplyReader reader;
  std::vector<Reply> replies;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    if (!reader.feed(bytes.substr(0, step))) break;
    while (auto reply = reader.next()) replies.push_back(std::move(*reply));
  }
  return replies;
}

TEST(RedisReply, IsReadHoweverItIsCut) {
  const std::string_view bytes =
      "+OK\r\n:-7\r\n$5\r\nab\0cd\r\n$-1\r\n*2\r\n*1\r\n$1\r\nx\r\n:12\r\n-ERR no\r\n*0\r\n"sv;
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    const auto replies = read(bytes, step);
    ASSERT_EQ(replies.size(), 7U) << step;
    EXPECT_EQ(replies[0].text, "OK");
    EXPECT_EQ(replies[1].integer, -7);
    EXPECT_EQ(replies[1].number(), std::nullopt);
    EXPECT_EQ(replies[2].text, "ab\0cd"sv);
    EXPECT_EQ(replies[3].type, Reply::Type::kNil);
    ASSERT_EQ(replies[4].elements.size(), 2U);
    EXPECT_EQ(replies[4].elements[0].elements.at(0).text, "x");
    EXPECT_EQ(replies[4].elements[1].number(), 12U);
    EXPECT_TRUE(replies[5].is_error());
    EXPECT_TRUE(replies[6].is_array());
  }
}

TEST(RedisReply, NonsenseEndsTheReading) {
  for (const std::string_view bytes :
       {"HTTP/1.1 200 OK\r\n\r\n"sv, "*x\r\n"sv, "$-7\r\n"sv, "\0\0\0\0"sv}) {
    ReplyReader reader;
    static_cast<void>(reader.feed(bytes));
    EXPECT_EQ(reader.next(), std::nullopt);
    EXPECT_EQ(reader.problem(), "what it answers is not the protocol of Redis") << bytes;
    EXPECT_FALSE(reader.feed("+OK\r\n"));
  }
}

TEST(RedisReply, AnArrayTakesNoMemoryForWhatHasNotCome) {
  ReplyReader reader;
  ASSERT_TRUE(reader.feed("*2147483647\r\n*2147483647\r\n*2147483647\r\n$2147483647\r\nx"));
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_TRUE(reader.problem().empty());
}

TEST(RedisReply, OneThatIsTooLargeEndsTheReading) {
  ReplyReader reader;
  ASSERT_TRUE(reader.feed("$20000000\r\n"));
  const std::string part(1 << 20, 'x');
  std::size_t fed = 0;
  while (reader.problem().empty() && fed < 20'000'000) {
    ASSERT_TRUE(reader.feed(part));
    fed += part.size();
    EXPECT_EQ(reader.next(), std::nullopt);
  }
  EXPECT_EQ(reader.problem(), "an answer of it is larger than any should be");
}

TEST(RedisClient, HasOneText) {
  const net::MacAddress mac{0x02005e005301};
  for (const auto& [place, text] : std::vector<std::pair<store::Place, std::string>>{
           {{{mac, 0}, {}}, "02:00:5e:00:53:01"},
           {{{mac, 10}, {}}, "02:00:5e:00:53:01/10"},
           {{{mac, 0}, "venue"}, "02:00:5e:00:53:01/0/venue"},
           {{{mac, 10}, "a/b"}, "02:00:5e:00:53:01/10/a/b"}}) {
    EXPECT_EQ(client_text(place), text);
    EXPECT_EQ(parse_client(text), place) << text;
  }
  for (const char* const text :
       {"", "02:00:5e:00:53", "02:00:5E:00:53:01", "03:00:5e:00:53:01", "02:00:5e:00:53:01/",
        "02:00:5e:00:53:01/0", "02:00:5e:00:53:01/010", "02:00:5e:00:53:01/4095",
        "02:00:5e:00:53:01/10/", "02:00:5e:00:53:01x", "02-00-5e-00-53-01"})
    EXPECT_EQ(parse_client(text), std::nullopt) << text;
}

Reply text(std::string value) {
  Reply reply;
  reply.type = Reply::Type::kText;
  reply.text = std::move(value);
  return reply;
}
Reply list(std::vector<Reply> elements) {
  Reply reply;
  reply.type = Reply::Type::kArray;
  reply.elements = std::move(elements);
  return reply;
}
Reply hash(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<Reply> flat;
  for (const auto& [name, value] : fields) {
    flat.push_back(text(name));
    flat.push_back(text(value));
  }
  return list(std::move(flat));
}

constexpr const char* kClient = "02:00:5e:00:53:01";

store::Session session() {
  store::Session made;
  made.id = 77;
  made.key = {net::MacAddress{0x02005e005301}, 0};
  made.expires_ms = 1'800'000'000'000;
  made.tag = "room-12";
  return made;
}

std::vector<std::pair<std::string, std::string>> fields() {
  store::Counted counted;
  counted.bytes_up = 5;
  return {{"v", "1700000000000000"},
          {"g", "2"},
          {"i", "77"},
          {"d", store::encode_session(session())},
          {"o", "3"},
          {"c3", store::encode_counts(77, counted)}};
}

TEST(RedisEntry, IsASessionOrItsEnd) {
  const auto lives = parse_entry(kClient, hash(fields()));
  ASSERT_TRUE(lives);
  EXPECT_EQ(lives->version, 1'700'000'000'000'000U);
  EXPECT_EQ(lives->session, session());
  EXPECT_EQ(lives->owner, 3);
  ASSERT_EQ(lives->counts.size(), 1U);
  EXPECT_EQ(lives->counts[0].second.bytes_up, 5U);

  const auto over = parse_entry(kClient, hash({{"v", "9"}, {"g", "2"}, {"i", "77"}, {"e", "1"}}));
  ASSERT_TRUE(over);
  EXPECT_EQ(over->reason, 1);
  EXPECT_EQ(over->session.key, session().key);
}

TEST(RedisEntry, IsNothingWhereOneFieldIsWrong) {
  const auto good = fields();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char* const wrong : {"", "0", "-1", "256", "x", "99999999999999999999"}) {
      auto bad = good;
      bad[i].second = wrong;
      if (bad[i].first == "v" && wrong == "256"sv) continue;
      EXPECT_FALSE(parse_entry(kClient, hash(bad))) << bad[i].first << " " << wrong;
    }
    auto missing = good;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    if (good[i].first == "c3") continue;
    EXPECT_FALSE(parse_entry(kClient, hash(missing))) << good[i].first;
  }
  // Another client's.
  EXPECT_FALSE(parse_entry("02:00:5e:00:53:02", hash(good)));
  EXPECT_FALSE(parse_entry("nobody", hash({{"v", "9"}, {"g", "2"}, {"i", "77"}, {"e", "1"}})));
  EXPECT_FALSE(parse_entry(kClient, text("x")));
  auto odd = hash(good);
  odd.elements.pop_back();
  EXPECT_FALSE(parse_entry(kClient, odd));
}

TEST(RedisEntry, IsNothingThatNoOperatorCouldHaveGiven) {
  const auto taken = [](const store::Session& made) {
    auto some = fields();
    some[3].second = store::encode_session(made);
    return parse_entry(kClient, hash(some)).has_value();
  };
  const std::string longest(64, 'x');
  for (const auto member :
       {&store::Session::tag, &store::Session::user, &store::Session::service_class}) {
    for (const auto& [text, is_good] : std::vector<std::pair<std::string, bool>>{
             {longest, true},
             {longest + "x", false},
             {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", true},
             {"a\nb", false},
             {"a\x7f", false},
             {std::string{"a\0b", 3}, false},
             {"\xff", false},
             {"\xc3", false},
             {"\xc0\xaf", false},
             {"\xe0\x80\xaf", false},
             {"\xed\xa0\x80", false},
             {"\xf4\x90\x80\x80", false}}) {
      auto made = session();
      made.*member = text;
      EXPECT_EQ(taken(made), is_good) << text;
    }
  }
  const auto with = [&taken](auto change) {
    auto made = session();
    change(made);
    return taken(made);
  };
  EXPECT_FALSE(with([](auto& made) { made.idle_s = 1ULL << 33; }));
  EXPECT_FALSE(with([](auto& made) { made.quota_bytes = (1ULL << 53) + 1; }));
  EXPECT_FALSE(with([](auto& made) { made.expires_ms = 10'000'000'000'000; }));
  EXPECT_FALSE(with([](auto& made) { made.created_unix_s = 1ULL << 32; }));
  EXPECT_FALSE(with([](auto& made) { made.is_owned_elsewhere = true; }));
}

Reply event(std::string id, const std::vector<std::pair<std::string, std::string>>& pairs) {
  return list({text(std::move(id)), hash(pairs)});
}

using Changes = std::vector<std::optional<Event>>;

Changes events_of(const Reply& entry) {
  const auto position = parse_position(entry);
  return position ? parse_events(entry, *position) : Changes{};
}

std::string packed(const std::string& head, std::string_view client, const std::string& fields) {
  return fmt::format("{} {} {}{}", head, client.size(), client, fields);
}

TEST(RedisEvents, AreChangesOfOneStepEachWithAVersionOfItsOwn) {
  const auto made =
      events_of(event("9-0", {{"p", "6"},
                              {"g", "2"},
                              {"E", packed("76 2 1", kClient, {})},
                              {"P", packed("77 3 0", kClient, store::encode_session(session()))},
                              {"O", packed("77 4 ", kClient, {})}}));
  ASSERT_EQ(made.size(), 3U);
  ASSERT_TRUE(made[0] && made[1] && made[2]);
  EXPECT_EQ(made[0]->version, 7U);
  EXPECT_EQ(made[0]->kind, 'E');
  EXPECT_EQ(made[0]->id, 76U);
  EXPECT_EQ(made[0]->reason, 1U);
  EXPECT_EQ(made[1]->version, 8U);
  EXPECT_EQ(made[1]->gateway, 2U);
  EXPECT_EQ(made[1]->owner, 3U);
  EXPECT_EQ(made[1]->client, kClient);
  EXPECT_EQ(made[1]->session, session());
  EXPECT_EQ(made[2]->version, 9U);
  EXPECT_EQ(made[2]->owner, 4U);
}

TEST(RedisEvents, OfNoGatewayHaveAPlaceAllTheSame) {
  const std::string bytes = store::encode_session(session());
  const std::string put = packed("77 2 0", kClient, bytes);
  for (const char* const id : {"7", "7-1", "0-0", "-0", "x-0", "-7-0", ""})
    EXPECT_FALSE(parse_position(event(id, {{"p", "6"}, {"g", "2"}, {"P", put}}))) << id;
  EXPECT_FALSE(parse_position(event("7-0", {{"g", "2"}, {"P", put}})));
  EXPECT_FALSE(parse_position(event("7-0", {{"p", "x"}, {"g", "2"}, {"P", put}})));
  const auto is_nothing = [](const Reply& entry) {
    const auto events = events_of(entry);
    return events.size() == 1 && !events[0];
  };
  EXPECT_FALSE(is_nothing(event("7-0", {{"p", "6"}, {"g", "2"}, {"P", put}})));
  EXPECT_TRUE(is_nothing(event("7-0", {{"p", "6"}, {"g", "0"}, {"P", put}})));
  EXPECT_TRUE(is_nothing(event("7-0", {{"p", "6"}, {"P", put}})));
  EXPECT_TRUE(is_nothing(event("7-0", {{"p", "6"}, {"g", "2"}})));
  EXPECT_TRUE(is_nothing(event("7-0", {{"g", "2"}, {"p", "6"}, {"P", put}})));
  EXPECT_TRUE(is_nothing(event("7-0", {{"p", "7"}, {"g", "2"}, {"P", put}})));
  // More changes than there are versions between it and the one before.
  EXPECT_TRUE(is_nothing(event("7-0", {{"p", "6"}, {"g", "2"}, {"P", put}, {"P", put}})));
  for (const char* const kind : {"p", "Q", "", "PP"})
    EXPECT_TRUE(is_nothing(event("7-0", {{"p", "6"}, {"g", "2"}, {kind, put}}))) << kind;
  for (const std::string& bad :
       {packed("0 2 0", kClient, bytes), packed("77 0 0", kClient, bytes),
        packed("77 256 0", kClient, bytes), packed("x 2 0", kClient, bytes),
        packed("77 2", kClient, bytes), packed("78 2 0", kClient, bytes),
        packed("77 2 0", "02:00:5e:00:53:02", bytes), packed("77 2 0", "nobody", bytes),
        packed("77 2 0", kClient, bytes + "x"), std::string{"77 2 0 999 02:00:5e:00:53:01"},
        std::string{"77 2 0 0 "}, std::string{"77"}, std::string{}})
    EXPECT_TRUE(is_nothing(event("7-0", {{"p", "6"}, {"g", "2"}, {"P", bad}}))) << bad;
  EXPECT_TRUE(
      is_nothing(event("7-0", {{"p", "6"}, {"g", "2"}, {"E", packed("7 2 6", kClient, {})}})));
}

}  // namespace
}  // namespace gate511::control::redis
