"""Episodes, strategies and trust (M6) through files: what the model says they do, the dimension they
add, and the same bits however they are run. Amounts, trust and flags are recomputed by
tests/dense/check_trust.py.
"""

import csv
import gzip
import shutil

import h5py
import numpy as np

import program
from program import RATINGS, RATINGS_KEYS, STATUSES, toml
from test_same_bits import Bits, contents, usable_targets

METRICS = """trust_mean trust_variance trust_gap trust_auc satisfied_cooperative satisfied_aggressive
    satisfied_strategic flag_precision flag_recall first_flag_episode""".split()
PENDING = STATUSES.index("pending")

# Deceivers of both kinds, noisy and partial audits, detection, two types, an axis of everything.
MIXED = toml(
    seed=5, network={"agents": [8, 60], "neighbors": 6, "count": 2},
    population={"replicates": 2, "types": 2, "supply_ratio": 0.7, "episodes": 4,
                "provider_fraction": 0.8, "recipient_fraction": 0.9},
    round={"settlement": ["stock", "stream", "reallocate"], "max_rounds": 20},
    strategies={"aggressive_fraction": [0.0, 0.3], "strategic_fraction": 0.2},
    trust={"mode": ["off", "on"], "gamma": 0.5, "audit": 0.7, "audit_noise": 0.1,
           "detection": True, "pretrusted": 0.1},
    output={"agents": True})


def field(path, name):
    with h5py.File(path) as file:
        return file[name][...]


