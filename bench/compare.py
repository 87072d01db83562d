#!/usr/bin/python3
"""Which of two commits is faster: compare.py OLD NEW --filter REGEX

OLD and NEW are commits, or "." for the working tree as it is. Both are built as Release in a temporary
folder with the bench/ of this working tree, so that the same benchmarks judge both (--own-bench: each
with its own). The programs then run in turn, OLD NEW, NEW OLD, …, because a machine's speed drifts; a
case whose ranges overlap shows "no difference seen".
"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--filter", default="round/|lanes/", help="regular expression of cases")
    parser.add_argument("--runs", type=int, default=7, help="of each program (default 7)")
    parser.add_argument("--min-time", type=float, default=0.2, help="seconds a case and run")
    parser.add_argument("--jobs", type=int, default=2, help="processes that compile")
    parser.add_argument("--own-bench", action="store_true", help="the bench/ of each commit")
    return parser.parse_args()


def call(*command, cwd=ROOT):
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")


def sources(commit, folder, own_bench):
    """A folder with the commit's files."""
    if commit == ".":
        return ROOT
    call("git", "worktree", "add", "--detach", folder, commit)
    if not own_bench:
        shutil.rmtree(folder / "bench", ignore_errors=True)
        shutil.copytree(ROOT / "bench", folder / "bench")
    return folder


def build(source, folder, jobs):
    call("cmake", "-S", source, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=OFF")
    call("cmake", "--build", folder, "--target", "needflow_bench", f"-j{jobs}")
    return folder / "bench" / "needflow_bench"


def run(program, options, out):
    """{case: nanoseconds}"""
    call(program, f"--benchmark_filter={options.filter}",
         f"--benchmark_min_time={options.min_time}", f"--benchmark_out={out}")
    unit = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
    rows = json.loads(out.read_text(encoding="utf-8"))["benchmarks"]
    def time(row):  # the benchmark's own choice: wall time where several threads work
        clock = "real_time" if row["run_name"].endswith("/real_time") else "cpu_time"
        return row[clock] * unit[row["time_unit"]]

    return {row["run_name"].removesuffix("/real_time"): time(row)
            for row in rows if not row.get("error_occurred")}


def measure(programs, options, out):
    """One {case: [nanoseconds of each run]} a program."""
    times = ({}, {})
    for turn in range(options.runs):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            for case, value in run(programs[which], options, out).items():
                times[which].setdefault(case, []).append(value)
        print(f"run {turn + 1} of {options.runs}", file=sys.stderr)
    return times


def verdict(old, new):
    ratio = statistics.median(old) / statistics.median(new)
    if max(new) >= min(old) and max(old) >= min(new):
        return f"{ratio:5.2f} ×  no difference seen"
    return f"{ratio:5.2f} ×  {'faster' if ratio > 1.0 else 'slower'}"


def text(values):
    return f"{statistics.median(values) / 1e3:.1f} [{min(values) / 1e3:.1f} … {max(values) / 1e3:.1f}]"


def report(old, new):
    print(f"{'µs: median [range]':<52} {'old':>34} {'new':>34}  old / new")
    for case in (case for case in old if case in new):
        print(f"{case:<52} {text(old[case]):>34} {text(new[case]):>34}"
              f"  {verdict(old[case], new[case])}")


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="needflow-compare-") as name:
        folder = pathlib.Path(name)
        try:
            programs = [build(sources(commit, folder / f"source-{i}", options.own_bench),
                              folder / f"build-{i}", options.jobs)
                        for i, commit in enumerate((options.old, options.new))]
            times = measure(programs, options, folder / "out.json")
        finally:
            for worktree in folder.glob("source-*"):
                subprocess.run(["git", "worktree", "remove", "--force", worktree], cwd=ROOT,
                               check=False)
    if not times[0]:
        raise SystemExit(f"no case matches --filter {options.filter}")
    report(*times)


if __name__ == "__main__":
    main()
