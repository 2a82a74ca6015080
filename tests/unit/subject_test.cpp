// SPDX-License-Identifier: BSD-3-Clause
//
// What is kept of one device: told in one document, and taken away so that no byte of its MAC is
// left in any file, in whatever form. The whole control thread with real files.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <optional>

#include "control/audit_files.hpp"
#include "control/mac_text.hpp"
#include "control/records/keeper.hpp"
#include "live_control.hpp"
#include "support/temp_folder.hpp"

namespace gate511::control {
namespace {

constexpr const char* kSubject = "02:00:5e:0a:bb:cc";
constexpr const char* kOther = "02:00:5e:00:53:02";

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// Every form in which a MAC may stand in a file.
std::vector<std::string> forms_of(net::MacAddress mac) {
  const std::string text = net::to_string(mac);
  std::string hyphens = text, plain, dotted, big, little, counted;
  std::replace(hyphens.begin(), hyphens.end(), ':', '-');
  for (const char c : text) {
    if (c != ':') plain += c;
  }
  dotted = plain.substr(0, 4) + '.' + plain.substr(4, 4) + '.' + plain.substr(8);
  for (int shift = 40; shift >= 0; shift -= 8) big += static_cast<char>(mac.value() >> shift);
  little.assign(big.rbegin(), big.rend());
  // Seven bits a byte, as the store has it.
  std::uint64_t number = mac.value();
  for (; number >= 0x80; number >>= 7) counted += static_cast<char>(number | 0x80);
  counted += static_cast<char>(number);
  std::vector<std::string> forms{text, hyphens, plain, dotted, big, little, counted};
  for (std::size_t i = 0; i < 4; ++i) {
    std::string upper = forms[i];
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return std::toupper(c); });
    forms.push_back(upper);
  }
  return forms;
}

class Subject : public LiveControl {
 protected:
  void SetUp() override {
    if (::getuid() != 0) GTEST_SKIP() << "these methods are root's";
    config_.control.audit_log = (kept_ / "audit.jsonl").string();
    config_.records = {(kept_ / "records.db").string(), 30};
    sightings_.waiting.push_back(seen(kSubject, "192.0.2.7"));
    sightings_.waiting.push_back(seen(kOther, "192.0.2.8"));
    LiveControl::SetUp();
  }
  void TearDown() override { LiveControl::TearDown(); }
  static pipeline::Sighting seen(const char* mac, const char* address) {
    return {.address = *net::parse_ip(address),
            .client = *net::parse_mac(mac),
            .source = pipeline::SightingSource::kArp};
  }
  /// Files in which the MAC stands in some form.
  std::set<std::string> traces(const char* mac) {
    std::set<std::string> found;
    for (const auto& folder : {folder_.path(), kept_.path()}) {
      for (const auto& file : std::filesystem::directory_iterator{folder}) {
        if (!file.is_regular_file()) continue;
        const std::string bytes = bytes_of(file.path());
        for (const std::string& form : forms_of(*net::parse_mac(mac))) {
          if (bytes.find(form) != bytes.npos) found.insert(file.path().filename().string());
        }
      }
    }
    return found;
  }
  bool has_trace_in(const std::string& name, const char* mac) {
    const auto found = traces(mac);
    return std::any_of(found.begin(), found.end(),
                       [&](const std::string& file) { return file.starts_with(name); });
  }
  Ran ok(const std::string& arguments) {
    Ran ran = ctl(arguments);
    EXPECT_EQ(ran.exit, 0) << arguments << ": " << ran.output;
    return ran;
  }
  /// Of both devices: sessions that were moved and ended, ends that a consumer has not
  /// acknowledged.
  void live() {
    const std::string follow = gate511ctl_path() + " -s " + config_.control.socket +
                               " events follow --consumer billing --types session.added --count 1";
    run("(" + follow + " >/dev/null &) ; sleep 0.3; " + gate511ctl_path() + " -s " +
        config_.control.socket + " session add " + kOther);
    ok("session add 02-00-5E-0A-BB-CC --user alice --tag port7/0200.5e0a.bbcc");
    ok(std::string{"session revoke "} + kSubject);
    ok(std::string{"session add "} + kSubject + " --user alice --bind-ip 192.0.2.7");
    ok(std::string{"records --mac "} + kSubject);
  }

