// SPDX-License-Identifier: BSD-3-Clause
#include "control/service_garden.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "control/config_values.hpp"
#include "control/host_list.hpp"
#include "control/params.hpp"

namespace gate511::control {
namespace {

using policy::GardenPrefix;

/// Calls `take` with the text of each element of the array `name`, which says what is wrong.
template <typename Take>
void each_text(Params& params, std::string_view name, const Take& take) {
  const Json* const given = params.array(name, GardenMethods::kMaxGiven);
  if (given == nullptr) return;
  for (const Json& one : *given) {
    if (!one.is_string()) {
      return params.fail(
          rpc::invalid_params(fmt::format("`{}` must be an array of strings", name)));
    }
    if (const auto wrong = take(one.get_ref<const std::string&>()))
      return params.fail(rpc::invalid_params(*wrong));
  }
}

std::string garden_text(const GardenPrefix& prefix) {
  return policy::to_string(prefix);
}
const std::string& garden_text(const std::string& host) {
  return host;
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

tl::expected<GardenMethods::Wanted, RpcError> GardenMethods::read(const Json& given) {
  Params params{given, {"cidrs", "hosts"}};
  Wanted wanted;
  using Wrong = std::optional<std::string>;
  each_text(params, "cidrs", [&](const std::string& text) -> Wrong {
    auto prefix = parse_garden_prefix("cidrs", text);
    if (!prefix) return fmt::format("{}; {}", prefix.error().what, prefix.error().hint);
    wanted.prefixes.push_back(std::move(*prefix));
    return std::nullopt;
  });
  each_text(params, "hosts", [&](const std::string& text) -> Wrong {
    auto host = parse_host(text);
    if (!host) return fmt::format("`hosts`: {}; {}", host.error().what, host.error().hint);
    wanted.hosts.push_back(std::move(*host));
    return std::nullopt;
  });
  if (!params.has("cidrs") && !params.has("hosts"))
    params.fail(rpc::invalid_params("give `cidrs` or `hosts`"));
  if (params.error()) return params.refused();
  return wanted;
}

void GardenMethods::add(const Json& given, const Done& done) {
  const auto wanted = read(given);
  if (!wanted) return done(tl::unexpected{wanted.error()});
  auto prefixes = opened_;
  auto hosts = hosts_;
  const auto add_to = [](auto& list, const auto& more) {
    for (const auto& one : more) {
      if (std::ranges::find(list, one) == list.end()) list.push_back(one);
    }
  };
  add_to(prefixes, wanted->prefixes);
  add_to(hosts, wanted->hosts);
  if (prefixes.size() > kMaxOpened || hosts.size() > kMaxOpened) {
    return done(tl::unexpected{rpc::table_full(
        fmt::format("at most {} prefixes and as many hosts can be opened at run time; close some, "
                    "or set garden.cidrs or garden.hosts in the configuration",
                    kMaxOpened))});
  }
  const std::size_t added = prefixes.size() - opened_.size() + hosts.size() - hosts_.size();
  opened_ = std::move(prefixes);
  hosts_ = std::move(hosts);
  answer_when_seen({{"added", added}, {"opened", opened_.size() + hosts_.size()}}, done);
}

void GardenMethods::remove(const Json& given, const Done& done) {
  const auto wanted = read(given);
  if (!wanted) return done(tl::unexpected{wanted.error()});
  const auto remove_from = [](auto& list, const auto& gone) {
    return std::erase_if(
        list, [&](const auto& one) { return std::ranges::find(gone, one) != gone.end(); });
  };
  const std::size_t removed =
      remove_from(opened_, wanted->prefixes) + remove_from(hosts_, wanted->hosts);
  answer_when_seen(
      {{"existed", removed > 0}, {"removed", removed}, {"opened", opened_.size() + hosts_.size()}},
      done);
}

void GardenMethods::answer_when_seen(Json result, const Done& done) {
  if (slot_ != nullptr) {
    auto next = std::make_shared<policy::OpenedGarden>();
    next->prefixes = policy::GardenSet{opened_};
    if (!hosts_.empty()) next->hosts = http::HostSet::build(hosts_).value_or(http::HostSet{});
    slot_->replace(std::shared_ptr<const policy::OpenedGarden>{std::move(next)});
  }
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
  if (params.error()) return params.refused();
  Json entries = Json::array();
  std::size_t at = 0;
  const auto show = [&](std::string target, Json zone, std::string_view source) -> Json& {
    entries.push_back(
        {{"target", std::move(target)}, {"zone", std::move(zone)}, {"source", source}});
    return entries.back();
  };
  // What of a list of `size` lies in the page: from where, and how many.
  const auto page = [&](std::size_t size) {
    const std::size_t from = std::min(std::max(cursor, at) - at, size);
    at += size;
    return std::pair{from, std::min(size - from, limit - entries.size())};
  };
  const auto show_all = [&](const auto& list, const Json& zone, std::string_view source) {
    const auto [from, count] = page(list.size());
    for (std::size_t i = from; i < from + count; ++i) show(garden_text(list[i]), zone, source);
  };
  show_all(opened_, nullptr, "opened");
  show_all(hosts_, nullptr, "opened");
  const Config& config = *parts_.config.config();
  const auto show_zone = [&](std::string_view zone, const GardenConfig& garden) {
    show_all(garden.cidrs.prefixes(), zone, "config");
    show_all(garden.host_names, zone, "config");
    show_all(garden.host_patterns, zone, "config");
  };
  show_zone(kDefaultZone, config.garden);
  for (const ZoneConfig& zone : config.zones) show_zone(zone.name, zone.garden);
  const auto& permits = parts_.permits.permits();
  const auto [from, count] = page(permits.size());
  if (count > 0) {
    auto one = std::next(permits.begin(), static_cast<std::ptrdiff_t>(from));
    for (std::size_t i = 0; i < count; ++i, ++one) {
      Json& entry =
          show(net::to_string(std::get<1>(one->first)), std::get<0>(one->first), "learnt");
      entry["host"] = one->second.host;
      entry["until"] = one->second.until_s;
    }
  }
  const std::size_t end = cursor + entries.size();
  return Json{{"entries", std::move(entries)},
              {"next_cursor", end < at ? Json(end) : Json(nullptr)},
              {"total", at}};
}

}  // namespace gate511::control
