"""The metrics of networks beside NetworkX, igraph and NumPy. usage: test_metrics_libraries.py MEASURE_EDGES

Graphs are made afresh by NetworkX: random, small worlds, scale-free, trees, several components, meshes. Everything that
a library has a number for is compared; definitions that differ from NetworkX's defaults are spelled out here.
Exits 77, which ctest takes for "skipped", without NetworkX.
"""
import itertools
import json
import math
import subprocess
import sys
import traceback

try:
    import networkx as nx
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}; scripts/install-packages --test brings it")
    sys.exit(77)
try:
    import igraph
except ImportError:
    igraph = None  # its comparisons are left out, and that is said

MEASURE = sys.argv[1]


def measured(graph, *arguments):
    lines = [str(graph.number_of_nodes())] + [f"{a} {b}" for a, b in graph.edges]
    done = subprocess.run([MEASURE, *map(str, arguments)], input="\n".join(lines), text=True,
                          capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


def graphs():
    """(name, graph): nodes are 0 … N−1, simple and undirected."""
    for seed in range(3):
        yield f"random {seed}", nx.gnm_random_graph(180 + 7 * seed, 700, seed=seed)
        yield f"sparse random in pieces {seed}", nx.gnm_random_graph(220, 190, seed=seed)
        yield f"small world {seed}", nx.connected_watts_strogatz_graph(150, 6, 0.2, seed=seed)
        yield f"scale-free {seed}", nx.barabasi_albert_graph(160, 3, seed=seed)
        yield f"clustered {seed}", nx.powerlaw_cluster_graph(130, 4, 0.7, seed=seed)
        yield f"mesh {seed}", nx.random_regular_graph(20, 100, seed=seed)
        yield f"tree {seed}", nx.random_tree(120, seed=seed)
    yield "caves", nx.connected_caveman_graph(12, 9)
    yield "grid", nx.convert_node_labels_to_integers(nx.grid_2d_graph(9, 14))
    yield "karate club", nx.Graph(nx.karate_club_graph().edges)
    yield "two communities apart", nx.disjoint_union(nx.complete_graph(40), nx.cycle_graph(33))
    yield "no links", nx.empty_graph(12)


def close(found, expected, tolerance=1e-9):
    if found is None or (isinstance(expected, float) and math.isnan(expected)):
        return found is None and (expected is None or math.isnan(expected))
    return math.isclose(found, expected, rel_tol=tolerance, abs_tol=1e-12)


def hop_counts(graph):
    """Ordered pairs by distance."""
    counts = [0]
    for _, distances in nx.all_pairs_shortest_path_length(graph):
        for hops in distances.values():
            if hops > 0:
                counts += [0] * (hops + 1 - len(counts))
                counts[hops] += 1
    return counts


def compare_with_networkx(graph, found):
    n = graph.number_of_nodes()
    assert found["nodes"] == n and found["edges"] == graph.number_of_edges()
    assert found["degree_histogram"] == nx.degree_histogram(graph)
    parts = [graph.subgraph(nodes) for nodes in nx.connected_components(graph)]
    assert found["components"] == len(parts)
    assert found["largest"] == max(len(part) for part in parts)
    assert close(1.0 - found["reduction"], nx.density(graph))
    counts = hop_counts(graph)
    assert found["hop_pairs"] == counts
    assert found["unreachable"] == n * (n - 1) - sum(counts)
    diameter = max(nx.diameter(part) for part in parts)
    assert found["diameter"] == [diameter, diameter]
    if len(parts) == 1:
        assert close(found["mean_path"], nx.average_shortest_path_length(graph))
    assert found["triangles"] == sum(nx.triangles(graph).values()) // 3
    # average_clustering counts nodes of degree < 2 as 0; M4 leaves them out.
    local = nx.clustering(graph)
    kept = [local[node] for node, degree in graph.degree if degree >= 2]
    assert found["clustering_agents"] == len(kept)
    assert close(found["clustering"], sum(kept) / len(kept) if kept else math.nan)
    if len(kept) == n:
        assert close(found["clustering"], nx.average_clustering(graph))


def compare_loads(graph, found):
    """Ordered pairs: twice what NetworkX counts."""
    loads = sorted(2.0 * load for load in nx.edge_betweenness_centrality(graph, normalized=False).values())
    if not loads:
        assert found["load_mean"] == 0.0
        return
    assert close(found["load_mean"], sum(loads) / len(loads))
    assert close(found["load_largest"], loads[-1])
    assert close(found["load_p99"], loads[(len(loads) - 1) * 99 // 100])


def compare_spectrum(graph, found):
    if nx.number_connected_components(graph) > 1:
        assert found["gap"] == 0.0
        return
    links = nx.to_numpy_array(graph, weight=None)
    roots = np.sqrt(links.sum(axis=0))
    moduli = np.sort(np.abs(np.linalg.eigvalsh(links / np.outer(roots, roots))))
    assert close(found["gap"], max(0.0, 1.0 - moduli[-2]), 1e-7) or moduli[-2] > 1.0 - 1e-9


def compare_with_igraph(graph, found):
    other = igraph.Graph(n=graph.number_of_nodes(), edges=list(graph.edges))
    histogram = other.path_length_hist(directed=False)
    assert [2 * count for _, _, count in histogram.bins()] == found["hop_pairs"][1:]
    assert 2 * histogram.unconnected == found["unreachable"]
    assert close(found["clustering"], other.transitivity_avglocal_undirected(mode="nan"))
    assert found["triangles"] == len(other.cliques(3, 3))
    assert found["diameter"][0] == other.diameter(directed=False, unconn=True)
    if found["edges"]:
        assert close(found["load_largest"], 2.0 * max(other.edge_betweenness(directed=False)))


def compare_sample(graph):
    """Bounds hold and the mean is within five standard errors."""
    found = measured(graph, 20, 64)
    assert found["sources"] == min(64, len(graph))
    widest = max(nx.diameter(graph.subgraph(nodes)) for nodes in nx.connected_components(graph))
    assert found["diameter"][0] <= widest <= found["diameter"][1]
    counts = hop_counts(graph)
    mean = sum(h * count for h, count in enumerate(counts)) / sum(counts)
    assert abs(found["mean_path"] - mean) <= 5.0 * found["mean_path_error"] + 1e-12


def main():
    failed = 0
    if igraph is None:
        print("igraph is not installed, so it is not compared with (python3-igraph)")
    for name, graph in graphs():
        found = measured(graph)
        checks = [compare_with_networkx, compare_loads, compare_spectrum]
        if igraph is not None:
            checks.append(compare_with_igraph)
        for check in itertools.chain(checks, [None]):
            try:
                if check is not None:
                    check(graph, found)
                elif graph.number_of_edges() > 0:
                    compare_sample(graph)
            except Exception:  # noqa: BLE001  a failing comparison must not stop the others
                failed += 1
                print(f"FAILED {name}, {check.__name__ if check else 'sample'}\n{traceback.format_exc()}")
        print(f"compared {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
