// SPDX-License-Identifier: BSD-3-Clause
//
// How a program speaks with gate511: lets a client in, looks it up, lists all with its tag, and
// ends its session.
//
//   c++ -std=c++20 sessions.cpp $(pkg-config --cflags --libs libgate511) -o sessions
//   ./sessions /run/gate511/control.sock 02:00:5e:00:53:01
#include <gate511/client.hpp>

#include <cstdio>
#include <string>

namespace {

using gate511::Client;
using gate511::ClientError;
using Json = nlohmann::json;

int fail(const char* what, const ClientError& error) {
  // A refusal has a code for programs and a sentence for people.
  std::fprintf(stderr, "%s: %s%s%s\n", what, error.message.c_str(),
               error.reason.empty() ? "" : ": ", error.reason.c_str());
  return 1;
}

/// All pages of a listing. A cursor is null after the last one; a page may be empty before that.
tl::expected<Json, ClientError> list(Client& client, const std::string& tag) {
  Json all = Json::array();
  for (Json cursor = 0; !cursor.is_null();) {
    auto page = client.call("session.list", {{"tag", tag}, {"limit", 500}, {"cursor", cursor}});
    if (!page) return tl::unexpected{page.error()};
    for (Json& session : (*page)["sessions"]) all.push_back(std::move(session));
    cursor = (*page)["next_cursor"];
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: sessions SOCKET MAC\n", stderr);
    return 2;
  }
  const std::string mac = argv[2];
  auto client = Client::connect(argv[1]);
  if (!client) return fail(argv[1], client.error());

  const auto added =
      client->call("session.add", {{"mac", mac}, {"ttl_s", 3600}, {"tag", "example"}});
  if (!added) return fail("session.add", added.error());
  std::printf("%s\n", added->value("created", false) ? "added" : "changed");

  const auto got = client->call("session.get", {{"mac", mac}});
  if (!got) return fail("session.get", got.error());
  std::printf("got %s\n", got->at("session").value("state", "?").c_str());

  const auto listed = list(*client, "example");
  if (!listed) return fail("session.list", listed.error());
  std::printf("listed %zu\n", listed->size());

  const auto revoked = client->call("session.revoke", {{"mac", mac}});
  if (!revoked) return fail("session.revoke", revoked.error());
  std::printf("revoked %d\n", revoked->value("revoked", 0));

  const auto gone = client->call("session.get", {{"mac", mac}});
  if (gone || !gone.error().is_not_found()) return 1;
  std::printf("gone\n");
  return 0;
}
