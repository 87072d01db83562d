#!/usr/bin/python3
# %% [markdown]
# # From a scenario to answers
# Run it whole from the repository's root, `NEEDFLOW=build/release/needflow scripts/tutorial.py`, or cell by
# cell: VS Code opens it as it is, Jupyter after `jupytext --to notebook scripts/tutorial.py`. It takes seconds.
# Debian: python3-xarray python3-h5netcdf python3-matplotlib.

# %%
import os
import pathlib
import subprocess

import numpy as np
import xarray as xr

NEEDFLOW = os.environ.get("NEEDFLOW", "build/release/needflow")
OUT = pathlib.Path(os.environ.get("TUTORIAL_OUT", "results/tutorial"))
OUT.mkdir(parents=True, exist_ok=True)


def needflow(*arguments):
    done = subprocess.run([NEEDFLOW, *map(str, arguments)], check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout


# %% [markdown]
# ## 1. A scenario
# A scalar is a setting, an array an axis. Meshes of 30 and 100 agents, with little, enough and plenty of
# supply, under the three settlements; four independent networks, so that there is something to make an
# interval of. The optimum is asked for: large sweeps leave it out unless told.

# %%
SCENARIO = """\
title = "Tutorial: partial meshes"
seed = 1

[network]
agents = [30, 100]
neighbors = [2, 6, 12, 20]
count = 4

[population]
replicates = 2
supply_ratio = [0.5, 1.0, 2.0]

[round]
settlement = ["stock", "stream", "reallocate"]

[output]
optimum = "on"
fairest = "on"
"""
(OUT / "mesh.toml").write_text(SCENARIO, encoding="utf-8")

# %% [markdown]
# ## 2. What it would do, the sweep, the page
# `plan` computes nothing. The sweep leaves one HDF5 file; killed half-way it goes on with `--resume`.
# `report` makes a page with figures and CSV tables of it: open OUT/report/index.html.

# %%
print(needflow("plan", OUT / "mesh.toml"))
needflow("sweep", OUT / "mesh.toml", "-o", OUT / "mesh.h5", "--overwrite", "--quiet")
print(needflow("report", OUT / "mesh.h5", "-o", OUT / "report", "--overwrite"))

# %% [markdown]
# ## 3. Questions to the file
# Dimensions have the names of the scenario's axes. Runs on the same network share its chances, so a network
# counts once: all its runs are averaged first, and the 95 % interval is Student's t over those means.

# %%
T_975 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571}  # by number of networks
mesh = xr.open_dataset(OUT / "mesh.h5")


def told(values, scale=100.0, unit=" %", digits=1):
    """"97.2 ± 0.6 %", NaN left out; without an interval where there is one network."""
    means = scale * values.mean([name for name in values.dims if name != "network"]).values
    means = means[np.isfinite(means)]
    half = T_975[len(means)] * means.std(ddof=1) / len(means)**0.5 if len(means) > 1 else np.nan
    return f"{means.mean():.{digits}f}" + (f" ± {half:.{digits}f}" if np.isfinite(half) else "") + unit


# %% [markdown]
# ### Does it converge, and in how many rounds?
# A run that met all needs or came to rest has converged; a cycle or the limit of rounds is none of it.

# %%
names = mesh.status.attrs["flag_meanings"].split()
at_rest = mesh.status.isin([names.index("needs_met"), names.index("stable")])
print("Does it converge?")
for settlement in mesh.settlement.values:
    rest = at_rest.sel(settlement=settlement)
    rounds = mesh.rounds.sel(settlement=settlement).where(rest)
    after = f", after {told(rounds, 1.0, ' rounds')}" if rest.any() else ""
    print(f"  {settlement}: {told(rest.astype(float))} of the runs{after}")

# %% [markdown]
# ### Which k?
# Differences between degrees are paired by network number and draw. One that its interval cannot tell from 0
# is within noise, and no ground to prefer either.

# %%
print("Which k?")
satisfied = mesh.satisfied_fraction.sel(settlement="stock", supply_ratio=1.0)
for k in satisfied.neighbors.values:
    print(f"  k = {k}: {told(satisfied.sel(neighbors=k))} of all need, stock, as much supply as need")
for below, above in zip(satisfied.neighbors.values, satisfied.neighbors.values[1:]):
    gain = satisfied.sel(neighbors=above) - satisfied.sel(neighbors=below)
    means = gain.mean(["agents", "replicate"]).values
    half = T_975[len(means)] * means.std(ddof=1) / len(means)**0.5
    verdict = "within noise" if abs(means.mean()) <= half else "more than noise"
    print(f"  from {below} to {above}: {100 * means.mean():+.1f} ± {100 * half:.1f} percentage points, "
          f"{verdict}")

# %% [markdown]
# ### How far from the optimum?
# `efficiency` is what the local rule satisfies over the most that any allocation of the stock could, a maximum
# flow; `fairest_jain` is Jain's index of the fairest allocation that satisfies so much.

# %%
print("How far from the optimum? (stock)")
stock = mesh.sel(settlement="stock")
for ratio in stock.supply_ratio.values:
    at = stock.sel(supply_ratio=ratio)
    print(f"  supply {ratio}: {told(at.efficiency)} of the most that is possible; Jain's index "
          f"{told(at.jain_index, 1.0, '', 3)}, the fairest {told(at.fairest_jain, 1.0, '', 3)}")

# %% [markdown]
# ## 4. Real data: who is left out of the aid of 2022?
# One instance as it is: no draws, so no intervals. `run` takes one point; its scenario keeps every agent.

# %%
needflow("run", "data/aid2022.toml", "-o", OUT / "aid.h5", "--overwrite", "--quiet")
aid = xr.open_dataset(OUT / "aid.h5")
recipients = xr.open_dataset(OUT / "aid.h5", group="recipients")
share = (recipients.satisfied / recipients.need).values
ids, links = recipients.id.values, recipients.degree.values
print("Who is left out in aid 2022?")
print(f"  {100 * float(aid.satisfied_fraction):.1f} % of all need is met, after {int(aid.rounds)} rounds: "
      f"{100 * float(aid.efficiency):.1f} % of the most that is possible")
print(f"  no donor at all: {', '.join(ids[links == 0])}")
worst = [i for i in np.argsort(share) if links[i] > 0][:5]
print(f"  least of their need, with a donor: {', '.join(f'{ids[i]} ({100 * share[i]:.3f} %)' for i in worst)}")

# %% [markdown]
# ## 5. A picture

# %%
from matplotlib.figure import Figure

figure = Figure(figsize=(5, 3.2), layout="constrained")
axes = figure.add_subplot()
for settlement, marker in zip(mesh.settlement.values, "os^"):
    mean = mesh.satisfied_fraction.sel(settlement=settlement).mean(
        ["agents", "neighbors", "network", "replicate"])
    axes.plot(mesh.supply_ratio, mean, marker=marker, label=settlement)
axes.set(xlabel="supply / need", ylabel="satisfied fraction")
axes.legend()
figure.savefig(OUT / "supply.svg")
print(f"picture in {OUT / 'supply.svg'}")
