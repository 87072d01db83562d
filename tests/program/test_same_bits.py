"""The same scenario gives the same bits, whatever runs it: any number of threads, any SIMD target,
any order of writing it down, alone or among other points (M12; shared pages interface.md and
engineering.md 8). And M2's invariances, through files: permuted rows permute results, other units
scale them.

Two files are equal when all their groups, datasets, dimensions and attributes are, NaN's bits
included; only `provenance` and `timing` may differ.
"""

import re
import shutil

import h5py
import numpy as np

import program
from program import (AGENTS, AGENTS_KEYS, BIPARTITE, BIPARTITE_KEYS, DONE, RATINGS, RATINGS_KEYS,
                     SOME_FAILED, STATUSES, table, toml)

KEEP_ALL = {"traces": True, "agents": True}
MAY_DIFFER = {"provenance", "timing"}
SCALE_MADE = {"DIMENSION_LIST", "REFERENCE_LIST"}  # addresses inside the file
INVALID = STATUSES.index("invalid")
AMOUNTS = {"residual_l1", "residual_max", "over", "need", "satisfied", "residual", "capacity",
           "capacity_left"}  # satisfied_fraction and its kin are not among them
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
                     solver={"weights": ["f64", "f32"]}, output={"agents": True})
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

    def test_another_number_of_lanes_is_refused(self):
        result = self.needflow("sweep", self.write(LANES_RELAXED), "-o", self.out / "x.h5",
                               "--lanes", "4", expect=2)
        self.assert_civil(result, ["--lanes", "4", "1", "8", "16"])
        self.assert_nothing_in(self.out)


class AnyOrder(Bits):
    """How a scenario is written and what else it asks for changes nothing of a point."""

    def test_more_values_on_every_axis_leave_the_other_rows_as_they_are(self):
        def scenario(agents, neighbors, count, replicates, ratios, settlements, cv):
            return toml(seed=11, network={"agents": agents, "neighbors": neighbors, "count": count},
                        population={"replicates": replicates, "supply_ratio": ratios,
                                    "need_cv": cv, "types": 2},
                        round={"settlement": settlements, "max_rounds": 30}, output=KEEP_ALL)
        few = self.sweep(scenario([20, 50], [4], 2, 2, [0.5], ["stock", "reallocate"], [0.7]),
                         name="few.h5")
        many = self.sweep(scenario([50, 35, 20], ["table", 4], 3, 3, [1.0, 0.5, 2.0],
                                   ["reallocate", "stream", "stock"], [0.7, 1.4]), name="many.h5")
        with h5py.File(few) as one, h5py.File(many) as other:
            # A word makes all values of an axis words.
            words = [{**point, "neighbors": str(point["neighbors"])} for point in coordinates(one)]
            found = dict(zip(map(str, coordinates(other)), rows_of(other)))
            self.assertEqual((16, 972), (len(words), len(found)))
            for point, row in zip(words, rows_of(one)):
                self.assertEqual(row, found[str(point)], point)

    def test_draws_of_networks_and_replicates_differ_from_each_other(self):
        path = self.sweep(toml(network={"agents": 30, "neighbors": 6, "count": 3},
                               population={"replicates": 4}))
        with h5py.File(path) as file:
            self.assertEqual((3, 4), file["residual_l1"].shape)
            self.assertEqual(12, len(set(file["residual_l1"][...].ravel())))

    def test_the_order_of_a_scenarios_lines_changes_nothing(self):
        one = self.sweep(toml(title="order", seed=3, network={"agents": [9, 6], "kind": "ring"},
                              round={"damping": [0.5, "none"], "settlement": ["stream", "stock"]}),
                         name="one.h5")
        other = self.sweep(toml(seed=3, title="order",
                                round={"settlement": ["stream", "stock"], "damping": [0.5, "none"]},
                                network={"kind": "ring", "agents": [9, 6]}), name="other.h5")
        self.assert_same(one, other, "lines in another order")
        with h5py.File(other) as file:
            names = [list(dimension.values())[0].name for dimension in file["status"].dims]
            self.assertEqual(["/agents", "/settlement", "/damping"], names)
            self.assertEqual([9, 6], file["agents"][...].tolist())

    def test_defaults_that_are_written_out_change_nothing(self):
        one = self.sweep(toml(network={"agents": [9]}), name="one.h5")
        other = self.sweep(toml(title="", seed=0, network={"agents": [9], "kind": "partial_mesh",
                                                           "neighbors": 20, "count": 1},
                                population={"supply_ratio": 1}, round={"tolerance": 0.01}),
                           name="other.h5")
        self.assert_same(one, other, "defaults")

    def test_the_command_line_says_what_a_file_would(self):
        one = self.sweep(toml(title="a = b", seed=9, network={"agents": [9, 6]},
                              round={"tolerance": 0.1, "settlement": "stream"}, output=KEEP_ALL),
                         name="one.h5")
        other = self.sweep(toml(seed=1, network={"agents": 5}), "--seed", 9, "--set",
                           "network.agents=[9, 6]", "--set", "round.tolerance=0.1", "--set",
                           "round.settlement=stream", "--set", "title=a = b", "--traces",
                           "--agents", name="other.h5")
        self.assert_same(one, other, "--set")

    def test_a_second_run_gives_the_same_file(self):
        one = self.sweep(MIXED, name="one.h5")
        shutil.copy(one, self.out / "first.h5")
        other = self.sweep(MIXED, "--overwrite", "--quiet", name="one.h5")
        self.assert_same(self.out / "first.h5", other, "again")

    def test_another_seed_gives_other_draws(self):
        a, b = (self.sweep(toml(network={"agents": 30}), "--seed", seed, name=f"{seed}.h5")
                for seed in (1, 2))
        with h5py.File(a) as one, h5py.File(b) as other:
            self.assertNotEqual(one["residual_l1"][()], other["residual_l1"][()])
            self.assertNotEqual(one.attrs["plan_hash"], other.attrs["plan_hash"])


