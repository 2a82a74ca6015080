// SPDX-License-Identifier: BSD-3-Clause
//
// Addresses and ports of IPv4 and IPv6, as text and as the kernel has them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gate511::radius {

class SocketAddress {
 public:
  SocketAddress() = default;
  /// nullopt: `host` is no address.
  [[nodiscard]] static std::optional<SocketAddress> parse(const std::string& host,
                                                          std::uint16_t port);

  [[nodiscard]] int family() const { return storage_.ss_family; }
  [[nodiscard]] const sockaddr* get() const;
  /// To be filled by the kernel.
  [[nodiscard]] sockaddr* get();
  [[nodiscard]] socklen_t size() const;
  [[nodiscard]] static constexpr socklen_t capacity() { return sizeof(sockaddr_storage); }
  /// Without the port. IPv4 in IPv6 is written as IPv4.
  [[nodiscard]] std::string host() const;
  [[nodiscard]] std::uint16_t port() const;

 private:
  sockaddr_storage storage_{};
};

/// `192.0.2.53:1812`, `[2001:db8::53]:1812`.
[[nodiscard]] std::string address_text(std::string_view host, std::uint16_t port);

}  // namespace gate511::radius
