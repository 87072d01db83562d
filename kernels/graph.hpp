// Graph kernels on an undirected pattern (each edge stored from both ends).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow {

/// Labels every node with the smallest node number of its connected component.
/// Union-find with path halving, linked by number. Two links a node first, then all links of the
/// nodes that these do not join to node 0 (after Afforest: M. Sutton, T. Ben-Nun and A. Barak,
/// IPDPS 2018): near O(N) where one component holds nearly all, O(E α(N)) at worst; 4 B a node.
/// Shapes: offsets nodes+1, columns entries. Twin: kernels/reference/graph.hpp.
[[nodiscard]] std::vector<Index> component_labels(std::span<const Offset> offsets,
                                                  std::span<const Index> columns);

/// Which component each node is in, numbered in the order of their smallest nodes.
struct Components {
  std::vector<Index> number;  ///< of each node's component
  std::vector<Index> sizes;   ///< nodes of each component

  [[nodiscard]] Index size_around(Index node) const {
    return sizes[static_cast<std::size_t>(number[static_cast<std::size_t>(node)])];
  }
};

/// The components that component_labels() found. O(N).
[[nodiscard]] Components number_components(std::vector<Index> labels);

}  // namespace needflow
