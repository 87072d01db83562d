"""The contenders of compare.py: what they are, how they are built, started and talked to.

Each is a process that reads one command a line and answers with one JSON object a line (contender.hpp).
"""
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BUILD = ROOT / "build" / "peers"
BINARIES = BUILD / "bench" / "peers"
TARGETS = ("write_inputs", "peer_needflow", "machine_limits", "scaling_case", "needflow")
OPTIONAL_TARGETS = ("peer_graphblas", "peer_petsc", "peer_eigen")

MOST_AGENTS_AS_MAPS = 100_000  # a million agents of maps take half a minute a round


class Failure(Exception):
    """A contender that does not start, dies, or answers nonsense."""


class Kind:
    """A contender before it is started. `variants`: the ways it can be run, the likeliest best first;
    `best_in_parallel` the likeliest where there are several threads."""

    def __init__(self, name, command, variants=("",), threads=True, most_agents=None,
                 best_in_parallel=None):
        self.name, self.command, self.variants = name, command, variants
        self.best_in_parallel = best_in_parallel or variants[0]
        self.threads, self.most_agents = threads, most_agents

    def missing(self):
        """Why it cannot run on this machine, or an empty text."""
        for word in self.command:
            path = pathlib.Path(word)
            if path.is_absolute() and not path.exists():
                return f"{path.name} is not built or not installed"
            if word in ("mpirun", "node") and shutil.which(word) is None:
                return f"{word} is not installed"
        return ""

    def start(self, path, threads, variant):
        words = [str(path) if word == "INPUT" else str(threads) if word == "THREADS" else word
                 for word in self.command]
        return Process(words + ([variant] if variant else []), threads)


# --bind-to none: on a machine that others share, a bound rank cannot step aside.
KINDS = [
    Kind("needflow", [str(BINARIES / "peer_needflow"), "INPUT", "THREADS"]),
    Kind("GraphBLAS", [str(BINARIES / "peer_graphblas"), "INPUT", "THREADS"],
         ("accumulate", "vxm-accumulate", "assign")),
    Kind("PETSc", ["mpirun", "--bind-to", "none", "-n", "THREADS", str(BINARIES / "peer_petsc"),
                   "INPUT", "THREADS"], ("sell", "sbaij", "aij", "aijperm", "aijsell")),
    Kind("Eigen", [str(BINARIES / "peer_eigen"), "INPUT", "THREADS"], ("upper", "rows"),
         best_in_parallel="rows"),
    Kind("SciPy", ["/usr/bin/python3", str(HERE / "peer_scipy.py"), "INPUT"],
         ("direct", "operator"), threads=False),
    Kind("JavaScript arrays", ["node", str(HERE / "peer_js_arrays.mjs"), "INPUT"], threads=False),
    Kind("JavaScript maps", ["node", str(HERE / "peer_js_maps.mjs"), "INPUT"], threads=False,
         most_agents=MOST_AGENTS_AS_MAPS),
]


def kind_named(name):
    return next(kind for kind in KINDS if kind.name == name)


WITH_DESIRE = Kind("needflow with D", [str(BINARIES / "peer_needflow"), "INPUT", "THREADS"],
                   ("desire",))
LIMITS = Kind("machine", [str(BINARIES / "machine_limits"), "THREADS"])


class Process:
    """A contender that runs. Use it in a `with`; leaving ends it."""

    def __init__(self, words, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS="1",
                           OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                           PYTHONDONTWRITEBYTECODE="1")
        self.errors = []
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=environment)
        try:
            self.about = self._reply(120.0)
        except Failure:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, command, limit=300.0):
        try:
            self.process.stdin.write(f"{command}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure("it ended") from None
        reply = self._reply(limit)
        if "error" in reply:
            raise Failure(reply["error"])
        return reply

    def close(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.write(b"quit\n")
                self.process.stdin.flush()
                self.process.wait(20.0)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def _reply(self, limit):
        """The next line; every reply is one line, so nothing more can wait in the buffer."""
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        if not ready:
            self.process.kill()
            raise Failure(f"no answer in {limit:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failure("it ended")
        return json.loads(line)


def call(words, **options):
    """Runs a command to its end; its output is shown only if it fails."""
    done = subprocess.run([str(word) for word in words], cwd=ROOT, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))} failed:\n{done.stdout[-4000:]}")
    return done.stdout


def build(jobs=2):
    """Configures and builds what is missing or stale."""
    call(["cmake", "-S", ROOT, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Release", "-DNEEDFLOW_PEERS=ON",
          "-DNEEDFLOW_BENCH=OFF", "-DBUILD_TESTING=OFF"])
    known = call(["cmake", "--build", BUILD, "--target", "help"])
    targets = list(TARGETS) + [name for name in OPTIONAL_TARGETS if re.search(rf"\b{name}\b", known)]
    call(["cmake", "--build", BUILD, f"-j{jobs}", "--target", *targets])


def input_file(agents, neighbors):
    """The instance of that size, written once for each build of needflow."""
    path = BUILD / "inputs" / f"round_{agents}_{neighbors}.bin"
    writer = BINARIES / "write_inputs"
    if not path.exists() or path.stat().st_mtime < writer.stat().st_mtime:
        path.parent.mkdir(parents=True, exist_ok=True)
        call([writer, "round", path, agents, neighbors])
    return path


def machine_text():
    """What ran this: processor, its count, load, commit, time."""
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    commit = call(["git", "describe", "--always", "--dirty"]).strip()
    load = os.getloadavg()[0]
    return (f"{model}, {len(os.sched_getaffinity(0))} processors, load {load:.1f}, commit {commit}, "
            f"{time.strftime('%Y-%m-%d %H:%M')}")
