// SPDX-License-Identifier: BSD-3-Clause
#include "control/json_rpc.hpp"

#include <gtest/gtest.h>

#include "control/params.hpp"

namespace gate511::control {
namespace {

/// `echo` answers with its parameters, `fail` with an error, `later` when it is told to.
class JsonRpc : public testing::Test {
 protected:
  JsonRpc() {
    dispatcher_.add("echo", Access::kStatus,
                    [](const Json& params, const Done& done) { done(params); });
    dispatcher_.add("fail", Access::kRead, [](const Json& /*params*/, const Done& done) {
      done(tl::unexpected{rpc::not_found("no such thing")});
    });
    dispatcher_.add("later", Access::kChange,
                    [this](const Json& /*params*/, const Done& done) { waiting_.push_back(done); });
  }

  std::string answer(std::string_view line) {
    std::string got = "not answered";
    dispatcher_.handle(caller_, line, [&got](std::string made) { got = std::move(made); });
    return got;
  }
  int error_code(std::string_view line) {
    return Json::parse(answer(line)).at("error").at("code").get<int>();
  }

  Dispatcher dispatcher_;
  Caller caller_{.rights = Access::kChange};
  std::vector<Done> waiting_;
};

TEST_F(JsonRpc, AnswersARequest) {
  EXPECT_EQ(answer(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":1}})"),
            R"({"result":{"a":1},"id":1,"jsonrpc":"2.0"})");
  EXPECT_EQ(answer(R"({"jsonrpc":"2.0","id":"x","method":"echo"})"),
            R"({"result":{},"id":"x","jsonrpc":"2.0"})");
  EXPECT_EQ(answer(R"({"jsonrpc":"2.0","id":null,"method":"fail"})"),
            R"({"error":{"code":-32001,"data":{"reason":"NOT_FOUND"},"message":"no such thing"},)"
            R"("id":null,"jsonrpc":"2.0"})");
}

TEST_F(JsonRpc, NotificationsDrawNoAnswer) {
  EXPECT_EQ(answer(R"({"jsonrpc":"2.0","method":"echo"})"), "");
  EXPECT_EQ(answer(R"({"jsonrpc":"2.0","method":"fail"})"), "");
  EXPECT_EQ(answer(R"({"jsonrpc":"2.0","method":"unknown"})"), "");
  EXPECT_EQ(answer(R"([{"jsonrpc":"2.0","method":"echo"}])"), "");
}

TEST_F(JsonRpc, RefusesWhatIsNoJson) {
  for (const char* line : {"", "{", "nonsense", "{\"a\":1} x", "\"\xff\"", "\"\xed\xa0\x80\"",
                           "{\"jsonrpc\":\"2.0\",}", "NaN", "[1e999999]"})
    EXPECT_EQ(error_code(line), -32700) << line;
  EXPECT_EQ(answer("{]"),
            R"({"error":{"code":-32700,"message":"not JSON, or not UTF-8, at byte 2"},)"
            R"("id":null,"jsonrpc":"2.0"})");
}

TEST_F(JsonRpc, RefusesDepthAndDoubleKeys) {
  EXPECT_EQ(error_code(std::string(100'000, '[')), -32700);
  const std::string deep = std::string(31, '[') + std::string(31, ']');
  EXPECT_EQ(answer(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":)" +
                   deep.substr(1, 60) + "}}")
                .substr(0, 11),
            R"({"result":{)");
  EXPECT_EQ(parse_json(std::string(33, '[') + std::string(33, ']')).error().message,
            "nested deeper than 32");
  EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']')));
  EXPECT_EQ(parse_json(R"({"a":{"b":1,"b":2}})").error().message,
            "key `b` stands twice in an object");
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2}])"));
}

TEST_F(JsonRpc, RefusesWhatIsNoRequest) {
  for (const char* line :
       {"1", "\"x\"", "null", "{}", "[]", R"({"jsonrpc":"1.0","id":1,"method":"echo"})",
        R"({"id":1,"method":"echo"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":1,"method":7})", R"({"jsonrpc":"2.0","id":[],"method":"echo"})",
        R"({"jsonrpc":"2.0","id":{},"method":"echo"})",
        R"({"jsonrpc":"2.0","id":1,"method":"echo","extra":1})"})
    EXPECT_EQ(error_code(line), -32600) << line;
  EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","id":1,"method":"nothing"})"), -32601);
  EXPECT_EQ(error_code(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":[1]})"), -32602);
}

