# SPDX-License-Identifier: BSD-3-Clause
"""verify_link.py KEYFILE MAC LINK: is the login link's token signed, fresh and for this client?

Written from the token's definition, not from gate511's code.
"""

import base64
import hashlib
import hmac
import sys
import time
from urllib.parse import urlsplit

key = open(sys.argv[1], "rb").read()
mac = bytes.fromhex(sys.argv[2].replace(":", ""))
fields = dict(part.split("=", 1) for part in urlsplit(sys.argv[3]).query.split("&"))
token = base64.urlsafe_b64decode(fields["t"] + "=")
claim, signature = token[:34], token[34:]
returned = fields.get("u", "").encode()

assert hmac.new(key, claim + returned, hashlib.sha256).digest()[:16] == signature, "signature"
assert claim[0] == 1, "version"
assert claim[4:10] == mac, "MAC"
assert abs(int.from_bytes(claim[26:30], "big") - time.time()) < 60, "time"
