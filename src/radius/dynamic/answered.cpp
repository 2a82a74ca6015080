// SPDX-License-Identifier: BSD-3-Clause
#include "radius/dynamic/answered.hpp"

namespace gate511::radius {

const PacketBytes* Answered::find(const Authenticator& request) const {
  const auto found = replies_.find(request);
  return found == replies_.end() ? nullptr : &found->second;
}

bool Answered::begin(const Authenticator& request, std::uint64_t until, std::uint64_t now) {
  while (!ends_.empty() && ends_.begin()->first < now) {
    replies_.erase(ends_.begin()->second);
    ends_.erase(ends_.begin());
  }
  if (replies_.size() >= kMax) return false;
  if (replies_.try_emplace(request).second) ends_.emplace(until, request);
  return true;
}

void Answered::answer(const Authenticator& request, PacketBytes reply) {
  const auto found = replies_.find(request);
  if (found != replies_.end()) found->second = std::move(reply);
}

}  // namespace gate511::radius
