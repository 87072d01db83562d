"""The tables beside the page: CSV, every digit, one file a subject."""

import csv
import io

import numpy as np

from averages import estimate_of


WHAT_IS_GIVEN = {
    "cells.csv": "every metric in every cell of the grid, with its error",
    "differences.csv": "what changes from one value of an axis to the next, cell by cell, and whether it "
                       "leaves the noise",
    "fits.csv": "curves over size and degree, ranked by AIC",
}


class Tables:
    """Collects tables; `files()` gives their bytes. `given`: texts of the program's own."""

    def __init__(self, given):
        self.given = {name: words for name, words in given.items() if words.count("\n") > 1}
        self.tables = {}  # file's name: (what it is, header, rows)

    def add(self, name, what, header, rows):
        self.tables[name] = (what, header, rows)

    def rows_given(self, name):
        """Rows of one of the program's tables as dicts of str; none where it is not there."""
        return list(csv.DictReader(io.StringIO(self.given.get(name, ""))))

    def listed(self):
        own = [(name, WHAT_IS_GIVEN[name], self.given[name].count("\n") - 1) for name in WHAT_IS_GIVEN
               if name in self.given]
        return own + [(name, what, len(rows)) for name, (what, _, rows) in self.tables.items()]

    def files(self):
        own = {name: words.encode() for name, words in self.given.items()}
        return {**own, **{name: _csv_text(header, rows).encode() for name, (_, header, rows)
                          in self.tables.items()}}


def _cell(value):
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else repr(float(value))
    return str(value)


def _csv_text(header, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def mean_rows(variables, views):
    """A row a metric and place of the views: labels, metric, mean, ends of the interval, counts."""
    rows = []
    keys = [view.keys for view in views]
    for variable in variables:
        found = estimate_of(variable, views)
        for place in np.ndindex(found.mean.shape):
            rows.append([*(names[i] for names, i in zip(keys, place)), variable.name,
                         found.mean[place], found.low[place], found.high[place],
                         int(found.units[place]), int(found.runs[place])])
    return rows


MEAN_COLUMNS = ["metric", "mean", "low_95", "high_95", "independent_units", "runs"]
