"""Sections over the grid: how runs end, what each axis does, two axes at a time."""

import numpy as np

import figures
import page
from averages import (averaged_over, can_show, estimate_of, interval_text, last_episode,
                      views_of)
from choices import ENDED, MOST_FACETS, SHARES, title_of, y_title
from result_file import number
from csv_tables import MEAN_COLUMNS, mean_rows

MOST_AXES = 8
MOST_PAIRS = 10
MOST_MAPS = 60
MAP_BINS = 5
MOST_FAILURES = 20
MOST_STEPS = 8  # told in a sentence


def percent(share):
    if not np.isfinite(share):
        return "–"
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    return f"{100 * share:.1f} %" if 0.001 <= share <= 0.999 else f"{100 * share:.3g} %"


# ---- how runs end --------------------------------------------------------------------------------

def endings(story, tables):
    if not story.has_runs:
        return ""
    result = story.result
    counts = status_counts(story)
    total = sum(counts.values())
    rows = [(name, f"{count:,}", percent(count / total)) for name, count in counts.items() if count]
    tables.add("statuses.csv", "how the runs ended", ["status", "runs"], list(counts.items()))
    parts = [page.table(["status", "runs", "share"], rows, "Runs are points times need types and "
                        "episodes; points that the design leaves out do not count.", numbers=(1, 2))]
    parts.append(endings_figure(story))
    parts.append(failures(result, tables))
    return "\n".join(parts)


def status_counts(story):
    result = story.result
    counts = {name: int((result.status == code).sum()) for code, name in enumerate(result.status_names)}
    counts["pending"] -= result.excluded + result.absent
    return counts


def endings_figure(story):
    views = [view for view in story.views if len(view) <= 40][:4]
    if not views or not story.ran.any():
        return ""
    panels = []
    for view in views:
        shares = {name: estimate_of(story.share_of(name), [view]).mean for name in ENDED}
        parts = [(name, np.nan_to_num(share)) for name, share in shares.items()
                 if np.nansum(share) > 0]
        alt = f"Stacked bars over {view.name}. " + "; ".join(
            f"{label}: " + ", ".join(f"{name} {percent(share[i])}" for name, share in parts)
            for i, label in enumerate(view.labels[:6]))
        panels.append((f"By {view.name}", figures.stacked(view.labels, parts, view.title), alt))
    return page.figure(panels, "Shares of the runs that have an end (pending, failed and invalid ones "
                       "left out), each panel averaged over all other axes and draws.")


def point_words(result, point):
    """The axes' values of a point: "agents = 100, network = 1"."""
    dims = [name for name in result.dims if name not in ("type", "episode")]
    shape = tuple(len(result.axes[name].values) for name in dims)
    if not shape:
        return "the only point"
    place = dict(zip(dims, np.unravel_index(point, shape)))
    words = []
    for name, i in place.items():
        words.append(f"{name} = {result.axes[name].labels[i]}")
        words += [f"{other.name} = {other.labels[i]}" for other in result.along.values()
                  if other.dimension == name]
    return ", ".join(words)


def failures(result, tables):
    group = result.group("failures")
    if group is None:
        return ""
    points = group["point"][()]
    messages = [m.decode("utf-8", "replace") if isinstance(m, bytes) else str(m)
                for m in group["message"][()]]
    attempts = group["attempts"][()] if "attempts" in group else np.ones(len(points), dtype=int)
    tables.add("failures.csv", "points without a result", ["point", "where", "attempts", "message"],
               [(int(p), point_words(result, p), int(a), m)
                for p, a, m in zip(points, attempts, messages)])
    first, count = {}, {}
    for point, message in zip(points, messages):
        first.setdefault(message, point)
        count[message] = count.get(message, 0) + 1
    rows = [(f"{count[m]:,}", m, point_words(result, first[m])) for m in
            sorted(count, key=lambda m: (-count[m], first[m]))]
    more = f" {len(rows) - MOST_FAILURES} further messages are in failures.csv." if \
        len(rows) > MOST_FAILURES else ""
    return "<h3>Points without a result</h3>\n" + page.table(
        ["points", "why", "the first of them"], rows[:MOST_FAILURES],
        f"{len(points):,} points failed or have no solution.{more}", numbers=(0,))


# ---- what each axis does -------------------------------------------------------------------------

