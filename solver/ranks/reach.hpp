// Whether a network whose rows are split over ranks hangs together.
#pragma once

#include <span>

#include "solver/network.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow {

/// Whether links lead from agent 0 to everybody. `rows`: those of this rank's part, columns name
/// all agents. Called by all, who get the same answer. Each rank goes as far as its own rows lead
/// before it tells others, so that ranks wait for each other about as often as paths lead from one
/// to another, and stops when all have been reached. Memory: a bit an agent of all, and 5 bytes an
/// own agent and 4 an agent seen at most.
[[nodiscard]] bool is_connected(Communicator& ranks, std::span<const RankPart> parts,
                                const Network& rows);

}  // namespace needflow
