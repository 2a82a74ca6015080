// SPDX-License-Identifier: BSD-3-Clause
//
// The methods that open and close the garden at run time.
#include <gtest/gtest.h>

#include "control_service_fixture.hpp"

namespace gate511::control {
namespace {

class GardenMethodsTest : public ServiceTest {
 protected:
  std::string targets(const Json& params = Json::object()) {
    std::string all;
    const Json listed = result("garden.list", params);
    for (const Json& entry : listed["entries"]) {
      all += entry["target"].get<std::string>() + " " +
             (entry["zone"].is_null() ? "-" : entry["zone"].get<std::string>()) + " " +
             entry["source"].get<std::string>() + "\n";
    }
    return all;
  }
  bool allows(std::string_view address, std::uint16_t port) {
    return slot_.opened && slot_.opened->prefixes.allows(*net::parse_ip(address), true, port);
  }
};

TEST_F(GardenMethodsTest, OpenAndCloseAtOnce) {
  EXPECT_EQ(result("garden.add", {{"cidrs", Json::array({"198.51.100.0/24", "2001:db8::7 443"})}}),
            Json::parse(R"({"added":2,"opened":2})"));
  EXPECT_TRUE(allows("198.51.100.9", 22));
  EXPECT_TRUE(allows("2001:db8::7", 443));
  EXPECT_FALSE(allows("2001:db8::7", 80));
  EXPECT_EQ(result("garden.add", {{"cidrs", {"198.51.100.0/24"}}})["added"], 0);
  EXPECT_EQ(targets(), "198.51.100.0/24 - opened\n2001:db8::7 443 - opened\n");
  EXPECT_EQ(result("garden.remove", {{"cidrs", {"198.51.100.0/24"}}}),
            Json::parse(R"({"existed":true,"removed":1,"opened":1})"));
  EXPECT_FALSE(allows("198.51.100.9", 22));
  EXPECT_EQ(result("garden.remove", {{"cidrs", {"198.51.100.0/24"}}})["existed"], false);
}

TEST_F(GardenMethodsTest, OpenHostsAndListWhatWasLearntOfThem) {
  result("garden.add", {{"hosts", Json::array({"A.Example", "*.B\u00fccher.example"})}});
  ASSERT_TRUE(slot_.opened);
  EXPECT_TRUE(slot_.opened->hosts.contains("a.example"));
  EXPECT_TRUE(slot_.opened->hosts.contains("www.xn--bcher-kva.example"));
  EXPECT_EQ(targets(), "a.example - opened\n*.xn--bcher-kva.example - opened\n");
  pipeline::Learnt learnt{.address = *net::parse_ip("198.51.100.80"), .until_s = 1'750'003'600};
  std::ranges::copy(std::string_view{"a.example"}, learnt.name.begin());
  learnt.name_size = 9;
  garden_permits_.add(learnt);
  const Json listed = result("garden.list");
  EXPECT_EQ(listed["entries"][2], Json::parse(R"({"target":"198.51.100.80","zone":"default",
    "source":"learnt","host":"a.example","until":1750003600})"));
  EXPECT_EQ(result("garden.remove", {{"hosts", {"a.example"}}})["removed"], 1);
  EXPECT_FALSE(slot_.opened->hosts.contains("a.example"));
  EXPECT_EQ(error("garden.add", {{"hosts", {"a.*.example"}}}),
            "-32602 `hosts`: \"a.*.example\" has a * that is not in front; write it like "
            "\"a.example\" or \"*.a.example\"");
}

TEST_F(GardenMethodsTest, AnswerWhenTheWorkersHaveSeenIt) {
  Json answer;
  send("garden.add", {{"cidrs", {"198.51.100.0/24"}}}, answer);
  EXPECT_TRUE(answer.is_null());
  world_.settle();
  EXPECT_EQ(answer["result"]["added"], 1);
}

TEST_F(GardenMethodsTest, ListPageByPage) {
  Json many = Json::array();
  for (int i = 0; i < 250; ++i) many.push_back("198.51.100." + std::to_string(i));
  result("garden.add", {{"cidrs", many}});
  std::size_t seen = 0;
  Json cursor = 0;
  for (int pages = 0; !cursor.is_null(); ++pages) {
    ASSERT_LT(pages, 4);
    const Json page = result("garden.list", {{"cursor", cursor}, {"limit", 100}});
    EXPECT_EQ(page["total"], 250);
    seen += page["entries"].size();
    cursor = page["next_cursor"];
  }
  EXPECT_EQ(seen, 250U);
}

TEST_F(GardenMethodsTest, SayWhatIsWrong) {
  EXPECT_EQ(error("garden.add", Json::object()), "-32602 give `cidrs` or `hosts`");
  EXPECT_EQ(error("garden.add", {{"cidrs", {"192.0.2.77/26"}}}),
            "-32602 `cidrs` holds \"192.0.2.77/26\", which has bits set behind its length; "
            "\"192.0.2.64/26\" was probably meant, or \"192.0.2.77\" for the one host");
  EXPECT_EQ(error("garden.add", {{"cidrs", {"192.0.2.7 http"}}}),
            "-32602 `cidrs` holds \"192.0.2.7 http\", whose ports are no list; write it like "
            "\"192.0.2.10 80,443\" or \"192.0.2.10 8000-8010\", at most 16 of them");
  EXPECT_EQ(error("garden.add", {{"cidrs", {7}}}), "-32602 `cidrs` must be an array of strings");
  Json many = Json::array();
  for (std::size_t i = 0; i < GardenMethods::kMaxGiven; ++i)
    many.push_back("2001:db8::" + std::to_string(i));
  for (int call = 0; call < 8; ++call) {
    for (Json& one : many) one = one.get<std::string>() + " " + std::to_string(call + 1);
    result("garden.add", {{"cidrs", many}});
    for (Json& one : many) one = one.get<std::string>().substr(0, one.get<std::string>().find(' '));
  }
  EXPECT_EQ(
      error("garden.add", {{"cidrs", many}}),
      "-32002 at most 4096 prefixes and as many hosts can be opened at run time; close some, or "
      "set garden.cidrs or garden.hosts in the configuration");
  caller_.rights = Access::kRead;
  EXPECT_NE(error("garden.add", {{"cidrs", {"192.0.2.7"}}}).find("-320"), std::string::npos);
}

}  // namespace
}  // namespace gate511::control
