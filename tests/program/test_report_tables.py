"""The tables of `needflow report --tables-only`, worked out again with NumPy from the result file.

Means, errors and intervals come from their definitions (replicates nested in networks), Student's
factor from a printed table; curves are held against NumPy's polyfit, and SciPy's curve_fit where it
is installed.
"""

import csv
import math
import tempfile
import pathlib

import h5py
import numpy as np

import program

SCENARIO = """seed = 3
[network]
agents = [20, 40, 80]
neighbors = [4, 8]
count = 3
[population]
replicates = 4
supply_ratio = [0.6, 1.5]
[round]
settlement = ["stock", "reallocate", "stream"]
max_rounds = 30
"""
STUDENT = {1: 12.7062047362, 2: 4.3026527297, 3: 3.1824463053}


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def nested(values):
    """mean, se, lo, hi of an array networks × replicates."""
    means = values.mean(axis=1)
    error = means.std(ddof=1) / math.sqrt(len(means))
    half = STUDENT[len(means) - 1] * error
    return means.mean(), error, means.mean() - half, means.mean() + half


class Tables(program.Case):

    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory(prefix="needflow-test-")
        folder = pathlib.Path(cls.kept.name)
        (folder / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
        done = program.run("sweep", "scenario.toml", "-o", "result.h5", "-q", cwd=folder)
        assert done.returncode == program.DONE, done.stderr
        done = program.run("report", "result.h5", "-o", "tables", "--tables-only", cwd=folder)
        assert done.returncode == program.DONE, done.stderr
        cls.made_in = folder
        cls.cells, cls.differences, cls.fits = (
            rows_of(folder / "tables" / f"{name}.csv") for name in ("cells", "differences", "fits"))
        with h5py.File(folder / "result.h5") as file:
            cls.values = {name: file[name][()].astype(float)
                          for name in ("rounds", "satisfied_fraction", "messages_published",
                                       "messages_read", "messages_allocated", "status")}
            cls.labels = {name: [x.decode() if isinstance(x, bytes) else f"{x:g}" for x in file[name]]
                          for name in ("agents", "neighbors", "supply_ratio", "settlement")}
        cls.values["messages"] = sum(cls.values[f"messages_{kind}"]
                                     for kind in ("published", "read", "allocated"))

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()

    def place(self, row):
        """The row's cell; None where a coordinate is left empty."""
        return tuple(names.index(row[axis]) if row[axis] else None
                     for axis, names in self.labels.items())

    def check_interval(self, row, expected, mean="mean"):
        for name, value in zip((mean, "se", "lo", "hi"), expected):
            self.assertAlmostEqual(float(row[name]), value, delta=1e-8 * max(1, abs(expected[0])), msg=row)

    def test_every_cell_has_the_mean_and_error_of_its_networks(self):
        for metric in ("rounds", "satisfied_fraction", "messages"):
            rows = [row for row in self.cells if row["metric"] == metric]
            self.assertEqual(3 * 2 * 2 * 3, len(rows))
            for row in rows:
                self.check_interval(row, nested(self.values[metric][self.place(row)]))
                self.assertEqual(("3", "12"), (row["networks"], row["n"]))

    def test_the_share_of_networks_is_that_of_an_analysis_of_variance(self):
        for row in self.cells:
            if row["metric"] != "satisfied_fraction":
                continue
            values = self.values["satisfied_fraction"][self.place(row)]
            draws = values.var(axis=1, ddof=1).mean()
            networks = max(0.0, values.mean(axis=1).var(ddof=1) - draws / 4)
            if networks + draws > 0:
                self.assertAlmostEqual(float(row["network_share"]), networks / (networks + draws), 9)

    def test_endings_are_shares_that_sum_to_one(self):
        totals = {}
        for row in self.cells:
            if row["metric"].startswith("ended_"):
                place = self.place(row)
                code = program.STATUSES.index(row["metric"][len("ended_"):])
                self.assertAlmostEqual(float(row["mean"]), (self.values["status"][place] == code).mean(), 12)
                totals[place] = totals.get(place, 0.0) + float(row["mean"])
        self.assertEqual(36, len(totals))
        for total in totals.values():
            self.assertAlmostEqual(1.0, total, 12)

    def test_differences_are_of_the_same_network_and_draw(self):
        seen = set()
        for row in self.differences:
            if row["metric"] != "satisfied_fraction":
                continue
            first = list(self.place(row))
            axis = list(self.labels).index(row["axis"])
            self.assertIsNone(first[axis])
            second = list(first)
            first[axis], second[axis] = (self.labels[row["axis"]].index(row[end]) for end in ("from", "to"))
            values = self.values["satisfied_fraction"]
            apart = values[tuple(second)] - values[tuple(first)]
            apart[np.abs(apart) < 1e-12] = 0.0
            self.check_interval(row, nested(apart), mean="difference")
            low, high = float(row["lo"]), float(row["hi"])
            expected = ("same" if not apart.any() else "higher" if low > 0 else "lower" if high < 0
                        else "within noise")
            self.assertEqual(expected, row["verdict"], row)
            seen.add((row["axis"], row["from"], row["to"]))
        self.assertEqual({("agents", "20", "40"), ("agents", "40", "80"), ("neighbors", "4", "8"),
                          ("supply_ratio", "0.6", "1.5"), ("settlement", "stock", "stream"),
                          ("settlement", "stock", "reallocate"), ("settlement", "reallocate", "stream")},
                         {(a, *sorted((f, t), key=[*self.labels[a]].index)) if a != "settlement" else
                          (a, *((f, t) if (f, t) != ("stream", "reallocate") else (t, f)))
                          for a, f, t in seen})

    def points_of(self, row):
        """x and y of a fit against agents: a value a network."""
        _, k, ratio, rule = self.place(row)
        means = self.values[row["metric"]][:, k, ratio, rule].mean(axis=2)
        return np.repeat([20.0, 40.0, 80.0], 3), means.reshape(-1)

    def test_lines_and_logarithms_are_those_of_polyfit(self):
        checked = 0
        for row in self.fits:
            if row["against"] != "agents" or row["errors"] == "additive" and row["curve"] not in (
                    "linear", "logarithm"):
                continue
            x, y = self.points_of(row)
            u = x if row["curve"] in ("linear", "exponential") else np.log(x)
            v = y if row["errors"] == "additive" else np.log(y)
            if np.ptp(v) < 1e-9:
                continue
            (b, a), covariance = np.polyfit(u, v, 1, cov=True)
            expected_a = a if row["errors"] == "additive" else math.exp(a)
            np.testing.assert_allclose([float(row["a"]), float(row["b"])], [expected_a, b], 1e-7, 1e-9)
            np.testing.assert_allclose(float(row["b_se"]), math.sqrt(covariance[0, 0]), 1e-6, 1e-12)
            checked += 1
        self.assertGreater(checked, 40)

    def test_curves_are_those_of_scipy(self):
        try:
            from scipy.optimize import curve_fit
        except ImportError:
            self.skipTest("SciPy is not installed")
        shapes = {"power": lambda x, a, b: a * x ** b, "exponential": lambda x, a, b: a * np.exp(b * x)}
        checked = 0
        for row in self.fits:
            if row["against"] != "agents" or row["curve"] not in shapes or row["errors"] != "additive":
                continue
            x, y = self.points_of(row)
            if np.ptp(y) < 1e-9:
                continue
            ours = np.array([float(row["a"]), float(row["b"])])
            found, covariance = curve_fit(shapes[row["curve"]], x, y, p0=ours * 1.02, xtol=1e-14, ftol=1e-14)
            np.testing.assert_allclose(ours, found, 1e-4, 1e-7)
            if float(row["r_squared"]) > 1 - 1e-9:
                continue  # errors of rounding
            np.testing.assert_allclose([float(row["a_se"]), float(row["b_se"])],
                                       np.sqrt(np.diag(covariance)), 1e-3)
            checked += 1
        self.assertGreater(checked, 20)

    def test_the_best_curve_comes_first(self):
        last = {}
        for row in self.fits:
            key = tuple(row[name] for name in ("metric", "against", *self.labels))
            if row["rank"] != "1" and float(row["r_squared"] or 0) < 1 - 1e-9:
                self.assertLessEqual(last[key], float(row["aic"]) + 1e-9, row)
            last[key] = float(row["aic"])
        self.assertEqual({"agents"}, {row["against"] for row in self.fits})  # two k are no curve

    def test_tables_are_not_replaced_unasked(self):
        again = program.run("report", "result.h5", "-o", "tables", "--tables-only", cwd=self.made_in)
        self.assertEqual(program.BAD_INPUT, again.returncode, again.stderr)
        self.assertIn("cells.csv", again.stderr)

    def test_what_is_no_result_file_is_refused(self):
        done = program.run("report", "scenario.toml", "--tables-only", cwd=self.made_in)
        self.assertEqual(program.IO_ERROR, done.returncode)
        self.assertIn("not a result file", done.stderr)


if __name__ == "__main__":
    program.main()
