// SPDX-License-Identifier: BSD-3-Clause
#include "http/probes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "http/text.hpp"

namespace gate511::http {
namespace {

constexpr std::size_t kMaxHost = 254, kMaxPath = 512, kMaxAgent = 256;  ///< bytes that are scanned
constexpr char kExpression = '~';
constexpr std::string_view kAny = "*";

// ---- the cheap test ----
//
// Of each rule one part is taken that every request of its kind begins or ends with, and its hash
// is marked. A request without a marked part matches no rule.

enum class Part : std::uint64_t { kPath = 1, kHostBegin, kHostEnd, kAgent };
constexpr std::size_t kPathPart = 4, kLongPart = 8;  ///< bytes

std::size_t key_of(Part part, const char* bytes) noexcept {
  std::uint64_t word = 0;
  if (part == Part::kPath) {
    std::memcpy(&word, bytes, kPathPart);
  } else {
    std::memcpy(&word, bytes, kLongPart);
  }
  constexpr std::uint64_t kLetters = 0x2020'2020'2020'2020;  // host names in any case
  if (part == Part::kHostBegin || part == Part::kHostEnd) word |= kLetters;
  return (word ^ static_cast<std::uint64_t>(part)) * 0x9e37'79b9'7f4a'7c15 >> 52;
}

/// Calls `each(key)` for the keys of a request, until it returns true.
bool any_key(std::string_view host, std::string_view path, std::string_view agent, auto&& each) {
  if (path.size() >= kPathPart && each(key_of(Part::kPath, path.data()))) return true;
  if (host.size() >= kLongPart) {
    if (each(key_of(Part::kHostBegin, host.data()))) return true;
    if (each(key_of(Part::kHostEnd, host.data() + host.size() - kLongPart))) return true;
  }
  return agent.size() >= kLongPart && each(key_of(Part::kAgent, agent.data()));
}

/// What a field says in front of its first `*`, or behind its last; nothing of an expression.
std::string_view literal_begin(std::string_view field) {
  return field.starts_with(kExpression) ? std::string_view{} : field.substr(0, field.find('*'));
}
std::string_view literal_end(std::string_view field) {
  return field.starts_with(kExpression) ? std::string_view{} : field.substr(field.rfind('*') + 1);
}

std::optional<std::size_t> rule_key(const ProbeRule& rule) {
  if (const auto path = literal_begin(rule.path); path.size() >= kPathPart)
    return key_of(Part::kPath, path.data());
  if (const auto begin = literal_begin(rule.host); begin.size() >= kLongPart)
    return key_of(Part::kHostBegin, begin.data());
  if (const auto end = literal_end(rule.host); end.size() >= kLongPart)
    return key_of(Part::kHostEnd, end.data() + end.size() - kLongPart);
  if (const auto agent = literal_begin(rule.user_agent); agent.size() >= kLongPart)
    return key_of(Part::kAgent, agent.data());
  return std::nullopt;
}

// ---- expressions ----

/// `some`: what `*` stands for beside other characters.
std::string expression_of(std::string_view field, std::string_view some) {
  if (field.starts_with(kExpression)) return fmt::format("(?:{})", field.substr(1));
  if (field == kAny) return ".*";
  std::string made;
  for (const char c : field) {
    const bool plain = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '/' ||
                       c == '-' || c == '_';
    if (c == '*') {
      made += some;
    } else if (plain) {
      made += c;
    } else {
      made += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return made;
}
std::string host_expression(const ProbeRule& rule) {
  return fmt::format("(?i:{})", expression_of(rule.host, ".+"));
}
/// No field has a line feed, so that none of them can reach into the next.
std::string target_expression(const ProbeRule& rule) {
  return fmt::format("{}\\n{}", host_expression(rule), expression_of(rule.path, ".*"));
}

Error bad_rule(std::string where, std::string what) {
  return {std::move(where), std::move(what),
          "write `NAME HOST PATH [USER-AGENT]`, such as `venue probe.example /check*`"};
}

std::string_view next_word(std::string_view& rest) {
  constexpr std::string_view kBlank = " \t\r";
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlank), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(kBlank));
  rest.remove_prefix(word.size());
  return word;
}

bool is_name(std::string_view name) {
  return name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

std::string_view without_dot(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

}  // namespace

tl::expected<ProbeRule, Error> read_probe_rule(std::string_view line, std::string where) {
  ProbeRule rule;
  rule.name = next_word(line);
  rule.host = next_word(line);
  rule.path = next_word(line);
  const std::string_view agent = next_word(line);
  rule.user_agent = kAny;
  if (!agent.empty()) {
    rule.user_agent = std::string{agent} + std::string{line};
    while (rule.user_agent.ends_with(' ') || rule.user_agent.ends_with('\r'))
      rule.user_agent.pop_back();
  }
  rule.where = std::move(where);
  if (rule.path.empty())
    return tl::unexpected{bad_rule(rule.where, "a probe rule of fewer than three words")};
  if (!is_name(rule.name)) {
    return tl::unexpected{bad_rule(rule.where, fmt::format("a probe rule's name is \"{}\"; names "
                                                           "are of a-z, 0-9, - and _",
                                                           rule.name))};
  }
  if (rule.path != kAny && !rule.path.starts_with('/') && !rule.path.starts_with(kExpression) &&
      !rule.path.starts_with('*')) {
    return tl::unexpected{bad_rule(
        rule.where, fmt::format("a probe rule's path is \"{}\"; paths begin with /", rule.path))};
  }
  if (rule.host == kAny && rule.path == kAny && rule.user_agent == kAny)
    return tl::unexpected{bad_rule(rule.where, "a probe rule that every request matches")};
  return rule;
}

tl::expected<std::vector<ProbeRule>, Error> read_probe_rules(std::string_view text,
                                                             std::string_view source) {
  std::vector<ProbeRule> rules;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view words = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string_view rest = words;
    const std::string_view first = next_word(rest);
    if (first.empty() || first.starts_with('#')) continue;
    auto rule = read_probe_rule(words, fmt::format("{}:{}", source, line));
    if (!rule) return tl::unexpected{rule.error()};
    rules.push_back(std::move(*rule));
  }
  return rules;
}

namespace {

struct NumberedNames {
  std::mutex lock;
  std::vector<std::string> names;
};
NumberedNames& numbered_names() {
  static NumberedNames all;
  return all;
}

}  // namespace

std::uint8_t ProbeNumbers::of(std::string_view name) {
  NumberedNames& all = numbered_names();
  const std::scoped_lock held{all.lock};
  const auto found = std::find(all.names.begin(), all.names.end(), name);
  const auto number = static_cast<std::size_t>(found - all.names.begin());
  if (found == all.names.end() && number < kMax)
    all.names.emplace_back(number + 1 < kMax ? name : "others");
  return static_cast<std::uint8_t>(std::min(number, kMax - 1));
}

std::vector<std::string> ProbeNumbers::names() {
  NumberedNames& all = numbered_names();
  const std::scoped_lock held{all.lock};
  return all.names;
}

tl::expected<ProbeRules, Error> ProbeRules::compile(std::span<const ProbeRule> rules) {
  static constexpr std::array<std::string_view, 3> kTargets{
      "connectivitycheck.gstatic.com\n/generate_204", "www.msftconnecttest.com\n/connecttest.txt",
      "www.name.example\n/index.html"};
  static constexpr std::array<std::string_view, 1> kAgents{
      "captive.apple.com\n/hotspot-detect.html\nCaptiveNetworkSupport-000.00.0 wispr"};
  ProbeRules made;
  std::vector<Patterns::Expression> targets, agents, hosts;
  for (const ProbeRule& rule : rules) {
    const auto named = std::find(made.names_.begin(), made.names_.end(), rule.name);
    const auto name = static_cast<std::uint8_t>(named - made.names_.begin());
    if (named == made.names_.end()) made.names_.push_back(rule.name);
    if (made.names_.size() > kMaxNames) {
      return tl::unexpected{Error{rule.where, "it is one of more than 64 names of probe rules",
                                  "let rules share a name"}};
    }
    const bool with_agent = rule.user_agent != kAny;
    Group& group = with_agent ? made.by_agent_ : made.by_target_;
    group.name_of.push_back(name);
    if (const auto key = rule_key(rule)) {
      group.keys.set(*key);
    } else {
      group.any = true;
    }
    if (with_agent) {
      agents.push_back(
          {rule.where, target_expression(rule) + "\\n" + expression_of(rule.user_agent, ".*")});
    } else {
      targets.push_back({rule.where, target_expression(rule)});
    }
    if (rule.host == kAny) continue;
    hosts.push_back({rule.where, host_expression(rule)});
    made.name_of_host_.push_back(name);
    if (rule.host.starts_with(kExpression)) continue;
    std::string example = rule.host;
    for (std::size_t at = 0; (at = example.find('*', at)) != example.npos; ++at) example[at] = 'x';
    made.examples_.push_back({std::move(example), rule.name});
  }
  for (const std::string& name : made.names_) made.numbers_.push_back(ProbeNumbers::of(name));
  const auto put = [](std::optional<Patterns>& out, const auto& expressions,
                      Patterns::Samples samples) -> tl::expected<void, Error> {
    if (expressions.empty()) return {};
    auto patterns = Patterns::compile(expressions, Patterns::Case::kSame, samples);
    if (!patterns) return tl::unexpected{patterns.error()};
    out.emplace(std::move(*patterns));
    return {};
  };
  if (auto done = put(made.by_target_.patterns, targets, kTargets); !done)
    return tl::unexpected{done.error()};
  if (auto done = put(made.by_agent_.patterns, agents, kAgents); !done)
    return tl::unexpected{done.error()};
  if (auto done = put(made.hosts_, hosts, Patterns::kHosts); !done)
    return tl::unexpected{done.error()};
  return made;
}

bool ProbeRules::may_match(const Request& request) const noexcept {
  if (request.kind != Request::Kind::kGet && request.kind != Request::Kind::kHead) return false;
  return by_target_.any || by_agent_.any ||
         any_key(without_dot(request.host), request.path(), request.user_agent,
                 [&](std::size_t key) { return by_target_.keys[key] || by_agent_.keys[key]; });
}

std::optional<std::uint8_t> ProbeRules::match(const Request& request,
                                              const Patterns::Scratch& scratch) const noexcept {
  if (request.kind != Request::Kind::kGet && request.kind != Request::Kind::kHead)
    return std::nullopt;
  const std::string_view host = without_dot(request.host);
  const std::string_view path = request.path();
  const std::string_view agent = request.user_agent.substr(0, kMaxAgent);
  if (path.size() > kMaxPath || host.size() > kMaxHost) return std::nullopt;
  bool target = by_target_.any, with_agent = by_agent_.any;
  any_key(host, path, agent, [&](std::size_t key) {
    target = target || by_target_.keys[key];
    with_agent = with_agent || by_agent_.keys[key];
    return target && with_agent;
  });
  if (!target && !with_agent) return std::nullopt;

  std::array<char, kMaxHost + kMaxPath + kMaxAgent + 2> text;
  std::size_t size = 0;
  const auto put = [&](std::string_view more) {
    if (!more.empty()) std::memcpy(text.data() + size, more.data(), more.size());
    size += more.size();
  };
  put(host);
  put("\n");
  put(path);
  if (target && by_target_.patterns) {
    if (const auto hit = by_target_.patterns->match({text.data(), size}, scratch))
      return by_target_.name_of[*hit];
  }
  if (!with_agent || !by_agent_.patterns) return std::nullopt;
  put("\n");
  put(agent);
  const auto hit = by_agent_.patterns->match({text.data(), size}, scratch);
  return hit ? std::optional{by_agent_.name_of[*hit]} : std::nullopt;
}

std::vector<ProbeRules::Host> ProbeRules::among(std::span<const std::string> hosts) const {
  std::vector<Host> found;
  Patterns::Scratch scratch;
  if (!hosts_ || !scratch.fit(*hosts_)) return found;
  for (const std::string& host : hosts) {
    if (const auto hit = hosts_->match(without_dot(host), scratch))
      found.push_back({host, names_[name_of_host_[*hit]]});
  }
  return found;
}

tl::expected<void, Error> ProbeRules::fit(Patterns::Scratch& scratch) const {
  for (const Group* group : {&by_target_, &by_agent_}) {
    if (!group->patterns) continue;
    if (auto fitted = scratch.fit(*group->patterns); !fitted) return fitted;
  }
  return {};
}

std::vector<std::string> ProbeRules::costs() const {
  std::vector<std::string> told;
  if (by_target_.patterns)
    told.push_back("probes by host and path: " + by_target_.patterns->cost().text());
  if (by_agent_.patterns)
    told.push_back("probes by User-Agent: " + by_agent_.patterns->cost().text());
  if (by_target_.any || by_agent_.any)
    told.push_back(
        "a probe rule says nothing plain of host, path or User-Agent: each GET is scanned");
  return told;
}

}  // namespace gate511::http
