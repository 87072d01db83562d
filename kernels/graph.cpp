#include "kernels/graph.hpp"

#include <numeric>

namespace needflow {

namespace {

Index root_of(std::vector<Index>& parent, Index node) {
  auto at = [&parent](Index i) -> Index& { return parent[static_cast<std::size_t>(i)]; };
  while (at(node) != node) {
    at(node) = at(at(node));
    node = at(node);
  }
  return node;
}

}  // namespace

std::vector<Index> component_labels(std::span<const Offset> offsets,
                                    std::span<const Index> columns) {
  const std::size_t nodes = offsets.empty() ? 0 : offsets.size() - 1;
  std::vector<Index> parent(nodes);
  std::iota(parent.begin(), parent.end(), Index{0});
  for (std::size_t i = 0; i < nodes; ++i) {
    for (auto e = static_cast<std::size_t>(offsets[i]);
         e < static_cast<std::size_t>(offsets[i + 1]); ++e) {
      const Index a = root_of(parent, static_cast<Index>(i));
      const Index b = root_of(parent, columns[e]);
      // The smaller number becomes the root, so the root of a component is its label.
      if (a < b) parent[static_cast<std::size_t>(b)] = a;
      if (b < a) parent[static_cast<std::size_t>(a)] = b;
    }
  }
  for (std::size_t i = 0; i < nodes; ++i) parent[i] = root_of(parent, static_cast<Index>(i));
  return parent;
}

}  // namespace needflow
