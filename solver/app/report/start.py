"""Given to the interpreter with -c. Tables and the report's scripts come through standard input, each as
\\x1c name \\x1d text. Exit codes above 64 tell which library is missing: 1 h5py, 2 matplotlib and
4 numpy, added up.
"""

import os
import sys

sys.path[:] = [place for place in sys.path if place]  # not the current folder: it may hold anything
os.environ.pop("MPLBACKEND", None)
missing = 0
for bit, name in enumerate(("h5py", "matplotlib", "numpy")):
    try:
        __import__(name)
    except ImportError:
        missing += 1 << bit
if missing:
    sys.exit(64 + missing)
tables = {}
for part in sys.stdin.buffer.read().decode().split("\x1c")[1:]:
    name, text = part.split("\x1d", 1)
    if name.endswith(".csv"):
        tables[name] = text
        continue
    module = type(sys)(name)
    sys.modules[name] = module
    exec(compile(text, name + ".py", "exec"), module.__dict__)
sys.exit(sys.modules["report"].main(sys.argv[1:], tables))
