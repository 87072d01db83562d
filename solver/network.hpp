// M4: who is connected to whom.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/csr.hpp"
#include "solver/settings.hpp"

namespace needflow {

/// A simple undirected graph. Each edge is stored from both ends; rows ascend; no self-loops.
struct Network {
  std::vector<Offset> offsets{0};   ///< agents + 1
  std::vector<Index> columns;       ///< 2 × edges
  std::vector<float> latency = {};  ///< of each entry, both ends the same; empty: one hop is a hop

  [[nodiscard]] std::size_t agents() const { return offsets.size() - 1; }
  [[nodiscard]] std::int64_t edges() const { return offsets.back() / 2; }
  [[nodiscard]] std::int64_t degree(std::size_t i) const { return offsets[i + 1] - offsets[i]; }
};

/// Most stored entries (twice the edges) a network may have: draws address them with 32 bits.
inline constexpr std::int64_t kMaxEntries = (std::int64_t{1} << 32) - 1;
inline constexpr std::int64_t kMaxAgents = (std::int64_t{1} << 31) - 1;

/// k after the rules "table" and "2lnN" (M4); at most agents − 1.
[[nodiscard]] std::int64_t resolved_neighbors(const NetworkSettings& settings);

/// Entries the network will have, without building it; bridges of a disconnected mesh not counted.
[[nodiscard]] std::int64_t expected_entries(const NetworkSettings& settings);

/// Why no such network exists, or an empty text.
[[nodiscard]] std::string network_problem(const NetworkSettings& settings);

/// Builds network number `index` of a scenario. A pure function of its arguments, whatever the
/// thread count. Throws InvalidPoint where network_problem() has something to say.
[[nodiscard]] Network build_network(const NetworkSettings& settings, std::uint64_t seed,
                                    std::uint32_t index);

/// The graph of the given edges; duplicates and self-loops must not be among them.
[[nodiscard]] Network network_from_edges(std::size_t agents,
                                         const std::vector<std::pair<Index, Index>>& edges);

}  // namespace needflow
