#!/usr/bin/python3
"""The picture of speed over size, for needflow and its peers, from what bench/peers/compare.py wrote.

usage: plot_peers.py results/peers.json data/pictures/peers.png   (Debian: python3-matplotlib)
"""
import json
import statistics
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  after the choice of its backend

STYLES = {  # name: colour, marker, width
    "needflow": ("#c8553d", "o", 2.4),
    "GraphBLAS": ("#1b6ca8", "s", 1.3),
    "PETSc": ("#3a9d5d", "^", 1.3),
    "Eigen": ("#7b5ea7", "v", 1.3),
    "SciPy": ("#e2a33a", "D", 1.3),
    "JavaScript arrays": ("#8a8a8a", "x", 1.3),
    "JavaScript maps": ("#b5b5b5", "+", 1.3),
}


def edges_a_second(case, name):
    """Stored entries a second; a round visits each twice and counts it once."""
    return case["entries"] / statistics.median(case["times"][name])


def draw(axes, cases, threads):
    for name, (colour, marker, width) in STYLES.items():
        points = [(c["agents"], edges_a_second(c, name)) for c in cases if name in c["times"]]
        if points:
            axes.plot(*zip(*sorted(points)), marker=marker, color=colour, linewidth=width,
                      markersize=5, label=name)
    limit = [(c["agents"], statistics.median(c["limits"]["gather"]) / 2.0) for c in cases]
    axes.plot(*zip(*sorted(limit)), ":", color="black", linewidth=1.0,
              label="limit: two random reads an entry")
    axes.set(xscale="log", yscale="log", xlabel="agents (20 neighbours each; 30 at the largest)",
             title=f"{threads} thread{'' if threads == 1 else 's'}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, which="major", color="#e5e5e5", linewidth=0.6)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    counts = sorted({case["threads"] for case in cases})
    shown = counts if len(counts) < 3 else [counts[0], counts[-1]]
    figure, panels = plt.subplots(1, len(shown), figsize=(5.2 * len(shown) + 1.2, 4.2), sharey=True,
                                  squeeze=False)
    for axes, threads in zip(panels[0], shown):
        draw(axes, [case for case in cases if case["threads"] == threads], threads)
    panels[0][0].set_ylabel("edges a second in a round")
    panels[0][-1].legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
