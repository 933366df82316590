"""Turns the rounds of a bench into ratios and holds them against the goals.

    python report.py RESULTS.jsonl [--json FILE]

A ratio is the median over the rounds of (server / other) within the round; the bracket is the range of the rounds.
"""

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from statistics import median

MIB = 1 << 20


@dataclass(frozen=True)
class Goal:
    """`metric` of `server`, divided by that of `other` unless `other` is empty, is at least (or most) `bound`."""

    section: str
    metric: str
    server: str
    other: str
    bound: float
    at_most: bool = False


FANOUT = ("fanout-1000", "fanout-5000", "fanout-10000")
GOALS = [
    *(Goal(section, "per_cpu_s", "bellhop", "floor", 0.95) for section in FANOUT),
    *(Goal(section, "per_cpu_s", "bellhop", "nchan", 1.7) for section in FANOUT),
    *(Goal(section, "per_cpu_s", "bellhop", "ws", 2.0) for section in FANOUT),
    *(Goal(section, "per_cpu_s", "bellhop", other, 1.0) for section in FANOUT for other in ("socketify", "websockets")),
    Goal("burst-16", "per_cpu_s", "bellhop", "floor", 7.0),
    Goal("burst-64", "per_cpu_s", "bellhop", "floor", 15.0),
    *(Goal(section, "per_cpu_s", "bellhop", "socketify", 1.0) for section in ("burst-16", "burst-64")),
    Goal("memory", "bytes_per_connection", "bellhop", "", 300, at_most=True),
    Goal("memory", "resident_bytes_before", "bellhop", "", 16 * MIB, at_most=True),
    Goal("handshakes", "per_cpu_s", "bellhop", "floor", 0.95),
    Goal("latency", "p99_ms", "bellhop", "floor", 1.10, at_most=True),
    Goal("http", "per_cpu_s", "node", "nginx", 1.0),
    Goal("commands", "per_s", "cluster", "floor", 0.6),
    Goal("cluster-latency-100", "last_p50_ms", "cluster", "", 3.0, at_most=True),
    Goal("cluster-latency-100", "last_p99_ms", "cluster", "", 20.0, at_most=True),
    Goal("cluster-latency-3000", "last_p50_ms", "cluster", "floor", 1.3, at_most=True),
    Goal("fanout-cluster", "per_cpu_s", "cluster", "peer", 0.9),
    Goal("apps-fanout", "per_cpu_s", "cluster", "peer", 0.9),
    Goal("apps-fanout", "per_busy_cpu_s", "cluster", "peer", 0.9),
    Goal("apps-channels", "per_cpu_s", "each", "one", 0.9),
    Goal("apps-channels", "per_cpu_s", "each", "floor-each", 0.9),
    Goal("apps-storm", "timeouts", "cluster", "", 0, at_most=True),
]
# What each section is about, the figure that its table shows, and against whom.
SECTIONS = {
    **{section: ("deliveries per CPU-second, one event at a time", "per_cpu_s", "floor") for section in FANOUT},
    "burst-16": ("deliveries per CPU-second, 16 events in flight, 500 sockets", "per_cpu_s", "floor"),
    "burst-64": ("deliveries per CPU-second, 64 events in flight, 500 sockets", "per_cpu_s", "floor"),
    "memory": ("resident bytes per idle connection, 15,000 of them", "bytes_per_connection", "floor"),
    "handshakes": ("handshakes per CPU-second", "per_cpu_s", "floor"),
    "latency": ("p99 in ms, 20 events per second, 1,000 sockets", "p99_ms", "floor"),
    "http": ("requests per CPU-second, keep-alive", "per_cpu_s", "nginx"),
    "commands": ("commands per second, 24 in flight, 3 nodes", "per_s", "floor"),
    "store-loop": ("commands per second with the stores on the first loop or on their own", "per_s", "first-loop"),
    "cluster-latency-100": ("p50 in ms from the answer to the last of 100 sockets", "last_p50_ms", ""),
    "cluster-latency-3000": ("p50 in ms to the last of 3,000 sockets", "last_p50_ms", "floor"),
    "fanout-cluster": ("deliveries per CPU-second of a node that hears of commands, 1,000 sockets", "per_cpu_s", "peer"),
    "apps-fanout": ("deliveries per CPU-second of an event that comes over HTTP, 3 nodes", "per_cpu_s", "peer"),
    "apps-channels": ("deliveries per CPU-second: a channel for each socket or one for all", "per_cpu_s", "one"),
    "apps-publish": ("signed events per CPU-second that come over HTTP", "per_cpu_s", "floor"),
    "apps-storm": ("seconds until the last is back and subscribed", "seconds", ""),
}


