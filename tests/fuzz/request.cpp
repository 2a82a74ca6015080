// SPDX-License-Identifier: BSD-3-Clause
//
// The scan of a request's first bytes, and the answer that is made of it: of exactly its class's
// length, and with nothing of the request in it that is not percent-encoded.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "fuzz/input.hpp"
#include "http/answers.hpp"
#include "http/request.hpp"
#include "support/gateway.hpp"

namespace {

using namespace gate511;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "request: broken promise: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto answers = http::Answers::render({"http://192.0.2.10/login", "Example Wi-Fi"});
  static const http::LinkKey key{net::as_bytes(test::kSecret)};
  const auto request = std::as_bytes(std::span{data, size});
  const http::Request scanned = http::scan_request(request);
  const http::ReturnUrl url = http::return_url(scanned);
  require(url.size <= http::ReturnUrl::kMax, "the return URL has its bound");
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%";
  require(url.view().find_first_not_of(kAllowed) == std::string_view::npos,
          "the return URL is percent-encoded");
  for (const auto size_class :
       {http::SizeClass::kFull, http::SizeClass::kCompact, http::SizeClass::kTiny}) {
    test::Bytes out(http::answer_bytes(size_class));
    answers->write(size_class, request, key, {.mac = test::kClient}, out);
    require(std::string_view{std::bit_cast<const char*>(out.data()), out.size()}.starts_with(
                "HTTP/1.1 511 Network Authentication Required\r\n"),
            "every answer is a 511");
  }
  return 0;
}
