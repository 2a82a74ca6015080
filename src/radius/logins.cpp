// SPDX-License-Identifier: BSD-3-Clause
#include "radius/logins.hpp"

#include <utility>

#include "radius/guests.hpp"
#include "radius/terms.hpp"

namespace gate511::radius {
namespace {

constexpr std::uint32_t kLogin = 1;  // Service-Type, RFC 2865, 5.6
constexpr std::size_t kMaxUser = 253;
constexpr std::size_t kMaxPassword = 128;
constexpr int kInvalidParams = -32'602;
constexpr int kNoServer = -32'007;

}  // namespace

void Logins::login(const Door::Json& params, Door::Done done) {
  const auto mac = read_mac(text_of(params, "mac"));
  const std::string user = text_of(params, "user");
  const std::string password = text_of(params, "password");
  if (!mac || user.empty() || user.size() > kMaxUser || password.empty() ||
      password.size() > kMaxPassword) {
    return done(
        tl::unexpected{Door::Refusal{kInvalidParams, "give `mac`, `user` and `password`", {}}});
  }
  // A MAC that is let in as a guest's is known to all who hear it: it is no user at the portal.
  if (read_mac(user)) {
    ++counts_.rejected;
    return done(Door::Json{{"accepted", false}});
  }
  Place place = place_of(params);
  place.mac = *mac;
  Request request;
  request.attributes = request_attributes(config_, place, user, kLogin);
  request.about = user;
  request.credentials.kind = config_.uses_chap ? Credentials::Kind::kChap : Credentials::Kind::kPap;
  request.credentials.password = password;
  ++counts_.asked;
  exchange_.send(std::move(request),
                 [this, place, user, done = std::move(done)](const Exchange::Result& result) {
                   take(place, user, result, done);
                 });
}

void Logins::take(const Place& place, const std::string& user, const Exchange::Result& result,
                  const Door::Done& done) {
  if (!result && result.error() != Exchange::Failure::kUnusable) {
    ++counts_.unanswered;
    return done(tl::unexpected{Door::Refusal{kNoServer, "no RADIUS server answers", "NO_SERVER"}});
  }
  const bool is_accept = result && (*result)->code() == Code::kAccessAccept;
  const Terms terms = is_accept ? Terms::of(**result) : Terms{};
  if (!is_accept || terms.grants_nothing) {
    ++counts_.rejected;
    return done(Door::Json{{"accepted", false}});
  }
  ++counts_.accepted;
  directory_.accepted(
      {place, terms.user.empty() ? user : terms.user, terms.classes, terms.interim_s.value_or(0)});
  Door::Json told = session_params(config_, terms, user);
  told.erase("tag");
  done(Door::Json{{"accepted", true}, {"terms", std::move(told)}});
}

}  // namespace gate511::radius
