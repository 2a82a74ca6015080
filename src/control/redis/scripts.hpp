// SPDX-License-Identifier: BSD-3-Clause
//
// What the server does as one step. Sessions of several gateways lie in it as
//
//   PREFIX meta          hash: `keys`, what sessions are known by; `epoch`, a number that is drawn
//                        when there is none: with another one the server has lost its data; `nN`,
//                        how often gateway N has connected
//   PREFIX seq           the version of the last change
//   PREFIX stream        changes that were made in one step, as one entry with the version of the
//   last
//                        as its number, each one more than the one before: `p` the version before
//                        them, `g` the gateway, then for each its kind with, between spaces, id,
//                        owner, what its kind tells, bytes of CLIENT, and CLIENT with its fields
//   PREFIX gateway:N     who goes by that number; expires
//   PREFIX s:CLIENT      hash, a client's session: `v` version, `g` the gateway that wrote it, `i`
//                        id, `d` its fields (store/codec.hpp), `o` the gateway that owns it, `cN`
//                        what gateway N counted; or, when it was ended, `v`, `g`, `i` and `e`, by
//                        which reason: that stays for a day, so that no gateway brings it back
//   PREFIX e:ID          the same for a day by the session's id, whoever its client has been since:
//                        reason, version and gateway; or `2`, unix milliseconds at which the time
//                        is over of one that was cut short, and 0
//
// A version is the server's time in microseconds, and always larger than the one before. Who writes
// says which was the last change it had seen; what is there and is newer, of another gateway, is
// not overwritten but given back.
//
// Whoever else may write to the server can write nonsense into it. What is none of this layout is
// overwritten, or left alone where nobody asks for its client. A stream or version in which no
// change can be told any more is begun anew (kHello).
#pragma once

#include <cstdint>
#include <string_view>

namespace gate511::control::redis {

/// Keys: seq, stream, then one a change. Arguments: gateway, "all" (nothing is done unless all can
/// be) or "each", length of the stream, milliseconds for which ends stay, bytes before CLIENT in a
/// key, number of the connection as hello has told it, so that what a former one still delivers is
/// not done; then for each change its kind, the version seen, id, and two more: P, a session is
/// put: expiry in unix milliseconds or 0, fields. S, the same if nothing is known of it or its
/// client. E, it is over: reason; by idle time or quota if that gateway owns it. O, it is owned. C,
/// it has counted: 1 if all are to be told, counters. Answers how many were done, then number and
/// hash of each client that is not as was asked for or whose owner has changed.
inline constexpr std::string_view kApply = R"lua(
local gateway, all, plain = ARGV[1], ARGV[2] == 'all', '%.0f'
local meta = string.sub(KEYS[1], 1, -4) .. 'meta'
local connection = redis.pcall('HGET', meta, 'n' .. gateway)
if type(connection) == 'string' and connection ~= ARGV[6] then
  return redis.error_reply('FORMER this gateway has connected anew')
end
local last = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if last > now + 3600000000 then return redis.error_reply('ERR its last change is of the future') end
local first = last
local skip = tonumber(ARGV[5])
local told, told_after, untold = {}, last, nil
local function write_told()
  if #told == 0 then return end
  local done = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], string.format(plain, last) .. '-0',
                           'p', string.format(plain, told_after), 'g', gateway, unpack(told))
  -- Somebody else has written to it: hello begins it anew, and all is read again.
  if type(done) == 'table' then untold = done end
  told, told_after = {}, last
