// SPDX-License-Identifier: BSD-3-Clause
//
// How often may be guessed: failures within a window, for each of a bounded number of keys and for
// all together.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gate511::portal {

/// Any number of threads may use one at once. A window begins with a key's first failure; when as
/// many as are allowed have come in it, the key waits for its end.
class Limiter {
 public:
  using Clock = std::chrono::steady_clock;
  struct Limits {
    std::uint32_t of_key = 10;
    std::uint32_t of_all = 300;
    std::chrono::seconds window{600};
  };
  static constexpr std::size_t kMaxKeys = 4096;  ///< of more the longest unheard is forgotten

  explicit Limiter(Limits limits) : limits_{limits} {}

  /// How long this key is to wait; 0: it may try. What all have failed holds up those alone that
  /// have failed themselves: who only came to fail a few times cannot shut out the others.
  [[nodiscard]] std::chrono::seconds wait(std::string_view key, Clock::time_point now);
  /// True: with this one the limit is reached. Nothing but time clears it: a success in between
  /// would give a guesser its guesses back.
  bool failed(std::string_view key, Clock::time_point now);
  [[nodiscard]] std::size_t keys() const;

 private:
  struct Window {
    Clock::time_point ends{};
    std::uint32_t failures = 0;
  };
  struct Entry {
    std::string key;
    Window window;
  };
  [[nodiscard]] static std::chrono::seconds left(const Window& window, std::uint32_t limit,
                                                 Clock::time_point now);
  void count(Window& window, Clock::time_point now) const;

  const Limits limits_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  ///< the last heard of first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
  Window all_;
};

}  // namespace gate511::portal
