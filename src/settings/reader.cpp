// SPDX-License-Identifier: BSD-3-Clause
#include "settings/reader.hpp"

#include <algorithm>
#include <numeric>

namespace gate511::settings {
namespace {

int line_of(const toml::source_region& region) {
  return static_cast<int>(region.begin.line);
}
int line_of(const toml::node& node) {
  return line_of(node.source());
}

std::string_view type_name(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

/// Edits (insert, delete, replace) from one to the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string known_keys(std::string_view unknown, Section::Names keys, const std::string& prefix) {
  constexpr std::size_t kMaxTypo = 32;
  std::string hint;
  const auto nearest =
      std::min_element(keys.begin(), keys.end(), [unknown](std::string_view a, std::string_view b) {
        return distance(unknown.substr(0, kMaxTypo), a) < distance(unknown.substr(0, kMaxTypo), b);
      });
  if (nearest != keys.end() && distance(unknown.substr(0, kMaxTypo), *nearest) <= 2)
    hint = fmt::format("did you mean `{}`? ", *nearest);
  return hint + (prefix.empty() ? "the file takes " : prefix + " takes ") +
         fmt::format("{}", fmt::join(keys, ", "));
}

/// Text of a key for an error: a key may hold anything in quotes.
std::string printable(std::string_view text) {
  constexpr std::size_t kMaxShown = 64;
  std::string shown;
  for (const char c : text.substr(0, kMaxShown)) shown += c < ' ' || c == 0x7f ? '?' : c;
  return text.size() > kMaxShown ? shown + "..." : shown;
}

}  // namespace

tl::expected<toml::table, Error> parse_toml(std::string_view text, std::string_view source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    return tl::unexpected{Error{fmt::format("{}:{}", source, error.source().begin.line),
                                std::string{error.description()},
                                "write it as TOML: `key = \"text\"`, `key = 1` or `[section]`"}};
  }
}

void Document::fail(int line, Problem problem) {
  if (error_) return;
  error_ = Error{where(line), std::move(problem.what), std::move(problem.hint)};
}

std::string Document::where(int line) const {
  return line > 0 ? fmt::format("{}:{}", source_, line) : source_;
}

std::string one_of(Section::Names names) {
  std::string text;
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (name != names.begin()) text += name + 1 == names.end() ? " or " : ", ";
    text += fmt::format("\"{}\"", *name);
  }
  return text;
}

Section::Section(Document& document, const toml::table* table, std::string prefix, Names keys)
    : document_{document}, table_{table}, prefix_{std::move(prefix)} {
  if (table_ == nullptr) return;
  document_.note_line(prefix_, line_of(*table_));
  for (const auto& [key, value] : *table_) {
    document_.note_line(name(key.str()), line_of(key.source()));
    if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
    document_.fail(line_of(key.source()),
                   {fmt::format("unknown key `{}`", printable(name(key.str()))),
                    known_keys(key.str(), keys, prefix_)});
  }
}

std::string Section::name(std::string_view key) const {
  return prefix_.empty() ? std::string{key} : fmt::format("{}.{}", prefix_, key);
}

const toml::node* Section::find(std::string_view key) const {
  return table_ == nullptr ? nullptr : table_->get(key);
}

void Section::fail(std::string_view key, Problem problem) {
  const toml::node* node = find(key);
  int line = 0;
  if (node != nullptr) {
    line = line_of(*node);
  } else if (table_ != nullptr) {
    line = line_of(*table_);
  }
  document_.fail(line, std::move(problem));
}

void Section::wrong_type(const toml::node& node, const std::string& key, std::string_view wanted) {
  document_.fail(line_of(node), {fmt::format("`{}` is {}", key, type_name(node.type())),
                                 fmt::format("it must be {}", wanted)});
}

void Section::text(std::string_view key, std::string& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto* value = node->as_string()) {
    if (value->get().find('\0') != std::string::npos)
      return fail(key, {fmt::format("`{}` holds a NUL character", name(key)), "remove it"});
    out = value->get();
    return;
  }
  wrong_type(*node, name(key), "a string in quotes");
}

