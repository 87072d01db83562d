"""Episodes, strategies, trust and gaming detection (M6) on dense matrices, as a second opinion.

Written from the model's text and sharing nothing with the C++ program: trust is a full matrix over
the nodes (the agents, or providers and then recipients), a missing link is a False in `linked`. It
is meant to be read beside M6; speed is no aim.
"""

from dataclasses import dataclass, field

import numpy as np

from dense_rounds import Instance, solve

COOPERATIVE, AGGRESSIVE, STRATEGIC = 0, 1, 2


@dataclass(frozen=True)
class TrustSettings:
    """The keys of [strategies] and [trust] that rounds and updates go by."""

    bias: float = 0.5
    mode: str = "on"
    decay: float = 0.95
    gamma: float = 2.0
    global_share: float = 0.3
    tiers: int = 0
    restart: float = 0.15
    prior_strength: float = 2.0
    audit: float = 1.0
    audit_noise: float = 0.0
    detection: bool = False
    hits: int = 2
    quarantine: int = 3


@dataclass
class World:
    """What stays from episode to episode; amounts and strategies are given, episode by episode."""

    providers: int
    recipients: int
    agents: bool               # an agent network: node i is provider i and recipient i
    weight: np.ndarray         # MR, P x R
    desire: np.ndarray         # P x R
    linked: np.ndarray         # nodes x nodes, symmetric, links with MR = 0 among them
    strategy: np.ndarray       # a recipient
    pretrusted: np.ndarray     # a node
    ratings: object = None     # nodes x nodes, NaN where nobody rated
    draws: object = None       # (episode, i, j) -> (z, u)

    @property
    def first(self):
        """The node of recipient 0."""
        return 0 if self.agents else self.providers

    @property
    def nodes(self):
        return self.recipients if self.agents else self.providers + self.recipients


@dataclass
class Memory:
    """What an episode leaves to the next."""

    good: np.ndarray
    bad: np.ndarray
    reputation: np.ndarray
    was_short: list            # [type]: a recipient
    in_a_row: np.ndarray
    shut_out: np.ndarray
    ever: np.ndarray
    first_flag: int = -1


@dataclass
class Episode:
    results: list                                  # [type]: dense_rounds.Result
    exaggeration: list = field(default_factory=list)
    trust_received: object = None                  # a node, after the update
    reputation: object = None                      # a node, after the update
    flagged: object = None
    quarantined: object = None
    metrics: list = field(default_factory=list)    # [type]: name -> number


def start(world, trust, types):
    n = world.nodes
    good, bad = np.zeros((n, n)), np.zeros((n, n))
    if world.ratings is not None:
        known = ~np.isnan(world.ratings)
        low, high = np.nanmin(world.ratings), np.nanmax(world.ratings)
        share = (world.ratings - low) / (high - low) if high > low else world.ratings * 0.0 + 0.5
        good[known] = trust.prior_strength * share[known]
        bad[known] = trust.prior_strength - good[known]
    r = world.recipients
    return Memory(good, bad, np.ones(n), [np.zeros(r, bool) for _ in range(types)],
                  np.zeros(r, int), np.zeros(r, int), np.zeros(r, bool))


def trust_matrix(memory):
    return (memory.good + 1.0) / (memory.good + memory.bad + 2.0)


def effective_weight(world, trust, memory):
    """W, P x R; closed columns are zero."""
    if trust.mode == "off":
        return world.weight
    mixed = (1.0 - trust.global_share) * trust_matrix(memory) \
        + trust.global_share * memory.reputation[None, :]
    if trust.tiers > 0:
        mixed = np.repeat(tier_means(world, trust, trust_matrix(memory))[None, :], world.nodes, 0)
    mixed = mixed ** trust.gamma
    w = world.weight * mixed[:world.providers, world.first:]
    return np.where(memory.shut_out[None, :] > 0, 0.0, w)


def received_trust(world, t):
    with np.errstate(invalid="ignore"):
        return np.where(world.linked, t, 0.0).sum(axis=0) / world.linked.sum(axis=0)


