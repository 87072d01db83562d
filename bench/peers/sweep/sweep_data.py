"""What both SciPy sweeps share: networks and draws as needflow made them, and the result file.

The sweep is that of sweep.toml: `stock`, adaptive damping, surplus returned, no cap, and every need and capacity
above 0. The constants are M2's defaults.
"""
import argparse
import json
import os
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import h5py  # noqa: E402
import numpy as np  # noqa: E402  after the variables that it reads
from scipy.sparse import _sparsetools  # noqa: E402

TOLERANCE, MAX_ROUNDS = 0.01, 200
MET_WITHIN, DUST, DIFFERS, SAME_WITHIN = 1e-12, 1e-12, 1e-9, 1e-9
NEEDS_MET, STABLE, CYCLE, ROUND_LIMIT = 1, 2, 3, 4

INTEGERS = ("rounds", "cycle_period", "messages_published", "messages_read", "messages_allocated",
            "network_edges", "recognised_pairs")
REALS = ("satisfied_fraction", "fully_met_fraction", "over_fraction", "wasted_fraction", "residual_l1",
         "residual_max", "jain_index", "gini", "satisfaction_min", "satisfaction_p05",
         "network_mean_degree")


class Network:
    """CSR of the symmetric MR, and need and capacity of each replicate (rows)."""

    def __init__(self, file, agents, replicates):
        self.agents = int(agents)
        self.links, self.entries = (int(number) for number in np.fromfile(file, np.int64, 2))
        self.offsets = np.fromfile(file, np.int64, agents + 1).astype(np.int32)
        self.weights = np.fromfile(file, np.float64, self.entries)
        self.columns = np.fromfile(file, np.int32, self.entries)
        self.ones = np.ones(self.entries, np.float32)
        amounts = np.fromfile(file, np.float64, 2 * replicates * agents).reshape(replicates, 2, -1)
        self.need, self.capacity = amounts[:, 0], amounts[:, 1]
        if not (amounts > 0.0).all():
            raise SystemExit("a need or a capacity is 0, which these scripts do not expect")

    def times(self, vector):
        """MR · vector, with the call that SciPy's `@` ends in."""
        result = np.zeros_like(vector)
        _sparsetools.csr_matvec(self.agents, self.agents, self.offsets, self.columns, self.weights,
                                vector, result)
        return result

    def times_columns(self, vectors):
        """MR · vectors for an array of columns."""
        result = np.zeros(vectors.shape)  # C order, or ravel() would copy it
        _sparsetools.csr_matvecs(self.agents, self.agents, vectors.shape[1], self.offsets, self.columns,
                                 self.weights, vectors.ravel(), result.ravel())
        return result

    def neighbors_among(self, chosen):
        """For flags (one column or several): how many of each agent's partners are set. float32 counts
        these small numbers exactly at half the traffic."""
        flags = chosen.astype(np.float32, order="C")
        result = np.zeros(flags.shape, np.float32)
        if flags.ndim == 1:
            _sparsetools.csr_matvec(self.agents, self.agents, self.offsets, self.columns, self.ones,
                                    flags, result)
        else:
            _sparsetools.csr_matvecs(self.agents, self.agents, flags.shape[1], self.offsets,
                                     self.columns, self.ones, flags.ravel(), result.ravel())
        return result


def read_networks(path, most):
    with open(path, "rb") as file:
        if file.read(8) != b"NFSWEEP1":
            raise SystemExit(f"{path}: not a sweep of write_inputs")
        agents, networks, replicates = np.fromfile(file, np.int64, 3)
        return [Network(file, agents, replicates) for _ in range(min(networks, most))]


class Results:
    """Every metric over supply ratio × network × replicate."""

    def __init__(self, ratios, networks):
        self.ratios = ratios
        self.shape = (len(ratios), len(networks), len(networks[0].need))
        self.values = {name: np.full(self.shape, -1, np.int64) for name in INTEGERS}
        self.values.update({name: np.full(self.shape, np.nan) for name in REALS})
        self.values["status"] = np.zeros(self.shape, np.uint8)
        for index, network in enumerate(networks):
            self.values["network_edges"][:, index] = network.links
            self.values["recognised_pairs"][:, index] = network.entries // 2
            self.values["network_mean_degree"][:, index] = 2.0 * network.links / network.agents

    def write(self, path):
        """With the filters that needflow uses; h5py picks the chunks."""
        with h5py.File(path, "w") as file:
            file["supply_ratio"] = self.ratios
            file["network"] = np.arange(self.shape[1])
            file["replicate"] = np.arange(self.shape[2])
            for name, values in self.values.items():
                data = file.create_dataset(name, data=values, compression="gzip", compression_opts=4,
                                           shuffle=True)
                for axis, scale in enumerate(("supply_ratio", "network", "replicate")):
                    data.dims[axis].attach_scale(file[scale])


def run_script(description, run_network):
    """Reads, times run_network(network, index, results) over the networks and the writing, says it as JSON."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("inputs", help="made by write_inputs sweep")
    parser.add_argument("ratios", help="JSON array")
    parser.add_argument("output", help="HDF5 file")
    parser.add_argument("--networks", type=int, default=1 << 30, help="only so many")
    options = parser.parse_args()
    networks = read_networks(options.inputs, options.networks)
    ratios = np.array(json.loads(options.ratios))
    np.seterr(divide="ignore", invalid="ignore")
    started, cpu_started = time.perf_counter(), time.process_time()
    results = Results(ratios, networks)
    for index, network in enumerate(networks):
        run_network(network, index, results)
    results.write(options.output)
    print(json.dumps({"points": int(np.prod(results.shape)), "wall": time.perf_counter() - started,
                      "cpu": time.process_time() - cpu_started}))
