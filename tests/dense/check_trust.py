"""Compares the program's episodes, strategies, trust and flags (M6) with the dense second opinion.

    check_trust.py BINARY [--count 60] [--seed 1] [--only INDEX] [--keep FOLDER]

Random small instances of each kind – two-sided, agents, ratings with drawn amounts – with links of
MR = 0, finite desires, several types, noise and partial audits (their draws come from philox.py).
Needs, capacities and strategies are read from the result file, everything else is computed anew:
amounts, trust, reputation, flags and metrics of every episode agree to 1e-10.
Exit code 1 if anything differs.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np

import philox
from dense_rounds import Settings
from dense_trust import TrustSettings, World, run
from instances import random_amounts, random_desires, random_ids, random_pattern, random_weights
from instances import numbered, write_table

TOLERANCE = 1e-10


def random_trust(rng):
    noisy = rng.random() < 0.3
    return TrustSettings(
        bias=float(rng.choice([0.5, 1.0, 0.2, 3.0])),
        mode="on" if rng.random() < 0.9 else "off",
        decay=float(rng.choice([0.95, 1.0, 0.5, 0.0])),
        gamma=float(rng.choice([0.0, 0.5, 1.0, 2.0, 3.0, 4.0])),
        global_share=float(rng.choice([0.3, 0.0, 0.8, 1.0])),
        tiers=int(rng.choice([0, 0, 0, 1, 3, 8])),
        restart=float(rng.choice([0.15, 0.5, 1.0, 0.02])),
        prior_strength=float(rng.choice([2.0, 0.5, 7.0])),
        audit=float(rng.choice([1.0, 0.4, 0.15])) if noisy else 1.0,
        audit_noise=float(rng.choice([0.0, 0.1, 0.5])) if noisy else 0.0,
        detection=bool(rng.random() < 0.6),
        hits=int(rng.choice([1, 2, 3])),
        quarantine=int(rng.choice([1, 3])))


def random_round(rng):
    settlement = str(rng.choice(["stock", "stream", "reallocate"], p=[0.5, 0.3, 0.2]))
    return Settings(settlement=settlement, cap=str(rng.choice(["none", "active_need"], p=[0.7, 0.3])),
                    damping=rng.choice(["adaptive", "none"]).item(),
                    max_rounds=4 if settlement == "reallocate" else 30)


class Case:
    """An instance drawn from a seed, its files, and what is known of it beforehand."""

    def __init__(self, seed, index):
        rng = np.random.default_rng([seed, index, 6])
        self.kind = str(rng.choice(["bipartite", "agents", "ratings"], p=[0.4, 0.35, 0.25]))
        self.seed = int(rng.integers(1 << 40))
        self.types = int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))
        self.episodes = int(rng.choice([1, 2, 5, 9], p=[0.1, 0.2, 0.4, 0.3]))
        self.round, self.trust = random_round(rng), random_trust(rng)
        self.aggressive = float(rng.choice([0.0, 0.3, 0.1]))
        self.strategic = float(rng.choice([0.0, 0.3]))
        self.pretrusted = float(rng.choice([0.0, 0.0, 0.2]))
        self.initial = str(rng.choice(["neutral", "ratings"])) if self.kind == "ratings" else "neutral"
        columns = int(rng.integers(3, 30))
        rows = columns if self.kind != "bipartite" else int(rng.integers(1, 30))
        if self.kind == "ratings":
            self.draw_ratings(rng, rows)
        else:
            self.draw_instance(rng, rows, columns)

    def draw_ratings(self, rng, n):
        given = rng.random((n, n)) < rng.uniform(0.15, 0.6)
        given[np.arange(n), (np.arange(n) + 1) % n] = True      # so that all ids are in the file
        np.fill_diagonal(given, False)
        values = rng.integers(-10, 11, (n, n)).astype(float)
        self.ratings = np.where(given, values, np.nan)
        positive = np.where(given, np.maximum(0.0, values), 0.0)
        sums = positive.sum(axis=1, keepdims=True)
        share = np.divide(positive, sums, out=np.zeros((n, n)), where=sums > 0.0)
        self.weight = np.minimum(share, share.T)
        self.linked = given | given.T
        self.desire = np.full((n, n), np.inf)

    def draw_instance(self, rng, rows, columns):
        agents = self.kind == "agents"
        self.ratings = None
        pattern = random_pattern(rng, rows, columns, symmetric=agents)
        self.weight = random_weights(rng, pattern, symmetric=agents)
        unknown = rng.random(pattern.shape) < 0.15
        self.weight[unknown | unknown.T if agents else unknown] = 0.0
        self.need, self.capacity = random_amounts(rng, rows, columns, self.types)
        self.desire = random_desires(rng, pattern, self.need[:, 0].mean(), symmetric=agents)
        if rng.random() < 0.4:      # somebody may be given nothing, and is honest for all one sees
            nobody = rng.integers(columns)
            self.desire[:, nobody] = 0.0
            if agents:
                self.desire[nobody, :] = 0.0
        self.pattern = pattern
        self.provider_ids = random_ids(rng, rows, "p")
        self.recipient_ids = self.provider_ids if agents else random_ids(rng, columns, "r")
        if agents:
            self.linked = pattern
        else:
            self.linked = np.block([[np.zeros((rows, rows), bool), pattern],
                                    [pattern.T, np.zeros((columns, columns), bool)]])

    def write(self, folder):
        def value(x):
            if isinstance(x, bool):
                return str(x).lower()
            return f'"{x}"' if isinstance(x, str) else repr(x)

        trust = {**vars(self.trust), "pretrusted": self.pretrusted}
        strategies = {"aggressive_fraction": self.aggressive,
                      "strategic_fraction": self.strategic, "bias": trust.pop("bias")}
        population = {"episodes": self.episodes}
        if self.kind == "ratings":
            trust["initial"] = self.initial
            population.update(types=self.types, supply_ratio=0.7, provider_fraction=0.8,
                              recipient_fraction=0.9)
        sections = {"instance": self.write_files(folder), "population": population,
                    "round": vars(self.round), "strategies": strategies, "trust": trust,
                    "output": {"agents": True}}
        lines = [f"seed = {self.seed}"]
        for name, table in sections.items():
            lines += [f"[{name}]"] + [f"{key} = {value(x)}" for key, x in table.items()]
        path = folder / "scenario.toml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def write_files(self, folder):
        if self.kind == "ratings":
            lines = ["source,target,rating"]
            lines += [f"{i:04d},{j:04d},{int(self.ratings[i, j])}"
                      for i, j in np.argwhere(~np.isnan(self.ratings))]
            (folder / "ratings.csv").write_text("\n".join(lines) + "\n")
            return {"ratings": "ratings.csv"}
        ends = ["a", "b"] if self.kind == "agents" else ["provider", "recipient"]
        lines = [",".join(ends + ["mr", "desire"])]
        for p, r in np.argwhere(self.pattern):
            if self.kind == "agents" and p > r:
                continue
            d = self.desire[p, r]
            lines.append(f"{self.provider_ids[p]},{self.recipient_ids[r]},"
                         f"{float(self.weight[p, r])!r},{'' if np.isinf(d) else repr(float(d))}")
        (folder / "edges.csv").write_text("\n".join(lines) + "\n")
        if self.kind == "agents":
            write_table(folder / "agents.csv", ["id"] + numbered("need", self.types)
                        + numbered("capacity", self.types), self.provider_ids,
                        np.hstack([self.need, self.capacity]))
            return {"agents": "agents.csv", "edges": "edges.csv"}
        write_table(folder / "providers.csv", ["id"] + numbered("capacity", self.types),
                    self.provider_ids, self.capacity)
        write_table(folder / "recipients.csv", ["id"] + numbered("need", self.types),
                    self.recipient_ids, self.need)
        return {"providers": "providers.csv", "recipients": "recipients.csv", "edges": "edges.csv"}


class Found:
    """The program's file with every variable as [..., type, episode]."""

    def __init__(self, file, case):
        self.file, self.case = file, case
        self.recipients = "recipients" if case.kind == "bipartite" else "agents"
        self.providers = "providers" if case.kind == "bipartite" else "agents"

    def by_run(self, path):
        """An array of shape (…, types, episodes), whatever dimensions of length 1 were left out."""
        values = self.file[path][()]
        case = self.case
        if case.episodes == 1 and not self.named(path, "episode"):
            values = values[..., None]
        if case.types == 1:
            values = np.expand_dims(values, -2)
        assert values.shape[-2:] == (case.types, case.episodes), (path, values.shape)
        return values

    def named(self, path, dimension):
        scales = [s for d in self.file[path].dims for s in d.values()]
        return any(s.name.split("/")[-1] == dimension for s in scales)

    def amounts(self, episode):
        need = self.by_run(f"{self.recipients}/need")
        capacity = self.by_run(f"{self.providers}/capacity")
        return [(need[:, k, episode], capacity[:, k, episode]) for k in range(self.case.types)]

    def world(self):
        case, file = self.case, self.file
        strategy = file[f"{self.recipients}/strategy"][()] if self.has_trust() else np.zeros(
            case.weight.shape[1], int)
        pretrusted = np.zeros(len(case.linked))
        if self.has_trust():
            parts = [file[f"{self.recipients}/pretrusted"][()]]
            if case.kind == "bipartite":
                parts.insert(0, file["providers/pretrusted"][()])
            pretrusted = np.concatenate(parts).astype(float)
        return World(case.weight.shape[0], case.weight.shape[1], case.kind != "bipartite",
                     case.weight, case.desire, case.linked, strategy, pretrusted,
                     case.ratings if case.initial == "ratings" else None,
                     lambda e, i, j: philox.audits(case.seed, e, 0, 0, i, j))

    def has_trust(self):
        return self.case.trust.mode == "on" or self.case.aggressive + self.case.strategic > 0.0