class ScenarioAttribute(Bits):
    """The `scenario` that a file keeps makes the same file again."""

    def again(self, scenario, *arguments, files=None):
        one = self.sweep(scenario, *arguments, name="one.h5", files=files)
        with h5py.File(one) as file:
            text = file.attrs["scenario"]
            plan_hash = file.attrs["plan_hash"]
        other = self.sweep(text, name="other.h5")
        self.assert_same(one, other, text)
        plan = self.needflow("plan", "scenario.toml")
        self.assertIn(plan_hash, plan.stdout)
        return text

    def test_a_generated_sweep_is_made_again_from_its_file(self):
        self.again(MIXED)

    def test_what_the_command_line_changed_is_in_the_file(self):
        text = self.again(toml(network={"agents": 30}), "--seed", 5, "--traces", "--set",
                          "round.damping=[0.1, none, 1e-5]".replace("none", '"none"'), "--set",
                          "population.need_mean=1e-9")
        for line in ("seed = 5", "traces = true", 'damping = [0.1, "none", 1e-05]',
                     "need_mean = 1e-09"):
            self.assertIn(line, text)

    def test_an_odd_title_survives(self):
        title = 'a "quoted" \\ back\\slash, tab\t, line\nend, \x7f, Ünïcode 🙂, # no comment, {0}'
        one = self.sweep(toml(title=title, network={"agents": 5}).replace("\x7f", "\\u007f"),
                         name="one.h5")
        with h5py.File(one) as file:
            self.assertEqual(title, file.attrs["title"])
            text = file.attrs["scenario"]
        self.assert_same(one, self.sweep(text, name="other.h5"), text)

    def test_instances_are_made_again_from_their_files(self):
        for files, keys in ((BIPARTITE, BIPARTITE_KEYS), (AGENTS, AGENTS_KEYS),
                            (RATINGS, RATINGS_KEYS)):
            for population in ({}, {"supply_ratio": [0.5, 1.5]}):
                with self.subTest(f"{keys}, {population}"):
                    self.again(toml(instance={key: f"in/{name}" for key, name in keys.items()},
                                    population=population, output=KEEP_ALL), "--overwrite",
                               files={f"in/{name}": text for name, text in files.items()})
                    shutil.rmtree(self.out)
                    self.out.mkdir()

    def test_a_changed_file_changes_the_plan_hash_and_nothing_else_does(self):
        scenario = toml(instance=BIPARTITE_KEYS)
        hashes = {}
        for name, files in (("as it is", BIPARTITE), ("again", BIPARTITE),
                            ("an edge", {**BIPARTITE, "edges.csv":
                                         BIPARTITE["edges.csv"].replace("0.25", "0.26")})):
            with h5py.File(self.sweep(scenario, "--overwrite", files=files)) as file:
                hashes[name] = file.attrs["plan_hash"]
        self.assertEqual(hashes["as it is"], hashes["again"])
        self.assertNotEqual(hashes["as it is"], hashes["an edge"])


