"""Rules of CONTRIBUTING.md that a machine can see. usage: check_rules.py SOURCE_DIR

Includes go one way (kernels <- solver <- io <- app), only main prints and exits, no function-like macros,
headers guarded, functions and files short enough to hold, no path of one machine in any tracked text.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOMS = {  # a room may include these rooms
    "kernels": {"kernels"},
    "solver": {"kernels", "solver"},
    "solver/ranks": {"kernels", "solver", "solver/ranks"},
    "io": {"kernels", "solver", "io"},
    "solver/app": {"kernels", "solver", "solver/ranks", "io", "solver/app"},
    "bench": {"kernels", "solver", "solver/ranks", "solver/app", "io", "bench"},
    "tests": {"kernels", "solver", "solver/ranks", "solver/app", "io", "tests"},
}
KERNEL_LIBRARIES = ("oneapi/tbb/", "hwy/", "Random123/", "sanitizer/")
SYSTEM_PAGES = ("kernels/large_pages.hpp", "sys/mman.h")  # the one place that asks for pages
MPI_PLACE = "solver/ranks/communicator_mpi.cpp"  # a build without MPI leaves out this file alone
TOP_LEVEL = {"CMakeLists.txt", "solver", "kernels", "io", "bench", "tests", "data", "scripts",
             "README.md", "CMakePresets.json", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"}
LONGEST_FILE = 520
LONGEST_FUNCTION = 60


def room_of(path):
    for room in ("solver/app", "solver/ranks"):
        if path.startswith(room + "/"):
            return room
    return path.split("/")[0]


def includes(text):
    return re.findall(r'^\s*#\s*include\s*([<"][^>"]+)[>"]', text, re.M)


def check_includes(path, text):
    room = room_of(path)
    for include in includes(text):
        name = include[1:]
        if include[0] == '"':
            target = room_of(name) if "/" in name else "io"  # commit.inc, made for io/build_info.cpp
            if target not in ROOMS[room]:
                yield f"{path}: {room} must not include {name}"
        elif (path, name) == SYSTEM_PAGES:
            continue
        elif name == "mpi.h" and path != MPI_PLACE:
            yield f"{path}: only {MPI_PLACE} calls MPI"
        elif room == "kernels" and "/" in name and not name.startswith(KERNEL_LIBRARIES):
            yield f"{path}: kernels must not include <{name}>"
        elif room == "kernels" and name in {"iostream", "fstream", "cstdio", "filesystem"}:
            yield f"{path}: kernels touch no files and print nothing, so no <{name}>"


def check_output(path, text):
    """Below the app nothing prints to a stream of the process or ends it."""
    if path.startswith(("tests/", "bench/")) or path == "solver/app/main.cpp":
        return
    for pattern in (r"\bstd::c(out|err|log)\b", r"\b(std::)?f?printf\s*\(", r"\bfmt::print\b",
                    r"\b(std::)?(exit|abort|_Exit|quick_exit|terminate)\s*\("):
        for found in re.finditer(pattern, text):
            yield f"{path}: {found.group(0).strip()} belongs to main alone"


def check_macros(path, text):
    if path.startswith("tests/"):
        return
    for found in re.finditer(r"^\s*#\s*define\s+\w+\(", text, re.M):
        yield f"{path}: function-like macro {found.group(0).split()[-1]}"
    # Highway compiles some headers once a SIMD target and guards them by its toggle.
    guard = r"^#pragma once$|^#if defined\(\w+_ONCE\) == defined\(HWY_TARGET_TOGGLE\)$"
    if path.endswith(".hpp") and not re.search(guard, text, re.M):
        yield f"{path}: a header starts with #pragma once"


def check_length(path, text):
    lines = text.splitlines()
    if len(lines) > LONGEST_FILE:
        yield f"{path}: {len(lines)} lines; split it where its second subject begins"
    if path.startswith("tests/"):
        return
    start = None
    for number, line in enumerate(lines, 1):
        # A function body at namespace level or in a class: opens at the end of an unindented line.
        if start is None and re.match(r"^(?!namespace|struct|class|enum|extern)[^\s#/}].*\{$", line):
            start = number
        elif start is not None and line.startswith("}"):
            if number - start + 1 > LONGEST_FUNCTION:
                yield f"{path} line {start}: a function of {number - start + 1} lines"
            start = None


def tracked_files(source):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=source,
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [name for name in listed.stdout.splitlines() if (source / name).is_file()]
    return [str(p.relative_to(source)) for p in source.rglob("*") if p.is_file()]


def check_tree(source):
    names = tracked_files(source)
    for name in names:
        top = name.split("/")[0]
        if not top.startswith(".") and top not in TOP_LEVEL:
            yield f"{name}: the top level is fixed"
        if name.endswith((".md", ".py", ".sh", ".toml", ".cpp", ".hpp", ".txt")) or "/" not in name:
            text = (source / name).read_text(encoding="utf-8")
            if re.search(r"/(work|home|root)/[a-z]", text) and not name.endswith("check_rules.py"):
                yield f"{name}: a path of one machine"
        if name.endswith((".cpp", ".hpp")):
            for check in (check_includes, check_output, check_macros, check_length):
                yield from check(name, text)


def self_test():
    """Each rule is broken once: a rule that cannot fail is none."""
    broken = {
        "kernels/a.hpp": '#pragma once\n#include "solver/rounds.hpp"\n',
        "kernels/b.cpp": "#include <fmt/format.h>\n",
        "solver/c.cpp": '#include "io/csv.hpp"\n',
        "solver/d.cpp": "void f() { std::cout << 1; }\n",
        "io/e.cpp": "void f() { exit(1); }\n",
        "io/f.hpp": "int x();\n",
        "kernels/g.cpp": "#define TWICE(x) ((x) + (x))\n",
        "solver/h.cpp": "void f() {\n" + "  g();\n" * 70 + "}\n",
        "solver/ranks/j.cpp": "#include <mpi.h>\n",
        "solver/k.cpp": '#include "solver/ranks/communicator.hpp"\n',
        "docs/i.md": "a ninth room\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in broken.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        found = {message.split(":")[0].split(" ")[0] for message in check_tree(root)}
    return [f"self-test: no rule noticed {name}" for name in sorted(set(broken) - found)]


def main():
    problems = self_test() + list(check_tree(pathlib.Path(sys.argv[1])))
    print("\n".join(problems) or "all rules hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