def expected_counts(case, recipients):
    def count(fraction):
        return max(1, int(np.floor(fraction * recipients + 0.5))) if fraction > 0.0 else 0
    return [count(case.aggressive), count(case.strategic)]


def compare_episode(found, world, episode, want):
    """Lines of what differs in one episode."""
    case, file = found.case, found.file
    lines = []

    def check(name, expected, have, scale=1.0):
        expected, have = np.asarray(expected, float), np.asarray(have, float)
        with np.errstate(invalid="ignore"):
            near = np.abs(expected - have) <= TOLERANCE * np.maximum(scale, np.abs(expected))
        good = near | (np.isnan(expected) & np.isnan(have))
        if not np.all(good):
            at = np.argwhere(~np.atleast_1d(good))[0]
            lines.append(f"episode {episode + 1} {name}{list(at)}: program "
                         f"{np.atleast_1d(have)[tuple(at)]!r}, dense "
                         f"{np.atleast_1d(expected)[tuple(at)]!r}")

    for k, result in enumerate(want.results):
        of = f"type {k + 1} "
        check(of + "status", result.status, found.by_run("status")[k, episode], 0.0)
        check(of + "rounds", result.rounds, found.by_run("rounds")[k, episode], 0.0)
        for name in ("messages_allocated", "satisfied_fraction", "wasted_fraction", "gini"):
            check(of + name, result.metrics[name], found.by_run(name)[k, episode])
        need, capacity = found.amounts(episode)[k]
        for name in ("satisfied", "damping"):
            check(of + name, result.recipients[name],
                  found.by_run(f"{found.recipients}/{name}")[:, k, episode],
                  need if name == "satisfied" else 0.0)
        check(of + "capacity_left", result.providers["capacity_left"],
              found.by_run(f"{found.providers}/capacity_left")[:, k, episode], capacity)
        if not found.has_trust():
            continue
        check(of + "exaggeration", want.exaggeration[k],
              found.by_run(f"{found.recipients}/exaggeration")[:, k, episode], 0.0)
        for name, value in want.metrics[k].items():
            have = found.file[name][()].reshape(case.types, case.episodes)
            check(of + name, value, have[k, episode])
    if case.trust.mode == "on":
        compare_nodes(found, world, episode, want, check)
    return lines


