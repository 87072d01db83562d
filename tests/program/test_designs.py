"""Designs of a sweep (shared page engineering.md, 17): axes in step, cells left out, lists of points
and drawn ones, through the program and the files it writes.

A list of points must give the numbers that a grid gives at the same points, bit for bit.
"""

import csv
import re

import h5py
import numpy as np
import xarray

import program
from program import SOME_FAILED, STATUSES, table, toml

ENGINES = ("netcdf4", "h5netcdf")
IN_STEP = toml(seed=7, network={"agents": [30, 60, 120], "neighbors": [5, "table", 5], "count": 2},
               population={"replicates": 3, "supply_ratio": [0.5, 1.5]},
               round={"settlement": ["stock", "reallocate"]},
               design={"zip": [["network.agents", "network.neighbors"]]})
LEFT_OUT = '[[design.exclude]]\nnetwork.agents = [60, 120]\nsettlement = "reallocate"\n'
# Hub 6 of 4 agents is invalid; two rings of 9 agents differ in the hub alone, which they do not have.
TROUBLED = toml(network={"kind": ["ring", "hub_spoke"], "agents": [4, 9], "hub": [0, 6]})
DRAWN = (toml(seed=3, design={"method": "latin_hypercube", "samples": 30},
              population={"replicates": 2}) +
         "[design.ranges]\nagents = [5, 40]\nsupply_ratio = { low = 0.2, high = 5, log = true }\n"
         'round.settlement = ["stock", "stream", "reallocate"]\n')


def metrics_of(path):
    """Every variable with a point a cell, a row a cell in C order; hop_share's hops beside it."""
    with h5py.File(path) as file:
        points = file["status"].size
        return {name: item[...].reshape(points, -1) for name, item in file.items()
                if isinstance(item, h5py.Dataset) and item.size and item.size % points == 0
                and "_FillValue" in item.attrs or name == "status"}


class ReadBack(program.Case):
    """plan --points, and [design] points that reads it."""

    def check_same(self, scenario, *readers, expect=program.DONE):
        grid = metrics_of(self.sweep(scenario, name="grid.h5", expect=expect))
        self.needflow("plan", "scenario.toml", "--points", "points.csv")
        for number, reader in enumerate(readers):
            listed = metrics_of(self.sweep(reader, "--set", "design.points=points.csv",
                                           name=f"list{number}.h5", expect=expect))
            self.assertEqual(set(grid), set(listed))
            self.assertIn("satisfied_fraction", grid)
            self.assertIn("network_diameter", grid)
            for name, values in grid.items():
                self.assertEqual(values.tobytes(), listed[name].tobytes(), name)

    def test_a_grid_read_back_has_the_same_numbers_at_every_point(self):
        # By the scenario itself, and by one that shares nothing with it but the seed.
        self.check_same(IN_STEP + LEFT_OUT, IN_STEP + LEFT_OUT, toml(seed=7))

    def test_drawn_samples_read_back_have_the_same_numbers(self):
        self.check_same(DRAWN, toml(seed=3))

    def test_invalid_points_read_back_are_invalid(self):
        self.check_same(TROUBLED, TROUBLED, "", expect=SOME_FAILED)

    def test_some_rows_of_a_plan_give_their_numbers_in_any_order(self):
        grid = metrics_of(self.sweep(IN_STEP, name="grid.h5"))
        self.needflow("plan", "scenario.toml", "--points", "points.csv")
        lines = (self.folder / "points.csv").read_text().splitlines()
        kept = [41, 3, 70, 40, 12]
        (self.folder / "some.csv").write_text("\n".join([lines[0]] + [lines[i + 1] for i in kept]))
        some = metrics_of(self.sweep(toml(seed=7, design={"points": "some.csv"}), name="some.h5"))
        for name in ("status", "satisfied_fraction", "gini", "rounds", "network_mean_path"):
            self.assertEqual(grid[name][kept].tobytes(), some[name].tobytes(), name)

    def test_a_plan_says_what_becomes_of_each_point(self):
        self.write(TROUBLED + '[[design.exclude]]\nkind = "ring"\nagents = 9\n')
        self.needflow("plan", "scenario.toml", "--points", "points.csv", "--quiet")
        with open(self.folder / "points.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(["point", "network.kind", "network.agents", "network.hub", "status",
                          "duplicate_of", "reason"], list(rows[0]))
        self.assertEqual([("0", "ring", "4", "0", "run", ""), ("1", "ring", "4", "6", "duplicate", "0"),
                          ("2", "ring", "9", "0", "excluded", ""),
                          ("3", "ring", "9", "6", "excluded", ""),
                          ("4", "hub_spoke", "4", "0", "run", ""),
                          ("5", "hub_spoke", "4", "6", "invalid", ""),
                          ("6", "hub_spoke", "9", "0", "run", ""),
                          ("7", "hub_spoke", "9", "6", "run", "")],
                         [tuple(row.values())[:6] for row in rows])
        self.assertIn("hub", rows[5]["reason"])

    def test_commas_and_quotes_in_values_come_back(self):
        files = {'li"n,k.csv': "a,b\n1,2\n2,3\n", "b.csv": "a,b\n1,2\n"}
        scenario = toml(network={"kind": "file", "file": list(files)})
        self.sweep(scenario, name="grid.h5", files=files)
        self.needflow("plan", "scenario.toml", "--points", "points.csv")
        path = self.sweep(toml(network={"kind": "file"}, design={"points": "points.csv"}),
                          name="list.h5")
        with h5py.File(path) as file:
            self.assertEqual(list(files), file["file"].asstr()[...].tolist())
            self.assertEqual([3, 2], np.rint(2 * file["network_edges"][...] /
                                             file["network_mean_degree"][...]).tolist())

    def test_lists_that_data_frames_write_are_read(self):
        self.write(toml(design={"points": "points.csv"}), {"points.csv": table(
            "network.agents,round.return_surplus,damping", (30.0, True, 1), (9.0, False, "none"))})
        self.needflow("sweep", "scenario.toml", "-o", "out/r.h5")
        with h5py.File(self.out / "r.h5") as file:
            self.assertEqual([30, 9], file["agents"][...].tolist())
            self.assertEqual(["true", "false"], file["return_surplus"].asstr()[...].tolist())


