// SPDX-License-Identifier: BSD-3-Clause
//
// How many may be connected at one door: in all, and of one user, with some places kept for root
// so that no one else can lock the operator out.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace gate511::control {

class Places {
 public:
  struct Limits {
    std::size_t clients = 64;
    std::size_t per_user = 16;
    std::size_t kept_for_root = 4;
  };
  enum class Answer { kTaken, kFull, kUserFull };

  Places() = default;
  explicit Places(Limits limits) : limits_{limits} {}

  [[nodiscard]] Answer take(const std::string& user, bool is_root) {
    const std::size_t kept = is_root ? 0 : limits_.kept_for_root;
    if (taken_ + kept >= limits_.clients) return Answer::kFull;
    std::size_t& of_user = users_[user];
    if (of_user >= limits_.per_user) return Answer::kUserFull;
    ++of_user;
    ++taken_;
    return Answer::kTaken;
  }
  void give_back(const std::string& user) {
    const auto found = users_.find(user);
    if (found == users_.end()) return;
    --taken_;
    if (--found->second == 0) users_.erase(found);
  }

  [[nodiscard]] std::size_t taken() const { return taken_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }

 private:
  Limits limits_{};
  std::size_t taken_ = 0;
  std::map<std::string, std::size_t, std::less<>> users_;
};

}  // namespace gate511::control