class OnePoint(Bits):
    """`run --point i` computes what row i of the sweep says."""

    def compare(self, scenario, files=None, sweep_ends=DONE):
        swept = self.sweep(scenario, name="sweep.h5", files=files, expect=sweep_ends)
        with h5py.File(swept) as file:
            rows, points = rows_of(file), coordinates(file)
        for i, (row, point) in enumerate(zip(rows, points)):
            invalid = INVALID in row["status"][2]
            result = self.needflow("run", "scenario.toml", "--point", i, "-o", "out/one.h5",
                                   "--overwrite", expect=SOME_FAILED if invalid else DONE)
            if invalid:
                self.assert_civil(result)
                continue
            with h5py.File(self.out / "one.h5") as file:
                self.assertEqual([row], rows_of(file), f"point {i}: {point}")
                (alone,) = coordinates(file)
                self.assertEqual({key: str(point[key]) for key in alone},
                                 {key: str(value) for key, value in alone.items()})

    def test_points_of_a_generated_grid(self):
        self.compare(toml(seed=2, network={"agents": [6, 25], "neighbors": ["table", 3],
                                           "count": 2},
                          population={"replicates": 2, "types": 2},
                          round={"settlement": ["stock", "reallocate"], "max_rounds": 30},
                          output=KEEP_ALL))

    def test_points_of_which_some_are_invalid(self):
        self.compare(toml(network={"kind": "hub_spoke", "agents": [4, 9], "hub": [0, 6]},
                          output=KEEP_ALL), sweep_ends=SOME_FAILED)

    def test_an_invalid_point_alone_is_a_row_with_its_status_too(self):
        for name, scenario in (("hub", toml(network={"kind": "hub_spoke", "agents": 4, "hub": 6})),
                               ("need_cv", toml(population={"need": "uniform", "need_cv": 0.6}))):
            with self.subTest(name):
                self.write(scenario)
                result = self.needflow("run", "scenario.toml", "-o", f"out/{name}.h5",
                                       expect=SOME_FAILED)
                self.assert_civil(result, ["invalid", name])
                with h5py.File(self.out / f"{name}.h5") as file:
                    self.assertEqual(INVALID, file["status"][()])
                    self.assertIn(name, file["failures/message"].asstr()[0])

    def test_an_axis_of_words_holds_words_in_a_file_of_one_point_too(self):
        self.write(toml(network={"agents": 30, "neighbors": ["table", 5]}))
        self.needflow("run", "scenario.toml", "--point", 1, "-o", "out/one.h5")
        with h5py.File(self.out / "one.h5") as file:
            self.assertEqual(["5"], file["neighbors"].asstr()[...].tolist())

    def test_a_file_of_one_point_says_which_draw_of_the_whole_it_is(self):
        self.write(toml(network={"agents": [10, 30], "neighbors": 4, "count": 3},
                        population={"replicates": 2}))
        self.needflow("run", "scenario.toml", "--point", 9, "-o", "out/one.h5")
        with h5py.File(self.out / "one.h5") as file:  # 9 = agents 1, network 1, replicate 1
            self.assertEqual([9, 1, 1], [int(file.attrs[name]) for name in
                                         ("point", "point_network", "point_replicate")])
            self.assertEqual([30], file["agents"][...].tolist())

    def test_points_of_an_instance(self):
        self.compare(toml(instance=BIPARTITE_KEYS, population={"supply_ratio": [0.5, 1.5]},
                          round={"settlement": ["stock", "stream", "reallocate"]}, output=KEEP_ALL),
                     BIPARTITE)