def compare_nodes(found, world, episode, want, check):
    sides = [(found.recipients, slice(world.first, None))]
    if found.case.kind == "bipartite":
        sides.append(("providers", slice(0, world.providers)))
    for group, nodes in sides:
        for name in ("trust_received", "reputation"):
            check(f"{group} {name}", getattr(want, name)[nodes],
                  found.file[f"{group}/{name}"][:, episode])
    if want.flagged is not None:
        for name in ("flagged", "quarantined"):
            check(name, getattr(want, name), found.file[f"{found.recipients}/{name}"][:, episode])


def check_case(binary, case, keep):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        output = folder / "out.h5"
        command = [binary, "run", str(case.write(folder)), "-o", str(output), "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
        lines = []
        if done.returncode != 0:
            lines = [f"exit code {done.returncode}: {done.stderr.strip()}"]
        else:
            with h5py.File(output) as file:
                found = Found(file, case)
                world = found.world()
                liars = [int((world.strategy == s).sum()) for s in (1, 2)]
                if liars != expected_counts(case, world.recipients):
                    lines.append(f"{liars} aggressive and strategic recipients, "
                                 f"want {expected_counts(case, world.recipients)}")
                amounts = [found.amounts(e) for e in range(case.episodes)]
                wanted = run(world, case.round, case.trust, amounts)
                for episode, want in enumerate(wanted):
                    lines += compare_episode(found, world, episode, want)
        if lines and keep:
            shutil.copytree(folder, keep, dirs_exist_ok=True)
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    failures = 0
    chosen = range(arguments.count) if arguments.only is None else [arguments.only]
    for index in chosen:
        case = Case(arguments.seed, index)
        keep = arguments.keep / f"{arguments.seed}-{index}" if arguments.keep else None
        lines = check_case(arguments.binary, case, keep)
        if lines:
            failures += 1
            print(f"case {index}: {case.kind} {case.weight.shape}, {case.types} types, "
                  f"{case.episodes} episodes, {case.round}, {case.trust}")
            print("\n".join("  " + line for line in lines[:12]), flush=True)
    print(f"{len(chosen)} compared, {failures} with differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
