// SPDX-License-Identifier: BSD-3-Clause
//
// What the daemon tells systemd, on a socket as systemd's; and what it may not ask of the kernel
// any more.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "programs/service_manager.hpp"
#include "programs/system_calls.hpp"

namespace gate511 {
namespace {

using dataplane::WorkerStatus;

std::vector<WorkerStatus> workers_at(const std::vector<std::uint64_t>& loops) {
  std::vector<WorkerStatus> workers;
  for (const std::uint64_t count : loops) {
    WorkerStatus worker;
    worker.lcore = static_cast<unsigned>(workers.size()) + 1;
    worker.loops = count;
    workers.push_back(worker);
  }
  return workers;
}

TEST(WorkerPulse, NamesThoseWhoseLoopDidNotTurn) {
  WorkerPulse pulse;
  EXPECT_TRUE(pulse.still(workers_at({0, 7})).empty()) << "nothing to compare with yet";
  EXPECT_EQ(pulse.still(workers_at({0, 8})), std::vector<unsigned>{1});
  EXPECT_EQ(pulse.still(workers_at({0, 8})), (std::vector<unsigned>{1, 2}));
  EXPECT_TRUE(pulse.still(workers_at({1, 9})).empty());
}

/// The manager's end, in the abstract namespace.
class NotifySocket : public ::testing::Test {
 protected:
  void SetUp() override {
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const std::string name = "gate511-test-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(&address.sun_path[1], sizeof address.sun_path - 1);
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    ASSERT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), bytes), 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    ::setenv("WATCHDOG_USEC", "30000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  }
  void TearDown() override {
    for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      ::unsetenv(name);
    ::close(socket_);
  }
  /// The next message; empty: there is none.
  std::string told() {
    std::array<char, 1024> text{};
    const ssize_t bytes = ::recv(socket_, text.data(), text.size(), 0);
    return bytes < 0 ? "" : std::string{text.data(), static_cast<std::size_t>(bytes)};
  }
  static void wait_for_next() { std::this_thread::sleep_for(std::chrono::milliseconds{11}); }

 private:
  int socket_ = -1;
};

TEST_F(NotifySocket, IsToldOfReadinessReloadAndStop) {
  ServiceManager manager;
  manager.ready("link venue");
  EXPECT_EQ(told(), "READY=1\nSTATUS=link venue");
  manager.reloading();
  EXPECT_TRUE(told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  manager.stopping();
  EXPECT_EQ(told(), "STOPPING=1\nSTATUS=stops");
}

TEST_F(NotifySocket, IsFedOnlyWhileAllWorkersMove) {
  ServiceManager manager;
  manager.ready("link venue");
  told();
  manager.tick(workers_at({1, 1}));
  EXPECT_EQ(told(), "WATCHDOG=1");
  manager.tick(workers_at({2, 2}));
  EXPECT_EQ(told(), "") << "a third of its time has not passed";
  wait_for_next();
  manager.tick(workers_at({3, 2}));
  EXPECT_EQ(told(), "WATCHDOG=1");
  wait_for_next();
  manager.tick(workers_at({4, 2}));
  EXPECT_EQ(told(), "STATUS=lcore 2 does not move: frames wait there, and the watchdog is not fed");
  wait_for_next();
  manager.tick(workers_at({5, 3}));
  EXPECT_EQ(told(), "WATCHDOG=1");
  EXPECT_EQ(told(), "STATUS=link venue");
}

TEST_F(NotifySocket, WithoutOneNothingIsTold) {
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("WATCHDOG_USEC");
  ServiceManager manager;
  manager.ready("link venue");
  manager.tick(workers_at({1}));
  EXPECT_EQ(told(), "");
}

/// In a process of its own, since there is no way back: its exit code is a sum of what went wrong.
int in_narrowed_child(const std::vector<std::string>& drivers, int (*body)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !narrow_system_calls(drivers))
      ::_exit(100);
    ::_exit(body());
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

bool is_refused(long result, int error) {
  return result == -1 && errno == error;
}

class SystemCalls : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!narrows_system_calls()) GTEST_SKIP() << "a build with a sanitizer";
  }
};

TEST_F(SystemCalls, NoProgramAndNoProcessIsStarted) {
  EXPECT_EQ(
      in_narrowed_child({},
                        [] {
                          int wrong = 0;
                          std::array<char*, 1> none{nullptr};
                          // If it were run, its exit code would be the child's: 1.
                          if (!is_refused(::execve("/bin/false", none.data(), none.data()), EPERM))
                            wrong += 1;
                          if (!is_refused(::syscall(SYS_fork), EPERM)) wrong += 2;
                          if (!is_refused(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), EPERM))
                            wrong += 4;
                          if (!is_refused(::syscall(SYS_clone3, 0, 0), ENOSYS)) wrong += 8;
                          if (!is_refused(::syscall(SYS_ptrace, 0, 0, 0, 0), EPERM)) wrong += 16;
                          return wrong;
                        }),
      0);
}

TEST_F(SystemCalls, ThreadsAndFilesAreFine) {
  EXPECT_EQ(in_narrowed_child({},
                              [] {
                                int seen = 1;
                                std::thread{[&seen] { seen = 0; }}.join();
                                return ::access("/", R_OK) == 0 ? seen : 2;
                              }),
            0);
}

TEST_F(SystemCalls, BpfIsAfXdpsAlone) {
  const auto asks = [] { return is_refused(::syscall(SYS_bpf, -1, 0, 0), EPERM) ? 1 : 0; };
  EXPECT_EQ(in_narrowed_child({"net_af_packet"}, asks), 1);
  EXPECT_EQ(in_narrowed_child({"net_af_xdp"}, asks), ::geteuid() == 0 ? 0 : 1);
}

}  // namespace
}  // namespace gate511
