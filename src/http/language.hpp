// SPDX-License-Identifier: BSD-3-Clause
//
// The languages that the page speaks, and what it says in each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gate511::http {

enum class Language : std::uint8_t {
  kEnglish,
  kGerman,
  kFrench,
  kSpanish,
  kPortuguese,
  kChinese,
  kArabic,
};

struct LanguageInfo {
  Language language;
  std::string_view code;  ///< of two letters, as in Accept-Language (RFC 5646)
  std::string_view name;  ///< in English
  bool right_to_left;
  std::string_view sentence;  ///< that the network asks, not the site
  std::string_view log_in;    ///< what the link is called
};

inline constexpr std::array kLanguages{
    LanguageInfo{Language::kEnglish, "en", "English", false,
                 "The network that you are on, not the site, asks you to log in.", "Log in"},
    LanguageInfo{Language::kGerman, "de", "German", false,
                 "Nicht die Website, sondern das Netz bittet Sie, sich anzumelden.", "Anmelden"},
    LanguageInfo{Language::kFrench, "fr", "French", false,
                 "Le réseau, et non le site, vous demande de vous connecter.", "Se connecter"},
    LanguageInfo{Language::kSpanish, "es", "Spanish", false,
                 "La red, y no el sitio web, le pide que inicie sesión.", "Iniciar sesión"},
    LanguageInfo{Language::kPortuguese, "pt", "Portuguese", false,
                 "A rede, e não o site, pede que você inicie sessão.", "Iniciar sessão"},
    LanguageInfo{Language::kChinese, "zh", "Chinese", false,
                 "要求您登录的是您所在的网络，而不是该网站。", "登录"},
    LanguageInfo{Language::kArabic, "ar", "Arabic", true,
                 "الشبكة، وليس الموقع، تطلب منك تسجيل الدخول.", "تسجيل الدخول"},
};
inline constexpr std::size_t kLanguageCount = kLanguages.size();

[[nodiscard]] constexpr const LanguageInfo& info(Language language) noexcept {
  return kLanguages[static_cast<std::size_t>(language)];
}

static_assert([] {
  for (std::size_t i = 0; i < kLanguageCount; ++i) {
    if (kLanguages[i].language != static_cast<Language>(i) || kLanguages[i].code.size() != 2)
      return false;
  }
  return true;
}());

}  // namespace gate511::http
