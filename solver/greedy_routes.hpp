// M4: packets routed without tables, by agents that know only their surroundings as they are now.
//
// `nearest`: agents know positions. A packet goes to the neighbour over a live link that is nearest
// to the destination (the lowest number of several), if that is nearer than where it stands; else
// it is stuck and lost.
//
// `view`: agents know everybody within `view` live hops (2: the lists of their neighbours'
// neighbours). Within view of its destination a packet takes a shortest path. Outside it goes to a
// live neighbour drawn at random, all alike, back over the link it came from only if there is no
// other. A packet draws by (source, destination, network, hop) from the stream "greedy_routes".
//
// Both lose what is on its way after `hop_limit` hops. Shares are as in solver/route_shares.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/parallel.hpp"
#include "solver/network.hpp"
#include "solver/route_shares.hpp"
#include "solver/routing.hpp"

namespace needflow {

enum class GreedyRule { nearest, view };

struct GreedyOptions {
  GreedyRule rule = GreedyRule::view;
  std::int64_t view = 2;          ///< hops that an agent sees; 0: only whether a packet is for it
  std::int64_t hop_limit = 0;     ///< most hops of a packet; 0: as many as agents
  std::int64_t destinations = 0;  ///< a random sample of that many; 0: all agents
};

/// One value an agent; needed by `nearest` alone.
struct Positions {
  std::span<const double> x = {};
  std::span<const double> y = {};
  double period = 0.0;  ///< both axes close after so much (a torus); 0: a plane
};

/// Sends a packet from every live agent to every chosen live destination. The same bits for any
/// number of threads. Throws InvalidPoint where positions are missing or an option is negative.
[[nodiscard]] RouteShares measure_greedy(const Network& network, const GreedyOptions& options,
                                         Positions positions, LiveParts live, std::uint64_t seed,
                                         std::uint32_t network_index, Threads threads);

}  // namespace needflow
