// SPDX-License-Identifier: BSD-3-Clause
//
// The answers, rendered once at load into templates of exactly L bytes a size class, so that on the
// packet path only the login link is filled in.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gate511/error.hpp"
#include "http/login_link.hpp"

namespace gate511::http {

/// An answer always fits one segment, and every answer of a class has the same length: then an
/// acknowledgement number alone tells what the client has.
enum class SizeClass : std::uint8_t { kFull, kCompact, kTiny };

[[nodiscard]] constexpr std::size_t answer_bytes(SizeClass size) noexcept {
  constexpr std::array<std::size_t, 3> kBytes{1200, 536, 88};
  return kBytes[static_cast<std::size_t>(size)];
}

inline constexpr std::size_t kMaxPortalUrl = 96;
inline constexpr std::size_t kMaxReturnUrl = 160;

struct AnswerTexts {
  std::string portal_url;    ///< http or https, printable ASCII without `"`, `<`, `>`, space, `#`
  std::string network_name;  ///< UTF-8; escaped for HTML here
};

/// The answers of one zone. Immutable; read by every worker.
class Answers {
 public:
  /// Errors name the config key and by how many bytes a text is over its budget.
  [[nodiscard]] static tl::expected<Answers, Error> render(const AnswerTexts& texts);

  /// Writes the answer for a request: exactly answer_bytes(size) bytes. Worker; no allocation.
  /// `request`: the first bytes of the stream as they came, hostile.
  void write(SizeClass size, std::span<const std::byte> request, const LinkKey& key,
             const LoginClaim& claim, std::span<std::byte> out) const noexcept;

 private:
  Answers() = default;

  /// A page in pieces: what stands between them is filled in for each client.
  struct Page {
    std::string before;   ///< head and body up to the first token
    std::string return_;  ///< what leads over from that token to the return URL; empty: none
    std::string between;  ///< from there to the second token
    std::string after;    ///< the rest of the body; empty: the page has one token only
    std::string head;     ///< the whole answer to HEAD
  };
  [[nodiscard]] static tl::expected<Page, Error> render_page(SizeClass size,
                                                             const AnswerTexts& texts);

  Page full_;
  Page compact_;
};

}  // namespace gate511::http
