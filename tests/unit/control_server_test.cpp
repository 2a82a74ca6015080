// SPDX-License-Identifier: BSD-3-Clause
//
// The control socket under real clients: hostile, slow and many.
#include "control/server.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

namespace gate511::control {
namespace {

using std::chrono::milliseconds;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override { path_ = folder_ / "control.sock"; }
  void TearDown() override { server_.reset(); }

  /// `later` is answered by answer_later(), `big` by a megabyte, all else by itself.
  tl::expected<std::unique_ptr<Server>, Error> open(ServerOptions options) {
    options.socket = path_;
    return Server::open(std::move(options),
                        [this](const Caller& caller, std::string_view line, Server::Reply reply) {
                          ++lines_;
                          caller_ = caller;
                          if (line == "later") return waiting_.push_back(std::move(reply));
                          if (line == "big") return reply(std::string(1 << 20, 'x'));
                          if (line == "none") return reply("");
                          reply(std::string{line});
                        },
                        {"too long", "too many", "too many of you"});
  }
  void start(ServerOptions options = {}) {
    auto server = open(std::move(options));
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
  }
  void answer_later() {
    for (const auto& reply : std::exchange(waiting_, {})) reply("at last");
  }

  Fd connect() {
    Fd fd{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  void poll(int times = 10) {
    for (int i = 0; i < times; ++i) server_->poll_once(milliseconds{1});
  }
  /// Writes all while the server is served.
  void write(const Fd& fd, std::string_view text) {
    while (!text.empty()) {
      const ssize_t put = ::send(fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (put < 0 && errno != EAGAIN) return;
      if (put > 0) text.remove_prefix(static_cast<std::size_t>(put));
      server_->poll_once(milliseconds{0});
    }
    poll();
  }
  /// What has come; `+EOF` behind it if the server has closed.
  std::string read(const Fd& fd) {
    std::string got;
    for (int quiet = 0; quiet < 5;) {
      std::string chunk(1 << 16, '\0');
      const ssize_t size = ::recv(fd.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
      if (size == 0) return got + "+EOF";
      if (size < 0 && errno != EAGAIN) return got + "+RESET";
      if (size > 0) got.append(chunk, 0, static_cast<std::size_t>(size));
      quiet = size > 0 ? 0 : quiet + 1;
      server_->poll_once(milliseconds{1});
    }
    return got;
  }

  test::TempFolder folder_;
  std::string path_;
  std::unique_ptr<Server> server_;
  std::vector<Server::Reply> waiting_;
  int lines_ = 0;
  Caller caller_;  ///< of the last line
};

TEST_F(ServerTest, AnswersLinesInPieces) {
  start();
  const Fd client = connect();
  write(client, "one\ntwo\nthr");
  EXPECT_EQ(read(client), "one\ntwo\n");
  write(client, "ee\nnone\n");
  EXPECT_EQ(read(client), "three\n");
}

TEST_F(ServerTest, HalfClosedClientIsAnswered) {
  start();
  const Fd client = connect();
  write(client, "later\nno newline");
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(read(client), "no newline\n");
  answer_later();
  EXPECT_EQ(read(client), "at last\n+EOF");
}

TEST_F(ServerTest, ClientThatGoesIsForgotten) {
  start();
  {
    const Fd client = connect();
    write(client, "later\n");
  }
  poll();
  EXPECT_EQ(server_->clients(), 0U);
  answer_later();
}

TEST_F(ServerTest, WhatAClientAskedForBeforeItWentIsDone) {
  start();
  {
    const Fd client = connect();
    const std::string_view text = "one\ntwo";
    ASSERT_EQ(::send(client.get(), text.data(), text.size(), 0), 7);
  }
  poll();
  EXPECT_EQ(lines_, 2);
  EXPECT_EQ(server_->clients(), 0U);
}

TEST_F(ServerTest, LongLineIsRefusedAndClosed) {
  start();
  const Fd client = connect();
  write(client, std::string(2 << 20, 'x') + "\n");
  EXPECT_EQ(read(client), "too long\n+EOF");
  EXPECT_EQ(lines_, 0);
  const Fd other = connect();
  write(other, std::string(1 << 20, 'y') + "\n");
  EXPECT_EQ(read(other).size(), (1U << 20) + 1);
}

TEST_F(ServerTest, PipelinedRequestsPastTheLimitWaitAndAreAllAnswered) {
  start();
  const Fd client = connect();
  std::string text;
  for (int i = 0; i < 100; ++i) text += "later\n";
  write(client, text);
  EXPECT_EQ(lines_, 32);
  std::string got;
  for (int i = 0; i < 10; ++i) {
    answer_later();
    got += read(client);
  }
  EXPECT_EQ(lines_, 100);
  EXPECT_EQ(got.size(), 100 * std::string_view{"at last\n"}.size());
}

TEST_F(ServerTest, SlowReaderIsHeldBackThenClosed) {
  start({.limits = {.stalled_output = milliseconds{50}}});
  const Fd slow = connect();
  const Fd other = connect();
  write(slow, "big\nbig\nbig\nbig\nbig\nbig\n");
  EXPECT_LE(lines_, 2);
  write(other, "quick\n");
  EXPECT_EQ(read(other), "quick\n");
  poll(100);
  EXPECT_EQ(server_->clients(), 1U);
}

TEST_F(ServerTest, IncompleteLineAndIdleClientAreClosed) {
  start({.limits = {.incomplete_line = milliseconds{20}, .idle = milliseconds{200}}});
  const Fd part = connect();
  const Fd idle = connect();
  const Fd waiting = connect();
  write(waiting, "later\n");
  write(part, "half a li");
  poll(40);
  EXPECT_EQ(read(part), "+EOF");
  EXPECT_EQ(server_->clients(), 2U);
  poll(250);
  EXPECT_EQ(read(idle), "+EOF");
  answer_later();
  EXPECT_EQ(read(waiting), "at last\n");
}

TEST_F(ServerTest, OneClientTooManyIsToldSo) {
  start({.places = {.clients = 2}});
  const Fd a = connect();
  const Fd b = connect();
  const Fd c = connect();
  poll();
  EXPECT_EQ(read(c), "too many\n+EOF");
  write(a, "x\n");
  EXPECT_EQ(read(a), "x\n");
}

TEST(Places, AreBoundedInAllByUserAndForRoot) {
  Places places{{.clients = 6, .per_user = 2, .kept_for_root = 2}};
  using Answer = Places::Answer;
  EXPECT_EQ(places.take("uid 1", false), Answer::kTaken);
  EXPECT_EQ(places.take("uid 1", false), Answer::kTaken);
  EXPECT_EQ(places.take("uid 1", false), Answer::kUserFull);
  EXPECT_EQ(places.take("uid 2", false), Answer::kTaken);
  EXPECT_EQ(places.take("uid 3", false), Answer::kTaken);
  EXPECT_EQ(places.take("uid 4", false), Answer::kFull);
  EXPECT_EQ(places.take("uid 0", true), Answer::kTaken);
  EXPECT_EQ(places.take("uid 0", true), Answer::kTaken);
  EXPECT_EQ(places.take("uid 0", true), Answer::kFull);
  places.give_back("uid 1");
  EXPECT_EQ(places.take("uid 4", false), Answer::kFull);
  EXPECT_EQ(places.take("uid 5", true), Answer::kTaken);
  EXPECT_EQ(places.taken(), 6U);
}

TEST_F(ServerTest, OneUserCannotTakeAllPlaces) {
  start({.places = {.clients = 10, .per_user = 2, .kept_for_root = 0}});
  Fd a = connect();
  const Fd b = connect();
  const Fd c = connect();
  poll();
  EXPECT_EQ(read(c), "too many of you\n+EOF");
  a.reset();
  poll();
  const Fd d = connect();
  write(d, "x\n");
  EXPECT_EQ(read(d), "x\n");
  EXPECT_EQ(server_->counts().refused, 1U);
}

TEST_F(ServerTest, CallerIsKnown) {
  start();
  const Fd client = connect();
  write(client, "x\n");
  EXPECT_EQ(caller_.rights, ::getuid() == 0 ? Access::kRoot : Access::kChange);
  EXPECT_EQ(caller_.uid, ::getuid());
  EXPECT_EQ(caller_.pid, ::getpid());
  EXPECT_EQ(caller_.user, "uid " + std::to_string(::getuid()));
  EXPECT_NE(caller_.connection, 0U);
}

TEST_F(ServerTest, StatusSocketIsForEveryUserAndHasItsOwnPlaces) {
  const std::string control = path_;
  const std::string status = path_ + ".status";
  start({.status_socket = status,
         .places = {.clients = 2, .kept_for_root = 0},
         .status_places = {.clients = 1, .kept_for_root = 0}});
  struct stat found {};
  ASSERT_EQ(::stat(status.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0666U);
  path_ = status;
  const Fd looks = connect();
  write(looks, "x\n");
  EXPECT_EQ(caller_.rights, Access::kStatus);
  const Fd one_too_many = connect();
  EXPECT_EQ(read(one_too_many), "too many\n+EOF");
  path_ = control;
  const Fd controls = connect();
  write(controls, "x\n");
  EXPECT_EQ(caller_.rights, ::getuid() == 0 ? Access::kRoot : Access::kChange);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(status));
}

TEST_F(ServerTest, PushedLinesReachAClientUntilItGoes) {
  start({.limits = {.idle = milliseconds{50}}});
  std::vector<std::uint64_t> gone;
  server_->on_gone([&](std::uint64_t connection) { gone.push_back(connection); });
  Fd client = connect();
  write(client, "none\n");
  const std::uint64_t connection = caller_.connection;
  server_->keep(connection);
  poll(100);
  EXPECT_TRUE(server_->push(connection, "event"));
  EXPECT_EQ(read(client), "event\n");
  EXPECT_EQ(server_->owed(connection), 0U);
  client.reset();
  poll();
  EXPECT_EQ(gone, std::vector{connection});
  EXPECT_FALSE(server_->push(connection, "event"));
  EXPECT_EQ(server_->owed(connection), std::nullopt);
}

TEST_F(ServerTest, RunsOnWithoutDescriptors) {
  start();
  const Fd first = connect();
  poll();
  std::vector<Fd> eaten;
  const Fd second{::socket(AF_UNIX, SOCK_STREAM, 0)};
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit tight{64, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  for (;;) {
    Fd fd{::dup(first.get())};
    if (!fd) break;
    eaten.push_back(std::move(fd));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(second.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
  EXPECT_EQ(read(second), "too many\n+EOF");
  write(first, "still here\n");
  EXPECT_EQ(read(first), "still here\n");
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

TEST_F(ServerTest, WatchesOtherDescriptors) {
  start();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Fd out{ends[0]};
  const Fd in{ends[1]};
  int called = 0;
  ASSERT_TRUE(server_->watch(out.get(), [&] {
    char byte = 0;
    called += static_cast<int>(::read(out.get(), &byte, 1));
  }));
  poll(2);
  EXPECT_EQ(called, 0);
  ASSERT_EQ(::write(in.get(), "x", 1), 1);
  poll(2);
  EXPECT_EQ(called, 1);
}

TEST_F(ServerTest, SocketIsForItsGroupAloneAndGoesWithTheServer) {
  start();
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0660U);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

/// A socket whose process is gone.
void leave_socket(const std::string& path) {
  const Fd stale{::socket(AF_UNIX, SOCK_STREAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

TEST_F(ServerTest, TellsHowToGetRidOfASocketThatIsAnothers) {
  const bool is_root = ::geteuid() == 0;
  const std::filesystem::path folder = std::filesystem::path{path_}.parent_path();
  ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
  leave_socket(path_);
  ASSERT_EQ(::chmod(path_.c_str(), 0), 0);
  ASSERT_EQ(::seteuid(is_root ? 65'534 : ::geteuid()), 0);
  const auto server = open({});
  ASSERT_EQ(::seteuid(is_root ? 0 : ::geteuid()), 0);
  ASSERT_FALSE(server);
  const std::string owner = is_root ? "root" : ::getpwuid(::geteuid())->pw_name;
  EXPECT_EQ(
      server.error().text(),
      path_ + ": is a socket of " + owner +
          ", which this user may not ask whether a gate511 still listens there; see that none "
          "runs as " +
          owner + ", and: rm " + path_);
}

TEST_F(ServerTest, TakesOverAStaleSocketButNoLiveOne) {
  leave_socket(path_);
  start();
  const auto second = open({});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text(),
            path_ +
                ": another gate511 is running and listens there; stop it, or set "
                "control.socket to another path");
  const Fd client = connect();
  write(client, "x\n");
  EXPECT_EQ(read(client), "x\n");
}

TEST_F(ServerTest, LeavesAFileAlone) {
  std::ofstream{path_} << "precious";
  const auto server = open({});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().text(),
            path_ +
                ": is there already and is no socket; move it away, or set control.socket to "
                "another path");
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(ServerTest, NamesAGroupThatIsNot) {
  const auto server = open({.group = "no-such-group-here"});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().text(),
            path_ +
                ": there is no group no-such-group-here; make it: groupadd --system "
                "no-such-group-here; or set control.group = \"\"");
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace gate511::control
