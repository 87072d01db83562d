// Edge betweenness (kernels/betweenness.hpp) against the twin, which counts from the definition,
// and graphs whose paths are plain.
#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/betweenness.hpp"
#include "kernels/reference/betweenness.hpp"
#include "tests/kernels/test_graph_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

using Loads = std::vector<double>;

Loads loads(const Graph& graph, const std::vector<Index>& sources, Threads threads = Threads::one) {
  return edge_loads(graph.offsets, graph.columns, sources, PairWeight::whole, threads);
}

Loads loads_by_position(const Graph& graph, const std::vector<Index>& sources) {
  return edge_loads(graph.offsets, graph.columns, sources, PairWeight::by_position, Threads::one);
}

Loads from_all(const Graph& graph) { return loads(graph, counted(graph.nodes())); }

void check_twin(const Graph& graph, const std::vector<Index>& sources) {
  const Loads found = loads(graph, sources);
  const Loads expected = reference::edge_loads(graph.offsets, graph.columns, sources);
  REQUIRE(found.size() == expected.size());
  for (std::size_t e = 0; e < found.size(); ++e) {
    CHECK(found[e] == doctest::Approx(expected[e]).epsilon(1e-12));
  }
}

/// Rows of `width` nodes, each linked to all of the rows before and after: width ways on at each
/// row, so width^(rows − 1) paths from a node at one end to one at the other.
Graph layered_graph(std::size_t rows, std::size_t width) {
  std::vector<Edge> edges;
  for (std::size_t r = 0; r + 1 < rows; ++r) {
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < width; ++b)
        edges.emplace_back(r * width + a, (r + 1) * width + b);
    }
  }
  return {rows * width, edges};
}

}  // namespace

TEST_CASE("Loads of small graphs are those that one counts by hand") {
  // Ordered pairs across the edges of a path of four: 1 · 3, 2 · 2, 3 · 1, twice each.
  CHECK(from_all(path_graph(4)) == Loads{6, 8, 6});
  CHECK(from_all(star_graph(5)) == Loads(4, 2 * 4));
  CHECK(from_all(full_graph(6)) == Loads(15, 2));
  // A ring of four: each edge its own pair, and half of the two paths between opposite nodes, of
  // which there are two pairs.
  CHECK(from_all(ring_graph(4)) == Loads(4, 2 + 2));
}

TEST_CASE("A source counts for the pairs that start at it alone") {
  CHECK(loads(path_graph(4), {0}) == Loads{3, 2, 1});
  CHECK(loads(path_graph(4), {1, 3}) == Loads{1 + 1, 2 + 2, 1 + 3});
  CHECK(loads(path_graph(4), {}) == Loads{0, 0, 0});
  CHECK(from_all(Graph(3, {})).empty());
  CHECK(from_all(Graph(0, {})).empty());
}

TEST_CASE("By position, a path counts little near its source and nearly twice at its end") {
  // From an end of a path of four: pairs 1, 2 and 3 hops apart.
  const Loads found = loads_by_position(path_graph(4), {0});
  CHECK(found[0] == doctest::Approx(1.0 + 1.0 / 2.0 + 1.0 / 3.0));
  CHECK(found[1] == doctest::Approx(3.0 / 2.0 + 3.0 / 3.0));
  CHECK(found[2] == doctest::Approx(5.0 / 3.0));
}

TEST_CASE("By position or whole, all sources together find the same loads") {
  Numbers numbers(34);
  for (const std::size_t links : {2, 5}) {
    const Graph graph(150, random_edges(numbers, 150, 150 * links / 2));
    const Loads whole = from_all(graph);
    const Loads found = loads_by_position(graph, counted(150));
    for (std::size_t e = 0; e < whole.size(); ++e) {
      CHECK(found[e] == doctest::Approx(whole[e]).epsilon(1e-12));
    }
  }
}

TEST_CASE("Loads of random graphs agree with the twin") {
  Numbers numbers(31);
  for (const std::size_t nodes : {2, 5, 17, 40, 65}) {
    for (const std::size_t links : {1, 2, 5}) {
      const Graph graph(nodes, random_edges(numbers, nodes, nodes * links / 2));
      CAPTURE(nodes);
      CAPTURE(links);
      check_twin(graph, counted(nodes));
      check_twin(graph, {static_cast<Index>(nodes - 1), 0});
    }
  }
  check_twin(islands_graph(9), counted(20));
}

