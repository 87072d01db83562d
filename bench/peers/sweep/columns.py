#!/usr/bin/python3
"""The sweep with all points of a network as columns of one array: products CSR · dense N × P, everything else
numpy along the columns; columns that have ended are dropped. sweep_data.py says what is read and written."""
import numpy as np

import sweep_data as data

# Columns at a time: arrays of 100 × 100 doubles stay in the second-level cache. All 1,600 at once take a quarter longer.
BATCH = 100


class Columns:
    """The points of one network that still run; every array is N × P."""

    def __init__(self, network, need, capacity, points):
        self.network, self.points = network, points
        self.need, self.capacity, self.available = need, capacity, capacity
        self.satisfied = np.zeros_like(need)
        self.damping = 1.0  # one number until the history decides
        self.over_previous = self.over_before = self.over = np.zeros_like(need)
        self.wasted = np.zeros(need.shape[1])
        self.allocated = np.zeros(need.shape[1])
        self.first_denominator = self.denominator = self.denominator_before = None
        self.satisfied_before = None
        self.saved, self.saved_round = None, 0

    def round(self, t):
        self.denominator_before, self.satisfied_before = self.denominator, self.satisfied
        active = (self.need - self.satisfied) * self.damping
        denominator = self.network.times_columns(active)
        scale = self.available / denominator
        unclaimed = denominator == 0.0
        if unclaimed.any():
            scale[unclaimed] = 0.0
        received = active * self.network.times_columns(scale)
        self.allocated += self.count_allocations(active, scale)
        self.settle(received)
        self.take_back(active, scale, received, unclaimed)
        if t >= 3:
            self.damping = damping_after(self.over_before, self.over_previous, self.over, self.need)
        else:
            self.damping = 0.8
        self.denominator = denominator
        if t == 1:
            self.first_denominator = denominator

    def count_allocations(self, active, scale):
        """Nonzero v_pr of each column; the sparse product only where neither side is whole."""
        wants, gives = active > 0.0, scale > 0.0
        counts = np.empty(active.shape[1])
        whole = gives.all(axis=0)
        degrees = np.diff(self.network.offsets).astype(np.float32)
        counts[whole] = degrees @ wants[:, whole]
        rest = ~whole
        if rest.any():
            counts[rest] = (self.network.neighbors_among(wants[:, rest]) * gives[:, rest]).sum(axis=0)
        return counts

    def settle(self, received):
        total = self.satisfied + received
        beyond = total - self.need
        beyond[np.abs(beyond) <= data.MET_WITHIN * self.need] = 0.0
        self.satisfied = np.where(beyond >= 0.0, self.need, total)
        self.over_before, self.over_previous = self.over_previous, self.over
        self.over = np.maximum(beyond, 0.0, out=beyond)

    def take_back(self, active, scale, received, unclaimed):
        """A ← A − delivered + returned; what is left of it below the dust limit is wasted."""
        available = np.where(unclaimed, self.available, 0.0)
        if self.over.any():
            share = np.divide(self.over, received, out=received, where=received > 0.0)
            available += scale * self.network.times_columns(active * share)
        dust = available <= data.DUST * self.capacity
        lost = np.where(dust, available, 0.0)
        self.wasted += lost.sum(axis=0)
        available -= lost
        self.available = available

    def verdicts(self, t):
        """(status or 0, period) of each column."""
        lack = self.need - self.satisfied
        allowed = data.TOLERANCE * self.need
        met = ((self.over <= allowed) & (lack <= allowed)).all(axis=0)
        status = np.where(met, data.NEEDS_MET, 0)
        period = np.full(len(met), -1)
        open_ones = np.flatnonzero(status == 0)
        if t >= 2 and len(open_ones):
            status[open_ones[self.settled(open_ones)]] = data.STABLE
            open_ones = np.flatnonzero(status == 0)
        if t >= 3 and len(open_ones):
            again = open_ones[self.recurs(open_ones)]
            span = t - self.saved_round
            status[again] = data.STABLE if span == 1 else data.CYCLE
            period[again] = span
        if t == data.MAX_ROUNDS:
            status[status == 0] = data.ROUND_LIMIT
        return status, period

    def settled(self, columns):
        moved = np.abs(self.denominator[:, columns] - self.denominator_before[:, columns])
        still = (moved <= data.TOLERANCE * self.first_denominator[:, columns]).all(axis=0)
        drift = self.satisfied[:, columns] - self.satisfied_before[:, columns]
        return still & (drift <= data.TOLERANCE**2 * self.need[:, columns]).all(axis=0)

    def state(self):
        damping = np.broadcast_to(self.damping, self.need.shape)
        return (self.satisfied, self.over, self.over_previous, self.available, damping)

    def recurs(self, columns):
        by_need = data.SAME_WITHIN * self.need[:, columns]
        scales = (by_need, by_need, by_need, data.SAME_WITHIN * self.capacity[:, columns], 0.0)
        same = np.ones(len(columns), bool)
        for now, saved, scale in zip(self.state(), self.saved, scales):
            same &= (np.abs(now[:, columns] - saved[:, columns]) <= scale).all(axis=0)
        return same

    def save_when_due(self, t):
        if t >= 2 and t & (t - 1) == 0:
            self.saved, self.saved_round = self.state(), t

    def keep(self, columns):
        """Drops all other columns."""
        for name, values in vars(self).items():
            if isinstance(values, np.ndarray):
                setattr(self, name, values.take(columns, axis=-1))  # indexing would leave C order
        if self.saved is not None:
            self.saved = tuple(values.take(columns, axis=1) for values in self.saved)


