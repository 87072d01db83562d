"""Small random instances and settings (M1, M2), the files the program reads them from, and twins.

A case is drawn from a seed alone, so a number names it for ever. It goes for the corners on
purpose: agents without edges, zero needs and capacities, a full row, desires of zero, ids that look
like other ids, edges in any order. A twin is the same instance with its agents permuted, and if
wished all amounts times a constant: exact arithmetic gives both the same result, so a difference
between their floating-point runs shows how far rounding alone reaches.
"""

from dataclasses import dataclass

import numpy as np

from dense_rounds import Instance, Settings


@dataclass(frozen=True)
class Case:
    """An instance with several need types: column k of need and capacity is type k."""

    kind: str                # bipartite | agents
    provider_ids: list
    recipient_ids: list      # for agents the same list
    capacity: np.ndarray     # P x types
    need: np.ndarray         # R x types
    weight: np.ndarray       # P x R
    desire: np.ndarray       # P x R
    edges: list              # [row, column] in file order; for agents each edge once
    settings: Settings

    @property
    def types(self):
        return self.need.shape[1]

    def instance(self, kind_of_need):
        """The run of one need type; recognition and desire are shared by all."""
        return Instance(self.capacity[:, kind_of_need], self.need[:, kind_of_need],
                        self.weight, self.desire)


# ---------------------------------------------------------------------------- drawing

def random_case(seed, index):
    rng = np.random.default_rng([seed, index])
    kind = rng.choice(["bipartite", "agents"], p=[0.6, 0.4])
    rows, columns = random_size(rng), random_size(rng)
    if kind == "agents":
        rows = columns = max(2, columns)
    pattern = random_pattern(rng, rows, columns, symmetric=kind == "agents")
    types = int(rng.choice([1, 2, 3], p=[0.7, 0.15, 0.15]))
    need, capacity = random_amounts(rng, rows, columns, types)
    provider_ids = random_ids(rng, rows, "p")
    return Case(kind, provider_ids,
                provider_ids if kind == "agents" else random_ids(rng, columns, "r"),
                capacity, need,
                random_weights(rng, pattern, symmetric=kind == "agents"),
                random_desires(rng, pattern, need[:, 0].mean(), symmetric=kind == "agents"),
                random_edges(rng, pattern, kind), random_settings(rng))


def random_size(rng):
    """1 to 45, small ones as likely as large ones."""
    return int(np.exp(rng.uniform(0.0, np.log(46.0))))


def random_pattern(rng, rows, columns, symmetric):
    """Where edges are: any density, often with one full row and one agent without edges."""
    density = rng.choice([rng.uniform(0.05, 0.4), rng.uniform(0.4, 1.0), 1.0])
    pattern = rng.random((rows, columns)) < density
    if rng.random() < 0.3:
        pattern[rng.integers(rows), :] = True
    if symmetric:
        pattern = np.triu(pattern, 1)
        pattern |= pattern.T
    if rng.random() < 0.3:
        lonely = rng.integers(min(rows, columns))
        pattern[lonely, :] = False
        if symmetric:
            pattern[:, lonely] = False
    if not pattern.any():
        pattern[0, columns - 1] = True
        if symmetric:
            pattern[columns - 1, 0] = True
    return pattern


def random_edges(rng, pattern, kind):
    """The order of the edges in their file; an undirected one is named from either end."""
    edges = rng.permutation(np.argwhere(pattern)).tolist()
    if kind == "bipartite":
        return edges
    return [edge if rng.random() < 0.5 else edge[::-1] for edge in edges if edge[0] < edge[1]]


def random_weights(rng, pattern, symmetric):
    """MR in (0, 1]: any number, shares of a row, or one value for all edges."""
    style = rng.choice(["any", "shares", "equal"], p=[0.6, 0.3, 0.1])
    if style == "equal":
        weight = np.full(pattern.shape, rng.choice([1.0, 0.5, 0.3]))
    else:
        weight = 1.0 - rng.random(pattern.shape)
    if style == "shares":
        weight = weight / np.maximum(1.0, pattern.sum(axis=1))[:, None]
    if symmetric:
        weight = np.minimum(weight, weight.T)
    return np.where(pattern, weight, 0.0)


def random_desires(rng, pattern, mean_need, symmetric):
    """Mostly no bound anywhere; else each edge is unbounded, zero, small or about a need."""
    desire = np.full(pattern.shape, np.inf)
    if rng.random() < 0.4:
        scale = mean_need * rng.choice([0.02, 0.2, 1.0], size=pattern.shape)
        bounded = 2.0 * scale * rng.random(pattern.shape)
        lot = rng.random(pattern.shape)
        desire = np.where(lot < 0.3, np.inf, np.where(lot < 0.4, 0.0, bounded))
    if symmetric:
        desire = np.minimum(desire, desire.T)
    return np.where(pattern, desire, np.inf)


def random_amounts(rng, rows, columns, types):
    """Needs (columns x types) and capacities (rows x types) at a supply ratio of 0.25 to 2.5."""
    need, capacity = np.empty((columns, types)), np.empty((rows, types))
    for k in range(types):
        unit = 10.0 ** rng.uniform(-3.0, 6.0)
        need[:, k] = unit * random_column(rng, columns)
        capacity[:, k] = random_column(rng, rows)
        if capacity[:, k].sum() > 0.0:
            total = need[:, k].sum() if need[:, k].sum() > 0.0 else unit
            capacity[:, k] *= rng.uniform(0.25, 2.5) * total / capacity[:, k].sum()
    return need, capacity


