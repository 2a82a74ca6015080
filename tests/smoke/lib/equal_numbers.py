#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
#
# equal_numbers.py CONTROL-SOCKET METRICS-URL TELEMETRY-SOCKET [`at rest`]: the three sources of numbers hold the same
# in one snapshot, to the last one. Prints how many numbers were compared, or what differs.
#
# Each metric of DPDK's telemetry is compared with Prometheus's, and what `stats.get` has with both.
import json
import socket
import sys
import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

PATIENCE_S = 60


def fail(text):
    print(text)
    sys.exit(1)


class Control:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")

    def stats(self):
        self.socket.sendall(b'{"jsonrpc":"2.0","id":1,"method":"stats.get"}\n')
        return json.loads(self.lines.readline())["result"]


class Telemetry:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(path)
        self.size = json.loads(self.socket.recv(1024))["max_output_len"]

    def ask(self, command):
        self.socket.send(command.encode())
        answer = json.loads(self.socket.recv(self.size))
        return answer[command.split(",")[0]]

    def names(self):
        return self.ask("/gate511/metrics")["name"]

    # All rows of a metric: snapshot, and {(name, labels): value}. Nothing: it changed meanwhile.
    def metric(self, name):
        rows, first, snapshot = {}, 0, None
        while True:
            answer = self.ask(f"/gate511/metric,{name},{first}")
            if snapshot is not None and answer["snapshot"] != snapshot:
                return None, {}
            snapshot = answer["snapshot"]
            count = len(answer.get("value", []))
            labels = [c for c in answer
                      if c not in ("snapshot", "type", "first", "rows", "series", "value", "divide_by")]
            for i in range(count):
                of = {c: answer[c][i] for c in labels if c != "le" or answer["le"][i]}
                series = "_" + answer["series"][i] if "series" in answer else ""
                rows[name + series, tuple(sorted(of.items()))] = \
                    answer["value"][i] / answer["divide_by"][i]
            first += count
            if first >= answer["rows"] or not count:
                if first != answer["rows"]:
                    fail(f"{name}: {answer['rows']} rows are told of, and {first} come")
                return snapshot, rows


# As DPDK's telemetry shows a text.
def shown(text):
    out = ""
    for byte in text.encode():
        piece = chr(byte) if 0x20 <= byte <= 0x7e else f"\\x{byte:02x}"
        if len(out + piece) > 120:
            break
        out += piece
    return out


