-- SPDX-License-Identifier: BSD-3-Clause
--
-- A SYN to port 80 in each frame, from clients without a session: how many are answered.
package.path = package.path .. ";scripts/pktgen/?.lua"
local gateway = require("gateway")

gateway.sizes = { 64 }
gateway.begin()
gateway.from_clients("tcp", 80, gateway.strangers)
pktgen.load("scripts/pktgen/syn.cmd") -- Lua has no way to set flags
gateway.measure("SYN flood", gateway.access, "   sent M/s   answered M/s   through", function(access, uplink)
  return string.format("%11.3f %14.3f %9d", gateway.per_s(access.sent), gateway.per_s(access.came), uplink.came)
end)
pktgen.quit()
