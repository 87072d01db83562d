// Plain serial twin of kernels/bfs.hpp: a queue from every source.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/bfs.hpp"

namespace needflow::reference {

/// Hops from `source` to every node, −1 where there is no path.
[[nodiscard]] inline std::vector<Index> hop_distances(std::span<const Offset> offsets,
                                                      std::span<const Index> columns,
                                                      Index source) {
  std::vector<Index> distance(offsets.size() - 1, -1);
  std::vector<std::size_t> queue{static_cast<std::size_t>(source)};
  distance[queue[0]] = 0;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const std::size_t node = queue[i];
    for (Offset e = offsets[node]; e < offsets[node + 1]; ++e) {
      const auto to = static_cast<std::size_t>(columns[static_cast<std::size_t>(e)]);
      if (distance[to] >= 0) continue;
      distance[to] = distance[node] + 1;
      queue.push_back(to);
    }
  }
  return distance;
}

[[nodiscard]] inline HopCounts count_hops(std::span<const Offset> offsets,
                                          std::span<const Index> columns,
                                          const Components& /*components*/,
                                          std::span<const Index> sources, HopSums sums,
                                          Threads /*threads*/) {
  HopCounts counts;
  for (const Index source : sources) {
    Index farthest = 0;
    std::int64_t hops = 0;
    for (const Index distance : hop_distances(offsets, columns, source)) {
      if (distance < 0) ++counts.unreachable;
      if (distance <= 0) continue;
      farthest = std::max(farthest, distance);
      hops += distance;
      counts.pairs.resize(std::max(counts.pairs.size(), static_cast<std::size_t>(distance) + 1));
      ++counts.pairs[static_cast<std::size_t>(distance)];
    }
    counts.eccentricity.push_back(farthest);
    if (sums == HopSums::per_source) counts.hops.push_back(hops);
  }
  return counts;
}

}  // namespace needflow::reference
