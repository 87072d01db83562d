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

}  // namespace needflow
