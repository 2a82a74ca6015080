// SPDX-License-Identifier: BSD-3-Clause
//
// Vouchers, users, the trail and spent nonces, in a real file.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "portal/config.hpp"
#include "portal/store/database.hpp"
#include "portal/store/guessing.hpp"
#include "portal/store/plans.hpp"
#include "portal/store/subject.hpp"
#include "portal/store/trail.hpp"
#include "portal/store/users.hpp"
#include "portal/store/vouchers.hpp"
#include "support/temp_folder.hpp"

namespace gate511::portal {
namespace {

constexpr UnixTime kNow = 1'795'000'000;
constexpr UnixTime kDay = 86'400;
constexpr const char* kAnn = "02:00:5e:00:53:01";
constexpr const char* kBob = "02:00:5e:00:53:02";

class PortalStore : public testing::Test {
 public:
  PortalStore() : file_{folder_ / "portal.db"} {}

 protected:
  std::string add(std::uint64_t devices, UnixTime expires_at = 0) {
    Voucher voucher;
    voucher.code = make_code();
    voucher.plan = "day";
    voucher.devices = devices;
    voucher.created_at = kNow;
    voucher.expires_at = expires_at;
    PortalFile::Work work{file_, true};
    EXPECT_TRUE(vouchers_.add(work, voucher));
    work.commit();
    return voucher.code;
  }
  Redeemed redeem(const std::string& code, const char* mac, UnixTime now = kNow) {
    return vouchers_.redeem(code, mac, now, [](const std::string& plan) {
      return plan == "day" ? std::optional<std::uint64_t>{86'400} : std::nullopt;
    });
  }

  test::TempFolder folder_;
  PortalFile file_;
  Vouchers vouchers_{file_};
};

using Why = Redeemed::Why;

TEST(PortalCode, IsOfItsAlphabetAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string code = make_code();
    EXPECT_EQ(code.size(), kCodeChars + 1);
    EXPECT_EQ(code.at(5), '-');
    for (const char c : code)
      EXPECT_TRUE(c == '-' || kCodeAlphabet.find(c) != kCodeAlphabet.npos) << code;
    EXPECT_TRUE(seen.insert(code).second);
  }
}

TEST(PortalCode, IsKnownHoweverItIsTyped) {
  EXPECT_EQ(code_key("7kq2m x4d9r"), code_key("7KQ2M-X4D9R"));
  EXPECT_EQ(code_key("OIL-012"), "011012");
  EXPECT_EQ(code_key("12345"), "");
  EXPECT_EQ(code_key("'; DROP TABLE voucher"), "");
  EXPECT_EQ(code_key(std::string(33, 'A')), "");
}

TEST_F(PortalStore, AVouchersTimeRunsFromItsFirstLogin) {
  const std::string code = add(2);
  const Redeemed first = redeem(code, kAnn);
  ASSERT_EQ(first.why, Why::kGood);
  EXPECT_EQ(first.voucher.ends_at, kNow + 86'400);
  EXPECT_EQ(redeem(code, kAnn, kNow + 100).voucher.ends_at, kNow + 86'400);
  EXPECT_EQ(redeem(code, kBob, kNow + 200).voucher.ends_at, kNow + 86'400);
  EXPECT_EQ(redeem(code, kAnn, kNow + 86'400).why, Why::kExpired);
}

TEST_F(PortalStore, AVoucherIsForSoManyDevices) {
  const std::string code = add(1);
  EXPECT_EQ(redeem(code, kAnn).why, Why::kGood);
  EXPECT_EQ(redeem(code, kBob).why, Why::kTooManyDevices);
  EXPECT_EQ(redeem(code, kAnn).why, Why::kGood);
}

TEST_F(PortalStore, WhatIsTakenBackWasNeverUsed) {
  const std::string code = add(1);
  const Redeemed redeemed = redeem(code, kAnn);
  vouchers_.take_back(redeemed, kAnn);
  EXPECT_EQ(vouchers_.find(code)->state(kNow), "new");
  EXPECT_EQ(redeem(code, kBob, kNow + 500).voucher.ends_at, kNow + 500 + 86'400);
}

TEST_F(PortalStore, ADeviceThatWasThereBeforeIsNotTakenBack) {
  const std::string code = add(1);
  static_cast<void>(redeem(code, kAnn));
  vouchers_.take_back(redeem(code, kAnn), kAnn);
  EXPECT_EQ(redeem(code, kBob).why, Why::kTooManyDevices);
}

TEST_F(PortalStore, CodesThatAreNoneExpiredOrRevokedLetNobodyIn) {
  EXPECT_EQ(redeem("AAAAA-AAAAA", kAnn).why, Why::kUnknown);
  EXPECT_EQ(redeem("", kAnn).why, Why::kUnknown);
  EXPECT_EQ(redeem(add(1, kNow - 1), kAnn).why, Why::kExpired);
  const std::string code = add(1);
  EXPECT_TRUE(vouchers_.revoke(code, kNow));
  EXPECT_EQ(redeem(code, kAnn).why, Why::kUnknown);
  EXPECT_FALSE(vouchers_.revoke("AAAAA-AAAAA", kNow));
}

TEST_F(PortalStore, ADevicesBytesAddUp) {
  const std::string code = add(2);
  const std::string user = user_of_voucher(redeem(code, kAnn).voucher.id);
  vouchers_.used(7, "ann", kAnn, 900, kNow);  // no voucher's
  vouchers_.used(1, user, kAnn, 700, kNow);
  vouchers_.used(2, user, kAnn, 20, kNow);
  vouchers_.used(2, user, kAnn, 50, kNow);
  vouchers_.used(2, user, kAnn, 50, kNow);  // told twice
  vouchers_.used(2, user, kAnn, 30, kNow);  // and late
  EXPECT_EQ(redeem(code, kAnn).bytes, 750U);
  EXPECT_EQ(redeem(code, kBob).bytes, 0U);
}

TEST_F(PortalStore, EachComesOnceInTheOrderOfTheirMaking) {
  std::vector<std::string> made;
  {
    PortalFile::Work work{file_, true};
    Voucher voucher;
    for (int i = 0; i < 1'100; ++i) {
      voucher.code = made.emplace_back(make_code());
      vouchers_.add(work, voucher);
    }
    work.commit();
  }
  std::vector<std::string> seen;
  vouchers_.each([&seen](const Voucher& voucher) {
    seen.push_back(voucher.code);
    return true;
  });
  EXPECT_EQ(seen, made);
}

TEST_F(PortalStore, PasswordsAreKeptAsSaltedHashes) {
  const std::string hash = hash_password("correct horse");
  EXPECT_TRUE(hash.starts_with("$scrypt$ln=14,r=8,p=1$"));
  EXPECT_NE(hash, hash_password("correct horse"));
  EXPECT_TRUE(is_password("correct horse", hash));
  EXPECT_FALSE(is_password("correct house", hash));
  EXPECT_FALSE(is_password("", ""));
  EXPECT_FALSE(is_password("x", "$scrypt$ln=14,r=8,p=1$"));
}

TEST_F(PortalStore, UsersAreWhoKnowsThePassword) {
  Users users{file_};
  EXPECT_TRUE(users.add("ann", "password one", "day", kNow));
  EXPECT_FALSE(users.add("ann", "password two", "day", kNow));
  EXPECT_EQ(users.check("ann", "password one")->plan, "day");
  EXPECT_FALSE(users.check("ann", "password two"));
  EXPECT_FALSE(users.check("bob", "password one"));
  EXPECT_TRUE(users.set_password("ann", "password two"));
  EXPECT_TRUE(users.check("ann", "password two"));
  EXPECT_TRUE(users.remove("ann"));
  EXPECT_FALSE(users.check("ann", "password two"));
}

TEST_F(PortalStore, ANonceIsSpentByACompletedLogin) {
  Trail trail{file_};
  EXPECT_FALSE(trail.is_spent(kAnn, 7));
  trail.completed({kNow, kAnn, "voucher", "voucher-1"}, 7);
  EXPECT_TRUE(trail.is_spent(kAnn, 7));
  EXPECT_FALSE(trail.is_spent(kBob, 7));
}

TEST_F(PortalStore, TheTrailIsSearched) {
  Trail trail{file_};
  for (std::uint32_t i = 0; i < 1'201; ++i)  // several pages, and many at one second
    trail.completed({kNow + i / 400, i % 2 == 0 ? kAnn : kBob, "terms", ""}, i);
  const auto found = [&trail](const Trail::Search& wanted) {
    std::vector<Login> logins;
    trail.find(wanted, [&logins](const Login& login) {
      logins.push_back(login);
      return true;
    });
    return logins;
  };
  const auto all = found({});
  ASSERT_EQ(all.size(), 1'201U);
  EXPECT_EQ(all.front().at, kNow + 3);
  EXPECT_EQ(all.back().at, kNow);
  EXPECT_EQ(found({kAnn, 0}).size(), 601U);
  EXPECT_EQ(found({kBob, kNow + 1}).size(), 400U);
  EXPECT_EQ(found({"", kNow + 3}).size(), 1U);
  int seen = 0;
  trail.find({}, [&seen](const Login& /*login*/) { return ++seen < 3; });
  EXPECT_EQ(seen, 3);
}

TEST_F(PortalStore, WhoIsOfAPlanThatIsGoneIsCounted) {
  const std::string first = add(1), second = add(1), third = add(1, kNow - 1);
  static_cast<void>(redeem(first, kAnn));
  EXPECT_TRUE(Users{file_}.add("ann", "password one", "week", kNow));
  Config config;
  config.source = "portal.toml";
  config.plans.push_back({.name = "week", .session_class = {}});
  ASSERT_EQ(missing_plans(file_, config, kNow).size(), 1U);
  EXPECT_EQ(missing_plans(file_, config, kNow)[0].text(),
            "portal.toml: 2 vouchers and 0 users are of plan \"day\", which there is none of: they "
            "cannot log in; add [[plan]] name = \"day\" again");
  EXPECT_TRUE(vouchers_.revoke(second, kNow));
  config.plans[0].name = "month";
  const auto both = missing_plans(file_, config, kNow + 10);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_TRUE(both[0].what.starts_with("1 voucher and 0 users are of plan \"day\""));
  EXPECT_TRUE(both[1].what.starts_with("0 vouchers and 1 user are of plan \"week\""));
  config.plans.push_back({.name = "week", .session_class = {}});
  EXPECT_TRUE(missing_plans(file_, config, kNow + kDay).empty());  // the voucher has ended
}

TEST(PortalCode, ShortOnesAreSoonGuessed) {
  EXPECT_EQ(codes_like("12-34 56"), 1e6);
  EXPECT_EQ(codes_like("bad!"), 1);
  EXPECT_LT(codes_like("ABCDEF7"), kEnoughCodes);
  EXPECT_LT(codes_like("12345678901"), kEnoughCodes);
  EXPECT_GE(codes_like("ABCDEFG7"), kEnoughCodes);
  EXPECT_GE(codes_like(make_code()), kEnoughCodes);
  const Limiter::Limits limits{10, 300, std::chrono::seconds{600}};
  EXPECT_EQ(seconds_to_guess(1e6, 1'000, limits), 2'000U);  // one in 1,000, each 2 s
}

TEST_F(PortalStore, WhatIsOldIsTakenAway) {
  Trail trail{file_};
  trail.completed({kNow - 10 * kDay, kAnn, "terms", ""}, 1);
  trail.completed({kNow - 86'400, kBob, "terms", ""}, 2);
  const std::string old = add(1, kNow - 8 * kDay), recent = add(1, kNow - 86'400), open = add(1);
  file_.drop_old(kNow, 7, 7);
  std::vector<std::string> left;
  trail.each(10, [&left](const Login& login) { left.push_back(login.mac); });
  EXPECT_EQ(left, std::vector<std::string>{kBob});
  EXPECT_FALSE(trail.is_spent(kAnn, 1));
  EXPECT_FALSE(vouchers_.find(old));
  EXPECT_TRUE(vouchers_.find(recent));
  EXPECT_TRUE(vouchers_.find(open));
}

TEST_F(PortalStore, ADeviceOfAVoucherWithoutAnEndIsForgotten) {
  const std::string endless = add(2), day = add(2);
  const auto without_end = [](const std::string& /*plan*/) {
    return std::optional<std::uint64_t>{0};
  };
  static_cast<void>(vouchers_.redeem(endless, kAnn, kNow, without_end));
  static_cast<void>(vouchers_.redeem(endless, kBob, kNow, without_end));
  static_cast<void>(vouchers_.redeem(endless, kBob, kNow + 20 * kDay, without_end));
  static_cast<void>(redeem(day, kAnn, kNow + 25 * kDay));
  file_.drop_old(kNow + 29 * kDay, 30, 30);
  EXPECT_EQ(vouchers_.find(endless)->used_by, 2U);
  file_.drop_old(kNow + 31 * kDay, 30, 30);
  EXPECT_EQ(vouchers_.find(endless)->used_by, 1U);
  EXPECT_EQ(vouchers_.find(endless)->state(kNow + 31 * kDay), "used");
  EXPECT_EQ(vouchers_.find(day)->used_by, 1U);  // with its voucher
  file_.drop_old(kNow + 57 * kDay, 30, 30);
  EXPECT_FALSE(vouchers_.find(day));
  EXPECT_EQ(vouchers_.find(endless)->used_by, 0U);
}

TEST_F(PortalStore, TwoProgramsUseTheFileAtOnce) {
  PortalFile other{folder_ / "portal.db"};
  Vouchers theirs{other};
  const std::string code = add(1);
  EXPECT_TRUE(theirs.find(code));
  EXPECT_TRUE(theirs.revoke(code, kNow));
  EXPECT_EQ(redeem(code, kAnn).why, Why::kUnknown);
}

TEST(PortalFile, WhatIsNoDatabaseIsSaid) {
  const test::TempFolder folder;
  EXPECT_THROW(PortalFile{folder / "none/portal.db"}, sql::SqlError);
  EXPECT_THROW(PortalFile{"/dev/null/x"}, sql::SqlError);
}

TEST_F(PortalStore, ForgetsADeviceWithoutATrace) {
  Trail trail{file_};
  for (std::uint32_t i = 0; i < 500; ++i)
    trail.completed({kNow, "02:00:5e:00:00:" + std::to_string(10 + i % 90), "terms", ""}, i);
  trail.completed({kNow, kAnn, "voucher", "voucher-1"}, 7);
  trail.completed({kNow, kBob, "terms", ""}, 8);
  EXPECT_EQ(redeem(add(2), kAnn).why, Redeemed::Why::kGood);
  const auto told = subject_json(file_, "portal.db", kAnn);
  EXPECT_EQ(told["logins"].size(), 1U);
  EXPECT_EQ(told["vouchers"].size(), 1U);
  EXPECT_EQ(told["spent_links"].size(), 1U);
  const Forgotten gone = forget_subject(file_, kAnn);
  EXPECT_EQ(gone.logins, 1U);
  EXPECT_EQ(gone.vouchers, 1U);
  EXPECT_EQ(gone.links, 1U);
  EXPECT_EQ(forget_subject(file_, kAnn).logins, 0U) << "once more is nothing";
  EXPECT_TRUE(trail.is_spent(kBob, 8));
  for (const auto& one : std::filesystem::directory_iterator{folder_.path()}) {
    std::ifstream file{one.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_EQ(bytes.find(kAnn), bytes.npos) << one.path();
  }
}

}  // namespace
}  // namespace gate511::portal
