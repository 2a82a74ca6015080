// SPDX-License-Identifier: BSD-3-Clause
#include "http/host_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "net/ip.hpp"

namespace gate511::http {
namespace {

constexpr std::string_view kAnyBelow = "*.";
constexpr std::size_t kWord = sizeof(std::uint64_t);

// ---- hashing, from the last label to the first ----

constexpr std::uint64_t kSeed = 0x9e37'79b9'7f4a'7c15;

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * 0xff51'afd7'ed55'8ccd;
  return hash ^ hash >> 32;
}

/// The hash of a name, from that of what follows its first label. `label`: with 8 readable bytes
/// behind it.
std::uint64_t extend(std::uint64_t hash, const char* label, std::size_t length) noexcept {
  std::uint64_t word = 0;
  std::size_t left = length;
  for (; left > kWord; left -= kWord, label += kWord) {
    std::memcpy(&word, label, kWord);
    hash = mix(hash, word);
  }
  std::memcpy(&word, label, kWord);
  if (left < kWord) word &= (std::uint64_t{1} << 8 * left) - 1;
  return mix(mix(hash, word), length);
}

// ---- a name in lower case, and where its labels begin ----

constexpr std::uint64_t each(std::uint8_t octet) {
  return 0x0101'0101'0101'0101U * octet;
}

/// 0x80 in each octet of `word`, none of which is above 0x7f, that is `octet`.
constexpr std::uint64_t equal_to(std::uint64_t word, std::uint8_t octet) {
  return ~((word ^ each(octet)) + each(0x7f)) & each(0x80);
}

/// ASCII letters to lower case; octets above 0x7f stay as they are.
constexpr std::uint64_t lower(std::uint64_t word) {
  const std::uint64_t low = word & each(0x7f);
  const std::uint64_t letters =
      (low + each(0x80 - 'A')) & ~(low + each(0x7f - 'Z')) & ~word & each(0x80);
  return word | letters >> 2;
}

struct Name {
  std::array<char, HostSet::kMaxName + 1 + 2 * kWord> text{};
  std::size_t size = 0;
  std::array<std::uint64_t, 4> dots{};  ///< bit n: text[n] is one

  [[nodiscard]] std::string_view from(std::size_t at) const {
    return {text.data() + at, size - at};
  }
};

/// False where `host` is empty, too long or not ASCII.
bool take(std::string_view host, Name& name) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > HostSet::kMaxName) return false;
  name.size = host.size();
  std::uint64_t high = 0;
  for (std::size_t at = 0; at < host.size(); at += kWord) {
    std::uint64_t word = 0;
    if (at + kWord <= host.size()) {
      std::memcpy(&word, host.data() + at, kWord);
    } else {
      std::memcpy(&word, host.data() + at, host.size() - at);
    }
    high |= word;
    word = lower(word);
    std::memcpy(name.text.data() + at, &word, kWord);
    // Gathers the top bits of the octets, the first octet's into bit 0.
    const std::uint64_t found = (equal_to(word, '.') >> 7) * 0x0102'0408'1020'4080U >> 56;
    name.dots[at / 64] |= found << at % 64;
  }
  return (high & each(0x80)) == 0;
}

/// Calls `each_suffix(hash, start)` for the name's suffixes, the shortest first, and the name
/// itself last. False where a label is empty or too long, or where `each_suffix` says so.
template <typename EachSuffix>
bool for_suffixes(const Name& name, EachSuffix&& each_suffix) noexcept {
  std::uint64_t hash = kSeed;
  std::size_t end = name.size;
  const auto one = [&](std::size_t start) {
    const std::size_t length = end - start;
    if (start >= end || length > HostSet::kMaxLabel) return false;
    hash = extend(hash, name.text.data() + start, length);
    return each_suffix(hash, start);
  };
  for (std::size_t i = name.dots.size(); i-- > 0;) {
    for (std::uint64_t rest = name.dots[i]; rest != 0;) {
      const auto bit = static_cast<std::size_t>(63 - std::countl_zero(rest));
      rest ^= std::uint64_t{1} << bit;
      const std::size_t dot = i * 64 + bit;
      if (!one(dot + 1)) return false;
      end = dot;
    }
  }
  return one(0);
}

bool has(const std::array<std::uint64_t, 2>& depths, std::size_t depth) noexcept {
  return (depths[depth / 64] >> depth % 64 & 1) != 0;
}
void mark(std::array<std::uint64_t, 2>& depths, std::size_t depth) noexcept {
  depths[depth / 64] |= std::uint64_t{1} << depth % 64;
}

// ---- checks ----

bool is_name_octet(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

std::string quoted(std::string_view name) {
  constexpr std::size_t kShown = 80;
  std::string shown;
  for (const char c : name.substr(0, kShown)) shown += c >= ' ' && c < 0x7f ? c : '?';
  return fmt::format("\"{}{}\"", shown, name.size() > kShown ? "..." : "");
}

std::optional<HostSet::BadName> bad(std::string_view name, std::string_view what,
                                    std::string_view hint) {
  return HostSet::BadName{0, fmt::format("{} {}", quoted(name), what), std::string{hint}};
}

}  // namespace

