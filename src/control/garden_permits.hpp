// SPDX-License-Identifier: BSD-3-Clause
//
// What the workers learnt of the garden's hosts: which address, from which name, until when. For
// people, and kept in a file so that guests' connections go on over a restart. Control thread.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "control/config_state.hpp"
#include "control/json_rpc.hpp"
#include "dataplane/sighting_source.hpp"
#include "gate511/error.hpp"
#include "policy/permits.hpp"

namespace gate511::control {

class GardenPermits {
 public:
  static constexpr std::size_t kMax = 65'536;  ///< that are told of and kept; more may be open
  static constexpr std::size_t kForgetATick = 256;
  static constexpr std::size_t kLinesASlice = 32;

  struct Permit {
    std::string host;
    std::uint32_t until_s = 0;  ///< unix time
  };
  using Key = std::tuple<std::string, net::IpAddress>;  ///< name of the zone, address

  /// `config` outlives this.
  explicit GardenPermits(const ConfigState& config) : config_{config} {}

  /// Takes in what the workers learnt, for one slice. True if there may be more.
  bool take(dataplane::SightingSource& source);
  void add(const pipeline::Learnt& learnt);
  /// A few times a second: forgets some of what has ended.
  void tick(std::uint32_t now_s);

  [[nodiscard]] const std::map<Key, Permit>& permits() const { return permits_; }
  /// True once since the last call, if there is something new to keep.
  [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }
  [[nodiscard]] bool has_ever_changed() const { return ever_changed_; }

  /// As the file holds it.
  [[nodiscard]] std::string text() const;
  /// The same in slices, of what there is by then: begin, then go on until there is a text.
  void begin_text() { draft_ = Draft{}; }
  [[nodiscard]] bool has_begun() const { return draft_.has_value(); }
  [[nodiscard]] std::optional<std::string> go_on();
  /// Opens in `permits` what the file holds and has not ended, for zones that still have hosts.
  /// A file that is not there is no error; a damaged one is, and nothing of it is taken.
  [[nodiscard]] tl::expected<std::size_t, Error> load(const std::string& path,
                                                      policy::Permits& permits,
                                                      std::uint32_t now_s);

 private:
  struct Draft {
    std::string text;
    Key next{};
  };
  using Entry = std::pair<const Key, Permit>;
  static std::string line(const Entry& entry);
  [[nodiscard]] std::string zone_name(std::uint8_t number) const;
  void change() { changed_ = ever_changed_ = true; }

  const ConfigState& config_;
  std::map<Key, Permit> permits_;
  Key next_{};  ///< where tick() goes on
  std::optional<Draft> draft_;
  bool changed_ = false, ever_changed_ = false;
};

/// Writes `text` to `path` whole or not at all: a temporary file, fsync, rename. Any thread.
[[nodiscard]] tl::expected<void, Error> replace_file(const std::string& path,
                                                     std::string_view text);

}  // namespace gate511::control
