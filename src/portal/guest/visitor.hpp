// SPDX-License-Identifier: BSD-3-Clause
//
// Who is at the portal: by the signed link, by the address that the gateway knows, or by a ticket
// that the portal gave one of these.
#pragma once

#include <tl/expected.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "gate511/login_link.hpp"
#include "portal/gateway.hpp"
#include "portal/log.hpp"
#include "portal/store/database.hpp"
#include "portal/web/seal.hpp"

namespace gate511::portal {

struct Visitor {
  ClientKey client;
  std::uint32_t nonce = 0;
  std::string return_url;    ///< as it was signed; not checked
  std::string address{};     ///< where it came from
  UnixTime made = 0;         ///< of the ticket that it came with; 0: it came with none
  std::uint8_t gateway = 0;  ///< that signed its link, among several; 0: not told
};

/// Why it is not known who it is; each has a page.
struct Stranger {
  enum class Why { kForged, kExpired, kOther, kUnknown, kConflict, kNoLink, kNoGateway, kOldForm };
  Why why = Why::kForged;
  std::string return_url;  ///< of an expired link, which was signed too
  std::string mac;         ///< of the same
};

/// Any number of threads may use one at once.
class Visitors {
 public:
  Visitors(const std::vector<std::string>& secrets, Gateway& gateway, Log& log);

  /// `target`: with the query as it came. Without `t` the address says who it is, where it can.
  [[nodiscard]] tl::expected<Visitor, Stranger> arrive(std::string_view target,
                                                       const std::string& address);
  /// Of a form that is given to this visitor. It is as old as the one that it came with, so that a
  /// nonce is not asked about for longer than it is remembered.
  [[nodiscard]] std::string ticket(std::string_view purpose, const Visitor& visitor,
                                   UnixTime now) const;
  /// Who sent the form, if it is who got it.
  [[nodiscard]] tl::expected<Visitor, Stranger> return_with(std::string_view purpose,
                                                            std::string_view ticket,
                                                            const std::string& address,
                                                            UnixTime now);

 private:
  using Result = tl::expected<Visitor, Stranger>;
  [[nodiscard]] Result by_address(const std::string& address);
  /// Is this MAC at this address? `signed_for`: the address that the gateway signed the link for.
  [[nodiscard]] Result check(Visitor visitor, const std::string& address,
                             const std::string& signed_for);
  [[nodiscard]] Stranger of(const GatewayError& error, const std::string& address);

  LoginLinkVerifier verifier_;
  LoginLinkVerifier patient_;  ///< knows expired links, so that they are renewed
  Seal seal_;
  Gateway& gateway_;
  Log& log_;
};

/// What to do about a gateway that does not do what it is asked, for the log.
[[nodiscard]] std::string text_of(const GatewayError& error);

}  // namespace gate511::portal
