"""Trust over episodes: what each strategy gets, how trust and flags tell deceivers from the honest."""

import numpy as np

import figures
import page
from averages import averaged_over, can_show, estimate, estimate_of, interval_text, view_of_axis
from choices import MOST_FACETS, SHARES, title_of, y_title
from result_file import number
from section_grid import percent

STRATEGIES = ("satisfied_cooperative", "satisfied_aggressive", "satisfied_strategic")
TOGETHER = [("Satisfied need by strategy", STRATEGIES, "satisfied / need", True),
            ("Flags: precision and recall", ("flag_precision", "flag_recall"), "share", True),
            ("Recipients flagged and quarantined", ("flagged_count", "quarantined_count"), "recipients",
             False)]
ALONE = ["deception_gain", "trust_mean", "trust_gap", "trust_auc", "trust_variance", "satisfied_fraction",
         "gini"]


def series_of(story):
    """What trust is compared over: its mode where that varies."""
    return story.view("mode") or story.series_for()


def names_there(story, names):
    found = [story.result.variables.get(name) for name in names]
    return [v for v in found if v is not None and np.isfinite(v.values).any()]


def section(story, tables):
    """Lines over episodes; groups of metrics that belong together share a panel."""
    axis = story.result.axes.get("episode")
    if axis is None or len(axis.values) < 2:
        return ""
    view, series = view_of_axis(axis), series_of(story)
    panels, table = [], []
    for title, names, y, share in TOGETHER:
        panels += together(names_there(story, names), view, series, (title, y, share), table)
    for variable in names_there(story, ALONE):
        if "episode" in variable.dims:
            panels.append(alone(variable, view, series, table))
    if not panels:
        return ""
    tables.add("episodes.csv", "metrics over episodes",
               ["runs_of", "metric", "episode", "mean", "low_95", "high_95"], table)
    sample = next(v for v in story.grid_variables() if "episode" in v.dims)
    views = [view] if series is None else [view, series]
    caption = (f"Means over {averaged_over(sample.dims, sample.values.shape, views)}; "
               f"{interval_text(sample.dims, sample.values.shape)}.")
    if series is not None:
        caption += f" One line or panel for each value of {series.heading or series.name}."
    return page.figure(panels, caption)


def estimates(variable, view, series):
    """[(label, estimate over episodes)], one for each value of the series that has any."""
    if series is None or not can_show(variable, [series]):
        return [("all runs", parts(estimate(variable.dims, variable.values, [view])))]
    found = estimate(variable.dims, variable.values, [series, view])
    return [(label, parts(found, i)) for i, label in enumerate(series.labels)
            if np.isfinite(found.mean[i]).any()]


def parts(found, i=...):
    return found.mean[i], found.low[i], found.high[i]


def keep(table, label, name, view, found):
    table += [(label, name, view.keys[i], *(float(part[i]) for part in found)) for i in range(len(view))]


def alone(variable, view, series, table):
    rows = estimates(variable, view, series)
    for label, found in rows:
        keep(table, label, variable.name, view, found)
    return panel(title_of(variable), view, [(label, *found) for label, found in rows], y_title(variable),
                 variable.name in SHARES)


def together(variables, view, series, looks, table):
    """A panel for each value of the series where they are few, and a line a metric."""
    title, y, share = looks
    if series is not None and len(series) > MOST_FACETS:
        series = None
    panels = {}
    for variable in variables:
        if "episode" in variable.dims:
            for label, found in estimates(variable, view, series):
                panels.setdefault(label, []).append((short_name(variable), *found))
                keep(table, label, variable.name, view, found)
    return [panel(title if series is None else f"{title} – {series.name} {label}", view, rows, y, share)
            for label, rows in panels.items()]


def short_name(variable):
    return variable.name.removeprefix("satisfied_").removeprefix("flag_").removesuffix("_count")


def panel(title, view, rows, y, share):
    words = "; ".join(f"{label} {number(mean[0], 3)} → {number(mean[-1], 3)}" for label, mean, _, _ in rows)
    return title, figures.lines(view, rows, y, share), f"{title} over episodes: {words}."


# ---- in sentences --------------------------------------------------------------------------------

def sentences(story):
    """What honesty gets, and how well trust and flags know who deceives; after the last episode."""
    return [*by_strategy(story), *known_by_trust(story), *flags(story)]


def over_series(story, variable):
    """[(label, mean)] of the last episode."""
    series = series_of(story)
    if series is None or not can_show(variable, [series]) or len(series) > MOST_FACETS:
        return [("", float(estimate_of(variable, []).mean))]
    means = estimate_of(variable, [series]).mean
    return [(f"{series.name} {label}", mean) for label, mean in zip(series.labels, means)
            if np.isfinite(mean)]


def by_strategy(story):
    found = {}
    for variable in names_there(story, STRATEGIES):
        for label, mean in over_series(story, variable):
            found.setdefault(label, []).append(f"{short_name(variable)} {percent(mean)}")
    if not found or all(len(words) < 2 for words in found.values()):
        return []
    words = [(f"{label}: " if label else "") + ", ".join(each) for label, each in found.items()]
    return [f"Satisfied need by strategy in the last episode – {'; '.join(words)}."]


def known_by_trust(story):
    for variable in names_there(story, ["trust_auc"]):
        words = ", ".join(f"{number(mean, 3)}{f' ({label})' if label else ''}"
                          for label, mean in over_series(story, variable) if np.isfinite(mean))
        return [f"Trust tells the honest from deceivers with an AUC of {words} after the last episode; 0.5 "
                "is guessing, 1 is without fail."]
    return []


def flags(story):
    found = [(variable.name.removeprefix("flag_"), float(estimate_of(variable, []).mean))
             for variable in names_there(story, ["flag_precision", "flag_recall"])]
    flagged = names_there(story, ["flagged_count"])
    if not found:
        return ["Detection flagged nobody."] if flagged and not np.nansum(flagged[0].values) else []
    words = " and ".join(f"{name} {percent(mean)}" for name, mean in found)
    return [f"Detection's flags over all episodes: {words}."]
