// SPDX-License-Identifier: BSD-3-Clause
//
// A RADIUS server of the test's.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>

#include "radius/client/address.hpp"
#include "radius/client/exchange.hpp"

namespace gate511::radius {

inline constexpr const char* kSecret = "a secret of the test's";

/// A server's socket, on loopback.
class FakeServer {
 public:
  FakeServer() : fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    address_ = SocketAddress::parse("127.0.0.1", 0).value();
    EXPECT_EQ(::bind(fd_.get(), address_.get(), address_.size()), 0);
    socklen_t size = SocketAddress::capacity();
    EXPECT_EQ(::getsockname(fd_.get(), address_.get(), &size), 0);
    const int room = 4 << 20;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  }
  [[nodiscard]] Server as_server() const { return {"127.0.0.1", address_.port(), kSecret}; }

  struct Got {
    PacketBytes bytes;
    SocketAddress from;
    [[nodiscard]] Packet packet() const { return Packet::parse(bytes).value(); }
  };
  [[nodiscard]] std::optional<Got> receive() {
    Got got;
    got.bytes.resize(kMaxPacket);
    socklen_t size = SocketAddress::capacity();
    const ssize_t length =
        ::recvfrom(fd_.get(), got.bytes.data(), got.bytes.size(), 0, got.from.get(), &size);
    if (length < 0) return std::nullopt;
    got.bytes.resize(static_cast<std::size_t>(length));
    return got;
  }
  void send(const Got& to, const PacketBytes& bytes) {
    EXPECT_EQ(::sendto(fd_.get(), bytes.data(), bytes.size(), 0, to.from.get(), to.from.size()),
              static_cast<ssize_t>(bytes.size()));
  }

 private:
  FileDescriptor fd_;
  SocketAddress address_;
};

}  // namespace gate511::radius
