// SPDX-License-Identifier: BSD-3-Clause
#include "portal/brand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "portal/web/text.hpp"

namespace gate511::portal {
namespace {

tl::expected<std::string, Error> read(const Config& config, const std::string& key,
                                      const std::string& path) {
  if (path.empty()) return std::string{};
  const auto bad = [&](const std::string& what) {
    return tl::unexpected{Error{config.where(key), fmt::format("`{}` {} {}", key, path, what),
                                "give a file of at most 1 MiB, or leave the key out"}};
  };
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string content(Brand::kMaxFile + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad() || (!file && !file.eof()) || errno != 0)
    return bad(fmt::format("cannot be read: {}", std::strerror(errno == 0 ? EIO : errno)));
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > Brand::kMaxFile) return bad("is longer than 1 MiB");
  if (content.empty()) return bad("is empty");
  return content;
}

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!is_plain_text(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line)) return false;
  }
  return true;
}

}  // namespace

std::string image_type(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n")) return "image/png";
  if (bytes.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return "image/webp";
  if (bytes.starts_with("<svg") || bytes.starts_with("<?xml")) return "image/svg+xml";
  return {};
}

tl::expected<Brand, Error> load_brand(const Config& config) {
  Brand brand;
  auto style = read(config, "portal.style", config.style_file);
  if (!style) return tl::unexpected{style.error()};
  auto logo = read(config, "portal.logo", config.logo_file);
  if (!logo) return tl::unexpected{logo.error()};
  auto terms = read(config, "login.terms_file", config.terms_file);
  if (!terms) return tl::unexpected{terms.error()};
  brand.logo_type = image_type(*logo);
  if (!logo->empty() && brand.logo_type.empty()) {
    return tl::unexpected{Error{config.where("portal.logo"),
                                fmt::format("`portal.logo` {} is no image", config.logo_file),
                                "give a PNG, JPEG, WebP or SVG file"}};
  }
  if (!is_text(*terms)) {
    return tl::unexpected{Error{config.where("login.terms_file"),
                                fmt::format("`login.terms_file` {} is no text", config.terms_file),
                                "give plain text in UTF-8, which is shown line by line"}};
  }
  brand.style = std::move(*style);
  brand.logo = std::move(*logo);
  brand.terms = escape_html(*terms);
  return brand;
}

}  // namespace gate511::portal
