"""Kills (-9) a sweep at random moments, resumes it until it ends, and compares the bytes with an uninterrupted run.

    kill_resume.py BINARY SOURCE_DIR [--count 200] [--seed 1]

Every kill is followed by a look into the journal: no point may be in it twice, and none may have
gone missing.
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import journals
import program
from test_same_bits import contents

SCENARIO = program.toml(
    seed=11, network={"agents": [20, 60], "neighbors": [4, "table"], "count": 3},
    population={"replicates": 400, "supply_ratio": [0.7, 1.3]},
    round={"settlement": ["stock", "reallocate"]})


def whole_points(path):
    return set(journals.points(path)) if path.exists() else set()


def kill_once(folder, delay):
    """Starts, waits, kills; whether it was still running."""
    process = program.start("sweep", "s.toml", "-o", "r.h5", "--resume", "-q", cwd=folder)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.kill()
    _, errors = process.communicate(timeout=60)
    if process.returncode not in (-9, 0):
        sys.exit(f"exit code {process.returncode}: {errors}")
    return process.returncode == -9


def take_result(folder, reference):
    """The result is the uninterrupted one, nothing else is left, and it goes."""
    if contents(folder / "r.h5") != reference:
        sys.exit("the resumed file differs from the uninterrupted one")
    left_over = sorted(path.name for path in folder.iterdir())
    if left_over != ["r.h5", "s.toml"]:
        sys.exit(f"files were left: {left_over}")
    (folder / "r.h5").unlink()


def one_sweep(folder, reference, seconds, chance, left):
    """Kills one sweep again and again until it ends; how many kills it took."""
    kills = 0
    journal = folder / "r.h5.journal"
    while True:
        before = whole_points(journal)
        # Several kills a sweep; the last one is left to end.
        delay = chance.uniform(0.0, 0.5 * seconds) if kills < left else None
        killed = kill_once(folder, delay)
        if not killed:
            break
        kills += 1
        if (folder / "r.h5").exists() and not journal.exists():
            continue  # between its last deed and its exit
        found = journals.points(journal) if journal.exists() else []
        if len(found) != len(set(found)):
            sys.exit("a point was computed twice though the journal held it")
        if not before <= set(found):
            sys.exit("points of an earlier process are gone")
    take_result(folder, reference)
    return kills


def main():
    program.find_binary()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="needflow-kill-"))
    try:
        (folder / "s.toml").write_text(SCENARIO)
        started = time.monotonic()
        program.run("sweep", "s.toml", "-o", "ref.h5", "-q", cwd=folder)
        seconds = time.monotonic() - started
        reference = contents(folder / "ref.h5")
        (folder / "ref.h5").unlink()
        kills, sweeps = 0, 0
        while kills < options.count:
            kills += one_sweep(folder, reference, seconds, chance, options.count - kills)
            sweeps += 1
        print(f"{kills} kills in {sweeps} sweeps of {seconds:.2f} s: every file as uninterrupted")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
