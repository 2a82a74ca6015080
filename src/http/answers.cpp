// SPDX-License-Identifier: BSD-3-Clause
#include "http/answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "http/request.hpp"

namespace gate511::http {
namespace {

/// RFC 6585, 6, as small as it can be; spaces in front of a field's value mean nothing (RFC 9112,
/// 5).
constexpr std::string_view kTiny =
    "HTTP/1.1 511 Network Authentication Required\r\n"
    "Connection: close\r\n"
    "Content-Length:   0\r\n"
    "\r\n";
static_assert(kTiny.size() == answer_bytes(SizeClass::kTiny));

/// Behind the token in the link: the return URL's name, `&` as HTML has it.
constexpr std::string_view kReturnName = "&amp;u=";

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// Status line and fields, up to where HEAD's answer and the page's part.
std::string render_head(SizeClass size, std::size_t content_length) {
  std::string head = fmt::format(
      "HTTP/1.1 511 Network Authentication Required\r\n"
      "Content-Type: text/html; charset=utf-8\r\n"
      "Cache-Control: no-store\r\n"
      "Connection: close\r\n"
      "Content-Length: {}\r\n",
      content_length);
  if (size == SizeClass::kFull) {
    head +=
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n";
  }
  return head;
}

/// The page's length does not change the length of its length: both are of 3 digits.
std::size_t content_length(SizeClass size) {
  const std::size_t length =
      answer_bytes(size) - render_head(size, 100).size() - std::string_view{"\r\n"}.size();
  assert(length >= 100 && length <= 999);
  return length;
}

std::string render_head_answer(SizeClass size, const std::string& fields) {
  constexpr std::string_view kName = "X-Padding: ";
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t filler = answer_bytes(size) - fields.size() - kName.size() - kEnd.size();
  return fmt::format("{}{}{:.>{}}{}", fields, kName, "", filler, kEnd);
}

class Writer {
 public:
  explicit Writer(std::span<std::byte> out) : out_{out} {}
  Writer& put(std::string_view text) noexcept {
    net::store_bytes(out_, at_, net::as_bytes(text));
    at_ += text.size();
    return *this;
  }
  Writer& put(const Token& token) noexcept {
    return put(std::string_view{token.data(), token.size()});
  }
  void fill() noexcept {
    std::fill(out_.begin() + static_cast<std::ptrdiff_t>(at_), out_.end(), std::byte{' '});
  }

 private:
  std::span<std::byte> out_;
  std::size_t at_ = 0;
};

Error bad_url(std::string what) {
  return {"portal.url", std::move(what),
          "give an http or https URL of at most 96 printable ASCII characters, without a fragment"};
}

tl::expected<void, Error> check_url(std::string_view url) {
  if (url.size() > kMaxPortalUrl) {
    return tl::unexpected{Error{"portal.url",
                                fmt::format("is {} bytes over the {} that fit every answer",
                                            url.size() - kMaxPortalUrl, kMaxPortalUrl),
                                "use a shorter host name or path"}};
  }
  const bool http = url.starts_with("http://") && url.size() > 7;
  const bool https = url.starts_with("https://") && url.size() > 8;
  if (!http && !https) return tl::unexpected{bad_url(fmt::format("'{}' is no web address", url))};
  const auto bad = std::find_if(url.begin(), url.end(), [](char c) {
    return c <= 0x20 || c >= 0x7f ||
           std::string_view{"\"<>#\\^`{|}"}.find(c) != std::string_view::npos;
  });
  if (bad != url.end()) {
    return tl::unexpected{
        bad_url(fmt::format("has the octet 0x{:02x} at position {}",
                            static_cast<unsigned char>(*bad), bad - url.begin() + 1))};
  }
  return {};
}

}  // namespace

tl::expected<Answers::Page, Error> Answers::render_page(SizeClass size, const AnswerTexts& texts) {
  const std::string name = escape_html(texts.network_name);
  const char separator = texts.portal_url.find('?') == std::string::npos ? '?' : '&';
  const std::string link = escape_html(texts.portal_url + separator + "t=");
  const std::string fields = render_head(size, content_length(size));
  Page page;
  std::size_t filled_in = 0;
  if (size == SizeClass::kFull) {
    page.before = fmt::format(
        "{}\r\n<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\"><title>{}: log in</title>"
        "<meta http-equiv=\"refresh\" content=\"0;url={}",
        fields, name, link);
    page.return_ = kReturnName;
    page.between = fmt::format(
        "\"></head><body><h1>{}</h1><p>The network that you are on, not the site, asks you to log "
        "in.</p><p><a href=\"{}",
        name, link);
    page.after = "\">Log in</a></p></body></html>\n";
    filled_in = 2 * kTokenChars + ReturnUrl::kMax;
  } else {
    page.before = fmt::format(
        "{}\r\n<!DOCTYPE html><title>{}: log in</title><meta http-equiv=\"refresh\" "
        "content=\"0;url={}",
        fields, name, link);
    page.between = "\"><p>The network, not the site, asks you to log in.</p>\n";
    filled_in = kTokenChars;
  }
  const std::size_t longest = page.before.size() + page.return_.size() + page.between.size() +
                              page.after.size() + filled_in;
  if (longest > answer_bytes(size)) {
    return tl::unexpected{Error{"response.network_name",
                                fmt::format("the {} page is {} bytes over its {}",
                                            size == SizeClass::kFull ? "full" : "compact",
                                            longest - answer_bytes(size), answer_bytes(size)),
                                "shorten the network's name or portal.url"}};
  }
  page.head = render_head_answer(size, fields);
  return page;
}

tl::expected<Answers, Error> Answers::render(const AnswerTexts& texts) {
  if (auto good = check_url(texts.portal_url); !good) return tl::unexpected{good.error()};
  Answers answers;
  for (auto [size, page] : {std::pair{SizeClass::kFull, &answers.full_},
                            std::pair{SizeClass::kCompact, &answers.compact_}}) {
    auto rendered = render_page(size, texts);
    if (!rendered) return tl::unexpected{rendered.error()};
    *page = std::move(*rendered);
  }
  return answers;
}

void Answers::write(SizeClass size, std::span<const std::byte> request, const LinkKey& key,
                    const LoginClaim& claim, std::span<std::byte> out) const noexcept {
  assert(out.size() == answer_bytes(size));
  Writer writer{out};
  if (size == SizeClass::kTiny) {
    writer.put(kTiny);
    return;
  }
  const Page& page = size == SizeClass::kFull ? full_ : compact_;
  const Request scanned = scan_request(request);
  if (scanned.is_head) {
    writer.put(page.head);
    return;
  }
  const ReturnUrl url = page.return_.empty() ? ReturnUrl{} : return_url(scanned);
  writer.put(page.before).put(make_token(key, claim, url.view()));
  if (url.size != 0) writer.put(page.return_).put(url.view());
  writer.put(page.between);
  if (!page.after.empty()) writer.put(make_token(key, claim, {})).put(page.after);
  writer.fill();
}

}  // namespace gate511::http
