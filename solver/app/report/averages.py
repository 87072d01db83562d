"""Means with 95 % intervals over any axes, with one rule for what counts as independent.

Points that share a network share its chances, so a network counts once: the points of a cell are
averaged for each network first, and the t interval is that of the networks' means. With one network
the draws (`replicate`) take its place, in a design that is a list of points its samples.
"""

import dataclasses
import functools
import math
import re

import numpy as np

from result_file import DRAWS, number

MOST_BINS = 8  # of a coordinate that has a value of its own in each sample


def t_between(t, freedom):
    """P(|T| < t): Abramowitz and Stegun 26.7.3 and 26.7.4, exact for whole degrees of freedom."""
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle)**2
    odd = freedom % 2
    term = math.sin(angle) * (math.cos(angle) if odd else 1.0)
    total = 0.0
    for i in range(2 + odd, freedom + 1, 2):
        total += term
        term *= square * (i - 1) / i
    return (angle + total) * 2 / math.pi if odd else total


@functools.lru_cache(maxsize=None)
def t_quantile(freedom):
    """97.5 % point of Student's t; from 1,000 degrees of freedom on by the first terms over the normal's."""
    z = 1.959963984540054
    if freedom > 1000:
        return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    low, high = z, 13.0
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_between(middle, freedom) < 0.95 else (low, middle)
    return high


@dataclasses.dataclass(frozen=True)
class View:
    """An axis to look along: `group_of[i]` is the place that index i of `dimension` belongs to."""

    name: str
    dimension: str
    labels: list
    positions: np.ndarray  # numbers where `numeric`, else 0, 1, 2 …
    numeric: bool
    group_of: np.ndarray
    units: str
    long_name: str
    heading: str = ""  # where it is not the name: what advances together

    @property
    def title(self):
        words = self.heading or self.name
        return f"{words} [{self.units}]" if self.units not in ("", self.name) else words

    @property
    def keys(self):
        """Labels for machines: without separators of thousands."""
        return [re.sub(r"(?<=\d),(?=\d{3})", "", label) for label in self.labels]

    @property
    def binned(self):
        return self.numeric and any("–" in label for label in self.labels)

    def __len__(self):
        return len(self.labels)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Over the places of the views: mean, ends of the 95 % interval (NaN: none), counts."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    units: np.ndarray  # independent units behind each mean
    runs: np.ndarray   # runs with a value


def view_of_axis(axis, along=()):
    """A dimension of a grid; what advances with it is told in the labels: "100 / 10"."""
    together = [axis, *along]
    labels = [" / ".join(parts) for parts in zip(*(part.labels for part in together))]
    numeric = axis.numeric and len(set(axis.values)) == len(axis.values) and not along
    count = len(axis.values)
    positions = np.array(axis.values if numeric else range(count), dtype=float)
    return View(axis.name, axis.dimension, labels, positions, numeric, np.arange(count), axis.units,
                axis.long_name, " / ".join(part.name for part in together))


def view_of_coordinate(axis, bins=MOST_BINS):
    """A coordinate over the samples of a list: its values, or bins with equally many samples."""
    values = np.array(axis.values, dtype=float if axis.numeric else object)
    distinct = sorted(set(values.tolist()))
    if not axis.numeric or len(distinct) <= bins:
        labels = [number(v) if axis.numeric else v for v in distinct]
        place = {value: i for i, value in enumerate(distinct)}
        positions = np.array(distinct if axis.numeric else range(len(distinct)), dtype=float)
        return View(axis.name, axis.dimension, labels, positions, axis.numeric,
                    np.array([place[v] for v in values.tolist()]), axis.units, axis.long_name)
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    group_of = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    positions = np.array([values[group_of == i].mean() for i in range(len(edges) - 1)])
    labels = [f"{number(a, 3)}–{number(b, 3)}" for a, b in zip(edges, edges[1:])]
    return View(axis.name, axis.dimension, labels, positions, True, group_of, axis.units,
                axis.long_name)


