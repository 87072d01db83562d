#!/usr/bin/python3
"""A whole sweep, result file included: `needflow sweep --threads 1` beside two SciPy scripts of the same sweep.

    bench/peers/sweep/compare_sweep.py

columns.py holds all points of a network as columns of one array, points.py goes point by point. They take turns; every
metric of every point that both computed is compared first. Speeds are points per second of CPU time of one thread, which
others at work on the machine hardly lengthen. needflow's time holds everything from start to file: networks, draws,
rounds, statistics. The scripts are given networks and draws and are not charged for starting and loading, only for rounds,
statistics and file. points.py runs on fewer networks, which are alike, so its speed is that of the whole.
"""
import argparse
import json
import pathlib
import resource
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import contenders  # noqa: E402
from tables import print_table, with_range  # noqa: E402

import h5py  # noqa: E402
import numpy as np  # noqa: E402

AGREEMENT = 1e-10   # relative
# What is left of a need that is nearly met, or of shares that are nearly equal, has lost its digits to subtraction: below
# this share of its natural scale (1, or the total need of about 1e4) a number need not agree in its own digits.
ROUNDING = 1e-3
SCALES = {"residual_l1": 1e4, "residual_max": 1e4}
SCENARIO = HERE / "sweep.toml"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--networks", type=int, default=64, help="for columns.py (default: all)")
    parser.add_argument("--networks-by-point", type=int, default=4, help="for points.py")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--out", type=pathlib.Path,
                        default=contenders.ROOT / "results" / "peers_sweep.json")
    return parser.parse_args()


def run_needflow(output):
    """(points, CPU seconds) of the whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    contenders.call([contenders.BUILD / "needflow", "sweep", SCENARIO, "--threads", 1, "--quiet",
                     "--overwrite", "-o", output])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with h5py.File(output) as file:
        points = file["rounds"].size
    return points, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_script(name, inputs, ratios, output, networks):
    words = ["/usr/bin/python3", HERE / f"{name}.py", inputs, json.dumps(ratios), output,
             "--networks", networks]
    said = json.loads(contenders.call(words).splitlines()[-1])
    return said["points"], said["cpu"]


def disagreements(ours, theirs):
    """Lines about metrics that differ on the networks that both have; also how many points were compared."""
    lines, compared, worst = [], 0, 0.0
    with h5py.File(ours) as left, h5py.File(theirs) as right:
        networks = right["rounds"].shape[1]
        names = [name for name in left if isinstance(left[name], h5py.Dataset)
                 and left[name].shape == left["rounds"].shape]
        for name in names:
            if name not in right:
                lines.append(f"{name} is missing")
                continue
            a, b = left[name][:, :networks], right[name][()]
            compared = a.size
            if a.dtype.kind != "f":
                wrong = a != b
            else:
                share = np.abs(a - b) / np.maximum(np.abs(a), ROUNDING * SCALES.get(name, 1.0))
                worst = max(worst, float(share.max()))
                wrong = ~(share <= AGREEMENT)
            if wrong.any():
                at = tuple(np.argwhere(wrong)[0])
                lines.append(f"{name} differs at {wrong.sum()} points, first {at}: "
                             f"needflow {a[at]!r}, script {b[at]!r}")
    return lines, compared, worst


def main():
    options = arguments()
    if not options.no_build:
        print("building what is missing", file=sys.stderr)
        contenders.build()
    speeds = {"needflow": [], "columns": [], "points": []}
    with tempfile.TemporaryDirectory(prefix="needflow-sweep-") as name:
        folder = pathlib.Path(name)
        inputs = folder / "inputs.bin"
        contenders.call([contenders.BINARIES / "write_inputs", "sweep", inputs, SCENARIO])
        ours = folder / "needflow.h5"
        run_needflow(ours)
        with h5py.File(ours) as file:
            ratios = file["supply_ratio"][()].tolist()
        amounts = {"columns": options.networks, "points": options.networks_by_point}
        for turn in range(options.turns):
            print(f"turn {turn + 1} of {options.turns}", file=sys.stderr)
            points, seconds = run_needflow(ours)
            speeds["needflow"].append(points / seconds)
            for script, networks in amounts.items():
                theirs = folder / f"{script}.h5"
                points, seconds = run_script(script, inputs, ratios, theirs, networks)
                speeds[script].append(points / seconds)
                lines, compared, worst = disagreements(ours, theirs)
                if lines:
                    raise SystemExit(f"{script}.py disagrees, so nothing is timed:\n" + "\n".join(lines))
                if turn == 0:
                    print(f"{script}.py: every metric of {compared} points agrees to {worst:.1e} "
                          f"({AGREEMENT:.0e} allowed), status and counts exactly")
    gains = {script: [a / b for a, b in zip(speeds["needflow"], speeds[script])] for script in amounts}
    machine = contenders.machine_text()
    rows = [[script, with_range(values, "{:,.0f}"), with_range(gains.get(script, []))]
            for script, values in speeds.items()]
    print(machine)
    print_table("Whole sweep on one thread, result file included",
                ["", "points/s of CPU time", "needflow over it"], rows)
    goal = {"columns": 10.0, "points": 60.0}
    for script, values in gains.items():
        reached = "reached" if np.median(values) >= goal[script] else "not reached"
        print(f"  over {script}.py: goal {goal[script]:g} ×, measured {np.median(values):.2f} ×, {reached}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"machine": machine, "speeds": speeds, "ratios": gains}, indent=1),
                           encoding="utf-8")
    print(f"\n{options.out}")


if __name__ == "__main__":
    main()
