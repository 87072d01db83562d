// Triangles (kernels/triangles.hpp): both ways of counting against the twin's plain lookups, and
// graphs whose triangles are plain.
#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/allocate.hpp"
#include "kernels/reference/triangles.hpp"
#include "kernels/triangles.hpp"
#include "tests/kernels/test_graph_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

using Counts = std::vector<std::int64_t>;
using Way = TriangleCounter::Way;

Counts triangles(const Graph& graph, Way way, Threads threads = Threads::one) {
  return TriangleCounter(graph.offsets, graph.columns, way).count(threads);
}

void check_all_ways(const Graph& graph) {
  const Counts expected = reference::count_triangles(graph.offsets, graph.columns);
  CHECK(triangles(graph, Way::bits) == expected);
  CHECK(triangles(graph, Way::marks) == expected);
  CHECK(triangles(graph, Way::fitting) == expected);
  CHECK(triangles_at(graph.offsets, graph.columns, counted(graph.nodes()), Threads::one) ==
        expected);
}

}  // namespace

TEST_CASE("Triangles of small graphs are those that one counts by hand") {
  for (const Way way : {Way::bits, Way::marks}) {
    CHECK(triangles(ring_graph(3), way) == Counts{1, 1, 1});
    CHECK(triangles(ring_graph(8), way) == Counts(8, 0));
    CHECK(triangles(star_graph(9), way) == Counts(9, 0));
    CHECK(triangles(petersen_graph(), way) == Counts(10, 0));
    CHECK(triangles(full_graph(70), way) == Counts(70, 69 * 68 / 2));
    // Two triangles that share the link 1 – 2, and a tail.
    CHECK(triangles(Graph(5, {{0, 1}, {1, 2}, {2, 0}, {1, 3}, {3, 2}, {3, 4}}), way) ==
          Counts{1, 2, 2, 1, 0});
  }
}

TEST_CASE("Triangles of awkward graphs agree with the twin, whichever way they are counted") {
  for (const auto& [name, graph] : awkward_graphs()) {
    CAPTURE(name);
    check_all_ways(graph);
  }
}

TEST_CASE("Triangles of random graphs of 1 to 200 nodes agree with the twin") {
  for (const auto& [name, graph] : random_graphs(21)) {
    CAPTURE(name);
    check_all_ways(graph);
  }
}

TEST_CASE("Triangles of a graph of several blocks with a few hubs agree with the twin") {
  Numbers numbers(22);
  std::vector<Edge> edges = random_edges(numbers, 2000, 6000);
  for (std::size_t i = 3; i < 2000; ++i) {
    for (const std::size_t hub : {0, 1, 2}) {
      if (numbers.below(3) == 0) edges.emplace_back(hub, i);
    }
  }
  check_all_ways(Graph(2000, edges));
}

TEST_CASE("Triangles at chosen nodes are those of these nodes in their order") {
  const Graph graph(5, {{0, 1}, {1, 2}, {2, 0}, {1, 3}, {3, 2}, {3, 4}});
  const std::vector<Index> nodes{4, 1, 0};
  CHECK(triangles_at(graph.offsets, graph.columns, nodes, Threads::all) == Counts{0, 2, 1});
}

TEST_CASE("The work of counting by marks is the pairs of a link and a further end") {
  // Equal degrees point upwards: a full mesh of 4 has 3, 2, 1, 0 ends; 2 + 1 + 0, 1 + 0, 0.
  const Graph full = full_graph(4);
  CHECK(TriangleCounter(full.offsets, full.columns, Way::marks).work() == 4);
  // Everything points to the hub, which points nowhere.
  const Graph star = star_graph(100);
  CHECK(TriangleCounter(star.offsets, star.columns, Way::marks).work() == 0);
}

TEST_CASE("Any number of threads and any SIMD target counts the same triangles") {
  Numbers numbers(23);
  const Graph graph(3000, random_edges(numbers, 3000, 30'000));
  const Counts bits = triangles(graph, Way::bits);
  CHECK(triangles(graph, Way::marks) == bits);
  {
    const ManyThreads more(4);
    for (const int threads : {1, 2, 4}) {
      CAPTURE(threads);
      oneapi::tbb::task_arena arena(threads);
      arena.execute([&] {
        CHECK(triangles(graph, Way::bits, Threads::all) == bits);
        CHECK(triangles(graph, Way::marks, Threads::all) == bits);
      });
    }
  }
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    CHECK(triangles(graph, Way::bits) == bits);
  }
}