def views_of(result, bins=MOST_BINS):
    """All axes with more than one value, draws left out; the need types come last."""
    views = []
    for name in result.dims:
        axis = result.axes.get(name)
        if axis is None or name in (*DRAWS, "type", "episode"):
            continue
        along = [other for other in result.along.values() if other.dimension == name]
        if name == "sample":
            views += [view_of_coordinate(other, bins) for other in along]
        elif len(axis.values) > 1:
            views.append(view_of_axis(axis, along))
    if "type" in result.dims:
        views.append(view_of_axis(result.axes["type"]))
    return [view for view in views if len(view) > 1]


def unit_of(dims, shape):
    """The dimension whose indices are independent of each other, or None."""
    lengths = dict(zip(dims, shape))
    for name in ("sample", *DRAWS):
        if lengths.get(name, 1) > 1:
            return name
    return None


def last_episode(variable):
    """(dims, values) without the dimension `episode`: the last that has a value, since points may have
    fewer episodes than others."""
    if "episode" not in variable.dims:
        return variable.dims, variable.values
    place = variable.dims.index("episode")
    return variable.dims[:place] + variable.dims[place + 1:], last_known(variable.values, place)


def last_known(values, axis):
    """The last value along an axis that is none of NaN; NaN where all are."""
    backwards = np.flip(values, axis)
    first = np.expand_dims(np.isfinite(backwards).argmax(axis), axis)
    return np.take_along_axis(backwards, first, axis).squeeze(axis)


def _along(index, place, ndim):
    return np.asarray(index).reshape([-1 if i == place else 1 for i in range(ndim)])


def estimate(dims, values, views):
    """Estimates over the views' places; `values` may hold NaN where a run has none."""
    values = np.asarray(values, dtype=float)
    unit = unit_of(dims, values.shape)
    shape = tuple(len(view) for view in views)
    codes = np.zeros(values.shape, dtype=np.int64)
    for view in views:
        codes = codes * len(view) + _along(view.group_of, dims.index(view.dimension), values.ndim)
    cells = int(np.prod(shape, dtype=np.int64))
    units = values.shape[dims.index(unit)] if unit else 1
    codes = codes * units
    if unit:
        codes = codes + _along(np.arange(units), dims.index(unit), values.ndim)
    finite = np.isfinite(values)
    sums = np.bincount(codes[finite], values[finite], cells * units).reshape(cells, units)
    counts = np.bincount(codes[finite], minlength=cells * units).reshape(cells, units)
    return _over_units(sums, counts, shape)


def _over_units(sums, counts, shape):
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / counts  # NaN where a unit has no run
        there = counts > 0
        n = there.sum(axis=1)
        mean = np.where(there, means, 0.0).sum(axis=1) / n
        squares = np.where(there, (means - mean[:, None])**2, 0.0).sum(axis=1)
        error = np.sqrt(squares / (n - 1) / n)
    factor = np.array([t_quantile(count - 1) if count > 1 else np.nan for count in n])
    half = np.where(n > 1, factor * error, np.nan)
    return Estimate(mean.reshape(shape), (mean - half).reshape(shape), (mean + half).reshape(shape),
                    n.reshape(shape), counts.sum(axis=1).reshape(shape))


def estimate_of(variable, views):
    dims, values = last_episode(variable)
    return estimate(dims, values, views)


def can_show(variable, views):
    return all(view.dimension in variable.dims for view in views)


def averaged_over(dims, shape, views):
    """"neighbors (8), network (2) and replicate (4)": what a mean over the views runs over."""
    shown = {view.dimension for view in views} - {"sample"}
    names = [f"{name} ({length})" for name, length in zip(dims, shape)
             if name not in shown and length > 1]
    if not names:
        return "nothing: a run each"
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def interval_text(dims, shape):
    """What an interval stands on, as captions say it."""
    unit = unit_of(dims, shape)
    if unit is None:
        return "no intervals: the file holds one draw"
    count = shape[dims.index(unit)]
    what = {"network": f"{count} networks' means", "sample": "the samples' means",
            "replicate": f"{count} draws on one network (replicates)"}[unit]
    return f"bars: 95 % t interval over {what}"
