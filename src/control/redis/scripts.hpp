// SPDX-License-Identifier: BSD-3-Clause
//
// What the server does as one step. Sessions of several gateways lie in it as
//
//   PREFIX meta          hash: `keys`, what sessions are known by; `epoch`, a number that is drawn
//                        when there is none: with another one the server has lost its data
//   PREFIX seq           the version of the last change
//   PREFIX stream        each change, its version as its number; `p` is the version before it
//   PREFIX gateway:N     who goes by that number; expires
//   PREFIX s:CLIENT      hash, a client's session: `v` version, `g` the gateway that wrote it, `i`
//                        id, `d` its fields (store/codec.hpp), `o` the gateway that owns it, `cN`
//                        what gateway N counted; or, when it was ended, `v`, `g`, `i` and `e`, by
//                        which reason: that stays for a day, so that no gateway brings it back
//
// A version is the server's time in microseconds, and always larger than the one before. Who writes
// says which was the last change it had seen; what is there and is newer, of another gateway, is
// not overwritten but given back.
#pragma once

#include <cstdint>
#include <string_view>

namespace gate511::control::redis {

/// Keys: seq, stream, then one a change. Arguments: gateway, "all" (nothing is done unless all can
/// be) or "each", length of the stream, milliseconds for which ends stay, bytes before CLIENT in a
/// key; then for each change its kind, the version seen, id, and two more: P, a session is put:
/// expiry in unix milliseconds or 0, fields. E, it is over: reason. O, it is owned. C, it has
/// counted: 1 if all are to be told, counters.
/// Answers how many were done, then number and hash of each client that is not as was asked for or
/// whose owner has changed.
inline constexpr std::string_view kApply = R"lua(
local gateway, all, plain = ARGV[1], ARGV[2] == 'all', '%.0f'
local last = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local first = last
local function tell(kind, key, id, a, b, owner)
  local version = math.max(last + 1, now)
  local text = string.format(plain, version)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], text .. '-0', 'p', string.format(plain, last),
             'g', gateway, 't', kind, 'k', string.sub(key, ARGV[5] + 1), 'i', id, 'a', a, 'b', b,
             'o', owner)
  last = version
  return text
end
local function may_put(now_there, seen, id)
  local version, writer, over, life = now_there[1], now_there[2], now_there[3], now_there[4]
  if not version then return true end
  if over then
    if life == id then return false end
  elseif life ~= id then
    return false
  end
  return writer == gateway or tonumber(version) <= tonumber(seen)
end
local function look(key) return redis.call('HMGET', key, 'v', 'g', 'e', 'i', 'o') end
local count = (#ARGV - 5) / 5
local answer = {0}
local function give_back(i)
  answer[#answer + 1] = i
  answer[#answer + 1] = redis.call('HGETALL', KEYS[2 + i])
end
if all then
  for i = 1, count do
    local at = 5 + (i - 1) * 5
    if ARGV[at + 1] == 'P' and not may_put(look(KEYS[2 + i]), ARGV[at + 2], ARGV[at + 3]) then
      give_back(i)
    end
  end
  if #answer > 1 then return answer end
end
for i = 1, count do
  local key, at = KEYS[2 + i], 5 + (i - 1) * 5
  local kind, seen, id, a, b = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  local there = look(key)
  local lives = there[1] and not there[3] and there[4] == id
  if kind == 'P' then
    if may_put(there, seen, id) then
      local owner = lives and there[5] or gateway
      -- A server that is full refuses a script at its first command that takes memory, if that is
      -- its first that writes: so this one comes first here, and last at an end.
      local version = tell(kind, key, id, a, b, owner)
      if not lives then redis.call('DEL', key) end
      redis.call('HSET', key, 'v', version, 'g', gateway, 'i', id, 'd', b, 'o', owner)
      if a == '0' then redis.call('PERSIST', key) else redis.call('PEXPIREAT', key, a) end
      answer[1] = answer[1] + 1
    else
      give_back(i)
    end
  elseif kind == 'E' then
    if lives or not there[1] then
      redis.call('DEL', key)
      local version = tell(kind, key, id, a, b, gateway)
      redis.call('HSET', key, 'v', version, 'g', gateway, 'i', id, 'e', a)
      redis.call('PEXPIRE', key, ARGV[4])
    end
    answer[1] = answer[1] + 1
  elseif kind == 'O' and lives then
    tell(kind, key, id, a, b, gateway)
    redis.call('HSET', key, 'o', gateway)
    answer[1] = answer[1] + 1
    give_back(i)
  elseif kind == 'C' and lives then
    redis.call('HSET', key, 'c' .. gateway, b)
    if a == '1' then tell(kind, key, id, a, b, there[5] or gateway) end
    answer[1] = answer[1] + 1
  end
end
if last > first then redis.call('SET', KEYS[1], string.format(plain, last)) end
return answer
)lua";

/// Keys: meta, gateway:N, seq. Arguments: what sessions are known by, who asks for that number, for
/// how many milliseconds, an epoch for a server without one. Answers what sessions are known by,
/// who has the number, the epoch, and the last version.
inline constexpr std::string_view kHello = R"lua(
local known = redis.call('HMGET', KEYS[1], 'keys', 'epoch')
local holder = redis.call('GET', KEYS[2])
local last = redis.call('GET', KEYS[3]) or '0'
if known[1] and known[1] ~= ARGV[1] then return {known[1], holder or '', known[2] or '', last} end
if holder and holder ~= ARGV[2] then return {ARGV[1], holder, known[2] or '', last} end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
if not known[1] or not known[2] then
  redis.call('HSET', KEYS[1], 'keys', ARGV[1], 'epoch', known[2] or ARGV[4])
end
return {ARGV[1], ARGV[2], known[2] or ARGV[4], last}
)lua";

inline constexpr std::uint64_t kStreamLength = 200'000;           ///< changes, about
inline constexpr std::uint64_t kEndsStay_ms = 24ULL * 3'600'000;  ///< ends of sessions

}  // namespace gate511::control::redis
