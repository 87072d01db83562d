// Graph kernels (kernels/graph.hpp): components against the flood fill of the twin, against the
// transitive closure, and on the graphs whose answer is plain.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/graph.hpp"
#include "kernels/reference/graph.hpp"
#include "tests/kernels/test_graph_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

std::vector<Index> zeros(std::size_t count) { return std::vector<Index>(count, 0); }

/// The definition: j is in i's component when a path joins them; the label is the smallest such j.
std::vector<Index> labels_by_closure(std::size_t nodes, const std::vector<Edge>& edges) {
  std::vector<std::vector<char>> reach(nodes, std::vector<char>(nodes, 0));
  for (std::size_t i = 0; i < nodes; ++i) reach[i][i] = 1;
  for (const auto& [a, b] : edges) reach[a][b] = reach[b][a] = 1;
  for (std::size_t via = 0; via < nodes; ++via) {
    for (std::size_t i = 0; i < nodes; ++i) {
      if (reach[i][via] == 0) continue;
      for (std::size_t j = 0; j < nodes; ++j) reach[i][j] |= reach[via][j];
    }
  }
  std::vector<Index> labels;
  for (const auto& row : reach) {
    labels.push_back(static_cast<Index>(std::find(row.begin(), row.end(), 1) - row.begin()));
  }
  return labels;
}

/// The nodes 0 .. n-1 in a random order.
std::vector<std::size_t> shuffled(Numbers& numbers, std::size_t nodes) {
  std::vector<std::size_t> order(nodes);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = nodes; i > 1; --i) std::swap(order[i - 1], order[numbers.below(i)]);
  return order;
}

}  // namespace

TEST_CASE("A graph without nodes has no labels") {
  CHECK(Graph(0, {}).labels().empty());
  CHECK(component_labels({}, {}).empty());
}

TEST_CASE("Isolated nodes are each their own component") {
  CHECK(Graph(1, {}).labels() == counted(1));
  CHECK(Graph(5, {}).labels() == counted(5));
}

TEST_CASE("A path is one component whatever the order of its nodes") {
  Numbers numbers(4);
  for (const std::size_t nodes : {2, 3, 10, 300}) {
    const std::vector<std::size_t> random = shuffled(numbers, nodes);
    std::vector<Edge> forward;
    std::vector<Edge> mixed;
    for (std::size_t i = 0; i + 1 < nodes; ++i) {
      forward.emplace_back(i, i + 1);
      mixed.emplace_back(random[i], random[i + 1]);
    }
    CAPTURE(nodes);
    CHECK(Graph(nodes, forward).labels() == zeros(nodes));
    CHECK(Graph(nodes, mixed).labels() == zeros(nodes));
  }
}

TEST_CASE("A clique is one component and its neighbours are not in it") {
  std::vector<Edge> edges;
  for (std::size_t i = 2; i < 9; ++i) {
    for (std::size_t j = i + 1; j < 9; ++j) edges.emplace_back(i, j);
  }
  CHECK(Graph(11, edges).labels() == std::vector<Index>{0, 1, 2, 2, 2, 2, 2, 2, 2, 9, 10});
}

TEST_CASE("A label is the smallest node of the component, not the first one linked") {
  // 5-4, 4-3, then 3-0 by way of 9; 1-8 and 2-7 apart; 6 alone.
  const Graph graph(10, {{5, 4}, {4, 3}, {3, 9}, {9, 0}, {8, 1}, {7, 2}});
  CHECK(graph.labels() == std::vector<Index>{0, 1, 2, 0, 0, 0, 6, 2, 1, 0});
}

TEST_CASE("Components of random graphs agree with the transitive closure") {
  Numbers numbers(5);
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t nodes = 2 + numbers.below(30);
    const std::vector<Edge> edges = random_edges(numbers, nodes, numbers.below(2 * nodes));
    CAPTURE(trial);
    CHECK(Graph(nodes, edges).labels() == labels_by_closure(nodes, edges));
  }
}

TEST_CASE("Components of large random graphs agree with the flood fill of the twin") {
  Numbers numbers(6);
  constexpr std::size_t kNodes = 3000;
  // From dust, through the threshold of the giant component at kNodes / 2 edges, to one component.
  for (const std::size_t edges : {300, 1200, 1500, 2000, 6000, 15000}) {
    const Graph graph(kNodes, random_edges(numbers, kNodes, edges));
    CAPTURE(edges);
    CHECK(graph.labels() == reference::component_labels(graph.offsets, graph.columns));
  }
}

TEST_CASE("Components are numbered in the order of their smallest nodes and know their sizes") {
  // 5-4, 4-3, then 3-0 by way of 9; 1-8 and 2-7 apart; 6 alone.
  const Graph graph(10, {{5, 4}, {4, 3}, {3, 9}, {9, 0}, {8, 1}, {7, 2}});
  const Components components = graph.components();
  CHECK(components.number == std::vector<Index>{0, 1, 2, 0, 0, 0, 3, 2, 1, 0});
  CHECK(components.sizes == std::vector<Index>{5, 2, 2, 1});
  CHECK(components.size_around(7) == 2);
  CHECK(Graph(0, {}).components().sizes.empty());
}
