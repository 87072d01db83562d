"""One run on several ranks leaves the file that one process leaves, to the bit (M12): every
settlement, caps, finite desire, two-sided instances, networks whose ranks see all or few of each
other's agents, more ranks than there are blocks of rows. And what ends a run on one rank ends it
on all.

usage: test_ranks.py BINARY SOURCE_DIR LAUNCHER [its options] --- [unittest's options]
"""

import random
import subprocess
import sys
import time

import h5py

import program
from program import BAD_INPUT, DONE, SOME_FAILED, table, toml
from test_same_bits import contents

KEEP_ALL = {"traces": True, "agents": True}
# Seconds. MPICH's ranks wait without giving way: more of them than processors take a time slice a
# message when something else runs beside.
TIMEOUT = 300


def take_launcher():
    """Takes the launcher's words off the command line."""
    end = sys.argv.index("---") if "---" in sys.argv else len(sys.argv)
    words = sys.argv[3:end]
    del sys.argv[3:end + 1]
    return words


LAUNCHER = take_launcher()


def two_sided(seed, providers=1300, recipients=1700, desire=True):
    """A random two-sided instance, larger than two blocks of rows on either side; some desires are
    finite, one mutual recognition in ten is 0."""
    draw = random.Random(seed)
    edges = []
    for p in range(providers):
        for r in draw.sample(range(recipients), 7):
            mr = 0 if draw.random() < 0.1 else draw.random()
            limit = [draw.choice([draw.uniform(0, 60), 0, 1e6])] if desire else []
            edges.append((f"p{p}", f"r{r}", mr, *limit))
    return {
        "providers.csv": table("id,capacity", *((f"p{p}", draw.uniform(0, 90))
                                                for p in range(providers))),
        "recipients.csv": table("id,need", *((f"r{r}", draw.uniform(0, 60))
                                             for r in range(recipients))),
        "edges.csv": table("provider,recipient,mr" + (",desire" if desire else ""), *edges),
    }


def agents(seed, count=1600):
    """A random agent network with finite desires."""
    draw = random.Random(seed)
    pairs = sorted({tuple(sorted(draw.sample(range(count), 2))) for _ in range(6 * count)})
    return {
        "agents.csv": table("id,need_1,need_2,capacity_1,capacity_2", *(
            (f"a{i}", *(draw.uniform(0, 50) for _ in range(4))) for i in range(count))),
        "links.csv": table("a,b,mr,desire", *(
            (f"a{i}", f"a{j}", draw.random(), draw.uniform(0, 30)) for i, j in pairs)),
    }


def ratings(seed, count=1500):
    draw = random.Random(seed)
    pairs = {tuple(draw.sample(range(count), 2)) for _ in range(8 * count)}
    return {"ratings.csv": table("source,target,rating", *(
        (i, j, draw.randint(-3, 9)) for i, j in sorted(pairs)))}


