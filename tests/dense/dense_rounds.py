"""Allocation rounds (M2) and what a run reports (M3), on dense matrices, as a second opinion.

This file is written from the model's text alone and shares nothing with the C++ program: every
matrix is a full P x R array, a missing edge is a weight of zero, and each phase is a line or two of
numpy. It is meant to be read beside M2; speed is no aim. Faults are left out, so everything allocated
is delivered; what is published is the true residual times an instance's claim (dense_trust.py).

    result = solve(Instance(capacity, need, weight, desire), Settings(settlement="stream"))
"""

from dataclasses import dataclass, field

import numpy as np

NEEDS_MET, STABLE, CYCLE, ROUND_LIMIT = 1, 2, 3, 4

SNAP = 1e-12        # a settled amount this close to the need (relative to it) is the need
DUST = 1e-12        # a stock at or below this share of the capacity is set to zero
DISTINCT = 1e-9     # over-allocations differ if they differ by more than this share of the need
RECURRENCE = 1e-9   # two states are the same if amounts agree to this share of need or capacity


@dataclass(frozen=True)
class Instance:
    """One need type: P providers in the rows, R recipients in the columns."""

    capacity: np.ndarray   # C_p, length P
    need: np.ndarray       # n_r, length R
    weight: np.ndarray     # MR_pr, P x R, zero where there is no edge
    desire: np.ndarray     # D_pr, P x R, infinity where there is no bound
    claim: object = 1.0    # what each recipient publishes is its residual times this

    @staticmethod
    def of(capacity, need, weight, desire=None):
        weight = np.array(weight, dtype=float)
        desire = np.full(weight.shape, np.inf if desire is None else desire, dtype=float)
        return Instance(np.array(capacity, dtype=float), np.array(need, dtype=float),
                        weight, desire)


@dataclass(frozen=True)
class Settings:
    """The keys of the scenario's [round] section, with its defaults."""

    settlement: str = "stock"       # stock | stream | reallocate
    damping: object = "adaptive"    # adaptive | none | a number
    cap: str = "none"               # none | active_need
    tolerance: float = 0.01
    stop: str = "either"            # needs | denominators | either
    max_rounds: int = 200
    return_surplus: bool = True     # acts in stock only
    relaxation: float = 1.0         # acts in reallocate only


@dataclass
class State:
    """All that a round changes."""

    satisfied: np.ndarray                          # x_r
    damping: np.ndarray                            # f_r
    available: np.ndarray                          # A_p
    settled: np.ndarray                            # y_r of the last round
    over: np.ndarray                               # over_r of the last round
    history: list = field(default_factory=list)    # the last three over_r, oldest first
    wasted: float = 0.0
    has_received: object = None                    # whether r received anything in any round


@dataclass
class Result:
    status: int
    rounds: int
    cycle_period: int
    metrics: dict        # name -> number, as in the result file
    trace: dict          # name -> array over rounds
    recipients: dict     # name -> array over recipients
    providers: dict      # name -> array over providers
    has_received: object = None    # a recipient: whether it received anything in any round


def initial_state(instance, settings):
    """x = 0, f = 1 (a number from the start), A = C."""
    zero = np.zeros(len(instance.need))
    number = settings.damping if not isinstance(settings.damping, str) else 1.0
    return State(satisfied=zero.copy(), damping=np.full(len(zero), float(number)),
                 available=instance.capacity.copy(), settled=zero.copy(), over=zero.copy())


def publish(instance, state):
    """Phase 1: the residual need."""
    return np.maximum(0.0, instance.need - state.satisfied)


def compute(instance, settings, state, residual):
    """Phase 2: allocations v_pr and denominators d_p, every provider (row) alone."""
    active = np.minimum(instance.desire, residual * instance.claim * state.damping)
    numerator = instance.weight * active
    denominator = numerator.sum(axis=1)
    factor = np.zeros(len(denominator))
    has_claims = denominator > 0.0
    factor[has_claims] = state.available[has_claims] / denominator[has_claims]
    allocated = factor[:, None] * numerator
    if settings.cap == "active_need":
        allocated = np.minimum(allocated, active)
    return allocated, denominator


