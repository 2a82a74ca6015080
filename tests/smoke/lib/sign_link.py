# SPDX-License-Identifier: BSD-3-Clause
"""sign_link.py KEYFILE MAC ADDRESS AGE_S [RETURN]: the query of a login link, as docs/portal.md has it.

For links that a gateway would not give: old ones, and with return URLs that no request has.
"""

import base64
import hashlib
import hmac
import ipaddress
import os
import struct
import sys
import time
from urllib.parse import quote

keyfile, mac, address, age_s, *wanted = sys.argv[1:]
ip = ipaddress.ip_address(address)
packed = ip.packed if ip.version == 6 else bytes(10) + b"\xff\xff" + ip.packed
claim = struct.pack(">BBH6s16sI4s", 1, 0, 0, bytes.fromhex(mac.replace(":", "")), packed,
                    int(time.time()) - int(age_s), os.urandom(4))
returned = quote(wanted[0], safe="") if wanted else ""
signature = hmac.new(open(keyfile, "rb").read(), claim + returned.encode(), hashlib.sha256).digest()[:16]
token = base64.urlsafe_b64encode(claim + signature).decode().rstrip("=")
print(f"t={token}" + (f"&u={returned}" if returned else ""))
