// Breadth-first search (kernels/bfs.hpp): the bit-parallel search against a queue from every
// source, and graphs whose distances are plain.
#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/bfs.hpp"
#include "kernels/bfs_levels.hpp"
#include "kernels/reference/bfs.hpp"
#include "tests/kernels/test_graph_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

using Counts = std::vector<std::int64_t>;

HopCounts counted_hops(const Graph& graph, const std::vector<Index>& sources,
                       Threads threads = Threads::one) {
  return count_hops(graph.offsets, graph.columns, graph.components(), sources, HopSums::per_source,
                    threads);
}

HopCounts from_all(const Graph& graph) { return counted_hops(graph, counted(graph.nodes())); }

bool same(const HopCounts& a, const HopCounts& b) {
  return a.pairs == b.pairs && a.unreachable == b.unreachable && a.eccentricity == b.eccentricity &&
         a.hops == b.hops;
}

/// Whether the fast search and the twin agree from these sources.
bool agrees(const Graph& graph, const std::vector<Index>& sources, Threads threads = Threads::one) {
  return same(counted_hops(graph, sources, threads),
              reference::count_hops(graph.offsets, graph.columns, graph.components(), sources,
                                    HopSums::per_source, threads));
}

/// `count` distinct nodes in no order.
std::vector<Index> some_nodes(Numbers& numbers, std::size_t nodes, std::size_t count) {
  std::vector<Index> order = counted(nodes);
  for (std::size_t i = nodes; i > 1; --i) std::swap(order[i - 1], order[numbers.below(i)]);
  order.resize(count);
  return order;
}

}  // namespace

TEST_CASE("Distances on a ring, a path, a star and a full mesh are those that one counts by hand") {
  CHECK(from_all(ring_graph(6)).pairs == Counts{0, 12, 12, 6});
  CHECK(from_all(ring_graph(6)).eccentricity == std::vector<Index>(6, 3));
  CHECK(from_all(ring_graph(6)).hops == Counts(6, 1 + 1 + 2 + 2 + 3));
  CHECK(from_all(path_graph(4)).pairs == Counts{0, 6, 4, 2});
  CHECK(from_all(path_graph(4)).eccentricity == std::vector<Index>{3, 2, 2, 3});
  CHECK(from_all(path_graph(4)).hops == Counts{6, 4, 4, 6});
  CHECK(from_all(star_graph(5)).pairs == Counts{0, 8, 12});
  CHECK(from_all(full_graph(70)).pairs == Counts{0, 70 * 69});
  CHECK(from_all(petersen_graph()).pairs == Counts{0, 30, 60});
}

TEST_CASE("Pairs without a path are counted and belong to no distance") {
  const HopCounts dust = from_all(Graph(3, {}));
  CHECK(dust.pairs == Counts{0});
  CHECK(dust.unreachable == 6);
  CHECK(dust.eccentricity == std::vector<Index>(3, 0));
  // A path of three and a pair: 2 · 2 ordered pairs one hop apart and 2 two, and 2 one apart.
  const HopCounts islands = from_all(Graph(5, {{0, 1}, {1, 2}, {3, 4}}));
  CHECK(islands.pairs == Counts{0, 6, 2});
  CHECK(islands.unreachable == 12);
}

TEST_CASE("A search from nowhere, or in a graph without nodes, finds nothing") {
  CHECK(same(counted_hops(ring_graph(5), {}), HopCounts{}));
  CHECK(same(from_all(Graph(0, {})), HopCounts{}));
}

TEST_CASE("All distances of awkward graphs agree with the twin") {
  for (const auto& [name, graph] : awkward_graphs()) {
    CAPTURE(name);
    CHECK(agrees(graph, counted(graph.nodes())));
  }
}

TEST_CASE("All distances of random graphs of 1 to 200 nodes agree with the twin") {
  for (const auto& [name, graph] : random_graphs(11)) {
    CAPTURE(name);
    CHECK(agrees(graph, counted(graph.nodes())));
  }
}

TEST_CASE("Some sources in any order agree with the twin, whatever the width of a batch") {
  Numbers numbers(12);
  const Graph graph(1500, random_edges(numbers, 1500, 2300));  // one large component and dust
  for (const std::size_t sources : {1, 2, 63, 64, 65, 128, 129, 256, 257, 512, 513, 1100}) {
    CAPTURE(sources);
    CHECK(agrees(graph, some_nodes(numbers, 1500, sources)));
  }
}

TEST_CASE("A graph too large for the second-level cache agrees with the twin") {
  Numbers numbers(13);
  const Graph graph(9000, random_edges(numbers, 9000, 60'000));
  CHECK(agrees(graph, some_nodes(numbers, 9000, 600)));
  // So sparse that levels change from the dense step to the sparse one and back.
  const Graph sparse(9000, random_edges(numbers, 9000, 9200));
  CHECK(agrees(sparse, some_nodes(numbers, 9000, 600)));
}

TEST_CASE("Any number of threads counts the same hops") {
  Numbers numbers(14);
  const Graph graph(2500, random_edges(numbers, 2500, 5000));
  const std::vector<Index> sources = some_nodes(numbers, 2500, 2100);
  const HopCounts one = counted_hops(graph, sources);
  const ManyThreads more(4);
  for (const int threads : {1, 2, 4}) {
    CAPTURE(threads);
    oneapi::tbb::task_arena arena(threads);
    arena.execute([&] { CHECK(same(counted_hops(graph, sources, Threads::all), one)); });
  }
}

TEST_CASE("Every SIMD target counts the same hops") {
  Numbers numbers(15);
  const Graph graph(700, random_edges(numbers, 700, 3000));
  const std::vector<Index> sources = some_nodes(numbers, 700, 600);
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    CHECK(agrees(graph, sources));
    CHECK(agrees(graph, some_nodes(numbers, 700, 200)));
    CHECK(agrees(graph, some_nodes(numbers, 700, 100)));
  }
}

TEST_CASE("One search after the other shows its own distances and none of the last") {
  const Graph graph = islands_graph(20);
  HopSearch search(graph.offsets, graph.columns);
  for (const Index source : {0, 7, 25, 40, 41, 3}) {
    search.run(source);
    CAPTURE(source);
    const auto expected = reference::hop_distances(graph.offsets, graph.columns, source);
    Index farthest = 0;
    std::size_t reached = 0;
    for (std::size_t v = 0; v < graph.nodes(); ++v) {
      CHECK(search.distance(static_cast<Index>(v)) == expected[v]);
      farthest = std::max(farthest, expected[v]);
      reached += expected[v] >= 0 ? 1 : 0;
    }
    CHECK(search.eccentricity() == farthest);
    CHECK(search.reached().size() == reached);
    for (std::size_t h = 0; h + 1 < search.levels().size(); ++h) {
      for (std::size_t i = search.levels()[h]; i < search.levels()[h + 1]; ++i) {
        CHECK(search.distance(search.reached()[i]) == static_cast<Index>(h));
      }
    }
  }
}
