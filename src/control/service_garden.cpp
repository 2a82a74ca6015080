// SPDX-License-Identifier: BSD-3-Clause
#include "control/service_garden.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/config_values.hpp"
#include "control/params.hpp"

namespace gate511::control {
namespace {

using policy::GardenPrefix;

tl::unexpected<RpcError> refused(Params& params) {
  return tl::unexpected{*params.error()};
}

std::vector<GardenPrefix> read_prefixes(Params& params) {
  std::vector<GardenPrefix> read;
  params.require("cidrs");
  const Json* const given = params.array("cidrs", GardenMethods::kMaxGiven);
  if (given == nullptr) return read;
  for (const Json& one : *given) {
    if (!one.is_string()) {
      params.fail(rpc::invalid_params("`cidrs` must be an array of strings"));
      return read;
    }
    auto prefix = parse_garden_prefix("cidrs", one.get_ref<const std::string&>());
    if (!prefix) {
      params.fail(
          rpc::invalid_params(fmt::format("{}; {}", prefix.error().what, prefix.error().hint)));
      return read;
    }
    read.push_back(std::move(*prefix));
  }
  return read;
}

}  // namespace

GardenMethods::GardenMethods(Parts parts, Dispatcher& dispatcher) : parts_{std::move(parts)} {
  dispatcher.add("garden.add", Access::kChange,
                 [this](const Json& params, const Done& done) { add(params, done); });
  dispatcher.add("garden.remove", Access::kChange,
                 [this](const Json& params, const Done& done) { remove(params, done); });
  dispatcher.add("garden.list", Access::kRead,
                 [this](const Json& params, const Done& done) { done(list(params)); });
}

void GardenMethods::add(const Json& given, const Done& done) {
  Params params{given, {"cidrs"}};
  const std::vector<GardenPrefix> wanted = read_prefixes(params);
  if (params.error()) return done(refused(params));
  std::vector<GardenPrefix> next = opened_;
  for (const GardenPrefix& prefix : wanted) {
    if (std::ranges::find(next, prefix) == next.end()) next.push_back(prefix);
  }
  if (next.size() > kMaxOpened) {
    return done(tl::unexpected{rpc::table_full(
        fmt::format("at most {} prefixes can be opened at run time; close some, or set "
                    "garden.cidrs in the configuration",
                    kMaxOpened))});
  }
  const std::size_t added = next.size() - opened_.size();
  opened_ = std::move(next);
  answer_when_seen({{"added", added}, {"opened", opened_.size()}}, done);
}

void GardenMethods::remove(const Json& given, const Done& done) {
  Params params{given, {"cidrs"}};
  const std::vector<GardenPrefix> wanted = read_prefixes(params);
  if (params.error()) return done(refused(params));
  const std::size_t removed = std::erase_if(opened_, [&](const GardenPrefix& one) {
    return std::ranges::find(wanted, one) != wanted.end();
  });
  answer_when_seen({{"existed", removed > 0}, {"removed", removed}, {"opened", opened_.size()}},
                   done);
}

void GardenMethods::answer_when_seen(Json result, const Done& done) {
  if (slot_ != nullptr) slot_->replace(std::make_shared<const policy::GardenSet>(opened_));
  parts_.grace.add(
      [this, done, result = std::move(result)](bool seen) {
        if (!seen) return done(tl::unexpected{parts_.not_seen("the change stands")});
        done(result);
      },
      {});
}

Outcome GardenMethods::list(const Json& given) const {
  Params params{given, {"cursor", "limit"}};
  const std::size_t cursor = params.integer("cursor", 0, 0xffff'ffff).value_or(0);
  const std::size_t limit = params.integer("limit", 1, kMaxPage).value_or(kDefaultPage);
  if (params.error()) return refused(params);
  Json entries = Json::array();
  std::size_t at = 0;
  const auto show = [&](const GardenPrefix& prefix, Json zone, std::string_view source) {
    entries.push_back(
        {{"target", policy::to_string(prefix)}, {"zone", std::move(zone)}, {"source", source}});
  };
  /// What of the list of `size` lies in the page, shown by `each`.
  const auto page = [&](std::size_t size, const auto& each) {
    const std::size_t from = std::min(std::max(cursor, at) - at, size);
    const std::size_t count = std::min(size - from, limit - entries.size());
    for (std::size_t i = from; i < from + count; ++i) each(i);
    at += size;
  };
  page(opened_.size(), [&](std::size_t i) { show(opened_[i], nullptr, "opened"); });
  const Config& config = *parts_.config.config();
  const auto show_zone = [&](std::string_view zone, const GardenConfig& garden) {
    const auto& prefixes = garden.cidrs.prefixes();
    page(prefixes.size(), [&](std::size_t i) { show(prefixes[i], zone, "config"); });
  };
  show_zone(kDefaultZone, config.garden);
  for (const ZoneConfig& zone : config.zones) show_zone(zone.name, zone.garden);
  const std::size_t end = cursor + entries.size();
  return Json{{"entries", std::move(entries)},
              {"next_cursor", end < at ? Json(end) : Json(nullptr)},
              {"total", at}};
}

}  // namespace gate511::control
