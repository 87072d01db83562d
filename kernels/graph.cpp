#include "kernels/graph.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

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

void join(std::vector<Index>& parent, Index a, Index b) {
  a = root_of(parent, a);
  b = root_of(parent, b);
  // The smaller number becomes the root, so the root of a component is its label.
  parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
}

void point_to_roots(std::vector<Index>& parent) {
  // Parents are smaller, so theirs are roots already.
  for (Index& p : parent) p = parent[static_cast<std::size_t>(p)];
}

}  // namespace

std::vector<Index> component_labels(std::span<const Offset> offsets,
                                    std::span<const Index> columns) {
  const std::size_t nodes = offsets.empty() ? 0 : offsets.size() - 1;
  std::vector<Index> parent(nodes);
  std::iota(parent.begin(), parent.end(), Index{0});
  for (std::size_t i = 0; i < nodes; ++i) {
    const Offset length = offsets[i + 1] - offsets[i];
    for (const Offset part : {Offset{1}, Offset{2}}) {
      if (length == 0) continue;
      const auto e = static_cast<std::size_t>(offsets[i] + part * (length - 1) / 2);
      join(parent, static_cast<Index>(i), columns[e]);
    }
  }
  point_to_roots(parent);
  // Links within the component of node 0 can join nothing more; all others are seen from a node
  // outside it. Labels of its nodes are 0 by now and stay 0.
  for (std::size_t i = 0; i < nodes; ++i) {
    if (parent[i] == 0) continue;
    for (auto e = static_cast<std::size_t>(offsets[i]);
         e < static_cast<std::size_t>(offsets[i + 1]); ++e) {
      join(parent, static_cast<Index>(i), columns[e]);
    }
  }
  point_to_roots(parent);
  return parent;
}

Components number_components(std::vector<Index> labels) {
  Components components;
  // In place: a label is the component's smallest node, so its number is known when others look.
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    if (label == i) {
      labels[i] = static_cast<Index>(components.sizes.size());
      components.sizes.push_back(0);
    } else {
      labels[i] = labels[label];
    }
    ++components.sizes[static_cast<std::size_t>(labels[i])];
  }
  components.number = std::move(labels);
  return components;
}

}  // namespace needflow
