// M4, M5: packets routed by tables that are out of date (seed 003's routing efficiency, 89.2 / 9.6
// / 1.2 %).
//
// Links and agents fail and recover (solver/link_states.hpp). Routing tables and the distances that
// neighbours tell each other are those of round 0; packets travel `age` rounds later. An agent
// knows which of its own links are up now. It hands a packet on
//   1. to the next hop of its table, if that link is up and is not the one the packet came over;
//   2. else, a detour, to the neighbour over a live link whose old distance to the destination,
//      the link added, is least (the lowest number of several; neighbours that had no path come
//      last), never back over the link it came from;
//   3. back over that link if there is no other.
// A packet is lost after `hop_limit` hops. Rules 1 to 3 look at nothing but (agent, came from), so
// a packet that stands where it stood before, come from the same side, never arrives: such loops
// are ended at once (R. P. Brent's test) and counted as lost, which changes no share unless the
// limit is lower.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/parallel.hpp"
#include "solver/link_states.hpp"
#include "solver/network.hpp"
#include "solver/route_shares.hpp"
#include "solver/routing.hpp"

namespace needflow {

struct StaleRouteOptions {
  RouteMetric metric = RouteMetric::hops;
  FailureRates rates{.link_fail = 0.01, .link_recover = 0.0};
  std::int64_t age = 10;          ///< rounds since the tables were made
  std::int64_t hop_limit = 0;     ///< most hops of a packet; 0: as many as agents
  std::int64_t destinations = 0;  ///< a random sample of that many; 0: all agents
  bool turn_back = false;  ///< rule 1 also back over the link the packet came from: more loops
};

/// What `options` say wrongly, or an empty text.
[[nodiscard]] std::string stale_routes_problem(const StaleRouteOptions& options);

/// Sends a packet from every live agent to every chosen live destination. The same bits for any
/// number of threads. Throws InvalidPoint with stale_routes_problem(), and as check_metric().
/// Cost: two route searches a destination, and a walk of a few hops a pair; memory a thread, for 64
/// destinations, 1 KB an agent by hops, 2 KB by latency.
[[nodiscard]] RouteShares measure_routes(const Network& network, const StaleRouteOptions& options,
                                         std::uint64_t seed, std::uint32_t network_index,
                                         Threads threads);

/// The same between two given states, without draws: tables of `then`, packets over `now`.
[[nodiscard]] RouteShares measure_routes_between(const Network& network, LiveParts then,
                                                 LiveParts now, const StaleRouteOptions& options,
                                                 std::span<const Index> destinations,
                                                 Threads threads);

}  // namespace needflow