class OnRanks(program.Case):
    """A test that starts ranks."""

    def on_ranks(self, count, *arguments, expect=DONE):
        command = [*LAUNCHER, "-n", str(count), str(program.binary), *map(str, arguments)]
        result = subprocess.run(
            command, cwd=self.folder, timeout=TIMEOUT, env=program.environment(),
            text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual(expect, result.returncode, result.stderr + result.stdout[-2000:])
        return result


class SameBits(OnRanks):

    def check(self, scenario, files=None, expect=DONE, ranks=(2,)):
        path = self.write(scenario, files)
        alone = self.out / "alone.h5"
        self.needflow("run", path.name, "-o", alone, "--overwrite", expect=expect)
        wanted = contents(alone)
        for count in ranks:
            name = self.out / "ranks.h5"
            self.on_ranks(count, "run", path.name, "-o", name, "--overwrite", "--threads", 2,
                          expect=expect)
            found = contents(name)
            self.assertEqual(sorted(wanted), sorted(found))
            # Names alone: a difference of megabytes is nothing to print.
            different = [key for key, value in wanted.items() if found[key] != value]
            self.assertEqual([], different, f"{count} ranks")

    def test_every_settlement_and_rule_of_damping(self):
        for round_ in ({"settlement": "stock"},
                       {"settlement": "stock", "return_surplus": False, "damping": "none"},
                       {"settlement": "stock", "cap": "active_need"},
                       {"settlement": "stream", "damping": 0.3},
                       {"settlement": "stream", "cap": "active_need", "stop": "needs"},
                       {"settlement": "reallocate", "max_rounds": 24},
                       {"settlement": "reallocate", "relaxation": 0.5, "max_rounds": 24},
                       {"settlement": "reallocate", "acceleration": "anderson", "max_rounds": 12}):
            with self.subTest(round_):
                self.check(toml(seed=5, network={"agents": 1700, "neighbors": 12},
                                population={"supply_ratio": 1.3}, round=round_, output=KEEP_ALL))

    def test_three_ranks_of_which_the_middle_has_others_on_both_sides(self):
        for network in ({"kind": "ring"}, {"kind": "partial_mesh", "neighbors": 5}):
            with self.subTest(network):
                self.check(toml(seed=4, network={"agents": 1700, **network},
                                population={"supply_ratio": 1.1}, round={"max_rounds": 12},
                                output=KEEP_ALL), ranks=(3,))

    def test_every_kind_of_network(self):
        for network in ({"kind": "ring"}, {"kind": "hub_spoke", "hub": 700},
                        {"kind": "small_world", "neighbors": 6, "beta": 0.02},
                        {"kind": "sharded", "neighbors": 8, "shard_size": 100},
                        {"kind": "preferential", "neighbors": 6},
                        {"kind": "geometric", "neighbors": 10}):
            with self.subTest(network):
                self.check(toml(seed=2, network={"agents": 2100, **network},
                                population={"supply_ratio": 0.8}, output=KEEP_ALL))

    def test_networks_that_no_rank_holds_whole(self):
        # Nothing is measured, so each rank makes its own rows: the meshes with one bucket of stubs, with several, with
        # one agent of k + 1.
        for network in ({"agents": 1100, "neighbors": 3}, {"agents": 2049, "neighbors": 25},
                        {"agents": 9001, "neighbors": 21}, {"agents": 1700, "kind": "ring"},
                        {"agents": 1700, "kind": "hub_spoke", "hub": 1200},
                        {"agents": 600, "kind": "full_mesh"},
                        {"agents": 1700, "kind": "sharded", "neighbors": 8, "shard_size": 300}):
            with self.subTest(network):
                self.check(toml(seed=6, network=network, population={"supply_ratio": 0.9},
                                output={"network_metrics": "none", **KEEP_ALL}), ranks=(2, 3))

    def test_figures_of_recipients_that_no_rank_holds_all_of(self):
        for supply, cap in ((0.4, "none"), (1.3, "active_need")):
            self.check(toml(seed=7, network={"agents": 3000, "neighbors": 5},
                            population={"supply_ratio": supply, "recipient_fraction": 0.7},
                            round={"cap": cap}, output={"network_metrics": "none", "optimum": "off"}),
                       ranks=(2, 3))

    def test_two_types_some_providers_and_pairs_without_recognition(self):
        # Gamma weights of so small a shape underflow: MR = 0 on some links, which leave the matrix;
        # of a smaller one numbers overflow.
        for shape, types, expect in ((0.006, 1, DONE), (0.002, 2, SOME_FAILED)):
            self.check(toml(seed=9, network={"agents": 1900, "neighbors": 9},
                            recognition={"weights": "gamma", "shape": shape},
                            population={"supply_ratio": 0.9, "types": types, "provider_fraction": 0.3,
                                        "recipient_fraction": 0.6}, output=KEEP_ALL),
                       expect=expect)
            with h5py.File(self.out / "alone.h5") as file:
                pairs = file["recognised_pairs"][...].ravel()[0]
                self.assertTrue(0 < pairs < file["network_edges"][...].ravel()[0])

    def test_what_overflows_on_one_rank_alone_fails_on_all(self):
        # A need of 1e-250 and a capacity of 1e100: both claims' scales are infinite. Each of the two also has a link
        # of no desire to the other's provider: it receives infinity and 0 times infinity, which is no number and no
        # surplus. The first rank has both; the second finds nothing wrong with its own recipients.
        keys = {"providers": "providers.csv", "recipients": "recipients.csv", "edges": "edges.csv"}
        count = 1100
        files = {
            "providers.csv": table("id,capacity", *((f"p{i}", 1e100 if i < 2 else 5) for i in range(count))),
            "recipients.csv": table("id,need", *((f"r{i}", 1e-250 if i < 2 else 4 + i % 3)
                                                 for i in range(count))),
            "edges.csv": table("provider,recipient,mr,desire", *(
                (f"p{i}", f"r{i}", 1, 1e6) for i in range(count)),
                ("p0", "r1", 1, 0), ("p1", "r0", 1, 0), *(
                (f"p{i}", f"r{i + 1}", 0.5, 3) for i in range(2, count - 1))),
        }
        for settlement in ("stock", "stream", "reallocate"):
            with self.subTest(settlement):
                self.check(toml(instance=keys, round={"settlement": settlement, "max_rounds": 20}),
                           files, expect=SOME_FAILED)
                with h5py.File(self.out / "alone.h5") as file:
                    self.assertEqual(program.STATUSES.index("failed"), file["status"][...].ravel()[0])
                    self.assertEqual(1, file["rounds"][...].ravel()[0])

    def test_narrow_weights_and_no_agents_kept(self):
        self.check(toml(seed=1, network={"agents": 1300, "neighbors": 20},
                        solver={"weights": "f32"}))

    def test_claims_and_factors_stored_in_32_bits(self):
        for settlement in ("stock", "reallocate"):
            with self.subTest(settlement):
                self.check(toml(seed=1, network={"agents": 1300, "neighbors": 20},
                                round={"settlement": settlement, "max_rounds": 30},
                                solver={"state": "f32"}, output=KEEP_ALL))

    def test_a_two_sided_instance_with_and_without_finite_desire(self):
        keys = {"providers": "providers.csv", "recipients": "recipients.csv", "edges": "edges.csv"}
        for desire in (True, False):
            for settlement in ("stock", "reallocate"):
                with self.subTest(desire=desire, settlement=settlement):
                    self.check(toml(instance=keys, round={"settlement": settlement,
                                                          "max_rounds": 30}, output=KEEP_ALL),
                               two_sided(4, desire=desire))

    def test_agents_from_files_with_finite_desire_and_two_types(self):
        keys = {"agents": "agents.csv", "edges": "links.csv"}
        for cap in ("none", "active_need"):
            with self.subTest(cap=cap):
                self.check(toml(instance=keys, round={"cap": cap}, output=KEEP_ALL), agents(7))

    def test_ratings(self):
        self.check(toml(seed=3, instance={"ratings": "ratings.csv"},
                        population={"supply_ratio": 0.7}, output=KEEP_ALL), ratings(8))

    def test_more_ranks_than_blocks_of_rows(self):
        self.check(toml(seed=3, network={"agents": 30, "neighbors": 4}, output=KEEP_ALL))
        self.check(toml(instance=program.BIPARTITE_KEYS, output=KEEP_ALL), program.BIPARTITE,
                   ranks=(3,))

    def test_a_point_without_a_solution_is_invalid_on_all(self):
        self.check(toml(seed=3, network={"agents": 2000, "neighbors": 4},
                        population={"need": "uniform", "need_cv": 0.9}), expect=SOME_FAILED)
        self.check(toml(seed=3, network={"kind": "hub_spoke", "agents": 20, "hub": 50}),
                   expect=SOME_FAILED)


class Troubles(OnRanks):
    """What one rank cannot do ends all of them, soon, with one message."""

    def test_a_result_file_that_exists_is_refused_once(self):
        path = self.write(toml(seed=3, network={"agents": 1100}))
        self.out.joinpath("there.h5").write_text("mine")
        begin = time.monotonic()
        result = self.on_ranks(2, "run", path.name, "-o", self.out / "there.h5", expect=BAD_INPUT)
        self.assertLess(time.monotonic() - begin, 4)
        self.assertEqual(1, result.stderr.count("needflow: "), result.stderr)

    def test_a_wrong_scenario_is_told_once(self):
        path = self.write(toml(seed=3, network={"agent": 1100}))
        result = self.on_ranks(3, "run", path.name, expect=BAD_INPUT)
        self.assertEqual(1, result.stderr.count("network.agent;"), result.stderr)


if __name__ == "__main__":
    program.main()