std::optional<HostSet::BadName> check_host_name(std::string_view name) {
  constexpr std::string_view kForm = "write it like \"a.example\" or \"*.a.example\"";
  std::string_view rest = name.starts_with(kAnyBelow) ? name.substr(kAnyBelow.size()) : name;
  if (rest.ends_with('.')) rest.remove_suffix(1);
  if (rest.empty()) return bad(name, "is no host name", kForm);
  if (std::any_of(rest.begin(), rest.end(), [](char c) { return (c & 0x80) != 0; }))
    return bad(name, "is not ASCII", "write it in its xn-- form");
  if (rest.find('*') != std::string_view::npos)
    return bad(name, "has a * that is not in front", kForm);
  if (rest.size() > HostSet::kMaxName) return bad(name, "is over 253 bytes long", "shorten it");
  if (net::parse_ip(rest))
    return bad(name, "is an address, not a name", "addresses belong into `cidrs`");
  for (std::size_t at = 0; at <= rest.size();) {
    const std::string_view label = rest.substr(at, rest.find('.', at) - at);
    at += label.size() + 1;
    if (label.empty()) return bad(name, "has an empty label", kForm);
    if (label.size() > HostSet::kMaxLabel)
      return bad(name, "has a label of over 63 bytes", "shorten it");
    if (!std::all_of(label.begin(), label.end(), is_name_octet))
      return bad(name, "has a character that no host name has", kForm);
  }
  return std::nullopt;
}

HostSet::HostSet(std::size_t names)
    : slots_(std::bit_ceil(std::max<std::size_t>(2 * names, 16))),
      names_(1, '\0'),  // so that no place is 0
      mask_{slots_.size() - 1} {}

void HostSet::insert(std::string_view lower_case, std::uint64_t hash, std::uint32_t kind) {
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
    Slot& slot = slots_[at];
    if (slot.place != 0 && !(slot.tag == tag && name_at(slot.place) == lower_case)) continue;
    if (slot.place == 0) {
      slot = {tag, static_cast<std::uint32_t>(names_.size()) << 2};
      names_ += static_cast<char>(lower_case.size());
      names_ += lower_case;
    }
    if ((slot.place & kind) == 0) ++size_;
    slot.place |= kind;
    return;
  }
}

std::string_view HostSet::name_at(std::uint32_t place) const noexcept {
  const std::size_t at = place >> 2;
  return {names_.data() + at + 1, static_cast<unsigned char>(names_[at])};
}

tl::expected<HostSet, HostSet::BadName> HostSet::build(std::span<const std::string_view> names) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 30;  // what `place` can tell apart
  HostSet set{names.size()};
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string_view given = names[i];
    auto wrong = check_host_name(given);
    if (!wrong && set.names_.size() + given.size() >= kMaxBytes)
      wrong = bad(given, "is behind the first GiB of names", "shorten the list");
    if (wrong) {
      wrong->index = i;
      return tl::unexpected{std::move(*wrong)};
    }
    const bool below = given.starts_with(kAnyBelow);
    if (below) given.remove_prefix(kAnyBelow.size());
    Name name;
    std::uint64_t hash = 0;
    std::size_t depth = 0;
    if (!take(given, name)) continue;
    for_suffixes(name, [&](std::uint64_t of_suffix, std::size_t) {
      hash = of_suffix;
      ++depth;
      return true;
    });
    set.insert(name.from(0), hash, below ? kBelow : kExact);
    mark(below ? set.below_depths_ : set.exact_depths_, depth);
  }
  return set;
}

tl::expected<HostSet, HostSet::BadName> HostSet::build(std::span<const std::string> names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  return build(views);
}

bool HostSet::holds(std::uint64_t hash, std::string_view name, std::uint32_t kind) const noexcept {
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask_; slots_[at].place != 0; at = (at + 1) & mask_) {
    const Slot slot = slots_[at];
    if (slot.tag == tag && name_at(slot.place) == name) return (slot.place & kind) != 0;
  }
  return false;
}

bool HostSet::contains(std::string_view host) const noexcept {
  struct Candidate {
    std::uint64_t hash;
    std::size_t start;
    std::uint32_t kind;
  };
  Name name;
  if (empty() || !take(host, name)) return false;
  std::array<Candidate, kMaxDepth> candidates;
  std::size_t count = 0, depth = 0;
  const bool is_name = for_suffixes(name, [&](std::uint64_t hash, std::size_t start) {
    ++depth;
    const auto& depths = start == 0 ? exact_depths_ : below_depths_;
    if (!has(depths, depth)) return true;
    __builtin_prefetch(&slots_[hash & mask_]);
    candidates[count++] = {hash, start, start == 0 ? kExact : kBelow};
    return true;
  });
  if (!is_name) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const Candidate& one = candidates[i];
    if (holds(one.hash, name.from(one.start), one.kind)) return true;
  }
  return false;
}

std::size_t HostSet::memory_bytes() const {
  return slots_.capacity() * sizeof(Slot) + names_.capacity();
}

}  // namespace gate511::http
