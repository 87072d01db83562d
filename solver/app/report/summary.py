"""The result as answers in sentences. Each says what it is measured on; nothing is claimed that the file
lacks."""

import dataclasses

import numpy as np

import page
from averages import Estimate, can_show, estimate, estimate_of, last_episode
from choices import ENDED
from result_file import number
from section_grid import percent, status_counts
from section_runs import ranked, rows_of_recipients, unmet_by_id
from section_trust import sentences as trust

NAMED = 5  # agents named in a sentence
NEAR = 0.01  # satisfied fractions closer than this count as the same

END_WORDS = {"needs_met": "met every need", "stable": "came to rest with needs unmet",
             "cycle": "ended in a cycle", "round_limit": "were still moving at the limit of rounds"}


def section(story):
    if not story.has_runs:
        return page.answers([("What was measured?", networks(story))])
    return page.answers([
        ("Does it converge?", endings(story) + ends_by_settlement(story)),
        ("How many rounds?", rounds(story)),
        ("How much need is met?", satisfied(story)),
        ("How far from the optimum?", optimum(story)),
        ("How fair?", fairness(story)),
        ("Does honesty pay?", trust(story)),
        ("Who is left out?", forgotten(story)),
        ("Which k?", neighbours(story)),
        ("What is missing here?", without_result(story)),
    ]) + scarcity_table(story)


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
        return [f"The run {words[name]} (status {name})."]
    return [f"Of {total:,} runs {shares_text(story, story.ran)}."]


def ends_by_settlement(story):
    if story.view("settlement") is None:
        return []
    parts = [f"{label}{shares_text(story, where)}" for label, where in by_settlement(story) if where.any()]
    return [f"By settlement – {'; '.join(parts)}."] if parts else []


def rounds(story):
    variable = story.result.variables.get("rounds")
    if variable is None or not story.ran.any() or variable.values.shape != story.ran.shape:
        return []
    if story.ran.sum() == 1:
        return [number(variable.values[story.ran][0]) + "."]
    settled = [story.result.status_code(name) for name in ("needs_met", "stable")]
    at_rest = np.isin(story.result.status, settled) & np.isfinite(variable.values)
    parts = [f"{label}{rounds_text(variable.values[where & at_rest])}"
             for label, where in by_settlement(story) if (where & at_rest).any()]
    if not parts:
        return ["No run came to rest."]
    return [f"Runs that met every need or came to rest took: {'; '.join(parts)}."]


