// SPDX-License-Identifier: BSD-3-Clause
//
// Lists of hosts as operators may write them. Besides the sanitizers' findings it holds that what
// is taken makes a host set, that each name without a star is in it, and that an error has its line
// and says what to do.
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "control/host_list.hpp"
#include "http/host_set.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes{data, size};
  const std::string text{bytes.begin(), bytes.end()};
  const auto names = gate511::control::parse_host_list(text, "hosts.list");
  if (!names) {
    if (names.error().where.starts_with("hosts.list:") && !names.error().hint.empty()) return 0;
    std::fprintf(stderr, "host_list: an error without its line or cure\n");
    std::abort();
  }
  const auto set = gate511::http::HostSet::build(*names);
  bool holds = set.has_value();
  for (const std::string& name : *names)
    holds = holds && (name.starts_with('*') || set->contains(name));
  if (holds) return 0;
  std::fprintf(stderr, "host_list: what was taken is no set\n");
  std::abort();
}