TEST_F(JsonRpc, RefusesALongLine) {
  EXPECT_EQ(error_code(std::string(kMaxLine + 1, ' ')), -32600);
  EXPECT_EQ(error_code(std::string(kMaxLine, ' ')), -32700);
}

TEST_F(JsonRpc, AnswersABatchWhenItsLastItemIs) {
  std::string got = "not answered";
  dispatcher_.handle(caller_, R"([{"jsonrpc":"2.0","id":1,"method":"later"},
                         {"jsonrpc":"2.0","id":2,"method":"echo"}, 7,
                         {"jsonrpc":"2.0","method":"echo"},
                         {"jsonrpc":"2.0","id":3,"method":"later"}])",
                     [&got](std::string made) { got = std::move(made); });
  EXPECT_EQ(got, "not answered");
  ASSERT_EQ(waiting_.size(), 2U);
  waiting_[1](Json("third"));
  EXPECT_EQ(got, "not answered");
  waiting_[0](Json("first"));
  const Json answers = Json::parse(got);
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0]["id"], 2);
  EXPECT_EQ(answers[1]["error"]["code"], -32600);
  EXPECT_EQ(answers[2]["result"], "third");
  EXPECT_EQ(answers[3]["result"], "first");
}

TEST_F(JsonRpc, BoundsABatch) {
  std::string batch = "[1";
  for (std::size_t i = 0; i < kMaxBatch; ++i) batch += ",1";
  EXPECT_EQ(error_code(batch + "]"), -32600);
}

TEST(Params, ReadsByNameAndType) {
  const Json given{{"count", 5}, {"name", "a"}, {"on", true}, {"mode", "b"}, {"list", {1, 2}}};
  Params params{given, {"count", "name", "on", "mode", "list", "absent"}};
  EXPECT_EQ(params.integer("count", 0, 5), 5U);
  EXPECT_EQ(params.text("name", 1), "a");
  EXPECT_EQ(params.boolean("on"), true);
  EXPECT_EQ(params.choice("mode", {"a", "b"}), 1U);
  ASSERT_NE(params.array("list", 2), nullptr);
  EXPECT_EQ(params.integer("absent", 0, 1), std::nullopt);
  EXPECT_FALSE(params.error());
}

TEST(Params, SaysWhatIsWrong) {
  const auto error_of = [](const Json& given, const auto& read) {
    Params params{given, {"a", "b"}};
    read(params);
    return params.error() ? params.error()->message : std::string{"no error"};
  };
  const auto integer = [](Params& params) { static_cast<void>(params.integer("a", 1, 9)); };
  for (const Json& bad : {Json(0), Json(10), Json(-1), Json(1.5), Json("1"), Json(nullptr)})
    EXPECT_EQ(error_of({{"a", bad}}, integer), "`a` must be an integer from 1 to 9");
  const auto text = [](Params& params) { static_cast<void>(params.text("a", 2)); };
  for (const Json& bad : {Json("abc"), Json("\n"), Json("\x7f"), Json(1)}) {
    EXPECT_EQ(error_of({{"a", bad}}, text),
              "`a` must be a string of at most 2 bytes without control characters");
  }
  const auto choice = [](Params& params) { static_cast<void>(params.choice("a", {"x", "y"})); };
  EXPECT_EQ(error_of({{"a", "z"}}, choice), "`a` must be one of x, y");
  const auto boolean = [](Params& params) { static_cast<void>(params.boolean("a")); };
  EXPECT_EQ(error_of({{"a", 1}}, boolean), "`a` must be true or false");
  const auto array = [](Params& params) { static_cast<void>(params.array("a", 1)); };
  for (const Json& bad : {Json::array(), Json{1, 2}, Json(1)})
    EXPECT_EQ(error_of({{"a", bad}}, array), "`a` must be an array of 1 to 1 elements");
  const auto none = [](Params& /*params*/) {};
  EXPECT_EQ(error_of({{"c", 1}}, none), "unknown parameter `c`; known are a, b");
  EXPECT_EQ(error_of(7, none), "must be an object");
  EXPECT_EQ(error_of(Json::object(), [](Params& params) { params.require("a"); }),
            "`a` is missing");
}

}  // namespace
}  // namespace gate511::control
