// SPDX-License-Identifier: BSD-3-Clause
#include "http/patterns.hpp"

#include <fmt/format.h>
#include <hs/hs.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <vector>

namespace gate511::http {
namespace {

constexpr std::size_t kMaxText = 4096;  ///< bytes; a longer text is none of any expression's

Error out_of_memory() {
  return {"patterns", "there is no memory for them", "give the gateway more, or it less of them"};
}

/// `hs_compile_error_t`, freed.
struct CompileError {
  hs_compile_error_t* error = nullptr;
  CompileError() = default;
  CompileError(const CompileError&) = delete;
  CompileError& operator=(const CompileError&) = delete;
  ~CompileError() { hs_free_compile_error(error); }
  [[nodiscard]] std::string message() const {
    std::string text = error != nullptr ? error->message : "it cannot be compiled";
    if (!text.empty() && text.back() == '.') text.pop_back();
    return text;
  }
};

Error bad(const Patterns::Expression& expression, std::string_view what) {
  return {expression.name, fmt::format("the expression /{}/ is refused: {}", expression.text, what),
          "write it as PCRE does, without back references and look-around"};
}

/// Alone, so that what is put around it cannot close a bracket that it left open.
tl::expected<void, Error> check(const Patterns::Expression& expression, unsigned flags) {
  if (expression.text.empty() || expression.text.size() > Patterns::kMaxLength) {
    return tl::unexpected{
        Error{expression.name, fmt::format("the expression is of {} bytes", expression.text.size()),
              fmt::format("give one of 1 to {} bytes", Patterns::kMaxLength)}};
  }
  if (expression.text.find('\0') != std::string::npos)
    return tl::unexpected{bad(expression, "it holds a NUL")};
  CompileError error;
  hs_expr_info_t* info = nullptr;
  const hs_error_t checked =
      hs_expression_info(expression.text.c_str(), flags, &info, &error.error);
  std::free(info);  // as hs_set_misc_allocator says: by free() where none is set
  if (checked != HS_SUCCESS) return tl::unexpected{bad(expression, error.message())};
  return {};
}

int first_of_all(unsigned id, unsigned long long /*from*/, unsigned long long /*to*/,
                 unsigned /*flags*/, void* context) {
  auto* const first = static_cast<unsigned*>(context);
  *first = std::min(*first, id);
  return 0;
}

}  // namespace

void Patterns::Free::operator()(hs_database* database) const noexcept {
  hs_free_database(database);
}
void Patterns::Scratch::Free::operator()(hs_scratch* scratch) const noexcept {
  hs_free_scratch(scratch);
}

tl::expected<void, Error> Patterns::Scratch::fit(const Patterns& patterns) {
  if (patterns.empty()) return {};
  hs_scratch* grown = scratch_.release();  // hs_alloc_scratch frees what does not fit
  const hs_error_t done = hs_alloc_scratch(patterns.database_.get(), &grown);
  scratch_.reset(done == HS_SUCCESS ? grown : nullptr);
  if (done != HS_SUCCESS) return tl::unexpected{out_of_memory()};
  return {};
}

tl::expected<Patterns::Scratch, Error> Patterns::Scratch::clone() const {
  Scratch copy;
  if (!scratch_) return copy;
  hs_scratch* made = nullptr;
  if (hs_clone_scratch(scratch_.get(), &made) != HS_SUCCESS) return tl::unexpected{out_of_memory()};
  copy.scratch_.reset(made);
  return copy;
}

tl::expected<Patterns, Error> Patterns::compile(std::span<const Expression> expressions,
                                                Case letters, Samples samples) {
  Patterns made;
  if (expressions.empty()) return made;
  if (expressions.size() > kMax) {
    return tl::unexpected{Error{expressions[kMax].name,
                                fmt::format("it is one of {} expressions", expressions.size()),
                                fmt::format("at most {} are possible: give a list as names, or as "
                                            "\"*.a.example\"",
                                            kMax)}};
  }
  if (hs_valid_platform() != HS_SUCCESS) {
    return tl::unexpected{Error{expressions.front().name, "expressions need a processor with SSSE3",
                                "give names instead"}};
  }
  const unsigned case_flag = letters == Case::kAny ? HS_FLAG_CASELESS : 0U;
  std::vector<std::string> texts;
  for (const Expression& one : expressions) {
    if (auto good = check(one, case_flag); !good) return tl::unexpected{good.error()};
    texts.push_back(fmt::format("\\A(?:{})\\z", one.text));
  }
  std::vector<const char*> pointers;
  std::vector<unsigned> flags(texts.size(), case_flag | HS_FLAG_SINGLEMATCH);
  std::vector<unsigned> ids(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    pointers.push_back(texts[i].c_str());
    ids[i] = static_cast<unsigned>(i);
  }
  const auto since = std::chrono::steady_clock::now();
  hs_database* database = nullptr;
  CompileError error;
  if (hs_compile_multi(pointers.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr, &database,
                       &error.error) != HS_SUCCESS) {
    const int which = error.error != nullptr ? error.error->expression : -1;
    return tl::unexpected{
        bad(expressions[which < 0 ? 0 : static_cast<std::size_t>(which)], error.message())};
  }
  made.database_.reset(database);
  made.cost_.expressions = expressions.size();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since;
  made.cost_.compile_s = took.count();
  if (auto measured = made.measure(samples); !measured) return tl::unexpected{measured.error()};
  return made;
}

/// The least of a few runs: what the set costs, and not what else the machine did.
tl::expected<void, Error> Patterns::measure(Samples samples) {
  hs_database_size(database_.get(), &cost_.bytes);
  Scratch scratch;
  if (auto fitted = scratch.fit(*this); !fitted) return fitted;
  const auto cycles = [&](std::string_view text) {
    constexpr unsigned kRuns = 20, kScans = 50;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    for (unsigned run = 0; run < kRuns; ++run) {
      const std::uint64_t since = __rdtsc();
      for (unsigned i = 0; i < kScans; ++i) static_cast<void>(match(text, scratch));
      least = std::min<std::uint64_t>(least, __rdtsc() - since);
    }
    return static_cast<double>(least) / kScans;
  };
  std::string longest;
  while (longest.size() < 253) longest += "label.";
  longest.resize(253, 'x');
  for (const std::string_view sample : samples)
    cost_.scan_cycles = std::max(cost_.scan_cycles, cycles(sample));
  cost_.longest_cycles = cycles(longest);
  return {};
}

std::optional<unsigned> Patterns::match(std::string_view text,
                                        const Scratch& scratch) const noexcept {
  constexpr unsigned kNone = std::numeric_limits<unsigned>::max();
  if (!database_ || text.size() > kMaxText) return std::nullopt;
  unsigned first = kNone;
  hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0,
          scratch.scratch_.get(), first_of_all, &first);
  return first == kNone ? std::nullopt : std::optional{first};
}

std::string Patterns::Cost::text() const {
  return fmt::format(
      "{} expression{}, {} KiB, compiled in {:.2f} s, {:.0f} cycles a scan ({:.0f} of 253 bytes)",
      expressions, expressions == 1 ? "" : "s", (bytes + 1023) / 1024, compile_s, scan_cycles,
      longest_cycles);
}

}  // namespace gate511::http