  test::TempFolder kept_;
};

TEST_F(Subject, IsToldInOneDocument) {
  live();
  const Ran ran = run("(" + gate511ctl_path() + " -s " + config_.control.socket +
                      " export --subject " + kSubject + " 2>/dev/null)");
  ASSERT_EQ(ran.exit, 0) << ran.output;
  const Json told = Json::parse(ran.output);
  EXPECT_EQ(told["mac"], kSubject);
  ASSERT_EQ(told["sessions"].size(), 1U);
  EXPECT_EQ(told["sessions"][0]["user"], "alice");
  ASSERT_EQ(told["clients"].size(), 1U);
  EXPECT_EQ(told["clients"][0]["addresses"][0]["address"], "192.0.2.7");
  EXPECT_EQ(told["records"].size(), 2U);
  EXPECT_EQ(told["audit"]["lines"].size(), 4U) << told["audit"];
  EXPECT_EQ(told["events"].size(), 3U) << told["events"];
  EXPECT_EQ(run(gate511ctl_path() + " -s " + config_.control.socket +
                " export --subject 02:00:5e:00:53:77 2>/dev/null | jq -c '[.sessions, .clients, "
                ".events, .records, .audit.places]'")
                .output,
            "[[],[],[],[],0]\n");
}

TEST_F(Subject, ForgottenLeavesNoByteInAnyFile) {
  live();
  ASSERT_TRUE(has_trace_in("sessions.db", kSubject));
  ASSERT_TRUE(has_trace_in("records.db", kSubject));
  ASSERT_TRUE(has_trace_in("audit.jsonl", kSubject));
  const Ran ran = ok(std::string{"-j forget "} + kSubject);
  const Json gone = Json::parse(ran.output);
  EXPECT_EQ(gone["sessions"], 1);
  EXPECT_EQ(gone["clients"], 1);
  EXPECT_EQ(gone["records"], 2);
  EXPECT_EQ(gone["events"], 4) << "added twice, ended twice";
  EXPECT_GE(gone["audit"]["places"].get<int>(), 4);
  EXPECT_EQ(traces(kSubject), std::set<std::string>{});
  EXPECT_EQ(ctl(std::string{"session get "} + kSubject).exit, 4);
  EXPECT_EQ(ctl(std::string{"client get "} + kSubject).exit, 4);
  // The other is untouched, and the ends that billing is owed are all there, without a name.
  EXPECT_TRUE(has_trace_in("sessions.db", kOther));
  EXPECT_EQ(ctl(std::string{"session get "} + kOther).exit, 0);
  const Ran owed = ctl("-j events follow --consumer billing --types session.ended --count 2");
  EXPECT_NE(owed.output.find(R"("mac":"00:00:00:00:00:00")"), std::string::npos) << owed.output;
  EXPECT_NE(owed.output.find(R"("user":"alice")"), std::string::npos) << "for its account";
  EXPECT_EQ(owed.output.find("192.0.2.7"), std::string::npos) << owed.output;
  // The audit log tells of it, not of whom.
  const std::string audit = bytes_of(kept_ / "audit.jsonl");
  EXPECT_NE(audit.find(R"("method":"subject.forget","params":{})"), std::string::npos) << audit;
  EXPECT_NE(audit.find(R"("mac":"00-00-00-00-00-00")"), std::string::npos) << audit;
  EXPECT_NE(ctl("forget 02:00:5e:0a:bb:c").exit, 0);
  EXPECT_EQ(bytes_of(kept_ / "audit.jsonl").find("02:00:5e:0a:bb:c"), std::string::npos)
      << "nor what was mistyped";
  const Ran again = ok(std::string{"forget "} + kSubject);
  EXPECT_NE(
      again.output.find("forgotten: 0 sessions ended, 0 clients seen, 0 events made nameless, "
                        "0 records, 0 places of the audit log\n"),
      std::string::npos)
      << again.output;
  EXPECT_NE(again.output.find("`gate511-portal forget 02:00:5e:0a:bb:cc`"), std::string::npos);
  EXPECT_EQ(traces(kSubject), std::set<std::string>{});
  // And so it stays over a restart.
  stop_ = true;
  thread_ = {};
  control_.reset();
  EXPECT_EQ(traces(kSubject), std::set<std::string>{});
}

