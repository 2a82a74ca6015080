// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for operators: the one place that the daemons print them in. A line has a level, a kind, a
// text, and fields for programs. Whatever is in them, it is one valid line of its format. Of a kind
// a few lines a minute are printed; the next one tells how many were left out.
//
//   logging::say(Level::kWarning, "tls_refused", text, {{"name", name}});
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "logging/format.hpp"

namespace gate511::logging {

struct Field {
  std::string_view name;  ///< of a-z and _
  std::string_view value;
};

inline constexpr std::uint32_t kPerMinute = 10;  ///< lines of a kind

/// Until then: text, all levels. Any thread.
void configure(std::string_view program, Options options = {});

/// `kind` is one of a few literals; a text is cut at 3,000 bytes. Any thread. It does not wait for
/// who reads the lines and does not: such a line is lost, and the next that is printed tells how
/// many were. The journal alone may be waited for.
void say(Level level, std::string_view kind, std::string_view text,
         std::initializer_list<Field> fields = {});

}  // namespace gate511::logging
