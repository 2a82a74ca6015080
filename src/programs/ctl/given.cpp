// SPDX-License-Identifier: BSD-3-Clause
#include "programs/ctl/given.hpp"

#include <arpa/inet.h>

#include <array>
#include <utility>

#include "programs/ctl/units.hpp"

namespace gate511::ctl {
namespace {

using Text = std::optional<std::string>;

template <typename Parse>
void put_parsed(Json& params, const char* name, const char* option, const Text& text, Parse parse,
                const char* kind, const char* hint, std::optional<Failure>& wrong) {
  if (!text || wrong) return;
  if (const auto value = parse(*text)) {
    params[name] = *value;
  } else {
    wrong = usage(option, "`" + *text + "` is no " + kind, std::string{"write it like "} + hint);
  }
}

}  // namespace

void put_time_span(Json& params, const char* name, const char* option, const Text& text,
                   std::optional<Failure>& wrong) {
  put_parsed(params, name, option, text, parse_duration, "time", "90s, 15m, 1h or 7d; 0 is no end",
             wrong);
}

void put_time(Json& params, const char* name, const char* option, const Text& text,
              std::optional<Failure>& wrong) {
  put_parsed(params, name, option, text, parse_time, "point in time",
             "2026-12-24T18:00Z, or as unix time", wrong);
}

void put_rate(Json& params, const char* name, const char* option, const Text& text,
              std::optional<Failure>& wrong) {
  put_parsed(params, name, option, text, parse_rate, "rate", "500k, 20M or 1.5G, in bits a second",
             wrong);
}

void put_size(Json& params, const char* name, const char* option, const Text& text,
              std::optional<Failure>& wrong) {
  put_parsed(params, name, option, text, parse_size, "size", "500M, 2G or 4GiB, in bytes", wrong);
}

void put_addresses(Json& params, const char* name, const char* option, const Text& text,
                   std::optional<Failure>& wrong) {
  if (!text || wrong) return;
  if (*text == "seen" || *text == "off") {
    params[name] = *text == "seen";
    return;
  }
  Json addresses = Json::array();
  for (std::size_t at = 0, end = 0; end != std::string::npos; at = end + 1) {
    end = text->find(',', at);
    std::string one = text->substr(at, end == std::string::npos ? end : end - at);
    if (!is_ip(one.substr(0, one.find('/')))) {
      wrong = usage(option, "`" + one + "` is no address",
                    "write seen, off, or addresses like 192.0.2.7,2001:db8:1::/64");
      return;
    }
    addresses.push_back(std::move(one));
  }
  params[name] = std::move(addresses);
}

bool is_ip(const std::string& text) {
  std::array<unsigned char, 16> address{};
  return ::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

}  // namespace gate511::ctl
