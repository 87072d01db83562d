#!/usr/bin/python3
"""NetworkX or igraph as a contender of compare_graph.py. usage: graph_python.py networkx|igraph GRAPH

Protocol and file: graph_tasks.hpp.
"""
import collections
import importlib
import json
import sys
import time

import numpy as np


def edges_of(path):
    """(nodes, each edge once)."""
    with open(path, "rb") as file:
        assert file.read(8) == b"NFGRAPH1"
        nodes, entries = (int(number) for number in np.fromfile(file, np.int64, 2))
        offsets = np.fromfile(file, np.int64, nodes + 1)
        columns = np.fromfile(file, np.int32, entries)
    rows = np.repeat(np.arange(nodes), np.diff(offsets))
    once = rows < columns
    return nodes, list(zip(rows[once].tolist(), columns[once].tolist()))


class NetworkX:
    def __init__(self, nodes, edges):
        self.module = importlib.import_module("networkx")
        self.graph = self.module.empty_graph(nodes)
        self.graph.add_edges_from(edges)

    def distances(self, sources):
        pairs = collections.Counter()
        for source in range(sources):
            pairs.update(self.module.single_source_shortest_path_length(self.graph, source).values())
        return [pairs[hops] for hops in range(1, max(pairs) + 1)]

    def clustering(self, _):
        # Every node of these graphs has two links or more.
        return [self.module.average_clustering(self.graph)]

    def components(self, _):
        sizes = [len(nodes) for nodes in self.module.connected_components(self.graph)]
        return [len(sizes), max(sizes)]


class Igraph:
    def __init__(self, nodes, edges):
        self.module = importlib.import_module("igraph")
        self.graph = self.module.Graph(n=nodes, edges=edges)

    def distances(self, sources):
        if sources < self.graph.vcount():
            raise ValueError("its histogram of path lengths is of all pairs")
        bins = self.graph.path_length_hist(directed=False).bins()
        return [2 * count for _, _, count in bins]

    def clustering(self, _):
        return [self.graph.transitivity_avglocal_undirected(mode="nan")]

    def components(self, _):
        sizes = self.graph.connected_components().sizes()
        return [len(sizes), max(sizes)]


def main():
    contender = {"networkx": NetworkX, "igraph": Igraph}[sys.argv[1]](*edges_of(sys.argv[2]))
    print(json.dumps({"ready": True, "version": contender.module.__version__}), flush=True)
    for line in sys.stdin:
        if line.strip() == "quit":
            return
        task, runs, sources = line.split()
        try:
            started = time.perf_counter()
            for _ in range(int(runs)):
                answer = getattr(contender, task)(int(sources))
            seconds = (time.perf_counter() - started) / int(runs)
            reply = {"seconds": seconds, "answer": answer}
        except ValueError as problem:
            reply = {"error": str(problem)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
