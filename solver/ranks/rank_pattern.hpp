// M4: this rank's rows of a generated network.
//
// Nobody holds more than their own rows, 8 bytes an entry while they are made and 4 when they are,
// of the kinds that can be built so: partial_mesh by exchange (rank_mesh.hpp says which), ring,
// full_mesh, hub_spoke and sharded each row by itself (a shard that two ranks share is built by
// both). small_world and preferential, where what an agent may draw hangs on the links before,
// geometric, other meshes, networks from files, and any network that is to be measured or looked at
// whole are built on the first rank, which sends everybody their rows: 8 bytes an entry of all
// there.
#pragma once

#include <span>

#include "solver/network.hpp"
#include "solver/ranks/communicator.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow {

/// The rows of the point's network in this rank's part: offsets begin at 0, columns name all
/// agents. Latencies are left out. Called by all; throws InvalidPoint on all or on none. The
/// observer, if there is one on any rank there is one on all, is shown the whole network on the
/// first.
[[nodiscard]] Network pattern_of_rank(Communicator& ranks, std::span<const RankPart> parts,
                                      const Sweep& sweep, const Point& point, Threads threads,
                                      const NetworkObserver& observer);

}  // namespace needflow
