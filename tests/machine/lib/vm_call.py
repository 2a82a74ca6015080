#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""vm_call.py SOCKET SECONDS COMMAND: runs the command in the machine whose console is there; prints what it
said and exits as it did. 125: the machine does not answer."""
import base64
import os
import socket
import sys


def answer(line, wanted):
    """The fields of the answer to this call: those of earlier ones that nobody waited for come first."""
    said = b""
    while True:
        some = line.recv(65536)
        if not some:
            raise OSError("the console is closed")
        said += some
        *whole, said = said.split(b"\n")
        for one in whole:
            fields = one.split(b" ")
            if fields[0] == wanted and len(fields) == 3:
                return fields


with socket.socket(socket.AF_UNIX) as console:
    console.settimeout(float(sys.argv[2]))
    call = b"%d" % os.getpid()
    try:
        console.connect(sys.argv[1])
        console.sendall(call + b" " + base64.b64encode(sys.argv[3].encode()) + b"\n")
        _, status, text = answer(console, call)
    except OSError as error:
        print(f"vm_call.py: {error}", file=sys.stderr)
        sys.exit(125)
sys.stdout.write(base64.b64decode(text).decode(errors="replace"))
sys.exit(int(status))
