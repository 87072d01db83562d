"""Our partial mesh against the literal Appendix B (literal_mesh.py), statistic by statistic.
usage: test_mesh_statistics.py DUMP_MESHES [--count PERCENT]

What is right is not the literal algorithm but its outcome without its bias (M4): a random graph with its degrees.
So our meshes are compared with themselves after many swaps of random links, which keep degrees and forget all
else: t and Kolmogorov-Smirnov tests of triangles, clustering, four-cycles, path lengths; none may see anything.

The literal meshes stand beside. They differ by the way their first pass ends: the last agents that still have room
are linked to each other wherever they can be, and what remains short is a clique. That adds up to 1 % of triangles
(2 % at k = 5, where there are few), shows in four-cycles, and by id: late agents are linked to
each other 0.56 to 0.87 times as often as chance would (N = 20 ... 200). M4 wants that bias reported, not copied;
ours must still be near: no statistic of the seed's (triangles, clustering, path length, hops) may be a standard
deviation of one network apart.
"""

import argparse
import collections
import math
import subprocess
import sys
import warnings

import numpy as np
from scipy import stats

from literal_mesh import LiteralMesh

# Agents, k, networks of each kind at --count 100.
SIZES = ((20, 6, 500), (50, 15, 400), (100, 20, 350), (100, 5, 400), (200, 25, 150))
LEVEL = 1e-3  # of the whole family of tests


def ours(program, agents, k, count):
    dumped = subprocess.run([program, str(agents), str(k), "17", str(count)], check=True, capture_output=True)
    words = np.frombuffer(dumped.stdout, np.int32)
    at = 0
    for _ in range(count):
        entries = words[at]
        pairs = words[at + 1:at + 1 + 2 * entries].reshape(-1, 2)
        at += 1 + 2 * entries
        linked = np.zeros((agents, agents), bool)
        linked[pairs[:, 0], pairs[:, 1]] = True
        yield linked
    assert at == len(words)


def literal(agents, k, count, **variant):
    rng = np.random.default_rng([agents, k, len(variant)])
    for _ in range(count):
        yield LiteralMesh(agents, k, rng, **variant).linked


def swapped(linked, rng):
    """A random graph with the same degrees: links (u, v), (x, y) become (u, x), (v, y) where both are new, four
    times as often as there are links. One by one: swapping many at once is not even-handed in small graphs."""
    row = linked.tolist()
    links = np.argwhere(np.triu(linked)).tolist()
    steps = 4 * len(links)
    draws = rng.integers(0, len(links), (steps, 2)).tolist()
    turns = rng.integers(0, 2, steps).tolist()
    for (i, j), turn in zip(draws, turns):
        u, v = links[i]
        x, y = links[j]
        if turn:
            x, y = y, x
        if u == x or v == y or row[u][x] or row[v][y]:
            continue
        row[u][v] = row[v][u] = row[x][y] = row[y][x] = False
        row[u][x] = row[x][u] = row[v][y] = row[y][v] = True
        links[i], links[j] = [u, x], [v, y]
    return np.array(row)


def statistics(linked):
    """Numbers of one network by name."""
    agents = len(linked)
    a = linked.astype(np.float32)
    degree = linked.sum(axis=1)
    common = a @ a  # of i and j: neighbours both have
    closed = (common * a).sum(axis=1)  # twice the triangles at i
    np.fill_diagonal(common, 0)
    wedges = degree * (degree - 1)
    mean_wedges = wedges.sum() / degree.sum()
    reach = linked | np.eye(agents, dtype=bool)
    distance = np.where(linked, 1.0, 0.0)
    hops = 1
    while not reach.all():
        hops += 1
        further = (reach.astype(np.float32) @ a > 0) & ~reach
        if not further.any():
            break
        distance[further] = hops
        reach |= further
    pairs = agents * (agents - 1)
    local = closed[degree > 1] / wedges[degree > 1]
    apart = (~linked).sum() - agents
    return {
        "triangles": closed.sum() / 6 / (mean_wedges ** 3 / 6),
        "clustering": local.mean() / (mean_wedges ** 2 / degree.sum()),
        "four-cycles": (common * (common - 1)).sum() / 8 / (mean_wedges ** 4 / 8),
        "spread of common peers": common[np.triu_indices(agents, 1)].var() / (mean_wedges ** 2 / agents),
        "three hops and more": ((distance > 2).sum()) / max(1, apart),
        "diameter": distance.max(),
        "path length": (distance.sum() - linked.sum()) / max(1, apart) if reach.all() else math.nan,
    }, distance.sum() / pairs


def table_of(networks):
    rows, paths, degrees, links, total = [], [], collections.Counter(), None, 0
    for linked in networks:
        row, path = statistics(linked)
        rows.append(row)
        paths.append(path)
        degrees.update(linked.sum(axis=1).tolist())
        links = linked.astype(float) if links is None else links + linked
        total += 1
    values = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return values, np.array(paths), degrees, links / total


