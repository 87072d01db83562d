// Breadth-first search on an undirected pattern: how many hops every node is from the sources.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/graph.hpp"
#include "kernels/parallel.hpp"

namespace needflow {

/// What a search from several sources counted. All integers, so threads cannot change a bit.
struct HopCounts {
  std::vector<std::int64_t> pairs{0};  ///< [h]: ordered pairs (source, other) h hops apart; [0] = 0
  std::int64_t unreachable = 0;        ///< ordered pairs (source, other) without a path
  std::vector<Index> eccentricity;  ///< of each source: hops to the farthest node of its component
  std::vector<std::int64_t> hops;   ///< of each source: sum over the nodes it reaches; if asked for
};

/// Whether the hops of each source are added up (a pass more over what each level found).
enum class HopSums { none, per_source };

/// Counts the hops from each of `sources` (distinct) to all other nodes: bit-parallel search from
/// up to 512 sources at once (M. Then et al., "The more the merrier: efficient multi-source graph
/// traversal", PVLDB 8 (2014)), batches on the threads.
/// Memory: 3 · 64 B a node for each thread. Cost: see kernels/bfs_levels.cpp. Twin:
/// kernels/reference/bfs.hpp.
[[nodiscard]] HopCounts count_hops(std::span<const Offset> offsets, std::span<const Index> columns,
                                   const Components& components, std::span<const Index> sources,
                                   HopSums sums, Threads threads);

/// A search from one node at a time. It keeps its arrays between searches and clears only what it
/// visited, so that a search costs its component, not the network. 8 B a node.
class HopSearch {
 public:
  HopSearch(std::span<const Offset> offsets, std::span<const Index> columns);

  /// Searches from `source`. What the accessors show holds until the next search.
  void run(Index source);

  /// The nodes reached, the source first, in order of distance; those at distance h lie from
  /// levels()[h] to levels()[h + 1].
  [[nodiscard]] std::span<const Index> reached() const { return order_; }
  [[nodiscard]] std::span<const std::size_t> levels() const { return levels_; }
  [[nodiscard]] Index eccentricity() const { return static_cast<Index>(levels_.size()) - 2; }
  /// Hops from the source; −1 where it does not reach.
  [[nodiscard]] Index distance(Index node) const {
    return distance_[static_cast<std::size_t>(node)];
  }

 private:
  std::span<const Offset> offsets_;
  std::span<const Index> columns_;
  std::vector<Index> distance_;
  std::vector<Index> order_;
  std::vector<std::size_t> levels_{0, 0};
};

}  // namespace needflow
