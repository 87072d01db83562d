"""Holds the privacy rule of M2: code that reaches for what a provider must not know does not compile.

    check_privacy.py COMPILER SOURCE_DIR

Every tests/privacy/bad_X.cpp must be refused, with no other errors than the one its first line names
(`// must fail: fragment | fragment of another compiler`). Its twin good_X.cpp, which differs from it
in one line of code, must compile: so it is that line, and not a typing error, that is refused.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MUST_FAIL = "// must fail: "


def compiler_errors(compiler, source_dir, path):
    """The error lines of a syntax check, empty when the file compiles."""
    command = [compiler, "-std=c++20", "-fsyntax-only", "-I", str(source_dir), str(path)]
    # Plain quotes and English words in the messages, whatever the locale.
    environment = dict(os.environ, LC_ALL="C")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    if done.returncode != 0 and not errors:
        errors = [done.stderr.strip() or f"{compiler} ended with {done.returncode}: error: unknown"]
    return errors


def code_lines(path):
    return [line for line in path.read_text().splitlines() if not line.startswith("//")]


def check_good(path, errors):
    if not (path.parent / path.name.replace("good_", "bad_", 1)).exists():
        yield f"{path.name} has no twin that must fail"
    if errors:
        yield f"{path.name} must compile, but: {errors[0]}"


def check_bad(path, errors):
    first = path.read_text().splitlines()[0]
    if not first.startswith(MUST_FAIL):
        yield f"{path.name} must open with '{MUST_FAIL}…', found '{first}'"
        return
    fragments = [fragment.strip() for fragment in first[len(MUST_FAIL):].split("|")]
    if not errors:
        yield f"{path.name} compiles: what it reaches for is no longer private"
    for error in errors:
        if not any(fragment in error for fragment in fragments):
            yield f"{path.name} must fail for {' or '.join(fragments)!r}, but: {error}"
    twin = path.parent / path.name.replace("bad_", "good_", 1)
    if not twin.exists():
        yield f"{path.name} has no twin that compiles"
        return
    bad, good = code_lines(path), code_lines(twin)
    differing = sum(a != b for a, b in zip(bad, good)) + abs(len(bad) - len(good))
    if differing != 1:
        yield f"{path.name} and its twin must differ in one line of code, found {differing}"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: check_privacy.py COMPILER SOURCE_DIR")
    compiler, source_dir = sys.argv[1], Path(sys.argv[2])
    folder = source_dir / "tests" / "privacy"
    paths = sorted(folder.glob("good_*.cpp")) + sorted(folder.glob("bad_*.cpp"))
    if not paths:
        sys.exit(f"{folder} holds no good_*.cpp and no bad_*.cpp")
    with ThreadPoolExecutor(max_workers=2) as pool:
        errors = list(pool.map(lambda path: compiler_errors(compiler, source_dir, path), paths))
    complaints = []
    for path, found in zip(paths, errors):
        check = check_good if path.name.startswith("good_") else check_bad
        complaints += check(path, found)
    for complaint in complaints:
        print(complaint)
    print(f"{len(paths)} files, {len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