class Model(program.Case):

    def m6(self, **trust):
        """M6's dense reference: N = 100, k = 20, 30 % aggressive, ratio 0.7, b = 0.5."""
        return self.sweep(
            toml(seed=1, network={"agents": 100, "neighbors": 20, "count": 8},
                 population={"replicates": 4, "episodes": 8, "supply_ratio": 0.7},
                 strategies={"aggressive_fraction": 0.3, "bias": 0.5}, trust=trust),
            "--overwrite")

    def shares(self, path):
        """Satisfied share of the honest and of deceivers, a row an episode."""
        return np.stack([field(path, f"satisfied_{who}").mean(axis=(0, 1))
                         for who in ("cooperative", "aggressive")], axis=1)

    def test_without_trust_deceivers_get_85_percent_and_the_honest_66(self):
        path = self.m6(mode="off")
        mean = self.shares(path).mean(axis=0)
        np.testing.assert_allclose(mean, [0.66, 0.85], atol=0.03)
        self.assertTrue(np.isnan(field(path, "trust_mean")).all())

    def test_with_gamma_1_trust_evens_it_out(self):
        shares = self.shares(self.m6(mode="on", gamma=1))
        self.assertGreater(shares[0, 1] - shares[0, 0], 0.15)
        self.assertLess(abs(shares[-1, 1] - shares[-1, 0]), 0.06)

    def test_with_gamma_2_honesty_pays_after_about_five_episodes(self):
        shares = self.shares(self.m6(mode="on", gamma=2))
        pays = shares[:, 0] > shares[:, 1]
        self.assertFalse(pays[0])
        self.assertTrue(pays[-1])
        self.assertIn(int(np.argmax(pays)) + 1, range(2, 6))
        # What deceivers had won before is made up for after about five episodes.
        made_up = np.cumsum(shares[:, 0] - shares[:, 1]) > 0.0
        self.assertIn(int(np.argmax(made_up)) + 1, (5, 6, 7))

    def test_trust_in_the_honest_tends_to_21_of_22(self):
        path = self.sweep(toml(network={"agents": 6, "kind": "full_mesh"},
                               population={"episodes": 600, "redraw": False},
                               trust={"mode": "on"}))
        self.assertAlmostEqual(21 / 22, field(path, "trust_mean")[-1], delta=1e-10)

    def test_gamma_0_gives_the_amounts_of_a_run_without_trust_bit_for_bit(self):
        for scenario, files in (({"network": {"agents": 50, "neighbors": 6}}, {}),
                                ({"instance": RATINGS_KEYS}, RATINGS)):
            path = self.sweep(
                toml(seed=3, **scenario,
                     population={"episodes": 3, "replicates": 3, "supply_ratio": [0.5, 1.5]},
                     round={"settlement": ["stock", "stream", "reallocate"]},
                     strategies={"strategic_fraction": 0.3},
                     trust={"mode": ["off", "on"], "gamma": 0, "decay": 0.5},
                     output={"agents": True}), "--overwrite", files=files)
            with h5py.File(path) as file:
                axis = [list(d.values())[0].name for d in file["status"].dims].index("/mode")
                for name in ("status", "rounds", "satisfied_fraction", "messages_allocated",
                             "gini", "satisfied_strategic", "wasted_fraction"):
                    off, on = np.moveaxis(file[name][...], axis, 0)
                    self.assertEqual(off.tobytes(), on.tobytes(), name)

    def test_a_run_of_episodes_begins_with_the_run_without_them(self):
        def scenario(episodes):
            return toml(seed=9, network={"agents": 40, "neighbors": 6, "count": 2},
                        population={"replicates": 2, "episodes": episodes}, round={
                            "settlement": ["stock", "stream"]}, output={"agents": True})
        one = self.sweep(scenario(1), name="one.h5")
        three = self.sweep(scenario(3), name="three.h5")
        with h5py.File(one) as a, h5py.File(three) as b:
            for name in ("status", "rounds", "satisfied_fraction", "jain_index",
                         "messages_allocated", "agents/need", "agents/satisfied"):
                self.assertEqual(a[name][...].tobytes(), b[name][..., 0].tobytes(), name)
            need = b["agents/need"][...]
            self.assertFalse((need[:, 0] == need[:, 1]).any())
            self.assertFalse((need[:, 1] == need[:, 2]).any())
            self.assertNotIn("trust_mean", b)

    def test_without_redraw_and_strategies_every_episode_is_the_same(self):
        path = self.sweep(toml(network={"agents": 30, "neighbors": 4},
                               population={"episodes": 3, "redraw": False}))
        satisfied = field(path, "satisfied_fraction")
        self.assertEqual((3,), satisfied.shape)
        self.assertEqual(1, len(set(satisfied)))

    def test_clear_liars_are_found_in_the_second_episode_and_served_by_nobody_for_three(self):
        path = self.sweep(toml(network={"agents": 60, "neighbors": 10},
                               population={"episodes": 6, "supply_ratio": 0.6},
                               strategies={"aggressive_fraction": 0.2},
                               trust={"mode": "on", "detection": True}, output={"agents": True}))
        with h5py.File(path) as file:
            agents = file["agents"]
            liars = agents["strategy"][...] == 1
            self.assertEqual(12, liars.sum())
            flagged = agents["flagged"][...].astype(bool)
            self.assertEqual([2], (np.flatnonzero(flagged.any(axis=0)) + 1).tolist()[:1])
            np.testing.assert_array_equal(flagged[:, 1], liars)
            np.testing.assert_array_equal(agents["quarantined"][...].astype(bool),
                                          np.outer(liars, [0, 0, 1, 1, 1, 0]).astype(bool))
            self.assertEqual(0.0, agents["satisfied"][...][liars, 2:5].max())
            self.assertEqual([-1, 2, 2, 2, 2, 2], file["first_flag_episode"][...].tolist())
            self.assertEqual([0, 0, 12, 12, 12, 0], file["quarantined_count"][...].tolist())
            np.testing.assert_array_equal(file["flag_precision"][...][1:], 1.0)
            np.testing.assert_array_equal(file["flag_recall"][...], [0, 1, 1, 1, 1, 1])

    def test_quarantine_takes_its_messages_away_too(self):
        path = self.sweep(toml(network={"agents": 30, "kind": "full_mesh"},
                               population={"episodes": 3, "supply_ratio": 0.5, "redraw": False},
                               round={"stop": "needs", "max_rounds": 1},
                               strategies={"aggressive_fraction": 0.1},
                               trust={"mode": "on", "detection": True, "gamma": 0}))
        # 30 providers to 29 others each; in the third episode nobody to the three.
        self.assertEqual([870, 870, 870 - 3 * 29],
                         field(path, "messages_allocated").tolist())

    def test_a_fraction_of_everybody_and_more_is_invalid(self):
        path = self.sweep(toml(network={"agents": 10, "neighbors": 4}, strategies={
            "aggressive_fraction": [0.5, 0.8], "strategic_fraction": 0.4}), expect=3)
        self.assertEqual(["invalid"], [STATUSES[s] for s in field(path, "status")[1:]])


