// SPDX-License-Identifier: BSD-3-Clause
//
// The gateway, as the portal needs it: who has an address, and sessions opened and ended. It
// connects when it is first asked, again when the gateway has restarted, and never twice for one
// question that may have been carried out already, but for adds, which say the same twice. While it
// is silent one thread waits for it, and the others have their answer at once.
#pragma once

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate511/client.hpp"
#include "portal/config.hpp"
#include "portal/web/tls.hpp"

namespace gate511::portal {

struct GatewayError {
  enum class Kind {
    kNotFound,     ///< no such client or session
    kConflict,     ///< several claim the address
    kUnreachable,  ///< nobody answers; nothing was changed
    kUncertain,    ///< it may have been carried out
    kNoRights,     ///< the portal may not do this
    kRefused,      ///< the gateway says no: full, busy, or the store failed
  };
  Kind kind = Kind::kUnreachable;
  std::string message;  ///< for the log
  /// BUSY: what was asked is done and stored, only a worker that stands still may not have seen it.
  bool stands = false;
};

/// By what the gateway knows a session. VLAN and link only where they count.
struct ClientKey {
  std::string mac;
  std::uint16_t vlan = 0;
  std::string link;
};

struct Session {
  ClientKey client;
  std::uint64_t id = 0;
  std::string state;
  std::string tag;
  std::string user;
  std::optional<std::uint64_t> seconds_left;  ///< nothing: no end
  std::optional<std::uint64_t> bytes_left;    ///< nothing: no quota
  std::uint64_t bytes = 0;                    ///< both ways

  [[nodiscard]] bool is_open() const { return state == "authenticated"; }
};

/// What a login asks for.
struct NewSession {
  ClientKey client;
  std::uint64_t ttl_s = 0;  ///< 0: no end
  std::uint64_t rate_up_bps = 0;
  std::uint64_t rate_down_bps = 0;
  std::uint64_t quota_bytes = 0;
  std::uint64_t idle_s = 0;
  std::string session_class;
  std::string user;
};

/// Any number of threads may use one at once: each question has a connection of its own.
class Gateway {
 public:
  using Json = nlohmann::json;
  template <typename T>
  using Result = tl::expected<T, GatewayError>;

  /// `tls`: null for the UNIX socket; else of client_context().
  Gateway(GatewayConfig config, TlsContext tls);

  /// The number that it has among several (`hello`); 0: none, or it does not say now. Asked again
  /// now and then, as a restart may change it.
  [[nodiscard]] std::uint8_t own_number();
  /// Who has an address (`client.get`).
  [[nodiscard]] Result<ClientKey> client_at(const std::string& address);
  [[nodiscard]] Result<Session> session_at(const std::string& address);
  [[nodiscard]] Result<Session> session_of(const ClientKey& client);
  /// Durable, and in effect, when it returns.
  [[nodiscard]] Result<Session> add(const NewSession& session);
  /// In effect when it returns. kNotFound: there was none.
  [[nodiscard]] Result<void> revoke(const ClientKey& client);
  /// Any method, for the operator's page. The result as it came.
  [[nodiscard]] Result<Json> ask(std::string_view method, const Json& params);
  /// A connection of one's own, for events.
  [[nodiscard]] Result<Client> connect();

  [[nodiscard]] const GatewayConfig& config() const { return config_; }

 private:
  struct Idle {
    Client client;
    std::chrono::steady_clock::time_point since;
  };
  [[nodiscard]] Result<Client> take();
  /// False: it has been silent, and is still.
  [[nodiscard]] bool is_awake();
  void note(bool is_silent);
  [[nodiscard]] Result<Json> call_awake(std::string_view method, const Json& params,
                                        bool may_repeat);
  void give_back(Client client);
  [[nodiscard]] Result<Json> call(std::string_view method, const Json& params, bool may_repeat);
  [[nodiscard]] Result<Json> key_of(const ClientKey& client);

  const GatewayConfig config_;
  const TlsContext tls_;
  std::mutex mutex_;
  std::vector<Idle> idle_;
  std::chrono::steady_clock::time_point tried_{};  ///< last time that nobody answered
  std::string trouble_;
  std::chrono::steady_clock::time_point numbered_{};  ///< when it said
  std::uint8_t own_number_ = 0;
  bool is_silent_ = false;   ///< the last answer did not come in time
  bool is_probing_ = false;  ///< one thread waits for whether it is silent still
  std::condition_variable has_probed_;
};

}  // namespace gate511::portal
