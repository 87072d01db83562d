"""What is worth showing: main metrics, the axis that becomes lines or panels, how things are called."""

import numpy as np

from averages import last_episode, views_of
from result_file import Variable

RUN_METRICS = ["satisfied_fraction", "efficiency", "rounds", "fully_met_fraction", "gini",
               "satisfaction_min", "deception_gain"]
NETWORK_METRICS = ["network_mean_path", "network_diameter", "network_clustering",
                   "network_mean_degree", "network_spectral_gap", "network_components"]
MAP_METRICS = ["satisfied_fraction", "efficiency", "rounds", "gini"]
NETWORK_MAP_METRICS = ["network_mean_path", "network_clustering", "network_diameter"]
SHARES = {"satisfied_fraction", "efficiency", "fully_met_fraction", "satisfaction_min", "jain_index",
          "satisfaction_p05", "gini", "trust_mean", "trust_auc", "flag_precision", "flag_recall",
          "satisfied_cooperative", "satisfied_aggressive", "satisfied_strategic"}
ENDED = ("needs_met", "stable", "cycle", "round_limit")  # statuses with results
MOST_LINES = 8
MOST_FACETS = 4
SERIES_FIRST = ("settlement", "damping", "kind", "type", "supply_ratio")


def title_of(variable):
    """"total satisfied need / total need" with a capital; the name where the file says nothing."""
    words = variable.long_name or variable.name.replace("_", " ")
    return words[:1].upper() + words[1:]


def y_title(variable):
    name = variable.name.replace("_", " ")
    return f"{name} [{variable.units}]" if variable.units else name


class Story:
    """A result file with what follows from it for all sections."""

    def __init__(self, result):
        self.result = result
        self.views = views_of(result)
        self.has_runs = result.status is not None
        self.ran = self._ran()

    def _ran(self):
        if not self.has_runs:
            return None
        codes = [self.result.status_code(name) for name in ENDED]
        return np.isin(self.result.status, codes)

    def main_metrics(self):
        return self._there(RUN_METRICS if self.has_runs else NETWORK_METRICS)

    def map_metrics(self):
        return self._there(MAP_METRICS if self.has_runs else NETWORK_MAP_METRICS)

    def _there(self, names):
        found = [self.result.variables.get(name) for name in names]
        return [variable for variable in found
                if variable is not None and np.isfinite(last_episode(variable)[1]).any()]

    def grid_variables(self):
        """Metrics with a value a run, in alphabetical order."""
        allowed = {*self.result.dims, "episode"}
        return [variable for _, variable in sorted(self.result.variables.items())
                if set(variable.dims) <= allowed]

    def share_of(self, status):
        """A metric made of statuses: 1 where the run ended so, NaN where it has no end."""
        is_it = self.result.status == self.result.status_code(status)
        return Variable(f"{status}_share", self.result.status_dims,
                        np.where(self.ran, is_it.astype(float), np.nan), "",
                        f"share of runs that ended as {status}")

    def series_for(self, *taken, most=MOST_LINES):
        """The axis whose values become lines or panels, or None."""
        used = {view.dimension for view in taken if view.dimension != "sample"}
        names = {view.name for view in taken}
        free = [view for view in self.views
                if view.name not in names and view.dimension not in used and len(view) <= most]
        for name in SERIES_FIRST:
            for view in free:
                if view.name == name:
                    return view
        words = [view for view in free if not view.numeric]
        return min(words or free, key=len, default=None)

    def view(self, name):
        return next((view for view in self.views if view.name == name), None)
