#!/usr/bin/python3
"""Four pictures from committed scenarios, drawn by the report's own scripts: who aid reaches, what
supply does on a trust network, where the literal rule ends in cycles, what a small world looks like.

usage: gallery.py BINARY FOLDER   (Debian: python3-h5py python3-matplotlib)
data/pictures/gallery_*.svg are made by it.
"""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "solver" / "app" / "report"))

import figures
import section_facts
import section_grid
import section_runs
from averages import estimate_of
from choices import Story, y_title
from result_file import Result


def results_of(binary, folder, command, scenario, *arguments):
    """Runs a scenario; what the report makes of it."""
    out = folder / f"{scenario}.h5"
    subprocess.run([binary, command, ROOT / "data" / f"{scenario}.toml", "-o", out, "--quiet", *arguments],
                   check=True)
    return Story(Result(str(out)))


def aid(story):
    rows = section_runs.rows_of_recipients(story)
    return figures.dots(rows.need[:, 0], rows.satisfaction[:, 0], "asked for [million USD]",
                        "satisfied / need")


def supply(story):
    variable = story.result.variables["satisfied_fraction"]
    view = story.view("supply_ratio")
    rows = section_grid.line_rows(variable, view, story.view("settlement"))
    return figures.lines(view, rows, y_title(variable), True, view.positions.clip(max=1.0))


def cycles(story):
    x, y, settlement = (story.view(name) for name in ("agents", "supply_ratio", "settlement"))
    shares = estimate_of(story.share_of("cycle"), [settlement, y, x]).mean
    return figures.heat_map(x, y, shares[settlement.labels.index("reallocate")], 0.0, 1.0,
                            "share of runs in a cycle")


def small_world(story):
    return section_facts.picture(story)[0][1]


def main():
    binary, out = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pictures = {
            "aid": aid(results_of(binary, folder, "run", "aid2022")),
            "supply": supply(results_of(binary, folder, "sweep", "bitcoin_otc")),
            "cycles": cycles(results_of(binary, folder, "sweep", "mesh")),
            "network": small_world(results_of(binary, folder, "network", "seed_mesh",
                                              "--set", "network.neighbors=4",
                                              "--set", "network.kind=small_world")),
        }
        for subject, svg in pictures.items():
            (out / f"gallery_{subject}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