class Files(program.Case):

    def test_trust_metrics_have_the_episode_last_even_of_one(self):
        path = self.sweep(toml(network={"agents": [9, 12], "neighbors": 4},
                               strategies={"aggressive_fraction": 0.2}))
        with h5py.File(path) as file:
            self.assertEqual((2,), file["rounds"].shape)
            for name in METRICS:
                self.assertEqual((2, 1), file[name].shape, name)
                self.assertEqual("/episode", list(file[name].dims[1].values())[0].name)
            self.assertEqual([1], file["episode"][...].tolist())

    def test_episodes_that_a_point_does_not_have_are_missing_and_not_waited_for(self):
        path = self.sweep(toml(network={"agents": 12, "neighbors": 4},
                               population={"episodes": [1, 3], "types": 2},
                               trust={"mode": "on"}, output={"agents": True, "traces": True}))
        with h5py.File(path) as file:
            self.assertEqual((2, 2, 3), file["status"].shape)
            status = file["status"][...]
            self.assertTrue((status[0, :, 1:] == PENDING).all())
            self.assertTrue((status[1] != PENDING).all() and (status[0, :, 0] != PENDING).all())
            self.assertEqual(4, file["status"].attrs["absent"])
            self.assertTrue((file["rounds"][0, :, 1:] == -1).all())
            self.assertTrue(np.isnan(file["trust_mean"][0, :, 1:]).all())
            self.assertTrue(np.isnan(file["agents/need"][:12, :, 1:]).all())
            self.assertFalse(np.isnan(file["agents/need"][12:]).any())
            rows = file["trace/row_size"][...].reshape(2, 2, 3)
            self.assertTrue((rows[0, :, 1:] == 0).all())
            episode = file["trace/episode"][...]
            np.testing.assert_array_equal(
                episode, np.repeat(np.tile([1, 2, 3], 4), file["trace/row_size"][...]))
        self.assertIn("100", self.needflow("status", path).stdout)
        again = self.needflow("sweep", "scenario.toml", "-o", path, "--resume")
        self.assertEqual(0, again.returncode)

    def test_trust_needs_ratings_to_start_from_them(self):
        result = self.needflow("plan", self.write(toml(trust={"initial": "ratings"})), expect=2)
        self.assert_civil(result, ["trust.initial", "generated network"])
        result = self.needflow("plan", self.write(toml(trust={"gamma": 1.5})), expect=2)
        self.assert_civil(result, ["trust.gamma", "0, 0.5, 1, 2, 3, 4"])


class RealRatings(program.Case):
    """EigenTrust on Bitcoin OTC beside PageRank written with NumPy, and NetworkX's where it is there."""

    RESTART = 0.15

    def setUp(self):
        super().setUp()
        (self.folder / "bitcoin_otc").symlink_to(program.source / "data" / "bitcoin_otc")
        with gzip.open(self.folder / "bitcoin_otc" / "ratings.csv.gz", "rt") as file:
            self.rows = [(a, b, int(rating)) for a, b, rating in list(csv.reader(file))[1:]]

    def trust(self):
        """{(i, j): T} of all links, both ways: what ratings say, 1/2 where only the other rated."""
        trust = {}
        for a, b, rating in self.rows:
            good = 2.0 * (rating + 10.0) / 20.0
            trust[a, b] = (good + 1.0) / 4.0
            trust.setdefault((b, a), 0.5)
        return trust

    def reputation(self):
        """Nobody audits and nothing fades: trust stays what the ratings make of it."""
        path = self.sweep(toml(
            seed=3, instance={"ratings": "bitcoin_otc/ratings.csv.gz"},
            trust={"mode": "on", "initial": "ratings", "audit": 0, "decay": 1,
                   "restart": self.RESTART}, output={"agents": True}))
        agents = h5py.File(path)["agents"]
        ids = [name.decode() for name in agents["id"][...]]
        found = agents["reputation"][...].reshape(-1)
        self.assertEqual(len(ids), len(found))
        self.assertEqual(1.0, found.max())
        return dict(zip(ids, found / found.sum()))

    def page_rank(self):
        trust = self.trust()
        ids = sorted({a for a, _ in trust})
        number = {name: i for i, name in enumerate(ids)}
        source, target = (np.array([number[pair[end]] for pair in trust]) for end in (0, 1))
        value = np.array(list(trust.values()))
        share = value / np.bincount(source, value)[source]
        g = np.full(len(ids), 1.0 / len(ids))
        for _ in range(400):
            g = (1.0 - self.RESTART) * np.bincount(target, share * g[source], len(ids)) \
                + self.RESTART / len(ids)
        return dict(zip(ids, g))

    def distance(self, a, b):
        self.assertEqual(set(a), set(b))
        return sum(abs(a[name] - b[name]) for name in a)

    def test_reputation_is_the_page_rank_of_the_ratings(self):
        expected = self.page_rank()
        self.assertEqual(5881, len(expected))
        self.assertLess(self.distance(expected, self.reputation()), 1e-9)

    def test_networkx_has_the_same_page_rank(self):
        try:
            import networkx
        except ImportError:
            self.skipTest("NetworkX is not there")
        graph = networkx.DiGraph()
        graph.add_weighted_edges_from((a, b, value) for (a, b), value in self.trust().items())
        expected = networkx.pagerank(graph, 1.0 - self.RESTART, tol=1e-14, max_iter=400)
        self.assertLess(self.distance(expected, self.reputation()), 1e-9)


