#!/usr/bin/python3
"""The table "what to reach": goal, measured, reached or not. Everything comes from files that runs left behind;
what is not in them is "not measured".

    goals.py PEERS.json [--bench BENCH.json] [--sweep SWEEP.json] [--scaling SCALING.json]

PEERS.json is compare.py's, BENCH.json needflow_bench's (--benchmark_out), SWEEP.json compare_sweep.py's,
SCALING.json scaling.py's.
"""
import argparse
import contextlib
import io
import json
import pathlib
import statistics
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

import measuring  # noqa: E402
from ratios import read as read_benchmark  # noqa: E402  bench/ratios.py
from tables import middle, print_table, with_range  # noqa: E402

NOT_MEASURED = "not measured"
BUSY = "machine was busy"
LARGE, MIDDLE, SMALL = (1_000_000, 30), (100_000, 20), (1_000, 20)

# Names of needflow_bench's cases. {0} is "N:1000/k:20", {1} lanes, {2} threads; the first that the file has counts.
LANES = ("lanes/{0}/L:{1}/threads:{2}",)
F32_LANES = ("lanes/{0}/L:{1}/lanes:f32/threads:{2}",)
F32_WEIGHTS = ("round/{0}/L:{1}/weights:f32/threads:{2}",)
ROUND = ("round/{0}/L:{1}/threads:{2}",)
BATCHES = ("batches/N:100/k:20/threads:{2}",)
GATHERS = 2**20  # visits of a machine/gather case
TRUST_ROUND = ("trust_round/{0}/weights:trust/threads:{2}",)
PLAIN_ROUND = ("trust_round/{0}/weights:recognition/threads:{2}",)
TRUST_UPDATE = ("trust_update/{0}/L:{1}/target/threads:{2}",)


class Row:
    """A line of the table. `values`: what was measured, several times; a text says why there is nothing.
    `limits`: which shares of the machine's limits our side of it reaches, measured in the same run."""

    def __init__(self, what, goal, values, at_most=False, unit=" ×", busy=False, limits=""):
        self.what, self.goal, self.at_most, self.unit = what, goal, at_most, unit
        self.values, self.busy, self.limits = values, busy, limits

    def cells(self):
        bound = f"{'≤' if self.at_most else '≥'} {self.goal:g}{self.unit}"
        if not self.values or isinstance(self.values, str):
            return [self.what, bound, self.values or NOT_MEASURED, "–", self.limits]
        value = middle(self.values)
        if self.busy:
            return [self.what, bound, with_range(self.values), BUSY, self.limits]
        reached = value <= self.goal if self.at_most else value >= self.goal
        verdict = "reached" if reached else "not reached"
        return [self.what, bound, with_range(self.values), verdict, self.limits]