def random_instance(seed, providers=13, recipients=17):
    """A sparse bipartite instance: [(id, capacity)], [(id, need)], [(p, r, mr, desire)]."""
    random = np.random.default_rng(seed)
    capacity = [(f"p{i}", float(x)) for i, x in enumerate(random.gamma(1.5, 40, providers))]
    need = [(f"r{i}", float(x)) for i, x in enumerate(random.gamma(1.5, 30, recipients))]
    edges = [(p, r, float(random.uniform(0.05, 1)), float(random.uniform(5, 80)))
             for p, _ in capacity for r, _ in need if random.random() < 0.4]
    return capacity, need, edges


def instance_files(capacity, need, edges):
    return {"providers.csv": table("id,capacity", *((i, repr(x)) for i, x in capacity)),
            "recipients.csv": table("id,need", *((i, repr(x)) for i, x in need)),
            "edges.csv": table("provider,recipient,mr,desire",
                               *((p, r, repr(mr), repr(d)) for p, r, mr, d in edges))}


def by_id(path, point):
    """{(group, column): {id: value}} of one point, from a file of a bipartite instance."""
    found = {}
    with h5py.File(path) as file:
        for group in ("recipients", "providers"):
            ids = file[group]["id"].asstr()[...].tolist()
            for name, item in file[group].items():
                if name in ("point", "obs", "row_size", "id"):
                    continue
                values = item[...].reshape(-1, len(ids))[point]
                found[group, name] = dict(zip(ids, values.tolist()))
    return found