def tier_means(world, trust, t):
    """A node's: the mean of its tier, agents in order of trust, those of equal trust by the middle one."""
    received = received_trust(world, t)
    known = [j for j in np.argsort(received, kind="stable") if not np.isnan(received[j])]
    groups = []
    for j in known:
        if groups and received[j] - received[groups[-1][-1]] <= 1e-12:
            groups[-1].append(j)
        else:
            groups.append([j])
    tier, rank = {}, 0
    for group in groups:
        middle = (2 * rank + len(group) - 1) // 2
        tier.update((j, middle * min(trust.tiers, len(known)) // len(known)) for j in group)
        rank += len(group)
    means = np.ones(world.nodes)
    for j in known:
        means[j] = np.mean([received[i] for i in known if tier[i] == tier[j]])
    return means


def biases(world, trust, was_short):
    return np.where(world.strategy == AGGRESSIVE, trust.bias,
                    np.where((world.strategy == STRATEGIC) & was_short, trust.bias / 2.0, 0.0))


def audit(world, trust, weight, amounts, seen, episode):
    """e_ij of every pair of nodes, NaN without evidence: the mean over the types observed."""
    n = world.nodes
    e = np.full((n, n), np.nan)
    for i in range(world.providers):
        for r in np.flatnonzero(weight[i] > 0.0):
            j = world.first + r
            z = 0.0
            if trust.audit < 1.0 or trust.audit_noise > 0.0:
                z, u = world.draws(episode, i, j)
                if u > trust.audit:
                    continue
            kinds = [k for k, (need, capacity) in enumerate(amounts)
                     if need[r] > 0.0 and capacity[i] > 0.0]
            if kinds:
                e[i, j] = np.mean([1.0 - np.clip(seen[k][r] + trust.audit_noise * z, 0.0, 1.0)
                                   for k in kinds])
    return e


def eigentrust(world, trust, t):
    n = world.nodes
    u = world.pretrusted / world.pretrusted.sum() if world.pretrusted.any() else np.full(n, 1.0 / n)
    t = np.where(world.linked, t, 0.0)
    sums = t.sum(axis=1)
    c = np.where(sums[:, None] > 0.0, t / np.where(sums > 0.0, sums, 1.0)[:, None], u[None, :])
    g = u
    for _ in range(200):
        new = (1.0 - trust.restart) * (c.T @ g) + trust.restart * u
        change, g = np.abs(new - g).sum(), new
        if change <= 1e-10:
            break
    return g / g.max()


def detect(world, trust, memory, e, episode):
    """Flags of this episode, by what each recipient's auditors saw of it."""
    columns = e[:, world.first:]
    audited = ~np.isnan(columns).all(axis=0)
    flagged = np.zeros(world.recipients, bool)
    memory.shut_out = np.maximum(0, memory.shut_out - 1)
    if audited.any():
        seen = 1.0 - np.array([np.nanmean(c) if a else np.nan for c, a in zip(columns.T, audited)])
        middle = np.median(seen[audited])
        mad = np.median(np.abs(seen[audited] - middle))
        hit = np.zeros(world.recipients, bool)
        hit[audited] = seen[audited] > middle + max(3.0 * 1.4826 * mad, 0.01)
        memory.in_a_row[audited] = np.where(hit, memory.in_a_row + 1, 0)[audited]
        flagged = audited & (memory.in_a_row >= trust.hits)
        memory.in_a_row[flagged] = 0
        memory.shut_out[flagged] = trust.quarantine
    memory.ever |= flagged
    if memory.first_flag < 0 and flagged.any():
        memory.first_flag = episode + 1
    return flagged


def run_episode(world, settings, trust, memory, amounts, episode):
    """amounts: [type] -> (need, capacity)."""
    weight = effective_weight(world, trust, memory)
    found = Episode([], quarantined=memory.shut_out > 0)
    seen = []
    for k, (need, capacity) in enumerate(amounts):
        b = biases(world, trust, memory.was_short[k])
        result = solve(Instance(capacity, need, weight, world.desire, 1.0 + b), settings)
        x = result.recipients["satisfied"]
        memory.was_short[k] = x < (1.0 - settings.tolerance) * need
        seen.append(np.where(result.has_received, b / (1.0 + b), 0.0))
        found.results.append(result)
        found.exaggeration.append(b)
        found.metrics.append(strategy_metrics(world, need, x))
    if trust.mode == "on":
        update(world, trust, memory, found, weight, amounts, seen, episode)
    return found


def update(world, trust, memory, found, weight, amounts, seen, episode):
    """The trust round."""
    e = audit(world, trust, weight, amounts, seen, episode)
    known = ~np.isnan(e)
    memory.good = trust.decay * memory.good + np.where(known, e, 0.0)
    memory.bad = trust.decay * memory.bad + np.where(known, 1.0 - e, 0.0)
    t = trust_matrix(memory)
    memory.reputation = eigentrust(world, trust, t)
    found.reputation = memory.reputation
    found.trust_received = received_trust(world, t)
    shared = trust_metrics(world, t, found.trust_received)
    if trust.detection:
        found.flagged = detect(world, trust, memory, e, episode)
        shared.update(flag_metrics(world, memory, found))
    for table in found.metrics:
        table.update(shared)


def strategy_metrics(world, need, x):
    def share(chosen):
        if not chosen.any():
            return np.nan
        return x[chosen].sum() / need[chosen].sum() if need[chosen].sum() > 0.0 else 1.0

    s = world.strategy
    table = {"satisfied_cooperative": share(s == COOPERATIVE),
             "satisfied_aggressive": share(s == AGGRESSIVE),
             "satisfied_strategic": share(s == STRATEGIC),
             "satisfied_deceptive": share(s != COOPERATIVE)}
    table["deception_gain"] = table["satisfied_deceptive"] - table["satisfied_cooperative"]
    return table


def trust_metrics(world, t, received):
    mine = received[world.first:]
    honest = mine[(world.strategy == COOPERATIVE) & ~np.isnan(mine)]
    others = mine[(world.strategy != COOPERATIVE) & ~np.isnan(mine)]
    known = received[~np.isnan(received)]
    table = {"trust_mean": t[world.linked].mean(), "trust_variance": known.var(),
             "trust_gap": np.nan, "trust_auc": np.nan}
    if len(honest) and len(others):
        difference = honest[:, None] - others[None, :]
        difference[np.abs(difference) <= 1e-12] = 0.0
        table["trust_gap"] = honest.mean() - others.mean()
        table["trust_auc"] = (0.5 * (1.0 + np.sign(difference))).mean()
    return table


def flag_metrics(world, memory, found):
    liar = world.strategy != COOPERATIVE
    ever = memory.ever
    return {"flag_precision": (liar & ever).sum() / ever.sum() if ever.any() else np.nan,
            "flag_recall": (liar & ever).sum() / liar.sum() if liar.any() else np.nan,
            "first_flag_episode": memory.first_flag,
            "flagged_count": found.flagged.sum(),
            "quarantined_count": found.quarantined.sum()}


def run(world, settings, trust, amounts):
    """All episodes; amounts: [episode][type] -> (need, capacity)."""
    memory = start(world, trust, len(amounts[0]))
    return [run_episode(world, settings, trust, memory, given, episode)
            for episode, given in enumerate(amounts)]


