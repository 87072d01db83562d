#!/usr/bin/python3
"""Where the time of a whole sweep goes: profile_sweep.py [--scenario FILE] [--threads N]

Runs `needflow sweep` under Linux perf (package linux-perf) and groups the samples by what the functions are for.
The default is the sweep that bench/peers/sweep compares: 102,400 points of 100 agents, result file included.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PHASES = [  # the first pattern that a symbol matches counts
    ("pass 1, denominators", r"denominator_rows|compute_lane_offers|denominator_eights"),
    ("pass 2, deliveries", r"delivery_rows|gather_lane_deliveries|delivery_eights"),
    ("pass 3, returns", r"return_rows|settlement_rows|gather_lane_(returns|settlements)|return_eights"),
    ("settlement of recipients", r"settle_rows|Settler"),
    ("providers, element by element", r"note_rows|keep_rows|OfferNoter|StockKeeper"),
    ("messages", r"count_rows|count_messages|flag_values|count_entries|keep_lanes"),
    ("filling and emptying lanes", r"fill_starting|fill_lanes|take_lanes|run_lanes|LaneCrew|DrawCache|RunQueue|PointReader"),
    ("rest of a round, stop tests", r"LaneRounds|Recurrence|interleaved_sum|_rules|RowGatherer|block_sum|for_row_blocks|totals_of|counts_of"),
    ("statistics", r"strip|spread|sort_|Satisfaction|Sorter|TimerResolution"),
    ("networks and draws", r"pairing|mesh|recogni|mutual|gamma|each_counter|each_vector|lognormal|draw|simple|component"),
    ("outcomes and result file", r"Outcomes|column|eflat|shuffle|repeats|counts_up|code_lengths|Leaf|adler|H5|Huffman|libz|libhdf5|chunk|pack"),
]


def samples(scenario, threads):
    """[(share, symbol with its library)] of one sweep."""
    with tempfile.TemporaryDirectory(prefix="needflow-profile-") as folder:
        data, out = f"{folder}/perf.data", f"{folder}/out.h5"
        subprocess.run(["perf", "record", "-q", "-F", "15000", "-o", data,
                        ROOT / "build/release/needflow", "sweep", scenario, "-o", out, "--quiet",
                        "--threads", str(threads)], check=True, stdout=subprocess.DEVNULL)
        report = subprocess.run(["perf", "report", "-i", data, "--no-children", "--stdio", "-w", "0,20,300"],
                                check=True, capture_output=True, text=True).stdout
    return [(float(share), f"{library} {symbol}") for share, library, symbol in
            re.findall(r"^ +([\d.]+)%\s+\S+\s+(\S+)\s+\[.\] (.*)$", report, re.M)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default=ROOT / "bench/peers/sweep/sweep.toml")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    found = samples(options.scenario, options.threads)
    if not found:
        sys.exit("perf recorded nothing that this script can read")
    totals = dict.fromkeys([name for name, _ in PHASES] + ["kernel of the system", "other"], 0.0)
    for share, symbol in found:
        phase = next((name for name, pattern in PHASES if re.search(pattern, symbol)), "other")
        totals["kernel of the system" if "[kernel" in symbol else phase] += share
    whole = sum(totals.values())
    print("| what | share of the samples |\n|---|---|")
    for name, share in totals.items():
        print(f"| {name} | {100 * share / whole:.0f} % |")


if __name__ == "__main__":
    main()