def settle(instance, settings, state, delivered, t):
    """Phase 4: what was received becomes x, over, and (in stock) what the providers have left."""
    need = instance.need
    received = delivered.sum(axis=0)
    got = received > 0.0
    state.has_received = got if t == 1 else state.has_received | got
    if settings.settlement == "reallocate":
        omega = settings.relaxation if t >= 2 else 1.0
        settled = (1.0 - omega) * state.settled + omega * received
    else:
        settled = state.satisfied + received
    settled = np.where(np.abs(settled - need) <= SNAP * need, need, settled)
    state.settled = settled
    state.satisfied = np.minimum(need, settled)
    state.over = np.maximum(0.0, settled - need)
    if settings.settlement == "stream":
        state.wasted += state.over.sum()
    elif settings.settlement == "stock":
        settle_stock(instance, settings, state, delivered, received)


def settle_stock(instance, settings, state, delivered, received):
    """The providers' side of stock: pay what is delivered, take back the surplus, drop the dust."""
    share_back = np.zeros(len(received))
    if settings.return_surplus:
        got = received > 0.0
        share_back[got] = state.over[got] / received[got]
    else:
        state.wasted += state.over.sum()
    returned = (delivered * share_back).sum(axis=1)
    rest = state.available - delivered.sum(axis=1) + returned
    dust = rest <= DUST * instance.capacity
    state.wasted += rest[dust].sum()
    state.available = np.where(dust, 0.0, rest)


def converged(instance, settings, state):
    """Phase 5: who is within the tolerance on both sides."""
    under = np.maximum(0.0, instance.need - state.settled)
    allowed = settings.tolerance * instance.need
    return (state.over <= allowed) & (under <= allowed)


def update_damping(instance, settings, state):
    """Append over_r to the history; the adaptive rule looks at the last three of them."""
    state.history = (state.history + [state.over])[-3:]
    if settings.damping != "adaptive":
        return
    if len(state.history) < 3:
        state.damping = np.full(len(instance.need), 0.8)
        return

    def less(a, b):
        return b - a > DISTINCT * instance.need

    h0, h1, h2 = state.history
    peak = less(h0, h1) & less(h2, h1)
    valley = less(h1, h0) & less(h1, h2)
    falling = ~less(h0, h1) & ~less(h1, h2)
    state.damping = np.where(peak | valley, 0.5, np.where(falling, 1.0, 0.8))


class Stopping:
    """The four stop tests, in their order, and what they must remember."""

    def __init__(self, instance, settings):
        self.instance, self.settings = instance, settings
        self.first_denominator = None
        self.denominator = None       # of the previous round
        self.satisfied = None         # after the previous round
        self.saved, self.saved_round = None, 0

    def verdict(self, t, state, denominator, all_converged):
        """(status, cycle period) if the run ends with round t, else None."""
        if t == 1:
            self.first_denominator = denominator
        verdict = self._test(t, state, denominator, all_converged)
        self.denominator, self.satisfied = denominator, state.satisfied
        if t >= 2 and t & (t - 1) == 0:
            self.saved, self.saved_round = self._snapshot(state), t
        return verdict

    def _test(self, t, state, denominator, all_converged):
        stop = self.settings.stop
        if stop in ("needs", "either") and all_converged:
            return NEEDS_MET, -1
        if stop in ("denominators", "either") and t >= 2 and self._is_stable(state, denominator):
            return STABLE, -1
        if t >= 3 and self._recurs(state):
            period = t - self.saved_round
            return (STABLE if period == 1 else CYCLE), period
        if t >= self.settings.max_rounds:
            return ROUND_LIMIT, -1
        return None

    def _is_stable(self, state, denominator):
        tolerance = self.settings.tolerance
        moved = np.abs(denominator - self.denominator)
        still = moved <= tolerance * self.first_denominator
        drift = np.abs(state.satisfied - self.satisfied)
        return (bool(np.all(still[self.instance.capacity > 0.0]))
                and bool(np.all(drift <= tolerance**2 * self.instance.need)))

    def _snapshot(self, state):
        """(values, tolerances) pairs; a tolerance of zero asks for equality."""
        by_need = RECURRENCE * self.instance.need
        pairs = [(state.satisfied, by_need), (state.damping, 0.0)]
        pairs += [(over, by_need) for over in state.history[-2:]]
        if self.settings.settlement == "stock":
            pairs.append((state.available, RECURRENCE * self.instance.capacity))
        if self.settings.settlement == "reallocate" and self.settings.relaxation < 1.0:
            pairs.append((state.settled, by_need))
        return pairs

    def _recurs(self, state):
        now = self._snapshot(state)
        return all(bool(np.all(np.abs(value - old) <= tolerance))
                   for (value, tolerance), (old, _) in zip(now, self.saved))


