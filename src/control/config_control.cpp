// SPDX-License-Identifier: BSD-3-Clause
#include "control/config_control.hpp"

#include <fmt/format.h>

#include <charconv>

namespace gate511::control {
namespace {

constexpr unsigned kTlsPort = 9'512, kMetricsPort = 9'511;  // of examples

void read_socket_path(Section& section, std::string_view key, std::string& out) {
  section.text(key, out);
  if (out.starts_with('/') && out.size() <= ControlConfig::kMaxSocketPath) return;
  section.fail(key, {fmt::format("`control.{}` is {} bytes long and begins with \"{}\"", key,
                                 out.size(), out.substr(0, 1)),
                     fmt::format("give an absolute path of at most {} bytes",
                                 ControlConfig::kMaxSocketPath)});
}

bool is_listen_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  std::string_view host = std::string_view{text}.substr(0, colon);
  const bool has_brackets = host.starts_with('[') && host.ends_with(']');
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (!net::parse_ip(host) || has_brackets != (host.find(':') != host.npos)) return false;
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, port);
  return read.ec == std::errc{} && read.ptr == end && port >= 1 && port <= 65'535;
}

/// The key `key` of `section`, which is not empty.
void check_listen_address(Section& section, std::string_view key, const std::string& text,
                          unsigned example_port) {
  if (is_listen_address(text)) return;
  section.fail(
      key, {fmt::format("`{}` is no address and port", section.name(key)),
            fmt::format("write it like \"192.0.2.1:{0}\" or \"[2001:db8::1]:{0}\"", example_port)});
}

void read_tls_clients(Document& document, const toml::table* table, ControlConfig& out) {
  if (table == nullptr) return;
  for (const auto& [name, value] : *table) {
    const auto right = value.value<std::string_view>().value_or("");
    const bool is_known = right == "change" || right == "read" || right == "status";
    if (!is_known) {
      document.fail(static_cast<int>(value.source().begin.line),
                    {fmt::format("`control.tls_clients` has a name whose right is none"),
                     "give it \"change\", \"read\" or \"status\""});
    }
    out.tls_clients[std::string{name.str()}] = right == "change" ? Access::kChange
                                               : right == "read" ? Access::kRead
                                                                 : Access::kStatus;
  }
}

void read_tls(Document& document, Section& section, ControlConfig& out) {
  section.text("tls_listen", out.tls_listen);
  section.text("tls_cert", out.tls_cert);
  section.text("tls_key", out.tls_key);
  section.text("tls_ca", out.tls_ca);
  read_tls_clients(document, section.table("tls_clients"), out);
  if (out.tls_listen.empty()) return;
  check_listen_address(section, "tls_listen", out.tls_listen, kTlsPort);
  for (const auto& [key, file] :
       {std::pair{"tls_cert", &out.tls_cert}, {"tls_key", &out.tls_key}, {"tls_ca", &out.tls_ca}}) {
    if (!file->empty()) continue;
    section.fail("tls_listen", {fmt::format("`control.{}` is missing", key),
                                "TLS needs tls_cert, tls_key and tls_ca, each a PEM file"});
  }
  if (out.tls_clients.empty()) {
    section.fail("tls_listen",
                 {"`control.tls_clients` names no one",
                  "give rights by certificate name: tls_clients = {\"portal.example\" = "
                  "\"change\"}"});
  }
}

}  // namespace

void read_control(Document& document, const toml::table* table, ControlConfig& out) {
  Section section{document,
                  table,
                  "control",
                  {"socket", "status_socket", "group", "audit_log", "tls_listen", "tls_cert",
                   "tls_key", "tls_ca", "tls_clients"}};
  read_socket_path(section, "socket", out.socket);
  section.text("status_socket", out.status_socket);
  if (!out.status_socket.empty()) read_socket_path(section, "status_socket", out.status_socket);
  if (out.socket == out.status_socket) {
    section.fail("status_socket", {"`control.status_socket` is `control.socket` as well",
                                   "give each a path of its own, or set it to \"\""});
  }
  section.text("group", out.group);
  section.text("audit_log", out.audit_log);
  if (!out.audit_log.empty() && !out.audit_log.starts_with('/')) {
    section.fail("audit_log", {"`control.audit_log` is no absolute path",
                               "write it like \"/var/log/gate511/audit.jsonl\""});
  }
  read_tls(document, section, out);
}

void read_metrics(Section section, MetricsConfig& out) {
  section.text("listen", out.listen);
  if (!out.listen.empty()) check_listen_address(section, "listen", out.listen, kMetricsPort);
}

}  // namespace gate511::control