def late_links(frequency, k, count):
    """Links among the last tenth of the agents over what chance gives, and standard deviations from it."""
    agents = len(frequency)
    late = frequency[-agents // 10:, -agents // 10:].sum() / 2
    members = math.ceil(agents / 10)
    share = k / (agents - 1)
    pairs = members * (members - 1) / 2
    return late / (pairs * share), (late - pairs * share) / math.sqrt(pairs * share * (1 - share) / count)


SEEDS_OWN = ("triangles", "clustering", "three hops and more", "path length")


def p_values(mine, theirs):
    """Of a t and a Kolmogorov-Smirnov test; two constants that agree are the same."""
    if np.ptp(mine) == 0 and np.ptp(theirs) == 0:
        return (1.0, 1.0) if mine[0] == theirs[0] else (0.0, 0.0)
    return (stats.ttest_ind(mine, theirs, equal_var=False).pvalue, stats.ks_2samp(mine, theirs).pvalue)


def compare(name, mine, mine_swapped, literal_one, level):
    t, ks = p_values(mine, mine_swapped)
    literal_t, _ = p_values(literal_one, mine)
    spread = math.sqrt((mine.var() + literal_one.var()) / 2)
    apart = abs(mine.mean() - literal_one.mean()) / spread if spread > 0 else 0.0
    print(f"    {name:24} ours {mine.mean():.5f}, swapped {mine_swapped.mean():.5f} (p {t:.2g}, {ks:.2g}); literal "
          f"{literal_one.mean():.5f} (p {literal_t:.1g}, {apart:.2f} sd)")
    if min(t, ks) < level:
        yield f"{name}: {mine.mean()}, {mine_swapped.mean()} once swapped, p = {min(t, ks):.2g}"
    if name in SEEDS_OWN and apart > 1:
        yield f"{name}: ours {mine.mean()}, literal {literal_one.mean()}, {apart} standard deviations apart"


def shares(degrees, k):
    total = sum(degrees.values())
    return ", ".join(f"{d - k:+d}: {100 * n / total:.2f} %" for d, n in sorted(degrees.items()))


def check_size(program, agents, k, count, level):
    problems = []
    rng = np.random.default_rng([agents, k])
    mine = list(ours(program, agents, k, count))
    my_values, my_paths, my_degrees, my_links = table_of(mine)
    lit_values, lit_paths, lit_degrees, lit_links = table_of(literal(agents, k, count))
    my_swapped = table_of(swapped(linked, rng) for linked in mine)[0]
    first_pass = collections.Counter(
        degree for linked in literal(agents, k, count // 5, second_pass=False, balance=False)
        for degree in linked.sum(axis=1).tolist())
    print(f"N = {agents}, k = {k}, {count} networks of each")
    print(f"    degrees against k: ours {shares(my_degrees, k)}")
    print(f"      literal {shares(lit_degrees, k)}; its first pass alone {shares(first_pass, k)}")
    print(f"    mean path: ours {my_paths.mean():.4f}, literal {lit_paths.mean():.4f}")
    # M4: degrees within [k - 2, k + 2]; ours has N k / 2 links, the literal one at most 1 % fewer.
    if min(my_degrees) < k - 2 or max(my_degrees) > k + 2:
        problems.append(f"our degrees leave [k - 2, k + 2]: {shares(my_degrees, k)}")
    mean = sum(d * n for d, n in lit_degrees.items()) / sum(lit_degrees.values())
    if not 0.99 * k <= mean <= k:
        problems.append(f"the literal mesh has a mean degree of {mean}")
    for name in my_values:
        problems += compare(name, my_values[name], my_swapped[name], lit_values[name], level)
    ratio, deviations = late_links(my_links, k, count)
    lit_ratio, lit_deviations = late_links(lit_links, k, count)
    print(f"    links among the last tenth over chance: ours {ratio:.3f} ({deviations:+.1f} sd), "
          f"literal {lit_ratio:.3f} ({lit_deviations:+.1f} sd)")
    if abs(deviations) > 4:
        problems.append(f"our late agents have {ratio} of the links among each other that chance gives")
    return [f"N = {agents}, k = {k}: {problem}" for problem in problems], lit_deviations


def main():
    warnings.simplefilter("ignore")  # of nearly equal samples
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", type=float, default=100, help="per cent of the usual number of networks")
    arguments = parser.parse_args()
    level = LEVEL / (len(SIZES) * 14)
    problems, biases = [], []
    for agents, k, count in SIZES:
        found, bias = check_size(arguments.program, agents, k, max(20, int(count * arguments.count / 100)), level)
        problems += found
        biases.append(bias)
    # The bias that ours lacks must be one that this test can see.
    if max(biases) > -4 and arguments.count >= 100:
        problems.append(f"the literal mesh's bias by id is not seen: {biases} standard deviations")
    print("\n".join(problems) or "no difference that a test can see")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