def solve(instance, settings):
    """A run of M2 to its end."""
    state = initial_state(instance, settings)
    stopping = Stopping(instance, settings)
    trace, allocations, t, end = [], 0, 0, None
    while end is None:
        t += 1
        residual = publish(instance, state)
        allocated, denominator = compute(instance, settings, state, residual)
        allocations += int(np.count_nonzero(allocated > 0.0))
        settle(instance, settings, state, allocated, t)
        is_converged = converged(instance, settings, state)
        update_damping(instance, settings, state)
        previous = stopping.denominator
        end = stopping.verdict(t, state, denominator, bool(np.all(is_converged)))
        trace.append(trace_row(instance, settings, state, t, is_converged, denominator,
                               previous, stopping.first_denominator))
    status, period = end
    return Result(status=status, rounds=t, cycle_period=period,
                  metrics=metrics(instance, settings, state, t, allocations),
                  trace={name: np.array([row[name] for row in trace]) for name in trace[0]},
                  has_received=state.has_received, **final_state(instance, state))


def trace_row(instance, settings, state, t, is_converged, denominator, previous, first):
    """What M3 asks for every round, after settlement."""
    if t == 1:
        change = np.nan
    else:
        counted = (instance.capacity > 0.0) & (first > 0.0)
        moved = np.abs(denominator - previous)[counted] / first[counted]
        change = moved.max() if moved.size else 0.0
    oscillating = np.count_nonzero(state.damping == 0.5) if settings.damping == "adaptive" else 0
    return {
        "round": t,
        "residual_l1": publish(instance, state).sum(),
        "satisfied_fraction": satisfied_fraction(instance, state),
        "over": state.over.sum(),
        "converged": np.count_nonzero(is_converged),
        "denominator_change": change,
        "mean_damping": state.damping.mean(),
        "oscillating": oscillating,
        "active_providers": np.count_nonzero((state.available > 0.0) & (denominator > 0.0)),
    }


def satisfied_fraction(instance, state):
    total = instance.need.sum()
    return state.satisfied.sum() / total if total > 0.0 else 1.0


def metrics(instance, settings, state, rounds, allocations):
    """M3's figures of a point, by their names in the result file."""
    total = instance.need.sum()
    residual = publish(instance, state)
    wanting = instance.need > 0.0
    met = state.satisfied[wanting] >= (1.0 - settings.tolerance) * instance.need[wanting]
    provider_count, recipient_count = instance.weight.shape
    return {
        "satisfied_fraction": satisfied_fraction(instance, state),
        "fully_met_fraction": met.mean() if met.size else 1.0,
        "over_fraction": state.over.sum() / total if total > 0.0 else 0.0,
        "wasted_fraction": state.wasted / total if total > 0.0 else 0.0,
        "residual_l1": residual.sum(),
        "residual_max": residual.max(),
        **equality(state.satisfied[wanting] / instance.need[wanting]),
        "messages_published": recipient_count * rounds,
        "messages_read": provider_count * rounds,
        "messages_allocated": allocations,
    }


def equality(q):
    """How evenly the ratios q = x/n are spread: Jain, Gini, least and 5th percentile."""
    m, q = len(q), np.sort(q)
    total = q.sum()
    if total > 0.0:
        jain = total**2 / (m * (q**2).sum())
        gini = ((2.0 * np.arange(1, m + 1) - m - 1.0) * q).sum() / (m * total)
    else:
        jain, gini = 1.0, 0.0
    return {
        "jain_index": jain,
        "gini": gini,
        "satisfaction_min": q[0] if m else 1.0,
        "satisfaction_p05": q[(m - 1) // 20] if m else 1.0,
    }


def final_state(instance, state):
    """The per-agent rows, in input order."""
    edges = instance.weight > 0.0
    return {
        "recipients": {"need": instance.need, "satisfied": state.satisfied,
                       "damping": state.damping, "residual": publish(instance, state),
                       "degree": edges.sum(axis=0)},
        "providers": {"capacity": instance.capacity, "capacity_left": state.available,
                      "degree": edges.sum(axis=1)},
    }
