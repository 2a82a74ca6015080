// SPDX-License-Identifier: BSD-3-Clause
//
// What guests send to the portal: requests as they are framed, forms, cookies, queries, return
// URLs, languages, sealed texts. What is taken keeps to the bounds that the rest relies on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "portal/store/vouchers.hpp"
#include "portal/texts.hpp"
#include "portal/web/form.hpp"
#include "portal/web/return_url.hpp"
#include "portal/web/seal.hpp"
#include "portal/web/text.hpp"
#include "web/app.hpp"
#include "web/framing.hpp"

namespace {

namespace web = gate511::web;
using namespace gate511::portal;  // NOLINT(google-build-using-namespace)
using gate511::fuzz::require;

web::App& app() {
  static web::App made;
  static const bool is_set_up = [] {
    made.Post("/login", [](const web::App::Request& request, web::App::Response& response) {
      const auto form = Form::read(request.body);
      response.set_content(form ? (*form)["ticket"] : "none", "text/plain");
    });
    return true;
  }();
  require(is_set_up, "a handler is set up");
  return made;
}

void as_request(std::string_view input) {
  const web::Framing framing = web::frame_request(input);
  if (framing.state != web::Framing::State::kWhole) return;
  require(framing.bytes > 0 && framing.bytes <= input.size(), "a request is of its input");
  require(framing.bytes <= web::kMaxHead + 4 + web::kMaxBody, "a request is small");
  // The same bytes are whole alone, and nothing shorter is.
  require(web::frame_request(input.substr(0, framing.bytes)).bytes == framing.bytes,
          "a request is whole alone");
  require(
      web::frame_request(input.substr(0, framing.bytes - 1)).state == web::Framing::State::kMore,
      "nothing shorter is");
  const web::Answer answer =
      app().answer(input.substr(0, framing.bytes), {"192.0.2.7", false}, false);
  require(answer.bytes.starts_with("HTTP/1.1 "), "there is an answer");
}

void as_text(std::string_view input) {
  if (const auto form = Form::read(input))
    require((*form)["ticket"].size() <= Form::kMaxValue, "a value is bounded");
  static_cast<void>(choose_language(input, Language::kEnglish));
  require(cookie(input, "gate511_return").size() <= 1024, "a cookie is bounded");
  if (const auto found = raw_parameter(query_of(input), "t"))
    require(found->size() <= input.size(), "a parameter is of its query");
  if (is_safe_return(input, "portal.example")) {
    require(input.starts_with("http://") || input.starts_with("https://"), "it is a site");
    require(std::all_of(input.begin(), input.end(),
                        [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '<'; }),
            "it is plain");
    require(!host_of(input).empty() && !equals_ignoring_case(host_of(input), "portal.example"),
            "it is another site");
    require(host_of(input).find('@') == std::string_view::npos, "it has no user");
  }
  const std::string escaped = escape_html(input);
  require(escaped.find('<') == escaped.npos && escaped.find('"') == escaped.npos,
          "text is no HTML");
  if (const auto bytes = from_base64url(input))
    require(base64url(*bytes) == input, "one form of base64url");
  const std::string key = code_key(input);
  require(key.empty() || (key.size() >= 6 && key.size() <= 32 && code_key(key) == key),
          "a code is as it is compared");
  static const Seal kSeal{{std::string(32, 'a')}};
  require(!kSeal.open("login", input), "what nobody sealed does not open");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as text
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  as_request(input);
  as_text(input);
  return 0;
}