void Section::required_text(std::string_view key, std::string& out, std::string_view reason) {
  if (!has(key))
    fail(key, {fmt::format("`{}` is missing", name(key)), fmt::format("set it: {}", reason)});
  text(key, out);
  if (has(key) && out.empty())
    fail(key, {fmt::format("`{}` is empty", name(key)), fmt::format("set it: {}", reason)});
}

void Section::boolean(std::string_view key, bool& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* value = node->as_boolean();
  if (value == nullptr) return wrong_type(*node, name(key), "true or false");
  out = value->get();
}

void Section::choice(std::string_view key, Names names, std::size_t& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* value = node->as_string();
  if (value == nullptr) return wrong_type(*node, name(key), one_of(names));
  const auto* const found = std::find(names.begin(), names.end(), value->get());
  if (found == names.end()) {
    return fail(key, {fmt::format("`{}` is \"{}\"", name(key), printable(value->get())),
                      fmt::format("it must be {}", one_of(names))});
  }
  out = static_cast<std::size_t>(found - names.begin());
}

void Section::read_integer(std::string_view key, std::int64_t min, std::int64_t max,
                           std::string_view meaning, std::int64_t& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const std::string wanted = fmt::format("an integer from {} to {}{}", min, max, meaning);
  const auto* value = node->as_integer();
  if (value == nullptr) return wrong_type(*node, name(key), wanted);
  if (value->get() < min || value->get() > max) {
    return fail(key, {fmt::format("`{}` is {}", name(key), value->get()),
                      fmt::format("it must be {}", wanted)});
  }
  out = value->get();
}

void Section::texts(std::string_view key, const EachText& each) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) return wrong_type(*node, name(key), "an array of strings");
  for (const toml::node& element : *array) {
    const auto* value = element.as_string();
    if (value == nullptr) return wrong_type(element, name(key) + "[]", "a string in quotes");
    if (auto problem = each(value->get()))
      return document_.fail(line_of(element), std::move(*problem));
  }
}

void Section::integers(std::string_view key, const EachInteger& each) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) return wrong_type(*node, name(key), "an array of integers");
  for (const toml::node& element : *array) {
    const auto* value = element.as_integer();
    if (value == nullptr) return wrong_type(element, name(key) + "[]", "an integer");
    if (auto problem = each(value->get()))
      return document_.fail(line_of(element), std::move(*problem));
  }
}

void Section::integers_or_texts(std::string_view key, std::string_view wanted,
                                const EachIntegerAt& each_integer, const EachTextAt& each_text) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) return wrong_type(*node, name(key), wanted);
  for (const toml::node& element : *array) {
    const int line = line_of(element);
    std::optional<Problem> problem;
    if (const auto* integer = element.as_integer()) {
      problem = each_integer(integer->get(), line);
    } else if (const auto* text = element.as_string()) {
      problem = each_text(text->get(), line);
    } else {
      return wrong_type(element, name(key) + "[]", "an integer, or a string in quotes");
    }
    if (problem) return document_.fail(line, std::move(*problem));
  }
}

Section Section::sub(std::string_view key, Names keys) {
  return Section{document_, table(key), name(key), keys};
}

const toml::table* Section::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr)
    wrong_type(*node, name(key), fmt::format("a section, [{}]", name(key)));
  return node->as_table();
}

std::vector<const toml::table*> Section::tables(std::string_view key) {
  std::vector<const toml::table*> found;
  const toml::node* node = find(key);
  if (node == nullptr) return found;
  const std::string wanted = fmt::format("sections, [[{}]] with two brackets", name(key));
  if (node->as_array() == nullptr) {
    wrong_type(*node, name(key), wanted);
    return found;
  }
  for (const toml::node& element : *node->as_array()) {
    if (element.as_table() == nullptr) {
      wrong_type(element, name(key) + "[]", wanted);
      return found;
    }
    found.push_back(element.as_table());
  }
  return found;
}

}  // namespace gate511::settings
