#!/usr/bin/python3
"""needflow's metrics of a network beside Boost.Graph, igraph and NetworkX: same graphs, answers compared, runs in turn.

    bench/peers/graph/compare_graph.py            N = 1e3, 1e4 and 1e5, k = 20; some five minutes
    bench/peers/graph/compare_graph.py --quick    N = 1e3 and few turns, well under a minute

Distances are those of all ordered pairs. Where a peer would take too long for that, it searches from a few sources and
its time is multiplied by what is left out: it searches from one source after the other, so that is what it would take.
needflow always does them all. Peers that are not installed are left out with a sentence.
"""
import argparse
import importlib.util
import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

import contenders  # noqa: E402
from tables import print_table, rows_over, size_text  # noqa: E402

TASKS = ("distances", "clustering", "components")
NEIGHBORS = 20
LONGEST = 20.0        # seconds: what a peer's run may take; fewer sources are searched from else
FEW_SOURCES = 20      # a trial
PYTHON = "/usr/bin/python3"


def kinds():
    ours = [contenders.Kind(f"needflow, {threads} thr.",
                            [str(contenders.BINARIES / "graph_needflow"), "INPUT", str(threads)])
            for threads in (1, 2)]
    python = str(HERE / "graph_python.py")
    peers = [contenders.Kind("Boost.Graph", [str(contenders.BINARIES / "graph_boost"), "INPUT"]),
             contenders.Kind("igraph", [PYTHON, python, "igraph", "INPUT"]),
             contenders.Kind("NetworkX", [PYTHON, python, "networkx", "INPUT"])]
    return ours + [kind for kind in peers if installed(kind)]


def installed(kind):
    missing = kind.missing()
    module = kind.name.lower()
    if not missing and PYTHON in kind.command and importlib.util.find_spec(module) is None:
        missing = f"python3-{module} is not installed"
    if missing:
        print(f"left out: {kind.name} ({missing})", file=sys.stderr)
    return not missing


def build():
    contenders.call(["cmake", "-S", contenders.ROOT, "-B", contenders.BUILD, "-DCMAKE_BUILD_TYPE=Release",
                     "-DNEEDFLOW_PEERS=ON", "-DNEEDFLOW_BENCH=OFF", "-DBUILD_TESTING=OFF"])
    known = contenders.call(["cmake", "--build", contenders.BUILD, "--target", "help"])
    targets = ["write_inputs", "graph_needflow"] + ["graph_boost"] * ("graph_boost" in known)
    contenders.call(["cmake", "--build", contenders.BUILD, "-j2", "--target", *targets])


def graph_file(agents):
    path = contenders.BUILD / "inputs" / f"graph_{agents}_{NEIGHBORS}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    contenders.call([contenders.BINARIES / "write_inputs", "graph", path, agents, NEIGHBORS])
    return path


def agree(found, expected):
    return len(found) == len(expected) and all(
        math.isclose(a, b, rel_tol=1e-9) for a, b in zip(found, expected))


class Plan:
    """How a contender does a task: from so many sources, so often a turn."""

    def __init__(self, process, task, agents, seconds, peer):
        self.task, self.sources, self.agents = task, agents, agents
        if task == "distances" and peer:
            try:
                trial = process.ask(f"{task} 1 {FEW_SOURCES}")["seconds"]
                if trial / FEW_SOURCES * agents > LONGEST:
                    self.sources = max(FEW_SOURCES, int(LONGEST / 4 / (trial / FEW_SOURCES)))
            except contenders.Failure:
                if agents > 10_000:  # it searches from all or none
                    raise
        first = process.ask(f"{task} 1 {self.sources}")
        self.answer = first["answer"]
        self.runs = max(1, round(seconds / first["seconds"]))

    def time(self, process):
        """Seconds for all sources."""
        seconds = process.ask(f"{self.task} {self.runs} {self.sources}")["seconds"]
        return seconds * self.agents / self.sources


def planned(running, task, agents, options, case):
    """The plans of those that are right."""
    plans = {}
    for name, process in running.items():
        try:
            plan = Plan(process, task, agents, options.seconds, not name.startswith("needflow"))
        except contenders.Failure as problem:
            case["refused"][name] = str(problem)
            continue
        expected = next(iter(running.values())).ask(f"{task} 1 {plan.sources}")["answer"]
        if agree(plan.answer, expected):
            plans[name] = plan
        else:
            case["refused"][name] = f"another answer: {plan.answer}, needflow's is {expected}"
    return plans


def measure(agents, options):
    path = graph_file(agents)
    running, cases = {}, []
    try:
        for kind in kinds():
            running[kind.name] = kind.start(path, 1, "")
        for task in TASKS:
            case = {"agents": agents, "task": task, "times": {}, "sources": {}, "refused": {}}
            plans = planned(running, task, agents, options, case)
            names = list(plans)
            case["sources"] = {name: plans[name].sources for name in names}
            for turn in range(options.turns):
                print(f"N = {agents}, {task}: turn {turn + 1} of {options.turns}", file=sys.stderr)
                for name in names[turn % len(names):] + names[:turn % len(names)]:
                    case["times"].setdefault(name, []).append(plans[name].time(running[name]))
            cases.append(case)
    finally:
        for process in running.values():
            process.close()
    return cases


def print_cases(cases):
    names = list(dict.fromkeys(name for case in cases for name in [*case["times"], *case["refused"]]))
    ours = names[0]
    head = ["time / " + ours] + [f"{case['task']}, {size_text(case['agents'], NEIGHBORS)}" for case in cases]
    rows = rows_over(names, cases)
    print_table("Metrics of a mesh: median of the turns [range], each turn over needflow's beside it", head, rows)
    for case in cases:
        for name, sources in case["sources"].items():
            if sources < case["agents"]:
                print(f"  {name}, N = {case['agents']}: {case['task']} from {sources} sources, scaled to all")
        for name, why in case["refused"].items():
            print(f"  not timed: {name}, {case['task']}, N = {case['agents']}: {why}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one size, few and short turns")
    parser.add_argument("--turns", type=int, default=5, help="of each contender (default 5)")
    parser.add_argument("--seconds", type=float, default=0.2, help="a turn takes about so long")
    parser.add_argument("--agents", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--out", type=pathlib.Path, default=contenders.ROOT / "results" / "peers_graph.json")
    parser.add_argument("--no-build", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.turns, options.seconds, options.agents = 3, 0.05, [1_000]
    if not options.no_build:
        print("building what is missing", file=sys.stderr)
        build()
    cases = [case for agents in options.agents for case in measure(agents, options)]
    print(contenders.machine_text())
    print_cases(cases)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(cases, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
