#!/usr/bin/python3
"""The README's picture from the mesh sweep: what settlement does to needs, and how reallocation ends.

usage: plot_mesh.py results/mesh.h5 PICTURE.png   (Debian: python3-xarray python3-h5netcdf python3-matplotlib)
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

SETTLEMENTS = {"stock": "#1b6ca8", "stream": "#3a9d5d", "reallocate": "#c8553d"}
ENDS = {"needs_met": "#3a9d5d", "stable": "#1b6ca8", "cycle": "#e2a33a", "round_limit": "#c8553d"}


def draw_satisfaction(axes, results):
    """Mean over sizes, degrees, networks and replicates; the band holds the middle 80 % of the points."""
    ratios = results.supply_ratio.values
    for name, colour in SETTLEMENTS.items():
        fraction = results.satisfied_fraction.sel(settlement=name)
        others = [d for d in fraction.dims if d != "supply_ratio"]
        low, high = fraction.quantile([0.1, 0.9], dim=others)
        axes.fill_between(ratios, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(ratios, fraction.mean(others), "o-", color=colour, label=name)
    axes.plot(ratios, np.minimum(ratios, 1.0), ":", color="black", label="total supply / need")
    axes.set(xlabel="supply ratio (total capacity / total need)", ylabel="satisfied fraction",
             ylim=(0, 1.05), title="What the three settlements satisfy")
    axes.legend(frameon=False, loc="center right", bbox_to_anchor=(1.0, 0.68))


def draw_endings(axes, results):
    """Share of the `reallocate` points that end each way."""
    status = results.status.sel(settlement="reallocate")
    names = status.attrs["flag_meanings"].split()
    ratios = [str(r) for r in results.supply_ratio.values]
    below = np.zeros(len(ratios))
    others = [d for d in status.dims if d != "supply_ratio"]
    for name, colour in ENDS.items():
        share = (status == names.index(name)).mean(others).values
        axes.bar(ratios, share, bottom=below, color=colour, label=name)
        below += share
    axes.set(xlabel="supply ratio", ylabel="share of points", ylim=(0, 1),
             title="How the seed's literal rule (reallocate) ends")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def main():
    results = xr.open_dataset(sys.argv[1], engine="h5netcdf")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    draw_satisfaction(left, results)
    draw_endings(right, results)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