def random_column(rng, count):
    """Positive numbers about 1, narrow, wide, equal or whole, and in half the cases some zeros."""
    style = rng.choice(["narrow", "wide", "equal", "whole"], p=[0.35, 0.4, 0.1, 0.15])
    if style == "whole":
        column = rng.integers(1, 10, count).astype(float)
    else:
        spread = {"narrow": 0.1, "wide": 1.5, "equal": 0.0}[style]
        column = np.exp(spread * rng.standard_normal(count))
    if rng.random() < 0.5:
        column[rng.random(count) < 0.2] = 0.0
    return column


def random_ids(rng, count, letter):
    """Words, or numbers in no order (then a provider and a recipient may have the same id)."""
    if rng.random() < 0.5:
        return [f"{letter}{i}" for i in range(count)]
    return [str(i) for i in rng.choice(10 * count, size=count, replace=False)]


def random_settings(rng):
    """No round damping numbers: 1 - 3 * 0.3, squared, would hit a tolerance of 0.01 exactly."""
    lot = rng.random()
    number = float(rng.choice([0.37, 0.61, 0.83, 1.0 - 0.9 * rng.random()]))
    return Settings(
        settlement=str(rng.choice(["stock", "stream", "reallocate"])),
        damping="adaptive" if lot < 0.5 else "none" if lot < 0.7 else number,
        cap=str(rng.choice(["none", "active_need"], p=[0.65, 0.35])),
        tolerance=float(rng.choice([0.01, 0.03, 0.001, 0.1, 1e-5], p=[0.4, 0.2, 0.2, 0.1, 0.1])),
        stop=str(rng.choice(["either", "needs", "denominators"], p=[0.4, 0.3, 0.3])),
        max_rounds=int(rng.choice([200, 60, 25, 9, 3, 2, 1],
                                  p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05])),
        return_surplus=bool(rng.random() < 0.7),
        relaxation=float(rng.choice([1.0, 0.5, 1.0 - 0.9 * rng.random()], p=[0.6, 0.2, 0.2])))


# ---------------------------------------------------------------------------- twins

@dataclass(frozen=True)
class Twin:
    """The same instance seen in another order and unit, and the way back."""

    instance: Instance
    provider_order: np.ndarray    # twin's row i is provider provider_order[i]
    recipient_order: np.ndarray


def twin(instance, rng, unit=1.0):
    """Agents permuted, all amounts times `unit`."""
    rows, columns = rng.permutation(len(instance.capacity)), rng.permutation(len(instance.need))
    return Twin(Instance(instance.capacity[rows] * unit, instance.need[columns] * unit,
                         instance.weight[np.ix_(rows, columns)],
                         instance.desire[np.ix_(rows, columns)] * unit),
                rows, columns)


# ---------------------------------------------------------------------------- files

def write_case(case, folder, settings=None):
    """The CSV files and scenario.toml of a case; returns the scenario's path."""
    if case.kind == "agents":
        amounts = np.hstack([case.need, case.capacity])
        header = ["id"] + numbered("need", case.types) + numbered("capacity", case.types)
        write_table(folder / "agents.csv", header, case.provider_ids, amounts)
        write_edges(case, folder / "edges.csv", ["a", "b"])
        files = {"agents": "agents.csv", "edges": "edges.csv"}
    else:
        write_table(folder / "providers.csv", ["id"] + numbered("capacity", case.types),
                    case.provider_ids, case.capacity)
        write_table(folder / "recipients.csv", ["id"] + numbered("need", case.types),
                    case.recipient_ids, case.need)
        write_edges(case, folder / "edges.csv", ["provider", "recipient"])
        files = {"providers": "providers.csv", "recipients": "recipients.csv", "edges": "edges.csv"}
    path = folder / "scenario.toml"
    path.write_text(scenario_text(files, settings or case.settings), encoding="utf-8")
    return path


def numbered(name, types):
    return [name] if types == 1 else [f"{name}_{k + 1}" for k in range(types)]


def write_table(path, header, ids, amounts):
    lines = [",".join(header)]
    lines += [",".join([name] + [repr(float(value)) for value in row])
              for name, row in zip(ids, amounts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_edges(case, path, ends):
    """The desire column is there only if an edge has a bound; an empty field means none."""
    bounded = np.isfinite(case.desire).any()
    lines = [",".join(ends + ["mr"] + (["desire"] if bounded else []))]
    for p, r in case.edges:
        fields = [case.provider_ids[p], case.recipient_ids[r], repr(float(case.weight[p, r]))]
        if bounded:
            desire = float(case.desire[p, r])
            fields.append(repr(desire) if np.isfinite(desire) else "")
        lines.append(",".join(fields))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def scenario_text(files, settings):
    def value(x):
        if isinstance(x, bool):
            return "true" if x else "false"
        return f'"{x}"' if isinstance(x, str) else repr(x)

    lines = ['title = "dense check"', "seed = 1", "", "[instance]"]
    lines += [f'{key} = "{name}"' for key, name in files.items()]
    lines += ["", "[round]"]
    lines += [f"{key} = {value(x)}" for key, x in vars(settings).items()]
    lines += ["", "[output]", "traces = true", "agents = true", ""]
    return "\n".join(lines)