class Results:
    """The files, with empty answers where a file or a case is missing."""

    def __init__(self, peers, bench, sweep, scaling):
        self.peers, self.bench, self.sweep, self.scaling = peers, bench, sweep, scaling

    def case(self, size, threads):
        for case in self.peers.get("cases", []):
            if (case["agents"], case["neighbors"], case["threads"]) == (*size, threads):
                return case
        return None

    def busy(self, size, threads):
        case = self.case(size, threads)
        return case is not None and measuring.busy(case)

    def over(self, name, size, threads):
        """Times of a peer over ours, turn by turn; a text if there is none."""
        case = self.case(size, threads)
        if case is None:
            return NOT_MEASURED
        return measuring.ratios(case, name) or case["refused"].get(name, NOT_MEASURED)

    def bench_times(self, forms, size, lanes, threads):
        for form in forms:
            name = form.format(f"N:{size[0]}/k:{size[1]}", lanes, threads)
            if name in self.bench:
                return self.bench[name]["time"]
        return None

    def limits(self, size, threads):
        """Of the machine's limits, what a round of one lane reaches beside the peers."""
        case = self.case(size, threads)
        if case is None or not case.get("limits"):
            return ""
        return ", ".join(f"{name} {share:.2f}" for name, share in measuring.shares(case).items()
                         if name in ("gather", "stream"))

    def bench_limits(self, forms, size, lanes, threads):
        for form in forms:
            case = self.bench.get(form.format(f"N:{size[0]}/k:{size[1]}", lanes, threads), {})
            if "of_gather" in case:
                return ", ".join(f"{name} {statistics.median(case[f'of_{name}']):.2f}"
                                 for name in ("gather", "stream"))
        return ""

    def bench_shares(self, forms, size, lanes, threads):
        """Shares of the read stream, repetition by repetition."""
        for form in forms:
            case = self.bench.get(form.format(f"N:{size[0]}/k:{size[1]}", lanes, threads), {})
            if "of_stream" in case:
                return case["of_stream"]
        return NOT_MEASURED

    def gather_bound(self, size, lanes, bytes_a_lane, threads):
        """What `lanes` lanes can gain over one if they take no more time than their gathers do: two visits an entry
        of rows of that many bytes, at the rate that machine/gather measured for rows of as many doubles."""
        doubles = lanes * bytes_a_lane // 8
        one = self.bench_times(LANES, size, 1, threads)
        case = f"machine/gather/N:{size[0]}/L:{doubles}/prefetch:{{}}/threads:{threads}"
        visits = [self.bench.get(case.format(ahead), {}).get("time") for ahead in (0, 1)]
        if not one or not all(visits):
            return ""
        seconds = min(map(statistics.median, visits)) / GATHERS
        return f"gathers alone allow {lanes * statistics.median(one) / (2 * size[0] * size[1] * seconds):.1f} ×"

    def bench_ratio(self, slow, fast, factor=1.0):
        """factor · slow / fast of two lists of repetitions; the ends are what worst luck could make."""
        if not slow or not fast:
            return NOT_MEASURED
        return [factor * statistics.median(slow) / statistics.median(fast),
                factor * min(slow) / max(fast), factor * max(slow) / min(fast)]


def peer_rows(results):
    wanted = [(LARGE, 2, {"GraphBLAS": 1.9, "PETSc": 2.3, "Eigen": 2.3, "SciPy": 4.2}),
              (MIDDLE, 2, {"GraphBLAS": 1.8, "PETSc": 1.8, "Eigen": 1.8, "SciPy": 4.0}),
              (SMALL, 1, {"GraphBLAS": 1.75, "Eigen": 1.75, "SciPy": 3.6, "JavaScript maps": 140.0})]
    for size, threads, goals in wanted:
        for name, goal in goals.items():
            yield Row(f"one lane, N={size[0]:.0e} k={size[1]}, {threads} thr., over {name}", goal,
                      results.over(name, size, threads), busy=results.busy(size, threads),
                      limits=results.limits(size, threads))
    case = results.case(LARGE, 2)
    gather = [measuring.shares(case)["gather"]] if case else NOT_MEASURED
    yield Row("one lane, N=1e+06 k=30, 2 thr., share of the gather rate", 0.95, gather, unit="",
              busy=results.busy(LARGE, 2))
    f32 = results.bench_ratio(results.bench_times(ROUND, LARGE, 1, 2),
                              results.bench_times(F32_WEIGHTS, LARGE, 1, 2))
    yield Row("stretch: f32 weights over f64, N=1e+06, 2 thr.", 1.19, f32)


def lane_rows(results):
    wanted = [((100, 20), 16, 1, 6.3), (SMALL, 16, 1, 4.3), (MIDDLE, 8, 2, 3.5), (LARGE, 8, 2, 2.3)]
    for size, lanes, threads, goal in wanted:
        gain = results.bench_ratio(results.bench_times(LANES, size, 1, threads),
                                   results.bench_times(LANES, size, lanes, threads), lanes)
        shares = results.bench_limits(LANES, size, lanes, threads)
        bound = results.gather_bound(size, lanes, 8, threads)
        yield Row(f"{lanes} lanes f64 over one lane, N={size[0]:.0e}, {threads} thr.", goal, gain,
                  limits=", ".join(text for text in (shares, bound) if text))
    for size in (MIDDLE, LARGE):
        gain = results.bench_ratio(results.bench_times(LANES, size, 1, 2),
                                   results.bench_times(F32_LANES, size, 16, 2), 16)
        shares = results.bench_limits(F32_LANES, size, 16, 2)
        bound = results.gather_bound(size, 16, 4, 2)
        yield Row(f"16 lanes stored f32 over one lane, N={size[0]:.0e}, 2 thr.", 4.5, gain,
                  limits=", ".join(text for text in (shares, bound) if text))
    two = results.bench_ratio(results.bench_times(BATCHES, SMALL, 1, 1),
                              results.bench_times(BATCHES, SMALL, 1, 2))
    yield Row("independent batches, 2 threads over 1", 1.95, two)


