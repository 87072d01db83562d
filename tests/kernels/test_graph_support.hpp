// Graphs for the tests of graph kernels: from edges, at random, and the awkward ones.
#pragma once

#include <cstddef>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/graph.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace needflow::tests {

using Edge = std::pair<std::size_t, std::size_t>;

/// An undirected pattern, each edge stored from both ends, columns ascending.
struct Graph {
  std::vector<Offset> offsets{0};
  std::vector<Index> columns;

  Graph(std::size_t nodes, const std::vector<Edge>& edges) {
    std::vector<std::set<std::size_t>> neighbours(nodes);
    for (const auto& [a, b] : edges) {
      neighbours[a].insert(b);
      neighbours[b].insert(a);
    }
    for (const auto& row : neighbours) {
      for (const std::size_t column : row) columns.push_back(static_cast<Index>(column));
      offsets.push_back(static_cast<Offset>(columns.size()));
    }
  }
  [[nodiscard]] std::size_t nodes() const { return offsets.size() - 1; }
  [[nodiscard]] std::vector<Index> labels() const { return component_labels(offsets, columns); }
  [[nodiscard]] Components components() const { return number_components(labels()); }
};

inline std::vector<Index> counted(std::size_t count) {
  std::vector<Index> numbers(count);
  std::iota(numbers.begin(), numbers.end(), Index{0});
  return numbers;
}

inline std::vector<Edge> random_edges(Numbers& numbers, std::size_t nodes, std::size_t count) {
  std::vector<Edge> edges;
  while (edges.size() < count) {
    const std::size_t a = numbers.below(nodes);
    const std::size_t b = numbers.below(nodes);
    if (a != b) edges.emplace_back(a, b);
  }
  return edges;
}

inline Graph path_graph(std::size_t nodes) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i + 1 < nodes; ++i) edges.emplace_back(i, i + 1);
  return {nodes, edges};
}

inline Graph ring_graph(std::size_t nodes) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < nodes; ++i) edges.emplace_back(i, (i + 1) % nodes);
  return {nodes, edges};
}

/// Node 0 linked to all others.
inline Graph star_graph(std::size_t nodes) {
  std::vector<Edge> edges;
  for (std::size_t i = 1; i < nodes; ++i) edges.emplace_back(0, i);
  return {nodes, edges};
}

inline Graph full_graph(std::size_t nodes) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t j = i + 1; j < nodes; ++j) edges.emplace_back(i, j);
  }
  return {nodes, edges};
}

/// Ten nodes, three links each, no circle shorter than five: an outer ring, an inner star.
inline Graph petersen_graph() {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < 5; ++i) {
    edges.emplace_back(i, (i + 1) % 5);
    edges.emplace_back(i, i + 5);
    edges.emplace_back(5 + i, 5 + (i + 2) % 5);
  }
  return {10, edges};
}

/// A ring and a clique of so many nodes each, and two nodes by themselves.
inline Graph islands_graph(std::size_t nodes) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < nodes; ++i) {
    edges.emplace_back(i, (i + 1) % nodes);
    for (std::size_t j = i + 1; j < nodes; ++j) edges.emplace_back(nodes + i, nodes + j);
  }
  return {2 * nodes + 2, edges};
}

struct NamedGraph {
  std::string name;
  Graph graph;
};

/// Sizes about words of 64 bits, a word of vectors and blocks of rows, and shapes at the edges.
inline std::vector<NamedGraph> awkward_graphs() {
  std::vector<NamedGraph> graphs{
      {"nothing", Graph(0, {})},           {"one node", Graph(1, {})},
      {"two nodes apart", Graph(2, {})},   {"two nodes linked", Graph(2, {{0, 1}})},
      {"70 nodes apart", Graph(70, {})},   {"petersen", petersen_graph()},
      {"islands of 40", islands_graph(40)}};
  for (const std::size_t nodes : {3, 63, 64, 65, 128, 129, 257, 600}) {
    const std::string size = " of " + std::to_string(nodes);
    graphs.push_back({"path" + size, path_graph(nodes)});
    graphs.push_back({"ring" + size, ring_graph(nodes)});
    graphs.push_back({"star" + size, star_graph(nodes)});
    if (nodes < 200) graphs.push_back({"full mesh" + size, full_graph(nodes)});
  }
  return graphs;
}

/// 1 to 200 nodes, from dust to dense.
inline std::vector<NamedGraph> random_graphs(std::uint64_t seed) {
  Numbers numbers(seed);
  std::vector<NamedGraph> graphs;
  for (std::size_t nodes = 1; nodes <= 200; ++nodes) {
    const std::size_t most = nodes * (nodes < 60 ? nodes / 4 : 8);
    const auto edges =
        nodes == 1 ? std::vector<Edge>{} : random_edges(numbers, nodes, numbers.below(most + 1));
    graphs.push_back({"random of " + std::to_string(nodes), Graph(nodes, edges)});
  }
  return graphs;
}

}  // namespace needflow::tests