class Files(program.Case):
    """What a design's result file is to people."""

    def test_axes_in_step_are_selected_by_the_first_and_tell_the_others(self):
        path = self.sweep(IN_STEP)
        for engine in ENGINES:
            with xarray.open_dataset(path, engine=engine) as results:
                self.assertEqual(("agents", "supply_ratio", "settlement", "network", "replicate"),
                                 results.satisfied_fraction.dims)
                chosen = results.satisfied_fraction.sel(agents=60, settlement="stock")
                self.assertEqual("table", str(chosen.neighbors.values))
                self.assertEqual((2, 2, 3), chosen.shape)
                fives = results.rounds.isel(agents=(results.neighbors == "5").values)
                self.assertEqual([30, 120], fives.agents.values.tolist())
        self.sweep(toml(seed=7, network={"agents": 60, "neighbors": "table", "count": 2},
                        population={"replicates": 3, "supply_ratio": [0.5, 1.5]}), name="alone.h5")
        with xarray.open_dataset(self.out / "alone.h5") as alone:
            self.assertEqual(alone.gini.values.tobytes(), self.gini_of(path))

    def gini_of(self, path):
        with xarray.open_dataset(path) as results:
            return results.gini.sel(agents=60, settlement="stock").values.tobytes()

    def test_samples_have_their_values_beside_them(self):
        path = self.sweep(DRAWN)
        for engine in ENGINES:
            with xarray.open_dataset(path, engine=engine) as results:
                self.assertEqual(("sample", "replicate"), results.satisfied_fraction.dims)
                values = results.supply_ratio.values
                strata = np.floor(30 * np.log(values / 0.2) / np.log(25)).astype(int)
                self.assertEqual(list(range(30)), sorted(strata))
                self.assertEqual({"stock": 10, "stream": 10, "reallocate": 10},
                                 results.settlement.to_series().value_counts().to_dict())
                means = results.satisfied_fraction.mean("replicate").groupby("settlement").mean()
                self.assertEqual(3, means.size)
                self.assertEqual("population.supply_ratio", results.supply_ratio.attrs["option"])
                frame = results.satisfied_fraction.to_dataframe()
                self.assertLessEqual({"agents", "supply_ratio", "settlement"}, set(frame.columns))

    def test_the_scenario_kept_in_a_file_makes_the_same_file(self):
        for number, scenario in enumerate((IN_STEP + LEFT_OUT, DRAWN)):
            first = self.sweep(scenario, name=f"first{number}.h5")
            with h5py.File(first) as file:
                kept, digest = file.attrs["scenario"], file.attrs["plan_hash"]
            again = self.sweep(kept, name=f"again{number}.h5")
            with h5py.File(again) as file:
                self.assertEqual(digest, file.attrs["plan_hash"])
            one, two = metrics_of(first), metrics_of(again)
            for name, values in one.items():
                self.assertEqual(values.tobytes(), two[name].tobytes(), name)

    def test_a_changed_list_has_another_plan_hash(self):
        hashes = set()
        for agents in (30, 31):
            path = self.sweep(toml(design={"points": "p.csv"}), "--overwrite",
                              files={"p.csv": f"agents\n{agents}\n"})
            with h5py.File(path) as file:
                hashes.add(file.attrs["plan_hash"])
        self.assertEqual(2, len(hashes))

    def test_threads_and_lanes_change_no_bit_of_a_design(self):
        expected = metrics_of(self.sweep(DRAWN, "--threads", 1, "--lanes", 1, name="one.h5"))
        found = metrics_of(self.sweep(DRAWN, "--threads", 3, "--lanes", 8, name="other.h5"))
        for name, values in expected.items():
            self.assertEqual(values.tobytes(), found[name].tobytes(), name)

    def test_one_point_run_alone_has_the_numbers_of_the_sweep(self):
        all_points = metrics_of(self.sweep(DRAWN))
        self.needflow("run", "scenario.toml", "--point", 37, "-o", "out/one.h5")
        one = metrics_of(self.out / "one.h5")
        for name in ("status", "satisfied_fraction", "gini", "rounds", "network_mean_path"):
            self.assertEqual(all_points[name][37:38].tobytes(), one[name].tobytes(), name)