TEST_CASE(
    "Loads add up to the hops of all pairs, for each pair crosses as many edges as it has hops") {
  Numbers numbers(32);
  const Graph graph(500, random_edges(numbers, 500, 1500));
  double sum = 0.0;
  for (const double load : from_all(graph)) sum += load;
  double hops = 0.0;
  for (const Index source : counted(500)) {
    for (const Index h : reference::hop_distances(graph.offsets, graph.columns, source)) {
      hops += h > 0 ? h : 0;
    }
  }
  CHECK(sum == doctest::Approx(hops).epsilon(1e-12));
}

TEST_CASE("Path counts beyond any double do not upset the shares") {
  // 4^1499 paths from one end to the other. From one end node, the n nodes of the rows behind a
  // pair of rows are reached through its 16 edges alike.
  const std::size_t rows = 1500;
  const Graph graph = layered_graph(rows, 4);
  const Loads found = loads(graph, {0});
  std::size_t e = 0;
  bool right = true;
  for (std::size_t r = 0; r + 1 < rows; ++r) {
    const double beyond = 4.0 * static_cast<double>(rows - 1 - r);
    for (int edge = 0; edge < 16; ++edge, ++e) {
      double expected = r == 0 ? (edge < 4 ? beyond / 4.0 : 0.0) : beyond / 16.0;
      // The three others of the first row are reached by way of the second, from each of its nodes
      // a quarter of each.
      if (r == 0) expected += edge < 4 ? 3.0 / 4.0 : 1.0 / 4.0;
      if (std::abs(found[e] - expected) > 1e-9 * expected) right = false;
    }
  }
  CHECK(right);
}

TEST_CASE("A branch with few paths beside one with too many for a double keeps its share") {
  // A lattice of rows of 4 and a chain as long, both from one node to one node; 258 rows are just
  // enough for a count beyond 2^512. The order of the nodes decides which comes first.
  for (const std::size_t rows : {258, 600}) {
    for (const bool chain_first : {false, true}) {
      const std::size_t lattice = chain_first ? rows + 2 : 2;
      const std::size_t chain = chain_first ? 2 : 4 * rows + 2;
      std::vector<Edge> edges{{0, chain}, {chain + rows - 1, 1}};
      for (std::size_t a = 0; a < 4; ++a) {
        edges.emplace_back(0, lattice + a);
        edges.emplace_back(1, lattice + 4 * (rows - 1) + a);
        for (std::size_t r = 0; r + 1 < rows; ++r) {
          for (std::size_t b = 0; b < 4; ++b) {
            edges.emplace_back(lattice + 4 * r + a, lattice + 4 * (r + 1) + b);
          }
        }
      }
      for (std::size_t i = 0; i + 1 < rows; ++i) edges.emplace_back(chain + i, chain + i + 1);
      const Graph graph(5 * rows + 2, edges);
      const Loads found = loads(graph, {0});
      // The chain's nodes are reached along the chain alone; its share of the far end is 4^-rows.
      std::size_t edge = 0;
      std::size_t on_chain = 0;
      bool right = true;
      for (std::size_t i = 0; i < graph.nodes(); ++i) {
        for (Offset k = graph.offsets[i]; k < graph.offsets[i + 1]; ++k) {
          const auto j = static_cast<std::size_t>(graph.columns[static_cast<std::size_t>(k)]);
          if (j < i) continue;
          const double load = found[edge++];
          // The far end's own path comes by the four last nodes of the lattice alike.
          if (i == 1 && j >= lattice && j < lattice + 4 * rows) right = right && load == 0.25;
          if (i < chain || i >= chain + rows || j != i + 1) continue;
          ++on_chain;
          right = right && load == static_cast<double>(chain + rows - 1 - i);
        }
      }
      CAPTURE(rows);
      CAPTURE(chain_first);
      CHECK(right);
      CHECK(on_chain == rows - 1);
    }
  }
}

TEST_CASE("Any number of threads finds the same loads, bit for bit") {
  Numbers numbers(33);
  const Graph graph(400, random_edges(numbers, 400, 1600));
  const Loads one = from_all(graph);
  const ManyThreads more(4);
  for (const int threads : {1, 2, 4}) {
    CAPTURE(threads);
    oneapi::tbb::task_arena arena(threads);
    arena.execute(
        [&] { CHECK(first_difference(loads(graph, counted(400), Threads::all), one) == kNone); });
  }
}