class Invariances(Bits):
    """M2's facts on permuting, padding and scaling."""

    # `reallocate` is unstable, so its permuted twins part after some rounds; three are few enough.
    SETTLED = toml(instance=BIPARTITE_KEYS,
                   round={"settlement": ["stock", "stream"], "cap": ["none", "active_need"]},
                   output=KEEP_ALL)
    UNSETTLED = toml(instance=BIPARTITE_KEYS,
                     round={"settlement": ["reallocate"], "cap": ["none", "active_need"],
                            "relaxation": 0.75, "max_rounds": 3}, output=KEEP_ALL)

    def assert_close(self, one, other, but=()):
        """Values of the same ids are equal to 1e-12 of the largest, for each column."""
        with h5py.File(one) as file:
            points = file["status"].size
        for point in range(points):
            a, b = by_id(one, point), by_id(other, point)
            self.assertEqual(a.keys(), b.keys())
            for column, values in a.items():
                ids = [name for name in values if name not in but]
                np.testing.assert_allclose([b[column][name] for name in ids],
                                           [values[name] for name in ids], rtol=0,
                                           atol=1e-12 * max(1.0, *map(abs, values.values())),
                                           err_msg=f"point {point}, {column}")

    def test_permuted_rows_permute_the_results(self):
        for seed, scenario in ((1, self.SETTLED), (2, self.SETTLED), (3, self.UNSETTLED)):
            with self.subTest(seed):
                tables = random_instance(seed)
                random = np.random.default_rng(seed)
                mixed = [[rows[i] for i in random.permutation(len(rows))] for rows in tables]
                one = self.sweep(scenario, "--overwrite", name="one.h5",
                                 files=instance_files(*tables))
                other = self.sweep(scenario, "--overwrite", name="other.h5",
                                   files=instance_files(*mixed))
                self.assert_close(one, other)
                with h5py.File(other) as file:
                    self.assertEqual([row[0] for row in mixed[1]],
                                     file["recipients/id"].asstr()[...].tolist())

    def test_the_order_of_edges_changes_no_bit(self):
        capacity, need, edges = random_instance(4)
        one = self.sweep(self.SETTLED, name="one.h5", files=instance_files(capacity, need, edges))
        other = self.sweep(self.SETTLED, name="other.h5",
                           files=instance_files(capacity, need, edges[::-1]))
        self.assert_same(one, other, "edges reversed", but=["@plan_hash"])

    def test_the_ends_of_an_undirected_edge_may_be_swapped(self):
        scenario = toml(instance=AGENTS_KEYS, output=KEEP_ALL)
        lines = AGENTS["links.csv"].splitlines()
        swapped = [lines[0]] + [",".join([b, a, mr]) for a, b, mr in
                                (line.split(",") for line in lines[1:])]
        one = self.sweep(scenario, name="one.h5", files=AGENTS)
        both = lines + swapped[1:]  # an edge may be given from both ends
        for name, rows in (("swapped", swapped), ("both", both)):
            other = self.sweep(scenario, name=f"{name}.h5",
                               files={**AGENTS, "links.csv": "\n".join(rows) + "\n"})
            self.assert_same(one, other, name, but=["@plan_hash"])

    def test_who_gives_and_needs_nothing_changes_nothing_for_the_others(self):
        capacity, need, edges = random_instance(5)
        one = self.sweep(self.SETTLED, name="one.h5", files=instance_files(capacity, need, edges))
        idle = [("idle", r, 0.5, 10.0) for r, _ in need] + [(p, "idle", 0.5, 10.0)
                                                             for p, _ in capacity]
        other = self.sweep(self.SETTLED, name="other.h5", files=instance_files(
            capacity + [("idle", 0.0)], [("idle", 0.0)] + need, edges + idle))
        self.assert_close_but_degree(one, other)

    def assert_close_but_degree(self, one, other):
        with h5py.File(one) as file:
            points = file["status"].size
        for point in range(points):
            a, b = by_id(one, point), by_id(other, point)
            for column in set(a) - {("recipients", "degree"), ("providers", "degree")}:
                for name, value in a[column].items():
                    self.assertAlmostEqual(value, b[column][name], delta=1e-12 * max(1, abs(value)))

    def test_another_unit_scales_amounts_bit_for_bit(self):
        scenario = toml(instance=BIPARTITE_KEYS, population={"supply_ratio": [0.5, 1.7]},
                        round={"settlement": ["stock", "stream", "reallocate"],
                               "damping": ["adaptive", "none", 0.3],
                               "cap": ["none", "active_need"], "relaxation": [0.6, 1.0],
                               "return_surplus": [True, False], "max_rounds": 25},
                        output=KEEP_ALL)
        tables = random_instance(6)
        times = 2.0 ** 10
        scaled = [[(i, x * times) for i, x in tables[0]], [(i, x * times) for i, x in tables[1]],
                  [(p, r, mr, desire * times) for p, r, mr, desire in tables[2]]]
        one = self.sweep(scenario, name="one.h5", files=instance_files(*tables))
        other = self.sweep(scenario, name="other.h5", files=instance_files(*scaled))
        with h5py.File(one) as a, h5py.File(other) as b:
            self.assertEqual(144, a["status"].size)
            compared = set()

            def check(name, item):
                if not isinstance(item, h5py.Dataset) or name.split("/")[0] in MAY_DIFFER:
                    return
                column = name.rsplit("/", 1)[-1]
                values = item[...]
                if column in AMOUNTS:
                    compared.add(column)
                    values = values * times
                self.assertEqual(bits(values), bits(b[name][...]), name)

            a.visititems(check)
            self.assertEqual(AMOUNTS, compared)


if __name__ == "__main__":
    program.main()
