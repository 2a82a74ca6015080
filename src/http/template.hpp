// SPDX-License-Identifier: BSD-3-Clause
//
// An answer in pieces: texts made at load, with places between them where the login link is filled
// in for each client, then filler up to the length that all answers of a class have, then an end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gate511::http {

/// What is filled in, made for one client.
struct Link {
  std::string_view token;         ///< signed without a return URL
  std::string_view return_token;  ///< signed with it
  std::string_view return_url;    ///< percent-encoded; empty: none
};

class Template {
 public:
  enum class Place : std::uint8_t {
    kEnd,         ///< nothing more; filler follows
    kToken,       ///< the token
    kReturnToken  ///< the token that is signed with the return URL, and `&amp;u=` with that URL
  };

  Template& text(std::string_view more);
  Template& place(Place what);
  /// Filled with `filler`, behind which `end` stands.
  Template& fill(char filler, std::string end = {});

  /// The most that texts, places and end take, without filler.
  [[nodiscard]] std::size_t longest() const;
  [[nodiscard]] bool has(Place what) const;

  /// Exactly `out.size()` bytes, at least longest(). Worker; no allocation.
  void write(const Link& link, std::span<std::byte> out) const noexcept;

 private:
  struct Step {
    std::size_t text_end;  ///< in text_; it begins where the one before ended
    Place place;
  };
  std::string text_;
  std::vector<Step> steps_;
  std::string end_;
  char filler_ = ' ';
};

}  // namespace gate511::http
