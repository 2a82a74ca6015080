// SPDX-License-Identifier: BSD-3-Clause
//
// The portal's server over loopback: clients that reset, and clients that take nothing.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "web/server.hpp"

namespace gate511::portal {
namespace {

using namespace std::chrono_literals;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// One that the system has just had to give.
std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): as the system calls it
  ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
  ::close(socket);
  return ntohs(address.sin_port);
}

class PortalServerLive : public testing::Test {
 protected:
  void serve(web::Server::Limits limits) {
    server_ = std::make_unique<web::Server>(limits);
    ASSERT_TRUE(server_->listen({"127.0.0.1", port_}, app_, nullptr));
    thread_ = std::thread{[this] { server_->run(); }};
  }
  void TearDown() override {
    server_->stop();
    thread_.join();
  }
  /// A socket on which a request was sent.
  [[nodiscard]] int asks(const std::string& path) const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const int small = 4096;
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    const sockaddr_in address = loopback(port_);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the system calls it
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    return socket;
  }

  web::App app_;
  const std::uint16_t port_ = free_port();
  std::unique_ptr<web::Server> server_;
  std::thread thread_;
};

bool wait_for(const std::function<bool()>& is_so) {
  for (int i = 0; i < 500 && !is_so(); ++i) std::this_thread::sleep_for(10ms);
  return is_so();
}

TEST_F(PortalServerLive, WhoResetsIsNotWorkedForAgain) {
  std::atomic<int> begun = 0;
  std::atomic<bool> goes_on = false;
  app_.Get("/slow", [&](const web::App::Request&, web::App::Response&) {
    ++begun;
    while (!goes_on) std::this_thread::sleep_for(1ms);
  });
  std::atomic<int> others = 0;
  app_.Get("/other", [&](const web::App::Request&, web::App::Response&) { ++others; });
  app_.set_error_handler([&](const web::App::Request&, web::App::Response&) { ++others; });
  serve({.threads = 1});
  const auto reset = [](int socket) {
    const linger at_once{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(socket);
  };
  const int first = asks("/slow");
  ASSERT_TRUE(wait_for([&] { return begun == 1; }));
  const int waiting = asks("/other");  // behind it
  std::this_thread::sleep_for(100ms);
  reset(waiting);
  reset(first);
  std::this_thread::sleep_for(100ms);
  goes_on = true;
  const int last = asks("/slow");
  EXPECT_TRUE(wait_for([&] { return begun == 2; }));
  EXPECT_EQ(others, 0) << "work was done for who was gone";
  ::close(last);
}

TEST_F(PortalServerLive, AnswersThatNobodyTakesAreBounded) {
  constexpr std::size_t kSize = 4 << 20;
  app_.Get("/big", [&](const web::App::Request&, web::App::Response& response) {
    response.set_content(std::string(kSize, 'x'), "text/plain");
  });
  serve({.held = 3 * kSize});
  std::vector<pollfd> clients(6);
  for (pollfd& one : clients) one = {asks("/big"), POLLHUP | POLLERR | POLLRDHUP, 0};
  const auto closed = [&] {
    ::poll(clients.data(), clients.size(), 0);
    return std::count_if(clients.begin(), clients.end(),
                         [](const pollfd& one) { return one.revents != 0; });
  };
  EXPECT_TRUE(wait_for([&] { return closed() >= 4; }));
  EXPECT_EQ(closed(), 4);  // each holds a little more than 4 MiB
  for (const pollfd& one : clients) ::close(one.fd);
}

}  // namespace
}  // namespace gate511::portal
