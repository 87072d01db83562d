#!/usr/bin/python3
"""SciPy and numpy at their best: peer_scipy.py INPUT [direct | operator]

direct calls the compiled row product that SciPy's own `@` ends in, into a vector of ours; operator is
`matrix @ vector`, which allocates its result. The element-wise phase writes into arrays made once, in blocks
that stay in cache. One thread: SciPy has no more. contender.hpp says what is read and answered.
"""
import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  after the variables that it reads
import scipy  # noqa: E402
from scipy.sparse import _sparsetools, csr_matrix  # noqa: E402

# Agents a block: 4,096 to 65,536 are the same; whole arrays are some 5 % slower at a million agents.
BLOCK = 16_384
TOLERANCE = 0.01


def read(path):
    with open(path, "rb") as file:
        if file.read(8) != b"NFROUND1":
            raise SystemExit(f"{path}: not a file of write_inputs")
        agents, entries = np.fromfile(file, np.int64, 2)
        offsets = np.fromfile(file, np.int64, agents + 1).astype(np.int32)
        weights = np.fromfile(file, np.float64, entries)
        need = np.fromfile(file, np.float64, agents)
        capacity = np.fromfile(file, np.float64, agents)
        columns = np.fromfile(file, np.int32, entries)
    return csr_matrix((weights, columns, offsets), shape=(agents, agents)), need, capacity


class Block:
    """The element-wise phase of the agents of one slice; `part` gives a slice's view of an array."""

    def __init__(self, rounds, part):
        self.need, self.capacity = rounds.need[part], rounds.capacity[part]
        self.active, self.denominator = rounds.active[part], rounds.denominator[part]
        self.scale, self.gathered = rounds.scale[part], rounds.gathered[part]
        self.satisfied, self.received = rounds.satisfied[part], rounds.received[part]
        self.damping, self.converged = rounds.damping[part], rounds.converged[part]
        self.over = [over[part] for over in rounds.over]
        self.met_within = 1e-12 * self.need
        self.differs = 1e-9 * self.need
        self.allowed = TOLERANCE * self.need
        size = len(self.need)
        self.first, self.last = np.empty(size), np.empty(size)
        self.flags = [np.empty(size, bool) for _ in range(6)]

    def divide(self):
        """s = C / d, 0 where nobody claims."""
        np.divide(self.capacity, self.denominator, out=self.scale)
        if not self.denominator.all():
            self.scale[self.denominator == 0.0] = 0.0

    def settle(self, history):
        need, got, last, flag = self.need, self.received, self.last, self.flags[0]
        np.multiply(self.active, self.gathered, out=got)
        # y, which becomes n where it is within rounding of it
        y = self.satisfied
        np.subtract(got, need, out=last)
        np.abs(last, out=self.first)
        np.less_equal(self.first, self.met_within, out=flag)
        np.maximum(last, 0.0, out=last)
        if flag.any():
            last[flag] = 0.0
        np.minimum(got, need, out=y)
        if flag.any():
            y[flag] = need[flag]
        # The array of the oldest over-allocations takes the new ones.
        oldest, previous, newest = self.over
        newest[...] = last
        self.over = [previous, newest, oldest]
        if history < 3:
            self.damping.fill(0.8)
        else:
            self.adapt(oldest, previous, newest)
        # n - x is the lack and, damped, the next round's claim.
        np.subtract(need, y, out=self.active)
        np.less_equal(newest, self.allowed, out=self.converged)
        np.less_equal(self.active, self.allowed, out=flag)
        np.logical_and(self.converged, flag, out=self.converged)
        self.active *= self.damping

    def adapt(self, oldest, previous, newest):
        rose_first, fell_first, rose_last, fell_last, one, two = self.flags
        np.subtract(previous, oldest, out=self.first)
        np.subtract(newest, previous, out=self.last)
        np.greater(self.first, self.differs, out=rose_first)
        np.greater(self.last, self.differs, out=rose_last)
        np.negative(self.first, out=self.first)
        np.negative(self.last, out=self.last)
        np.greater(self.first, self.differs, out=fell_first)
        np.greater(self.last, self.differs, out=fell_last)
        np.logical_or(rose_first, rose_last, out=one)
        # 1 - 0.2 is 0.8 to the bit
        np.multiply(one, -0.2, out=self.damping)
        self.damping += 1.0
        np.logical_and(rose_first, fell_last, out=one)
        np.logical_and(fell_first, rose_last, out=two)
        np.logical_or(one, two, out=one)
        np.copyto(self.damping, 0.5, where=one)


class Rounds:
    def __init__(self, path, direct):
        self.matrix, self.need, self.capacity = read(path)
        self.direct = direct
        agents = len(self.need)
        self.active, self.denominator, self.scale, self.gathered = np.zeros((4, agents))
        self.satisfied, self.received, self.damping = np.zeros((3, agents))
        self.over = np.zeros((3, agents))
        self.converged = np.zeros(agents, bool)
        self.blocks = [Block(self, slice(begin, min(begin + BLOCK, agents)))
                       for begin in range(0, agents, BLOCK)]

    def multiply(self, vector, result):
        if not self.direct:
            result[...] = self.matrix @ vector
            return
        result.fill(0.0)
        rows = self.matrix
        _sparsetools.csr_matvec(*rows.shape, rows.indptr, rows.indices, rows.data, vector, result)

    def run(self, rounds):
        self.satisfied.fill(0.0)
        self.damping.fill(1.0)
        self.active[...] = self.need
        for history in range(1, rounds + 1):
            self.multiply(self.active, self.denominator)
            for block in self.blocks:
                block.divide()
            self.multiply(self.scale, self.gathered)
            for block in self.blocks:
                block.settle(history)


def answer(rounds, words):
    if words[0] == "check":
        rounds.run(int(words[1]))
        with open(words[2], "wb") as file:
            for values in (rounds.satisfied, rounds.received, rounds.denominator):
                values.tofile(file)
        return {"written": True}
    if words[0] == "time":
        count, runs = int(words[1]), int(words[2])
        started = time.perf_counter()
        for _ in range(runs):
            rounds.run(count)
        return {"seconds_per_round": (time.perf_counter() - started) / (count * runs)}
    return {"error": "no such command"}


def main():
    direct = "operator" not in sys.argv[2:]
    np.seterr(divide="ignore", invalid="ignore")
    rounds = Rounds(sys.argv[1], direct)
    version = f"scipy {scipy.__version__}, numpy {np.__version__}"
    print(json.dumps({"ready": True, "version": version}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "quit":
            return
        print(json.dumps(answer(rounds, words)), flush=True)


if __name__ == "__main__":
    main()
