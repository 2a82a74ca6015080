// SPDX-License-Identifier: BSD-3-Clause
#include "http/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "http/h2.hpp"

namespace gate511::http {
namespace {

using Place = Template::Place;

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kProblemJson = "application/problem+json";
constexpr std::string_view kPolicy = "default-src 'none'; style-src 'unsafe-inline'";

// ---- texts ----

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

/// RFC 8259, 7.
std::string escape_json(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view sentence_of(const AnswerTexts& texts, Language language) {
  const std::string& own = texts.sentences[static_cast<std::size_t>(language)];
  return own.empty() ? info(language).sentence : std::string_view{own};
}

/// The login page's URL, up to the token.
std::string link_of(const AnswerTexts& texts) {
  const char separator = texts.portal_url.find('?') == std::string::npos ? '?' : '&';
  return texts.portal_url + separator + "t=";
}

// ---- fields (RFC 9112, 5) ----

std::string fields(std::string_view type, SizeClass size, std::size_t content_length) {
  std::string out = fmt::format(
      "HTTP/1.1 511 Network Authentication Required\r\n"
      "Content-Type: {}\r\n"
      "Cache-Control: no-store\r\n"
      "Connection: close\r\n"
      "Content-Length: {}\r\n",
      type, content_length);
  if (size == SizeClass::kFull) {
    out += fmt::format(
        "Content-Security-Policy: {}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n",
        kPolicy);
  }
  return out;
}

/// `without_length`: the head's size if its Content-Length had three digits, as all of them have.
std::size_t content_length(SizeClass size, std::size_t without_length) {
  const std::size_t length = answer_bytes(size) - without_length - std::string_view{"\r\n"}.size();
  assert(length >= 100 && length <= 999);
  return length;
}
std::string page_fields(std::string_view type, SizeClass size) {
  return fields(type, size, content_length(size, fields(type, size, 100).size()));
}

Template without_body(const std::string& text_before, Place place, std::string_view text_behind) {
  Template made;
  made.text(text_before);
  if (place != Place::kEnd) made.place(place).text(text_behind);
  made.text("X-Padding: ").fill('.', "\r\n\r\n");
  return made;
}

// ---- the page ----

/// Light and dark, on a phone as on a desk. The first that fits is taken.
constexpr std::array<std::string_view, 5> kStyles{
    "<style>:root{color-scheme:light dark;font:1.1em system-ui}body{max-width:26em;margin:18vh "
    "auto;padding:1em;text-align:center}a{display:block;padding:.8em;border-radius:.5em;"
    "background:#06c;color:#fff;text-decoration:none}</style>",
    "<style>:root{color-scheme:light dark;font:1.1em system-ui}body{margin:18vh 1em;text-align:"
    "center}a{display:block;padding:.8em;background:#06c;color:#fff}</style>",
    "<style>:root{color-scheme:light dark;font:1.2em system-ui}body{max-width:26em;margin:15vh "
    "auto;padding:1em}</style>",
    "<style>:root{color-scheme:light dark}</style>",
    "",
};

void append_full_page(Template& out, Language language, const AnswerTexts& texts,
                      std::string_view style, Place refresh) {
  const LanguageInfo& words = info(language);
  const std::string name = escape_html(texts.network_name);
  const std::string link = escape_html(link_of(texts));
  out.text(fmt::format(
      "<!DOCTYPE html><html lang=\"{}\"{}><meta name=\"viewport\" content=\"width=device-width\">"
      "<title>{}: {}</title>{}<meta http-equiv=\"refresh\" content=\"0;url={}",
      words.code, words.right_to_left ? " dir=\"rtl\"" : "", name, words.log_in, style, link));
  out.place(refresh);
  out.text(fmt::format("\"><h1>{}</h1><p>{}</p><p><a href=\"{}", name,
                       escape_html(sentence_of(texts, language)), link));
  out.place(Place::kToken).text(fmt::format("\">{}</a></p>\n", words.log_in));
}

void append_compact_page(Template& out, Language language, const AnswerTexts& texts) {
  const LanguageInfo& words = info(language);
  out.text(fmt::format(
      "<!DOCTYPE html><html lang=\"{}\"{}><title>{}</title><meta http-equiv=\"refresh\" "
      "content=\"0;url={}",
      words.code, words.right_to_left ? " dir=\"rtl\"" : "", escape_html(texts.network_name),
      escape_html(link_of(texts))));
  out.place(Place::kToken);
  out.text(fmt::format("\"><p>{}</p>\n", escape_html(sentence_of(texts, language))));
}

// ---- budgets ----

Error over_budget(std::string_view what, SizeClass size, Language language, std::size_t longest,
                  const AnswerTexts& texts) {
  const bool own_sentence = !texts.sentences[static_cast<std::size_t>(language)].empty();
  return {own_sentence ? fmt::format("response.sentences.{}", info(language).code)
                       : std::string{"response.network_name"},
          fmt::format("the {} {} in {} is {} bytes over its {}",
                      size == SizeClass::kFull ? "full" : "compact", what, info(language).name,
                      longest - answer_bytes(size), answer_bytes(size)),
          own_sentence ? "shorten the sentence, the network's name or portal.url"
                       : "shorten the network's name or portal.url"};
}

// ---- HTTP/2 ----

/// The header block's fields (RFC 7541, appendix A for the names' numbers).
std::string h2_fields(SizeClass size, std::string_view type, std::size_t length) {
  constexpr std::uint8_t kStatus = 8, kCacheControl = 24, kContentLength = 28, kContentType = 31;
  std::string out = h2::field(kStatus, {}, "511");
  if (size == SizeClass::kTiny) return out;
  out += h2::field(kContentType, {}, type) + h2::field(kCacheControl, {}, "no-store");
  out += h2::field(kContentLength, {}, fmt::format("{:03}", length));
  if (size != SizeClass::kFull) return out;
  return out + h2::field(0, "content-security-policy", kPolicy) +
         h2::field(0, "x-content-type-options", "nosniff") +
         h2::field(0, "referrer-policy", "no-referrer");
}

/// RFC 9113, 6.8, with NO_ERROR; `debug`: bytes behind it that say nothing.
std::string go_away(std::uint32_t last_stream, std::size_t debug) {
  constexpr std::size_t kFixed = 8;
  std::string out = h2::frame_header(h2::Type::kGoAway, 0, 0, kFixed + debug);
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    out += static_cast<char>(last_stream >> shift & 0xff);
  return out + std::string(4, '\0');
}

/// SETTINGS and HEADERS of stream 1.
std::string h2_head(SizeClass size, std::uint8_t flags, std::size_t length) {
  const std::string block = h2_fields(size, kHtml, length);
  return h2::frame_header(h2::Type::kSettings, 0, 0, 0) +
         h2::frame_header(h2::Type::kHeaders, h2::kEndHeaders | flags, 1, block.size()) + block;
}

std::size_t h2_body(SizeClass size) {
  return answer_bytes(size) - h2_head(size, 0, 0).size() - h2::kFrameHeader - go_away(1, 0).size();
}

/// Filled by GOAWAY's debug data.
Template ending_in_goodbye(SizeClass size, const std::string& before, std::uint32_t last_stream) {
  const std::size_t debug = answer_bytes(size) - before.size() - go_away(last_stream, 0).size();
  Template made;
  made.text(before + go_away(last_stream, debug)).fill('.');
  return made;
}

Error bad_url(std::string what) {
  return {"portal.url", std::move(what),
          "give an http or https URL of at most 96 printable ASCII characters, without a fragment"};
}

}  // namespace

tl::expected<void, Error> check_portal_url(std::string_view url) {
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

tl::expected<Template, Error> render_page(SizeClass size, Language language,
                                          const AnswerTexts& texts) {
  const auto page = [&](std::string_view style) {
    Template made;
    made.text(page_fields(kHtml, size) + "\r\n");
    if (size == SizeClass::kFull) {
      append_full_page(made, language, texts, style, Place::kReturnToken);
    } else {
      append_compact_page(made, language, texts);
    }
    made.fill(' ');
    return made;
  };
  for (const std::string_view style : kStyles) {
    Template made = page(style);
    if (made.longest() <= answer_bytes(size)) return made;
  }
  return tl::unexpected{over_budget("page", size, language, page("").longest(), texts)};
}

// RFC 9457, 3; `user-portal-url` as RFC 8908 calls it.
tl::expected<Template, Error> render_problem(SizeClass size, Language language,
                                             const AnswerTexts& texts) {
  std::string detail = escape_json(sentence_of(texts, language));
  if (size == SizeClass::kFull) detail = escape_json(texts.network_name) + ": " + detail;
  Template made;
  made.text(
      fmt::format("{}\r\n{{\"status\":511,\"title\":\"Network Authentication Required\","
                  "\"detail\":\"{}\",\"user-portal-url\":\"{}",
                  page_fields(kProblemJson, size), detail, link_of(texts)));
  made.place(Place::kToken).text("\"}\n").fill(' ');
  if (made.longest() <= answer_bytes(size)) return made;
  return tl::unexpected{over_budget("problem+json", size, language, made.longest(), texts)};
}

tl::expected<Template, Error> render_h2(SizeClass size, const AnswerTexts& texts) {
  const std::size_t body = h2_body(size);
  const auto page = [&](std::string_view style) {
    Template made;
    made.text(h2_head(size, 0, body) + h2::frame_header(h2::Type::kData, h2::kEndStream, 1, body));
    if (size == SizeClass::kFull) {
      append_full_page(made, texts.language, texts, style, Place::kToken);
    } else {
      append_compact_page(made, texts.language, texts);
    }
    made.fill(' ', go_away(1, 0));
    return made;
  };
  for (const std::string_view style : kStyles) {
    Template made = page(style);
    if (made.longest() <= answer_bytes(size)) return made;
  }
  return tl::unexpected{
      over_budget("HTTP/2 page", size, texts.language, page("").longest(), texts)};
}

Template render_tiny() {
  // RFC 6585, 6, as small as it can be; spaces in front of a field's value mean nothing (RFC 9112,
  // 5).
  Template made;
  made.text(
      "HTTP/1.1 511 Network Authentication Required\r\n"
      "Connection: close\r\n"
      "Content-Length:   0\r\n"
      "\r\n");
  made.fill(' ');
  assert(made.longest() == answer_bytes(SizeClass::kTiny));
  return made;
}

Template render_page_head(SizeClass size) {
  return without_body(page_fields(kHtml, size), Place::kEnd, {});
}
Template render_problem_head(SizeClass size) {
  return without_body(page_fields(kProblemJson, size), Place::kEnd, {});
}

namespace {

constexpr std::string_view kFound = "HTTP/1.1 302 Found\r\nLocation: ";

/// Behind the link.
std::string redirect_fields(std::size_t length) {
  return fmt::format(
      "\r\nContent-Type: {}\r\n"
      "Cache-Control: no-store\r\n"
      "Connection: close\r\n"
      "Content-Length: {:03}\r\n",
      kHtml, length);
}
std::size_t redirect_length(SizeClass size, const AnswerTexts& texts) {
  return content_length(
      size, kFound.size() + link_of(texts).size() + kTokenChars + redirect_fields(100).size());
}

}  // namespace

Template render_redirect(SizeClass size, const AnswerTexts& texts) {
  Template made;
  made.text(std::string{kFound} + link_of(texts)).place(Place::kToken);
  made.text(redirect_fields(redirect_length(size, texts)) + "\r\n").fill(' ');
  return made;
}

Template render_redirect_head(SizeClass size, const AnswerTexts& texts) {
  return without_body(std::string{kFound} + link_of(texts), Place::kToken,
                      redirect_fields(redirect_length(size, texts)));
}

Template render_h2_head(SizeClass size) {
  const std::size_t length = size == SizeClass::kTiny ? 0 : h2_body(size);
  return ending_in_goodbye(size, h2_head(size, h2::kEndStream, length), 1);
}

Template render_h2_preface(SizeClass size) {
  return ending_in_goodbye(size, h2::frame_header(h2::Type::kSettings, 0, 0, 0), 0);
}

}  // namespace gate511::http
