"""`needflow report`: one page that loads nothing, tables that say what the file says, the same bytes for
the same file, and a sentence where that cannot be.

Means are recomputed here from the result file with h5py alone; tables are read with the csv module.
"""

import base64
import csv
import html.parser
import re
import shutil
import sys

import h5py
import numpy as np

import program
from program import BAD_INPUT, BIPARTITE, BIPARTITE_KEYS, DONE, IO_ERROR, STATUSES, table, toml
from shapes import SHAPES

TIMEOUT = 120  # seconds for a page; Matplotlib is slow where all cores are taken
# 97.5 % points of Student's t, from tables.
T = {3: 3.18245, 7: 2.36462}
DRAWS = toml(title="Draws & <signs>", seed=5,
             network={"agents": [20, 40], "neighbors": 4, "count": 4},
             population={"replicates": 3, "supply_ratio": [0.5, 1.0, 2.0]},
             round={"settlement": ["stock", "reallocate"], "max_rounds": 30},
             output={"network_metrics": "none"})

TRUST = toml(network={"agents": 30, "neighbors": 6, "count": 2},
             population={"supply_ratio": 0.6, "episodes": 3},
             strategies={"aggressive_fraction": 0.3, "bias": 1.0},
             trust={"mode": ["off", "on"], "detection": True})


class Page(html.parser.HTMLParser):
    """What a browser would see: headings, images, links, words, and whether tags are closed."""

    VOID = {"meta", "img", "br", "link"}

    def __init__(self, text):
        super().__init__()
        self.headings, self.images, self.links, self.ids, self.open = [], [], [], [], []
        self.words, self.loaded, self.broken = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "img":
            self.images.append(given)
        if tag == "a":
            self.links.append(given["href"])
        if "id" in given:
            self.ids.append(given["id"])
        if tag in ("script", "link", "iframe", "object", "embed"):
            self.loaded.append(tag)
        self.loaded += [value for key, value in attrs if key in ("src", "srcset", "data")
                        and not value.startswith("data:")]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Reports(program.Case):
    def report(self, result, *arguments, folder="report", expect=DONE, **options):
        """Runs the command; the page, or the process where it is to fail."""
        done = self.needflow("report", result, "-o", self.folder / folder, *arguments, expect=expect,
                             timeout=TIMEOUT, **options)
        if expect != DONE:
            return done
        self.assertEqual("", done.stderr)
        return Page((self.folder / folder / "index.html").read_text(encoding="utf-8"))

    def tables(self, folder="report"):
        return {path.name: rows_of(path) for path in (self.folder / folder).glob("*.csv")}


class PagesOfAllShapes(Reports):
    def test_every_shape_of_file_has_a_page_that_is_whole_and_loads_nothing(self):
        for name, shape in SHAPES.items():
            with self.subTest(name):
                self.write(shape.scenario, shape.files)
                self.needflow("sweep", "scenario.toml", "-o", "shape.h5", "--overwrite", *shape.arguments,
                              expect=shape.expect)
                page = self.report("shape.h5", "--overwrite")
                self.assert_whole(page)
                self.assertIn("Provenance", page.headings)
                self.assertIn("How the runs end", page.headings)
                self.assert_statuses("shape.h5", shape.excluded)

    def assert_whole(self, page):
        self.assertEqual([], page.loaded)
        self.assertEqual([], page.broken)
        self.assertEqual([], page.open)
        self.assertEqual(len(set(page.ids)), len(page.ids))
        for image in page.images:
            self.assertGreater(len(image["alt"]), 10)
        for link in page.links:
            if link.startswith("#"):
                self.assertIn(link[1:], page.ids)
            else:
                self.assertTrue((self.folder / "report" / link).is_file(), link)

    def assert_statuses(self, result, excluded):
        with h5py.File(self.folder / result) as file:
            codes = file["status"][()].ravel()
            runs_of_point = np.prod([len(file[name]) for name in ("type", "episode") if name in file])
            absent = int(file["status"].attrs.get("absent", 0))  # test_trust.py counts these
        expected = {name: int((codes == code).sum()) for code, name in enumerate(STATUSES)}
        expected["pending"] -= int(excluded * runs_of_point) + absent
        found = {row["status"]: int(row["runs"]) for row in self.tables()["statuses.csv"]}
        self.assertEqual(expected, found)