class LeftOut(program.Case):
    """Cells of the grid without a run."""

    def test_a_sweep_with_cells_left_out_is_done(self):
        self.write(IN_STEP + LEFT_OUT)
        result = self.needflow("sweep", "scenario.toml", "-o", "out/r.h5", "--fail-fast")
        self.assertIn("48 of 48 points", result.stderr)
        self.assertIn("24 points are left out by the design", result.stdout)
        self.assertNotIn("pending,", result.stdout)
        with h5py.File(self.out / "r.h5") as file:
            pending = file["status"][...] == STATUSES.index("pending")
            expected = np.zeros(pending.shape, bool)
            expected[1:, :, 1] = True  # agents 60 and 120, reallocate
            np.testing.assert_array_equal(expected, pending)
            np.testing.assert_array_equal(expected, np.isnan(file["gini"][...]))
            self.assertEqual(24, file["status"].attrs["excluded"])

    def test_plan_counts_what_is_left_out(self):
        self.write(IN_STEP + LEFT_OUT)
        text = self.needflow("plan", "scenario.toml").stdout
        self.assertRegex(text, r"(?m)^points +72 \(agents 3 × supply_ratio 2 × settlement 2 × ")
        self.assertRegex(text, r"(?m)^excluded +24 points by the design, 48 are left$")

    def test_network_measures_the_networks_of_a_design(self):
        self.write(IN_STEP + LEFT_OUT)
        self.needflow("network", "scenario.toml", "-o", "out/n.h5")
        with h5py.File(self.out / "n.h5") as file:
            self.assertEqual((3, 2), file["network_components"].shape)
            self.assertEqual(["5", "table", "5"], file["neighbors"].asstr()[...].tolist())
            self.assertTrue(np.all(file["network_components"][...] == 1))

    def test_network_leaves_out_the_networks_that_a_design_leaves_out(self):
        self.write(toml(network={"agents": [6, 9], "neighbors": [2, 4]}) +
                   "[[design.exclude]]\nagents = 9\nneighbors = 4\n")
        self.needflow("network", "scenario.toml", "-o", "out/n.h5")
        with h5py.File(self.out / "n.h5") as file:
            self.assertEqual([[1, 1], [1, -1]], file["network_components"][...].tolist())

    def test_invalid_points_are_still_counted_beside_those_left_out(self):
        self.write(TROUBLED + "[[design.exclude]]\nhub = 0\n")
        result = self.needflow("sweep", "scenario.toml", "-o", "out/r.h5", expect=SOME_FAILED)
        found = re.search(r"(\d+) of (\d+) points", result.stderr.splitlines()[-1])
        self.assertEqual(("4", "4"), found.groups() if found else result.stderr)


if __name__ == "__main__":
    program.main()
