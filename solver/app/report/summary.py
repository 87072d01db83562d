"""The result in sentences. Each says what it is measured on; nothing is claimed that the file lacks."""

import numpy as np

import page
from averages import estimate_of, last_episode
from choices import ENDED
from result_file import number
from section_grid import percent, status_counts
from section_runs import ranked, rows_of_recipients
from section_trust import sentences as trust

NAMED = 5  # agents named in a sentence
NEAR = 0.01  # satisfied fractions closer than this count as the same

END_WORDS = {"needs_met": "met every need", "stable": "came to rest with needs unmet",
             "cycle": "ended in a cycle", "round_limit": "were still moving at the limit of rounds"}


def section(story):
    sentences = []
    if story.has_runs:
        for part in (endings, ends_by_settlement, rounds, satisfied, optimum, fairness, trust,
                     forgotten, neighbours, without_result):
            sentences += part(story)
    else:
        sentences += networks(story)
    body = page.bullets(sentences) if sentences else ""
    return body + (scarcity_table(story) if story.has_runs else "")


def shares_text(story, where):
    parts = []
    total = int(where.sum())
    for name in ENDED:
        count = int((where & (story.result.status == story.result.status_code(name))).sum())
        if count:
            parts.append(f"{'all' if count == total else percent(count / total)} {END_WORDS[name]}")
    return ", ".join(parts)


def endings(story):
    total = int(story.ran.sum())
    if total == 0:
        return ["No run has a result."]
    if total == 1:
        name = story.result.status_names[int(story.result.status[story.ran][0])]
        words = {"needs_met": "met every need", "stable": "came to rest with needs unmet",
                 "cycle": "ended in a cycle", "round_limit": "was still moving at the limit of rounds"}
        found = story.result.variables["rounds"].values[story.ran][0]
        return [f"The run {words[name]}, after {number(found)} round{'s' if found != 1 else ''} "
                f"(status {name})."]
    return [f"Of {total:,} runs {shares_text(story, story.ran)}."]


def ends_by_settlement(story):
    view = story.view("settlement")
    if view is None or not story.ran.any():
        return []
    place = story.result.status_dims.index(view.dimension)
    index = [1] * story.result.status.ndim
    index[place] = -1
    groups = view.group_of.reshape(index)
    parts = []
    for i, label in enumerate(view.labels):
        where = story.ran & (groups == i)
        if where.any():
            parts.append(f"{label}: {shares_text(story, where)}")
    return ["By settlement – " + "; ".join(parts) + "."]


