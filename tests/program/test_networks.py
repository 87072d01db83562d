"""`needflow network`, the network metrics of sweeps, and `needflow reproduce mesh`.

Expected values come from NetworkX on the links that the program wrote, from arithmetic, or from the seed's page.
"""

import csv
import os
import pathlib
import re
import sys
import tempfile
import unittest

import h5py
import networkx as nx
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import program

KINDS = {
    "partial_mesh": {"agents": 60, "neighbors": 6},
    "full_mesh": {"agents": 12},
    "ring": {"agents": 17},
    "hub_spoke": {"agents": 15, "hub": 3},
    "small_world": {"agents": 80, "neighbors": 6, "beta": 0.2},
    "sharded": {"agents": 90, "neighbors": 6, "shard_size": 30},
    "preferential": {"agents": 70, "neighbors": 6},
    "geometric": {"agents": 70, "neighbors": 8},
}


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def scenario(self, name="scenario.toml", **sections):
        (self.folder / name).write_text(program.toml(**sections))
        return name

    def run_well(self, *arguments, timeout=program.TIMEOUT):
        done = program.run(*arguments, cwd=self.folder, timeout=timeout)
        self.assertEqual((program.DONE, ""), (done.returncode, done.stderr))
        return done.stdout

    def links(self, name):
        with open(self.folder / name, newline="") as file:
            return [(int(row["a"]), int(row["b"])) for row in csv.DictReader(file)]

    def graph(self, name, agents):
        graph = nx.empty_graph(agents)
        graph.add_edges_from(self.links(name))
        return graph


def metrics_of(file, cell=()):
    """Every network metric of one cell."""
    return {name: item[cell] for name, item in file.items()
            if name.startswith(("network_", "hop_share"))
            and isinstance(item, h5py.Dataset) and not h5py.h5ds.is_scale(item.id)}


