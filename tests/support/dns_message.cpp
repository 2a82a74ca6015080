// SPDX-License-Identifier: BSD-3-Clause
#include "support/dns_message.hpp"

namespace gate511::test {
namespace {

void put16(Bytes& out, unsigned value) {
  out.push_back(static_cast<std::byte>(value >> 8));
  out.push_back(static_cast<std::byte>(value));
}
void put32(Bytes& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}
Bytes question(std::string_view name, unsigned type, unsigned id, unsigned flags) {
  Bytes out;
  put16(out, id);
  put16(out, flags);
  for (const unsigned count : {1U, 0U, 0U, 0U}) put16(out, count);
  append(out, dns_name(name));
  put16(out, type);
  put16(out, 1);
  return out;
}

}  // namespace

Bytes dns_name(std::string_view name) {
  Bytes out;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    out.push_back(static_cast<std::byte>(label.size()));
    append(out, bytes(label));
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  out.push_back(std::byte{0});
  return out;
}

Bytes dns_query(std::string_view name, unsigned type, unsigned id) {
  return question(name, type, id, 0x0100);
}

Bytes with_edns(Bytes message, std::size_t size) {
  message[11] = std::byte{1};
  message.push_back(std::byte{0});
  put16(message, 41);
  put16(message, 1232);
  put32(message, 0);
  put16(message, static_cast<unsigned>(size));
  message.resize(message.size() + size);
  return message;
}

Bytes over_tcp(const Bytes& message) {
  Bytes out;
  put16(out, static_cast<unsigned>(message.size()));
  append(out, message);
  return out;
}

DnsAnswer::DnsAnswer(std::string_view name, unsigned type, unsigned id)
    : message_{question(name, type, id, 0x8180)} {}

DnsAnswer& DnsAnswer::flags(unsigned value) {
  net::store_be(message_, 2, static_cast<std::uint16_t>(value));
  return *this;
}

DnsAnswer& DnsAnswer::record(const Bytes& owner, unsigned type, std::uint32_t ttl_s,
                             const Bytes& data) {
  net::store_be(message_, 6, static_cast<std::uint16_t>(net::load_be16(message_, 6) + 1));
  append(message_, owner);
  put16(message_, type);
  put16(message_, 1);
  put32(message_, ttl_s);
  put16(message_, static_cast<unsigned>(data.size()));
  append(message_, data);
  return *this;
}

DnsAnswer& DnsAnswer::a(std::string_view owner, std::string_view address, std::uint32_t ttl_s) {
  Bytes data;
  put32(data, net::parse_ip(address)->v4_value());
  return record(dns_name(owner), 1, ttl_s, data);
}

DnsAnswer& DnsAnswer::aaaa(std::string_view owner, std::string_view address, std::uint32_t ttl_s) {
  Bytes data(16);
  net::parse_ip(address)->store_v6(data, 0);
  return record(dns_name(owner), 28, ttl_s, data);
}

DnsAnswer& DnsAnswer::cname(std::string_view owner, std::string_view target, std::uint32_t ttl_s) {
  return record(dns_name(owner), 5, ttl_s, dns_name(target));
}

}  // namespace gate511::test
