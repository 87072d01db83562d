"""The same scenario gives the same bits, whatever runs it: any number of threads and lanes, any SIMD
target (M12; shared pages interface.md and engineering.md 8). test_same_points.py changes the
scenario instead.

Two files are equal when all their groups, datasets, dimensions and attributes are, NaN's bits
included; only `provenance` and `timing` may differ.
"""

import re

import h5py
import numpy as np

import program
from program import toml

KEEP_ALL = {"traces": True, "agents": True}
MAY_DIFFER = {"provenance", "timing"}
SCALE_MADE = {"DIMENSION_LIST", "REFERENCE_LIST"}  # addresses inside the file
FOLLOWED = ("trace", "agents", "agent_rows", "recipients", "providers")


def bits(value):
    """A dataset's or attribute's value as type, shape and bytes."""
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        texts = [item.decode() if isinstance(item, bytes) else str(item) for item in array.ravel()]
        return "text", array.shape, texts
    return array.dtype.str, array.shape, array.tobytes()


def contents(path, without=MAY_DIFFER):
    """Everything that a file says, by name: {"agents/need": bits, "status@flag_values": bits}."""
    found = {}

    def keep(name, item):
        if name.split("/")[0] in without:
            return
        for key, value in item.attrs.items():
            if key not in SCALE_MADE:
                found[f"{name}@{key}"] = bits(value)
        if isinstance(item, h5py.Group):
            found[name + "/"] = [key for key in item if key not in without]
            return
        found[name] = bits(item[...])
        found[name + " layout"] = (item.chunks, item.compression, item.shuffle)
        found[name + " dims"] = [[scale.name for scale in dimension.values()]
                                 for dimension in item.dims]

    with h5py.File(path) as file:
        keep("", file["/"])
        file.visititems(keep)
    return found


def usable_targets():
    text = program.run("info").stdout
    return re.search(r"usable here: (\w+(, \w+)*)", text).group(1).split(", ")


