// SPDX-License-Identifier: BSD-3-Clause
//
// A set of host names, exact (`a.example`) and by suffix (`*.a.example`: everything below it, not
// itself). For lists of any length: a name is looked up label by label, at most once for each of
// its labels, and only for numbers of labels that the list has.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gate511/error.hpp"

namespace gate511::http {

/// Immutable once built. Reading takes no lock and does not allocate: any worker.
class HostSet {
 public:
  static constexpr std::size_t kMaxName = 253;   ///< RFC 1035, 2.3.4, as text without the last dot
  static constexpr std::size_t kMaxLabel = 63;   ///< RFC 1035, 2.3.4
  static constexpr std::size_t kMaxDepth = 127;  ///< labels of the longest name

  /// What is wrong with one of the names.
  struct BadName {
    std::size_t index;  ///< in what was given
    std::string what;
    std::string hint;
  };

  HostSet() = default;  ///< empty

  /// Names in ASCII, any case, a trailing dot or none. Names given twice count once.
  [[nodiscard]] static tl::expected<HostSet, BadName> build(
      std::span<const std::string_view> names);
  [[nodiscard]] static tl::expected<HostSet, BadName> build(std::span<const std::string> names);

  /// `host`: any bytes, any case, a trailing dot or none; false where it is no name.
  [[nodiscard]] bool contains(std::string_view host) const noexcept;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  /// Open addressing, at most half full. `place` is 0 where the slot is free, else the kinds in its
  /// two low bits and where in names_ the name's length stands, the name behind it.
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t place = 0;
  };
  static constexpr std::uint32_t kExact = 1, kBelow = 2;

  explicit HostSet(std::size_t names);
  void insert(std::string_view lower_case, std::uint64_t hash, std::uint32_t kind);
  [[nodiscard]] std::string_view name_at(std::uint32_t place) const noexcept;
  [[nodiscard]] bool holds(std::uint64_t hash, std::string_view name,
                           std::uint32_t kind) const noexcept;

  std::vector<Slot> slots_;
  std::string names_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  /// Bit n: there is a name of that kind with n labels.
  std::array<std::uint64_t, 2> exact_depths_{};
  std::array<std::uint64_t, 2> below_depths_{};
};

/// What is wrong with a host name in a list: `what` without the name, and what to do. nullopt: it
/// is one. `*.` may stand in front of it.
[[nodiscard]] std::optional<HostSet::BadName> check_host_name(std::string_view name);

}  // namespace gate511::http
