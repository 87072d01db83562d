"""M10 beside linear programs that another solver (HiGHS, through SciPy) solves: max_flow and
efficiency, and the fairest optimum by programs in turn, on fresh random instances.

`test_optimum.py BINARY SOURCE_DIR [unittest's options]`. Skipped (exit code 77) without SciPy.
"""

import random
import sys

import h5py
import numpy as np

import program

try:
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix, vstack
except ImportError:
    print("skipped: no SciPy (python3-scipy)")
    sys.exit(77)

SEED = 20261120
INSTANCES = 12
TOLERANCE = 1e-9


class Problem:
    """Who may give to whom, with amounts of one need type."""

    def __init__(self, edges, need, capacity):
        self.edges, self.need, self.capacity = edges, np.array(need), np.array(capacity)
        n = len(edges)
        columns = np.arange(n)
        ones = np.ones(n)
        self.by_provider = coo_matrix((ones, ([p for p, _ in edges], columns)),
                                      (len(capacity), n)).tocsr()
        self.by_recipient = coo_matrix((ones, ([r for _, r in edges], columns)),
                                       (len(need), n)).tocsr()

    def maximum_flow(self):
        if not self.edges:
            return 0.0
        scale = max(self.need.max(), self.capacity.max()) or 1.0
        result = linprog(-np.ones(len(self.edges)), A_ub=vstack([self.by_provider, self.by_recipient]),
                         b_ub=np.concatenate([self.capacity, self.need]) / scale, method="highs")
        assert result.status == 0, result.message
        return -result.fun * scale

    def fairest_shares(self):
        """q of the recipients in need: the smallest as large as can be, then the next, in turn.

        Variables: a flow an edge, and t. Those whose share can be no larger are settled at t."""
        wanting = [r for r in range(len(self.need)) if self.need[r] > 0]
        settled = {}
        while len(settled) < len(wanting):
            free = [r for r in wanting if r not in settled]
            level = self.largest(settled, free, None, 0.0)
            stuck = [r for r in free if self.largest(settled, free, r, level - 1e-11) < level + 1e-8]
            assert stuck, (level, free)
            settled.update((r, level) for r in stuck)
        return np.array([settled[r] for r in wanting])

    def largest(self, settled, free, of, level):
        """The largest share of recipient `of` while all free ones have at least `level`; of the
        least of them all where `of` is None."""
        n = len(self.edges)
        share = self.by_recipient.toarray() / np.where(self.need > 0, self.need, 1.0)[:, None]
        rows, bounds = [], []

        def at_least(r, t_factor, bound):
            rows.append(np.concatenate([-share[r], [t_factor]]))
            bounds.append(-bound)
        for r in free:
            rows.append(np.concatenate([share[r], [0.0]]))
            bounds.append(1.0)
            at_least(r, 1.0 if of is None else 0.0, 0.0 if of is None else level)
        for r, q in settled.items():
            at_least(r, 0.0, q - 1e-11)
            rows.append(np.concatenate([share[r], [0.0]]))
            bounds.append(1.0)
        for p, row in enumerate(self.by_provider.toarray()):
            if self.capacity[p] > 0:  # else `limits` says that it gives nothing
                rows.append(np.concatenate([row, [0.0]]) / self.capacity[p])
                bounds.append(1.0)
        aim = np.concatenate([np.zeros(n), [-1.0]]) if of is None else np.concatenate([-share[of], [0.0]])
        zero = self.by_recipient.toarray()[self.need == 0].any(axis=0) if n else np.zeros(0, bool)
        limits = [(0, 0) if zero[e] or self.capacity[self.edges[e][0]] == 0 else (0, None)
                  for e in range(n)] + [(0, 1)]
        result = linprog(aim, A_ub=np.array(rows), b_ub=bounds, bounds=limits, method="highs")
        assert result.status == 0, result.message
        return -result.fun


def amounts(draw, count, zeros):
    return [0.0 if draw.random() < zeros else draw.lognormvariate(3.0, 1.0) for _ in range(count)]


def csv_of(header, ids, *columns):
    return program.table(header, *zip(ids, *([repr(x) for x in column] for column in columns)))