def damping_after(oldest, previous, newest, need):
    differs = data.DIFFERS * need
    first, last = previous - oldest, newest - previous
    rose_first, rose_last = first > differs, last > differs
    oscillates = (rose_first & (last < -differs)) | ((first < -differs) & rose_last)
    factor = np.where(rose_first | rose_last, 0.8, 1.0)
    factor[oscillates] = 0.5
    return factor


def metrics(columns, ended, rounds):
    """M3's figures of the columns `ended`."""
    need, satisfied = columns.need[:, ended], columns.satisfied[:, ended]
    total = need.sum(axis=0)
    residual = need - satisfied
    q = np.sort(satisfied / need, axis=0)
    m = len(q)
    sum_q = q.sum(axis=0)
    some = np.where(sum_q > 0.0, sum_q, 1.0)
    squares = np.where(sum_q > 0.0, np.einsum("ij,ij->j", q, q), 1.0)
    ranks = 2.0 * np.arange(1, m + 1) - m - 1.0
    return {
        "satisfied_fraction": satisfied.sum(axis=0) / total,
        "fully_met_fraction": (satisfied >= (1.0 - data.TOLERANCE) * need).mean(axis=0),
        "over_fraction": columns.over[:, ended].sum(axis=0) / total,
        "wasted_fraction": columns.wasted[ended] / total,
        "residual_l1": residual.sum(axis=0),
        "residual_max": residual.max(axis=0),
        "jain_index": np.where(sum_q > 0.0, sum_q**2 / (m * squares), 1.0),
        "gini": np.where(sum_q > 0.0, (ranks @ q) / (m * some), 0.0),
        "satisfaction_min": q[0],
        "satisfaction_p05": q[(m - 1) // 20],
        "rounds": rounds,
        "messages_published": m * rounds,
        "messages_read": m * rounds,
        "messages_allocated": columns.allocated[ended],
    }


def run_batch(columns, flat):
    t = 0
    while len(columns.points):
        t += 1
        columns.round(t)
        status, period = columns.verdicts(t)
        ended = np.flatnonzero(status)
        if len(ended):
            where = columns.points[ended]
            flat["status"][where], flat["cycle_period"][where] = status[ended], period[ended]
            for name, values in metrics(columns, ended, t).items():
                flat[name][where] = values
        columns.save_when_due(t)
        if len(ended):
            columns.keep(np.flatnonzero(status == 0))


def run_network(network, index, results):
    ratios, replicates = results.shape[0], results.shape[2]
    points = ratios * replicates
    flat = {name: np.empty(points, values.dtype) for name, values in results.values.items()}
    factors = results.ratios[:, None] * network.need.sum(axis=1) / network.capacity.sum(axis=1)
    for begin in range(0, points, BATCH):
        which = np.arange(begin, min(begin + BATCH, points))
        draws = which % replicates
        need = np.ascontiguousarray(network.need[draws].T)
        capacity = network.capacity[draws].T * factors.ravel()[which]
        run_batch(Columns(network, need, np.ascontiguousarray(capacity), which), flat)
    for name, values in results.values.items():
        if not name.startswith(("network_", "recognised_")):
            values[:, index] = flat[name].reshape(ratios, replicates)


if __name__ == "__main__":
    data.run_script(__doc__, run_network)
