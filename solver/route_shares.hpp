// Seed 003's "routing efficiency": which share of packets takes a shortest path, one hop more, two
// or more, or never arrives; over ordered pairs of live agents that a path connects now.
//
// With tables that are up to date every packet takes a shortest path, so such figures are about
// agents that know less: old tables (solver/stale_routes.hpp) or a view of their surroundings
// (solver/greedy_routes.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kernels/parallel.hpp"
#include "solver/network.hpp"

namespace needflow {

struct RouteShares {
  std::int64_t pairs = 0;        ///< ordered pairs with a path: the sum of the next four
  std::int64_t optimal = 0;      ///< as good as the best route there is now
  std::int64_t one_more = 0;     ///< one hop more (by latency: or as many, but slower)
  std::int64_t two_or_more = 0;  ///< two hops more, or further
  std::int64_t lost = 0;         ///< out of hops, or in a loop, or with nowhere to go
  std::int64_t detoured = 0;     ///< of the pairs: some agent had to leave the way it knew
  std::int64_t unconnected = 0;  ///< ordered pairs of live agents without a path; not in `pairs`
  std::int64_t live_links = 0;   ///< of the network as it is now
  std::int64_t links = 0;
  double stretch = 0.0;  ///< mean travelled / best, of what arrived; NaN where nothing did

  /// `count` of the pairs; NaN without pairs.
  [[nodiscard]] double share(std::int64_t count) const;
};

/// How one packet fared. `best_hops`: of the best route there is now.
struct PacketFate {
  bool arrived = false;
  bool optimal = false;
  bool detoured = false;
  std::int64_t hops = 0;
  std::int64_t best_hops = 0;
  double stretch = 1.0;
};

/// Counts one packet; adds its stretch to `shares.stretch`.
void add_fate(RouteShares& shares, const PacketFate& fate);

/// The counts of parts added up in order, and the mean stretch; parts hold sums of stretches.
[[nodiscard]] RouteShares combined(std::span<const RouteShares> parts);

/// Agents that packets are sent to: a random sample of `count` (0: all), ascending. Stream
/// "route_destinations".
[[nodiscard]] std::vector<Index> sampled_agents(std::size_t agents, std::int64_t count,
                                                std::uint64_t seed, std::uint32_t network_index);

/// combined() of send(some of the destinations), batches of at most kRouteBatch on the threads of
/// the caller's arena, and the count of links. `live` as from live_entries().
[[nodiscard]] RouteShares shares_by_batch(
    const Network& network, std::span<const std::uint8_t> live, std::span<const Index> destinations,
    Threads threads, const std::function<RouteShares(std::span<const Index>)>& send);

}  // namespace needflow
