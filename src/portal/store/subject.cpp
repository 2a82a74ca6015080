// SPDX-License-Identifier: BSD-3-Clause
#include "portal/store/subject.hpp"

namespace gate511::portal {

Forgotten forget_subject(PortalFile& file, const std::string& mac) {
  Forgotten gone;
  {
    PortalFile::Work work{file, true};
    const auto drop = [&](const char* sql) {
      work.prepare(sql).bind_text(1, mac).run();
      return static_cast<std::uint64_t>(work.changes());
    };
    gone.logins = drop("DELETE FROM trail WHERE mac = ?1");
    gone.vouchers = drop("DELETE FROM device WHERE mac = ?1");
    gone.links = drop("DELETE FROM spent WHERE mac = ?1");
    work.commit();
  }
  file.rebuild();
  return gone;
}

nlohmann::ordered_json subject_json(PortalFile& file, const std::string& path,
                                    const std::string& mac) {
  using Json = nlohmann::ordered_json;
  Json logins = Json::array(), devices = Json::array(), links = Json::array();
  const PortalFile::Work work{file};
  auto login = work.prepare("SELECT at, method, who FROM trail WHERE mac = ?1 ORDER BY at");
  login.bind_text(1, mac);
  while (login.step()) {
    logins.push_back({{"at", login.number(0)},
                      {"method", std::string{login.bytes(1)}},
                      {"who", std::string{login.bytes(2)}}});
  }
  auto device = work.prepare("SELECT voucher, bytes, last_login FROM device WHERE mac = ?1");
  device.bind_text(1, mac);
  while (device.step()) {
    devices.push_back({{"voucher", device.number(0)},
                       {"bytes", device.number(1)},
                       {"last_login", device.number(2)}});
  }
  auto link = work.prepare("SELECT nonce, at FROM spent WHERE mac = ?1");
  link.bind_text(1, mac);
  while (link.step()) links.push_back({{"number", link.number(0)}, {"at", link.number(1)}});
  return {{"mac", mac},
          {"file", path},
          {"logins", std::move(logins)},
          {"vouchers", std::move(devices)},
          {"spent_links", std::move(links)}};
}

}  // namespace gate511::portal
