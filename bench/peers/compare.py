#!/usr/bin/python3
"""needflow beside its peers: the same rounds, the same inputs, answers compared, runs in turn.

    bench/peers/compare.py            all sizes on 1 and 2 threads; some twenty minutes on a quiet machine
    bench/peers/compare.py --quick    small sizes and few turns, about a minute

Builds what is missing, prints the times as ratios to needflow's, the machine's limits measured in the same turns,
and the table "what to reach"; writes it all to a JSON file. README.md beside this says what each contender does.
"""
import argparse
import json
import pathlib
import sys

import contenders
import goals
import measuring
from tables import middle, print_table, seconds_text, size_text, with_range

SIZES = [(100, 20), (1_000, 20), (100_000, 20), (1_000_000, 30)]
WITH_DESIRE_FROM = 100_000   # agents: where the goal for finite D stands
BUILDS = 3                   # a network takes dozens of rounds; few are enough


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three sizes, few and short turns")
    parser.add_argument("--turns", type=int, default=7, help="of each contender (default 7)")
    parser.add_argument("--seconds", type=float, default=0.3, help="a turn takes about so long")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--agents", type=int, nargs="+", help="only these sizes")
    parser.add_argument("--only", nargs="+", help="only these contenders beside needflow")
    parser.add_argument("--first-variants", action="store_true",
                        help="do not try which variant of a contender is fastest")
    parser.add_argument("--out", type=pathlib.Path,
                        default=contenders.ROOT / "results" / "peers.json")
    parser.add_argument("--no-build", action="store_true")
    goals.add_files(parser)
    options = parser.parse_args()
    options.builds = BUILDS
    options.with_build = lambda case: case["agents"] == SIZES[-1][0] and case["threads"] == 1
    if options.quick:
        options.turns, options.seconds, options.first_variants = 3, 0.05, True
        options.agents = options.agents or [100, 1_000, 100_000]
        contenders.kind_named("JavaScript maps").most_agents = 1_000
    return options


def print_times(cases):
    names = [kind.name for kind in contenders.KINDS[1:]]
    head = ["time / needflow's"] + [f"{size_text(c['agents'], c['neighbors'])}, {c['threads']} thr."
                                    for c in cases]
    rows = [["needflow, a round"] + [seconds_text(middle(c["times"]["needflow"])) for c in cases]]
    for name in names:
        rows.append([name] + [with_range(measuring.ratios(c, name)) for c in cases])
    print_table("Time of a round: median of the turns [range], each turn over needflow's beside it",
                head, rows)
    for case in cases:
        if measuring.busy(case):
            print(f"  others were at work at {size_text(case['agents'], case['neighbors'])}, {case['threads']} threads: "
                  f"{1.0 - middle(case['idle']):.0%} of the processors were taken while all contenders slept")
        for kind, whys in (("not timed", case["refused"]), ("variants not timed", case["left_out"])):
            for name, why in whys.items():
                where = size_text(case["agents"], case["neighbors"])
                print(f"  {kind}: {name} at {where}, {case['threads']} threads: {why}")


def print_threads(cases):
    """What more threads or ranks gain; needflow stays on one where a matrix is too small for two."""
    first = min(case["threads"] for case in cases)
    base = {(c["agents"], c["neighbors"]): c for c in cases if c["threads"] == first}
    more = [c for c in cases if c["threads"] > first and (c["agents"], c["neighbors"]) in base]
    if not more:
        return
    rows = []
    for name in [kind.name for kind in contenders.KINDS if kind.threads]:
        row = [name]
        for case in more:
            slow = base[case["agents"], case["neighbors"]]["times"].get(name)
            fast = case["times"].get(name)
            row.append(f"{middle(slow) / middle(fast):.2f}" if slow and fast else "–")
        rows.append(row)
    head = [f"time on {first} thr. / on more"] + [
        f"{size_text(c['agents'], c['neighbors'])}, {c['threads']} thr." for c in more]
    print_table("Threads, or ranks: medians of the two cases, which were not in turn", head, rows)


def print_variants(cases):
    rows = []
    for kind in contenders.KINDS:
        versions = {c["versions"][kind.name] for c in cases if kind.name in c["versions"]}
        if versions:
            rows.append([kind.name, ", ".join(sorted(versions))] +
                        [c["variants"].get(kind.name, "") or "–" for c in cases])
    head = ["fastest variant", "version"] + [
        f"{size_text(c['agents'], c['neighbors'])}, {c['threads']} thr." for c in cases]
    print_table("Which way of running each was timed; SciPy and JavaScript have one thread always", head,
                rows)
    worst = max((wrong, name) for c in cases for name, wrong in c["agreement"].items()
                ) if any(c["agreement"] for c in cases) else None
    if worst:
        print(f"  largest difference of an answer after {measuring.CHECKED_ROUNDS} rounds: "
              f"{worst[0]:.1e} ({worst[1]}), {measuring.AGREEMENT:.0e} allowed")


def print_limits(cases):
    rows = []
    for case in cases:
        limits, shares = case["limits"], measuring.shares(case)
        rows.append([f"{size_text(case['agents'], case['neighbors'])}, {case['threads']} thr.",
                     f"{middle(limits['stream']) / 1e9:.0f} GB/s", f"{shares['stream']:.2f}",
                     f"{1e9 / middle(limits['gather']):.2f} ns", f"{shares['gather']:.2f}",
                     f"{middle(limits['fma']) / 1e9:.0f} GFLOP/s", f"{shares['fma']:.3f}"])
    print_table("The machine in the same turns, and the share of each limit that needflow reaches",
                ["", "read stream", "share", "gather, a visit", "share", "FMA f64", "share"], rows)
    print("  shares can exceed 1: a matrix in cache is not streamed from memory")


def measured_memory(agents, neighbors):
    text = contenders.call([contenders.BINARIES / "scaling_case", agents, neighbors, 2, 1])
    return json.loads(text)


def save(result, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1), encoding="utf-8")


def main():
    options = arguments()
    if not options.no_build:
        print("building what is missing", file=sys.stderr)
        contenders.build()
    result = {"machine": contenders.machine_text(), "cases": []}
    for size in SIZES:
        if options.agents and size[0] not in options.agents:
            continue
        instance = measuring.Instance(*size)
        for threads in options.threads:
            extras = [(contenders.WITH_DESIRE, "desire")] if size[0] >= WITH_DESIRE_FROM else []
            result["cases"].append(measuring.measure(instance, threads, options, extras))
            save(result, options.out)  # after each case, for a later one may be cut short
        if size == SIZES[-1]:
            result["memory"] = measured_memory(*size)
            save(result, options.out)
    print(result["machine"])
    print_times(result["cases"])
    print_threads(result["cases"])
    print_variants(result["cases"])
    print_limits(result["cases"])
    goals.print_goals(goals.load_results(result, options.bench, options.sweep, options.scaling))
    print(f"\n{options.out}")


if __name__ == "__main__":
    main()
