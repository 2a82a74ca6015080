# SPDX-License-Identifier: BSD-3-Clause
"""portal.py ADDRESS PORT KEYFILE COMMAND...: a login page whose button opens the session.

Verifies the link, runs COMMAND with the client's MAC behind it, and leads on to where the client
wanted to go. Its page presses the button by itself, as nobody sits in front of the tests' browser.
"""

import base64
import hashlib
import hmac
import http.server
import subprocess
import sys
import time
from urllib.parse import unquote, urlsplit

address, port, keyfile, *command = sys.argv[1:]
key = open(keyfile, "rb").read()

PAGE = """<!doctype html><title>Portal</title><h1>Log in to Example Wi-Fi</h1>
<form method=post><button>Log in</button></form><script>document.forms[0].submit()</script>"""


def open_link(query):
    """The MAC and the return URL of a signed link, or None."""
    fields = dict(part.partition("=")[::2] for part in query.split("&"))
    token = base64.urlsafe_b64decode(fields.get("t", "") + "=")
    returned = fields.get("u", "")
    claim, signature = token[:34], token[34:]
    wanted = hmac.new(key, claim + returned.encode(), hashlib.sha256).digest()[:16]
    age_s = time.time() - int.from_bytes(claim[26:30], "big")
    if not hmac.compare_digest(wanted, signature) or not -60 < age_s < 3600:
        return None
    return claim[4:10].hex(":"), unquote(returned)


class Portal(http.server.BaseHTTPRequestHandler):
    def send(self, status, body="", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        self.send(200, PAGE) if open_link(urlsplit(self.path).query) else self.send(403, "forged")

    def do_POST(self):
        link = open_link(urlsplit(self.path).query)
        if not link:
            return self.send(403, "forged")
        subprocess.run([*command, link[0]], check=True, stdout=subprocess.DEVNULL)
        self.send(303, Location=link[1])


http.server.ThreadingHTTPServer((address, int(port)), Portal).serve_forever()
