// SPDX-License-Identifier: BSD-3-Clause
//
// Logins by RADIUS where nobody answers: they hold so many of the site's threads and no more.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "portal/guest/method.hpp"
#include "support/temp_folder.hpp"

namespace gate511::portal {
namespace {

TEST(PortalRadius, ThoseThatWaitLeaveThreadsForOthers) {
  const test::TempFolder folder;
  const std::string path = folder / "radius.sock";
  const int door = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  const auto* const named = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  ASSERT_EQ(::bind(door, named, sizeof address), 0);
  ASSERT_EQ(::listen(door, 16), 0);

  Config config;
  config.methods = {"password"};
  config.radius_socket = path;
  PortalFile file{":memory:"};
  Vouchers vouchers{file};
  Users users{file};
  Log log;
  const auto methods = make_methods(config, vouchers, users, "", log);
  const auto form = Form::read("user=ann&password=secret");
  ASSERT_TRUE(form);
  const auto denial = [&] {
    const auto grant = methods.front()->check(*form, {"02:00:5e:00:53:01", 0, "venue"}, 0);
    return grant ? Denial::kWrong : grant.error();
  };
  std::vector<std::thread> waiting;
  std::vector<int> asked;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back([&denial] { EXPECT_EQ(denial(), Denial::kNoServer); });
    asked.push_back(::accept4(door, nullptr, nullptr, SOCK_CLOEXEC));
  }
  const auto since = std::chrono::steady_clock::now();
  EXPECT_EQ(denial(), Denial::kNoServer);
  EXPECT_LT(std::chrono::steady_clock::now() - since, std::chrono::seconds{3});
  for (const int fd : asked) ::close(fd);
  for (std::thread& thread : waiting) thread.join();
  // There is room again.
  std::thread next{[&denial] { EXPECT_EQ(denial(), Denial::kNoServer); }};
  const int again = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
  EXPECT_GE(again, 0);
  ::close(again);
  next.join();
  ::close(door);
}

}  // namespace
}  // namespace gate511::portal
