"""Sections from the ragged groups: rounds of every run, satisfaction of every recipient."""

import dataclasses
import warnings

import numpy as np

import figures
import page
from averages import averaged_over, estimate_of, interval_text, last_episode, last_known
from choices import MOST_LINES, SHARES
from result_file import dims_of, number, text
from section_grid import percent

MOST_ROWS = 4_000_000  # of a ragged group: above, evenly spaced points
MOST_ROUNDS = 60  # shown of long runs
LISTED = 15  # recipients in the page's table
TRACED = [("satisfied_fraction", "Satisfied fraction after each round", False),
          ("residual", "Unmet need, as a share of what it was after round 1", True),
          ("oscillating", "Recipients damped for oscillating", False),
          ("denominator_change", "Largest change of a provider's denominator, as a share of round 1",
           True)]


# ---- ragged arrays -------------------------------------------------------------------------------

def chosen_points(sizes):
    """All points, or evenly spaced ones where rows would be too many."""
    total = int(sizes.sum())
    step = max(1, -(-total // MOST_ROWS))
    return np.arange(0, len(sizes), step)


def rows_of_points(sizes, points):
    """Indices of the rows of these points, and which point each belongs to."""
    starts = np.cumsum(sizes) - sizes
    counts = sizes[points]
    owner = np.repeat(np.arange(len(points)), counts)
    offset = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return starts[points][owner] + offset, owner, offset


def read_rows(dataset, rows):
    """h5py is slow at lists of rows: all are read, then chosen."""
    values = dataset[()]
    return values if len(rows) == len(values) else values[rows]


def places_of(view, dims, shape, points):
    """Which place of the view each point (C order) belongs to."""
    if view is None or view.dimension not in dims:
        return np.zeros(len(points), dtype=int)
    return view.group_of[np.unravel_index(points, shape)[dims.index(view.dimension)]]


def run_dims(story, of_points):
    """Dimensions and shape of the runs, or of the points: a point has runs of its types and episodes."""
    inner = ("type", "episode") if of_points else ()
    dims = tuple(name for name in story.result.dims if name not in inner)
    return dims, tuple(len(story.result.axes[name].values) for name in dims)


# ---- round by round ------------------------------------------------------------------------------

def traces(story, tables):
    group = story.result.group("trace")
    if group is None or not len(group["round"]):
        return ""
    sizes = group["row_size"][()].astype(np.int64)
    points = chosen_points(sizes)
    rows, owner, offset = rows_of_points(sizes, points)
    length = int(min(MOST_ROUNDS, sizes[points].max()))
    dims, shape = run_dims(story, False)
    series = story.series_for()
    if np.prod(shape, dtype=np.int64) != len(sizes):
        series = None  # a layout of later versions: all runs together
    places = places_of(series, dims, shape, points)
    panels, table = [], []
    for name, title, log in TRACED:
        grid = traced_grid(group, name, rows, owner, offset, (len(points), length))
        if grid is None:
            continue
        found = trace_rows(grid, places, series)
        table += [(label, name, i + 1, *(float(part[i]) for part in parts))
                  for label, *parts in found for i in range(length)]
        alt = f"{title}: " + "; ".join(f"{label} {number(middle[0], 3)} after round 1, "
                                       f"{number(middle[-1], 3)} after round {length}"
                                       for label, middle, _, _ in found)
        svg = figures.bands(np.arange(1, length + 1), found, "round", name.replace("_", " "),
                            name in SHARES, log)
        panels.append((title, svg, alt))
    tables.add("rounds.csv", "course of the runs: median and 5–95 % of the runs after each round",
               ["runs_of", "quantity", "round", "median", "p05", "p95"], table)
    return page.figure(panels, trace_caption(sizes, points, length, series))


def traced_grid(group, name, rows, owner, offset, shape):
    """Values over (run, round); a run that has ended keeps its last value."""
    source = "residual_l1" if name == "residual" else name
    if source not in group:
        return None
    grid = np.full(shape, np.nan)
    kept = offset < shape[1]
    grid[owner[kept], offset[kept]] = read_rows(group[source], rows)[kept]
    if name == "residual":
        with np.errstate(invalid="ignore", divide="ignore"):
            grid = np.where(grid[:, :1] > 0, grid / grid[:, :1], np.nan)
    last = np.bincount(owner[kept], minlength=shape[0]) - 1
    for run in np.nonzero((last >= 0) & (last < shape[1] - 1))[0]:
        grid[run, last[run] + 1:] = grid[run, last[run]]
    if name == "oscillating" and not np.nansum(grid):
        return None
    return grid if np.isfinite(grid).any() else None


def trace_rows(grid, places, series):
    labels = ["all runs" if len(grid) > 1 else "the run"] if series is None else series.labels
    found = []
    for i, label in enumerate(labels):
        part = grid[places == i]
        part = part[np.isfinite(part).any(axis=1)]
        if len(part):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # all NaN: rounds that have no such value
                low, middle, high = np.nanquantile(part, [0.05, 0.5, 0.95], axis=0)
            found.append((label, middle, low, high))
    return found


def trace_caption(sizes, points, length, series):
    many = len(points) > 1
    words = "Lines: the median run after each round, bands: the middle 90 % of the runs" if many else \
        "The run's values after each round"
    if many and series is not None:
        words += f", all points of a value of {series.name} together"
    words += ". A run that has ended keeps its last value; logarithmic scales leave 0 out."
    if sizes[points].max() > length:
        words += f" The first {length} rounds of up to {sizes[points].max()}."
    if len(points) < len(sizes):
        words += f" An even choice of {len(points):,} of {len(sizes):,} runs."
    return words


# ---- who is left out -----------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Recipients:
    """Rows of all points: satisfied / need (NaN where there is no need), which point, which row of it."""

    satisfaction: np.ndarray  # (rows,) or (rows, types)
    need: np.ndarray
    degree: np.ndarray        # of each id where there are ids, else of each row
    owner: np.ndarray
    offset: np.ndarray
    points: int
    all_points: int
    sampled: bool             # not all points: there were too many rows
    chosen: np.ndarray
    ids: list                 # None: agents have no names, or not the same in all points


def rows_of_recipients(story):
    if not hasattr(story, "recipients"):
        story.recipients = _read_recipients(story)
    return story.recipients


def _read_recipients(story):
    group = story.result.group("recipients", "agents", "agent_rows")
    if group is None or not len(group["need"]):
        return None
    sizes = group["row_size"][()].astype(np.int64)
    chosen = chosen_points(sizes)
    sampled = len(chosen) < len(sizes)
    chosen = chosen[sizes[chosen] > 0]
    rows, owner, offset = rows_of_points(sizes, chosen)
    need, got = by_type(group["need"], rows), by_type(group["satisfied"], rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        satisfaction = np.where(need > 0, got / need, np.nan)
    degree = read_rows(group["degree"], rows)
    ids = [text(item) for item in group["id"][()]] if "id" in group else None
    if ids is not None and (sizes[chosen] != len(ids)).any():
        ids = None
    if ids is not None:
        degree = degree[:len(ids)]
    return Recipients(satisfaction, need, degree, owner, offset, len(chosen), len(sizes),
                      sampled, chosen, ids)


def by_type(dataset, rows):
    """(rows, types): those of the last episode."""
    values = read_rows(dataset, rows)
    dims = dims_of(dataset)
    if "episode" in dims:
        values = last_known(values, dims.index("episode"))
    return values[:, None] if values.ndim == 1 else values


def ranked(rows):
    """Ids with a need from the worst off up, and the mean satisfaction of all ids."""
    mean = mean_by_id(rows, np.ones(rows.points, dtype=bool))
    order = np.argsort(mean, kind="stable")
    return order[np.isfinite(mean[order])], mean


def mean_by_id(rows, points):
    """Over these points and all need types."""
    kept = points[rows.owner]
    values = rows.satisfaction[kept]
    offset = np.repeat(rows.offset[kept][:, None], values.shape[1], axis=1)
    finite = np.isfinite(values)
    count = np.bincount(offset[finite], minlength=len(rows.ids))
    total = np.bincount(offset[finite], values[finite], len(rows.ids))
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / count


def unmet_by_id(rows):
    """Need less what is satisfied of it, a mean over all points, all need types together."""
    missing = np.where(rows.need > 0, rows.need * (1 - rows.satisfaction), 0.0).sum(axis=1)
    return np.bincount(rows.offset, np.nan_to_num(missing), len(rows.ids)) / max(1, rows.points)


def left_out(story, tables):
    if not story.has_runs:
        return ""
    rows = rows_of_recipients(story)
    if rows is None:
        return spread_figure(story)
    dims, shape = run_dims(story, True)
    series = story.series_for()
    if series is not None and series.name == "type":
        series = None
    if np.prod(shape, dtype=np.int64) != rows.all_points:
        series = None
    places = places_of(series, dims, shape, rows.chosen)
    parts = [distribution(story, rows, series, places)]
    if rows.ids is not None:
        parts.append(names_table(rows, series, places, tables))
    return "\n".join(part for part in parts if part)


def distribution(story, rows, series, places):
    found = []
    if series is None and rows.satisfaction.shape[1] > 1:
        labels = [f"type {label}" for label in story.result.axes["type"].labels]
        parts = [rows.satisfaction[:, i] for i in range(rows.satisfaction.shape[1])]
    else:
        labels = ["all recipients"] if series is None else list(series.labels)
        parts = [rows.satisfaction[places[rows.owner] == i] for i in range(len(labels))]
    for label, values in zip(labels, parts):
        values = np.sort(values[np.isfinite(values)])
        if values.size:
            kept = np.unique(np.linspace(0, values.size - 1, min(values.size, 400)).astype(int))
            x = np.concatenate([[0.0], values[kept]])
            y = np.concatenate([[0.0], (kept + 1) / values.size])
            found.append((label, x, y))
    if not found:
        return ""
    panels = [("Share of recipients that get at most so much of their need",
               figures.steps(found[:MOST_LINES], "satisfied / need", "share of recipients"),
               "Cumulative distribution of satisfied / need. " + "; ".join(
                   f"{label}: median {number(float(np.interp(0.5, y, x)), 3)}, at 0: "
                   f"{percent(float((y[x <= 0]).max()))}" for label, x, y in found))]
    panels += scatter_panels(rows)
    many = rows.points > 1
    caption = ("Every recipient with a need" + (f" of {rows.points:,} points" if many else "")
               + (f", one line for each value of {series.name}" if series is not None else "") + ".")
    if rows.sampled:
        caption += f" An even choice of {rows.points:,} of {rows.all_points:,} points."
    if len(panels) > 1 and many:
        caption += " A dot is a recipient, averaged over all points."
    return page.figure(panels, caption)


def scatter_panels(rows):
    """Satisfaction beside links and need, where a dot can be one recipient."""
    if rows.ids is not None:
        satisfaction = mean_by_id(rows, np.ones(rows.points, dtype=bool))
        need = np.bincount(rows.offset, rows.need.sum(axis=1), len(rows.ids)) / rows.points
    elif rows.points == 1 and rows.need.shape[1] == 1:
        satisfaction, need = rows.satisfaction[:, 0], rows.need[:, 0]
    else:
        return []
    there = np.isfinite(satisfaction)
    if there.sum() < 3:
        return []
    panels = []
    for x, name in ((rows.degree, "links"), (need, "stated need")):
        x = np.asarray(x, dtype=float)[there]
        if x.min() < x.max():
            panels.append((f"Satisfied share over {name}",
                           figures.dots(x, satisfaction[there], name, "satisfied / need"),
                           f"Scatter of satisfied / need over {name}: {there.sum()} recipients."))
    return panels


def names_table(rows, series, places, tables):
    order, mean = ranked(rows)
    need = np.bincount(rows.offset, rows.need.sum(axis=1), len(rows.ids)) / rows.points
    header = ["recipient", "links", "need", "satisfied / need"]
    columns = [mean]
    if series is not None:
        columns += [mean_by_id(rows, places == i) for i in range(len(series))]
        header += [f"{series.name} {label}" for label in series.labels]
    tables.add("recipients.csv", "satisfied share of need of each recipient, the worst off first", header,
               [(rows.ids[i], int(rows.degree[i]), float(need[i]), *(float(c[i]) for c in columns))
                for i in order])
    shown = [(rows.ids[i], number(rows.degree[i]), number(need[i]), *(percent(c[i]) for c in columns))
             for i in order[:LISTED]]
    caption = f"The {len(shown)} of {len(order)} recipients that get the least of their need"
    caption += f"; means over {rows.points:,} points." if rows.points > 1 else "."
    return page.table(header, shown, caption, numbers=range(1, len(header)))


def spread_figure(story):
    """Without rows of agents: mean, 5th percentile and minimum over the main axis."""
    view = story.view("supply_ratio") or next((v for v in story.views if v.numeric), None)
    names = ["satisfied_fraction", "satisfaction_p05", "satisfaction_min"]
    variables = [story.result.variables.get(name) for name in names]
    if view is None or any(v is None for v in variables) or view.dimension not in variables[0].dims:
        return ""
    p05 = last_episode(variables[1])[1]
    if not np.nansum(p05):
        return page.paragraph("In every run a twentieth of the recipients or more gets nothing. A sweep with "
                              "--agents keeps every recipient, and then names stand here.")
    facet = story.series_for(view, most=4)
    panels = []
    for i in range(1 if facet is None else len(facet)):
        rows = []
        for variable, label in zip(variables, ("of all need", "5th percentile", "worst off")):
            found = estimate_of(variable, [view] if facet is None else [facet, view])
            parts = (found.mean, found.low, found.high)
            rows.append((label, *(part if facet is None else part[i] for part in parts)))
        if np.isfinite(rows[0][1]).any():
            title = "Satisfied share" + (f" – {facet.name} {facet.labels[i]}" if facet else "")
            panels.append((title, figures.lines(view, rows, "satisfied / need", True),
                           f"{title} over {view.name}: all need, 5th percentile of recipients, worst off."))
    dims, values = last_episode(variables[0])
    views = [view] if facet is None else [facet, view]
    return page.figure(panels, "Satisfied share of all need, of the recipient at the 5th percentile and of "
                       "the one that is worst off. Means over "
                       f"{averaged_over(dims, values.shape, views)}; {interval_text(dims, values.shape)}. "
                       "A sweep with --agents keeps every recipient, and then names stand here.")
