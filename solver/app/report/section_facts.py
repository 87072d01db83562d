"""Sections of facts: the network, all metrics in one table, scenario, tables, provenance."""

import numpy as np

import figures
import page
from averages import estimate_of, last_episode, view_of_axis
from choices import MOST_LINES, y_title
from result_file import number

MOST_DRAWN = 200  # agents in a picture
MOST_FITS = 6  # cells of a metric whose curves are told one by one
NETWORK_AXES = ("agents", "neighbors", "kind")
SHOWN_FIRST = ("start", "end", "host", "command_line", "commit", "dirty", "compiler", "flags", "libraries",
               "simd_target", "threads", "ranks", "processors", "numa_nodes")


def facts(story):
    """One line under the title."""
    result = story.result
    lengths = [f"{name} {len(result.axes[name].values)}" for name in result.dims]
    runs = int(np.prod([len(result.axes[name].values) for name in result.dims], dtype=np.int64))
    what = "runs" if story.has_runs else "networks"
    grid = f"{runs:,} {what}: {' × '.join(lengths)}" if lengths else ("one run" if story.has_runs
                                                                       else "one network")
    return f"{grid}. needflow {result.attribute('needflow_version')}, seed {result.attribute('seed')}."


# ---- the network ---------------------------------------------------------------------------------

def network(story, tables):
    panels = picture(story) + hops(story, tables) + degrees(story)
    if not panels:
        return ""
    if not story.result.dims:
        return page.figure(panels, "The one network of this file; pairs without a path are in no bar.")
    return page.figure(panels, "Shares are means over all networks that the file holds, one colour for "
                       "each value of the axis in the legend; pairs without a path are in no bar.")


def network_series(story, variable):
    """An axis of the network with a few values to compare."""
    for name in NETWORK_AXES:
        view = story.view(name)
        if view is not None and len(view) <= 6 and view.dimension in variable.dims:
            return view
    return None


def shares_over(story, variable, inner):
    view = view_of_axis(story.result.axes[inner])
    series = network_series(story, variable)
    if series is None:
        return view, [("all networks", estimate_of(variable, [view]).mean)]
    means = estimate_of(variable, [series, view]).mean
    return view, [(f"{series.name} {label}", means[i]) for i, label in enumerate(series.labels)
                  if np.isfinite(means[i]).any()]


def hops(story, tables):
    variable = story.result.variables.get("hop_share")
    if variable is None or not np.isfinite(variable.values).any():
        return []
    view, rows = shares_over(story, variable, "hops")
    tables.add("hops.csv", "shares of pairs by hops", ["networks", "hops", "share"],
               [(name, label, float(share)) for name, shares in rows
                for label, share in zip(view.labels, shares)])
    alt = "Share of pairs by hops. " + "; ".join(
        f"{name}: " + ", ".join(f"{label} {number(share, 3)}" for label, share in
                                zip(view.labels, shares)) for name, shares in rows)
    return [("How far apart agents are", figures.bars(view.labels, [(n, np.nan_to_num(s)) for n, s in rows],
                                                      "hops", "share of pairs"), alt)]


def degrees(story):
    variable = story.result.variables.get("degree_agents")
    if variable is None or not np.isfinite(variable.values).any():
        return []
    view, rows = shares_over(story, variable, "degree")
    shares = [(name, np.nan_to_num(mean) / max(1e-300, np.nansum(mean))) for name, mean in rows]
    used = np.nonzero(sum(share for _, share in shares) > 0)[0]
    if not used.size:
        return []
    first, last = used[0], used[-1] + 1
    labels = view.labels[first:last]
    svg = figures.bars(labels, [(name, share[first:last]) for name, share in shares[:MOST_LINES]],
                       "links of an agent", "share of agents")
    return [("How many links agents have", svg,
             f"Share of agents by their links, from {labels[0]} to {labels[-1]}.")]


def picture(story):
    """Drawn where the file keeps the links (`needflow network -o`) of a few agents."""
    group = story.result.group("network")
    if group is None or "offsets" not in group or "columns" not in group:
        return []
    offsets, columns = group["offsets"][()].astype(np.int64), group["columns"][()].astype(np.int64)
    agents = len(offsets) - 1
    if agents < 2 or agents > MOST_DRAWN or not len(columns):
        return []
    from_ = np.repeat(np.arange(agents), np.diff(offsets))
    pairs = np.column_stack([from_, columns])[from_ < columns]
    svg = figures.network_picture(spring_layout(agents, pairs), pairs, np.diff(offsets))
    return [(f"The network: {agents} agents, {len(pairs):,} links", svg,
             f"The network drawn with springs: {agents} agents, {len(pairs)} links, "
             f"{np.diff(offsets).min()} to {np.diff(offsets).max()} links an agent.")]


def spring_layout(agents, pairs, steps=200):
    """Fruchterman and Reingold (1991), from a circle: no draws, the same picture each time."""
    angle = 2 * np.pi * np.arange(agents) / agents
    # A spiral, not a circle: symmetric starts would stay symmetric.
    places = np.column_stack([np.cos(angle), np.sin(angle)]) * (0.5 + 0.5 * angle[:, None] / (2 * np.pi))
    links = np.zeros((agents, agents))
    links[pairs[:, 0], pairs[:, 1]] = links[pairs[:, 1], pairs[:, 0]] = 1.0
    ideal = 1.6 / np.sqrt(agents)
    for step in range(steps):
        apart = places[:, None, :] - places[None, :, :]
        distance = np.maximum(np.sqrt((apart**2).sum(axis=2)), 1e-3)
        force = ideal**2 / distance**2 - links * distance / ideal
        move = (apart * force[:, :, None]).sum(axis=1)
        length = np.maximum(np.sqrt((move**2).sum(axis=1)), 1e-9)
        heat = 0.12 * (1 - step / steps)
        places = places + move / length[:, None] * np.minimum(length, heat)[:, None]
    return places - places.mean(axis=0)


