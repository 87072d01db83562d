// Whether a network whose rows are split over ranks hangs together.
#pragma once

#include <span>

#include "solver/network.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow {

/// Whether links lead from agent 0 to everybody. `rows`: those of this rank's part, columns name
/// all agents, and a link stands in both its rows. Called by all, who get the same answer. Each
/// time all ranks go through their rows, what they reach grows by as much as numbers along paths
/// ascend or descend in a row: a few times for random networks, many for long chains. Memory: two
/// bits an agent of all.
[[nodiscard]] bool is_connected(Communicator& ranks, std::span<const RankPart> parts,
                                const Network& rows);

}  // namespace needflow
