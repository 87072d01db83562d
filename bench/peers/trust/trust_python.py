#!/usr/bin/python3
"""SciPy or NetworkX as a contender of compare_trust.py. usage: trust_python.py scipy|networkx GRAPH

Protocol and file: bench/peers/graph/graph_tasks.hpp; trust and answer: trust_case.hpp. SciPy iterates on a matrix it is
handed ready; NetworkX's call is pagerank(), which makes its own.
"""
import json
import sys
import time

import numpy as np
import scipy
import scipy.sparse

RESTART, TOLERANCE, SWEEPS = 0.15, 1e-10, 200


def shares_of(path):
    """C by source, CSR."""
    with open(path, "rb") as file:
        assert file.read(8) == b"NFGRAPH1"
        nodes, entries = (int(number) for number in np.fromfile(file, np.int64, 2))
        offsets = np.fromfile(file, np.int64, nodes + 1)
        columns = np.fromfile(file, np.int32, entries)
    rows = np.repeat(np.arange(nodes, dtype=np.int64), np.diff(offsets))
    trust = ((rows * 7919 + columns.astype(np.int64) * 104729) % 1000 + 1) / 1000.0
    sums = np.bincount(rows, trust, nodes)
    # 32-bit indices: SciPy is faster with them.
    return scipy.sparse.csr_matrix((trust / sums[rows], columns, offsets.astype(np.int32)), shape=(nodes, nodes))


class Scipy:
    version = scipy.__version__

    def __init__(self, shares):
        self.by_target = shares.T.tocsr()

    def eigentrust(self):
        nodes = self.by_target.shape[0]
        start = 1.0 / nodes
        found = np.full(nodes, start)
        for sweep in range(1, SWEEPS + 1):
            before, found = found, (1.0 - RESTART) * (self.by_target @ found) + RESTART * start
            if np.abs(found - before).sum() <= TOLERANCE:
                break
        return sweep, found


class NetworkX:
    def __init__(self, shares):
        import networkx
        self.module = networkx
        self.version = networkx.__version__
        if shares.shape[0] > 20_000:
            raise MemoryError("a NetworkX graph of this size takes minutes to make")
        self.graph = networkx.from_scipy_sparse_array(shares, create_using=networkx.DiGraph)

    def eigentrust(self):
        nodes = len(self.graph)
        # It stops at N · tol, and does not say after how many sweeps.
        ranks = self.module.pagerank(self.graph, alpha=1.0 - RESTART, tol=TOLERANCE / nodes, max_iter=SWEEPS)
        return None, np.fromiter(ranks.values(), float, nodes)


def main():
    contender = {"networkx": NetworkX, "scipy": Scipy}[sys.argv[1]](shares_of(sys.argv[2]))
    print(json.dumps({"ready": True, "version": contender.version}), flush=True)
    for line in sys.stdin:
        if line.strip() == "quit":
            return
        _, runs, _ = line.split()
        started = time.perf_counter()
        for _ in range(int(runs)):
            sweeps, found = contender.eigentrust()
        seconds = (time.perf_counter() - started) / int(runs)
        some = [float(found[k * (len(found) - 1) // 15]) for k in range(16)]
        print(json.dumps({"seconds": seconds, "answer": [sweeps, *some]}), flush=True)


if __name__ == "__main__":
    main()
