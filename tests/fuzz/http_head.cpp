// SPDX-License-Identifier: BSD-3-Clause
//
// The scan of a request's first bytes, and the answer that is made of it: of exactly its class's
// length, with a head whose number of fields depends on the kind of answer alone, and with nothing
// of the request in it but the percent-encoded return URL.
#include <algorithm>
#include <array>
#include <string_view>

#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "http/answers.hpp"
#include "http/preferences.hpp"
#include "support/gateway.hpp"

namespace {

using namespace gate511;
using fuzz::require;

std::string_view text_of(const test::Bytes& bytes) {
  return {std::bit_cast<const char*>(bytes.data()), bytes.size()};
}

struct Asked {
  http::Answers answers =
      *http::Answers::render({"http://192.0.2.10/login", "Example Wi-Fi", {}, {}});
  http::ProbeRules rules =
      *http::ProbeRules::compile(*http::read_probe_rules(http::kDefaultProbes, "probes.list"));
  http::Patterns::Scratch scratch;
  http::LinkKey key{net::as_bytes(test::kSecret)};
  Asked() { require(rules.fit(scratch).has_value(), "there is a scratch"); }
};

/// Views of the request's own bytes, in order, or nothing.
void check_request(const http::Request& request, net::ByteView bytes) {
  const std::string_view whole{std::bit_cast<const char*>(bytes.data()), bytes.size()};
  for (const std::string_view part :
       {request.target, request.host, request.port, request.user_agent, request.accept,
        request.accept_language}) {
    if (part.empty()) continue;
    // "/" stands for the path that an absolute target left out.
    require(part == "/" || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size()),
            "a part is the request's");
    require(part.find('\n') == part.npos, "a part is of one line");
  }
  constexpr std::string_view kLdh =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
  require(request.host.size() <= 253 && request.host.find_first_not_of(kLdh) == kLdh.npos,
          "a host is LDH");
}

/// Fields of the head, without the status line.
std::size_t fields_of(std::string_view answer) {
  const std::string_view head = answer.substr(0, answer.find("\r\n\r\n"));
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = head.find("\r\n", at)) != head.npos; at += 2) ++lines;
  return lines;
}

void check_answer(http::SizeClass size, const http::Choice& choice, std::string_view answer) {
  using http::AnswerKind;
  if (choice.kind == AnswerKind::kH2 || choice.kind == AnswerKind::kH2Preface) {
    std::size_t at = 0;
    while (at + 9 <= answer.size())
      at += 9 + (net::load_be32(net::as_bytes(answer.substr(at, 4)), 0) >> 8);
    require(at == answer.size(), "frames fill the answer");
    return;
  }
  const std::string_view status = choice.kind == AnswerKind::kRedirect
                                      ? "HTTP/1.1 302 Found\r\n"
                                      : "HTTP/1.1 511 Network Authentication Required\r\n";
  require(answer.starts_with(status), "a status line of ours");
  std::size_t expected = choice.kind == AnswerKind::kRedirect ? 5 : 4;
  if (size == http::SizeClass::kTiny) {
    expected = 2;
  } else {
    if (size == http::SizeClass::kFull && choice.kind != AnswerKind::kRedirect) expected += 3;
    if (choice.without_body) ++expected;
  }
  require(fields_of(answer) == expected, "the number of fields is constant");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Asked asked;
  const auto bytes = std::as_bytes(std::span{data, size});
  const http::Request request = http::scan_request(bytes);
  check_request(request, bytes);
  const http::ReturnUrl url = http::return_url(request);
  require(url.size <= http::ReturnUrl::kMax, "the return URL has its bound");
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%";
  require(url.view().find_first_not_of(kAllowed) == kAllowed.npos,
          "the return URL is percent-encoded");
  if (asked.rules.match(request, asked.scratch))
    require(asked.rules.may_match(request), "the cheap test rules out no probe");

  for (const auto size_class :
       {http::SizeClass::kFull, http::SizeClass::kCompact, http::SizeClass::kTiny}) {
    test::Bytes out(http::answer_bytes(size_class)), plain(out.size());
    const http::LoginClaim claim{
        .zone = 0, .vlan = 0, .mac = test::kClient, .address = {}, .unix_s = 0, .nonce = 0};
    const http::ProbeAsker probes{&asked.rules, &asked.scratch};
    const http::Choice choice =
        asked.answers.write(size_class, bytes, probes, asked.key, claim, out);
    check_answer(size_class, choice, text_of(out));
    if (url.size != 0 || choice.kind != http::AnswerKind::kPage) continue;
    // Without a return URL the answer is one of few, whatever the request says.
    const std::string other =
        std::string{choice.without_body ? "HEAD" : "GET"} +
        " * HTTP/1.1\r\nAccept-Language: " + std::string{http::info(choice.language).code} +
        "\r\n\r\n";
    static_cast<void>(
        asked.answers.write(size_class, net::as_bytes(other), probes, asked.key, claim, plain));
    require(out == plain, "nothing of the request is in the answer");
  }
  return 0;
}
