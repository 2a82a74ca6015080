// SPDX-License-Identifier: BSD-3-Clause
#include "http/template.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "http/login_link.hpp"
#include "http/request.hpp"
#include "net/bytes.hpp"

namespace gate511::http {
namespace {

/// Between the token and the return URL, `&` as HTML has it.
constexpr std::string_view kReturnName = "&amp;u=";

}  // namespace

Template& Template::text(std::string_view more) {
  text_ += more;
  return *this;
}

Template& Template::place(Place what) {
  steps_.push_back({text_.size(), what});
  return *this;
}

Template& Template::fill(char filler, std::string end) {
  filler_ = filler;
  end_ = std::move(end);
  return place(Place::kEnd);
}

std::size_t Template::longest() const {
  std::size_t sum = text_.size() + end_.size();
  for (const Step& step : steps_) {
    if (step.place != Place::kEnd) sum += kTokenChars;
    if (step.place == Place::kReturnToken) sum += kReturnName.size() + ReturnUrl::kMax;
  }
  return sum;
}

bool Template::has(Place what) const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [what](const Step& step) { return step.place == what; });
}

void Template::write(const Link& link, std::span<std::byte> out) const noexcept {
  assert(longest() <= out.size());
  std::size_t at = 0, from = 0;
  const auto put = [&](std::string_view text) {
    net::store_bytes(out, at, net::as_bytes(text));
    at += text.size();
  };
  for (const Step& step : steps_) {
    put(std::string_view{text_}.substr(from, step.text_end - from));
    from = step.text_end;
    switch (step.place) {
      case Place::kToken:
        put(link.token);
        break;
      case Place::kReturnToken:
        put(link.return_token);
        if (link.return_url.empty()) break;
        put(kReturnName);
        put(link.return_url);
        break;
      case Place::kEnd:
        break;
    }
  }
  const std::size_t end = out.size() - end_.size();
  if (end > at) std::memset(out.data() + at, filler_, end - at);
  net::store_bytes(out, end, net::as_bytes(end_));
}

}  // namespace gate511::http
