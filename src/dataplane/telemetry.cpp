// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/telemetry.hpp"

#include <fmt/format.h>
#include <rte_telemetry.h>

#include <map>
#include <mutex>
#include <utility>

namespace gate511::dataplane {
namespace {

static_assert(TelemetryAnswer::kMaxText < RTE_TEL_MAX_STRING_LEN);
static_assert(TelemetryAnswer::kMaxRows <= RTE_TEL_MAX_ARRAY_ENTRIES);

/// DPDK's callbacks have no argument of ours.
struct Calls {
  std::mutex mutex;  ///< held while one is called: clients wait for each other
  std::map<std::string, TelemetryCall, std::less<>> by_command;
};
Calls& calls() {
  static Calls all;
  return all;
}

int on_command(const char* command, const char* parameters, rte_tel_data* data) {
  rte_tel_data_start_dict(data);
  const std::lock_guard lock{calls().mutex};
  const auto found = calls().by_command.find(std::string_view{command});
  if (found == calls().by_command.end()) return 0;
  TelemetryAnswer answer{data};
  found->second(parameters == nullptr ? std::string_view{} : parameters, answer);
  return 0;
}

/// Given to `data`, which frees it.
template <typename Fill>
void add_column(rte_tel_data* data, const std::string& name, rte_tel_value_type type, Fill fill) {
  rte_tel_data* const column = rte_tel_data_alloc();
  if (column == nullptr) return;
  rte_tel_data_start_array(column, type);
  fill(column);
  if (rte_tel_data_add_dict_container(data, name.c_str(), column, 0) != 0)
    rte_tel_data_free(column);
}

}  // namespace

std::string TelemetryAnswer::shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = c >= ' ' && c <= '~';
    const std::string piece =
        is_plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    if (out.size() + piece.size() > kMaxText) break;
    out += piece;
  }
  return out;
}

void TelemetryAnswer::add(const std::string& name, std::uint64_t number) {
  rte_tel_data_add_dict_u64(data_, name.c_str(), number);
}

void TelemetryAnswer::add(const std::string& name, std::string_view text) {
  rte_tel_data_add_dict_string(data_, name.c_str(), shown(text).c_str());
}

void TelemetryAnswer::add(const std::string& name, const std::vector<std::string>& texts) {
  add_column(data_, name, RTE_TEL_STRING_VAL, [&texts](rte_tel_data* column) {
    for (const std::string& text : texts)
      rte_tel_data_add_array_string(column, shown(text).c_str());
  });
}

void TelemetryAnswer::add(const std::string& name, const std::vector<std::uint64_t>& numbers) {
  add_column(data_, name, RTE_TEL_U64_VAL, [&numbers](rte_tel_data* column) {
    for (const std::uint64_t number : numbers) rte_tel_data_add_array_u64(column, number);
  });
}

bool add_telemetry(const std::string& command, const std::string& help, TelemetryCall call) {
  {
    const std::lock_guard lock{calls().mutex};
    calls().by_command[command] = std::move(call);
  }
  return rte_telemetry_register_cmd(command.c_str(), on_command, help.c_str()) == 0;
}

void clear_telemetry() {
  const std::lock_guard lock{calls().mutex};
  calls().by_command.clear();
}

}  // namespace gate511::dataplane