def axes_section(story, tables):
    parts = []
    left = [view.name for view in story.views[MOST_AXES:]]
    for view in story.views[:MOST_AXES]:
        series = story.series_for(view)
        parts.append(f"<h3>{page.escape(view.heading or view.name)}</h3>")
        if view.long_name:
            parts.append(page.paragraph(view.long_name))
        parts.append(lines_figure(story, view, series, story.main_metrics()))
        parts.append(steps_table(story, tables, view))
        types = story.view("type")
        if types is not None and view.name != "type" and (series is None or series.name != "type"):
            parts.append(lines_figure(story, view, types, story.main_metrics()[:2]))
        views = [view] if series is None else [view, series]
        shown = [v for v in story.grid_variables() if can_show(v, views)]
        tables.add(f"means_by_{view.name}.csv", f"means of all metrics over {view.name}"
                   + (f" and {series.name}" if series else ""),
                   [*(v.heading or v.name for v in views), *MEAN_COLUMNS], mean_rows(shown, views))
    if left:
        parts.append(page.paragraph(f"Left out, for the page's length: {', '.join(left)}."))
    return "\n".join(parts)


def verdicts(tables, metrics):
    """How often each step along an axis leaves the noise: {(axis, metric, from, to): {verdict: cells}}."""
    if not hasattr(tables, "verdicts"):
        tables.verdicts = {}
        for row in tables.rows_given("differences.csv"):
            if row["metric"] in metrics:
                counts = tables.verdicts.setdefault(
                    (row["axis"], row["metric"], row["from"], row["to"]), {})
                counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    return tables.verdicts


def steps_table(story, tables, view):
    """Pairs of cells that differ in this axis alone, with the same draws."""
    names = [variable.name for variable in story.main_metrics()]
    words = ("higher", "lower", "within noise", "same", "unknown")
    rows = [(metric, f"{before} → {after}", *(counts.get(word, 0) for word in words))
            for (axis, metric, before, after), counts in verdicts(tables, set(names)).items()
            if axis == view.name]
    if not rows:
        return ""
    rows.sort(key=lambda row: names.index(row[0]))
    used = [i for i in range(len(words)) if any(row[2 + i] for row in rows)]
    table = page.table(["metric", "step", *(words[i] for i in used)],
                       [(*row[:2], *(f"{row[2 + i]:,}" for i in used)) for row in rows],
                       "In how many cells of the grid the step changes the metric by more than its 95 % "
                       "interval, which pairs runs with the same network and draws; of many comparisons one "
                       "in twenty leaves the noise by chance. Each of them is in differences.csv.",
                       numbers=range(2, 2 + len(used)))
    return page.note(steps_text(names[0], rows, words)) + page.folded(
        f"Step by step along {view.heading or view.name}", table)


def steps_text(metric, rows, words):
    """"satisfied_fraction, step by step: 0.5 → 1 higher in 4 of 4 cells; …" of the main metric."""
    parts = []
    for name, step, *counts in rows:
        if name == metric:
            told = ", ".join(f"{word} in {count:,}" for word, count in zip(words, counts) if count)
            parts.append(f"{step} {told} of {sum(counts):,} cells")
    left = f"; {len(parts) - MOST_STEPS} more below" if len(parts) > MOST_STEPS else ""
    return f"{metric.replace('_', ' ')}, step by step: {'; '.join(parts[:MOST_STEPS])}{left}." if parts else ""


def line_rows(variable, view, series):
    """(label, mean, low, high) for each value of the series, or one row."""
    if series is None:
        found = estimate_of(variable, [view])
        return [(variable.name.replace("_", " "), found.mean, found.low, found.high)]
    found = estimate_of(variable, [series, view])
    return [(label, found.mean[i], found.low[i], found.high[i])
            for i, label in enumerate(series.labels) if np.isfinite(found.mean[i]).any()]


def lines_alt(variable, view, rows):
    words = "; ".join(f"{label}: {number(mean[0], 3)} at {view.labels[0]}, {number(mean[-1], 3)} at "
                      f"{view.labels[-1]}" for label, mean, _, _ in rows[:8])
    return f"Line chart of {variable.name} over {view.name}. {words}."


def lines_figure(story, view, series, variables):
    views = [view] if series is None else [view, series]
    panels, flat = [], []
    for variable in variables:
        if not can_show(variable, views):
            continue
        rows = line_rows(variable, view, series)
        if not rows:
            continue
        values = np.concatenate([row[1] for row in rows])
        if np.nanmin(values) == np.nanmax(values):
            flat.append(f"{y_title(variable)} = {number(np.nanmin(values))}")
            continue
        bound = None
        if view.name == "supply_ratio" and variable.name == "satisfied_fraction":
            bound = np.minimum(view.positions, 1.0)
        svg = figures.lines(view, rows, y_title(variable), variable.name in SHARES, bound)
        panels.append((title_of(variable), svg, lines_alt(variable, view, rows)))
    same = page.note(f"The same everywhere: {', '.join(flat)}.") if flat else ""
    if not panels:
        return same
    dims, values = last_episode(variables[0])
    caption = f"Means over {averaged_over(dims, values.shape, views)}; {interval_text(dims, values.shape)}."
    if series is not None:
        caption += f" One line for each value of {series.name}."
    if view.binned:
        caption += f" {view.name} has a value of its own in each sample: bins of equally many samples."
    if view.name == "supply_ratio":
        caption += " Dotted: what supply alone would allow."
    if "episode" in variables[0].dims:
        caption += " The last episode."
    return page.figure(panels, caption + run_words(story)) + same


