#!/usr/bin/python3
"""How time and memory of a round grow with agents and degree, and what `needflow plan` says beforehand.

    bench/scaling.py                 N = 1e2 … 1e6, k = 5 … 30
    bench/scaling.py --largest       N = 1e7, k = 30, five rounds, alone: needs up to 24 GiB
    bench/scaling.py --quick         two degrees, up to 1e5

Each size is a process of its own (scaling_case), because its peak memory counts. Exponents are least squares on
log time over log N (over log k), from the sizes whose matrix leaves the second-level cache, and from all.
"""
import argparse
import json
import math
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))

import contenders  # noqa: E402
from tables import print_table, seconds_text, size_text  # noqa: E402

AGENTS = (100, 1_000, 10_000, 100_000, 1_000_000)
NEIGHBORS = (5, 10, 20, 30)
LARGEST = (10_000_000, 30)
ROUNDS, LARGEST_ROUNDS = 16, 5
IN_CACHE = 100_000          # entries: 1.2 MB of matrix
PLAN_DIGITS = 0.05          # plan prints tenths of a second below ten
UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", action="store_true", help="N = 1e7, k = 30 and nothing else")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--out", type=pathlib.Path,
                        default=contenders.ROOT / "results" / "scaling.json",
                        help="sizes measured before are kept, those measured again replaced")
    return parser.parse_args()


def measured(agents, neighbors, rounds, threads):
    """What scaling_case says: seconds, and bytes held, resident and at the peak."""
    text = contenders.call([contenders.BINARIES / "scaling_case", agents, neighbors, rounds, threads])
    return json.loads(text)


def planned(agents, neighbors, rounds, threads):
    """{"seconds": …, "bytes": …} of needflow plan, None where its words are not understood."""
    text = contenders.call([contenders.BUILD / "needflow", "plan", HERE / "scaling.toml", "--threads", threads,
                            "--set", f"network.agents={agents}", "--set", f"network.neighbors={neighbors}",
                            "--set", f"round.max_rounds={rounds}"])
    time = re.search(r"^time +about (.+?) on \d+ threads", text, re.M)
    memory = re.search(r"^memory +([\d.]+) (\w+) for the largest network", text, re.M)
    return {"seconds": seconds_from(time.group(1)) if time else None,
            "bytes": float(memory.group(1)) * UNITS[memory.group(2)] if memory else None}


def seconds_from(words):
    """"1 min 07 s" and the like."""
    size = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
    parts = words.split()
    return sum(float(number) * size[unit] for number, unit in zip(parts[::2], parts[1::2]))


def exponent(pairs):
    """The slope of log y over log x and its standard error; None for fewer than three points."""
    if len(pairs) < 3:
        return None
    logs = [(math.log(x), math.log(y)) for x, y in pairs]
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread
    rest = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in logs)
    return slope, math.sqrt(rest / (len(logs) - 2) / spread)


def exponent_text(pairs):
    fit = exponent(pairs)
    return "–" if fit is None else f"{fit[0]:.2f} ± {fit[1]:.2f}"


def measure(sizes, rounds, threads):
    rows = []
    for agents, neighbors in sizes:
        print(size_text(agents, neighbors), file=sys.stderr)
        row = measured(agents, neighbors, rounds, threads)
        row["plan"] = planned(agents, neighbors, rounds, threads)
        rows.append(row)
    return rows


def ratio_to_plan(row):
    """(time, memory) of the plan over what was measured."""
    total = row["build_seconds"] + row["rounds"] * row["round_seconds"]
    plan = row["plan"]
    time = "–"
    if plan["seconds"] is not None and plan["seconds"] > PLAN_DIGITS and total > PLAN_DIGITS:
        time = f"{plan['seconds'] / total:.2f}"
    memory = "–" if plan["bytes"] is None else f"{plan['bytes'] / row['held']:.2f}"
    return time, memory


def print_rows(rows):
    table = []
    for row in rows:
        time, memory = ratio_to_plan(row)
        table.append([size_text(row["agents"], row["neighbors"]), row["threads"],
                      seconds_text(row["round_seconds"]),
                      f"{1e9 * row['round_seconds'] / row['entries']:.2f} ns",
                      f"{row['build_seconds'] / row['round_seconds']:.0f}",
                      f"{row['held'] / 2**20:.1f} MiB",
                      f"{row['held'] / (16.0 * row['entries'] + 200.0 * row['agents']):.2f}",
                      f"{row['peak'] / 2**20:.0f} MiB", time, memory])
    print_table("Size by size; plan over measured is for building and all rounds, and for what matrix and solver hold",
                ["N, degree", "thr.", "a round", "an entry", "build in rounds", "held", "/ 16 B e + 200 B a",
                 "peak", "plan / time", "plan / memory"], table)


def print_exponents(rows):
    table = []
    for name, value in (("time a round", "round_seconds"), ("building", "build_seconds"), ("memory held", "held")):
        for k in sorted({row["neighbors"] for row in rows}):
            mine = [row for row in rows if row["neighbors"] == k]
            beyond = [row for row in mine if row["entries"] >= IN_CACHE]
            table.append([f"{name} over N, k = {k}", exponent_text([(r["agents"], r[value]) for r in mine]),
                          exponent_text([(r["agents"], r[value]) for r in beyond])])
        largest = max(row["agents"] for row in rows)
        mine = [(row["neighbors"], row[value]) for row in rows if row["agents"] == largest]
        table.append([f"{name} over k, N = {largest:.0e}", exponent_text(mine), "–"])
    print_table("Fitted exponents (slope of the logarithms ± standard error)",
                ["", "all sizes", f"from {IN_CACHE:.0e} entries"], table)


def main():
    options = arguments()
    if not options.no_build:
        print("building what is missing", file=sys.stderr)
        contenders.build()
    kept = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
    kept["machine"] = contenders.machine_text()
    print(kept["machine"])
    if options.largest:
        kept["largest"] = measure([LARGEST], LARGEST_ROUNDS, options.threads)[0]
        print_rows([kept["largest"]])
        peak = kept["largest"]["peak"] / 2**30
        print(f"\n  five rounds of N = 1e7, k = 30: peak {peak:.1f} GiB; 24 GiB "
              f"{'suffice' if peak <= 24.0 else 'do not suffice'}")
    else:
        agents = [n for n in AGENTS if n <= 100_000] if options.quick else AGENTS
        degrees = (10, 30) if options.quick else NEIGHBORS
        kept["sizes"] = measure([(n, k) for k in degrees for n in agents], ROUNDS, options.threads)
        print_rows(kept["sizes"])
        print_exponents(kept["sizes"])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    print(f"\n{options.out}")


if __name__ == "__main__":
    main()
