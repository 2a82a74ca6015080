#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
#
# The dashboard of docs/grafana, asked of a Prometheus as Grafana asks it.
#
#   dashboard.py names SCRAPE          each metric that it names is in the text SCRAPE, and is no
#                                      other than the code has
#   dashboard.py ask PROMETHEUS-URL    each of its expressions has an answer
#   dashboard.py draw PROMETHEUS-URL SECONDS PICTURE
#                                      its panels, with what they showed in the last SECONDS
import json
import os
import re
import sys
import time
import urllib.parse
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

DASHBOARD = os.path.join(os.path.dirname(__file__), "../../../docs/grafana/gate511.json")
STEP_S = 2
INTERVAL = "10s"  # $__rate_interval: four times that of the scrapes, and some


def panels():
    with open(DASHBOARD, encoding="utf-8") as file:
        return [p for p in json.load(file)["panels"] if p["type"] != "row"]


# Grafana's variables, as it would put them in.
def expression(target):
    return (target["expr"].replace("$__rate_interval", INTERVAL).replace("$job", "gate511")
            .replace("$instance", "127.0.0.1:9511"))


def get(url, path, **parameters):
    query = urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(f"{url}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        sys.exit(f"{parameters['query']}: {error.read().decode()}")


# Those that say nothing while all is well, or that a run without such traffic has nothing of.
def may_be_empty(expr):
    return "held_answer" in expr or "revoke" in expr


def names(scrape):
    with open(scrape, encoding="utf-8") as file:
        families = list(text_string_to_metric_families(file.read()))
    known = {s.name for f in families for s in f.samples}
    missing = set()
    for panel in panels():
        for target in panel["targets"]:
            missing |= set(re.findall(r"gate511_\w+", target["expr"])) - known
    if missing:
        sys.exit(f"no such metric: {', '.join(sorted(missing))}")


def ask(url):
    count, empty = 0, []
    for panel in panels():
        for target in panel["targets"]:
            count += 1
            if not get(url, "query", query=expression(target)) and not may_be_empty(target["expr"]):
                empty.append(f"{panel['title']}: {expression(target)}")
    if empty:
        sys.exit("no answer: " + "; ".join(empty))
    print(count)


UNITS = {"Bps": ("bytes/s", 1), "pps": ("frames/s", 1), "reqps": ("answers/s", 1), "ops": ("1/s", 1),
         "s": ("ms", 1000), "percentunit": ("%", 100), "short": ("", 1), "none": ("", 1)}


def legend(target, labels):
    return re.sub(r"\{\{(\w+)\}\}", lambda m: labels.get(m.group(1), ""), target["legendFormat"])


def series(url, panel, end, seconds):
    factor = UNITS[panel["fieldConfig"]["defaults"]["unit"]][1]
    for target in panel["targets"]:
        for one in get(url, "query_range", query=expression(target), start=end - seconds, end=end,
                       step=STEP_S):
            yield (legend(target, one["metric"]), [t - end + seconds for t, _ in one["values"]],
                   [float(v) * factor for _, v in one["values"]])


def draw_panel(axes, url, panel, end, seconds):
    unit = UNITS[panel["fieldConfig"]["defaults"]["unit"]][0]
    lines = sorted(series(url, panel, end, seconds), key=lambda one: -max(one[2]))
    stacked = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    below = {}
    for i, (name, times, values) in enumerate(lines):
        shown = name if i < 8 else None
        if stacked:
            base = [below.get(t, 0) for t in times]
            top = [b + v for b, v in zip(base, values)]
            axes.fill_between(times, base, top, alpha=0.6, linewidth=0, label=shown)
            below.update(zip(times, top))
        else:
            axes.plot(times, values, linewidth=1, label=shown)
    axes.set_title(panel["title"] + (f" ({unit})" if unit else ""), fontsize=9, loc="left")
    axes.set_xlim(0, seconds)
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.3)
    if lines:
        axes.legend(fontsize=6, ncol=2, frameon=False, loc="upper left")
    else:
        axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", fontsize=8)


def draw(url, seconds, picture):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    end = time.time()
    graphs = [p for p in panels() if p["type"] == "timeseries"]
    across = 3
    down = -(-len(graphs) // across)
    figure, grid = pyplot.subplots(down, across, figsize=(15, 2.6 * down), constrained_layout=True)
    for axes, panel in zip(grid.flat, graphs):
        draw_panel(axes, url, panel, end, seconds)
    for axes in list(grid.flat)[len(graphs):]:
        axes.axis("off")
    figure.supxlabel("seconds", fontsize=8)
    figure.savefig(picture, dpi=80)


what, *arguments = sys.argv[1:]
if what == "names":
    names(*arguments)
elif what == "ask":
    ask(*arguments)
else:
    draw(arguments[0], int(arguments[1]), arguments[2])