# ---- curves over size and degree -----------------------------------------------------------------

def curves(tables):
    """Which curve describes a metric best, from the program's fits."""
    best = [row for row in tables.rows_given("fits.csv") if row["rank"] == "1"]
    if not best:
        return ""
    groups = {}
    for row in best:
        groups.setdefault((row["metric"], row["against"]), []).append(row)
    rows = []
    for (metric, against), found in groups.items():
        kinds = {}
        for row in found:
            kinds[row["curve"]] = kinds.get(row["curve"], 0) + 1
        order = sorted(kinds, key=lambda kind: (-kinds[kind], kind))
        rows.append((metric, against, f"{len(found):,}",
                     ", ".join(f"{kind} {100 * kinds[kind] / len(found):.0f} %" for kind in order),
                     f"{np.median([float(row['r_squared'] or 'nan') for row in found]):.3f}"))
    parts = [page.table(["metric", "against", "cells", "best curve, in how many cells", "median R²"], rows,
                        "Least squares for each cell of the other axes; the best by AIC. All curves with "
                        "their coefficients are in fits.csv.", numbers=(2, 4))]
    few = [row for row in best if len(groups[row["metric"], row["against"]]) <= MOST_FITS]
    if few:
        known = {"metric", "against", "rank", "curve", "errors", "a", "a_se", "b", "b_se", "b_lo", "b_hi",
                 "r_squared", "aic", "n"}
        parts.append(page.table(
            ["metric", "against", "where", "curve", "a", "b (95 %)", "R²"],
            [(row["metric"], row["against"],
              ", ".join(f"{key} = {value}" for key, value in row.items() if key not in known and value),
              row["curve"], short_number(row["a"]),
              f"{short_number(row['b'])} ({short_number(row['b_lo'])} to {short_number(row['b_hi'])})",
              short_number(row["r_squared"])) for row in few]))
    return "\n".join(parts)


def short_number(words):
    return number(float(words), 3) if words else "–"


# ---- tables of facts -----------------------------------------------------------------------------

def metrics(story, tables):
    rows, full = [], []
    for variable in story.grid_variables():
        values = last_episode(variable)[1]
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        marks = (values.mean(), values.min(), float(np.median(values)), values.max())
        rows.append((y_title(variable), variable.long_name, *(number(m) for m in marks),
                     f"{values.size:,}"))
        full.append((variable.name, variable.units, *(float(m) for m in marks), values.size))
    tables.add("metrics.csv", "all metrics over all runs", ["metric", "units", "mean", "min", "median",
                                                            "max", "runs"], full)
    one = all(row[-1] == "1" for row in rows)
    if one:
        rows = [(*row[:2], row[2]) for row in rows]
        return page.table(["metric", "what it is", "value"], rows, numbers=(2,))
    episode = " The last episode." if "episode" in story.result.axes else ""
    return page.table(["metric", "what it is", "mean", "min", "median", "max", "runs"], rows,
                      "Over all runs with a value." + episode, numbers=range(2, 7))


def scenario(story):
    settings = story.result.group_attributes("settings")
    designed = [axis for axis in (*story.result.axes.values(), *story.result.along.values())
                if axis.name in story.result.dims or axis.name in story.result.along]
    rows = [(axis.name, values_text(axis), axis.units, axis.long_name) for axis in designed]
    parts = []
    if rows:
        parts.append(page.table(["axis", "values", "unit", "what it is"], rows))
    if settings:
        axes = {axis.name for axis in designed}
        fixed = [(key, value) for key, value in settings.items()
                 if key.rsplit(".", 1)[-1] not in axes or key in ("title", "seed")]
        parts.append(page.folded("Settings that do not vary",
                                 page.table(["option", "value"], fixed)))
    words = story.result.attribute("scenario")
    if words:
        parts.append(page.folded("The scenario file, every default written out", page.preformatted(words)))
    return "\n".join(parts)


def values_text(axis, most=12):
    labels = axis.labels
    if len(labels) <= most:
        return ", ".join(labels)
    if axis.numeric:
        return f"{len(labels)} values from {number(min(axis.values))} to {number(max(axis.values))}"
    return f"{len(labels)} words: {', '.join(labels[:most])} …"


def table_list(tables):
    items = "\n".join(f'<li><a href="{name}">{name}</a> – {page.escape(what)} ({rows:,} rows)</li>'
                      for name, what, rows in tables.listed())
    return (page.paragraph("CSV files beside this page, with every digit. Where a mean has an interval, "
                           "low_95 and high_95 are its ends and independent_units what it stands on.")
            + f"\n<ul>\n{items}\n</ul>")


def provenance(story):
    given = story.result.group_attributes("provenance")
    order = [key for key in SHOWN_FIRST if key in given] + \
        sorted(key for key in given if key not in SHOWN_FIRST)
    rows = [("needflow", story.result.attribute("needflow_version")),
            ("plan", story.result.attribute("plan_hash")), ("seed", story.result.attribute("seed"))]
    rows += [(key.replace("_", " "), given[key]) for key in order]
    shard = story.result.group_attributes("shard")
    if shard:
        rows.append(("shard", f"{shard.get('index')} of {shard.get('count')}: the others' points are "
                              "pending here"))
    return page.table(["", ""], rows)
