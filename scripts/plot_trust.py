#!/usr/bin/python3
"""What deception gains over bias, for several strengths of trust: data/pictures/trust_bias.svg.

usage: plot_trust.py trust_bias.h5 PICTURE.svg   (Debian: python3-xarray python3-h5netcdf python3-matplotlib)
The result is that of `needflow sweep data/trust_bias.toml -o trust_bias.h5`. Lines are means over
networks and draws of the last episode, bands 95 % intervals, of networks (draws are nested in them).
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

COLOURS = {0.0: "#555555", 1.0: "#3a9d5d", 2.0: "#1b6ca8", 4.0: "#c8553d"}
STUDENT_95 = {3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}  # by number of networks


def draw_gain(axes, gain):
    """Deceivers' satisfied share less that of the honest, by bias; one line a gamma."""
    for gamma in gain.gamma.values:
        networks = gain.sel(gamma=gamma).mean("replicate")
        count = networks.sizes["network"]
        mean = networks.mean("network")
        half = STUDENT_95[count] * networks.std("network", ddof=1) / np.sqrt(count)
        name = "no trust" if gamma == 0.0 else f"γ = {gamma:g}"
        axes.fill_between(gain.bias, mean - half, mean + half, color=COLOURS[gamma], alpha=0.2,
                          linewidth=0)
        axes.plot(gain.bias, mean, "o-", color=COLOURS[gamma], markersize=3, label=name)
    axes.axhline(0.0, color="black", linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.set_xticks(gain.bias.values, [f"{b:g}" for b in gain.bias.values])
    axes.minorticks_off()


def main():
    matplotlib.rcParams["svg.hashsalt"] = "needflow"
    results = xr.open_dataset(sys.argv[1], engine="h5netcdf")
    gain = results.deception_gain.isel(episode=-1).sel(neighbors=20)
    rows, columns = gain.agents.values, gain.aggressive_fraction.values
    figure, grid = plt.subplots(len(rows), len(columns), figsize=(10, 5.6), sharex=True, sharey=True)
    for line, agents in zip(grid, rows):
        for axes, fraction in zip(line, columns):
            draw_gain(axes, gain.sel(agents=agents, aggressive_fraction=fraction))
            axes.set_title(f"N = {agents}, {fraction:.0%} deceive", fontsize=10)
            axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel("bias")
    for axes in grid[:, 0]:
        axes.set_ylabel("gain of deceivers")
    grid[0, 0].legend(frameon=False, fontsize=9)
    figure.tight_layout()
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
