// The longest shortest path of a network within a component (M4), without a search from everywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/graph.hpp"
#include "kernels/parallel.hpp"
#include "solver/network.hpp"

namespace needflow {

/// What is known about the diameter so far.
struct DiameterBounds {
  std::int64_t at_least = 0;
  std::vector<std::int64_t> at_most;  ///< of each component

  [[nodiscard]] std::int64_t most() const;
  /// Takes in that the farthest node from a node of this component is so many hops away: the
  /// diameter is no less, and at most twice that.
  void note(Index component, std::int64_t eccentricity);
};

/// Each component of n nodes has n − 1 at most.
[[nodiscard]] DiameterBounds trivial_bounds(const Components& components);

/// Draws the bounds together until they meet or so many searches are done: four sweeps, each from
/// the farthest node of the one before, for the lower one and a central node u; then iFUB for the
/// upper (P. Crescenzi et al., "On computing the diameter of real-world undirected graphs", Theor.
/// Comput. Sci. 514 (2013)): once the nodes i hops and more from u have been searched from, the
/// others are no more than 2 (i − 1) hops apart. That ends soon where few nodes are far from the
/// middle; in a random mesh nearly all are equally far, so there the bounds stay a factor of about
/// two apart and only a search from every agent is exact.
void tighten_bounds(const Network& network, const Components& components, std::int64_t searches,
                    Threads threads, DiameterBounds& bounds);

}  // namespace needflow