@dataclass
class Figure:
    """One comparison: the value itself, or the median ratio with the range of its rounds."""

    value: float
    low: float
    high: float
    rounds: int


class Results:
    def __init__(self, lines):
        self.rounds = defaultdict(dict)  # (section, server) -> round -> measurement
        for line in lines:
            row = json.loads(line)
            self.rounds[row["section"], row["server"]][row["round"]] = row

    def servers(self, section):
        return [server for found, server in self.rounds if found == section]

    def value(self, section, server, metric):
        rows = self.rounds.get((section, server))
        return rows and median(row[metric] for row in rows.values())

    def figure(self, section, metric, server, other):
        """None if one of them was not measured, or never in the same round."""
        ours = self.rounds.get((section, server), {})
        theirs = self.rounds.get((section, other), {}) if other else None
        values = [
            row[metric] / (theirs[number][metric] if other else 1)
            for number, row in ours.items()
            if not other or theirs.get(number, {}).get(metric)
        ]
        return Figure(median(values), min(values), max(values), len(values)) if values else None


def number(value):
    if value >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def print_tables(results):
    for section, (title, metric, base) in SECTIONS.items():
        servers = results.servers(section)
        if not servers:
            continue
        print(f"\n{section}: {title}" + (f", and × {base} (median and range of the rounds)" if base else ""))
        for server in sorted(servers, key=lambda server: server != base):
            value = number(results.value(section, server, metric))
            ratio = results.figure(section, metric, server, base)
            shown = f"{ratio.value:7.2f}  [{ratio.low:.2f} – {ratio.high:.2f}]" if ratio and server != base else ""
            print(f"  {server:<12} {value:>12}  {shown}")


def print_costs(results):
    """Where the time of a command goes: CPU of each kind of process, in ms per command (medians)."""
    kinds = ("nodes_cpu_s", "postgres_cpu_s", "redis_cpu_s", "own_cpu_s")
    for section, server in list(results.rounds):
        rows = [row for row in results.rounds[section, server].values() if kinds[1] in row and row.get("commands")]
        if not rows:
            continue
        costs = [median(1000 * row.get(kind, 0) / row["commands"] for row in rows) for kind in kinds]
        named = ", ".join(f"{kind.split('_')[0]} {cost:.2f}" for kind, cost in zip(kinds, costs))
        print(f"  {section} {server}: CPU ms per command: {named} (own: the program that sends); all {sum(costs):.2f}")


def print_storms(results):
    """What it costs that everybody comes back at once (medians and ranges of the rounds)."""
    metrics = ("timeouts", "subscribed_p50_ms", "subscribed_p99_ms", "nodes_cpu_s", "balancer_cpu_s", "redis_cpu_s")
    rows = list(results.rounds.get(("apps-storm", "cluster"), {}).values())
    for metric in metrics if rows else ():
        values = [row[metric] for row in rows]
        print(f"  {metric:<18} {number(median(values)):>12}  [{number(min(values))} – {number(max(values))}]")


def judged(results):
    for goal in GOALS:
        figure = results.figure(goal.section, goal.metric, goal.server, goal.other)
        if figure is None:
            continue
        is_met = figure.value <= goal.bound if goal.at_most else figure.value >= goal.bound
        yield goal, figure, is_met


def print_goals(rows):
    marks = {True: "✓", False: "✗ short"}
    if sys.stdout.isatty():
        marks = {True: "\033[32m✓\033[0m", False: "\033[31m✗ short\033[0m"}
    print(f"\n{'goal':<64} {'bound':>10} {'measured':>12}")
    for goal, figure, is_met in rows:
        what = f"{goal.section}: {goal.metric} of {goal.server}" + (f" / {goal.other}" if goal.other else "")
        sign = "≤" if goal.at_most else "≥"
        print(f"{what:<64} {sign} {number(goal.bound):>8} {number(figure.value):>12}  {marks[is_met]}")
    met = sum(is_met for *_, is_met in rows)
    print(f"{met} of {len(rows)} goals met")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results")
    parser.add_argument("--json")
    options = parser.parse_args()
    with open(options.results, encoding="utf-8") as lines:
        results = Results(lines)
    print_tables(results)
    print_costs(results)
    print_storms(results)
    rows = list(judged(results))
    if rows:
        print_goals(rows)
    if options.json:
        report = {
            "goals": [{**asdict(goal), **asdict(figure), "met": is_met} for goal, figure, is_met in rows],
            "measurements": [row for rounds in results.rounds.values() for row in rounds.values()],
        }
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)


main()
