#!/usr/bin/python3
"""What lanes gain for points of episodes: the same sweep in 1, 8 and 16 lanes, with trust and without, taking turns.

    bench/episode_lanes.py NEEDFLOW [--agents 100] [--neighbors 20] [--points 640] [--turns 5] [--threads 1]

The whole command is timed – plan, networks, draws, rounds, trust, statistics, journal, result file. Printed are the
median of the seconds, and of the ratios to one lane of the same turn, with their range; by default seconds of CPU,
which count less of what else runs on the machine.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SCENARIO = """
seed = 1
[network]
agents = {agents}
neighbors = {neighbors}
count = 4
[population]
replicates = {replicates}
supply_ratio = [0.5, 0.6, 0.7, 0.8]
episodes = 8
[strategies]
aggressive_fraction = 0.3
"""
WAYS = {
    "episodes alone": "",
    "trust": '[trust]\nmode = "on"\n',
    "trust, noise, detection": '[trust]\nmode = "on"\naudit_noise = 0.1\naudit = 0.8\ndetection = true\n',
}
LANES = (1, 8, 16)


def seconds(command, clock):
    started = time.perf_counter()
    before = os.times()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode != 0:
        sys.exit(done.stderr)
    if clock == "wall":
        return time.perf_counter() - started
    return after.children_user + after.children_system - before.children_user - before.children_system


def spread(values):
    return f"{statistics.median(values):5.2f} [{min(values):.2f} … {max(values):.2f}]"


def measure(options, folder, way, text):
    scenario = folder / "scenario.toml"
    scenario.write_text(text)
    times = {lanes: [] for lanes in LANES}
    for turn in range(options.turns + 1):
        for lanes in LANES if turn % 2 else LANES[::-1]:
            command = [options.needflow, "sweep", scenario, "-o", folder / "x.h5", "--overwrite", "--quiet",
                       "--threads", options.threads, "--lanes", lanes]
            found = seconds([str(word) for word in command], options.clock)
            if turn > 0:  # the first warms files and caches
                times[lanes].append(found)
    print(f"{way}:")
    for lanes in LANES:
        gains = [one / other for one, other in zip(times[1], times[lanes])]
        print(f"  {lanes:2} lanes  {statistics.median(times[lanes]):7.3f} s   one lane / this  {spread(gains)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("needflow", type=pathlib.Path)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--neighbors", type=int, default=20)
    parser.add_argument("--points", type=int, default=640, help="a multiple of 16")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu")
    options = parser.parse_args()
    print(f"N = {options.agents}, k = {options.neighbors}, {options.points} points of 8 episodes, {options.threads} "
          f"threads, {options.turns} turns, {options.clock} time, load {os.getloadavg()[0]:.1f}")
    for way, extra in WAYS.items():
        text = SCENARIO.format(agents=options.agents, neighbors=options.neighbors,
                               replicates=max(1, options.points // 16)) + extra
        with tempfile.TemporaryDirectory(prefix="needflow-lanes-") as folder:
            measure(options, pathlib.Path(folder), way, text)


if __name__ == "__main__":
    main()
