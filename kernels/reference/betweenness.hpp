// Plain serial twin of kernels/betweenness.hpp, from the definition: the pair (s, t) counts on the
// edge a – b by the share of its shortest paths that go s … a b … t or s … b a … t. O(sources · N ·
// E); path counts are doubles, so for graphs without long lattices.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/reference/bfs.hpp"

namespace needflow::reference {

/// Shortest paths from `source` to each node.
[[nodiscard]] inline std::vector<double> shortest_paths(std::span<const Offset> offsets,
                                                        std::span<const Index> columns,
                                                        Index source,
                                                        const std::vector<Index>& distance) {
  std::vector<double> paths(distance.size());
  paths[static_cast<std::size_t>(source)] = 1.0;
  for (Index level = 1; level < static_cast<Index>(distance.size()); ++level) {
    for (std::size_t v = 0; v < distance.size(); ++v) {
      if (distance[v] != level) continue;
      for (Offset e = offsets[v]; e < offsets[v + 1]; ++e) {
        const auto u = static_cast<std::size_t>(columns[static_cast<std::size_t>(e)]);
        if (distance[u] == level - 1) paths[v] += paths[u];
      }
    }
  }
  return paths;
}

[[nodiscard]] inline std::vector<double> edge_loads(std::span<const Offset> offsets,
                                                    std::span<const Index> columns,
                                                    std::span<const Index> sources) {
  const std::size_t nodes = offsets.empty() ? 0 : offsets.size() - 1;
  std::vector<std::vector<Index>> distance;
  std::vector<std::vector<double>> paths;
  for (std::size_t v = 0; v < nodes; ++v) {
    distance.push_back(hop_distances(offsets, columns, static_cast<Index>(v)));
    paths.push_back(shortest_paths(offsets, columns, static_cast<Index>(v), distance[v]));
  }
  std::vector<double> loads;
  for (std::size_t a = 0; a < nodes; ++a) {
    for (Offset e = offsets[a]; e < offsets[a + 1]; ++e) {
      const auto b = static_cast<std::size_t>(columns[static_cast<std::size_t>(e)]);
      if (b < a) continue;
      double load = 0.0;
      for (const Index source : sources) {
        const auto s = static_cast<std::size_t>(source);
        for (std::size_t t = 0; t < nodes; ++t) {
          if (distance[s][t] <= 0) continue;
          for (const auto& [near, far] : {std::pair{a, b}, std::pair{b, a}}) {
            if (distance[s][near] < 0 || distance[far][t] < 0) continue;
            if (distance[s][near] + 1 + distance[far][t] != distance[s][t]) continue;
            load += paths[s][near] * paths[t][far] / paths[s][t];
          }
        }
      }
      loads.push_back(load);
    }
  }
  return loads;
}

}  // namespace needflow::reference