def rounds(story):
    variable = story.result.variables.get("rounds")
    if variable is None or int(story.ran.sum()) < 2 or variable.values.shape != story.ran.shape:
        return []
    settled = [story.result.status_code(name) for name in ("needs_met", "stable")]
    values = variable.values[np.isin(story.result.status, settled)]
    values = values[np.isfinite(values)]
    if not values.size:
        return ["No run came to rest."]
    # Elements, not means of two: rounds are whole.
    low, middle, high = np.sort(values)[[(values.size - 1) * q // 20 for q in (1, 10, 19)]]
    return [f"Runs that met every need or came to rest took {number(middle, 3)} rounds (median; 5–95 %: "
            f"{number(low, 3)} to {number(high, 3)}; the longest {number(values.max())})."]


def satisfied(story):
    variable = story.result.variables.get("satisfied_fraction")
    if variable is None:
        return []
    values = last_episode(variable)[1]
    values = values[np.isfinite(values)]
    if values.size == 1:
        return [f"{percent(values[0])} of all need is satisfied."]
    view = story.view("supply_ratio")
    if not values.size or view is not None:
        return []
    return [f"{percent(values.mean())} of all need is satisfied on average over the runs, from "
            f"{percent(values.min())} to {percent(values.max())}."]


def optimum(story):
    variable = story.result.variables.get("efficiency")
    if variable is None or not np.isfinite(variable.values).any():
        return []
    values = last_episode(variable)[1]
    values = values[np.isfinite(values)]
    if values.size == 1:
        return [f"That is {percent(values[0])} of the most that any allocation of the stock could satisfy "
                "on this network (maximum flow)."]
    low = np.quantile(values, 0.05)
    return [f"The local rule satisfies {percent(values.mean())} of the most that any allocation of the "
            f"stock could (maximum flow; mean of {values.size:,} runs, the worst twentieth below "
            f"{percent(low)})."]


def fairness(story):
    variable = story.result.variables.get("satisfaction_min")
    gini = story.result.variables.get("gini")
    if variable is None or gini is None:
        return []
    values, ginis = last_episode(variable)[1], last_episode(gini)[1]
    values, ginis = values[np.isfinite(values)], ginis[np.isfinite(ginis)]
    if not values.size or not ginis.size:
        return []
    if values.size == 1:
        return [f"The recipient that is worst off gets {percent(values[0])} of its need; the Gini "
                f"coefficient of satisfaction is {number(ginis[0], 3)}."]
    nothing = float((values <= 0).mean())
    where = "all" if nothing == 1 else "none" if nothing == 0 else percent(nothing)
    return [f"The Gini coefficient of satisfaction is {number(float(np.median(ginis)), 3)} (median). In "
            f"{where} of the runs somebody with a need gets nothing at all."]


def forgotten(story):
    rows = rows_of_recipients(story)
    if rows is None or rows.ids is None:
        return []
    order, mean = ranked(rows)
    if not len(order):
        return []
    named = [f"{rows.ids[i]} ({percent(mean[i])})" for i in order[:NAMED]]
    runs = "" if rows.points == 1 else f", mean of {rows.points:,} points"
    sentences = [f"Least of their need (satisfied share{runs}): {', '.join(named)}."]
    alone = int(((rows.degree == 0) & np.isfinite(mean)).sum())
    if alone:
        sentences.append(f"{alone} of {int(np.isfinite(mean).sum())} with a need "
                         f"{'has' if alone == 1 else 'have'} no link to anybody and can get nothing.")
    return sentences


def neighbours(story):
    view = story.view("neighbors")
    variable = story.result.variables.get("satisfied_fraction")
    if view is None or variable is None or view.dimension not in variable.dims:
        return []
    settlement = story.view("settlement")
    sentences = []
    layers = [("", estimate_of(variable, [view]).mean)] if settlement is None else [
        (f" under {label}", mean) for label, mean in
        zip(settlement.labels, estimate_of(variable, [settlement, view]).mean)]
    for name, mean in layers:
        if not np.isfinite(mean).any():
            continue
        best = int(np.nanargmax(mean))
        words = [view.labels[i] for i in range(len(view)) if i != best and mean[i] > mean[best] - NEAR]
        if len(words) + 1 == np.isfinite(mean).sum():
            sentences.append(f"Which k{name}: it hardly matters ({percent(np.nanmin(mean))} to "
                             f"{percent(mean[best])} of all need).")
            continue
        small = f"; less than a percentage point below it: {', '.join(words)}" if words else ""
        sentences.append(f"Which k{name}: most need is satisfied with neighbors = {view.labels[best]} "
                         f"({percent(mean[best])}){small}.")
    return sentences


def without_result(story):
    counts = status_counts(story)
    parts = [f"{counts[name]:,} {name}" for name in ("pending", "failed", "invalid") if counts[name]]
    sentences = []
    if parts:
        sentences.append(f"Without a result: {', '.join(parts)}; no mean counts them.")
    if story.result.excluded:
        sentences.append(f"The design leaves out {story.result.excluded:,} runs.")
    return sentences


def scarcity_table(story):
    """Satisfied share of need over supply, a column a settlement."""
    view, variable = story.view("supply_ratio"), story.result.variables.get("satisfied_fraction")
    if view is None or variable is None or view.dimension not in variable.dims or len(view) > 24:
        return ""
    series = story.view("settlement")
    if series is None:
        found = estimate_of(variable, [view])
        columns = [("satisfied", found.mean, found.low)]
    else:
        found = estimate_of(variable, [series, view])
        columns = [(label, found.mean[i], found.low[i]) for i, label in enumerate(series.labels)]
    rows = []
    for i, label in enumerate(view.labels):
        row = [label]
        for _, mean, low in columns:
            half = mean[i] - low[i]
            row.append(percent(mean[i]) + (f" ± {100 * half:.1f}" if np.isfinite(half) else ""))
        rows.append(row)
    return page.table(["total capacity / total need", *(name for name, _, _ in columns)], rows,
                      "Satisfied share of all need by scarcity, averaged over all else (± 95 %, as in "
                      "the figures).", numbers=range(1, len(columns) + 1))


def networks(story):
    variables = story.result.variables
    sentences = []
    count = variables["network_components"].values
    sentences.append(f"{int(np.isfinite(count).sum()):,} network{'s' if count.size != 1 else ''} measured.")
    for name, words in (("network_mean_path", "Mean path {} hops"), ("network_diameter", "Diameter {}"),
                        ("network_clustering", "Mean clustering {}"),
                        ("network_mean_degree", "Mean links of an agent {}")):
        values = variables[name].values if name in variables else np.array([])
        values = values[np.isfinite(values)]
        if values.size:
            span = number(values.min()) if values.min() == values.max() else \
                f"{number(values.min())} to {number(values.max())}"
            sentences.append(words.format(span) + ".")
    if np.isfinite(count).any() and np.nanmax(count) > 1:
        sentences.append(f"{int((count > 1).sum()):,} of them fall apart into several components.")
    return sentences
