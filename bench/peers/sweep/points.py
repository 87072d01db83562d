#!/usr/bin/python3
"""The sweep point by point: products CSR · vector and numpy on vectors of N. sweep_data.py says what is read and
written."""
import numpy as np

import sweep_data as data


class Point:
    """One run of `stock`; vectors of N."""

    def __init__(self, network, need, capacity):
        self.network, self.need, self.capacity = network, need, capacity
        self.met_within, self.differs = data.MET_WITHIN * need, data.DIFFERS * need
        self.allowed, self.drift_allowed = data.TOLERANCE * need, data.TOLERANCE**2 * need
        self.dust = data.DUST * capacity
        self.available = capacity
        self.satisfied = np.zeros_like(need)
        self.damping = 1.0  # one number until the history decides
        self.over_before = self.over_previous = self.over = np.zeros_like(need)
        self.wasted, self.allocated, self.period = 0.0, 0, -1
        self.saved, self.saved_round = None, 0

    def run(self):
        """(status, rounds)"""
        first = before = None
        degrees = np.diff(self.network.offsets)
        for t in range(1, data.MAX_ROUNDS + 1):
            satisfied_before = self.satisfied
            denominator = self.round(t, degrees)
            if t == 1:
                first = denominator
            if self.needs_met():
                return data.NEEDS_MET, t
            if t >= 2 and self.settled(denominator, before, first, satisfied_before):
                return data.STABLE, t
            if t >= 3 and self.recurs():
                self.period = t - self.saved_round
                return (data.STABLE if self.period == 1 else data.CYCLE), t
            if t >= 2 and t & (t - 1) == 0:
                self.saved, self.saved_round = self.state(), t
            before = denominator
        return data.ROUND_LIMIT, data.MAX_ROUNDS

    def round(self, t, degrees):
        active = (self.need - self.satisfied) * self.damping
        denominator = self.network.times(active)
        claimed = denominator > 0.0
        if claimed.all():
            scale = self.available / denominator
            available = np.zeros_like(scale)
        else:
            scale = np.where(claimed, self.available / denominator, 0.0)
            available = np.where(claimed, 0.0, self.available)
        received = active * self.network.times(scale)
        self.count_allocations(active, scale, degrees)
        total = self.satisfied + received
        beyond = total - self.need
        beyond[np.abs(beyond) <= self.met_within] = 0.0
        self.satisfied = np.where(beyond >= 0.0, self.need, total)
        self.over_before, self.over_previous = self.over_previous, self.over
        self.over = np.maximum(beyond, 0.0, out=beyond)
        if self.over.any():
            share = np.divide(self.over, received, out=received, where=received > 0.0)
            available += scale * self.network.times(active * share)
        dust = available <= self.dust
        if dust.any():
            self.wasted += available[dust].sum()
            available[dust] = 0.0
        self.available = available
        self.damping = self.damping_after() if t >= 3 else 0.8
        return denominator

    def count_allocations(self, active, scale, degrees):
        wants, gives = active > 0.0, scale > 0.0
        if gives.all():
            self.allocated += int(degrees[wants].sum())
        else:
            self.allocated += int(self.network.neighbors_among(wants)[gives].sum())

    def damping_after(self):
        first, last = self.over_previous - self.over_before, self.over - self.over_previous
        rose_first, rose_last = first > self.differs, last > self.differs
        oscillates = (rose_first & (last < -self.differs)) | ((first < -self.differs) & rose_last)
        factor = np.where(rose_first | rose_last, 0.8, 1.0)
        factor[oscillates] = 0.5
        return factor

    def needs_met(self):
        return bool((self.over <= self.allowed).all()
                    and (self.need - self.satisfied <= self.allowed).all())

    def settled(self, denominator, before, first, satisfied_before):
        return bool((np.abs(denominator - before) <= data.TOLERANCE * first).all()
                    and (self.satisfied - satisfied_before <= self.drift_allowed).all())

    def state(self):
        return self.damping, self.satisfied, self.over, self.over_previous, self.available

    def recurs(self):
        by_need = data.SAME_WITHIN * self.need
        scales = (0.0, by_need, by_need, by_need, data.SAME_WITHIN * self.capacity)
        return all(bool(np.all(np.abs(now - saved) <= scale))
                   for now, saved, scale in zip(self.state(), self.saved, scales))


def metrics(point, rounds, ranks):
    """M3's figures."""
    need, satisfied = point.need, point.satisfied
    total = need.sum()
    residual = need - satisfied
    q = satisfied / need
    q.sort()
    m, sum_q = len(q), q.sum()
    return {
        "satisfied_fraction": satisfied.sum() / total,
        "fully_met_fraction": np.count_nonzero(satisfied >= (1.0 - data.TOLERANCE) * need) / m,
        "over_fraction": point.over.sum() / total,
        "wasted_fraction": point.wasted / total,
        "residual_l1": residual.sum(),
        "residual_max": residual.max(),
        "jain_index": sum_q**2 / (m * (q @ q)) if sum_q > 0.0 else 1.0,
        "gini": (ranks @ q) / (m * sum_q) if sum_q > 0.0 else 0.0,
        "satisfaction_min": q[0],
        "satisfaction_p05": q[(m - 1) // 20],
        "rounds": rounds,
        "cycle_period": point.period,
        "messages_published": m * rounds,
        "messages_read": m * rounds,
        "messages_allocated": point.allocated,
    }


def run_network(network, index, results):
    m = network.agents
    ranks = 2.0 * np.arange(1, m + 1) - m - 1.0
    for draw, (need, capacity) in enumerate(zip(network.need, network.capacity)):
        factor = need.sum() / capacity.sum()
        for row, ratio in enumerate(results.ratios):
            point = Point(network, need, capacity * (ratio * factor))
            status, rounds = point.run()
            results.values["status"][row, index, draw] = status
            for name, value in metrics(point, rounds, ranks).items():
                results.values[name][row, index, draw] = value


if __name__ == "__main__":
    data.run_script(__doc__, run_network)