def run_words(story):
    if not story.has_runs:
        return ""
    result = story.result
    missing = result.status.size - result.excluded - result.absent - int(story.ran.sum())
    words = f" {missing:,} runs without a result are left out." if missing else ""
    if story.result.excluded:
        words += " Points that the design leaves out are in no mean: means compare different points there."
    return words


# ---- two axes at a time --------------------------------------------------------------------------

def pairs_of(story):
    """Pairs of axes for maps, numbers before words, and the axis for panels."""
    # Coarser bins than for lines: a place of a map should hold several samples.
    usable = [view for view in views_of(story.result, MAP_BINS) if view.name != "type"]
    facet = story.series_for(most=MOST_FACETS)
    rest = [view for view in usable if facet is None or view.name != facet.name]
    if len(rest) < 2:
        rest = usable
    rest = sorted(rest, key=lambda view: not view.numeric)  # stable: file order otherwise
    pairs = [(rest[i], rest[j]) for i in range(len(rest)) for j in range(i + 1, len(rest))]
    return [pair for pair in pairs
            if pair[0].dimension != pair[1].dimension or pair[0].dimension == "sample"]


def maps_section(story, tables):
    pairs = pairs_of(story)
    parts, drawn = [], 0
    left = []
    for x, y in pairs:
        if len(y) > len(x):
            x, y = y, x
        if len(parts) >= MOST_PAIRS or drawn >= MOST_MAPS:
            left.append(f"{x.name} × {y.name}")
            continue
        inside, count = maps_of_pair(story, x, y, tables)
        drawn += count
        if inside:
            parts.append(f"<h3>{page.escape(x.name)} × {page.escape(y.name)}</h3>\n{inside}")
    if left:
        parts.append(page.paragraph(f"Left out, for the page's length: {', '.join(left)}."))
    return "\n".join(parts)


def map_variables(story):
    variables = story.map_metrics()
    if story.has_runs:
        for name in ("cycle", "round_limit"):
            share = story.share_of(name)
            if np.nansum(share.values) > 0:
                variables.append(share)
    return variables


def maps_of_pair(story, x, y, tables):
    facet = story.series_for(x, y, most=MOST_FACETS)
    views = [y, x] if facet is None else [facet, y, x]
    panels, flat = [], {}
    variables = [v for v in map_variables(story) if can_show(v, views)]
    for variable in variables:
        means = estimate_of(variable, views).mean
        layers = means[None] if facet is None else means
        finite = layers[np.isfinite(layers)]
        if not finite.size:
            continue
        low, high = float(finite.min()), float(finite.max())
        if variable.name in SHARES or variable.name.endswith("_share"):
            low, high = 0.0, 1.0
        for i, layer in enumerate(layers):
            head = title_of(variable) + (f" – {facet.name} {facet.labels[i]}" if facet else "")
            values = layer[np.isfinite(layer)]
            if values.size and values.min() == values.max():
                same = (variable.name.replace("_", " "), number(values[0]))
                flat.setdefault(same, []).append(facet.labels[i] if facet else "")
            elif values.size:
                panels.append((head, figures.heat_map(x, y, layer, low, high, variable.units),
                               map_alt(variable, x, y, layer)))
    if not panels and not flat:
        return "", 0
    tables.add(f"map_{x.name}_{y.name}.csv", f"means over {x.name} and {y.name}",
               [*(view.heading or view.name for view in views), *MEAN_COLUMNS], mean_rows(variables, views))
    dims, values = last_episode(variables[0])
    caption = (f"Means over {averaged_over(dims, values.shape, views)}. The colour scale is the same in "
               "all panels of a metric; × marks places without a result." + run_words(story))
    return page.figure(panels, caption) + same_everywhere(flat), len(panels)


def same_everywhere(flat):
    """Maps of one colour, told in words: `flat` has the panels' names for each (metric, value)."""
    if not flat:
        return ""
    words = [f"{name} {value}" + (f" ({', '.join(labels)})" if any(labels) else "")
             for (name, value), labels in flat.items()]
    return page.note(f"The same everywhere: {'; '.join(words)}.")


def map_alt(variable, x, y, layer):
    where_low = np.unravel_index(np.nanargmin(layer), layer.shape)
    where_high = np.unravel_index(np.nanargmax(layer), layer.shape)
    ends = [f"{word} {number(layer[place], 3)} at {x.name} {x.labels[place[1]]}, {y.name} "
            f"{y.labels[place[0]]}" for word, place in (("lowest", where_low), ("highest", where_high))]
    return f"Heat map of {variable.name} over {x.name} and {y.name}: {ends[0]}; {ends[1]}."
