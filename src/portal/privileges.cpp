// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>

#include "portal/portal.hpp"

namespace gate511::portal {
namespace {

settings::Privileges wanted_by(const Config& config) {
  return {config.user,
          config.user_is_given,
          config.where("privileges.user"),
          "the portal",
          {std::filesystem::path{config.database}.parent_path()}};
}

}  // namespace

tl::expected<std::optional<settings::Identity>, Error> user_to_be(const Config& config) {
  return settings::user_to_be(wanted_by(config));
}

std::optional<Error> root_warning(const Config& config) {
  return settings::root_warning(wanted_by(config));
}

tl::expected<std::string, Error> give_up_root(const Config& config) {
  return settings::give_up_root(wanted_by(config));
}

}  // namespace gate511::portal
