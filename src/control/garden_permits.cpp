// SPDX-License-Identifier: BSD-3-Clause
#include "control/garden_permits.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "control/fd.hpp"

namespace gate511::control {
namespace {

constexpr std::size_t kPermitsASlice = 64;

}  // namespace

std::string GardenPermits::zone_name(std::uint8_t number) const {
  for (const ZoneConfig& zone : config_.config()->zones) {
    if (config_.numbers().of(zone.name) == number) return zone.name;
  }
  return std::string{kDefaultZone};
}

bool GardenPermits::take(dataplane::SightingSource& source) {
  std::array<pipeline::Learnt, kPermitsASlice> taken;
  const std::size_t count = source.take_learnt(taken);
  for (const pipeline::Learnt& learnt : std::span{taken}.first(count)) add(learnt);
  return count == taken.size();
}

void GardenPermits::add(const pipeline::Learnt& learnt) {
  const Key key{zone_name(learnt.zone), learnt.address};
  const auto found = permits_.find(key);
  if (found == permits_.end()) {
    if (permits_.size() >= kMax) return;
    permits_.emplace(key, Permit{std::string{learnt.host()}, learnt.until_s});
  } else {
    found->second.until_s = std::max(found->second.until_s, learnt.until_s);
    if (!learnt.host().empty()) found->second.host = learnt.host();
  }
  change();
}

void GardenPermits::tick(std::uint32_t now_s) {
  auto at = permits_.lower_bound(next_);
  for (std::size_t i = 0; i < kForgetATick && at != permits_.end(); ++i) {
    if (at->second.until_s > now_s) {
      ++at;
    } else {
      at = permits_.erase(at);
      change();
    }
  }
  next_ = at == permits_.end() ? Key{} : at->first;
}

std::string GardenPermits::line(const Entry& entry) {
  return Json{{"zone", std::get<0>(entry.first)},
              {"address", net::to_string(std::get<1>(entry.first))},
              {"host", entry.second.host},
              {"until", entry.second.until_s}}
             .dump() +
         '\n';
}

std::string GardenPermits::text() const {
  std::string text;
  for (const Entry& entry : permits_) text += line(entry);
  return text;
}

std::optional<std::string> GardenPermits::go_on() {
  auto at = permits_.lower_bound(draft_->next);
  for (std::size_t i = 0; i < kLinesASlice && at != permits_.end(); ++i, ++at)
    draft_->text += line(*at);
  if (at != permits_.end()) {
    draft_->next = at->first;
    return std::nullopt;
  }
  std::string text = std::move(draft_->text);
  draft_.reset();
  return text;
}

tl::expected<std::size_t, Error> GardenPermits::load(const std::string& path,
                                                     policy::Permits& permits,
                                                     std::uint32_t now_s) {
  std::ifstream file{path};
  if (!file) return 0;
  std::map<Key, Permit> read;
  std::size_t line_number = 0;
  for (std::string line; std::getline(file, line);) {
    ++line_number;
    const Json entry = Json::parse(line, nullptr, false);
    const auto text = [&entry](const char* name) {
      return entry.is_object() && entry.contains(name) && entry[name].is_string()
                 ? entry[name].get<std::string>()
                 : std::string{};
    };
    const auto address = net::parse_ip(text("address"));
    if (!address || text("zone").empty() || !entry.contains("until") ||
        !entry["until"].is_number_unsigned()) {
      return tl::unexpected{Error{fmt::format("{}:{}", path, line_number),
                                  "this is no permit of the garden's",
                                  "remove the file: it is made anew"}};
    }
    const auto until_s = entry["until"].get<std::uint64_t>();
    if (until_s <= now_s || until_s > std::uint64_t{now_s} + policy::Permits::kMost_s) continue;
    read[{text("zone"), *address}] = {text("host"), static_cast<std::uint32_t>(until_s)};
  }
  const Config& config = *config_.config();
  std::size_t opened = 0;
  for (const auto& [key, permit] : read) {
    const auto& [zone_name, address] = key;
    const auto zone = std::ranges::find(config.zones, zone_name, &ZoneConfig::name);
    const bool is_default = zone_name == kDefaultZone;
    if (!is_default && zone == config.zones.end()) continue;
    const std::uint8_t number = is_default ? std::uint8_t{0} : config_.numbers().of(zone_name);
    if (!permits.open(number, address, permit.until_s, now_s)) continue;
    permits_[key] = permit;
    ++opened;
  }
  return opened;
}

tl::expected<void, Error> replace_file(const std::string& path, std::string_view text) {
  const std::string aside = path + ".new";
  const auto failed = [&](std::string_view what) {
    Error error{path, fmt::format("{}: {}", what, std::strerror(errno)),
                "see that its folder is there and has room"};
    ::unlink(aside.c_str());
    return tl::unexpected{std::move(error)};
  };
  const Fd file{::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR)};
  if (!file) return failed("cannot be written");
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("cannot be written");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return failed("cannot be made durable");
  if (std::rename(aside.c_str(), path.c_str()) != 0) return failed("cannot be replaced");
  return {};
}

}  // namespace gate511::control
