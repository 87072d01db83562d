#!/usr/bin/python3
"""What the journal costs: the same sweep with it and without, taking turns in one run.

    bench/journal_cost.py [BUILD] [--turns 25] [--threads 1] [--first]

BUILD (default build/release) is configured with -DNEEDFLOW_BENCH=ON. The program itself cannot leave its journal out, so
journal_case takes the same steps: networks, rounds, statistics, result file, with or without the journal. The sweep is that
of bench/peers/sweep, stock settlement: the shortest runs that there are, where a point costs least and its record most.
Printed are ratios, with over without, turn by turn: the median and, in brackets, the middle half; then the ratio of the
least times, which leaves out what else ran on the machine. Seconds of CPU count the threads that write and sync as well.
Below stand, as shares of the wall time without, what its parts take longer (computing, until all is in the journal; the
result file; removing the journal), and what is written: bytes a point, and the memory touched for the first time.

What bounds it, at N = 100 in nanoseconds a point, of 2,360 that it takes without: 26 to pack 60 bytes, 33 to write them into
the page cache (0.55 a byte; 0.15 where buffer and pages are warm), 6 to drop those pages when the journal is removed: 2.8 % of
the CPU's time. Packing and dropping, 1.4 %, are in the way of who computes; writing is so where every processor computes.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "bench" / "peers" / "sweep" / "sweep.toml"
# Agents, networks (1600 points each), goal.
CASES = ((100, 128, 0.03), (1000, 12, 0.01))


def measure(options, folder, way, agents, networks):
    launch = []
    if options.first:
        launch = ["chrt", "--fifo", "20"]
        time.sleep(0.55)  # the system leaves others 5 % of each second, which would hit every second run
    done = subprocess.run([*launch, options.build / "bench" / "journal_case", SCENARIO, f"{folder}/sweep.h5", way, str(options.threads),
                           f"network.agents={agents}", f"network.count={networks}"],
                          text=True, capture_output=True, check=True)
    return json.loads(done.stdout)


def show(name, ratios, least, goal):
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(f"  {name:<6} {100 * (middle - 1):+6.2f} % [{100 * (low - 1):+.2f} … {100 * (high - 1):+.2f}]   "
          f"least {100 * (least - 1):+6.2f} %   goal < {100 * goal:.0f} %")


def show_parts(turns):
    whole = statistics.median(b["wall"] for b in turns["without"])
    parts = []
    for part in ("computing", "file", "end"):
        more = statistics.median(a[part] - b[part] for a, b in zip(turns["with"], turns["without"]))
        parts.append(f"{part} {100 * more / whole:+.2f} %")
    last = turns["with"][-1]
    pages = last["pages"] - turns["without"][-1]["pages"]
    print(f"  thereof {', '.join(parts)};  {last['bytes'] / last['points']:.0f} B a point, {pages:+d} pages")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, nargs="?", default=ROOT / "build" / "release")
    parser.add_argument("--turns", type=int, default=25)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=pathlib.Path, help="on the file system that is to be measured")
    parser.add_argument("--first", action="store_true", help="before all others on a busy machine (chrt; asks for root)")
    options = parser.parse_args()
    for agents, networks, goal in CASES:
        with tempfile.TemporaryDirectory(prefix="needflow-journal-", dir=options.folder) as folder:
            turns = {"with": [], "without": []}
            for turn in range(options.turns):
                for way in list(turns)[::1 if turn % 2 == 0 else -1]:
                    turns[way].append(measure(options, folder, way, agents, networks))
        print(f"N = {agents}, {turns['with'][0]['points']} points, {options.threads} threads, {options.turns} turns, "
              f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        for clock in ("wall", "cpu"):
            ratios = [a[clock] / b[clock] for a, b in zip(turns["with"], turns["without"])]
            least = min(t[clock] for t in turns["with"]) / min(t[clock] for t in turns["without"])
            show(clock, ratios, least, goal)
        show_parts(turns)


if __name__ == "__main__":
    main()
