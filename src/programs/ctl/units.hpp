// SPDX-License-Identifier: BSD-3-Clause
//
// Times, sizes and rates as people write and read them. Decimal: a k is 1,000; only Ki, Mi, Gi and
// Ti are powers of 1,024.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gate511::ctl {

/// `90`, `90s`, `15m`, `1h30m`, `7d`, `2w` in seconds.
[[nodiscard]] std::optional<std::uint64_t> parse_duration(std::string_view text);
/// `500M`, `2G`, `1.5GB`, `4GiB`, `1000` in bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// `20M`, `1.5Gbit/s`, `64kbps`, `1000` in bits a second.
[[nodiscard]] std::optional<std::uint64_t> parse_rate(std::string_view text);
/// `2026-11-22T18:00:00Z`, `2026-11-22T18:00Z`, `2026-11-22` (UTC), or seconds, as unix time.
[[nodiscard]] std::optional<std::uint64_t> parse_time(std::string_view text);

/// `1h 5m`: the two greatest units.
[[nodiscard]] std::string show_duration(std::uint64_t seconds);
/// `0 B`, `999 B`, `1.50 kB`, `12.3 MB`: three digits.
[[nodiscard]] std::string show_size(std::uint64_t bytes);
/// `1.50 Mbit/s`
[[nodiscard]] std::string show_rate(double bits_per_s);
/// `12.3 k/s`: of frames and the like.
[[nodiscard]] std::string show_per_s(double count);
/// `1,234,567`
[[nodiscard]] std::string show_count(std::uint64_t count);
/// `2026-11-22 18:00:00Z`
[[nodiscard]] std::string show_time(std::uint64_t unix_s);

}  // namespace gate511::ctl
