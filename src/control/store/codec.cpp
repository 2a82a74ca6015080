// SPDX-License-Identifier: BSD-3-Clause
#include "control/store/codec.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "control/store/packed.hpp"
#include "net/bytes.hpp"
#include "net/siphash.hpp"
#include "table/policer.hpp"

namespace gate511::control::store {
namespace {

constexpr std::size_t kCheck = 8;
/// Beside a session's state: the addresses that it is bound to follow the rest.
constexpr std::uint64_t kIsBound = 16;
constexpr std::uint64_t kHasAllPrefixes = 32;
constexpr std::uint64_t kHasLink = 64;  ///< its name is the last
constexpr std::uint64_t kIsOwnedElsewhere = 512;
constexpr unsigned kOriginShift = 7;  ///< two bits: table::Origin of the IPv4 address
constexpr std::uint64_t kOriginMask = 3;
/// No secret: what is guarded against are accidents. Each kind of blob has a key of its own; the
/// former ones are of version 1 of the file.
enum class Kind : std::uint64_t {
  kFormerRow = 1,
  kSession = 2,
  kCounts = 3,
  kFormerMeta = 4,
  kRow = 5,
  kKeyedMeta = 6,  // of versions 2 and 3
  kMeta = 7,
};

std::uint64_t check_of(Kind kind, std::uint64_t number, std::string_view bytes) {
  return net::siphash24({static_cast<std::uint64_t>(kind), number}, net::as_bytes(bytes));
}

std::string finish(Writer& writer, Kind kind, std::uint64_t number) {
  writer.put_fixed(check_of(kind, number, writer.bytes()));
  return writer.take();
}

/// Without the check value; nullopt if that is wrong.
std::optional<std::string_view> checked(Kind kind, std::uint64_t number, std::string_view bytes) {
  if (bytes.size() < kCheck) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - kCheck);
  std::uint64_t check = 0;
  for (std::size_t i = 0; i < kCheck; ++i)
    check |= std::uint64_t{static_cast<unsigned char>(bytes[body.size() + i])} << 8 * i;
  if (check != check_of(kind, number, body)) return std::nullopt;
  return body;
}

void write(Writer& to, const Session& session) {
  to.put(session.id);
  to.put(session.key.bits());
  to.put(std::uint64_t{static_cast<std::uint8_t>(session.state)} | (session.bound ? kIsBound : 0) |
         (session.bound && session.addresses.has_all_prefixes ? kHasAllPrefixes : 0) |
         (session.link.empty() ? 0 : kHasLink) |
         (session.is_owned_elsewhere ? kIsOwnedElsewhere : 0) |
         static_cast<std::uint64_t>(session.addresses.v4_origin) << kOriginShift);
  to.put(session.created_unix_s);
  to.put(session.expires_ms);
  to.put(session.tag);
  to.put(session.user);
  to.put(session.rate_up_bps);
  to.put(session.rate_down_bps);
  to.put(session.quota_bytes);
  to.put(session.idle_s);
  to.put(session.service_class);
  if (session.bound) {
    to.put(std::uint64_t{session.addresses.v4});
    to.put(session.addresses.link_local);
    for (const std::uint64_t prefix : session.addresses.prefix_64) to.put(prefix);
  }
  if (!session.link.empty()) to.put(session.link);
}

table::BoundAddresses read_addresses(Reader& from) {
  table::BoundAddresses addresses;
  const std::uint64_t v4 = from.number();
  if (v4 > 0xffff'ffff) from.fail();
  addresses.v4 = static_cast<std::uint32_t>(v4);
  addresses.link_local = from.number();
  for (std::uint64_t& prefix : addresses.prefix_64) prefix = from.number();
  return addresses;
}

table::Key read_key(Reader& from) {
  const std::uint64_t bits = from.number();
  const table::Key key{net::MacAddress{bits & 0xffff'ffff'ffff},
                       static_cast<std::uint16_t>(bits >> 48)};
  if (key.bits() != bits || !key.mac().is_station()) from.fail();
  return key;
}

Place read_place(Reader& from) {
  Place place;
  place.key = read_key(from);
  place.link = from.text();
  return place;
}

Session read_session(Reader& from) {
  Session session;
  session.id = from.number();
  session.key = read_key(from);
  if (session.id == 0) from.fail();
  const std::uint64_t flags = from.number();
  session.bound = (flags & kIsBound) != 0;
  const bool has_all_prefixes = (flags & kHasAllPrefixes) != 0;
  const std::uint64_t origin = flags >> kOriginShift & kOriginMask;
  const std::uint64_t state = flags & ~(kIsBound | kHasAllPrefixes | kHasLink | kIsOwnedElsewhere |
                                        kOriginMask << kOriginShift);
  session.is_owned_elsewhere = (flags & kIsOwnedElsewhere) != 0;
  if ((has_all_prefixes || origin != 0) && !session.bound) from.fail();
  if (origin > static_cast<std::uint64_t>(table::Origin::kGiven)) from.fail();
  session.state = static_cast<table::State>(state);
  if (state > 15 ||
      (session.state != table::State::kAuthenticated &&
       session.state != table::State::kRestricted && session.state != table::State::kBlocked))
    from.fail();
  session.created_unix_s = from.number();
  session.expires_ms = from.number();
  session.tag = from.text();
  session.user = from.text();
  session.rate_up_bps = from.number();
  session.rate_down_bps = from.number();
  if (std::max(session.rate_up_bps, session.rate_down_bps) > table::Policer::kMaxRate_bps)
    from.fail();
  session.quota_bytes = from.number();
  session.idle_s = from.number();
  session.service_class = from.text();
  if (session.bound) session.addresses = read_addresses(from);
  session.addresses.has_all_prefixes = has_all_prefixes;
  session.addresses.v4_origin = static_cast<table::Origin>(origin);
  if ((flags & kHasLink) != 0) {
    session.link = from.text();
    if (session.link.empty()) from.fail();
  }
  return session;
}

void write(Writer& to, const Counted& counts) {
  to.put(counts.packets_up);
  to.put(counts.bytes_up);
  to.put(counts.packets_down);
  to.put(counts.bytes_down);
  to.put(counts.first_seen_s);
  to.put(counts.last_seen_s);
}

Counted read_counts(Reader& from, bool has_times) {
  Counted counts;
  counts.packets_up = from.number();
  counts.bytes_up = from.number();
  counts.packets_down = from.number();
  counts.bytes_down = from.number();
  if (!has_times) return counts;
  counts.first_seen_s = from.number();
  counts.last_seen_s = from.number();
  return counts;
}

/// Each kind of change by its place in Change, which is what the file has.
struct ChangeWriter {
  Writer& to;

  void operator()(const Put& put) const { write(to, put.session); }
  void operator()(const Count& count) const {
    to.put(count.id);
    write(to, count.counts);
  }
  void operator()(const End& end) const {
    to.put(end.id);
    to.put(std::uint64_t{end.reason});
  }
  void operator()(const Ended& ended) const {
    to.put(ended.id);
    to.put(ended.seq);
    to.put(ended.line);
  }
  void operator()(const Consumer& consumer) const {
    to.put(consumer.name);
    to.put(consumer.acknowledged);
  }
  void operator()(const Forget& forget) const { to.put(forget.name); }
  void operator()(const SeqLimit& seq) const { to.put(seq.limit); }
  void operator()(const Keyed& keyed) const { to.put(keyed.by); }
  void operator()(const Owed& owed) const {
    to.put(owed.id);
    to.put(std::uint64_t{owed.reason});
    place(owed.place);
  }
  void operator()(const Paid& paid) const {
    to.put(paid.id);
    place(paid.place);
  }
  void operator()(const UsedAs& used) const { to.put(used.as); }

  void place(const Place& at) const {
    to.put(at.key.bits());
    to.put(at.link);
  }
};

Change read_change(Reader& from, bool has_times) {
  switch (from.number()) {
    case 0:
      return Put{read_session(from)};
    case 1: {
      const std::uint64_t id = from.number();
      return Count{id, read_counts(from, has_times)};
    }
    case 2: {
      const std::uint64_t id = from.number();
      return End{id, static_cast<std::uint8_t>(from.number())};
    }
    case 3: {
      Ended ended{from.number(), 0, {}};
      ended.seq = from.number();
      ended.line = from.text();
      return ended;
    }
    case 4: {
      Consumer consumer{from.text(), 0};
      consumer.acknowledged = from.number();
      return consumer;
    }
    case 5:
      return Forget{from.text()};
    case 6:
      return SeqLimit{from.number()};
    case 7:
      return Keyed{from.text()};
    case 8: {
      Owed owed{from.number(), 0};
      owed.reason = static_cast<std::uint8_t>(from.number());
      owed.place = read_place(from);
      return owed;
    }
    case 9: {
      Paid paid{from.number()};
      paid.place = read_place(from);
      return paid;
    }
    case 10:
      return UsedAs{from.text()};
    default:
      from.fail();
      return SeqLimit{0};
  }
}

std::optional<JournalRow> read_row(std::string_view body, bool has_times) {
  Reader from{body};
  JournalRow row;
  row.unix_ms = from.number();
  while (from.is_good() && !from.is_at_end()) row.changes.push_back(read_change(from, has_times));
  if (!from.is_good()) return std::nullopt;
  return row;
}

/// The times are not what comes after them where there are none.
bool has_likely_times(const Change& change) {
  constexpr std::uint64_t kThen_s = 1'000'000'000;
  const auto* const count = std::get_if<Count>(&change);
  if (count == nullptr) return true;
  const auto [first_s, last_s] = std::pair{count->counts.first_seen_s, count->counts.last_seen_s};
  return first_s == 0 ? last_s == 0 : first_s >= kThen_s && last_s >= first_s;
}

/// The first rows of version 1 had no times in their counts, and nothing that tells them from the
/// later ones.
std::optional<JournalRow> read_former_row(std::string_view body) {
  auto row = read_row(body, /*has_times=*/true);
  if (row && std::ranges::all_of(row->changes, has_likely_times)) return row;
  auto without = read_row(body, /*has_times=*/false);
  return without ? without : row;
}

}  // namespace

std::string encode_row(std::uint64_t number, const JournalRow& row) {
  Writer to;
  to.put(row.unix_ms);
  for (const Change& change : row.changes) {
    to.put(std::uint64_t{change.index()});
    std::visit(ChangeWriter{to}, change);
  }
  return finish(to, Kind::kRow, number);
}

std::optional<JournalRow> decode_row(std::uint64_t number, std::string_view bytes) {
  if (const auto body = checked(Kind::kRow, number, bytes))
    return read_row(*body, /*has_times=*/true);
  const auto former = checked(Kind::kFormerRow, number, bytes);
  return former ? read_former_row(*former) : std::nullopt;
}

std::string encode_session(const Session& session) {
  Writer to;
  write(to, session);
  return finish(to, Kind::kSession, session.id);
}

std::optional<Session> decode_session(std::uint64_t id, std::string_view bytes) {
  const auto body = checked(Kind::kSession, id, bytes);
  if (!body) return std::nullopt;
  Reader from{*body};
  Session session = read_session(from);
  if (!from.is_good() || !from.is_at_end() || session.id != id) return std::nullopt;
  return session;
}

std::string encode_counts(std::uint64_t id, const Counted& counts) {
  Writer to;
  write(to, counts);
  return finish(to, Kind::kCounts, id);
}

std::optional<Counted> decode_counts(std::uint64_t id, std::string_view bytes) {
  const auto body = checked(Kind::kCounts, id, bytes);
  if (!body) return std::nullopt;
  Reader from{*body};
  Counted counts = read_counts(from, /*has_times=*/false);
  // What was written before these were kept ends here.
  if (!from.is_at_end()) {
    from = Reader{*body};
    counts = read_counts(from, /*has_times=*/true);
  }
  if (!from.is_good() || !from.is_at_end()) return std::nullopt;
  return counts;
}

std::string encode_meta(const Meta& meta) {
  Writer to;
  for (const std::uint64_t number :
       {meta.next_id, meta.seq_limit, meta.unix_ms, meta.sessions, meta.ids, meta.folded})
    to.put(number);
  to.put(meta.keyed_by);
  to.put(meta.used_as);
  for (const Consumer& consumer : meta.consumers) {
    to.put(consumer.name);
    to.put(consumer.acknowledged);
  }
  return finish(to, Kind::kMeta, 0);
}

std::optional<Meta> decode_meta(std::string_view bytes) {
  const auto body = checked(Kind::kMeta, 0, bytes);
  const auto keyed = body ? body : checked(Kind::kKeyedMeta, 0, bytes);
  const auto any = keyed ? keyed : checked(Kind::kFormerMeta, 0, bytes);
  if (!any) return std::nullopt;
  Reader from{*any};
  Meta meta;
  for (std::uint64_t* const number :
       {&meta.next_id, &meta.seq_limit, &meta.unix_ms, &meta.sessions, &meta.ids, &meta.folded})
    *number = from.number();
  if (keyed) meta.keyed_by = from.text();
  if (body) meta.used_as = from.text();
  while (from.is_good() && !from.is_at_end()) {
    Consumer consumer{from.text(), 0};
    consumer.acknowledged = from.number();
    meta.consumers.push_back(std::move(consumer));
  }
  if (!from.is_good()) return std::nullopt;
  return meta;
}

}  // namespace gate511::control::store
