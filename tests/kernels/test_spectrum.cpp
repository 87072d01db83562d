// The second eigenvalue of the random walk (kernels/spectrum.hpp) against formulas and against all
// eigenvalues of the dense matrix.
#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <cmath>
#include <vector>

#include "kernels/reference/spectrum.hpp"
#include "kernels/spectrum.hpp"
#include "tests/kernels/test_graph_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

SecondEigenvalue second_of(const Graph& graph, Threads threads = Threads::one) {
  Numbers numbers(41);
  std::vector<double> start;
  for (std::size_t i = 0; i < graph.nodes(); ++i) start.push_back(numbers.unit() - 0.5);
  return second_eigenvalue(graph.offsets, graph.columns, start, {}, threads);
}

}  // namespace

TEST_CASE("The second eigenvalue of known graphs is the one of the books") {
  CHECK(second_of(full_graph(12)).value == doctest::Approx(-1.0 / 11.0).epsilon(1e-12));
  // Petersen: 3, 1 and −2, over three links.
  CHECK(second_of(petersen_graph()).value == doctest::Approx(-2.0 / 3.0).epsilon(1e-12));
  CHECK(second_of(star_graph(9)).value == doctest::Approx(-1.0).epsilon(1e-12));
  CHECK(second_of(path_graph(2)).value == doctest::Approx(-1.0).epsilon(1e-12));
  // An odd ring of n: cos(2 π j / n), of which j = (n − 1) / 2 has the largest modulus, cos(π / n).
  CHECK(std::abs(second_of(ring_graph(33)).value) ==
        doctest::Approx(std::cos(std::acos(-1.0) / 33.0)).epsilon(1e-12));
}

TEST_CASE("The second eigenvalue of random graphs is that of the dense matrix") {
  Numbers numbers(42);
  for (const std::size_t nodes : {3, 10, 31, 64, 90}) {
    std::vector<Edge> edges = random_edges(numbers, nodes, 3 * nodes);
    for (std::size_t i = 0; i + 1 < nodes; ++i) edges.emplace_back(i, i + 1);
    const Graph graph(nodes, edges);
    CAPTURE(nodes);
    const SecondEigenvalue second = second_of(graph);
    const double expected = reference::second_eigenvalue(graph.offsets, graph.columns);
    CHECK(std::abs(second.value) == doctest::Approx(std::abs(expected)).epsilon(1e-10));
    CHECK(second.residual <= 1e-8);
  }
}

TEST_CASE("What is not reached in the steps allowed is within its residual of an eigenvalue") {
  const Graph ring = ring_graph(501);
  std::vector<double> start;
  Numbers numbers(43);
  for (std::size_t i = 0; i < 501; ++i) start.push_back(numbers.unit() - 0.5);
  const SecondEigenvalue early =
      second_eigenvalue(ring.offsets, ring.columns, start, {1e-8, 20}, Threads::one);
  CHECK(early.steps == 20);
  CHECK(early.residual > 1e-8);
  double nearest = 2.0;
  for (int j = 0; j < 501; ++j) {
    const double eigenvalue = std::cos(2.0 * std::acos(-1.0) * j / 501.0);
    nearest = std::min(nearest, std::abs(eigenvalue - early.value));
  }
  CHECK(nearest <= early.residual);
}

TEST_CASE("The ends of a tridiagonal matrix are found by bisection") {
  // 0 on the diagonal and ½ beside it: cos(π j / (n + 1)).
  const std::vector<double> diagonal(6, 0.0);
  const std::vector<double> beside(6, 0.5);
  const double end = std::cos(std::acos(-1.0) / 7.0);
  CHECK(extreme_eigenvalue(diagonal, beside, SpectrumEnd::largest) ==
        doctest::Approx(end).epsilon(1e-14));
  CHECK(extreme_eigenvalue(diagonal, beside, SpectrumEnd::smallest) ==
        doctest::Approx(-end).epsilon(1e-14));
  CHECK(extreme_eigenvalue({{0.25}}, {}, SpectrumEnd::largest) == doctest::Approx(0.25));
}

TEST_CASE("Any number of threads finds the same eigenvalue, bit for bit") {
  Numbers numbers(44);
  std::vector<Edge> edges = random_edges(numbers, 3000, 9000);
  for (std::size_t i = 0; i + 1 < 3000; ++i) edges.emplace_back(i, i + 1);
  const Graph graph(3000, edges);
  const SecondEigenvalue one = second_of(graph);
  const ManyThreads more(4);
  for (const int threads : {1, 2, 4}) {
    CAPTURE(threads);
    oneapi::tbb::task_arena arena(threads);
    arena.execute([&] {
      const SecondEigenvalue again = second_of(graph, Threads::all);
      CHECK(same_bits(again.value, one.value));
      CHECK(same_bits(again.residual, one.residual));
    });
  }
}
