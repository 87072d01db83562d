// The k-neighbour mesh of seed 003's Appendix B (M4), as a random graph of that outcome.
#pragma once

#include <cstdint>

#include "solver/network.hpp"

namespace needflow {

/// A connected simple graph in which every agent has k neighbours (one has k + 1 if agents·k is
/// odd; bridges between components add one where a sparse mesh falls apart, as k ≤ 2 does).
/// Requires 1 ≤ k < agents − 1. Cost O(agents · k), plus O(agents²) = O(agents · k) when k is above
/// half.
[[nodiscard]] Network partial_mesh(Index agents, Index k, std::uint64_t seed, std::uint32_t index);

}  // namespace needflow