class Networks(InFolder):
    def build(self, **network):
        name = self.scenario(seed=5, network=network)
        self.run_well("network", name, "-o", "n.h5", "--edges", "n.csv", "--dot", "n.dot", "--overwrite",
                      "--betweenness", "-q")

    def test_metrics_are_networkxs_on_the_written_links(self):
        for kind, settings in KINDS.items():
            with self.subTest(kind=kind):
                self.build(kind=kind, **settings)
                graph = self.graph("n.csv", settings["agents"])
                lengths = [length for _, row in nx.all_pairs_shortest_path_length(graph)
                           for length in row.values() if length > 0]
                with h5py.File(self.folder / "n.h5") as file:
                    found = metrics_of(file)
                    degrees = file["degree_agents"][...]
                    self.assertEqual("degree", file["degree_agents"].dims[0][0].name.strip("/"))
                    self.assertEqual("hops", file["hop_share"].dims[0][0].name.strip("/"))
                self.assertEqual(graph.number_of_edges(), found["network_edges"])
                self.assertEqual(nx.number_connected_components(graph), found["network_components"])
                self.assertEqual(max(lengths), found["network_diameter"])
                self.assertAlmostEqual(np.mean(lengths), found["network_mean_path"], 12)
                self.assertEqual(sum(nx.triangles(graph).values()) // 3, found["network_triangles"])
                local = [c for node, c in nx.clustering(graph).items() if graph.degree(node) > 1]
                self.assertAlmostEqual(np.mean(local), found["network_clustering"], 12)
                self.assertEqual(nx.degree_histogram(graph), degrees.tolist())
                shares = np.bincount(lengths)[1:] / (len(graph) * (len(graph) - 1))
                np.testing.assert_allclose(found["hop_share"], shares, rtol=1e-12)
                load = nx.edge_betweenness_centrality(graph, normalized=False)
                self.assertAlmostEqual(2 * max(load.values()), found["network_load_largest"], 9)

    def test_written_links_are_read_back_as_the_same_network(self):
        self.build(kind="geometric", agents=50, neighbors=6)
        with h5py.File(self.folder / "n.h5") as file:
            first = metrics_of(file)
        for name in ("n.csv", "n.h5"):
            back = self.scenario("back.toml", seed=5, network={"kind": "file", "file": name})
            self.run_well("network", back, "-o", "back.h5", "--overwrite", "--betweenness", "-q")
            with h5py.File(self.folder / "back.h5") as file:
                again = metrics_of(file)
            self.assertEqual(first.keys(), again.keys())
            for metric, value in first.items():
                np.testing.assert_array_equal(value, again[metric], f"{name}: {metric}")

    def test_pairs_without_a_path_are_shares_of_their_own(self):
        (self.folder / "two.csv").write_text("a,b\n0,1\n1,2\n3,4\n")
        back = self.scenario("back.toml", network={"kind": "file", "file": "two.csv"})
        self.run_well("network", back, "-o", "n.h5", "-q")
        with h5py.File(self.folder / "n.h5") as file:
            found = metrics_of(file)
        np.testing.assert_allclose([6 / 20, 2 / 20], found["hop_share"], rtol=1e-15)
        self.assertAlmostEqual(12 / 20, found["network_unreachable_share"], 15)
        self.assertEqual((2, 3), (found["network_components"], found["network_largest_component"]))
        self.assertEqual(0, found["network_spectral_gap"])

    def test_dot_names_every_link_once(self):
        self.build(kind="small_world", agents=40, neighbors=4, beta=0.3)
        text = (self.folder / "n.dot").read_text()
        self.assertTrue(text.startswith("graph ") and text.endswith("}\n"))
        drawn = [tuple(map(int, pair)) for pair in re.findall(r"(\d+) -- (\d+);", text)]
        self.assertEqual(self.links("n.csv"), drawn)
        self.assertEqual(40 * 4 // 2, len(drawn))

    def test_routes_are_shortest_paths_hop_by_hop(self):
        for network, weight in [({"kind": "small_world", "agents": 40, "neighbors": 4, "beta": 0.2}, None),
                                ({"kind": "geometric", "agents": 40, "neighbors": 6}, "latency")]:
            name = self.scenario(seed=3, network=network)
            self.run_well("network", name, "--routes", "r.csv", "--edges", "n.csv", "--overwrite", "-q")
            graph = nx.Graph()
            with open(self.folder / "n.csv", newline="") as file:
                for row in csv.DictReader(file):
                    graph.add_edge(int(row["a"]), int(row["b"]), latency=np.float32(row.get("latency", 1)))
            best = dict(nx.all_pairs_dijkstra_path_length(graph, weight=weight or 1))
            with open(self.folder / "r.csv", newline="") as file:
                routes = {(int(r["agent"]), int(r["destination"])): r for r in csv.DictReader(file)}
            self.assertEqual(40 * 39, len(routes))
            for (agent, destination), row in routes.items():
                at, hops, cost = agent, 0, 0.0
                while at != destination:
                    following = int(routes[at, destination]["next_hop"])
                    cost += float(graph.edges[at, following]["latency"]) if weight else 1
                    at, hops = following, hops + 1
                self.assertEqual(int(row["hops"]), hops)
                self.assertAlmostEqual(float(best[agent][destination]), cost, 5)

    def test_a_grid_of_networks_has_a_cell_each(self):
        name = self.scenario(seed=1, network={"agents": [20, 40], "neighbors": [3, "2lnN"], "count": 3},
                             population={"supply_ratio": [0.5, 1.0], "replicates": 4})
        text = self.run_well("network", name, "-o", "n.h5")
        self.assertEqual(12, len(re.findall(r"agents = \d+, neighbors", text)))
        with h5py.File(self.folder / "n.h5") as file:
            self.assertEqual((2, 2, 3), file["network_edges"].shape)
            self.assertEqual([30, 60], file["network_edges"][:, 0, 0].tolist())
            self.assertNotIn("supply_ratio", file)

    def test_threads_do_not_change_a_bit(self):
        name = self.scenario(seed=9, network={"agents": 3000, "neighbors": 8})
        kept = []
        for threads in (1, 3):
            self.run_well("network", name, "-o", "n.h5", "--overwrite", "--threads", threads, "-q")
            with h5py.File(self.folder / "n.h5") as file:
                kept.append({key: np.asarray(value).tobytes() for key, value in metrics_of(file).items()})
        self.assertEqual(*kept)

    def test_mistakes_are_told(self):
        two = self.scenario("two.toml", network={"agents": [5, 9], "neighbors": 2})
        ratings = self.scenario("ratings.toml", instance={"ratings": "r.csv"})
        (self.folder / "r.csv").write_text("source,target,rating\n1,2,3\n2,1,4\n")
        for arguments, words in [((two, "--dot", "x.dot"), "one network"),
                                 ((two, "--edges", "x.csv"), "one network"),
                                 ((two, "--routes", "x.csv"), "one network"),
                                 ((ratings,), "[instance]")]:
            done = program.run("network", *arguments, cwd=self.folder)
            self.assertEqual(program.BAD_INPUT, done.returncode, done)
            self.assertIn(words, done.stderr)
        self.assertEqual([], list(self.folder.glob("x.*")))

    def test_a_network_that_cannot_be_is_no_obstacle_to_the_others(self):
        name = self.scenario(network={"kind": "small_world", "agents": [4, 40], "neighbors": 6})
        done = program.run("network", name, "-o", "n.h5", cwd=self.folder)
        self.assertEqual(program.SOME_FAILED, done.returncode, done)
        self.assertIn("1 of 2 networks cannot be built; agents = 4", done.stderr)
        with h5py.File(self.folder / "n.h5") as file:
            self.assertEqual([-1, 120], file["network_edges"][...].tolist())
            self.assertTrue(np.isnan(file["hop_share"][0]).all())


class Sweeps(InFolder):
    def test_points_hold_the_metrics_of_their_network(self):
        grid = {"network": {"agents": [30, 50], "neighbors": 6, "count": 2}, "seed": 3}
        self.run_well("network", self.scenario(**grid), "-o", "n.h5", "-q")
        points = self.scenario("points.toml", **grid, population={"supply_ratio": [0.5, 1.0], "types": 2})
        self.run_well("sweep", points, "-o", "s.h5", "-q")
        with h5py.File(self.folder / "n.h5") as networks, h5py.File(self.folder / "s.h5") as sweep:
            self.assertEqual((2, 2, 2, 2), sweep["network_diameter"].shape)
            for name in ("network_diameter", "network_mean_path", "network_clustering", "network_components",
                         "hop_share"):
                for supply in range(2):
                    for kind in range(2):
                        np.testing.assert_array_equal(networks[name][...], sweep[name][:, supply, :, kind],
                                                      name)

    def test_no_metrics_where_none_are_wanted(self):
        name = self.scenario(network={"agents": 20, "neighbors": 4}, output={"network_metrics": "none"})
        self.run_well("sweep", name, "-o", "s.h5", "-q")
        with h5py.File(self.folder / "s.h5") as file:
            self.assertNotIn("hop_share", file)
            self.assertIn("network_edges", file)

    def test_run_stores_them_too(self):
        name = self.scenario(network={"kind": "ring", "agents": 9})
        self.run_well("run", name, "-o", "r.h5", "-q")
        with h5py.File(self.folder / "r.h5") as file:
            self.assertEqual(4, file["network_diameter"][()])

    def test_large_networks_are_sampled_unless_all_of_it_is_wanted(self):
        for wish, sources in (("auto", 128), ("exact", 2500)):
            name = self.scenario(network={"agents": 2500, "neighbors": 6}, output={"network_metrics": wish})
            self.run_well("sweep", name, "-o", "s.h5", "--overwrite", "-q")
            with h5py.File(self.folder / "s.h5") as file:
                self.assertEqual(sources, file["network_sources"][()])
                self.assertEqual(wish == "exact", file["network_mean_path_error"][()] == 0)


class Reproduce(InFolder):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.kept.cleanup)
        done = program.run("reproduce", "mesh", "--quick", "-o", "tables", cwd=cls.kept.name, timeout=120)
        assert done.returncode == program.DONE, done
        cls.text = done.stdout

    def table(self, name):
        with open(pathlib.Path(self.kept.name) / "tables" / f"mesh_{name}.csv", newline="") as file:
            return {row["quantity"]: row for row in csv.DictReader(file)}

    def test_the_mesh_has_diameter_three_and_paths_of_one_point_eight(self):
        table = self.table("graph_properties")
        self.assertEqual(("5", "3", "differs"), tuple(table["diameter"][c] for c in ("seed", "mean", "verdict")))
        self.assertTrue(1.80 <= float(table["mean path"]["mean"]) <= 1.81)
        self.assertEqual("agrees", table["clustering"]["verdict"])
        self.assertEqual("20", table["clustering"]["count"])

    def test_hops_are_20_79_and_less_than_one_per_cent(self):
        table = self.table("hop_distribution")
        means = [float(table[f"{h} hop{'s' if h > 1 else ''}"]["mean"]) for h in range(1, 6)]
        self.assertAlmostEqual(20.2, means[0], delta=0.05)
        self.assertAlmostEqual(79.2, means[1], delta=0.2)
        self.assertAlmostEqual(0.6, means[2], delta=0.2)
        self.assertEqual([0, 0], means[3:])
        self.assertEqual("cannot be", table["1 hop"]["verdict"])

    def test_a_hub_is_1_98_from_everybody_and_falls_alone(self):
        table = self.table("topology_comparison")
        self.assertAlmostEqual(1.98, float(table["hub-spoke, mean path"]["mean"]), 12)
        self.assertEqual("cannot be", table["hub-spoke, mean path"]["verdict"])
        self.assertEqual("1", table["hub-spoke, single points of failure"]["mean"])

    def test_reductions_are_the_seeds(self):
        for name, row in self.table("connection_scaling").items():
            self.assertEqual("agrees", row["verdict"], name)

    def test_up_to_date_tables_give_shortest_routes(self):
        table = self.table("routing_efficiency")
        self.assertEqual("100", table["tables up to date, shortest"]["mean"])
        for name in ("shortest", "one hop more", "two or more"):
            self.assertEqual("agrees", table[f"nearest setting, {name}"]["verdict"], name)

    def test_shares_of_routes_sum_to_one(self):
        table = self.table("routing_efficiency")
        settings = {name.rsplit(", ", 1)[0] for name in table if "rounds old" in name or "view" in name}
        whole = [s for s in settings if f"{s}, lost" in table]
        self.assertGreaterEqual(len(whole), 20)
        for setting in whole:
            parts = (table[f"{setting}, {part}"] for part in ("shortest", "one hop more", "two or more", "lost"))
            self.assertAlmostEqual(100, sum(float(row["mean"]) for row in parts), 9, setting)

    def test_verdicts_follow_from_the_numbers(self):
        """Agreement is within the reach of ours and the precision printed; all rows say so or give a reason."""
        checked = 0
        for path in (pathlib.Path(self.kept.name) / "tables").glob("*.csv"):
            with open(path, newline="") as file:
                for row in csv.DictReader(file):
                    away = abs(float(row["figure"] or "nan") - float(row["mean"]))
                    if row["verdict"] == "agrees":
                        digits = max(0.5 * 10.0 ** -len(row["seed"].partition(".")[2].rstrip(" %")), 0.0)
                        slack = 10 if row["seed"].startswith("~") else max(digits, 2.5 if "-" in row["seed"] else 0)
                        self.assertLessEqual(away, float(row["reach"]) + slack + 1e-9, row)
                        checked += 1
                    elif row["verdict"] == "differs":
                        self.assertGreater(away, float(row["reach"]), row)
                        checked += 1
                    elif row["verdict"] == "cannot be":
                        self.assertTrue(row["reason"], row)
        self.assertGreater(checked, 40)

    def test_what_is_printed_ends_with_a_count(self):
        self.assertRegex(self.text, r"\d+ figures of the seed agree, \d+ differ, 4 cannot be\n")

    def test_tables_are_not_replaced_unasked(self):
        done = program.run("reproduce", "mesh", "--quick", "-o", "tables", "--networks", "2", "-q",
                           cwd=self.kept.name)
        self.assertEqual(program.BAD_INPUT, done.returncode)
        self.assertIn("mesh_graph_properties.csv", done.stderr)

    def test_an_unknown_topic_is_told(self):
        done = program.run("reproduce", "weather", cwd=self.folder)
        self.assertEqual(program.BAD_INPUT, done.returncode)
        self.assertIn("expected mesh", done.stderr)


if __name__ == "__main__":
    program.main()
