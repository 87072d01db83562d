"""What the tests of the program share: running the binary, temporary folders, small scenarios.

Each test file is a program: `/usr/bin/python3 tests/program/test_X.py BINARY SOURCE_DIR`, and what
follows goes to unittest (`-v`, names of tests). Expected values are written out or follow from the
model, never from what the binary said.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

TIMEOUT = 60  # seconds a process may take before the test fails; none should come near
# Promised exit codes.
DONE, INTERNAL, BAD_INPUT, SOME_FAILED, IO_ERROR, INTERRUPTED = 0, 1, 2, 3, 4, 75
# `status` in files: the place of a word is its number.
STATUSES = "pending needs_met stable cycle round_limit failed invalid".split()

binary = None  # absolute; set by find_binary()
source = None  # the repository


def find_binary():
    """Takes BINARY and SOURCE_DIR off the command line; a program imports this module once."""
    global binary, source
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} BINARY SOURCE_DIR [unittest's options]")
    binary, source = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    del sys.argv[1:3]
    if not os.access(binary, os.X_OK):
        sys.exit(f"{binary} is no program")


def main():
    """Runs the tests of the file that calls."""
    find_binary()
    unittest.main(module="__main__")


def environment(**changes):
    """This process's environment without what would steer the program."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("NEEDFLOW_", "SLURM_"))}
    kept.update(changes)
    return kept


def run(*arguments, cwd=None, timeout=TIMEOUT, env=None, **popen):
    """Runs the program to its end; stdout and stderr as text, exit code negative for a signal."""
    return subprocess.run([binary, *map(str, arguments)], cwd=cwd, timeout=timeout,
                          env=env or environment(), text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace",
                          check=False, **popen)


def toml(**sections):
    """A scenario: toml(seed=1, network={"agents": [5, 9]}). JSON's scalars and arrays are TOML."""
    def lines(entries):
        return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
                       for key, value in entries.items())
    top = {key: value for key, value in sections.items() if not isinstance(value, dict)}
    parts = [lines(top)] + [f"[{name}]\n{lines(entries)}" for name, entries in sections.items()
                            if isinstance(entries, dict)]
    return "\n".join(part for part in parts if part)


def table(header, *rows):
    """A CSV file: table("id,need", ("x", 4), ("y", 8))."""
    return "".join(line + "\n" for line in (header, *(",".join(map(str, row)) for row in rows)))


# A bipartite instance, an agent network and ratings, each a few lines long.
BIPARTITE = {
    "providers.csv": table("id,capacity", ("a", 10), ("b", 5)),
    "recipients.csv": table("id,need", ("x", 4), ("y", 8), ("z", 6)),
    "edges.csv": table("provider,recipient,mr", ("a", "x", 0.5), ("a", "y", 0.25), ("b", "y", 1),
                       ("b", "z", 0.125)),
}
AGENTS = {
    "agents.csv": table("id,need,capacity", ("p", 4, 2), ("q", 5, 3), ("r", 6, 9), ("s", 1, 0)),
    "links.csv": table("a,b,mr", ("p", "q", 0.5), ("q", "r", 0.25), ("r", "s", 0.75),
                       ("p", "r", 0.125)),
}
RATINGS = {
    "ratings.csv": table("source,target,rating", (1, 2, 5), (2, 1, 3), (2, 3, 1), (3, 2, 9),
                         (3, 1, -4), (1, 3, 2), (7, 1, 1)),
}
BIPARTITE_KEYS = {"providers": "providers.csv", "recipients": "recipients.csv",
                  "edges": "edges.csv"}
AGENTS_KEYS = {"agents": "agents.csv", "edges": "links.csv"}
RATINGS_KEYS = {"ratings": "ratings.csv"}


def write_files(folder, files):
    """Writes {name: text or bytes} into a folder; None leaves a file out."""
    for name, content in files.items():
        if content is None:
            continue
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


class Case(unittest.TestCase):
    """A test with a folder of its own; `self.out` in it is where results go."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="needflow-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.out = self.folder / "out"
        self.out.mkdir()

    def write(self, scenario, files=None, name="scenario.toml"):
        """Writes a scenario and its files into the folder; the scenario's path."""
        write_files(self.folder, {**(files or {}), name: scenario})
        return self.folder / name

    def needflow(self, *arguments, expect=DONE, **options):
        """Runs the program in the folder and insists on its exit code."""
        options.setdefault("cwd", self.folder)
        result = run(*arguments, **options)
        self.assertEqual(expect, result.returncode,
                         f"needflow {' '.join(map(str, arguments))}\n{result.stderr}"
                         f"{result.stdout[:2000]}")
        return result

    def sweep(self, scenario, *arguments, name="result.h5", files=None, expect=DONE, **options):
        """Writes and sweeps a scenario; the result file's path."""
        path = self.write(scenario, files)
        self.needflow("sweep", path.name, "-o", self.out / name, *arguments, expect=expect,
                      **options)
        return self.out / name

    def assert_civil(self, result, fragments=()):
        """An error as promised: a few lines on stderr that name what is wrong; no crash."""
        words = result.stderr
        lines = words.splitlines()
        self.assertTrue(lines, "nothing on stderr")
        self.assertLessEqual(len(lines), 30, words)
        crash = re.search(r"terminate|what\(\)|Aborted|core dumped|Segmentation|Sanitizer|"
                          r"HDF5-DIAG|Traceback|^\s*#\d+ |logic_error|std::|H5[A-Z]\w+\(", words,
                          re.MULTILINE)
        self.assertIsNone(crash, words)
        for fragment in fragments:
            self.assertIn(fragment, words)

    def assert_nothing_in(self, folder, but=()):
        self.assertEqual(sorted(but), sorted(entry.name for entry in folder.iterdir()))


def start(*arguments, cwd=None, **popen):
    """Starts the program in the background; the caller waits for it."""
    return subprocess.Popen([binary, *map(str, arguments)], cwd=cwd, env=environment(), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **popen)


def wait_until(condition, seconds=20):
    """Polls until the condition holds; False if it never did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False
