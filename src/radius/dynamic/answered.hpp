// SPDX-License-Identifier: BSD-3-Clause
//
// Requests that were believed, and what they were answered with, so that none is done twice. Each
// is remembered for as long as its date lets it be believed; where there is no more room the next
// one is refused, as to forget one is to do it again for who has recorded it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "radius/wire/packet.hpp"
#include "radius/wire/writer.hpp"

namespace gate511::radius {

class Answered {
 public:
  static constexpr std::size_t kMax = 65'536;

  /// null: it has not come before. Empty: it is being done.
  [[nodiscard]] const PacketBytes* find(const Authenticator& request) const;
  /// `until`: the last second, by the clock of `now`, in which it would be believed. False: there
  /// is no room for it.
  [[nodiscard]] bool begin(const Authenticator& request, std::uint64_t until, std::uint64_t now);
  void answer(const Authenticator& request, PacketBytes reply);

 private:
  std::map<Authenticator, PacketBytes> replies_;
  std::multimap<std::uint64_t, Authenticator> ends_;
};

}  // namespace gate511::radius
