-- SPDX-License-Identifier: BSD-3-Clause
--
-- What the scripts beside this one have in common: Pktgen's port 0 is cabled to the gateway's access
-- port, port 1 to its uplink. docs/benchmarking.md tells how to run them. By the environment:
--   CLIENTS   how many source MACs, from 02:00:5e:00:00:00 on (100000)
--   SIZES     of the frames in bytes, with the FCS (64,128,256,512,1024,1280,1518)
--   DURATION  of each size in seconds (5)
--   RATE      percent of the line's (100)
--   RESULT    the file that the figures go to (pktgen.txt)
local gateway = { access = "0", uplink = "1", both = "0-1" }

local first_client = 0x02005e000000
local router = "0200:5eff:ff01"

local function number_of(name, default)
  local text = os.getenv(name) or default
  return tonumber(text) or error(name .. ": `" .. text .. "` is no number")
end

gateway.clients = number_of("CLIENTS", "100000")
gateway.seconds = number_of("DURATION", "5")
gateway.rate = number_of("RATE", "100")
gateway.sizes = {}
for size in (os.getenv("SIZES") or "64,128,256,512,1024,1280,1518"):gmatch("%d+") do
  table.insert(gateway.sizes, tonumber(size))
end

-- As Pktgen takes it: three groups of four digits.
local function mac(number)
  return string.format("%04x:%04x:%04x", number >> 32 & 0xffff, number >> 16 & 0xffff, number & 0xffff)
end

-- One field of a range: from `low` to `high` by `step`, which is 0 for one that stays.
local function field(set, port, low, high, step)
  set(port, "start", low)
  set(port, "min", low)
  set(port, "max", high)
  set(port, "inc", step)
end

local function clients(set, port, first)
  field(set, port, mac(first), mac(first + gateway.clients - 1), mac(1))
end

local function one(set, port, value, none)
  field(set, port, value, value, none)
end

local no_mac, no_address = mac(0), "0.0.0.0"

local function size(port, bytes)
  field(pktgen.range.pkt_size, port, bytes, bytes, 0)
end

-- `protocol`: udp or tcp. Frames of `gateway.clients` clients go out of the access side.
function gateway.from_clients(protocol, port, first)
  local access = gateway.access
  clients(pktgen.range.src_mac, access, first or first_client)
  one(pktgen.range.dst_mac, access, router, no_mac)
  field(pktgen.range.src_ip, access, "192.0.2.64", "192.0.2.254", "0.0.0.1")
  one(pktgen.range.dst_ip, access, "198.51.100.80", no_address)
  field(pktgen.range.src_port, access, 32768, 60999, 1)
  one(pktgen.range.dst_port, access, port, 0)
  pktgen.range.ip_proto(access, protocol)
  pktgen.set_range(access, "on")
end

-- And what comes back to them, out of the uplink side.
function gateway.to_clients(protocol, port)
  local uplink = gateway.uplink
  one(pktgen.range.src_mac, uplink, router, no_mac)
  clients(pktgen.range.dst_mac, uplink, first_client)
  one(pktgen.range.src_ip, uplink, "198.51.100.80", no_address)
  field(pktgen.range.dst_ip, uplink, "192.0.2.64", "192.0.2.254", "0.0.0.1")
  one(pktgen.range.src_port, uplink, port, 0)
  field(pktgen.range.dst_port, uplink, 32768, 60999, 1)
  pktgen.range.ip_proto(uplink, protocol)
  pktgen.set_range(uplink, "on")
end

-- MACs that have no session, whatever was imported.
gateway.strangers = 0x02005f000000

function gateway.begin()
  pktgen.reset(gateway.both)
  pktgen.screen("off")
  pktgen.set(gateway.both, "rate", gateway.rate)
end

local function counted(port)
  local stats = pktgen.portStats(port, "port")[tonumber(port)]
  return { sent = stats.opackets, came = stats.ipackets }
end

-- Sends for `gateway.seconds`. Frames that were sent by each port and that came in by it.
local function run(ports)
  pktgen.clr()
  pktgen.delay(200)
  local before = { counted(gateway.access), counted(gateway.uplink) }
  pktgen.start(ports)
  pktgen.delay(gateway.seconds * 1000)
  pktgen.stop(ports)
  pktgen.delay(500) -- what is still on its way
  local after = { counted(gateway.access), counted(gateway.uplink) }
  local function since(side)
    return { sent = after[side].sent - before[side].sent, came = after[side].came - before[side].came }
  end
  return since(1), since(2)
end

-- Measures each size. `row(access, uplink)` makes the columns that `head` names.
function gateway.measure(title, ports, head, row)
  local file = assert(io.open(os.getenv("RESULT") or "pktgen.txt", "a"))
  local function say(...)
    local line = string.format(...)
    file:write(line, "\n")
    print(line)
  end
  say("%s: %d clients, %d s each, %d %% of the line", title, gateway.clients, gateway.seconds, gateway.rate)
  say("%6s  %s", "bytes", head)
  for _, bytes in ipairs(gateway.sizes) do
    size(gateway.both, bytes)
    say("%6d  %s", bytes, row(run(ports)))
  end
  file:close()
end

-- In millions a second.
function gateway.per_s(frames)
  return frames / gateway.seconds / 1e6
end

return gateway