class Contents(Reports):
    def test_sections_and_sentences_of_a_sweep(self):
        result = self.sweep(DRAWS, "--traces", "--agents")
        page = self.report(result)
        for heading in ("Draws & <signs>", "In short", "How the runs end", "What each axis does",
                        "supply_ratio", "settlement", "Two axes at a time", "Round by round",
                        "Who is left out", "All metrics", "Scenario", "Tables", "Provenance"):
            self.assertIn(heading, page.headings)
        self.assertIn("Of 144 runs", page.text)
        self.assertIn("95 % t interval over 4 networks' means", page.text)
        self.assertIn("Means over agents (2), network (4) and replicate (3)", page.text)
        self.assertIn('settlement = ["stock", "reallocate"]', page.text)  # the scenario's text
        self.assertGreater(len(page.images), 15)

    def test_the_page_loads_nothing_and_its_figures_are_svg_without_dates(self):
        self.report(self.sweep(DRAWS))
        text = (self.folder / "report" / "index.html").read_text(encoding="utf-8")
        self.assertNotRegex(re.sub(r'src="data:[^"]*"', "", text), r"https?://|@import|url\(")
        for data in re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', text):
            figure = base64.b64decode(data).decode()
            self.assertIn("<svg", figure)
            self.assertNotIn("<dc:date>", figure)
            self.assertNotRegex(figure, r'(href|src)="https?://')

    def test_the_same_file_gives_the_same_bytes(self):
        result = self.sweep(DRAWS, "--traces", "--agents")
        first = self.report_bytes(result, "one", {"PYTHONHASHSEED": "1"})
        second = self.report_bytes(result, "two", {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"})
        self.assertEqual(first.keys(), second.keys())
        for name, content in first.items():
            self.assertEqual(content, second[name], name)

    def report_bytes(self, result, folder, changes):
        self.report(result, folder=folder, env=program.environment(**changes))
        return {path.name: path.read_bytes() for path in (self.folder / folder).iterdir()}

    def test_a_means_table_is_the_mean_of_networks_means_with_its_t_interval(self):
        result = self.sweep(DRAWS)
        self.report(result)
        with h5py.File(result) as file:
            values = file["satisfied_fraction"][()]  # agents, ratio, settlement, network, replicate
        self.assertEqual((2, 3, 2, 4, 3), values.shape)
        found = {(row["supply_ratio"], row["settlement"]): row
                 for row in self.tables()["means_by_supply_ratio.csv"]
                 if row["metric"] == "satisfied_fraction"}
        self.assertEqual(6, len(found))
        for i, ratio in enumerate(("0.5", "1", "2")):
            for j, settlement in enumerate(("stock", "reallocate")):
                networks = values[:, i, j].mean(axis=(0, 2))
                half = T[3] * networks.std(ddof=1) / 2  # four networks
                row = found[ratio, settlement]
                self.assertAlmostEqual(networks.mean(), float(row["mean"]), 12)
                self.assertAlmostEqual(networks.mean() - half, float(row["low_95"]), 5)
                self.assertAlmostEqual(networks.mean() + half, float(row["high_95"]), 5)
                self.assertEqual(("4", "24"), (row["independent_units"], row["runs"]))

    def test_with_one_network_the_draws_make_the_interval_and_the_page_says_so(self):
        result = self.sweep(toml(network={"agents": [10, 20]}, population={"replicates": 8}))
        page = self.report(result)
        self.assertIn("95 % t interval over 8 draws on one network", page.text)
        with h5py.File(result) as file:
            values = file["gini"][0]
        row = next(row for row in self.tables()["means_by_agents.csv"]
                   if row["metric"] == "gini" and row["agents"] == "10")
        half = T[7] * values.std(ddof=1) / np.sqrt(8)
        self.assertAlmostEqual(values.mean() + half, float(row["high_95"]), 5)

    def test_intervals_in_python_are_those_of_the_programs_own_tables(self):
        """One truth: where nothing but draws is averaged, both compute the same cell."""
        self.report(self.sweep(toml(network={"agents": [10, 1000], "neighbors": 4, "count": 3},
                                    population={"replicates": 4, "supply_ratio": 0.8})))
        tables = self.tables()
        cells = {(row["metric"], row["agents"]): row for row in tables["cells.csv"]}
        compared = 0
        for row in tables["means_by_agents.csv"]:
            cell = cells.get((row["metric"], row["agents"]))
            if cell is None:
                continue
            compared += 1
            self.assertEqual(cell["networks"], row["independent_units"])
            for theirs, ours in (("mean", "mean"), ("lo", "low_95"), ("hi", "high_95")):
                np.testing.assert_allclose(float(row[ours]), float(cell[theirs]), rtol=1e-6, atol=1e-9,
                                           err_msg=f"{row['metric']} {ours}")
        self.assertGreater(compared, 20)

    def test_steps_along_an_axis_are_counted_from_the_programs_differences(self):
        page = self.report(self.sweep(DRAWS))
        steps = [row for row in self.tables()["differences.csv"]
                 if (row["metric"], row["axis"], row["from"]) ==
                 ("satisfied_fraction", "supply_ratio", "0.5")]
        self.assertEqual(4, len(steps))  # two sizes, two settlements
        higher = sum(row["verdict"] == "higher" for row in steps)
        self.assertRegex(page.text, rf"satisfied_fraction 0\.5 → 1 {higher}\b")
        self.assertIn("Step by step along supply_ratio", page.text)

    def test_the_page_tells_in_a_sentence_what_stays_within_noise(self):
        """As often as differences.csv does."""
        page = self.report(self.sweep(DRAWS))
        for word in ("higher", "within noise"):
            cells = [row for row in self.tables()["differences.csv"] if row["verdict"] == word
                     and (row["metric"], row["axis"]) == ("satisfied_fraction", "agents")]
            if cells:
                self.assertRegex(page.text, rf"satisfied fraction, step by step: 20 → 40 .*{word} in "
                                 rf"{len(cells)}\b[^;.]* of 6 cells")
        self.assertTrue(any(row["verdict"] == "within noise" for row in self.tables()["differences.csv"]))

    def test_degrees_that_the_draws_cannot_tell_apart_are_within_noise(self):
        """By a paired t interval; k = 1 is far worse than both others."""
        for degrees, noise in (((1, 8, 9), False), ((1, 12, 13), True)):
            result = self.sweep(toml(network={"agents": 30, "neighbors": degrees, "count": 6},
                                     population={"supply_ratio": 1.0}), "--overwrite")
            page = self.report(result, "--overwrite")
            with h5py.File(result) as file:
                values = file["satisfied_fraction"][()]
            best, other = (1, 2) if values[1].mean() > values[2].mean() else (2, 1)
            gap = values[best] - values[other]
            half = 2.57058 * gap.std(ddof=1) / np.sqrt(6)  # t, 5 degrees of freedom
            self.assertEqual(noise, bool(gap.mean() <= half))
            self.assertEqual(noise, f"within noise of it: {degrees[other]}" in page.text)
            self.assertIn(f"Most need is satisfied with neighbors = {degrees[best]} (", page.text)
            self.assertNotIn("within noise of it: 1,", page.text)

    def test_how_far_from_the_optimum_and_from_the_fairest_is_answered(self):
        result = self.sweep(DRAWS)
        page = self.report(result)
        with h5py.File(result) as file:
            efficiency, jain, fairest = (file[name][()] for name in ("efficiency", "jain_index", "fairest_jain"))
        stock = efficiency[:, :, 0]
        self.assertTrue(np.isnan(efficiency[:, :, 1]).all())
        self.assertIn(f"satisfies {100 * stock.mean():.1f} % of the most that any allocation could", page.text)
        self.assertIn(f"Jain's index of satisfaction is {jain[:, :, 0].mean():.3g} on average in stock; in the "
                      "fairest allocation that satisfies the most it would be "
                      f"{fairest[:, :, 0].mean():.3g}", page.text)

    def test_the_optimum_is_told_with_the_worst_runs_and_the_supply_it_is_furthest_from(self):
        result = self.sweep(DRAWS)
        page = self.report(result)
        with h5py.File(result) as file:
            stock = file["efficiency"][()][:, :, 0]
        low = 100 * np.quantile(stock, 0.05)
        self.assertIn(f"mean of {stock.size} runs, the worst twentieth below {low:.1f} %", page.text)
        by_supply = stock.mean(axis=(0, 2, 3))
        worst = int(np.argmin(by_supply))
        self.assertGreater(np.median(by_supply), by_supply[worst] + 0.01)
        self.assertIn(f"least where supply is {[0.5, 1, 2][worst]} times the need: "
                      f"{100 * by_supply[worst]:.1f} %", page.text)

    def test_of_a_single_run_the_optimum_and_the_fairest_are_told_without_means(self):
        result = self.sweep(toml(network={"agents": 30, "neighbors": 4}, population={"supply_ratio": 1.0}))
        page = self.report(result)
        with h5py.File(result) as file:
            efficiency, jain, fairest = (float(file[name][()]) for name in
                                         ("efficiency", "jain_index", "fairest_jain"))
        self.assertLess(efficiency, 0.999)
        self.assertIn(f"That is {100 * efficiency:.1f} % of the most that any allocation of the stock could "
                      "satisfy on this network (maximum flow).", page.text)
        self.assertIn(f"Jain's index of satisfaction is {jain:.3g} in stock; in the fairest allocation that "
                      f"satisfies the most it would be {fairest:.3g}.", page.text)

    def test_where_no_run_has_a_stock_there_is_no_optimum_and_no_fairest(self):
        page = self.report(self.sweep(DRAWS, "--set", "round.settlement=reallocate"))
        self.assertIn("The most that can be satisfied is known of a stock; no run here has settlement stock.",
                      page.text)
        self.assertNotIn("it would be", page.text)

    def test_a_file_without_the_optimum_says_how_to_get_it(self):
        for wish, why in (("off", "it was not asked for"), ("on", "")):
            page = self.report(self.sweep(DRAWS, "--set", f"output.optimum={wish}", "--overwrite"),
                               "--overwrite")
            self.assertEqual(wish == "off", "--set output.optimum=on computes it" in page.text)
            self.assertIn(why, page.text)
        self.assertIn("above a certain size it is left out", self.report(
            self.sweep(DRAWS, "--set", "network.agents=[300,2000]", "--set", "network.neighbors=40",
                       "--overwrite"), "--overwrite").text)

    def test_a_single_value_has_no_interval(self):
        self.report(self.sweep(toml(network={"agents": [10, 20]})))
        row = self.tables()["means_by_agents.csv"][0]
        self.assertEqual(("", ""), (row["low_95"], row["high_95"]))

    def test_a_map_holds_the_means_of_its_places(self):
        result = self.sweep(DRAWS)
        self.report(result)
        with h5py.File(result) as file:
            values = file["rounds"][()].mean(axis=(3, 4))
        rows = [row for row in self.tables()["map_supply_ratio_agents.csv"] if row["metric"] == "rounds"]
        self.assertEqual(12, len(rows))
        for row in rows:
            place = (("20", "40").index(row["agents"]), ("0.5", "1", "2").index(row["supply_ratio"]),
                     ("stock", "reallocate").index(row["settlement"]))
            self.assertAlmostEqual(values[place], float(row["mean"]), 12)

    def test_the_worst_off_are_named_with_what_they_get(self):
        result = self.sweep(toml(instance=BIPARTITE_KEYS, output={"agents": True}), files={
            **BIPARTITE, "recipients.csv": table("id,need", ("x", 4), ("Zoë <b>", 8), ("z", 6)),
            "edges.csv": table("provider,recipient,mr", ("a", "x", 0.5), ("b", "z", 0.125))})
        page = self.report(result)
        # x can have all it needs (4 of 10), z 5 of 6, and nobody knows Zoë.
        self.assertIn("Least of their need, of those with a link (satisfied share): z (83.3 %), x (100 %).",
                      page.text)
        self.assertIn("1 of 3 with a need has no link to anybody and can get nothing: Zoë <b>.", page.text)
        # Of 9 that stay unmet 8 are Zoë's, who has no link, and 1 is z's.
        self.assertIn("missing in: Zoë <b> (88.9 %), z (11.1 %) of all unmet need", page.text)
        rows = self.tables()["recipients.csv"]
        self.assertEqual([("Zoë <b>", 0.0), ("z", 5 / 6), ("x", 1.0)],
                         [(row["recipient"], float(row["satisfied / need"])) for row in rows])

    def test_failures_are_told_with_their_place_and_count_in_no_mean(self):
        shape = SHAPES["some points invalid"]  # hub 6 of 4 agents
        result = self.sweep(shape.scenario, expect=shape.expect)
        page = self.report(result)
        self.assertIn("Of 3 runs", page.text)
        self.assertIn("Without a result: 1 invalid", page.text)
        failed = self.tables()["failures.csv"]
        self.assertEqual(["agents = 4, hub = 6"], [row["where"] for row in failed])
        rounds = [row for row in self.tables()["means_by_agents.csv"] if row["metric"] == "rounds"]
        self.assertEqual([("4", "0", "1"), ("4", "6", "0"), ("9", "0", "1"), ("9", "6", "1")],
                         sorted((row["agents"], row["hub"], row["runs"]) for row in rounds))

    def test_the_course_of_a_run_is_that_of_its_trace(self):
        result = self.sweep(toml(network={"agents": 20}, population={"supply_ratio": 0.7}), "--traces")
        self.report(result)
        with h5py.File(result) as file:
            expected = file["trace/satisfied_fraction"][()]
        found = [float(row["median"]) for row in self.tables()["rounds.csv"]
                 if row["quantity"] == "satisfied_fraction"]
        np.testing.assert_allclose(found, expected, rtol=1e-15)

    def test_a_network_is_drawn_and_its_hops_counted(self):
        self.write(toml(network={"agents": 30, "neighbors": 4}))
        self.needflow("network", "scenario.toml", "-o", "net.h5")
        page = self.report("net.h5")
        self.assertTrue(any("drawn with springs: 30 agents" in image["alt"] for image in page.images))
        with h5py.File(self.folder / "net.h5") as file:
            shares = file["hop_share"][()]
        found = [float(row["share"]) for row in self.tables()["hops.csv"]]
        np.testing.assert_allclose(found, shares, rtol=1e-15)

    def test_episodes_are_lines_and_all_else_is_the_last_one(self):
        """Files with episodes as the schema promises them; written here, beside a real file."""
        result = self.sweep(toml(network={"agents": [10, 20], "count": 2}))
        values = add_episodes(result)
        page = self.report(result)
        self.assertIn("Trust over episodes", page.headings)
        rows = [row for row in self.tables()["episodes.csv"] if row["metric"] == "trust_mean"]
        found = {(row["runs_of"], row["episode"]): float(row["mean"]) for row in rows}
        for i, agents in enumerate(("10", "20")):
            for episode in range(3):
                self.assertAlmostEqual(values[i, :, episode].mean(),
                                       found[agents, str(episode + 1)], 12)
        last = next(row for row in self.tables()["metrics.csv"] if row["metric"] == "trust_mean")
        self.assertAlmostEqual(values[..., -1].mean(), float(last["mean"]), 12)

    def test_trust_is_shown_over_episodes_by_strategy_and_flags(self):
        result = self.sweep(TRUST)
        page = self.report(result)
        self.assertIn("Trust over episodes", page.headings)
        for alt in ("Satisfied need by strategy – mode off over episodes: cooperative",
                    "Satisfied need by strategy – mode on over episodes: cooperative",
                    "Flags: precision and recall – mode on over episodes: precision",
                    "Mean trust"):
            self.assertTrue(any(alt.lower() in image["alt"].lower() for image in page.images), alt)
        self.assertRegex(page.text, r"Satisfied need by strategy in the last episode – mode off: cooperative "
                         r"[\d.]+ %, aggressive [\d.]+ %; mode on: cooperative")
        self.assertRegex(page.text, r"with an AUC of [\d.]+ \(mode on\) after the last episode")
        with h5py.File(result) as file:
            dims = [file["satisfied_aggressive"].dims[i][0].name
                    for i in range(file["satisfied_aggressive"].ndim)]
            values = file["satisfied_aggressive"][()]
        self.assertEqual(["/mode", "/network", "/episode"], dims)
        rows = [row for row in self.tables()["episodes.csv"] if row["metric"] == "satisfied_aggressive"]
        self.assertEqual(6, len(rows))
        for row in rows:
            place = ("off", "on").index(row["runs_of"]), slice(None), int(row["episode"]) - 1
            self.assertAlmostEqual(values[place].mean(), float(row["mean"]), 12)

    def test_points_with_fewer_episodes_count_with_the_last_they_have(self):
        """One episode here, three there: the mean over both takes episode 1 and episode 3."""
        result = self.sweep(toml(network={"agents": 12, "neighbors": 4}, trust={"mode": "on"},
                                 population={"episodes": [1, 3], "supply_ratio": 0.7},
                                 strategies={"aggressive_fraction": 0.5}, output={"agents": True}))
        page = self.report(result)
        with h5py.File(result) as file:
            values = file["satisfied_fraction"][()]
        row = next(row for row in self.tables()["metrics.csv"] if row["metric"] == "satisfied_fraction")
        self.assertAlmostEqual((values[0, 0] + values[1, 2]) / 2, float(row["mean"]), 12)
        self.assertEqual("2", row["runs"])
        self.assertNotIn("Without a result", page.text)  # episodes that nobody asked for are not missing


def add_episodes(path):
    """A dimension `episode` of 3 with trust in it; returns the values (agents, network, episode)."""
    values = np.arange(12.0).reshape(2, 2, 3)**2 / 200
    with h5py.File(path, "r+") as file:
        scale = file.create_dataset("episode", data=np.arange(1, 4))
        scale.make_scale("episode")
        for name, data in (("trust_mean", values), ("satisfied_cooperative", 1 - values),
                           ("satisfied_aggressive", values / 2)):
            dataset = file.create_dataset(name, data=data)
            dataset.attrs["units"] = "1"
            for place, dimension in enumerate(("agents", "network", "episode")):
                dataset.dims[place].attach_scale(file[dimension])
    return values


class Folders(Reports):
    def test_the_folder_is_named_after_the_file_unless_told(self):
        result = self.sweep(toml(network={"agents": 10}))
        self.needflow("report", result, timeout=TIMEOUT)
        self.assertTrue((self.out / "result_report" / "index.html").is_file())

    def test_a_report_is_replaced_only_when_asked_and_leaves_no_tables_of_the_last(self):
        first = self.sweep(DRAWS, name="first.h5")
        second = self.sweep(toml(network={"agents": 10}), name="second.h5")
        self.report(first)
        (self.folder / "report" / "mine.csv").write_text("kept", encoding="utf-8")
        before = (self.folder / "report" / "index.html").read_bytes()
        refused = self.report(second, expect=BAD_INPUT)
        self.assert_civil(refused, ["index.html exists; --overwrite replaces it"])
        self.assertEqual(before, (self.folder / "report" / "index.html").read_bytes())
        self.report(second, "--overwrite")
        self.assert_nothing_in(self.folder / "report",
                               but=["cells.csv", "hops.csv", "index.html", "metrics.csv",
                                    "mine.csv", "statuses.csv"])

    def test_quiet_says_nothing(self):
        result = self.sweep(toml(network={"agents": 10}))
        done = self.needflow("report", result, "--quiet", timeout=TIMEOUT)
        self.assertEqual(("", ""), (done.stdout, done.stderr))


class Troubles(Reports):
    def test_files_that_are_no_results_are_refused_by_name(self):
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["x"] = [1, 2, 3]
        good = self.sweep(toml(network={"agents": [10, 20]}))
        whole = good.read_bytes()
        program.write_files(self.folder, {"words.h5": "no HDF5", "empty.h5": "",
                                          "cut.h5": whole[:len(whole) // 2]})
        for name, fragment in {"foreign.h5": "not a result file of needflow", "words.h5": "no HDF5 file",
                               "empty.h5": "no HDF5 file", "cut.h5": "damaged or cut short",
                               "missing.h5": "no such file", ".": "is a folder"}.items():
            with self.subTest(name):
                done = self.report(name, expect=IO_ERROR)
                self.assert_civil(done, [name, fragment])
                self.assertFalse((self.folder / "report").exists())

    def test_a_damaged_inside_is_an_error_and_no_crash(self):
        good = self.sweep(toml(network={"agents": [10, 20]}), name="good.h5")
        for name, spoil in {
                "no status": lambda file: file.__delitem__("status"),
                "no meanings": lambda file: file["status"].attrs.__delitem__("flag_meanings"),
                "a later schema": lambda file: file.attrs.modify("schema_version", 2)}.items():
            with self.subTest(name):
                path = self.folder / "spoilt.h5"
                shutil.copy(good, path)
                with h5py.File(path, "r+") as file:
                    spoil(file)
                self.assert_civil(self.report(path, expect=IO_ERROR), ["spoilt.h5"])

    def test_an_unfinished_sweep_is_told_apart_from_a_missing_file(self):
        self.write(toml(network={"agents": [10, 20]}))
        (self.folder / "live.h5.journal").write_bytes(b"x")
        done = self.report("live.h5", expect=IO_ERROR)
        self.assert_civil(done, ["live.h5 is not there yet", "--resume", "--allow-missing"])

    def test_a_folder_that_cannot_be_written_is_named(self):
        result = self.sweep(toml(network={"agents": 10}))
        (self.folder / "file").write_text("in the way", encoding="utf-8")
        self.assert_civil(self.report(result, folder="file", expect=BAD_INPUT), ["file is not a folder"])
        self.assert_civil(self.report(result, folder="file/inside", expect=IO_ERROR), ["file"])

    def test_a_missing_library_is_one_message_that_names_the_packages(self):
        """An interpreter without its site-packages, and one that is not there."""
        result = self.sweep(toml(network={"agents": 10}))
        bare = self.folder / "bare-python"
        bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n', encoding="utf-8")
        bare.chmod(0o755)
        done = self.report(result, "--python", bare, expect=BAD_INPUT)
        self.assert_civil(done, ["bare-python: lacks h5py, matplotlib, numpy",
                                 "python3-h5py python3-matplotlib python3-numpy", "--python"])
        done = self.report(result, "--python", self.folder / "none", expect=BAD_INPUT)
        self.assert_civil(done, ["No such file", "python3-matplotlib"])
        self.assertFalse((self.folder / "report").exists())

    def test_what_lies_in_the_current_folder_is_not_taken_for_a_library(self):
        result = self.sweep(toml(network={"agents": 10}))
        for name in ("numpy", "page", "csv"):
            (self.folder / f"{name}.py").write_text("raise SystemExit(9)", encoding="utf-8")
        self.report(result)

    def test_what_a_users_matplotlib_is_set_to_changes_nothing(self):
        result = self.sweep(toml(network={"agents": [10, 20]}))
        self.report(result, folder="plain")
        settings = self.folder / "matplotlibrc"
        settings.write_text("font.size: 30\naxes.facecolor: red\n", encoding="utf-8")
        self.report(result, folder="set",
                    env=program.environment(MATPLOTLIBRC=str(settings), MPLBACKEND="nonsense"))
        self.assertEqual((self.folder / "plain" / "index.html").read_bytes(),
                         (self.folder / "set" / "index.html").read_bytes())


if __name__ == "__main__":
    program.main()
