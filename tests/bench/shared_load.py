# SPDX-License-Identifier: BSD-3-Clause
"""Loads gateways that share their sessions, and tells how long it took.

    shared_load.py SOCKET[,SOCKET...] spread COUNT    adds and revokes one by one at the first, and asks the others
                                                      until they know it: milliseconds, p50, p99 and largest
    shared_load.py SOCKET[,SOCKET...] add COUNT [NAME=PID...]
                                                      adds in batches of 1,000, at all at once: changes a second until
                                                      the last is answered, and until all gateways have all; and the
                                                      microseconds of CPU that each of those processes took a change,
                                                      without the gateways' workers
    shared_load.py SOCKET[,SOCKET...] wait COUNT      until all have so many
"""
import json
import os
import socket
import sys
import threading
import time


class Line:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def send(self, method, params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def answer(self):
        answer = json.loads(self.file.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def call(self, method, params):
        self.send(method, params)
        return self.answer()


def mac(number):
    return "02:" + ":".join(f"{number >> shift & 255:02x}" for shift in (32, 24, 16, 8, 0))


def knows(line, name):
    try:
        line.call("session.get", {"mac": name})
        return True
    except RuntimeError:
        return False


def told(what, times):
    times.sort()
    at = lambda part: times[min(len(times) - 1, int(len(times) * part))] * 1000
    print(f"{what}: p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, largest {times[-1] * 1000:.1f} ms ({len(times)})")


def spread(paths, count):
    first, others = Line(paths[0]), [Line(path) for path in paths[1:]]
    added, revoked = [], []
    for number in range(count):
        name = mac(0xA0_0000_0000 + number)
        for method, params, wanted, times in (
            ("session.add", {"mac": name, "ttl_s": 3600}, True, added),
            ("session.revoke", {"mac": name}, False, revoked),
        ):
            began = time.monotonic()
            first.send(method, params)
            for other in others:
                while knows(other, name) != wanted:
                    time.sleep(0.0005)
            times.append(time.monotonic() - began)
            first.answer()
    told("an add, until all others have it", added)
    told("a revoke, until no other has it", revoked)


def total(line):
    return line.call("stats.get", {})["sessions"]["total"]


def wait(paths, count):
    began = time.monotonic()
    for line in [Line(path) for path in paths]:
        while total(line) < count:
            time.sleep(0.02)
    return time.monotonic() - began


def times_of(process):
    """Nanoseconds of CPU by thread's name."""
    times = {}
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/comm") as comm, open(f"/proc/{process}/task/{thread}/schedstat") as stat:
            name = comm.read().strip()
            times[name] = times.get(name, 0) + int(stat.read().split()[0])
    return times


def told_times(processes, before, changes):
    for (name, process), former in zip(processes, before):
        times = {
            thread: (spent - former.get(thread, 0)) / 1000 / changes
            for thread, spent in times_of(process).items()
            if "worker" not in thread
        }
        parts = ", ".join(f"{thread} {spent:.1f}" for thread, spent in sorted(times.items()) if spent >= 0.1)
        print(f"CPU of {name}: {sum(times.values()):.1f} us a change ({parts})")


def add(paths, count, processes):
    share = count // len(paths)
    before = total(Line(paths[0]))
    refused = []

    def one(which):
        line = Line(paths[which])
        first = 0xB0_0000_0000 + which * 0x1000_0000 + before
        for begin in range(0, share, 1000):
            batch = [{"mac": mac(first + n), "ttl_s": 86400} for n in range(begin, min(begin + 1000, share))]
            line.send("session.add", {"sessions": batch})
            answer = line.file.readline()
            if b'"error"' in answer:
                refused.append(answer[:300])
                return

    spent = [times_of(process) for _, process in processes]
    began = time.monotonic()
    threads = [threading.Thread(target=one, args=(which,)) for which in range(len(paths))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise SystemExit(f"refused: {refused[0]}")
    took = time.monotonic() - began
    print(f"{share * len(paths)} adds at {len(paths)} gateways answered in {took:.2f} s: {share * len(paths) / took:.0f} a second")
    wait(paths, before + share * len(paths))
    took = time.monotonic() - began
    print(f"all of them have all after {took:.2f} s: {share * len(paths) / took:.0f} a second")
    told_times(processes, spent, share * len(paths))


PATHS, WHAT, COUNT = sys.argv[1].split(","), sys.argv[2], int(sys.argv[3])
if WHAT == "wait":
    print(f"all have {COUNT} after {wait(PATHS, COUNT):.2f} s")
elif WHAT == "spread":
    spread(PATHS, COUNT)
else:
    add(PATHS, COUNT, [(name, int(process)) for name, process in (one.split("=") for one in sys.argv[4:])])
