"""What the README shows is what happens. usage: test_readme.py BINARY SOURCE_DIR"""

import contextlib
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BINARY, SOURCE = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
README = (SOURCE / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def output_of(*arguments, cwd):
    done = subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Readme(unittest.TestCase):
    def test_the_printed_rounds_are_what_run_prints(self):
        printed = output_of("run", "data/seed_round.toml", cwd=SOURCE)
        self.assertIn(blocks("text")[0], printed)

    def test_the_shown_network_is_what_network_prints(self):
        self.assertEqual(blocks("text")[1], output_of("network", "data/seed_mesh.toml", cwd=SOURCE))

    def test_the_shown_scenario_gives_the_shown_rounds(self):
        with tempfile.TemporaryDirectory() as folder:
            scenario = pathlib.Path(folder, "shown.toml")
            scenario.write_text(blocks("toml")[0].replace("seed_round/", f"{SOURCE}/data/seed_round/"),
                                encoding="utf-8")
            self.assertIn(blocks("text")[0], output_of("run", scenario, cwd=folder))

    def test_the_python_lines_run_on_the_mesh_result(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "results").mkdir()
            output_of("sweep", SOURCE / "data/mesh.toml", "-o", "results/mesh.h5", "--quiet", cwd=folder)
            printed = io.StringIO()
            here = os.getcwd()
            os.chdir(folder)
            try:
                with contextlib.redirect_stdout(printed):
                    exec(compile(blocks("python")[0], "README.md", "exec"), {})
            finally:
                os.chdir(here)
            self.assertIn("2lnN", printed.getvalue())
            self.assertIn("needs_met", printed.getvalue())

    def test_the_number_of_points_and_set_up_commands_is_as_said(self):
        plan = output_of("plan", "data/mesh.toml", cwd=SOURCE)
        points = int(re.search(r"^points +(\d+)", plan, re.M).group(1))
        self.assertIn(f"{points:,} points of `data/mesh.toml`", README)
        self.assertEqual(len(blocks("sh")), 2)
        for command in blocks("sh"):
            self.assertTrue(os.access(SOURCE / command.strip(), os.X_OK), command)

    def test_links_lead_somewhere(self):
        for target in re.findall(r"\]\(([^)#]+)\)", README):
            self.assertTrue((SOURCE / target).exists(), target)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
