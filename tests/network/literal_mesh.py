"""Seed 003's Appendix B, word by word: the mesh algorithm that solver/partial_mesh.cpp replaces.

1. No links. 2. Agents in order: each links to random peers that have fewer than k links and are not linked to
it yet, until it has k or none is left. Then (M4's second pass, which Appendix B leaves out) agents short of k
link to any peers not linked to them. 3. Components are bridged, each to the one before, between agents of least
degree. 4. Balance: "remove edges from overloaded agents, add edges to underloaded agents": each agent above k
drops random links, then agents below k link to random others below k. What step 4 takes apart is bridged again.
"""

import numpy as np


def components(linked):
    label = np.full(len(linked), -1)
    for start in range(len(linked)):
        if label[start] >= 0:
            continue
        front = np.zeros(len(linked), bool)
        front[start] = True
        while front.any():
            label[front] = start
            front = linked[front].any(axis=0) & (label < 0)
    return label


class LiteralMesh:
    def __init__(self, agents, k, rng, second_pass=True, balance=True):
        self.linked = np.zeros((agents, agents), bool)
        self.degree = np.zeros(agents, int)
        self.k, self.rng = k, rng
        self.bridges = 0
        for i in range(agents):
            self.link_to_random(i, self.degree < k)
        self.short = int(np.maximum(0, k - self.degree).sum())  # links' ends that found no peer
        if second_pass:
            for i in range(agents):
                self.link_to_random(i, np.ones(agents, bool))
        self.bridge()
        if balance:
            self.balance()
            self.bridge()

    def set(self, a, b, value):
        self.linked[a, b] = self.linked[b, a] = value
        self.degree[[a, b]] += 1 if value else -1

    def link_to_random(self, i, eligible):
        need = self.k - self.degree[i]
        if need <= 0:
            return
        peers = eligible & ~self.linked[i]
        peers[i] = False
        for j in self.rng.permutation(np.flatnonzero(peers))[:need]:
            self.set(i, j, True)

    def bridge(self):
        label = components(self.linked)
        ends = []
        for start in np.unique(label):
            members = np.flatnonzero(label == start)
            ends.append(members[np.lexsort((members, self.degree[members]))])
        for before, after in zip(ends, ends[1:]):
            self.set(before[0], after[0], True)
            self.bridges += 1

    def balance(self):
        for i in np.flatnonzero(self.degree > self.k):
            excess = max(0, self.degree[i] - self.k)  # may have fallen by now
            for j in self.rng.permutation(np.flatnonzero(self.linked[i]))[:excess]:
                self.set(i, j, False)
        for i in np.flatnonzero(self.degree < self.k):
            self.link_to_random(i, self.degree < self.k)
