// SPDX-License-Identifier: BSD-3-Clause
#include "portal/guest/method.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <semaphore>
#include <utility>

#include "portal/guest/radius_login.hpp"

namespace gate511::portal {
namespace {

class Terms : public Method {
 public:
  Terms(const Plan* plan, std::string terms) : plan_{plan}, terms_{std::move(terms)} {}
  [[nodiscard]] std::string_view name() const override { return "terms"; }
  [[nodiscard]] std::string_view asset_name() const override { return "method_terms.html"; }
  void add_values(Values& values) const override {
    if (!terms_.empty()) values["terms"] = terms_;
  }
  [[nodiscard]] bool can_be_guessed() const override { return false; }
  [[nodiscard]] std::string_view text_of(Denial) const override { return "not_accepted"; }
  [[nodiscard]] tl::expected<Grant, Denial> check(const Form& form, const ClientKey&,
                                                  UnixTime) override {
    if (form["accept"] != "yes") return tl::unexpected{Denial::kNotAccepted};
    return Grant{*plan_, {}, plan_->ttl_s, plan_->quota_bytes, {}};
  }

 private:
  const Plan* plan_;
  std::string terms_;
};

class ByVoucher : public Method {
 public:
  ByVoucher(const Config& config, Vouchers& vouchers, Log& log)
      : config_{config}, vouchers_{vouchers}, log_{log} {}
  [[nodiscard]] std::string_view name() const override { return "voucher"; }
  [[nodiscard]] std::string_view asset_name() const override { return "method_voucher.html"; }
  [[nodiscard]] std::string_view typed_field() const override { return "code"; }
  [[nodiscard]] std::string_view text_of(Denial denial) const override {
    switch (denial) {
      case Denial::kExpired:
        return "voucher_expired";
      case Denial::kTooManyDevices:
        return "voucher_devices";
      case Denial::kUsedUp:
        return "used_up";
      case Denial::kWrong:
      case Denial::kNotAccepted:
      case Denial::kNoPlan:
      case Denial::kNoServer:
        break;
    }
    return "wrong_voucher";
  }
  [[nodiscard]] tl::expected<Grant, Denial> check(const Form& form, const ClientKey& client,
                                                  UnixTime now) override {
    const std::string& mac = client.mac;
    const Redeemed redeemed = vouchers_.redeem(
        form["code"], mac, now, [this](const std::string& name) -> std::optional<std::uint64_t> {
          const Plan* const plan = config_.plan(name);
          if (plan == nullptr) return std::nullopt;
          return plan->ttl_s;
        });
    switch (redeemed.why) {
      case Redeemed::Why::kUnknown:
        return tl::unexpected{Denial::kWrong};
      case Redeemed::Why::kExpired:
        return tl::unexpected{Denial::kExpired};
      case Redeemed::Why::kTooManyDevices:
        return tl::unexpected{Denial::kTooManyDevices};
      case Redeemed::Why::kNoPlan:
        log_.say("plan", fmt::format("voucher {} is of plan \"{}\", which there is none of; add it "
                                     "to the configuration again",
                                     redeemed.voucher.id, redeemed.voucher.plan));
        return tl::unexpected{Denial::kNoPlan};
      case Redeemed::Why::kGood:
        break;
    }
    const Plan* const plan = config_.plan(redeemed.voucher.plan);
    if (plan->quota_bytes > 0 && redeemed.bytes >= plan->quota_bytes)
      return tl::unexpected{Denial::kUsedUp};
    const std::uint64_t ends = redeemed.voucher.ends_at;
    return Grant{*plan, user_of_voucher(redeemed.voucher.id),
                 ends == 0 ? 0 : std::max<std::uint64_t>(ends - now, 1),
                 plan->quota_bytes == 0 ? 0 : plan->quota_bytes - redeemed.bytes,
                 [this, redeemed, mac] { vouchers_.take_back(redeemed, mac); }};
  }