end
local function tell(kind, key, id, a, b, owner)
  if #told == 32 then write_told() end
  if #told == 0 then last = math.max(last, now - 1) end
  last = last + 1
  told[#told + 1] = kind
  told[#told + 1] = id .. ' ' .. owner .. ' ' .. a .. ' ' .. #key - skip .. ' ' .. string.sub(key, skip + 1) .. b
  return string.format(plain, last)
end
local known = {}
local function look(key)
  local there = known[key]
  if there then return there end
  there = redis.pcall('HMGET', key, 'v', 'g', 'e', 'i', 'o')
  if there.err then
    redis.call('DEL', key)
    there = {}
  end
  there.is_none = not (there[1] or there[2] or there[3] or there[4] or there[5])
  local owner = tonumber(there[5])
  if not owner or owner < 1 or owner > 255 then there[5] = gateway end
  known[key] = there
  return there
end
local count = (#ARGV - 6) / 5
local ends, ends_at = {}, string.sub(KEYS[3] or '', 1, skip - 2) .. 'e:'
-- That it has left another client stands for its day, whatever becomes of its time.
local function has_moved(name) return ends[name] and string.match(ends[name], '^5 ') end
local function note_end(name, text, ...)
  if text then
    redis.call('SET', name, text, ...)
  elseif ends[name] ~= false then
    redis.call('DEL', name)
  end
  ends[name] = text
end
local function look_at_ends(names)
  if #names == 0 then return end
  local found = redis.call('MGET', unpack(names))
  for i = 1, #names do ends[names[i]] = found[i] end
end
local names = {}
for i = 1, count do
  local kind = ARGV[2 + i * 5]
  if kind == 'P' or kind == 'S' then names[#names + 1] = ends_at .. ARGV[4 + i * 5] end
  if #names == 1000 then
    look_at_ends(names)
    names = {}
  end
end
look_at_ends(names)
-- The reason by which it is over and stays so.
local function over_by(id, seen)
  local end_of = ends[ends_at .. id]
  if not end_of then return end
  local reason, at, writer = string.match(end_of, '^(%d) (%d+) (%d+)$')
  if not reason then return end
  if reason == '5' then
    -- It was moved away; who knows that may move it back.
    if seen and (writer == gateway or tonumber(at) <= tonumber(seen)) then return end
  elseif reason == '2' and writer == '0' then
    if tonumber(at) * 1000 > now then return end
  end
  return reason
end
local function refusal(key, kind, there, seen, id)
  local lives = there[1] and not there[3] and there[4] == id
  if lives and kind == 'P' then
    local version = tonumber(there[1]) or 0
    return there[2] ~= gateway and version > tonumber(seen) and version <= last and 'changed'
  end
  if there[1] and not there[3] then return 'changed' end
  if there[4] == id and there[3] and there[3] ~= '5' then return there[3] end
  return over_by(id, kind == 'P' and seen)
end
local answer = {0}
local function give_back(i, why, id)
  answer[#answer + 1] = i
  if not why or why == 'changed' then
    local hash = redis.call('HGETALL', KEYS[2 + i])
    local size = 0
    for n = 1, #hash do size = size + #hash[n] end
    answer[#answer + 1] = size <= 8000 and hash or 'none'
  else
    answer[#answer + 1] = {'v', string.format(plain, math.max(last, 1)), 'g', gateway, 'i', id, 'e', why}
  end
end
if all then
  for i = 1, count do
    local at, key = 6 + (i - 1) * 5, KEYS[2 + i]
    if ARGV[at + 1] == 'P' then
      local why = refusal(key, 'P', look(key), ARGV[at + 2], ARGV[at + 3])
      if why then give_back(i, why, ARGV[at + 3]) end
    end
  end
  if #answer > 1 then return answer end
end
local counted, given_back, has_written = {}, {}, false
-- A move that another gateway was faster than, at its new place, is none.
local function is_moot(i, at, id)
  local to = at + 5
  if i == count or ARGV[to + 1] ~= 'P' or ARGV[to + 3] ~= id then return false end
  local why = refusal(KEYS[3 + i], 'P', look(KEYS[3 + i]), ARGV[to + 2], id)
  if not why then return false end
  give_back(i + 1, why, id)
  give_back(i)
  given_back[i + 1] = true
  return true
end
for i = 1, count do
  local key, at = KEYS[2 + i], 6 + (i - 1) * 5
  local kind, seen, id, a, b = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  local there = look(key)
  local lives = there[1] and not there[3] and there[4] == id
  if given_back[i] or (kind == 'E' and a == '5' and not all and is_moot(i, at, id)) then
    lives = nil
  elseif kind == 'P' or kind == 'S' then
    local why = not all and refusal(key, kind, there, seen, id)
    if not why then
      local owner = lives and there[5] or gateway
      -- A server that is full refuses a script at its first command that takes memory, if that is
      -- its first that writes: so there is one such here, and none at an end.
      if not has_written then redis.call('SET', KEYS[1], string.format(plain, last)) end
      has_written = true
      local version = tell('P', key, id, a, b, owner)
      if not lives or has_moved(ends_at .. id) then
        -- No more is to be noted.
      elseif a ~= '0' then
        local left = redis.call('PTTL', key)
        local time_over = tonumber(a)
        if left < 0 or time_over < now / 1000 + left - 1000 then
          note_end(ends_at .. id, '2 ' .. a .. ' 0', 'PXAT',
                   string.format(plain, math.max(time_over, now / 1000) + ARGV[4]))
        else
          note_end(ends_at .. id, false)
        end
      else
        note_end(ends_at .. id, false)
      end
      if not lives and not there.is_none then redis.call('DEL', key) end
      known[key] = nil
      redis.call('HSET', key, 'v', version, 'g', gateway, 'i', id, 'd', b, 'o', owner)
      -- What was counted goes with it where it was moved to.
      if counted[id] and #counted[id] > 0 then redis.call('HSET', key, unpack(counted[id])) end
      if a ~= '0' then redis.call('PEXPIREAT', key, a) elseif lives then redis.call('PERSIST', key) end
      answer[1] = answer[1] + 1
    else
      give_back(i, why, id)
    end
  elseif kind == 'E' then
    if lives and (a == '3' or a == '4') and there[5] ~= gateway then
      give_back(i)
    else
      if a == '5' and lives then
        counted[id] = {}
        local hash = redis.call('HGETALL', key)
        for n = 1, #hash, 2 do
          if string.match(hash[n], '^c%d+$') and #counted[id] < 512 then
            table.insert(counted[id], hash[n])
            table.insert(counted[id], hash[n + 1])
          end
        end
      end
      if lives or not there[1] then
        redis.call('DEL', key)
        known[key] = nil
        has_written = true
        local version = tell(kind, key, id, a, b, gateway)
        note_end(ends_at .. id, a .. ' ' .. version .. ' ' .. gateway, 'PX', ARGV[4])
        redis.call('HSET', key, 'v', version, 'g', gateway, 'i', id, 'e', a)
        redis.call('PEXPIRE', key, ARGV[4])
      elseif a ~= '5' then
        note_end(ends_at .. id, a .. ' ' .. string.format(plain, math.max(last, 1)) .. ' ' .. gateway, 'PX', ARGV[4])
      end
      answer[1] = answer[1] + 1
    end
  elseif kind == 'O' and lives then
    redis.call('HSET', key, 'o', gateway)
    known[key] = nil
    tell(kind, key, id, a, b, gateway)
    answer[1] = answer[1] + 1
    give_back(i)
  elseif kind == 'C' and lives then
    redis.call('HSET', key, 'c' .. gateway, b)
    if a == '1' then tell(kind, key, id, a, b, there[5] or gateway) end
    answer[1] = answer[1] + 1
  end
end
write_told()
if last > first then redis.call('SET', KEYS[1], string.format(plain, last)) end
return untold or answer
)lua";

/// Keys: meta, gateway:N, seq, stream. Arguments: what sessions are known by, who asks for that
/// number, for how many milliseconds, an epoch for a server without one, the version up to which
/// that gateway knows all, and 1 where the connection is new. Answers what sessions are known by,
/// who has the number, the epoch, the last version, the time, and 1 if what the gateway knows is
/// what has come to pass here: 0 where another server has taken over without it, or where it cannot
/// be told any more. Then what the server says where it takes no changes now, and the number of the
/// connection.
///
/// The stream ends with the last version, unless somebody else has written to one of them: then no
/// change could be told any more, or none be found. Such a stream is begun anew, which the epoch
/// tells by what stands in it behind a `/`.
inline constexpr std::string_view kHello = R"lua(
local known = redis.call('HMGET', KEYS[1], 'keys', 'epoch')
local holder = redis.call('GET', KEYS[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local at = string.format('%.0f', now)
local last = redis.pcall('GET', KEYS[3])
if type(last) == 'table' then last = 'none' end
last = last or '0'
local function turn_away(keys, who) return {keys, who or '', known[2] or '', '0', at, '0', '', ''} end
if known[1] and known[1] ~= ARGV[1] then return turn_away(known[1], holder) end
if holder and holder ~= ARGV[2] then return turn_away(ARGV[1], holder) end
-- One that is full or read-only can be read still.
local problem = redis.pcall('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]).err or ''
if problem == '' and (not known[1] or not known[2]) then
  problem = redis.pcall('HSET', KEYS[1], 'keys', ARGV[1], 'epoch', known[2] or ARGV[4])
  problem = type(problem) == 'table' and problem.err or ''
end
local epoch = known[2] or ARGV[4]
local number = tonumber(last)
local good = number and number >= 0 and number <= now + 3600000000
if good then last = string.format('%.0f', number) else last = '0' end
local stream = redis.pcall('XINFO', 'STREAM', KEYS[4])
if stream.err then
  good = good and string.find(stream.err, 'no such key', 1, true)
else
  for i = 1, #stream, 2 do
    if stream[i] == 'last-generated-id' and stream[i + 1] ~= last .. '-0' then good = false end
  end
end
if not good and problem == '' then
  last = at
  epoch = string.gsub(epoch, '/.*', '') .. '/' .. at
  redis.call('DEL', KEYS[4])
  redis.call('SET', KEYS[3], last)
  redis.call('HSET', KEYS[1], 'epoch', epoch)
end
local same = '0'
if good and ARGV[5] ~= '0' and not stream.err then
  local id = ARGV[5] .. '-0'
  if #redis.call('XRANGE', KEYS[4], id, id) > 0 then same = '1' end
end
local count = 'n' .. string.match(KEYS[2], '%d+$')
local connection = redis.pcall('HINCRBY', KEYS[1], count, ARGV[6])
if type(connection) == 'table' then connection = redis.call('HGET', KEYS[1], count) or '' end
return {ARGV[1], ARGV[2], epoch, last, at, same, problem, tostring(connection)}
)lua";

/// No keys. Arguments: cursor, pattern of sessions' keys, how many about, a version, bytes before
/// CLIENT in a key. Answers the next cursor; client and id of each session that has not changed
/// since that version; client and hash of each other, ends among them.
inline constexpr std::string_view kRead = R"lua(
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local known, from = tonumber(ARGV[4]), ARGV[5] + 1
local same, others = {}, {}
for _, key in ipairs(page[2]) do
  local there = known > 0 and redis.pcall('HMGET', key, 'v', 'i', 'e') or {}
  local version = not there.err and tonumber(there[1] or '')
  if version and version <= known then
    if there[2] and not there[3] then
      same[#same + 1] = string.sub(key, from)
      same[#same + 1] = there[2]
    end
  else
    local hash = redis.pcall('HGETALL', key)
    local size = 0
    for i = 1, hash.err and 0 or #hash do size = size + #hash[i] end
    others[#others + 1] = string.sub(key, from)
    others[#others + 1] = not hash.err and size <= 8000 and hash or 'none'
  end
end
return {page[1], same, others}
)lua";

inline constexpr std::uint64_t kStreamLength = 100'000;           ///< entries, about
inline constexpr std::uint64_t kEndsStay_ms = 24ULL * 3'600'000;  ///< ends of sessions

}  // namespace gate511::control::redis
