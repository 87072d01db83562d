"""`needflow reproduce rounds`: what the experiments must find, from the model and not from the binary.

Facts of M2 stand behind the numbers: stock and stream rest on meshes, the literal rule swings between
two states when supply is ample, round 1 publishes the stated need, a claim scaled alone wins under
scarcity and nothing can be won where all needs are met, no allocation beats the maximum flow.
"""

import csv
import pathlib
import tempfile

import program


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return {row["quantity"]: row for row in csv.DictReader(file)}


class Rounds(program.Case):

    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory(prefix="needflow-test-")
        cls.addClassCleanup(cls.kept.cleanup)
        cls.made_in = pathlib.Path(cls.kept.name)
        done = program.run("reproduce", "rounds", "--quick", "--networks", "4", "-o", "tables", "--data",
                           program.source / "data", cwd=cls.made_in, timeout=300)
        assert done.returncode == program.DONE, done
        cls.text = done.stdout
        cls.tables = {path.stem.removeprefix("rounds_"): rows_of(path)
                      for path in (cls.made_in / "tables").glob("rounds_*.csv")}

    def mean(self, table, quantity):
        return float(self.tables[table][quantity]["mean"])

    def test_every_statement_has_its_table(self):
        self.assertEqual({"convergence", "convergence_by_size", "contraction", "what_brings_rest", "cycle_share",
                          "nash", "privacy", "optimum", "messages", "self_healing", "real_data"},
                         set(self.tables))

    def test_stock_and_stream_rest_and_the_literal_rule_does_not(self):
        table = self.tables["convergence"]
        for supply in ("0.25", "0.5", "1", "2", "4"):
            for settlement in ("stock", "stream"):
                row = table[f"{settlement}, supply {supply}: at rest"]
                self.assertEqual(("100", "agrees"), (row["mean"], row["verdict"]))
        for supply in ("1", "2", "4"):
            row = table[f"reallocate, supply {supply}: at rest"]
            self.assertEqual(("0", "differs"), (row["mean"], row["verdict"]))
            self.assertEqual("0", table[f"reallocate, supply {supply}: rounds to rest"]["count"])

    def test_ample_supply_makes_cycles(self):
        for k in ("2", "20", "40"):
            self.assertEqual(100, self.mean("cycle_share", f"supply 4, k = {k}"))

    def test_steps_of_the_literal_rule_do_not_all_shrink(self):
        for damping in ("adaptive", "none"):
            for supply in ("0.5", "1", "2"):
                row = self.tables["contraction"][f"damping {damping}, supply {supply}: shorter steps"]
                self.assertLess(float(row["mean"]), 100)
                self.assertEqual("differs", row["verdict"])

    def test_relaxation_and_anderson_bring_rest_under_scarcity(self):
        rest = "cap none, {}, damping none, omega 0.5, supply 0.5"
        for rule in ("plain", "anderson"):
            self.assertEqual(100, self.mean("what_brings_rest", rest.format(rule) + ": at rest"))
        self.assertLess(self.mean("what_brings_rest", rest.format("anderson") + ": rounds"),
                        self.mean("what_brings_rest", rest.format("plain") + ": rounds"))

    def test_exaggerating_pays_under_scarcity_and_not_where_all_is_met(self):
        for bias in (0.1, 0.5):
            scarce = self.tables["nash"][f"b = {bias}, supply 0.5: gain"]
            # A claim of 1 + b can bring at most 1 + b times as much: half a need, here.
            self.assertTrue(0 < float(scarce["mean"]) <= 50 * bias + 10, scarce)
            self.assertEqual("differs", scarce["verdict"])
            self.assertEqual(100, self.mean("nash", f"b = {bias}, supply 0.25: who gains"))

    def test_round_one_tells_every_stated_need(self):
        row = self.tables["privacy"]["stated needs on the ledger in round 1"]
        self.assertEqual(("100", "cannot be"), (row["mean"], row["verdict"]))
        self.assertTrue(row["reason"])

    def test_nothing_beats_the_maximum_flow(self):
        rows = self.tables["optimum"]
        for row in rows.values():
            self.assertLessEqual(float(row["most"]), 100 + 1e-3, row)
            self.assertGreater(float(row["least"]), 50, row)
        self.assertEqual("differs", rows["N = 100, k = 4, supply 1: efficiency"]["verdict"])
        self.assertEqual("agrees", rows["N = 100, k = 20, supply 0.25: efficiency"]["verdict"])

    def test_messages_grow_with_pairs_on_a_full_mesh_and_with_agents_on_a_sparse_one(self):
        rows = self.tables["messages"]
        self.assertEqual("agrees", rows["full mesh: exponent of N, first round"]["verdict"])
        sparse = rows["k = 20: exponent of N, mean round"]
        self.assertAlmostEqual(1.0, float(sparse["mean"]), delta=0.06)
        self.assertEqual("differs", sparse["verdict"])

    def test_what_cannot_be_measured_yet_says_so(self):
        for row in self.tables["self_healing"].values():
            self.assertEqual(("0", ""), (row["count"], row["verdict"]))
            self.assertIn("faults", row["reason"])

    def test_real_instances_are_taken_in_where_they_are(self):
        self.assertEqual("100", self.tables["real_data"]["aid 2022, stock: at rest"]["mean"])
        self.assertEqual("0", self.tables["real_data"]["trade 2006, reallocate: at rest"]["mean"])

    def test_tables_do_not_depend_on_threads(self):
        for threads in ("1", "2"):
            done = program.run("reproduce", "rounds", "--quick", "--networks", "2", "-q", "-o", threads,
                               "--threads", threads, "--data", "nowhere", cwd=self.made_in, timeout=300)
            self.assertEqual(program.DONE, done.returncode, done.stderr)
        for path in (self.made_in / "1").iterdir():
            self.assertEqual(path.read_bytes(), (self.made_in / "2" / path.name).read_bytes(), path.name)

    def test_an_unknown_topic_names_the_known(self):
        done = program.run("reproduce", "weather", cwd=self.made_in)
        self.assertEqual(program.BAD_INPUT, done.returncode)
        self.assertIn("mesh, rounds or trust", done.stderr)


if __name__ == "__main__":
    program.main()
