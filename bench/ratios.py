#!/usr/bin/python3
"""Prints ratios from one run of needflow_bench: ratios.py RESULT.json

Make the file with --benchmark_out=RESULT.json and --benchmark_repetitions=5 or more. Everything printed
compares cases of that run with each other: a median of the repetitions, and in brackets the least and the
greatest value that the repetitions allow.
"""
import json
import statistics
import sys


def read(path):
    """{case name: {"time": [...], counter: [...]}}, a value a repetition."""
    cases = {}
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    load = result["context"]["load_avg"]
    print(f"load when the run began: {load[0]:.1f} on {result['context']['num_cpus']} processors")
    for row in result["benchmarks"]:
        if row.get("run_type") != "iteration" or row.get("error_occurred"):
            continue
        name = row["run_name"]
        clock = "real_time" if name.endswith("/real_time") else "cpu_time"
        values = cases.setdefault(name.removesuffix("/real_time"), {})
        values.setdefault("time", []).append(row[clock] * UNIT[row["time_unit"]])
        for share in ("of_stream", "of_gather"):
            if share in row:
                values.setdefault(share, []).append(row[share])
    return cases


UNIT = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def heading(text):
    print(f"\n{text}")


def line(name, values):
    print(f"  {name:<58} {statistics.median(values):7.2f}  [{min(values):.2f} … {max(values):.2f}]")


def ratio_line(name, slow, fast, factor=1.0):
    """factor × slow time / fast time; the ends of the range are what its worst luck could make."""
    a, b = slow["time"], fast["time"]
    middle = factor * statistics.median(a) / statistics.median(b)
    low, high = factor * min(a) / max(b), factor * max(a) / min(b)
    print(f"  {name:<58} {middle:7.2f}  [{low:.2f} … {high:.2f}]")


def print_shares(cases):
    for share, text in (("of_stream", "modelled bytes/s as a share of the read stream"),
                        ("of_gather", "random visits/s as a share of the gather rate")):
        heading(text)
        for name, values in cases.items():
            if share in values:
                line(name, values[share])


def print_threads(cases):
    heading("time on 1 thread / time on all")
    for name, values in cases.items():
        stem, _, threads = name.rpartition("threads:")
        if threads not in ("", "1") and stem + "threads:1" in cases:
            ratio_line(name, cases[stem + "threads:1"], values)


def print_lanes(cases):
    for lanes in (8, 16):
        wide = f"/L:{lanes}/"
        heading(f"gain of {lanes} lanes: {lanes} × time of L=1 / time of L={lanes}")
        for name, values in cases.items():
            alone = cases.get(name.replace(wide, "/L:1/"))
            if wide in name and alone and "machine" not in name:
                ratio_line(name, alone, values, float(lanes))


def print_in_rounds(cases):
    heading("in units of a one-lane round of the same size on one thread")
    for name, values in cases.items():
        stem, size = name.split("/", 1)[0], "/".join(name.split("/")[1:3])
        unit = cases.get(f"round/{size}/L:1/threads:1")
        if unit and stem in ("mesh", "mesh_and_recognition"):
            ratio_line(name, values, unit)
        if unit and stem == "lanes" and name.endswith("/L:1/threads:1"):
            ratio_line(name, values, unit)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = read(sys.argv[1])
    print_shares(cases)
    print_threads(cases)
    print_lanes(cases)
    print_in_rounds(cases)


if __name__ == "__main__":
    main()