def scrape(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        text = answer.read().decode()
    rows = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name
            if family.type == "histogram" and "le" in sample.labels:
                sample.labels["le"] = le_of(sample.labels["le"])
            key = name, tuple(sorted(sample.labels.items()))
            if key in rows:
                fail(f"twice: {key}")
            rows[key] = sample.value
    return int(rows["gate511_snapshot", ()]), rows


def le_of(text):
    return "+Inf" if text == "+Inf" else f"{float(text):g}"


# What stats.get has, as Prometheus calls it.
def as_metrics(s):
    out = {}

    def put(name, value, **labels):
        out["gate511_" + name, tuple(sorted(labels.items()))] = value

    fates = {}
    for zone in s["zones"]:
        of = {"link": zone["link"], "zone": zone["name"]}
        put("zone_info", 1, enforce=zone["enforce"], **of)
        for verdict, count in zone["verdicts"].items():
            fates.setdefault(verdict, []).append((of, count, "frames_total"))
        for verdict, count in zone["would_have"].items():
            fates.setdefault(verdict, []).append((of, count, "would_have_frames_total"))
    out["fates"] = fates
    for state in ("authenticated", "restricted", "blocked"):
        put("sessions", s["sessions"][state], state=state)
    put("sessions_capacity", s["sessions"]["capacity"])
    put("sessions_in_limbo", s["sessions"]["in_limbo"])
    put("session_changes_total", s["generation"])
    put("mbufs", s["mbufs"]["in_use"], state="in_use")
    put("mbufs", s["mbufs"]["total"] - s["mbufs"]["in_use"], state="free")
    put("huge_pages", int(s["huge_pages"]))
    put("config_generation", s["config_generation"])
    for worker in s["workers"]:
        lcore = str(worker["lcore"])
        put("worker_turns_total", worker["loops"], lcore=lcore)
        put("worker_replies_total", worker["replies"], lcore=lcore)
        put("worker_burst_frames_sum", worker["frames_in"], lcore=lcore)
        put("worker_burst_frames_count", worker["bursts"], lcore=lcore)
    put("ring_dropped_total", s["sightings_dropped"], ring="clients")
    put("ring_dropped_total", s["garden"]["untold"], ring="garden")
    for kind, sizes in s["answers"].items():
        for size, count in sizes.items():
            put("answers_total", count, kind=kind, size=size)
    for probe, count in s["probes"].items():
        put("probe_redirects_total", count, probe=probe)
    for carrier, count in s["capport"]["inserted"].items():
        put("capport_answers_total", count, carrier=carrier, outcome="inserted")
    for carrier, reasons in s["capport"]["left_alone"].items():
        for outcome, count in reasons.items():
            put("capport_answers_total", count, carrier=carrier, outcome=outcome)
    garden = s["garden"]
    put("garden_answers_total", garden["answers"], outcome="learnt")
    put("garden_answers_total", garden["unasked"], outcome="unasked")
    put("garden_answers_total", garden["unlearnt"], outcome="unlearnt")
    put("garden_addresses_refused_total", garden["refused"])
    put("garden_addresses_full_total", garden["full"])
    put("garden_addresses", garden["learnt"])
    held = 0
    for one in garden["held_for"]:
        held += one["count"]
        if one["up_to_us"] is not None:
            put("held_answer_seconds_bucket", held, le=f"{one['up_to_us'] / 1e6:g}")
    put("held_answer_seconds_count", held)
    control = s["control"]
    put("control_clients", control["clients"])
    put("control_refused_total", control["refused"], reason="no_place")
    put("control_refused_total", control["tls_refused"], reason="tls")
    put("control_too_slow_total", control["too_slow"])
    put("control_longest_slice_seconds", control["longest_slice_us"] / 1e6)
    for outcome, count in control["audit"].items():
        put("audit_records_total", count, outcome=outcome)
    events = control["events"]
    put("events_total", events["seq"])
    put("event_subscribers", events["subscribers"])
    put("event_subscribers_overrun_total", events["overrun"])
    put("event_consumers", events["consumers"])
    put("events_kept", events["kept"])
    put("events_dropped_total", events["dropped"])
    records = control["records"]
    for name in ("written", "lost", "failures", "purged"):
        put(f"records_{name}_total", records[name])
    put("records_waiting", records["waiting"])
    put("records_longest_write_seconds", records["longest_write_us"] / 1e6)
    store = s["store"]
    put("store_commits_total", store["commits"])
    put("store_changes_total", store["changes"])
    put("store_failures_total", store["failures"])
    put("store_lost_changes_total", store["lost"])
    put("store_journal_rows", store["unfolded"])
    return out


# A number that is not shown is 0, where only those that are not zero are.
def compare_stats(stats, scraped, at_rest):
    told = as_metrics(stats)
    fates = told.pop("fates")
    by_verdict = {}
    for (name, labels), value in scraped.items():
        of = dict(labels)
        if name in ("gate511_frames_total", "gate511_would_have_frames_total"):
            by_verdict[name[8:], of["link"], of["zone"], of["verdict"]] = value
    count = 0
    for verdict, places in fates.items():
        for of, value, name in places:
            key = name, of["link"], of["zone"], verdict
            if by_verdict.pop(key, None) != value:
                fail(f"{key}: stats.get has {value}")
            count += 1
    if by_verdict:
        fail(f"not in stats.get: {by_verdict}")
    for key, value in told.items():
        if scraped.get(key) != value:
            fail(f"{key}: {scraped.get(key)}, and stats.get has {value}")
        count += 1
    # Workers and zones are read one after the other, while frames come.
    total = sum(v for (n, _), v in scraped.items() if n == "gate511_frames_total")
    if at_rest and total != sum(stats["verdicts"].values()):
        fail(f"all frames: {total}, and stats.get has {sum(stats['verdicts'].values())}")
    return count


def main():
    control, url, telemetry = Control(sys.argv[1]), sys.argv[2], Telemetry(sys.argv[3])
    compared, end = 0, time.monotonic() + PATIENCE_S
    names = telemetry.names()
    missing = list(names)
    seen = set()
    while missing:
        if time.monotonic() > end:
            fail(f"no two sources showed one snapshot: {missing}")
        stats = control.stats()
        number, scraped = scrape(url)
        if number != stats["snapshot"]["number"]:
            continue
        if not seen:
            compared += compare_stats(stats, scraped, at_rest=sys.argv[4:] == ["at rest"])
        as_shown = {(n, tuple((k, shown(v)) for k, v in labels)): v
                    for (n, labels), v in scraped.items()}
        for name in list(missing):
            snapshot, rows = telemetry.metric(name)
            if snapshot != number:
                break
            suffixes = ("", "_bucket", "_sum", "_count")
            of_it = {k: v for k, v in as_shown.items() if k[0] in [name + s for s in suffixes]}
            if of_it != rows:
                differs = {k: (of_it.get(k), rows.get(k)) for k in of_it.keys() | rows.keys()
                           if of_it.get(k) != rows.get(k)}
                fail(f"{name}: {differs}")
            seen |= {k[0] for k in of_it}
            compared += len(rows)
            missing.remove(name)
    unknown = {n for n, _ in scraped} - seen
    if unknown:
        fail(f"not in telemetry: {unknown}")
    print(compared)


if __name__ == "__main__":
    main()
