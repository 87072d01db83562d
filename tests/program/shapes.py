"""Small sweeps of every shape that a result file can have, each with what its file must look like.
"""

from program import (AGENTS, AGENTS_KEYS, BIPARTITE, BIPARTITE_KEYS, DONE, RATINGS, RATINGS_KEYS,
                     SOME_FAILED, table, toml)

KEEP_ALL = {"traces": True, "agents": True}


class Shape:
    """A sweep, and what its file must look like: the coordinate of each dimension, and the groups
    beside provenance, settings and timing."""

    def __init__(self, scenario, dims=None, groups="", files=None, expect=DONE, arguments=(),
                 along=None, excluded=0):
        self.scenario = scenario
        self.dims = dims or {}
        self.groups = {*groups.split(), "provenance", "settings", "timing"}
        self.files = files or {}
        self.expect = expect
        self.arguments = arguments
        self.along = along or {}  # coordinates that are no dimensions: (dimension, values)
        self.excluded = excluded

    @property
    def lengths(self):
        return tuple(len(values) for values in self.dims.values())


SHAPES = {
    "one point": Shape(toml()),
    "one value": Shape(toml(title="An axis of one", network={"agents": [30]}), {"agents": [30]}),
    "numbers": Shape(
        toml(network={"agents": [6, 9]}, population={"supply_ratio": [0.5, 1.0, 2]}),
        {"agents": [6, 9], "supply_ratio": [0.5, 1.0, 2.0]}),
    # Written in another order than the option table's.
    "words": Shape(
        toml(round={"settlement": ["stream", "stock", "reallocate"], "cap": ["active_need"],
                    "max_rounds": [20, 10]}, network={"kind": ["ring", "partial_mesh"]}),
        {"kind": ["ring", "partial_mesh"], "settlement": ["stream", "stock", "reallocate"],
         "cap": ["active_need"], "max_rounds": [20, 10]}),
    "words and numbers": Shape(
        toml(network={"agents": 30, "neighbors": [5, "table", 4, "2lnN"]},
             round={"damping": [0.5, "adaptive", 1e-3]}),
        {"neighbors": ["5", "table", "4", "2lnN"], "damping": ["0.5", "adaptive", "0.001"]}),
    "booleans": Shape(
        toml(network={"agents": 12}, round={"return_surplus": [False, True]}, output=KEEP_ALL),
        {"return_surplus": ["false", "true"]}, "trace agents"),
    "seeds": Shape(toml(seed=[3, 1, 2**62], network={"agents": 10}), {"seed": [3, 1, 2**62]}),
    "draws": Shape(
        toml(title="Mean over draws", seed=5, network={"agents": [20, 100], "count": 2},
             population={"replicates": 3, "supply_ratio": [0.5, 1.0]}),
        {"agents": [20, 100], "supply_ratio": [0.5, 1.0], "network": [0, 1],
         "replicate": [0, 1, 2]}),
    "types": Shape(
        toml(population={"types": 2, "supply_ratio": [0.5, 1.5]}, network={"agents": 9},
             output=KEEP_ALL),
        {"supply_ratio": [0.5, 1.5], "type": [1, 2]}, "trace agents"),
    "episodes": Shape(
        toml(network={"agents": [7, 9]}, population={"episodes": 3}, output=KEEP_ALL),
        {"agents": [7, 9], "episode": [1, 2, 3]}, "trace agent_rows"),
    "trust, types and episodes": Shape(
        toml(network={"agents": 9}, population={"types": 2, "episodes": [2, 3]}, trust={
            "mode": ["off", "on"], "detection": True}, strategies={"strategic_fraction": 0.4},
             output=KEEP_ALL),
        {"episodes": [2, 3], "mode": ["off", "on"], "type": [1, 2], "episode": [1, 2, 3]},
        "trace agents"),
    "trust, bipartite": Shape(
        toml(instance=BIPARTITE_KEYS, population={"episodes": 2}, trust={"mode": "on"},
             output=KEEP_ALL),
        {"episode": [1, 2]}, "trace recipients providers", BIPARTITE),
    "agents axis and rows": Shape(
        toml(network={"agents": [5, 8], "count": 2}, output={"agents": True}),
        {"agents": [5, 8], "network": [0, 1]}, "agent_rows"),
    # `need`, `capacity` and `damping` are dimensions at the root and variables in the group.
    "axes named as agents' columns": Shape(
        toml(network={"agents": 7}, population={"need": ["constant", "pareto"],
                                                "capacity": ["constant", "lognormal"]},
             round={"damping": ["adaptive", 0.25]}, output=KEEP_ALL),
        {"need": ["constant", "pareto"], "capacity": ["constant", "lognormal"],
         "damping": ["adaptive", "0.25"]}, "trace agents"),
    "bipartite": Shape(
        toml(instance=BIPARTITE_KEYS, round={"settlement": ["stock", "stream"]}, output=KEEP_ALL),
        {"settlement": ["stock", "stream"]}, "trace recipients providers", BIPARTITE),
    "bipartite, two types, one point": Shape(
        toml(instance=BIPARTITE_KEYS, output=KEEP_ALL),
        {"type": [1, 2]}, "trace recipients providers",
        {**BIPARTITE,
         "providers.csv": table("id,capacity_1,capacity_2", ("a", 10, 0), ("b", 5, 7)),
         "recipients.csv": table("id,need_2,need_1", ("x", 4, 1), ('"ÿ, ""z"""', 8, 0),
                                 ("z", 6, 9)),
         "edges.csv": table("provider,recipient,mr,desire", ("a", "x", 0.5, ""),
                            ("b", "z", 1, 3.5))}),
    "agent network": Shape(
        toml(instance=AGENTS_KEYS, population={"supply_ratio": [0.5, 2.0]}, output=KEEP_ALL),
        {"supply_ratio": [0.5, 2.0]}, "trace agents", AGENTS),
    "ratings": Shape(
        toml(instance=RATINGS_KEYS, population={"replicates": 2}, output=KEEP_ALL),
        {"replicate": [0, 1]}, "trace agents", RATINGS),
    "kinds of network": Shape(
        toml(network={"kind": ["small_world", "sharded", "preferential", "geometric"], "agents": 24,
                      "neighbors": 4, "shard_size": 10}, output=KEEP_ALL),
        {"kind": ["small_world", "sharded", "preferential", "geometric"]}, "trace agents"),
    "a network file": Shape(
        toml(network={"kind": "file", "file": "links.csv"}, output=KEEP_ALL), {}, "trace agents",
        {"links.csv": "a,b,latency\nAnn,Bob,3\nBob,Éva,1.5\n"}),
    "network files": Shape(
        toml(network={"kind": ["file", "ring"], "agents": 4, "file": ["links.csv", "path.mtx"]}),
        {"kind": ["file", "ring"], "file": ["links.csv", "path.mtx"]}, files={
            "links.csv": "a,b\n1,2\n2,30\n30,4\n", "path.mtx":
            "%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 2\n"}),
    "zipped axes": Shape(
        toml(network={"agents": [6, 9, 9], "neighbors": [2, "2lnN", 4]},
             round={"settlement": ["stock", "stream"]},
             design={"zip": [["network.agents", "network.neighbors"]]}, output=KEEP_ALL),
        {"agents": [6, 9, 9], "settlement": ["stock", "stream"]}, "trace agent_rows",
        along={"neighbors": ("agents", ["2", "2lnN", "4"])}),
    "points left out": Shape(
        toml(network={"agents": [6, 9]}, round={"cap": ["none", "active_need"]},
             population={"replicates": 2}, output=KEEP_ALL) +
        '[[design.exclude]]\nagents = 9\ncap = "none"\n',
        {"agents": [6, 9], "cap": ["none", "active_need"], "replicate": [0, 1]},
        "trace agent_rows", excluded=2),
    "a list of points": Shape(
        toml(population={"types": 2}, design={"points": "points.csv"}, output=KEEP_ALL),
        {"sample": [0, 1, 2], "type": [1, 2]}, "trace agent_rows failures",
        {"points.csv": table("network.kind,hub,network.agents,replicate", ("ring", 0, 5, 7),
                             ("hub_spoke", 9, 5, 0), ("ring", 0, 6, 1))}, expect=SOME_FAILED,
        along={"kind": ("sample", ["ring", "hub_spoke", "ring"]), "agents": ("sample", [5, 5, 6]),
               "hub": ("sample", [0, 9, 0]), "replicate": ("sample", [7, 0, 1])}),
    "Sobol's sequence": Shape(
        toml(design={"method": "sobol", "samples": 4, "shift": False}, network={"count": 2},
             output=KEEP_ALL) +
        "[design.ranges]\nnetwork.agents = [4, 7]\nsupply_ratio = [0, 2.0]\n",
        {"sample": [0, 1, 2, 3], "network": [0, 1]}, "trace agent_rows",
        # u = 0, 1/2, 3/4, 1/4 and 0, 1/2, 1/4, 3/4: whole numbers take equal shares of [0, 1).
        along={"agents": ("sample", [4, 6, 7, 5]),
               "supply_ratio": ("sample", [0.0, 1.0, 0.5, 1.5])}),
    "some points invalid": Shape(
        toml(network={"kind": "hub_spoke", "agents": [4, 9], "hub": [0, 6]}, output=KEEP_ALL),
        {"agents": [4, 9], "hub": [0, 6]}, "trace agent_rows failures", expect=SOME_FAILED),
    "all points invalid": Shape(
        toml(network={"kind": "hub_spoke", "agents": 4, "hub": [6, 7]}, output=KEEP_ALL),
        {"hub": [6, 7]}, "trace agents failures", expect=SOME_FAILED),
    "all points invalid, types": Shape(
        toml(network={"kind": "hub_spoke", "agents": 4, "hub": [6, 7]}, population={"types": 3},
             output=KEEP_ALL),
        {"hub": [6, 7], "type": [1, 2, 3]}, "trace agents failures", expect=SOME_FAILED),
    "some points pending": Shape(
        toml(network={"kind": "hub_spoke", "agents": [4, 9], "hub": [6, 0]}, output=KEEP_ALL),
        {"agents": [4, 9], "hub": [6, 0]}, "trace agent_rows failures", expect=SOME_FAILED,
        arguments=["--fail-fast"]),
    "nobody": Shape(
        toml(instance=AGENTS_KEYS, output=KEEP_ALL), {}, "trace agents",
        {"agents.csv": "id,need,capacity\n", "links.csv": "a,b,mr\n"}),
    "no providers": Shape(
        toml(instance=BIPARTITE_KEYS, output=KEEP_ALL), {}, "trace recipients providers",
        {**BIPARTITE, "providers.csv": "id,capacity\n", "edges.csv": "provider,recipient,mr\n"}),
    # Columns of 160,000 numbers, more than a chunk may hold.
    "several chunks": Shape(
        toml(network={"agents": 20000, "neighbors": 2}, population={"replicates": 8},
             round={"max_rounds": 1}, output={"agents": True}),
        {"replicate": list(range(8))}, "agents"),
}
