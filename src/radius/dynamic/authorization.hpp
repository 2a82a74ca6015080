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
#include "radius/dynamic/answered.hpp"
#include "radius/dynamic/meaning.hpp"
#include "radius/gateway/changes.hpp"
#include "radius/terms.hpp"

namespace gate511::radius {

class DynamicAuthorization {
 public:
  struct Counts {
    std::uint64_t disconnects = 0;  ///< requests that were believed
    std::uint64_t changes = 0;
    std::uint64_t acks = 0;
    std::uint64_t naks = 0;
    std::uint64_t repeated = 0;   ///< answered as before
    std::uint64_t strangers = 0;  ///< these six: dropped without an answer
    std::uint64_t malformed = 0;
    std::uint64_t bad_authenticator = 0;
    std::uint64_t unsealed = 0;
    std::uint64_t old = 0;   ///< not of now, or without Event-Timestamp
    std::uint64_t full = 0;  ///< more of now than are remembered
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
  /// Why it is not believed to be of now.
  [[nodiscard]] std::optional<std::string> wrong_time(std::optional<std::uint32_t> sent_at,
                                                      std::uint64_t now) const;
  /// Calls `then` if that session is there and has not been followed by another; else answers.
  void if_it_is_there(const Asker& asker, const Known& session, std::function<void()> then);
  void disconnect(const Asker& asker, const Known& session);
  void change(const Asker& asker, const Known& session, const Packet& request);

  Parts parts_;
  std::uint64_t started_at_;
  FileDescriptor socket_;
  Answered answered_;
  Counts counts_;
};

}  // namespace gate511::radius
