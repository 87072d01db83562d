"""The tables beside the page: CSV, every digit, one file a subject."""

import csv
import io

import numpy as np

from averages import estimate_of


class Tables:
    """Collects tables; `files()` gives their bytes."""

    def __init__(self):
        self.tables = {}  # file's name: (what it is, header, rows)

    def add(self, name, what, header, rows):
        self.tables[name] = (what, header, rows)

    def listed(self):
        return [(name, what, len(rows)) for name, (what, _, rows) in self.tables.items()]

    def files(self):
        return {name: _csv_text(header, rows).encode() for name, (_, header, rows)
                in self.tables.items()}


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
    for variable in variables:
        found = estimate_of(variable, views)
        for place in np.ndindex(found.mean.shape):
            rows.append([*(view.labels[i] for view, i in zip(views, place)), variable.name,
                         found.mean[place], found.low[place], found.high[place],
                         int(found.units[place]), int(found.runs[place])])
    return rows


MEAN_COLUMNS = ["metric", "mean", "low_95", "high_95", "independent_units", "runs"]