 private:
  const Config& config_;
  Vouchers& vouchers_;
  Log& log_;
};

class ByPassword : public Method {
 public:
  ByPassword(const Config& config, Users& users, Log& log)
      : config_{config}, users_{users}, log_{log} {}
  [[nodiscard]] std::string_view name() const override { return "password"; }
  [[nodiscard]] std::string_view asset_name() const override { return "method_password.html"; }
  [[nodiscard]] std::string_view typed_field() const override { return "user"; }
  [[nodiscard]] std::string_view text_of(Denial) const override { return "wrong_password"; }
  [[nodiscard]] tl::expected<Grant, Denial> check(const Form& form, const ClientKey&,
                                                  UnixTime) override {
    const std::string& name = form["user"];
    const std::string& password = form["password"];
    if (name.empty() || name.size() > kMaxUserName || password.size() > kMaxPassword)
      return tl::unexpected{Denial::kWrong};
    const auto user = users_.check(name, password);
    if (!user) return tl::unexpected{Denial::kWrong};
    const Plan* const plan = config_.plan(user->plan);
    if (plan == nullptr) {
      log_.say("plan", fmt::format("user {} is of plan \"{}\", which there is none of; add it to "
                                   "the configuration again",
                                   name, user->plan));
      return tl::unexpected{Denial::kNoPlan};
    }
    return Grant{*plan, name, plan->ttl_s, plan->quota_bytes, {}};
  }

 private:
  const Config& config_;
  Users& users_;
  Log& log_;
};

/// Users that RADIUS servers know.
class ByRadius : public Method {
 public:
  ByRadius(const Config& config, Log& log) : socket_{config.radius_socket}, log_{log} {}
  [[nodiscard]] std::string_view name() const override { return "password"; }
  [[nodiscard]] std::string_view asset_name() const override { return "method_password.html"; }
  [[nodiscard]] std::string_view typed_field() const override { return "user"; }
  [[nodiscard]] std::string_view text_of(Denial) const override { return "wrong_password"; }
  [[nodiscard]] tl::expected<Grant, Denial> check(const Form& form, const ClientKey& client,
                                                  UnixTime) override {
    if (!places_.try_acquire()) {
      log_.say("radius",
               fmt::format("{}: {} logins wait for it already; see that its servers answer",
                           socket_, kMaxAtOnce));
      return tl::unexpected{Denial::kNoServer};
    }
    auto login = ask_radius(socket_, client, form["user"], form["password"]);
    places_.release();
    if (!login) {
      log_.say("radius", login.error());
      return tl::unexpected{Denial::kNoServer};
    }
    if (!*login) return tl::unexpected{Denial::kWrong};
    Plan& plan = (*login)->terms;
    return Grant{plan, (*login)->user, plan.ttl_s, plan.quota_bytes, {}};
  }

 private:
  // Each has a thread of the site's, of which the others need some.
  static constexpr std::ptrdiff_t kMaxAtOnce = 4;

  std::string socket_;
  Log& log_;
  std::counting_semaphore<kMaxAtOnce> places_{kMaxAtOnce};
};

}  // namespace

std::vector<std::unique_ptr<Method>> make_methods(const Config& config, Vouchers& vouchers,
                                                  Users& users, const std::string& terms,
                                                  Log& log) {
  std::vector<std::unique_ptr<Method>> methods;
  for (const std::string& name : config.methods) {
    if (name == "terms") {
      methods.push_back(std::make_unique<Terms>(config.plan(config.terms_plan), terms));
    } else if (name == "voucher") {
      methods.push_back(std::make_unique<ByVoucher>(config, vouchers, log));
    } else if (!config.radius_socket.empty()) {
      methods.push_back(std::make_unique<ByRadius>(config, log));
    } else {
      methods.push_back(std::make_unique<ByPassword>(config, users, log));
    }
  }
  return methods;
}

}  // namespace gate511::portal
