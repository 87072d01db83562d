"""Runs one size on so many threads: answers first, then the contenders in turn."""
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np

import contenders

CHECKED_ROUNDS = 3       # `reallocate` makes rounding grow, so few
AGREEMENT = 1e-12        # relative; amounts on the scale of the need, see differences()
ROUNDS = 16              # a run; its start disappears behind them
FEWER_ROUNDS = 2         # for who takes longer than LONG_RUN with 16
LONG_RUN = 5.0           # seconds


IDLE_ENOUGH = 0.9        # share of the processors; with less, others distort what several threads reach


def processor_ticks():
    """(idle, all) of all processors since the start."""
    words = pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
    ticks = [int(word) for word in words[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def idle_share(seconds=0.2):
    """How much of the processors nobody uses while the contenders wait."""
    idle, everything = processor_ticks()
    time.sleep(seconds)
    idle_later, everything_later = processor_ticks()
    return (idle_later - idle) / max(1, everything_later - everything)


def busy(case):
    """Whether others were at work during the case."""
    return statistics.median(case.get("idle") or [1.0]) < IDLE_ENOUGH


class Instance:
    """Sizes and needs of an input file."""

    def __init__(self, agents, neighbors):
        self.agents, self.neighbors = agents, neighbors
        self.path = contenders.input_file(agents, neighbors)
        with open(self.path, "rb") as file:
            file.seek(8)
            _, self.entries = (int(number) for number in np.fromfile(file, np.int64, 2))
            file.seek(8 * (agents + 1) + 8 * self.entries, 1)
            self.need = np.fromfile(file, np.float64, agents)


def answer_of(process, folder):
    """x, received and d after a few rounds, a row each."""
    path = pathlib.Path(folder) / "answer.bin"
    process.ask(f"check {CHECKED_ROUNDS} {path}")
    return np.fromfile(path, np.float64).reshape(3, -1)


def difference(found, expected, need):
    """The largest relative difference. x and received count on the scale of the need where they are
    smaller: what is left of a need that is nearly met has lost its digits in the subtraction."""
    if found.shape != expected.shape:
        return np.inf
    scale = np.maximum(np.abs(expected), [need, need, np.zeros_like(need)])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(found == expected, 0.0, np.abs(found - expected) / scale)
    return float(share.max()) if not np.isnan(share).any() else np.inf


def calibrated(process, seconds):
    """(rounds a run, runs a turn, seconds a round); the first calls warm caches and compilers up."""
    cost = process.ask(f"time {FEWER_ROUNDS} 1")["seconds_per_round"]
    if cost * ROUNDS > LONG_RUN:
        return FEWER_ROUNDS, 1, cost
    for _ in range(2):
        runs = max(1, round(seconds / (cost * ROUNDS)))
        cost = process.ask(f"time {ROUNDS} {runs}")["seconds_per_round"]
    return ROUNDS, max(1, round(seconds / (cost * ROUNDS))), cost


def best_variant(kind, instance, threads, expected, options, case):
    """The variant that is right and fastest in a short trial; None if no variant is."""
    tried, trouble = {}, {}
    first = kind.variants[0] if threads == 1 else kind.best_in_parallel
    variants = (first,) if options.first_variants else kind.variants
    with tempfile.TemporaryDirectory(prefix="needflow-peers-") as folder:
        for variant in variants:
            try:
                with kind.start(instance.path, threads, variant) as process:
                    wrong = difference(answer_of(process, folder), expected, instance.need)
                    case["agreement"][f"{kind.name} {variant}".strip()] = wrong
                    if wrong > AGREEMENT:
                        trouble[variant] = f"{variant} differs by {wrong:.1e}".strip()
                        continue
                    tried[variant] = min(calibrated(process, options.seconds / 2)[2]
                                         for _ in range(1 if len(variants) == 1 else 2))
            except contenders.Failure as problem:
                trouble[variant] = f"{variant}: {problem}".lstrip(": ")
    if trouble:
        case["refused" if not tried else "left_out"][kind.name] = "; ".join(trouble.values())
    return min(tried, key=tried.get) if tried else None


def reference_answer(kind, instance, threads):
    with tempfile.TemporaryDirectory(prefix="needflow-peers-") as folder:
        with kind.start(instance.path, threads, "") as process:
            return answer_of(process, folder)


def chosen(instance, threads, options, case):
    """[(kind, variant)] of those that may be timed. needflow comes first and is what all are compared with."""
    ours = contenders.KINDS[0]
    expected = reference_answer(ours, instance, threads)
    result = [(ours, "")]
    for kind in contenders.KINDS[1:]:
        if options.only and kind.name not in options.only:
            continue
        if kind.most_agents is not None and instance.agents > kind.most_agents:
            case["refused"][kind.name] = "too slow at this size"
        elif kind.missing():
            case["refused"][kind.name] = kind.missing()
        else:
            variant = best_variant(kind, instance, threads, expected, options, case)
            if variant is not None:
                case["variants"][kind.name] = variant
                result.append((kind, variant))
    return result


def measure(instance, threads, options, extras=()):
    """One case as a dictionary. `extras`: more contenders [(kind, variant)], timed but not checked."""
    case = {"agents": instance.agents, "neighbors": instance.neighbors, "threads": threads,
            "entries": instance.entries, "times": {}, "variants": {}, "versions": {},
            "agreement": {}, "refused": {}, "left_out": {}, "limits": {}, "build": [], "idle": []}
    print(f"N = {instance.agents}, k = {instance.neighbors}, threads = {threads}: answers",
          file=sys.stderr)
    kinds = chosen(instance, threads, options, case) + list(extras)
    running = {}
    try:
        for kind, variant in kinds:
            running[kind.name] = kind.start(instance.path, threads, variant)
            case["versions"][kind.name] = running[kind.name].about.get("version", "")
        limits = running["machine"] = contenders.LIMITS.start("", threads, "")
        plans = {kind.name: calibrated(running[kind.name], options.seconds) for kind, _ in kinds}
        take_turns(running, plans, limits, instance, options, case)
    finally:
        for process in running.values():
            process.close()
    return case


def take_turns(running, plans, limits, instance, options, case):
    names = list(plans)
    for turn in range(options.turns):
        print(f"  turn {turn + 1} of {options.turns}", file=sys.stderr)
        case["idle"].append(idle_share())
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            rounds, runs, _ = plans[name]
            reply = running[name].ask(f"time {rounds} {runs}")
            case["times"].setdefault(name, []).append(reply["seconds_per_round"])
        for name, value in limits.ask(f"limits {instance.agents}").items():
            case["limits"].setdefault(name, []).append(value)
        if options.with_build(case) and turn < options.builds:
            reply = running["needflow"].ask(f"build {instance.agents} {instance.neighbors}")
            case["build"].append(reply["seconds"])


def ratios(case, name, to="needflow"):
    """time / needflow's time of the same turn, a number a turn."""
    pairs = zip(case["times"].get(name, []), case["times"].get(to, []))
    return [a / b for a, b in pairs]


def shares(case, name="needflow"):
    """{limit: share of it that the contender reaches}, medians. The model: 24 bytes and two visits a
    stored entry, 112 bytes an agent, two multiply-adds an entry (bench/README.md)."""
    seconds = statistics.median(case["times"][name])
    entries, agents = case["entries"], case["agents"]
    amounts = {"stream": 24.0 * entries + 112.0 * agents, "gather": 2.0 * entries,
               "fma": 4.0 * entries}
    return {limit: amounts[limit] / seconds / statistics.median(rates)
            for limit, rates in case["limits"].items()}
