// SPDX-License-Identifier: BSD-3-Clause
//
// DNS messages for tests, written as they read on the wire. Names are compressed only where a test
// says so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/frame_builder.hpp"

namespace gate511::test {

/// `www.a.example` as labels; "" is the root.
[[nodiscard]] Bytes dns_name(std::string_view name);
/// A query of class IN with one question.
[[nodiscard]] Bytes dns_query(std::string_view name, unsigned type = 1, unsigned id = 1);
/// An EDNS record of `size` bytes of options.
[[nodiscard]] Bytes with_edns(Bytes message, std::size_t size = 0);
/// Behind the length that TCP puts before a message.
[[nodiscard]] Bytes over_tcp(const Bytes& message);

/// An answer: records are added one by one.
class DnsAnswer {
 public:
  explicit DnsAnswer(std::string_view name, unsigned type = 1, unsigned id = 1);
  DnsAnswer& flags(unsigned value);
  DnsAnswer& record(const Bytes& owner, unsigned type, std::uint32_t ttl_s, const Bytes& data);
  DnsAnswer& a(std::string_view owner, std::string_view address, std::uint32_t ttl_s = 300);
  DnsAnswer& aaaa(std::string_view owner, std::string_view address, std::uint32_t ttl_s = 300);
  DnsAnswer& cname(std::string_view owner, std::string_view target, std::uint32_t ttl_s = 300);
  [[nodiscard]] const Bytes& build() const { return message_; }

 private:
  Bytes message_;
};

}  // namespace gate511::test
