#!/usr/bin/python3
"""Strong scaling of one run: ranks 1 and 2 beside threads 1 and 2, taking turns in one run.

    bench/ranks.py BUILD [--agents 1000000] [--neighbors 30] [--rounds 12] [--turns 5]

BUILD is a folder configured with one of the presets mpi-openmpi or mpi-mpich and -DNEEDFLOW_BENCH=ON; its launcher is
read from CMakeCache.txt. What is printed are ratios: a median over the turns, in brackets the least and greatest.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess


def launcher(build):
    cache = (build / "CMakeCache.txt").read_text(encoding="utf-8")
    words = [re.search(r"^MPIEXEC_EXECUTABLE:\w+=(.+)$", cache, re.M).group(1)]
    version = subprocess.run([*words, "--version"], capture_output=True, text=True, check=False).stdout
    if re.search("Open MPI|OpenRTE|PRRTE", version):
        words += ["--allow-run-as-root", "--oversubscribe"]
    return words


def measure(build, launch, ranks, *words):
    start = [*launch, "-n", str(ranks)] if ranks > 1 else []
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NEEDFLOW_")}
    done = subprocess.run([*start, str(build / "bench" / "ranks_case"), *map(str, words)], text=True,
                          capture_output=True, check=True, env=kept)
    return json.loads(done.stdout)


def show(name, ratios):
    print(f"  {name:<44} {statistics.median(ratios):6.2f}  [{min(ratios):.2f} … {max(ratios):.2f}]")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--agents", type=int, default=1_000_000)
    parser.add_argument("--neighbors", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    launch = launcher(options.build)
    layouts = {"1 rank, 1 thread": (1, 1), "1 rank, 2 threads": (1, 2), "2 ranks, 1 thread": (2, 1)}
    seconds = {name: [] for name in layouts}
    exchange = []
    for _ in range(options.turns):
        for name, (ranks, threads) in layouts.items():
            result = measure(options.build, launch, ranks, "round", options.agents, options.neighbors,
                             options.rounds, threads)
            seconds[name].append(result["seconds"] / result["rounds"])
            if ranks > 1:
                exchange.append(result["exchange"] / result["seconds"])
    base = seconds["1 rank, 1 thread"]
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; N = {options.agents}, "
          f"k = {options.neighbors}; rounds as many times as fast as on 1 rank with 1 thread")
    for name, values in seconds.items():
        show(name, [a / b for a, b in zip(base, values)])
        print(f"  {'  least over least':<44} {min(base) / min(values):6.2f}")
    show("share of exchange (waiting included), 2 ranks", exchange)

    messages = [measure(options.build, launch, 2, "messages", options.agents) for _ in range(options.turns)]
    print("messages between 2 ranks, in times of one thread's round an agent above")
    agent = statistics.median(base) / options.agents
    show("an agent's value, everything to everybody", [m["all_seconds"] / m["all_values"] / agent for m in messages])
    show("an agent's value, by lists", [m["list_seconds"] / m["list_values"] / agent for m in messages])
    show("a value by lists, in times of one by all",
         [m["list_seconds"] / m["list_values"] / (m["all_seconds"] / m["all_values"]) for m in messages])
    show("a sum over all ranks, in rounds of 1000 agents", [m["sum_seconds"] / (1000 * agent) for m in messages])
    for ranks in (2, 4):
        pattern = measure(options.build, launch, ranks, "pattern", options.agents, options.neighbors, options.turns)
        pairs = zip(pattern["first_seconds"], pattern["all_seconds"])
        show(f"the mesh by {ranks} ranks, times as fast as by the first alone", [a / b for a, b in pairs])
    # The least: what else runs on the machine only adds.
    constants = {key: min(m[key] for m in messages) for key in messages[0]}
    agent = min(base) / options.agents
    print("least, as constants of bench/ranks.md: "
          f"sum {constants['sum_seconds'] * 1e6:.1f} us; "
          f"all {constants['all_seconds'] / constants['all_values'] * 1e9:.2f} ns a value; "
          f"lists {constants['list_seconds'] / constants['list_values'] * 1e9:.2f} ns a value; "
          f"round {agent * 1e9:.1f} ns an agent")


if __name__ == "__main__":
    main()