def bipartite(draw, providers, recipients, types, chance):
    """Files of a random instance, and a Problem a type."""
    edges = [(p, r) for p in range(providers) for r in range(recipients) if draw.random() < chance]
    edges = edges or [(0, 0)]
    need = [amounts(draw, recipients, 0.15) for _ in range(types)]
    capacity = [amounts(draw, providers, 0.15) for _ in range(types)]
    for column in need + capacity:
        column[0] = 7.5  # no type without need or capacity

    def numbered(word):
        return word if types == 1 else ",".join(f"{word}_{t + 1}" for t in range(types))
    files = {
        "providers.csv": csv_of("id," + numbered("capacity"), range(providers), *capacity),
        "recipients.csv": csv_of("id," + numbered("need"), range(recipients), *need),
        "edges.csv": program.table("provider,recipient,mr",
                                   *((p, r, 1 - draw.random()) for p, r in edges)),
    }
    return files, program.BIPARTITE_KEYS, [Problem(edges, n, c) for n, c in zip(need, capacity)]


def agents(draw, count, chance):
    links = [(a, b) for a in range(count) for b in range(a) if draw.random() < chance] or [(1, 0)]
    need, capacity = amounts(draw, count, 0.2), amounts(draw, count, 0.4)
    need[0] = capacity[1] = 7.5
    files = {
        "agents.csv": csv_of("id,need,capacity", range(count), need, capacity),
        "links.csv": program.table("a,b,mr", *((a, b, 1 - draw.random()) for a, b in links)),
    }
    both = links + [(b, a) for a, b in links]
    return files, program.AGENTS_KEYS, [Problem(both, need, capacity)]


def jain(q):
    return 1.0 if not len(q) or not q.any() else q.sum() ** 2 / (len(q) * (q ** 2).sum())


