# SPDX-License-Identifier: BSD-3-Clause
"""What several gateways were asked to do to sessions that they share, what they answered, and whether they kept to it.

    shared_model.py STATE SEED SECONDS SOCKET...    random adds, revokes and moves, one after the other, at gateways that come and go
    shared_model.py STATE verify SOCKET...          all gateways have the same, and it is what was answered

A session is known by its id. One that was answered as added is there, where it was moved to; one whose revocation was
answered, or stands, is nowhere. Of what was not answered, or refused on the way, either may be true: but at all alike.
"""
import json
import random
import socket
import sys
import time

CLIENTS = [f"02:00:5e:02:00:{number:02x}" for number in range(40)]


class Refused(Exception):
    pass


class Gone(Exception):
    pass


def ask(path, method, params):
    """Raises Refused with the error, or Gone where there was no answer."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(8)
            line.connect(path)
            line.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
            with line.makefile("rb") as answers:
                answer = json.loads(answers.readline() or b"null")
    except (OSError, ValueError) as error:
        raise Gone(str(error)) from error
    if answer is None:
        raise Gone("closed")
    if "error" in answer:
        error = answer["error"]
        raise Refused(f"{(error.get('data') or {}).get('reason')}: {error['message']}")
    return answer["result"]


def id_of(path, mac):
    return ask(path, "session.get", {"mac": mac})["session"]["id"]


class Model:
    def __init__(self, path):
        self.path = path
        try:
            with open(path, encoding="ascii") as file:
                kept = json.load(file)
        except FileNotFoundError:
            kept = {"alive": {}, "over": [], "open": []}
        self.alive = {int(number): mac for number, mac in kept["alive"].items()}
        self.over, self.open = set(kept["over"]), set(kept["open"])

    def keep(self):
        with open(self.path, "w", encoding="ascii") as file:
            json.dump({"alive": self.alive, "over": list(self.over), "open": list(self.open)}, file)

    def end(self, number):
        self.alive.pop(number, None)
        self.open.discard(number)
        self.over.add(number)

    def doubt(self, number):
        if number not in self.over:
            self.alive.pop(number, None)
            self.open.add(number)


def add(model, path, mac):
    added = ask(path, "session.add", {"mac": mac, "ttl_s": 86400})
    number = added["session"]["id"]
    if added["created"]:
        model.alive[number] = mac


def revoke(model, path, mac):
    number = id_of(path, mac)
    try:
        ask(path, "session.revoke", {"mac": mac})
    except Refused as refused:
        if "stands" not in str(refused):
            raise
    except Gone:
        model.doubt(number)
        raise
    model.end(number)


def move(model, path, mac):
    number = id_of(path, mac)
    to = random.choice(CLIENTS)
    try:
        ask(path, "session.move", {"mac": mac, "to_mac": to})
    except Refused as refused:
        if "CONFLICT" not in str(refused):
            model.doubt(number)
        raise
    except Gone:
        model.doubt(number)
        raise
    # A revoke elsewhere that this gateway has not heard of comes first.
    if number in model.alive:
        model.alive[number] = to


def load(model, seconds, paths):
    counts = {"answered": 0, "refused": 0, "unanswered": 0}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        what = random.choices([add, revoke, move], [5, 3, 2])[0]
        try:
            what(model, random.choice(paths), random.choice(CLIENTS))
            counts["answered"] += 1
        except Refused:
            counts["refused"] += 1
        except Gone:
            counts["unanswered"] += 1
            time.sleep(0.02)
    model.keep()
    print(", ".join(f"{count} {name}" for name, count in counts.items()))


def held(path):
    found, cursor = set(), None
    while True:
        page = ask(path, "session.list", {"limit": 500} | ({"cursor": cursor} if cursor else {}))
        found |= {(session["id"], session["mac"]) for session in page["sessions"]}
        cursor = page.get("next_cursor")
        if not cursor:
            return found


def problems(model, paths):
    first, *others = [held(path) for path in paths]
    for number, other in enumerate(others, 2):
        if other != first:
            return f"1 and {number} differ: {sorted(first ^ other)}"
    ids = [number for number, _ in first]
    if len(ids) != len(set(ids)):
        return f"one session at two places: {sorted(first)}"
    if revoked := [one for one in first if one[0] in model.over]:
        return f"revoked, and there: {revoked}"
    if lost := [one for one in model.alive.items() if one not in first]:
        return f"answered, and not there: {lost}"
    model.alive = dict(first)
    model.open = set()
    model.keep()
    return ""


def verify(model, paths):
    """What has come last may be on its way."""
    for left in range(40, -1, -1):
        told = problems(model, paths)
        if not told or left == 0:
            break
        time.sleep(0.1)
    if told:
        sys.exit(told)
    print(f"{len(model.alive)} sessions at all, {len(model.over)} over")


MODEL = Model(sys.argv[1])
if sys.argv[2] == "verify":
    verify(MODEL, sys.argv[3:])
else:
    random.seed(int(sys.argv[2]))
    load(MODEL, float(sys.argv[3]), sys.argv[4:])
