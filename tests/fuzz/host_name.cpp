// SPDX-License-Identifier: BSD-3-Clause
//
// A host name as a guest sends it, looked up in a set: as a plain comparison with each of the set's
// names has it.
#include <cctype>
#include <string>

#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "http/host_set.hpp"

namespace {

using namespace gate511;
using fuzz::require;

/// By RFC 1035's letter: labels of 1 to 63 octets, 253 in all.
bool is_name(const std::string& text) {
  if (text.empty() || text.size() > 253) return false;
  std::size_t label = 0;
  for (const char c : text + '.') {
    if ((c & 0x80) != 0) return false;
    if (c != '.') {
      ++label;
      continue;
    }
    if (label == 0 || label > 63) return false;
    label = 0;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> names{"a.example", "*.b.example", "*.example.net", "x",
                                              "*.y"};
  static const auto set = http::HostSet::build(names);
  const std::string asked(data, data + size);
  std::string plain = asked;
  if (plain.ends_with('.')) plain.pop_back();
  for (char& c : plain) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 0x20 : c);
  bool expected = false;
  for (const std::string& name : names) {
    expected = expected ||
               (name[0] == '*' ? plain.size() > name.size() - 1 && plain.ends_with(name.substr(1))
                               : plain == name);
  }
  require(set->contains(asked) == (expected && is_name(plain)), "a set is its names");
  return 0;
}
