// SPDX-License-Identifier: BSD-3-Clause
//
// One worker's answers by kind and size, and its redirections by probe rule.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/answers.hpp"

namespace gate511::http {

/// What answers are counted as: their kinds, and those to HEAD by themselves.
inline constexpr std::size_t kCountedAnswers = kAnswerKinds + 1;
inline constexpr std::size_t kHeadAnswer = kAnswerKinds;
/// Names as in `stats.get`.
[[nodiscard]] constexpr std::string_view counted_name(std::size_t counted) noexcept {
  return counted == kHeadAnswer ? "head" : kAnswers[counted].name;
}
[[nodiscard]] constexpr std::string_view counted_sentence(std::size_t counted) noexcept {
  return counted == kHeadAnswer ? "the fields of a 511 alone, to HEAD" : kAnswers[counted].sentence;
}
inline constexpr std::array<std::string_view, kSizeClasses> kSizeNames{"full", "compact", "tiny"};

struct AnswerCounts {
  std::array<std::array<std::uint64_t, kSizeClasses>, kCountedAnswers> answers{};
  std::array<std::uint64_t, ProbeNumbers::kMax> probes{};  ///< by ProbeNumbers

  AnswerCounts& operator+=(const AnswerCounts& other) noexcept {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      for (std::size_t size = 0; size < kSizeClasses; ++size)
        answers[i][size] += other.answers[i][size];
    }
    for (std::size_t i = 0; i < probes.size(); ++i) probes[i] += other.probes[i];
    return *this;
  }
};

/// Written by one worker with relaxed stores, read by the control thread.
class AnswerCounters {
 public:
  /// `rules`: whose choice it was, where it is a probe's.
  void count(SizeClass size, const Choice& choice, const ProbeRules* rules) noexcept {
    const bool to_head = choice.without_body &&
                         (choice.kind == AnswerKind::kPage || choice.kind == AnswerKind::kProblem);
    const std::size_t counted = to_head ? kHeadAnswer : static_cast<std::size_t>(choice.kind);
    add(answers_[counted][static_cast<std::size_t>(size)]);
    if (choice.probe && rules != nullptr) add(probes_[rules->counted_as(*choice.probe)]);
  }
  [[nodiscard]] AnswerCounts read() const noexcept {
    AnswerCounts counts;
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      for (std::size_t size = 0; size < kSizeClasses; ++size)
        counts.answers[i][size] = answers_[i][size].load(std::memory_order_relaxed);
    }
    for (std::size_t i = 0; i < probes_.size(); ++i)
      counts.probes[i] = probes_[i].load(std::memory_order_relaxed);
    return counts;
  }

 private:
  using Counter = std::atomic<std::uint64_t>;
  /// A load and a store: there is one writer.
  static void add(Counter& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::array<std::array<Counter, kSizeClasses>, kCountedAnswers> answers_{};
  std::array<Counter, ProbeNumbers::kMax> probes_{};
};

}  // namespace gate511::http
