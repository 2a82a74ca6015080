// SPDX-License-Identifier: BSD-3-Clause
//
// What the portal says, in each of its languages: the same seven as the gateway's page. The texts
// are assets/LANGUAGE.json.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace gate511::portal {

enum class Language : std::uint8_t {
  kEnglish,
  kGerman,
  kFrench,
  kSpanish,
  kPortuguese,
  kChinese,
  kArabic,
};
inline constexpr std::array<std::string_view, 7> kLanguageCodes{"en", "de", "fr", "es",
                                                                "pt", "zh", "ar"};

[[nodiscard]] constexpr std::string_view code_of(Language language) noexcept {
  return kLanguageCodes[static_cast<std::size_t>(language)];
}
/// `ltr` or `rtl`.
[[nodiscard]] constexpr std::string_view direction_of(Language language) noexcept {
  return language == Language::kArabic ? "rtl" : "ltr";
}

/// By a field Accept-Language (RFC 9110, 12.5.4), of which 256 bytes are read.
[[nodiscard]] Language choose_language(std::string_view accepted, Language otherwise) noexcept;

/// Immutable once it is made.
class Texts {
 public:
  /// Of the assets. Throws std::runtime_error where they are wrong, which the tests see to.
  Texts();
  /// `{n}` and the like are the caller's to fill in. Throws std::out_of_range: no such text.
  [[nodiscard]] const std::string& operator()(Language language, std::string_view key) const;
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& of(Language language) const {
    return texts_[static_cast<std::size_t>(language)];
  }

  /// `2 h 5 min`, the two greatest units.
  [[nodiscard]] std::string duration(Language language, std::uint64_t seconds) const;
  /// `1.5 GB`.
  [[nodiscard]] static std::string size(std::uint64_t bytes);

 private:
  std::array<std::map<std::string, std::string, std::less<>>, kLanguageCodes.size()> texts_;
};

/// `text` with the first `{name}` replaced.
[[nodiscard]] std::string with(std::string text, std::string_view name, std::string_view value);

}  // namespace gate511::portal
