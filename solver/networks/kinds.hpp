// One builder a kind of network (M4), called by build_network() once the settings are checked. Each
// is a pure function of its arguments but `threads`; all draws are counter-based (M12), so the same
// network comes out on any number of threads. partial_mesh has a header of its own.
#pragma once

#include <cstdint>

#include "kernels/parallel.hpp"
#include "solver/network.hpp"

namespace needflow {

/// Which network of a scenario is drawn.
struct NetworkDraw {
  std::uint64_t seed = 0;
  std::uint32_t index = 0;
};

/// Whose rows are wanted: of agents [begin, end). Some rows are a Network whose offsets begin at 0
/// with the first of them and whose columns name all agents.
struct AgentRange {
  Index begin = 0;
  Index end = 0;
  [[nodiscard]] Index count() const { return end - begin; }
  [[nodiscard]] bool has(Index agent) const { return begin <= agent && agent < end; }
};

/// Everybody with everybody.
[[nodiscard]] Network full_mesh(Index agents, AgentRange range);

/// Each with the next and the last with the first.
[[nodiscard]] Network ring(Index agents, AgentRange range);

/// The hub with everybody else.
[[nodiscard]] Network hub_and_spokes(Index agents, Index hub, AgentRange range);

/// D. J. Watts and S. H. Strogatz (Nature 393, 1998): each agent linked to the k / 2 that follow it
/// on a circle; then, agent by agent, each of these links moves its far end with probability beta
/// to an agent drawn uniformly among those its owner is not linked to. A link whose owner is linked
/// to everybody stays. Bridged where that falls apart. Requires k even, 2 ≤ k < agents,
/// beta in [0, 1]. O(agents · k) for k up to half of the agents.
[[nodiscard]] Network small_world(Index agents, Index k, double beta, NetworkDraw draw,
                                  Threads threads);

/// Shards of consecutive agents, the first agents % shards of them one larger; a partial mesh in
/// each (k, at most its size − 1), a draw of its own. The gateway of a shard is its lowest agent;
/// agent 0, gateway of the first, is the hub to which all other gateways are linked. Requires
/// 1 ≤ shards ≤ agents, k ≥ 1. O(agents · k). A shard that the range cuts is built whole;
/// bridges are counted where a shard's gateway is.
[[nodiscard]] Network sharded(Index agents, Index shards, Index k, NetworkDraw draw,
                              AgentRange range, Threads threads);

/// A.-L. Barabási and R. Albert (Science 286, 1999): the first k / 2 + 1 agents know each other;
/// every later one brings k / 2 links to different earlier ones, each drawn in proportion to the
/// degree that agents had when it came. Mean degree k but for the first agents, degrees from k / 2
/// with a tail P(d) ~ d^-3. Connected. Requires k even, 2 ≤ k < agents. O(agents · k).
[[nodiscard]] Network preferential(Index agents, Index k, NetworkDraw draw, Threads threads);

/// Random points in the unit square, linked within a radius (E. N. Gilbert 1961); bridged where
/// that falls apart. latency: the distance, in sides of the square. The square has borders, no
/// torus, where agents have about half, at corners a quarter of the links of those inside; the
/// radius makes up for it: two points are within it with probability k / (agents − 1), so the mean
/// degree is k (at most 0.97 (agents − 1), a radius of 1; k ≥ agents − 1: everybody).
/// O(agents · k). Throws InvalidPoint if there come to be more than kMaxEntries.
[[nodiscard]] Network geometric(Index agents, Index k, NetworkDraw draw, Threads threads);

/// The radius within which two random points of the unit square are with probability `share`; at
/// most 1, √2 for a share of 1 or more.
[[nodiscard]] double geometric_radius(double share);

}  // namespace needflow