def model_rows(results):
    yield Row("trust-weighted round over the plain one, N=1e+06, 1 thr.", 1.2,
              results.bench_ratio(results.bench_times(TRUST_ROUND, LARGE, 1, 1),
                                  results.bench_times(PLAIN_ROUND, LARGE, 1, 1)), at_most=True)
    yield Row("trust update by target, N=1e+06, 1 thr., share of the read stream", 0.75,
              results.bench_shares(TRUST_UPDATE, LARGE, 1, 1), unit="")
    for size in (MIDDLE, LARGE):
        yield Row(f"finite D over none, N={size[0]:.0e}, 2 thr.", 1.6,
                  results.over("needflow with D", size, 2), at_most=True, busy=results.busy(size, 2))
    case = results.case(LARGE, 1)
    build = NOT_MEASURED
    if case and case["build"]:
        one_round = middle(case["times"]["needflow"])
        build = [seconds / one_round for seconds in case["build"]]
    yield Row("network N=1e+06 k=30 with MR, in one-lane rounds, 1 thr.", 15.0, build, at_most=True,
              unit="", busy=results.busy(LARGE, 1))


def memory_rows(results):
    memory = results.peers.get("memory")
    allowed = None
    if memory:
        allowed = [memory["resident"] / (16.0 * memory["entries"] + 200.0 * memory["agents"])]
    yield Row("memory N=1e+06 k=30, over 16 B an entry + 200 B an agent", 1.0,
              allowed or NOT_MEASURED, at_most=True)
    largest = results.scaling.get("largest")
    yield Row("N=1e+07 k=30, five rounds, peak memory in GiB", 24.0,
              [largest["peak"] / 2**30] if largest else NOT_MEASURED, at_most=True, unit="")


def sweep_rows(results):
    for name, goal in (("columns", 10.0), ("points", 60.0)):
        yield Row(f"whole sweep, per thread, over SciPy by {name}", goal,
                  results.sweep.get("ratios", {}).get(name, NOT_MEASURED))


def print_goals(results, out=print):
    rows = [row.cells() for part in (peer_rows, lane_rows, model_rows, memory_rows, sweep_rows)
            for row in part(results)]
    print_table("What to reach", ["what", "goal", "measured", "", "of the machine's limits"], rows,
                out)
    reached = sum(row[3] == "reached" for row in rows)
    missed = sum(row[3] == "not reached" for row in rows)
    out(f"\n  reached {reached}, not reached {missed}, open {len(rows) - reached - missed}")


def load(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8")) if path else {}


def load_results(peers, bench=None, sweep=None, scaling=None):
    """`peers` is a dictionary already; the others are paths or None."""
    with contextlib.redirect_stdout(io.StringIO()):  # it says the load, which peers say too
        cases = read_benchmark(bench) if bench else {}
    return Results(peers, cases, load(sweep), load(scaling))


def add_files(parser):
    parser.add_argument("--bench", help="needflow_bench's --benchmark_out")
    parser.add_argument("--sweep", help="what compare_sweep.py --out wrote")
    parser.add_argument("--scaling", help="what scaling.py --out wrote")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers")
    add_files(parser)
    options = parser.parse_args()
    print_goals(load_results(load(options.peers), options.bench, options.sweep, options.scaling))


if __name__ == "__main__":
    main()