def rows_of(file):
    """Per point of a file, in C order: its metrics (all types) and its rows of ragged arrays."""
    status = file["status"]
    types = len(file["type"]) if "type" in file else 1
    points = status.size // types
    metrics = [name for name, item in file.items()
               if isinstance(item, h5py.Dataset) and not h5py.h5ds.is_scale(item.id)]

    def at(name, point):
        values = file[name][...].reshape(points, types, -1)[point]
        # As many hops as the farthest pair of any network of the file: beyond one's own they are 0.
        return values[:, values.any(axis=0)] if name == "hop_share" else values[:, 0]

    rows = [{name: bits(at(name, point)) for name in metrics}
            for point in range(points)]
    for group in FOLLOWED:
        if not isinstance(file.get(group), h5py.Group):  # `agents` may be an axis
            continue
        ends = np.cumsum(file[group]["row_size"][...])
        # A trace has a row size for each type of a point, other groups one for each point.
        ends = np.concatenate([[0], ends[len(ends) // points - 1::len(ends) // points]])
        for name, item in file[group].items():
            if name in ("point", "obs", "row_size", "id"):
                continue
            values = item[...]
            for point in range(points):
                rows[point][group.replace("agent_rows", "agents") + "/" + name] = \
                    bits(values[ends[point]:ends[point + 1]])
    return rows


def coordinates(file):
    """The point that each row stands for, as {axis: value}."""
    names = [list(dimension.values())[0].name[1:] for dimension in file["status"].dims]
    names = [name for name in names if name != "type"]
    lists = [(file[name].asstr() if file[name].dtype.kind == "O" else file[name])[...].tolist()
             for name in names]
    return [dict(zip(names, (values[i] for values, i in zip(lists, index))))
            for index in np.ndindex(*map(len, lists))]


class Bits(program.Case):

    def assert_same(self, one, other, what, but=()):
        a, b = contents(one), contents(other)
        for name in but:
            a.pop(name, None), b.pop(name, None)
        self.assertEqual(sorted(a), sorted(b), what)
        different = [name for name in a if a[name] != b[name]]
        self.assertEqual([], different, what)


# Generated points of every settlement, damping and distribution, a few of them invalid.
MIXED = toml(
    seed=7, network={"agents": [7, 40], "neighbors": ["table", 4], "count": 2},
    population={"replicates": 2, "types": 2, "capacity": "uniform", "capacity_cv": 0.5,
                "supply_ratio": [0.4, 1.3], "provider_fraction": 0.7, "recipient_fraction": 0.8},
    round={"settlement": ["stock", "stream", "reallocate"], "damping": ["adaptive", 0.5],
           "max_rounds": 40},
    output=KEEP_ALL)
# One network large enough for all threads to share its rows, at once and point after point.
LARGE = toml(network={"agents": 12000, "neighbors": 20}, population={"need": "pareto"},
             output=KEEP_ALL)
LARGER = toml(network={"agents": 220000, "neighbors": 20, }, recognition={"weights": "equal"},
              round={"settlement": ["stock", "reallocate"], "max_rounds": 4})
TRADE = toml(instance={"agents": "trade2006/agents.csv", "edges": "trade2006/edges.csv"},
             round={"settlement": ["stock", "stream", "reallocate"], "max_rounds": 60},
             output=KEEP_ALL)
AID = toml(instance={"providers": "aid2022/providers.csv", "recipients": "aid2022/recipients.csv",
                     "edges": "aid2022/edges.csv"},
           population={"supply_ratio": [0.42, 1.1]},
           round={"settlement": ["stock", "stream", "reallocate"], "cap": ["none", "active_need"]},
           output=KEEP_ALL)
OTC = toml(seed=3, instance={"ratings": "bitcoin_otc/ratings.csv.gz"},
           population={"replicates": 2}, round={"settlement": ["stock", "stream"]},
           output=KEEP_ALL)


class AnyMachine(Bits):
    """Threads and SIMD targets."""

    def setUp(self):
        super().setUp()
        for name in ("trade2006", "aid2022", "bitcoin_otc"):
            (self.folder / name).symlink_to(program.source / "data" / name)

    def swept(self, scenario, name, threads, target=None):
        env = program.environment(**({"NEEDFLOW_SIMD": target} if target else {}))
        path = self.sweep(scenario, "--threads", threads, name=name, env=env)
        with h5py.File(path) as file:
            if target:
                self.assertEqual(target, file["provenance"].attrs["simd_target"])
            self.assertEqual(threads, file["provenance"].attrs["threads"])
        return path

    def compare(self, scenario, threads=(2, 4), targets=True):
        one = self.swept(scenario, "one.h5", 1)
        for number in threads:
            other = self.swept(scenario, f"{number}.h5", number)
            self.assert_same(one, other, f"{number} threads against one")
        for target in usable_targets() if targets else ():
            other = self.swept(scenario, f"{target}.h5", 2, target)
            self.assert_same(one, other, f"{target} on two threads")

    def test_generated_points_have_the_same_bits_on_any_machine(self):
        self.compare(MIXED)

    def test_a_large_point_has_the_same_bits_on_any_machine(self):
        self.compare(LARGE)

    def test_points_that_share_threads_have_the_same_bits_on_any_number_of_them(self):
        self.compare(LARGER, threads=(2,), targets=False)

    def test_a_dense_network_of_ten_decades_has_the_same_bits_on_any_machine(self):
        self.compare(TRADE)

    def test_a_bipartite_instance_has_the_same_bits_on_any_machine(self):
        self.compare(AID)

    def test_ratings_have_the_same_bits_on_any_machine(self):
        self.compare(OTC)

    def test_the_scalar_target_is_always_there_and_a_wrong_one_is_refused(self):
        self.assertIn("SCALAR", usable_targets())
        result = self.needflow("sweep", self.write(MIXED), "-o", self.out / "x.h5", expect=2,
                               env=program.environment(NEEDFLOW_SIMD="ABACUS"))
        self.assert_civil(result, ["NEEDFLOW_SIMD", "ABACUS", *usable_targets()])
        self.assert_nothing_in(self.out)


# Lanes are for runs whose rounds nobody watches, so none of these keeps traces.
LANES_MIXED = toml(
    seed=7, network={"agents": [7, 40], "neighbors": ["table", 4], "count": 2},
    population={"replicates": 3, "types": 2, "capacity": "uniform", "capacity_cv": 0.5,
                "supply_ratio": [0.0, 0.4, 1.3], "provider_fraction": 0.7,
                "recipient_fraction": 0.8},
    round={"settlement": ["stock", "stream", "reallocate"], "damping": ["adaptive", 0.5],
           "cap": ["none", "active_need"], "tolerance": [0.01, 0.2], "max_rounds": 40},
    output={"agents": True})
LANES_RELAXED = toml(network={"agents": 60, "neighbors": 8}, population={"replicates": 5},
                     round={"settlement": ["reallocate", "stock"], "relaxation": [0.3, 1.0],
                            "return_surplus": [True, False], "stop": ["needs", "either"]},
                     solver={"weights": ["f64", "f32"], "state": ["f64", "f32"]}, output={"agents": True})
LANES_ANDERSON = toml(network={"agents": 60, "neighbors": 8}, population={"replicates": 5},
                      round={"settlement": ["reallocate", "stream"], "relaxation": [0.3, 1.0],
                             "acceleration": ["none", "anderson"], "acceleration_depth": [1, 4]},
                      output={"agents": True})
# One batch whose rows all threads share, and one large enough to be prefetched.
LANES_LARGE = toml(network={"agents": 9000, "neighbors": 20}, population={"replicates": 7},
                   round={"settlement": ["stock"]}, output={"agents": True})
LANES_AID = toml(instance={"providers": "aid2022/providers.csv", "edges": "aid2022/edges.csv",
                           "recipients": "aid2022/recipients.csv"},
                 population={"supply_ratio": [0.2, 0.42, 0.7, 1.0, 1.1, 1.5]},
                 round={"settlement": ["stock", "stream", "reallocate"],
                        "cap": ["none", "active_need"]}, output={"agents": True})
LANES_OTC = toml(seed=3, instance={"ratings": "bitcoin_otc/ratings.csv.gz"},
                 population={"replicates": 6}, round={"settlement": ["stock", "stream"]})


# Points of episodes are lanes with trust, deceit and detection of their own.
LANES_EPISODES = toml(network={"agents": [7, 40], "neighbors": 4, "count": 2},
                      population={"replicates": 5, "episodes": [2, 4], "supply_ratio": [0.4, 1.3]},
                      round={"settlement": ["stock", "stream", "reallocate"],
                             "cap": ["none", "active_need"], "max_rounds": 20},
                      output={"agents": True})
DECEIT = {"aggressive_fraction": 0.2, "strategic_fraction": [0.0, 0.3], "bias": [0.3, 0.8]}
LANES_TRUST = toml(seed=11, network={"agents": [9, 60], "neighbors": 6, "count": 2},
                   population={"replicates": 3, "episodes": 4, "supply_ratio": 0.7,
                               "provider_fraction": 0.9},
                   round={"settlement": ["stock", "reallocate"], "max_rounds": 12},
                   strategies=DECEIT,
                   trust={"mode": ["off", "on"], "gamma": [0.5, 2], "global_share": [0.0, 1.0],
                          "tiers": [0, 3], "audit_noise": [0.0, 0.1], "detection": [False, True],
                          "hits": 1},
                   output={"agents": True})
LANES_TRUST_LARGE = toml(network={"agents": 3000, "neighbors": 20},
                         population={"replicates": 9, "episodes": 2, "supply_ratio": 0.7},
                         strategies={"aggressive_fraction": 0.3},
                         trust={"mode": "on", "detection": True}, output={"agents": True})
LANES_TRUST_AID = toml(instance={"providers": "aid2022/providers.csv", "edges": "aid2022/edges.csv",
                                 "recipients": "aid2022/recipients.csv"},
                       population={"supply_ratio": [0.2, 0.7, 1.0], "episodes": 3},
                       round={"cap": ["none", "active_need"]}, strategies=DECEIT,
                       trust={"mode": "on", "pretrusted": [0.0, 0.3], "audit": 0.5},
                       output={"agents": True})
LANES_TRUST_OTC = toml(seed=3, instance={"ratings": "bitcoin_otc/ratings.csv.gz"},
                       population={"replicates": 2, "episodes": 2},
                       strategies={"aggressive_fraction": [0.1, 0.3]},
                       trust={"mode": "on", "initial": ["neutral", "ratings"]})


class AnyLanes(Bits):
    """Runs alone and side by side."""

    def setUp(self):
        super().setUp()
        for name in ("aid2022", "bitcoin_otc"):
            (self.folder / name).symlink_to(program.source / "data" / name)

    def swept(self, scenario, lanes, threads, target=None):
        env = program.environment(**({"NEEDFLOW_SIMD": target} if target else {}))
        return self.sweep(scenario, "--threads", threads, *(("--lanes", lanes) if lanes else ()),
                          name=f"{lanes}_{threads}_{target}.h5", env=env)

    def compare(self, scenario):
        one = self.swept(scenario, 1, 1)
        self.assert_same(one, self.swept(scenario, None, 2), "the lanes that the plan picks")
        for lanes, threads in ((8, 1), (16, 1), (1, 2), (8, 4), (16, 2)):
            self.assert_same(one, self.swept(scenario, lanes, threads),
                             f"{lanes} lanes on {threads} threads against one on one")
        for target in usable_targets():
            for lanes in (1, 8, 16):
                self.assert_same(one, self.swept(scenario, lanes, 2, target),
                                 f"{lanes} lanes on {target}")

    def test_points_of_every_kind_have_the_same_bits_in_any_number_of_lanes(self):
        self.compare(LANES_MIXED)

    def test_relaxation_surplus_and_precision_have_the_same_bits_in_lanes(self):
        self.compare(LANES_RELAXED)

    def test_accelerated_rounds_have_the_same_bits_in_lanes(self):
        self.compare(LANES_ANDERSON)

    def test_a_batch_whose_rows_are_shared_has_the_same_bits(self):
        self.compare(LANES_LARGE)

    def test_a_bipartite_instance_has_the_same_bits_in_lanes(self):
        self.compare(LANES_AID)

    def test_ratings_have_the_same_bits_in_lanes(self):
        self.compare(LANES_OTC)

    def test_episodes_without_trust_have_the_same_bits_in_lanes(self):
        self.compare(LANES_EPISODES)

    def test_trust_deceit_and_detection_have_the_same_bits_in_lanes(self):
        self.compare(LANES_TRUST)

    def test_trust_of_rows_that_are_shared_has_the_same_bits_in_lanes(self):
        self.compare(LANES_TRUST_LARGE)

    def test_trust_in_a_bipartite_instance_has_the_same_bits_in_lanes(self):
        self.compare(LANES_TRUST_AID)

    def test_trust_that_starts_from_ratings_has_the_same_bits_in_lanes(self):
        self.compare(LANES_TRUST_OTC)

    def test_another_number_of_lanes_is_refused(self):
        result = self.needflow("sweep", self.write(LANES_RELAXED), "-o", self.out / "x.h5",
                               "--lanes", "4", expect=2)
        self.assert_civil(result, ["--lanes", "4", "1", "8", "16"])
        self.assert_nothing_in(self.out)


if __name__ == "__main__":
    program.main()
