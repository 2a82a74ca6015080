// SPDX-License-Identifier: BSD-3-Clause
//
// Changes that a server asks for on its own (RFC 5176): a Disconnect ends a session, a CoA sets its
// terms anew. Taken from known clients alone, signed, sealed and of now; one that comes twice is
// answered as before and done once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "radius/accounting/directory.hpp"
#include "radius/client/address.hpp"
#include "radius/config.hpp"
#include "radius/gateway/changes.hpp"
#include "radius/recent.hpp"
#include "radius/terms.hpp"

namespace gate511::radius {

/// RFC 5176, 3.5.
enum class ErrorCause : std::uint32_t {
  kUnsupportedAttribute = 401,
  kMissingAttribute = 402,
  kNasMismatch = 403,
  kUnsupportedService = 405,
  kInvalidValue = 407,
  kProhibited = 501,
  kNoSession = 503,
  kResources = 506,
  kSeveralSessions = 508,
};

class DynamicAuthorization {
 public:
  struct Counts {
    std::uint64_t disconnects = 0;  ///< requests that were believed
    std::uint64_t changes = 0;
    std::uint64_t acks = 0;
    std::uint64_t naks = 0;
    std::uint64_t repeated = 0;   ///< answered as before
    std::uint64_t strangers = 0;  ///< these five: dropped without an answer
    std::uint64_t malformed = 0;
    std::uint64_t bad_authenticator = 0;
    std::uint64_t unsealed = 0;
    std::uint64_t old = 0;  ///< out of `coa.window_s`, or without Event-Timestamp
  };
  struct Parts {
    const Config& config;
    const std::vector<std::string>& secrets;  ///< of config.coa_clients
    const Directory& directory;
    Changes& changes;
    std::function<void(const std::string& mac)> on_disconnect;
    std::function<void(const std::string& mac)> on_kept;  ///< it was not ended after all
    std::function<std::uint64_t()> unix_s;
  };
  /// References outlive this.
  explicit DynamicAuthorization(Parts parts);

  /// Nothing where `coa.listen` is empty.
  [[nodiscard]] tl::expected<void, Error> open();
  [[nodiscard]] int fd() const { return socket_.get(); }
  void work();
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  /// Who asked, to be answered.
  struct Asker {
    SocketAddress from;
    std::string name;
    std::string secret;
    PacketBytes request;
  };

  void take(Bytes datagram, const SocketAddress& from);
  void drop(std::uint64_t& count, const std::string& what, const std::string& who);
  void act(const Asker& asker, const Packet& request);
  void answer(const Asker& asker, std::optional<ErrorCause> cause);
  [[nodiscard]] tl::expected<Known, ErrorCause> find(const Packet& request) const;
  [[nodiscard]] std::optional<ErrorCause> check(const Packet& request) const;
  /// Calls `then` if that session is there and has not been followed by another; else answers.
  void if_it_is_there(const Asker& asker, const Known& session, std::function<void()> then);
  void disconnect(const Asker& asker, const Known& session);
  void change(const Asker& asker, const Known& session, const Packet& request);

  Parts parts_;
  FileDescriptor socket_;
  /// Replies to what was believed, empty while it is being done: a request that is sent again, or
  /// was recorded, is not done again, whoever sends it.
  Recent<Authenticator, PacketBytes> answered_{65'536};
  Counts counts_;
};

}  // namespace gate511::radius
