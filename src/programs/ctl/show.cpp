// SPDX-License-Identifier: BSD-3-Clause
//
// What any result is shown with, and sessions.
#include "programs/ctl/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "programs/ctl/units.hpp"

namespace gate511::ctl {
namespace {

std::string text_of(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (!value.is_string()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto& text = value.get_ref<const std::string&>();
  return text.empty() ? "-" : text;
}

std::optional<std::uint64_t> whole_number(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (!value.is_number_unsigned() && value.get<std::int64_t>() < 0) return std::nullopt;
  return value.get<std::uint64_t>();
}

/// A number by the unit in its name, as the protocol has it.
std::string text_of(const std::string& name, const Json& value) {
  const auto whole = whole_number(value);
  if (!whole) return text_of(value);
  const std::uint64_t count = *whole;
  const std::string_view view{name};
  if (view.ends_with("_at") || view.ends_with("_seen")) return show_time(count);
  if (view.ends_with("_bps")) return show_rate(static_cast<double>(count));
  if (view.starts_with("bytes") || view.ends_with("_bytes")) return show_size(count);
  if (view.ends_with("_s")) return show_duration(count);
  return text_of(value);
}

bool is_plain(const Json& value) {
  return !value.is_structured() ||
         (value.is_array() && std::none_of(value.begin(), value.end(),
                                           [](const Json& one) { return one.is_structured(); }));
}

std::string joined(const Json& list) {
  std::string text;
  for (const Json& one : list) text += (text.empty() ? "" : ", ") + text_of(one);
  return text.empty() ? "-" : text;
}

void add_lines(std::string& text, const Json& value, std::size_t indent) {
  const std::string space(indent, ' ');
  if (value.is_object()) {
    std::size_t widest = 0;
    for (const auto& [name, inner] : value.items()) {
      if (is_plain(inner)) widest = std::max(widest, display_width(name));
    }
    for (const auto& [name, inner] : value.items()) {
      const std::string shown = harmless(name);
      if (is_plain(inner)) {
        text += fmt::format("{}{}{}  {}\n", space, shown,
                            std::string(widest - std::min(widest, display_width(name)), ' '),
                            harmless(inner.is_array() ? joined(inner) : text_of(name, inner)));
      } else {
        text += fmt::format("{}{}\n", space, shown);
        add_lines(text, inner, indent + 2);
      }
    }
  } else if (value.is_array()) {
    for (const Json& one : value) {
      std::string inner;
      add_lines(inner, one, indent + 2);
      if (inner.size() > indent) inner[indent] = '-';
      text += inner;
    }
  } else {
    text += space + harmless(text_of(value)) + "\n";
  }
}

std::string ends_in(const Json& session) {
  const std::uint64_t ttl_s = number(session, "ttl_s");
  return ttl_s == 0 ? "no end" : "in " + show_duration(ttl_s);
}

}  // namespace

std::string cell(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? "-" : text_of(*found);
}

std::uint64_t number(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? 0 : whole_number(*found).value_or(0);
}

const Json& inside(const Json& object, const char* name) {
  static const Json kNothing = Json::object();
  const auto found = object.find(name);
  return found != object.end() && found->is_structured() ? *found : kNothing;
}

std::string size_cell(const Json& object, const char* name) {
  return object.contains(name) ? show_size(number(object, name)) : "-";
}

std::string show_anything(const Json& value) {
  std::string text;
  add_lines(text, value, 0);
  return text;
}

std::vector<Column> session_columns(ShownKey key) {
  std::vector<Column> columns{
      {"MAC", false, true}, {"STATE", false, true}, {"ENDS"}, {"TAG"}, {"USER"},
      {"UP", true},         {"DOWN", true}};
  if (key.link) columns.insert(columns.begin() + 1, {"LINK"});
  if (key.vlan) columns.insert(columns.begin() + 1, {"VLAN", true});
  return columns;
}

Row session_row(const Json& session, ShownKey key) {
  Row row{cell(session, "mac"),
          cell(session, "state"),
          ends_in(session),
          cell(session, "tag"),
          cell(session, "user"),
          size_cell(session, "bytes_up"),
          size_cell(session, "bytes_down")};
  if (key.link) row.insert(row.begin() + 1, cell(session, "link"));
  if (key.vlan) row.insert(row.begin() + 1, cell(session, "vlan"));
  return row;
}

std::string show_session(const Json& session) {
  return show_anything(session);
}

std::string show_added(const Json& result) {
  const Json& session = inside(result, "session");
  const bool created = result.value("created", false);
  return harmless(fmt::format("{} {}: {}, {}{}", created ? "added" : "changed",
                              cell(session, "mac"), cell(session, "state"),
                              number(session, "ttl_s") == 0 ? "" : "ends ", ends_in(session))) +
         "\n";
}

std::string show_revoked(const Json& result) {
  const std::uint64_t count = number(result, "revoked");
  if (count == 0) return "there was no such session\n";
  return fmt::format("revoked {} session{}\n", show_count(count), count == 1 ? "" : "s");
}

}  // namespace gate511::ctl
