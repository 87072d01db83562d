// Graph kernels on an undirected pattern (each edge stored from both ends).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow {

/// Labels every node with the smallest node number of its connected component.
/// Union-find with path halving, linked by number: O(E α(N)), 4 B a node.
/// Shapes: offsets nodes+1, columns entries. Twin: kernels/reference/graph.hpp.
[[nodiscard]] std::vector<Index> component_labels(std::span<const Offset> offsets,
                                                  std::span<const Index> columns);

}  // namespace needflow
