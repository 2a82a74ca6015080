// SPDX-License-Identifier: BSD-3-Clause
//
// Regular expressions, all of them in one pass (Hyperscan). For tens to hundreds of expressions: a
// list of names belongs into a HostSet, since both compiling and scanning grow with the number.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gate511/error.hpp"

struct hs_database;
struct hs_scratch;

namespace gate511::http {

/// A compiled set. Immutable; read by every worker, each with a scratch of its own.
class Patterns {
 public:
  static constexpr std::size_t kMax = 512;        ///< expressions
  static constexpr std::size_t kMaxLength = 512;  ///< bytes of one

  struct Expression {
    std::string name;  ///< what errors call it: a config key, a line of a file
    std::string text;  ///< as PCRE has it; must match the whole of a text
  };
  enum class Case : std::uint8_t { kAny, kSame };

  /// Measured when the set was made, for operators.
  struct Cost {
    std::size_t expressions = 0;
    std::size_t bytes = 0;      ///< of the compiled set
    double compile_s = 0;       ///< wall clock
    double scan_cycles = 0;     ///< of the slowest of the samples, by the time-stamp counter
    double longest_cycles = 0;  ///< of a name of 253 bytes
    /// `12 expressions, 34 KiB, compiled in 0.01 s, 430 cycles a scan (1200 of 253 bytes)`.
    [[nodiscard]] std::string text() const;
  };

  /// What a worker needs to scan. Fits every set that it was made for; to be used by one thread at
  /// a time.
  class Scratch {
   public:
    Scratch() = default;
    /// Makes it fit `patterns` as well. Not while it is in use. Error: out of memory.
    [[nodiscard]] tl::expected<void, Error> fit(const Patterns& patterns);
    /// An equal one for another worker.
    [[nodiscard]] tl::expected<Scratch, Error> clone() const;

   private:
    friend class Patterns;
    struct Free {
      void operator()(hs_scratch* scratch) const noexcept;
    };
    std::unique_ptr<hs_scratch, Free> scratch_;
  };

  /// Texts such as will be scanned, by which the cost is measured.
  using Samples = std::span<const std::string_view>;
  static constexpr std::array<std::string_view, 4> kHosts{
      "name.example", "www.some-name.example", "cdn12.static.some-name.example", "m.name.example"};

  /// Takes from milliseconds to seconds; allocates: never on a worker. Errors name the expression.
  /// An empty set is possible, and matches nothing.
  [[nodiscard]] static tl::expected<Patterns, Error> compile(
      std::span<const Expression> expressions, Case letters, Samples samples = kHosts);

  /// The number of the first of the expressions that match the whole of `text`, which may be any
  /// bytes. Worker; no allocation. `scratch` was made to fit this set.
  [[nodiscard]] std::optional<unsigned> match(std::string_view text,
                                              const Scratch& scratch) const noexcept;

  [[nodiscard]] bool empty() const { return cost_.expressions == 0; }
  [[nodiscard]] std::size_t size() const { return cost_.expressions; }
  [[nodiscard]] const Cost& cost() const { return cost_; }

 private:
  struct Free {
    void operator()(hs_database* database) const noexcept;
  };
  Patterns() = default;
  [[nodiscard]] tl::expected<void, Error> measure(Samples samples);

  std::unique_ptr<hs_database, Free> database_;  ///< null where there are no expressions
  Cost cost_;
};

}  // namespace gate511::http
