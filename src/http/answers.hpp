// SPDX-License-Identifier: BSD-3-Clause
//
// The answers, rendered once at load into templates of exactly L bytes a size class, so that on the
// packet path only the login link is filled in.
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
#include "http/language.hpp"
#include "http/login_link.hpp"
#include "http/probes.hpp"
#include "http/request.hpp"
#include "http/template.hpp"

namespace gate511::http {

/// An answer always fits one segment, and every answer of a class has the same length: then an
/// acknowledgement number alone tells what the client has.
enum class SizeClass : std::uint8_t { kFull, kCompact, kTiny };
inline constexpr std::size_t kSizeClasses = 3;

[[nodiscard]] constexpr std::size_t answer_bytes(SizeClass size) noexcept {
  constexpr std::array<std::size_t, kSizeClasses> kBytes{1200, 536, 88};
  return kBytes[static_cast<std::size_t>(size)];
}

inline constexpr std::size_t kMaxPortalUrl = 96;

struct AnswerTexts {
  std::string portal_url;    ///< http or https, printable ASCII without `"`, `<`, `>`, space, `#`
  std::string network_name;  ///< UTF-8; escaped here
  Language language = Language::kEnglish;  ///< for clients that speak none of the page's
  /// UTF-8, one a language in the order of kLanguages; empty: that of kLanguages.
  std::array<std::string, kLanguageCount> sentences{};

  bool operator==(const AnswerTexts&) const = default;
};

/// What a request is answered with.
enum class AnswerKind : std::uint8_t {
  kPage,       ///< 511 with the page
  kProblem,    ///< 511 with problem+json
  kRedirect,   ///< 302 to the portal, for a probe
  kH2,         ///< 511 in frames of HTTP/2
  kH2Preface,  ///< HTTP/2's SETTINGS and GOAWAY: no request was there to answer
};

struct AnswerInfo {
  AnswerKind kind;
  std::string_view name;      ///< as in `stats.get`
  std::string_view sentence;  ///< for operators
};
inline constexpr std::array kAnswers{
    AnswerInfo{AnswerKind::kPage, "page", "the 511 with its page"},
    AnswerInfo{AnswerKind::kProblem, "problem", "the 511 as problem+json"},
    AnswerInfo{AnswerKind::kRedirect, "redirect", "a 302 to the portal, since it is a probe"},
    AnswerInfo{AnswerKind::kH2, "h2", "the 511 in HTTP/2"},
    AnswerInfo{AnswerKind::kH2Preface, "h2_preface",
               "HTTP/2's goodbye, since no request came with the preface"},
};
inline constexpr std::size_t kAnswerKinds = kAnswers.size();

/// What was chosen for a request, and why.
struct Choice {
  AnswerKind kind = AnswerKind::kPage;
  Language language = Language::kEnglish;
  bool without_body = false;          ///< to HEAD
  std::optional<std::uint8_t> probe;  ///< the rule's name by number, where kRedirect
};

/// The rules for probes and a worker's means of asking them; null: no request is taken for one.
struct ProbeAsker {
  const ProbeRules* rules = nullptr;
  const Patterns::Scratch* scratch = nullptr;
};

/// The answers of one zone. Immutable; read by every worker. Copies share their memory.
class Answers {
 public:
  /// Errors name the key in `portal` or `response` and by how many bytes, in which language, a text
  /// is over its budget.
  [[nodiscard]] static tl::expected<Answers, Error> render(const AnswerTexts& texts);

  /// What `request` gets in an answer of this size. Worker; no allocation.
  [[nodiscard]] Choice choose(SizeClass size, const Request& request,
                              ProbeAsker probes) const noexcept;

  /// Writes the answer for a request: exactly answer_bytes(size) bytes. Worker; no allocation.
  /// `request`: the first bytes of the stream as they came, hostile.
  Choice write(SizeClass size, std::span<const std::byte> request, ProbeAsker probes,
               const LinkKey& key, const LoginClaim& claim,
               std::span<std::byte> out) const noexcept;

 private:
  struct OfClass {
    std::array<Template, kLanguageCount> page, problem;
    Template page_head, problem_head, redirect, redirect_head;
    Template h2, h2_head, h2_preface;
  };
  using All = std::array<OfClass, kSizeClasses>;

  explicit Answers(std::shared_ptr<const All> all, Language otherwise)
      : all_{std::move(all)}, otherwise_{otherwise} {}
  [[nodiscard]] const Template& template_of(SizeClass size, const Choice& choice) const noexcept;

  std::shared_ptr<const All> all_;
  Language otherwise_;
};

}  // namespace gate511::http