TEST(MacText, IsFoundInEveryForm) {
  const net::MacAddress mac = *net::parse_mac(kSubject);
  std::size_t size = 0;
  EXPECT_EQ(find_mac("x02:00:5E:0a:bb:cc", mac, 0, size), 1U);
  EXPECT_EQ(size, 17U);
  EXPECT_EQ(find_mac("02-00-5e-0A-BB-CC", mac, 0, size), 0U);
  EXPECT_EQ(find_mac("mac 02005e0abbcc!", mac, 0, size), 4U);
  EXPECT_EQ(size, 12U);
  EXPECT_EQ(find_mac("port7/0200.5E0a.bbcc", mac, 0, size), 6U);
  EXPECT_EQ(size, 14U);
  EXPECT_EQ(find_mac("02:00:5e:02:00:5e:0a:bb:cc", mac, 0, size), 9U);
  EXPECT_EQ(find_mac("0200.5e0abbcc", mac, 0, size), std::string_view::npos);
  EXPECT_EQ(find_mac("02:00:5e:0a:bb-cc", mac, 0, size), std::string_view::npos);
  EXPECT_EQ(find_mac("02:00:5e:0a:bb:cd", mac, 0, size), std::string_view::npos);
  EXPECT_EQ(find_mac("02:00:5e:0a:bb:c", mac, 0, size), std::string_view::npos);
}

TEST(AuditFiles, RotatedOnesTooAndCompressedOnesAreNamed) {
  const test::TempFolder folder;
  const auto write = [&](const char* name, const std::string& text) {
    std::ofstream{folder / name} << text;
  };
  const std::string line = fmt::format("{{\"params\":{{\"mac\":\"{}\"}}}}\n", kSubject);
  // More than a chunk, so that some stand across its end.
  std::string many;
  while (many.size() < 3'000'000) many += fmt::format("{:>{}}", line, 50 + many.size() % 37);
  write("audit.jsonl", line);
  write("audit.jsonl.1", many);
  write("audit.jsonl-20261224", line + line);
  write("audit.jsonl.2.gz", "packed");
  write("audit.jsonlx", line);
  const std::string path = (folder / "audit.jsonl").string();
  const net::MacAddress mac = *net::parse_mac(kSubject);
  const auto size = std::filesystem::file_size(folder / "audit.jsonl.1");
  const auto lines = static_cast<std::uint64_t>(std::count(many.begin(), many.end(), '\n'));
  const AuditTraces found = find_in_audit(path, mac);
  EXPECT_EQ(found.places, lines + 3);
  EXPECT_EQ(found.lines.size(), AuditTraces::kMaxLines);
  const AuditTraces gone = forget_in_audit(path, mac);
  EXPECT_EQ(gone.places, lines + 3);
  EXPECT_EQ(gone.left, std::vector{(folder / "audit.jsonl.2.gz").string()});
  EXPECT_EQ(std::filesystem::file_size(folder / "audit.jsonl.1"), size) << "in place";
  EXPECT_EQ(find_in_audit(path, mac).places, 0U);
  EXPECT_EQ(bytes_of(folder / "audit.jsonlx"), line) << "no file of the log's";
  EXPECT_EQ(bytes_of(path), "{\"params\":{\"mac\":\"00:00:00:00:00:00\"}}\n");
}

}  // namespace
}  // namespace gate511::control
