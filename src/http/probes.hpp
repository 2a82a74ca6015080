// SPDX-License-Identifier: BSD-3-Clause
//
// Which requests are a client's probe for a portal that takes a redirection for one, and not a 511.
// Rules are data (probes.list); a test that costs a few cycles rules most requests out before any
// expression is scanned.
#pragma once

#include <tl/expected.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gate511/error.hpp"
#include "http/patterns.hpp"
#include "http/request.hpp"

namespace gate511::http {

/// The rules that hold unless the configuration replaces them: probes.list as it was built in.
extern const std::string_view kDefaultProbes;

/// `NAME HOST PATH [USER-AGENT]`, one line of a list.
struct ProbeRule {
  std::string name;
  std::string host, path, user_agent;  ///< `*` for anything, or `~` and an expression
  std::string where;                   ///< for errors: `probes.list:12`
};

/// Reads lines; `#` in front makes a comment. Errors stand at `SOURCE:LINE`.
[[nodiscard]] tl::expected<std::vector<ProbeRule>, Error> read_probe_rules(std::string_view text,
                                                                           std::string_view source);
/// Reads one line. Errors stand at `where`.
[[nodiscard]] tl::expected<ProbeRule, Error> read_probe_rule(std::string_view line,
                                                             std::string where);

/// The numbers that probe rules are counted by. A name has its own for as long as the process runs,
/// whichever rules it stands in, so that a new configuration moves no count. Any thread but a
/// worker.
class ProbeNumbers {
 public:
  static constexpr std::size_t kMax = 256;

  /// All names that come after the first 255 share the last number.
  [[nodiscard]] static std::uint8_t of(std::string_view name);
  /// By number; those that were ever given.
  [[nodiscard]] static std::vector<std::string> names();
};

/// Immutable once compiled; read by every worker.
class ProbeRules {
 public:
  /// Takes milliseconds; allocates. Errors name the rule's line.
  [[nodiscard]] static tl::expected<ProbeRules, Error> compile(std::span<const ProbeRule> rules);

  /// The rule that `request`, a GET or HEAD, matches: its name's number. Worker; no allocation.
  /// `scratch` was made to fit these rules.
  [[nodiscard]] std::optional<std::uint8_t> match(const Request& request,
                                                  const Patterns::Scratch& scratch) const noexcept;
  /// Whether `match` would scan at all. Cheap; true for few that are no probes.
  [[nodiscard]] bool may_match(const Request& request) const noexcept;

  static constexpr std::size_t kMaxNames = 64;
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// The number that the name is counted by.
  [[nodiscard]] std::uint8_t counted_as(std::uint8_t name) const noexcept { return numbers_[name]; }

  /// A host and the name of a rule for requests to it. A rule for any host is none.
  struct Host {
    std::string host;
    std::string rule;
  };
  /// Those of `hosts` that the rules are about. Off the packet path.
  [[nodiscard]] std::vector<Host> among(std::span<const std::string> hosts) const;
  /// Hosts that the rules are about, one for each that names any: for asking whether a set has it.
  [[nodiscard]] const std::vector<Host>& examples() const { return examples_; }

  /// Makes `scratch` fit.
  [[nodiscard]] tl::expected<void, Error> fit(Patterns::Scratch& scratch) const;
  /// What scanning costs, one sentence a set of expressions.
  [[nodiscard]] std::vector<std::string> costs() const;

 private:
  /// A set of rules over as much of a request as they ask for.
  struct Group {
    std::optional<Patterns> patterns;
    std::vector<std::uint8_t> name_of;  ///< by expression
    std::bitset<4096> keys;             ///< hashes of parts, one of which a request must have
    bool any = false;                   ///< a rule has no such part: always scan
  };
  ProbeRules() = default;

  Group by_target_;  ///< host and path
  Group by_agent_;   ///< and User-Agent
  std::vector<std::string> names_;
  std::vector<std::uint8_t> numbers_;  ///< by name, as they are counted
  std::optional<Patterns> hosts_;      ///< of the rules that are about hosts
  std::vector<std::uint8_t> name_of_host_;
  std::vector<Host> examples_;
};

}  // namespace gate511::http
