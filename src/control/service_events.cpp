// SPDX-License-Identifier: BSD-3-Clause
#include "control/service_events.hpp"

#include <fmt/format.h>

#include <utility>

#include "control/params.hpp"

namespace gate511::control {
namespace {

constexpr std::uint64_t kMaxSeq = 0x7fff'ffff'ffff'ffff;

EventBus::TypeMask read_types(Params& params) {
  const Json* const types = params.array("types", EventBus::kTypes.size());
  if (types == nullptr) return EventBus::kUsualTypes;
  EventBus::TypeMask all = 0;
  for (const Json& type : *types) {
    const auto mask =
        type.is_string() ? EventBus::mask_of(type.get_ref<const std::string&>()) : std::nullopt;
    if (!mask) {
      params.fail(rpc::invalid_params(fmt::format("`types` holds what is none; types are {}",
                                                  fmt::join(EventBus::kTypes, ", "))));
    }
    all |= mask.value_or(0);
  }
  return all;
}

std::string read_consumer(Params& params) {
  const auto name = params.text("consumer", EventBus::kMaxName);
  if (name && name->empty()) params.fail(rpc::invalid_params("`consumer` is empty; give a name"));
  return name.value_or("");
}

}  // namespace

EventService::EventService(Dispatcher& dispatcher, EventBus& events) : events_{events} {
  dispatcher.add("events.subscribe", Access::kRead,
                 Method{[this](const Caller& caller, const Json& params, const Done& done) {
                   done(subscribe(caller, params));
                 }});
  dispatcher.add("events.acknowledge", Access::kChange,
                 [this](const Json& params, const Done& done) { done(acknowledge(params)); });
}

Outcome EventService::subscribe(const Caller& caller, const Json& given) {
  Params params{given, {"types", "since", "consumer"}};
  EventBus::Wanted wanted;
  wanted.types = read_types(params);
  wanted.since = params.integer("since", 0, kMaxSeq);
  wanted.consumer = read_consumer(params);
  if (params.error()) return tl::unexpected{*params.error()};
  if (!wanted.consumer.empty() && !caller.may(Access::kChange)) {
    return tl::unexpected{rpc::read_only(
        "`consumer` needs the right to change, since what it has not acknowledged is kept for it; "
        "leave it out")};
  }
  const auto made = events_.subscribe(caller.connection, wanted);
  if (!made) {
    return tl::unexpected{rpc::busy(
        fmt::format("{} consumers are known already; end one by `events.acknowledge` with "
                    "`forget`: true",
                    events_.consumers()))};
  }
  return Json{{"seq", made->seq},
              {"oldest_seq", made->oldest},
              {"missed", made->missed},
              {"kept", made->kept},
              {"dropped", made->dropped}};
}

Outcome EventService::acknowledge(const Json& given) {
  Params params{given, {"consumer", "seq", "forget"}};
  params.require("consumer");
  const std::string consumer = read_consumer(params);
  const auto seq = params.integer("seq", 0, kMaxSeq);
  const bool forget = params.boolean("forget").value_or(false);
  if (forget == seq.has_value())
    params.fail(rpc::invalid_params("give one of `seq` and `forget`: true"));
  if (params.error()) return tl::unexpected{*params.error()};
  const auto kept = forget ? std::optional<std::size_t>{0} : events_.acknowledge(consumer, *seq);
  if (!kept || (forget && !events_.forget(consumer)))
    return tl::unexpected{rpc::not_found(fmt::format("there is no consumer `{}`", consumer))};
  return Json{{"kept", *kept}};
}

}  // namespace gate511::control
