-- SPDX-License-Identifier: BSD-3-Clause
--
-- Frames of clients with sessions, both ways at once. First: scripts/pktgen/sessions | gate511ctl import
package.path = package.path .. ";scripts/pktgen/?.lua"
local gateway = require("gateway")

gateway.begin()
gateway.from_clients("udp", 9000)
gateway.to_clients("udp", 9000)
gateway.measure("sessions", gateway.both, "   sent M/s   through M/s   lost %", function(access, uplink)
  local sent = access.sent + uplink.sent
  local through = access.came + uplink.came
  return string.format("%11.3f %13.3f %8.3f", gateway.per_s(sent), gateway.per_s(through),
    sent > 0 and 100 * (sent - through) / sent or 0)
end)
pktgen.quit()
