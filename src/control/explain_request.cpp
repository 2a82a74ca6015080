// SPDX-License-Identifier: BSD-3-Clause
#include "control/explain_request.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "http/answers.hpp"
#include "http/preferences.hpp"
#include "http/request.hpp"

namespace gate511::control {
namespace {

/// Text of a hostile request, for people.
std::string printable(std::string_view text) {
  constexpr std::size_t kMaxShown = 200;
  std::string shown;
  for (const char c : text.substr(0, kMaxShown)) shown += c < ' ' || c > '~' ? '?' : c;
  return text.size() > kMaxShown ? shown + "..." : shown;
}

std::string_view kind_sentence(http::Request::Kind kind) {
  using Kind = http::Request::Kind;
  switch (kind) {
    case Kind::kGet:
      return "it is a GET";
    case Kind::kHead:
      return "it is a HEAD";
    case Kind::kH2:
    case Kind::kH2Head:
      return "it is HTTP/2";
    case Kind::kH2Preface:
      return "it is HTTP/2's preface without a request";
    case Kind::kOther:
      break;
  }
  return "it is neither GET nor HEAD, or no HTTP: any first data is answered with the page";
}

Json why(const policy::Zone& zone, const http::Request& request, const http::Choice& choice,
         const http::ReturnUrl& url) {
  Json sentences = Json::array();
  sentences.push_back(kind_sentence(request.kind));
  sentences.push_back(
      request.host.empty()
          ? std::string{"its host is not known: Host is missing, twice there or no plain name"}
          : fmt::format("its host is {}, its path {}", printable(request.host),
                        printable(request.path())));
  if (choice.probe) {
    sentences.push_back(fmt::format("a probe rule named {} matches host, path or User-Agent",
                                    zone.probes->names()[*choice.probe]));
    return sentences;
  }
  sentences.push_back(zone.probes ? "no probe rule matches"
                                  : "response.mode is 511: no request is taken for a probe");
  if (choice.kind == http::AnswerKind::kProblem)
    sentences.push_back(fmt::format("Accept prefers JSON: {}", printable(request.accept)));
  sentences.push_back(fmt::format("its language is {}: {}", http::info(choice.language).name,
                                  request.accept_language.empty()
                                      ? "there is no Accept-Language"
                                      : "Accept-Language: " + printable(request.accept_language)));
  if (choice.kind == http::AnswerKind::kPage && !choice.without_body) {
    sentences.push_back(url.size != 0
                            ? fmt::format("the link leads back to {}", url.view())
                            : std::string{"the link leads back nowhere: the host is not known, or "
                                          "the URL is over 160 bytes"});
  }
  return sentences;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() / 4 * 3 > kMaxRequest + 2)
    return std::nullopt;
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.substr(0, text.size() - padding).find_first_not_of(kAlphabet) != text.npos)
    return std::nullopt;
  std::string decoded(text.size() / 4 * 3, '\0');
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): characters as OpenSSL wants them
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
  if (size < 0) return std::nullopt;
  decoded.resize(static_cast<std::size_t>(size) - padding);
  return decoded;
}

Json explain_request(const policy::Zone& zone, std::string_view text) {
  const http::Request request = http::scan_request(net::as_bytes(text));
  http::Patterns::Scratch scratch;
  http::ProbeAsker probes;
  if (zone.probes && zone.probes->fit(scratch)) probes = {zone.probes.get(), &scratch};
  const http::Choice choice = zone.answers.choose(http::SizeClass::kFull, request, probes);
  const http::AnswerInfo& answer = http::kAnswers[static_cast<std::size_t>(choice.kind)];
  return {
      {"answer", answer.name},
      {"sentence", answer.sentence},
      {"status", choice.kind == http::AnswerKind::kRedirect ? 302 : 511},
      {"body", !choice.without_body},
      {"language", http::info(choice.language).code},
      {"probe", choice.probe ? Json(zone.probes->names()[*choice.probe]) : Json(nullptr)},
      {"why", why(zone, request, choice, http::return_url(request))},
  };
}

}  // namespace gate511::control
