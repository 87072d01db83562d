#!/usr/bin/python3
"""needflow's EigenTrust beside GraphBLAS, SciPy and NetworkX's PageRank: same trust, answers compared, runs in turn.

    bench/peers/trust/compare_trust.py            N = 1e3, 1e4, 1e5 (k = 20) and 1e6 (k = 30); some minutes
    bench/peers/trust/compare_trust.py --quick    N = 1e3 and few turns

From g = u to a change of 1e-10. Peers start from the shares ready made; needflow divides by the sums of rows itself.
Peers that are not installed, or would take minutes to build their graph, are left out with a sentence.
"""
import argparse
import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

import contenders  # noqa: E402
from tables import print_table, rows_over, size_text  # noqa: E402

PYTHON = "/usr/bin/python3"
QUESTION = "eigentrust {} 0"


def kinds():
    def compiled(name, program):
        return [contenders.Kind(f"{name}, {threads} thr.",
                                [str(contenders.BINARIES / program), "INPUT", str(threads)]) for threads in (1, 2)]

    python = str(HERE / "trust_python.py")
    return (compiled("needflow", "trust_needflow") + compiled("GraphBLAS", "trust_graphblas") +
            [contenders.Kind("SciPy", [PYTHON, python, "scipy", "INPUT"]),
             contenders.Kind("NetworkX", [PYTHON, python, "networkx", "INPUT"])])


def build():
    contenders.call(["cmake", "-S", contenders.ROOT, "-B", contenders.BUILD, "-DCMAKE_BUILD_TYPE=Release",
                     "-DNEEDFLOW_PEERS=ON", "-DNEEDFLOW_BENCH=OFF", "-DBUILD_TESTING=OFF"])
    known = contenders.call(["cmake", "--build", contenders.BUILD, "--target", "help"])
    targets = ["write_inputs", "trust_needflow"] + ["trust_graphblas"] * ("trust_graphblas" in known)
    contenders.call(["cmake", "--build", contenders.BUILD, "-j2", "--target", *targets])


def graph_file(agents, neighbors):
    path = contenders.BUILD / "inputs" / f"graph_{agents}_{neighbors}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        contenders.call([contenders.BINARIES / "write_inputs", "graph", path, agents, neighbors])
    return path


def agree(found, expected):
    """The same g; sweeps where both say them."""
    same_sweeps = found[0] is None or found[0] == expected[0]
    return same_sweeps and all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(found[1:], expected[1:]))


def measure(agents, neighbors, options):
    path = graph_file(agents, neighbors)
    case = {"agents": agents, "neighbors": neighbors, "times": {}, "refused": {}}
    running, runs, expected = {}, {}, None
    try:
        for kind in kinds():
            try:
                missing = kind.missing()
                if missing:
                    raise contenders.Failure(missing)
                process = kind.start(path, 1, "")
                first = process.ask(QUESTION.format(1))
            except contenders.Failure as problem:
                case["refused"][kind.name] = str(problem)
                continue
            running[kind.name] = process
            expected = expected or first["answer"]
            if not agree(first["answer"], expected):
                case["refused"][kind.name] = f"another answer: {first['answer']}, needflow's is {expected}"
                continue
            runs[kind.name] = max(1, round(options.seconds / first["seconds"]))
        names = list(runs)
        for turn in range(options.turns):
            print(f"N = {agents}: turn {turn + 1} of {options.turns}", file=sys.stderr)
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                seconds = running[name].ask(QUESTION.format(runs[name]))["seconds"]
                case["times"].setdefault(name, []).append(seconds)
    finally:
        for process in running.values():
            process.close()
    case["sweeps"] = expected[0]
    return case


def print_cases(cases):
    names = list(dict.fromkeys(name for case in cases for name in case["times"]))
    ours = names[0]
    head = ["time / " + ours] + [size_text(case["agents"], case["neighbors"]) for case in cases]
    rows = rows_over(names, cases)
    print_table("EigenTrust to 1e-10: median of the turns [range], each turn over needflow's beside it", head, rows)
    for case in cases:
        print(f"  N = {case['agents']}: {case['sweeps']:.0f} sweeps")
        for name, why in case["refused"].items():
            print(f"  not timed: {name}, N = {case['agents']}: {why}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one size, few and short turns")
    parser.add_argument("--turns", type=int, default=5, help="of each contender (default 5)")
    parser.add_argument("--seconds", type=float, default=0.2, help="a turn takes about so long")
    parser.add_argument("--agents", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--out", type=pathlib.Path, default=contenders.ROOT / "results" / "peers_trust.json")
    parser.add_argument("--no-build", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.turns, options.seconds, options.agents = 3, 0.05, [1_000]
    if not options.no_build:
        print("building what is missing", file=sys.stderr)
        build()
    cases = [measure(agents, 30 if agents >= 1_000_000 else 20, options) for agents in options.agents]
    print(contenders.machine_text())
    print_cases(cases)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(cases, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
