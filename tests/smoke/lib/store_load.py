# SPDX-License-Identifier: BSD-3-Clause
"""Changes sessions as fast as it can until the daemon is gone, and says afterwards what must be there.

    store_load.py SOCKET STATE load SEED     adds, batches, revokes and moves; what is under way when
                                             the connection breaks may or may not have happened
    store_load.py SOCKET STATE verify        compares; exit 1 and a line for each difference
"""
import json
import random
import socket
import sys
import threading
import time

THREADS, CLIENTS = 4, 400


class Line:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def call(self, method, params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        answer = self.file.readline()
        if not answer.endswith(b"\n"):
            raise ConnectionError("the daemon is gone")
        answer = json.loads(answer)
        if "error" in answer:
            raise SystemExit(f"{method}: {answer['error']['message']}")
        return answer["result"]


def mac(thread, n):
    return f"02:00:5e:{thread:02x}:{n >> 8:02x}:{n & 255:02x}"


def work(path, thread, seed, state):
    """state: {"now": what was acknowledged, "next": what it is if the last call happened, "calls": n}"""
    chance = random.Random(seed * 100 + thread)
    line = Line(path)
    tag = seed * 1_000_000

    def add(sessions, name):
        nonlocal tag
        tag += 1
        ttl = chance.choice([0, 0, 3600, 1])
        sessions[name] = [str(tag), time.time() + ttl if ttl else None]
        return {"mac": name, "tag": str(tag), "ttl_s": ttl}

    while True:
        now = state["now"]
        then = dict(now)
        kind = chance.random()
        if kind < 0.4:
            call = "session.add", add(then, mac(thread, chance.randrange(CLIENTS)))
        elif kind < 0.5:
            names = [mac(thread, n) for n in chance.sample(range(CLIENTS), 20)]
            call = "session.add", {"sessions": [add(then, name) for name in names]}
        elif kind < 0.8 or not now:
            name = mac(thread, chance.randrange(CLIENTS))
            then.pop(name, None)
            call = "session.revoke", {"mac": name}
        else:
            # A session without an end, so that it is there for sure.
            name = chance.choice(sorted(now))
            to = mac(thread, chance.randrange(CLIENTS))
            if now[name][1] is not None or to in now:
                continue
            then[to] = then.pop(name)
            call = "session.move", {"mac": name, "to_mac": to}
        state["next"] = then
        line.call(*call)
        state["now"] = then
        state["calls"] += 1


def load(path, file, seed):
    try:
        states = json.load(open(file))
    except FileNotFoundError:
        states = [{"now": {}, "next": {}, "calls": 0} for _ in range(THREADS)]

    def run(thread):
        try:
            work(path, thread, seed, states[thread])
        except (ConnectionError, OSError):
            pass

    threads = [threading.Thread(target=run, args=(t,)) for t in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    json.dump(states, open(file, "w"))


def listed(path):
    line, found, cursor = Line(path), {}, 0
    while cursor is not None:
        page = line.call("session.list", {"cursor": cursor, "limit": 500})
        found.update({one["mac"]: one["tag"] for one in page["sessions"]})
        cursor = page["next_cursor"]
    return found


def verify(path, file):
    states = json.load(open(file))
    begin = time.time()
    found = listed(path)
    end = time.time()
    wrong, held = 0, 0
    for thread, state in enumerate(states):
        here = {name: tag for name, tag in found.items() if name.startswith(f"02:00:5e:{thread:02x}:")}
        held += len(here)

        def differs(sessions):
            differences = []
            for name in sorted(set(sessions) | set(here)):
                tag, ends = sessions.get(name, [None, None])
                if ends is not None and begin - 1 < ends < end + 2 and here.get(name) in (tag, None):
                    continue  # it ends just now
                wanted = None if ends is not None and ends <= begin - 1 else tag
                if here.get(name) != wanted:
                    differences.append(f"{name}: is {here.get(name)}, should be {wanted}")
            return differences

        options = [differs(state["now"]), differs(state["next"])]
        if all(options):
            wrong += 1
            print("\n".join(min(options, key=len)[:5]))
        state["now"] = state["next"] if options[0] else state["now"]
        state["now"] = {name: one for name, one in state["now"].items() if name in here}
        state["next"] = state["now"]
    json.dump(states, open(file, "w"))
    print(held, "sessions held,", sum(state["calls"] for state in states), "calls answered so far")
    sys.exit(1 if wrong else 0)


if sys.argv[3] == "load":
    load(sys.argv[1], sys.argv[2], int(sys.argv[4]))
else:
    verify(sys.argv[1], sys.argv[2])