class Optimum(program.Case):

    def path(self, name):
        return self.folder / name

    def result(self, files, command="sweep", options=(), **sections):
        self.write(program.toml(**sections), files, "s.toml")
        self.needflow(command, "s.toml", "-o", "out.h5", "--overwrite", *options)
        with h5py.File(self.path("out.h5")) as file:
            return {name: file[name][()] for name in file if isinstance(file[name], h5py.Dataset)}

    def assert_near(self, found, expected, tolerance=TOLERANCE):
        self.assertLessEqual(abs(found - expected), tolerance * max(1.0, abs(expected)),
                             (found, expected))

    def check(self, metrics, problems, at=()):
        for t, problem in enumerate(problems):
            place = at + ((t,) if len(problems) > 1 else ())
            flow = problem.maximum_flow()
            self.assert_near(metrics["max_flow"][place] / max(flow, 1e-9), flow / max(flow, 1e-9))
            satisfied = metrics["satisfied_fraction"][place] * problem.need.sum()
            self.assert_near(metrics["efficiency"][place], satisfied / flow if flow > 0 else 1.0)
            self.assertLessEqual(metrics["efficiency"][place], 1.0)

    def test_the_maximum_flow_is_the_linear_programs_on_random_instances(self):
        for i in range(INSTANCES):
            draw = random.Random(SEED + i)
            types = draw.choice([1, 1, 2, 3])
            files, keys, problems = bipartite(draw, draw.randint(2, 40), draw.randint(2, 40), types,
                                              draw.choice([0.05, 0.2, 0.6]))
            with self.subTest(kind="bipartite", seed=SEED + i):
                self.check(self.result(files, instance=keys), problems)
            files, keys, problems = agents(draw, draw.randint(3, 60), draw.choice([0.03, 0.1, 0.4]))
            with self.subTest(kind="agents", seed=SEED + i):
                self.check(self.result(files, instance=keys), problems)

    def test_points_of_every_supply_ratio_and_settlement_have_theirs(self):
        draw = random.Random(SEED - 1)
        files, keys, problems = bipartite(draw, 30, 40, 2, 0.08)
        ratios = [0.2, 0.7, 1.0, 1.5, 4.0]
        sections = {"instance": keys, "population": {"supply_ratio": ratios},
                    "round": {"settlement": ["stock", "stream", "reallocate"], "max_rounds": 20}}
        for options in ((), ("--traces",)):  # in lanes, and one by one
            metrics = self.result(files, options=options, **sections)
            for i, ratio in enumerate(ratios):
                scaled = [Problem(p.edges, p.need,
                                  p.capacity * (ratio * p.need.sum() / p.capacity.sum()))
                          for p in problems]
                self.check(metrics, scaled, (i, 0))
                for settlement in (1, 2):
                    np.testing.assert_array_equal(metrics["max_flow"][i, settlement],
                                                  metrics["max_flow"][i, 0])
                    self.assertTrue(np.isnan(metrics["efficiency"][i, settlement]).all())

    def test_the_fairest_optimum_is_that_of_linear_programs_in_turn(self):
        for i in range(INSTANCES):
            draw = random.Random(SEED + 1000 + i)
            if i % 2 == 1:
                files, keys, (problem,) = agents(draw, draw.randint(3, 8), draw.choice([0.3, 0.6]))
            else:
                files, keys, (problem,) = bipartite(draw, draw.randint(2, 7), draw.randint(2, 7), 1,
                                                    draw.choice([0.25, 0.5]))
            with self.subTest(seed=SEED + 1000 + i):
                metrics = self.result(files, instance=keys)
                q = problem.fairest_shares()
                self.assert_near(metrics["fairest_min"][()], q.min(initial=1.0), 1e-7)
                self.assert_near(metrics["fairest_jain"][()], jain(q), 1e-7)
                wanting = problem.need[problem.need > 0]
                self.assert_near((q * wanting).sum(), problem.maximum_flow(), 1e-7)

    def test_run_tells_the_maximum_flow_and_off_leaves_it_out(self):
        files = program.BIPARTITE
        keys = program.BIPARTITE_KEYS
        # a has 10 for x and y (12), b 5 for y and z (14): all 15 of 18 can be used, 5/6 for everybody.
        metrics = self.result(files, command="run", instance=keys)
        self.assertEqual(metrics["max_flow"], 15.0)
        told = program.run("run", self.path("s.toml")).stdout
        self.assertRegex(told, r"\nmaximum flow +15, efficiency 0\.\d{6}\n")
        self.assertRegex(told, r"\nfairest optimum +min 0.833333, Jain index 1.000000\n")
        metrics = self.result(files, instance=keys, output={"optimum": "off", "fairest": "off"})
        for name in ("max_flow", "efficiency", "fairest_jain", "fairest_min"):
            self.assertNotIn(name, metrics)

    def test_auto_goes_by_all_edges_of_the_whole_scenario(self):
        # A ring of 512 has 1024 stored edges: 64 runs are within the fairest's limit, 1024 within
        # the maximum flow's.
        for replicates, expected in ((64, (True, True)), (65, (True, False)), (1024, (True, False)),
                                     (1025, (False, False))):
            with self.subTest(replicates=replicates):
                self.write(program.toml(network={"kind": "ring", "agents": 512},
                                        population={"replicates": replicates}), name="s.toml")
                plan = program.run("plan", self.path("s.toml")).stdout
                self.assertEqual(expected, ("max_flow and efficiency of every run" in plan,
                                            "fairest_jain and fairest_min of every run" in plan))
        # A point taken out of it keeps what was decided for all.
        told = program.run("run", self.path("s.toml"), "--point", "3").stdout
        self.assertNotIn("maximum flow", told)

    def test_optima_depend_on_neither_threads_nor_shards(self):
        sections = {"network": {"agents": 40, "neighbors": [2, 4]},
                    "population": {"replicates": 3, "supply_ratio": [0.5, 1.0], "types": 2,
                                   "provider_fraction": 0.4},
                    "round": {"settlement": ["stock", "stream"], "damping": ["adaptive", "none"]}}
        alone = self.result({}, options=("--threads", "1"), **sections)
        self.assertFalse(np.isnan(alone["fairest_min"]).any())
        parts = [self.path(f"part{i}.h5") for i in (1, 2)]
        for i, part in enumerate(parts):
            self.needflow("sweep", "s.toml", "-o", part, "--shard", f"{i + 1}/2", "--threads", "2")
        self.needflow("merge", "whole.h5", *parts)
        with h5py.File(self.path("whole.h5")) as file:
            for name, values in alone.items():
                np.testing.assert_array_equal(file[name][()], values, name)


if __name__ == "__main__":
    program.main()