def rounds_text(values):
    # Elements, not means of two: rounds are whole.
    low, middle, high = np.sort(values)[[(values.size - 1) * q // 20 for q in (1, 10, 19)]]
    return (f"{number(middle)} rounds (median; 5–95 %: {number(low)} to {number(high)}; the longest "
            f"{number(values.max())})")


def by_settlement(story):
    """[("stock: ", which runs)]; all runs where there is but one settlement."""
    view = story.view("settlement")
    if view is None:
        return [("", story.ran)]
    index = [1] * story.result.status.ndim
    index[story.result.status_dims.index(view.dimension)] = -1
    groups = view.group_of.reshape(index)
    return [(f"{label}: ", story.ran & (groups == i)) for i, label in enumerate(view.labels)]


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
    """How to get it where the file lacks it: large sweeps leave it out by themselves."""
    variable = story.result.variables.get("efficiency")
    if not story.ran.any():
        return []
    if variable is None:
        off = story.result.group_attributes("settings").get("output.optimum") == "off"
        why = "it was not asked for" if off else \
            "above a certain size it is left out, for it takes longer than the rounds"
        return [f"Not in this file: {why}. The same with --set output.optimum=on computes it, and with "
                "--set output.fairest=on how fair the fairest optimum is."]
    values = last_episode(variable)[1]
    values = values[np.isfinite(values)]
    if not values.size:
        return ["The most that can be satisfied is known of a stock; no run here has settlement stock."]
    if values.size == 1:
        return [f"That is {percent(values[0])} of the most that any allocation of the stock could satisfy "
                "on this network (maximum flow)."]
    low = np.quantile(values, 0.05)
    sentence = (f"In stock the local rule satisfies {percent(values.mean())} of the most that any allocation "
                f"could (maximum flow; mean of {values.size:,} runs, the worst twentieth below {percent(low)})")
    return [sentence + worst_supply(story, variable) + "."]


def worst_supply(story, variable):
    view = story.view("supply_ratio")
    if view is None or not can_show(variable, [view]):
        return ""
    found = estimate_of(variable, [view])
    if not np.isfinite(found.mean).any():
        return ""
    i = int(np.nanargmin(found.mean))
    return f", least where supply is {view.labels[i]} times the need: {mean_text(found, i)}"


def mean_text(found, i):
    """"97.2 % ± 0.6", half the 95 % interval in percentage points."""
    half = found.mean[i] - found.low[i]
    return percent(found.mean[i]) + (f" ± {100 * half:.1f}" if np.isfinite(half) else "")


def fairness(story):
    """The worst off and Gini's coefficient by settlement; Jain's index beside the fairest there could be."""
    worst, gini = (story.result.variables.get(name) for name in ("satisfaction_min", "gini"))
    if worst is None or gini is None or not np.isfinite(gini.values).any():
        return []
    values, ginis = last_episode(worst)[1], last_episode(gini)[1]
    if np.isfinite(values).sum() == 1:
        return [f"The recipient that is worst off gets {percent(values[np.isfinite(values)][0])} of its need; "
                f"the Gini coefficient of satisfaction is {number(ginis[np.isfinite(ginis)][0], 3)}.",
                *fairest(story)]
    parts = []
    for label, i in settlements(story, worst):
        some, spread = (np.take(v, i, axis) if axis is not None else v
                        for v, axis in ((values, axis_of(story, worst)), (ginis, axis_of(story, gini))))
        some, spread = some[np.isfinite(some)], spread[np.isfinite(spread)]
        if some.size and spread.size:
            parts.append(f"{label}{nothing_text(float((some <= 0).mean()))}, Gini's coefficient is "
                         f"{number(float(np.median(spread)), 3)} (median)")
    return ([upper(f"{'; '.join(parts)}.")] if parts else []) + fairest(story)


def nothing_text(share):
    if share == 0:
        return "in every run everybody with a need gets something"
    where = "every run" if share == 1 else f"{percent(share)} of the runs"
    return f"in {where} somebody with a need gets nothing at all"


def upper(sentence):
    return sentence[:1].upper() + sentence[1:]


def settlements(story, variable):
    """[("stock: ", its place)]."""
    view = story.view("settlement")
    if view is None or view.dimension == "sample" or not can_show(variable, [view]):
        return [("", None)]
    return [(f"{label}: ", i) for i, label in enumerate(view.labels)]


def axis_of(story, variable):
    """Where the settlement is among the dimensions, the episode's left out."""
    if settlements(story, variable) == [("", None)]:
        return None
    return [name for name in variable.dims if name != "episode"].index(story.view("settlement").dimension)


def fairest(story):
    """Over the runs of a stock: only they share out what the optimum shares out."""
    there = [story.result.variables.get(name) for name in ("jain_index", "fairest_jain", "efficiency")]
    if any(variable is None for variable in there):
        return []
    jain, best, efficiency = (last_episode(variable)[1] for variable in there)
    known = np.isfinite(jain) & np.isfinite(best) & np.isfinite(efficiency)
    if not known.any():
        return []
    mean = " on average" if known.sum() > 1 else ""
    return [f"Jain's index of satisfaction is {number(jain[known].mean(), 3)}{mean} in stock; in the fairest "
            f"allocation that satisfies the most it would be {number(best[known].mean(), 3)}."]


def forgotten(story):
    rows = rows_of_recipients(story)
    if rows is None:
        return ["The same with --agents keeps every recipient, and tells here who gets least."] \
            if story.ran.any() else []
    if rows.ids is None:
        return []
    order, mean = ranked(rows)
    if not len(order):
        return []
    linked = [i for i in order if rows.degree[i] > 0]
    named = [f"{rows.ids[i]} ({percent(mean[i])})" for i in linked[:NAMED]]
    runs = "" if rows.points == 1 else f", mean of {rows.points:,} points"
    sentences = [f"Least of their need, of those with a link (satisfied share{runs}): {', '.join(named)}."] \
        if named else []
    alone = [i for i in order if rows.degree[i] == 0]
    if alone:
        some = ", ".join(rows.ids[i] for i in alone[:NAMED]) + (" …" if len(alone) > NAMED else "")
        sentences.append(f"{len(alone)} of {len(order)} with a need {'has' if len(alone) == 1 else 'have'} no "
                         f"link to anybody and can get nothing: {some}.")
    return sentences + most_missing(rows)


def most_missing(rows):
    """Whose need makes up most of what stays unmet."""
    missing = unmet_by_id(rows)
    total = missing.sum()
    if not total > 0:
        return []
    order = np.argsort(-missing, kind="stable")
    named = [f"{rows.ids[i]} ({percent(missing[i] / total)})" for i in order[:NAMED] if missing[i] > 0]
    return [f"Most of what stays unmet is missing in: {', '.join(named)} of all unmet need."]


def neighbours(story):
    view = story.view("neighbors")
    variable = story.result.variables.get("satisfied_fraction")
    if variable is None or not story.ran.any():
        return []
    if view is None:
        degree = story.result.variables.get("network_mean_degree")
        mean = np.nanmean(degree.values) if degree is not None and np.isfinite(degree.values).any() else None
        return ["It is no axis here"
                + (f"; an agent has {number(mean, 3)} links on average." if mean is not None else ".")]
    if not can_show(variable, [view]):
        return []
    sentences = []
    for label, i in settlements(story, variable):
        dims, values = last_episode(variable)
        if i is not None:
            axis = dims.index(story.view("settlement").dimension)
            dims, values = dims[:axis] + dims[axis + 1:], np.take(values, i, axis)
        found = estimate(dims, values, [view])
        if np.isfinite(found.mean).any():
            sentences.append(upper(f"{label}{best_of(view, dims, values, found)}."))
    return sentences


def best_of(view, dims, values, found):
    best = int(np.nanargmax(found.mean))
    others = [i for i in np.flatnonzero(np.isfinite(found.mean)) if i != best]
    same = [i for i in others if found.mean[i] == found.mean[best]]
    if len(same) == len(others):
        return f"it makes no difference ({percent(found.mean[best])} of all need)"
    noise = [i for i in others if i in same or within_noise(view, dims, values, best, i)]
    near = [i for i in others if i not in noise and found.mean[i] > found.mean[best] - NEAR]
    words = f"most need is satisfied with neighbors = {view.labels[best]} ({mean_text(found, best)})"
    if noise:
        words += f"; within noise of it: {', '.join(view.labels[i] for i in noise)}"
    if near:
        words += f"; less than a percentage point below it: {', '.join(view.labels[i] for i in near)}"
    return words


def within_noise(view, dims, values, one, other):
    """Whether the 95 % interval of the difference, run by run with the same network's number and draw,
    holds 0; where there is no interval, nothing is said."""
    if view.dimension == "sample":
        return False
    axis = dims.index(view.dimension)
    difference = np.take(values, one, axis) - np.take(values, other, axis)
    found = estimate(dims[:axis] + dims[axis + 1:], difference, [])
    return bool(np.isfinite(found.low) and found.low <= 0 <= found.high)


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
    if view is None or variable is None or not can_show(variable, [view]) or len(view) > 24:
        return ""
    columns = columns_of(story, variable, view, "satisfied")
    best = story.result.variables.get("efficiency")
    if best is not None and can_show(best, [view]):
        columns += [("of the most that is possible, stock", estimate_of(best, [view]))]
    rows = [[label, *(mean_text(found, i) for _, found in columns)] for i, label in enumerate(view.labels)]
    return page.table(["total capacity / total need", *(name for name, _ in columns)], rows,
                      "Satisfied share of all need by scarcity, averaged over all else (± 95 %, as in "
                      "the figures).", numbers=range(1, len(columns) + 1))


def columns_of(story, variable, view, name):
    """[(heading, estimate over the view)], one for each settlement."""
    series = story.view("settlement")
    if series is None or not can_show(variable, [series]):
        return [(name, estimate_of(variable, [view]))]
    found = estimate_of(variable, [series, view])
    return [(label, Estimate(*(getattr(found, field.name)[i] for field in dataclasses.fields(found))))
            for i, label in enumerate(series.labels)]


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
