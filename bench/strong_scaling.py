#!/usr/bin/python3
"""Strong scaling: the same sweep, and the same run of one network, on more threads and on more ranks, as ratios to one
thread.

usage: bench/strong_scaling.py NEEDFLOW [--threads 1,2,4] [--ranks 1,2] [--turns 5] [--replicates 48] [--agents 200000]

All cases take turns, the order reversed every other turn; printed are medians of the times and of the ratios to the
first case of the same turn, with ranges. Ranks have one thread each and are started by the mpiexec that fits the program
(`needflow info`); without MPI they are left out. The whole command is timed: start of MPI, plan, network, journal, result
file; bench/ranks.py times the rounds of one run alone.
"""

import argparse
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SCENARIO = """
title = "Strong scaling"
seed = 5
[network]
agents = [100, 300]
neighbors = [10, 20]
count = 8
[population]
replicates = {replicates}
supply_ratio = [0.5, 1.0]
[round]
settlement = ["stock", "reallocate"]
max_rounds = 200
"""

ONE = """
title = "Strong scaling of one run"
seed = 6
[network]
agents = {agents}
neighbors = 30
[population]
supply_ratio = 0.7
[round]
settlement = "reallocate"
max_rounds = 60
"""


def launcher(needflow):
    info = subprocess.run([needflow, "info"], capture_output=True, text=True, check=True).stdout
    mpi = re.search(r"^MPI +(.*)$", info, re.MULTILINE)
    if not mpi or mpi.group(1).startswith("none"):
        return None
    if "Open MPI" in mpi.group(1):
        return [shutil.which("mpiexec.openmpi") or "mpiexec", "--allow-run-as-root", "--bind-to", "none"]
    return [shutil.which("mpiexec.mpich") or "mpiexec"]


def numbers(text):
    return [int(word) for word in text.split(",") if word]


def spread(values, digits):
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} [{low:.{digits}f} … {high:.{digits}f}]"


def measured(cases, turns, folder):
    """Seconds of each case, turn by turn."""
    times = {case: [] for case in cases}
    for turn in range(turns + 1):
        for case in list(cases) if turn % 2 else list(cases)[::-1]:
            started = time.perf_counter()
            done = subprocess.run(cases[case], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                sys.exit(f"{case}: {done.stderr}")
            if turn > 0:  # the first warms files and caches
                times[case].append(time.perf_counter() - started)
    return times


def print_table(what, times):
    first = next(iter(times))
    print(f"{what:<12} {'seconds':<24} times as fast as {first}")
    for case, taken in times.items():
        ratios = [a / b for a, b in zip(times[first], taken)]
        print(f"{case:<12} {spread(taken, 2):<24} {spread(ratios, 2)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("needflow", type=pathlib.Path)
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--ranks", type=numbers, default=[1, 2])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--replicates", type=int, default=48)
    parser.add_argument("--agents", type=int, default=200_000)
    options = parser.parse_args()
    needflow = options.needflow.resolve()
    with tempfile.TemporaryDirectory(prefix="needflow-scaling-") as name:
        folder = pathlib.Path(name)
        (folder / "sweep.toml").write_text(SCENARIO.format(replicates=options.replicates))
        (folder / "run.toml").write_text(ONE.format(agents=options.agents))
        start = launcher(needflow)
        if not start:
            print("built without MPI: ranks are left out")
        for what in ("sweep", "run"):
            command = [str(needflow), what, f"{what}.toml", "-o", "out.h5", "--overwrite", "--quiet"]
            cases = {f"{n} threads": [*command, "--threads", str(n)] for n in options.threads}
            if start:
                cases.update({f"{n} ranks": [*start, "-n", str(n), *command, "--threads", "1"]
                              for n in options.ranks})
            print_table(what, measured(cases, options.turns, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
