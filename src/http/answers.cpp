// SPDX-License-Identifier: BSD-3-Clause
#include "http/answers.hpp"

#include <cassert>

#include "http/preferences.hpp"
#include "http/render.hpp"

namespace gate511::http {
namespace {

/// Renders into `out`, or keeps the first error.
void keep(tl::expected<Template, Error> rendered, Template& out, std::optional<Error>& error) {
  if (rendered) {
    out = std::move(*rendered);
  } else if (!error) {
    error = std::move(rendered.error());
  }
}

}  // namespace

tl::expected<Answers, Error> Answers::render(const AnswerTexts& texts) {
  if (auto good = check_portal_url(texts.portal_url); !good) return tl::unexpected{good.error()};
  auto all = std::make_shared<All>();
  std::optional<Error> error;
  for (const SizeClass size : {SizeClass::kFull, SizeClass::kCompact}) {
    OfClass& made = (*all)[static_cast<std::size_t>(size)];
    for (const LanguageInfo& one : kLanguages) {
      const auto i = static_cast<std::size_t>(one.language);
      keep(render_page(size, one.language, texts), made.page[i], error);
      keep(render_problem(size, one.language, texts), made.problem[i], error);
    }
    keep(render_h2(size, texts), made.h2, error);
    if (error) return tl::unexpected{*error};
    made.page_head = render_page_head(size);
    made.problem_head = render_problem_head(size);
    made.redirect = render_redirect(size, texts);
    made.redirect_head = render_redirect_head(size, texts);
    made.h2_head = render_h2_head(size);
    made.h2_preface = render_h2_preface(size);
  }
  // There is no room but for the status: no link, no language, no redirection.
  OfClass& tiny = (*all)[static_cast<std::size_t>(SizeClass::kTiny)];
  tiny.page.fill(render_tiny());
  tiny.page_head = tiny.page[0];
  tiny.h2 = tiny.h2_head = render_h2_head(SizeClass::kTiny);
  tiny.h2_preface = render_h2_preface(SizeClass::kTiny);
  return Answers{std::move(all), texts.language};
}

Choice Answers::choose(SizeClass size, const Request& request, ProbeAsker probes) const noexcept {
  using Kind = Request::Kind;
  Choice choice;
  choice.language = otherwise_;
  switch (request.kind) {
    case Kind::kH2Preface:
      choice.kind = AnswerKind::kH2Preface;
      return choice;
    case Kind::kH2:
    case Kind::kH2Head:
      choice.kind = AnswerKind::kH2;
      choice.without_body = request.kind == Kind::kH2Head;
      return choice;
    case Kind::kGet:
    case Kind::kHead:
    case Kind::kOther:
      break;
  }
  choice.without_body = request.kind == Kind::kHead;
  if (size == SizeClass::kTiny) return choice;
  if (probes.rules != nullptr && probes.scratch != nullptr) {
    choice.probe = probes.rules->match(request, *probes.scratch);
    if (choice.probe) {
      choice.kind = AnswerKind::kRedirect;
      return choice;
    }
  }
  if (prefers_json(request.accept)) choice.kind = AnswerKind::kProblem;
  choice.language = preferred_language(request.accept_language, otherwise_);
  return choice;
}

const Template& Answers::template_of(SizeClass size, const Choice& choice) const noexcept {
  const OfClass& of_class = (*all_)[static_cast<std::size_t>(size)];
  const auto language = static_cast<std::size_t>(choice.language);
  switch (choice.kind) {
    case AnswerKind::kProblem:
      return choice.without_body ? of_class.problem_head : of_class.problem[language];
    case AnswerKind::kRedirect:
      return choice.without_body ? of_class.redirect_head : of_class.redirect;
    case AnswerKind::kH2:
      return choice.without_body ? of_class.h2_head : of_class.h2;
    case AnswerKind::kH2Preface:
      return of_class.h2_preface;
    case AnswerKind::kPage:
      break;
  }
  return choice.without_body ? of_class.page_head : of_class.page[language];
}

Choice Answers::write(SizeClass size, std::span<const std::byte> request, ProbeAsker probes,
                      const LinkKey& key, const LoginClaim& claim,
                      std::span<std::byte> out) const noexcept {
  assert(out.size() == answer_bytes(size));
  const Request scanned = scan_request(request);
  const Choice choice = choose(size, scanned, probes);
  const Template& chosen = template_of(size, choice);

  using Place = Template::Place;
  const bool returns = chosen.has(Place::kReturnToken);
  const bool links = chosen.has(Place::kToken);
  ReturnUrl url;
  Token token, return_token;
  if (returns || links) {
    const TokenMaker tokens{key, claim};
    if (links) token = tokens.make({});
    if (returns) {
      url = return_url(scanned);
      return_token = url.size == 0 && links ? token : tokens.make(url.view());
    }
  }
  chosen.write({.token = {token.data(), token.size()},
                .return_token = {return_token.data(), return_token.size()},
                .return_url = url.view()},
               out);
  return choice;
}

}  // namespace gate511::http