class SameBits(Bits):

    def test_threads_targets_lanes_and_shards_change_nothing(self):
        one = self.sweep(MIXED, "--threads", 1, name="one.h5")
        for threads in (2, 4):
            self.assert_same(one, self.sweep(MIXED, "--threads", threads, name=f"{threads}.h5"),
                             f"{threads} threads")
        for target in usable_targets():
            other = self.sweep(MIXED, name=f"{target}.h5",
                               env=program.environment(NEEDFLOW_SIMD=target))
            self.assert_same(one, other, target)
        self.assert_same(one, self.sweep(MIXED, "--lanes", 8, name="lanes.h5"), "8 lanes")
        parts = [self.sweep(MIXED, "--shard", f"{i}/3", name=f"part{i}.h5") for i in (1, 2, 3)]
        self.needflow("merge", self.out / "merged.h5", *parts)
        self.assert_same(one, self.out / "merged.h5", "three shards")

    def test_a_large_point_has_the_same_bits_on_any_number_of_threads(self):
        large = toml(seed=2, network={"agents": 12000, "neighbors": 20},
                     population={"episodes": 3, "supply_ratio": 0.7},
                     strategies={"aggressive_fraction": 0.3},
                     trust={"mode": "on", "detection": True, "audit": 0.5, "audit_noise": 0.2},
                     output={"agents": True})
        one = self.sweep(large, "--threads", 1, name="one.h5")
        self.assert_same(one, self.sweep(large, "--threads", 4, name="four.h5"), "four threads")

    def test_what_an_interrupt_leaves_is_gone_on_with(self):
        whole = self.sweep(MIXED, name="whole.h5")
        path = self.write(MIXED)
        name = self.out / "stopped.h5"
        process = program.start("sweep", path.name, "-o", name, "--threads", 1, cwd=self.folder)
        journal = self.out / "stopped.h5.journal"
        program.wait_until(lambda: journal.exists() and journal.stat().st_size > 20000, 5)
        process.kill()
        process.communicate()
        if not name.exists():
            shutil.copy(journal, self.out / "kept")
            self.needflow("sweep", path.name, "-o", name, "--resume")
        self.assert_same(whole, name, "resumed")

    def test_other_points_of_a_sweep_change_nothing(self):
        def scenario(episodes, fractions, modes):
            return toml(seed=4, network={"agents": 30, "neighbors": 6},
                        population={"episodes": episodes},
                        strategies={"aggressive_fraction": fractions}, trust={"mode": modes})
        few = contents(self.sweep(scenario(3, [0.3], ["on"]), name="few.h5"))
        with h5py.File(self.sweep(scenario([5, 3], [0.0, 0.3], ["off", "on"]),
                                  name="many.h5")) as many:
            for name in METRICS + ["rounds", "status", "gini"]:
                values = many[name][1, 1, 1, :3]
                self.assertEqual(few[name][2], values.tobytes(), name)


if __name__ == "__main__":
    program.main()
