"""scripts/tutorial.py runs from scenario to answers in seconds, and what it answers is what its files say.

The answers are computed here again from the result file, with h5py alone.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import program

try:
    import h5py
    import matplotlib  # noqa: F401, the tutorial wants it
    import numpy as np
    import xarray  # noqa: F401
except ImportError as missing:
    print(f"skipped: the tutorial needs h5py, xarray and Matplotlib ({missing})")
    sys.exit(77)

T = 3.182  # 97.5 % point of Student's t with three degrees of freedom


def interval(values, over):
    """Mean and half of the interval; `over` is the axis of the networks."""
    means = np.nanmean(values, axis=tuple(i for i in range(values.ndim) if i != over))
    return means.mean(), T * means.std(ddof=1) / 2


class Tutorial(program.Case):

    @classmethod
    def setUpClass(cls):
        kept = tempfile.TemporaryDirectory(prefix="needflow-test-")
        cls.addClassCleanup(kept.cleanup)
        cls.made_in = pathlib.Path(kept.name)
        cls.done = subprocess.run(
            [sys.executable, program.source / "scripts" / "tutorial.py"], cwd=program.source, text=True,
            env={**program.environment(), "NEEDFLOW": str(program.binary), "TUTORIAL_OUT": kept.name,
                 "MPLCONFIGDIR": kept.name, "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False, encoding="utf-8")

    def test_it_runs_to_its_end(self):
        self.assertEqual(0, self.done.returncode, self.done.stderr[-2000:])
        self.assertEqual("", self.done.stderr)
        for name in ("mesh.toml", "mesh.h5", "report/index.html", "aid.h5", "supply.svg"):
            self.assertTrue((self.made_in / name).is_file(), name)

    def test_every_question_has_its_answer(self):
        for question in ("Does it converge?", "Which k?", "How far from the optimum?",
                         "Who is left out in aid 2022?"):
            self.assertIn(question, self.done.stdout)
        self.assertRegex(self.done.stdout, r"(within|more than) noise")

    def test_answers_are_those_of_the_file_with_their_intervals(self):
        with h5py.File(self.made_in / "mesh.h5") as file:
            dims = [file["status"].dims[i][0].name for i in range(file["status"].ndim)]
            status, rounds, satisfied, efficiency = (
                file[name][()] for name in ("status", "rounds", "satisfied_fraction", "efficiency"))
        self.assertEqual(["/agents", "/neighbors", "/supply_ratio", "/settlement", "/network", "/replicate"],
                         dims)
        at_rest = (status == program.STATUSES.index("needs_met")) | (status == program.STATUSES.index("stable"))
        for i, settlement in enumerate(("stock", "stream")):
            rest = interval(100.0 * at_rest[:, :, :, i], 3)
            after = interval(np.where(at_rest, rounds, np.nan)[:, :, :, i], 3)
            self.told(f"{settlement}: {{}} % of the runs, after {{}} rounds", rest, after)
        self.assertFalse(at_rest[:, :, :, 2].any())
        for i, k in enumerate((2, 6, 12, 20)):
            self.told(f"k = {k}: {{}} % of all need", interval(100 * satisfied[:, i, 1, 0], 1))
        for i, ratio in enumerate((0.5, 1.0, 2.0)):
            self.told(f"supply {ratio}: {{}} % of the most", interval(100 * efficiency[:, :, i, 0], 2))

    def told(self, words, *numbers):
        pattern = re.escape(words).replace(r"\{\}", r"(\d+\.\d) ± (\d+\.\d)")
        found = re.search(pattern, self.done.stdout)
        self.assertTrue(found, f"{words} in\n{self.done.stdout}")
        for i, number in enumerate(number for pair in numbers for number in pair):
            self.assertAlmostEqual(number, float(found[i + 1]), delta=0.0501)

    def test_who_has_no_donor_is_named(self):
        with open(program.source / "data/aid2022/recipients.csv", encoding="utf-8") as file:
            ids = {line.split(",")[0] for line in file.read().splitlines()[1:]}
        with open(program.source / "data/aid2022/edges.csv", encoding="utf-8") as file:
            known = {line.split(",")[1] for line in file.read().splitlines()[1:]}
        found = re.search("no donor at all: (.*)", self.done.stdout)
        self.assertEqual(ids - known, set(found[1].split(", ")))

    def test_cells_are_marked_for_notebooks(self):
        text = (program.source / "scripts/tutorial.py").read_text(encoding="utf-8")
        self.assertGreater(len(re.findall("^# %%$", text, re.MULTILINE)), 5)
        self.assertIn("# %% [markdown]", text)
        self.assertTrue(os.access(program.source / "scripts/tutorial.py", os.X_OK))


if __name__ == "__main__":
    program.main()
