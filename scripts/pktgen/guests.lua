-- SPDX-License-Identifier: BSD-3-Clause
--
-- Frames of clients without a session: nothing may come through.
package.path = package.path .. ";scripts/pktgen/?.lua"
local gateway = require("gateway")

gateway.begin()
gateway.from_clients("udp", 9000, gateway.strangers)
gateway.measure("guests", gateway.access, "   sent M/s   through   refusals M/s", function(access, uplink)
  return string.format("%11.3f %9d %14.3f", gateway.per_s(access.sent), uplink.came, gateway.per_s(access.came))
end)
pktgen.quit()
