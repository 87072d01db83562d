// M4's metrics (solver/graph_metrics.hpp): graphs whose answers are plain, the arithmetic of the
// seed's mesh, samples against the whole, bounds against the diameter, any number of threads.
#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "solver/graph_metrics.hpp"

namespace {

using namespace needflow;

using Edges = std::vector<std::pair<Index, Index>>;
using Counts = std::vector<std::int64_t>;

constexpr MetricOptions kEverything{.spectrum = true, .betweenness = true};

GraphMetrics measure(const Network& network, const MetricOptions& options = kEverything,
                     std::uint64_t seed = 1) {
  return measure_network(network, options, seed, Threads::one);
}

Network ring(Index agents) {
  Edges edges{{0, agents - 1}};
  for (Index i = 0; i + 1 < agents; ++i) edges.emplace_back(i, i + 1);
  return network_from_edges(static_cast<std::size_t>(agents), edges);
}

Network path(Index agents) {
  Edges edges;
  for (Index i = 0; i + 1 < agents; ++i) edges.emplace_back(i, i + 1);
  return network_from_edges(static_cast<std::size_t>(agents), edges);
}

Network star(Index agents) {
  Edges edges;
  for (Index i = 1; i < agents; ++i) edges.emplace_back(0, i);
  return network_from_edges(static_cast<std::size_t>(agents), edges);
}

Network full_mesh(Index agents) {
  Edges edges;
  for (Index i = 0; i < agents; ++i) {
    for (Index j = i + 1; j < agents; ++j) edges.emplace_back(i, j);
  }
  return network_from_edges(static_cast<std::size_t>(agents), edges);
}

Network petersen() {
  Edges edges;
  for (Index i = 0; i < 5; ++i) {
    edges.emplace_back(i, (i + 1) % 5);
    edges.emplace_back(i, i + 5);
    edges.emplace_back(5 + i, 5 + (i + 2) % 5);
  }
  return network_from_edges(10, edges);
}

/// A ring of circles: `circles` triangles, each linked to the next at two of its corners.
Network chained_triangles(Index circles) {
  Edges edges;
  for (Index c = 0; c < circles; ++c) {
    edges.emplace_back(3 * c, 3 * c + 1);
    edges.emplace_back(3 * c + 1, 3 * c + 2);
    edges.emplace_back(3 * c, 3 * c + 2);
    if (c + 1 < circles) edges.emplace_back(3 * c + 2, 3 * c + 3);
  }
  return network_from_edges(static_cast<std::size_t>(3 * circles), edges);
}

Network mesh(std::int64_t agents, std::int64_t neighbors, std::uint64_t seed) {
  NetworkSettings settings;
  settings.kind = NetworkKind::partial_mesh;
  settings.agents = agents;
  settings.neighbor_rule = NeighborRule::count;
  settings.neighbors = neighbors;
  return build_network(settings, seed, 0);
}

void check_diameter(const GraphMetrics& metrics, std::int64_t diameter) {
  CHECK(metrics.diameter_at_least == diameter);
  CHECK(metrics.diameter_at_most == diameter);
}

/// Above this many agents, samples: so that small networks can be sampled.
MetricOptions sampled(std::int64_t sources) {
  return {.exact_agents = 10, .sources = sources, .exact_entries = 10, .exact_load_agents = 10};
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void check_same(const GraphMetrics& a, const GraphMetrics& b) {
  CHECK(a.degree_histogram == b.degree_histogram);
  CHECK(a.hop_pairs == b.hop_pairs);
  CHECK(a.unreachable_pairs == b.unreachable_pairs);
  CHECK(a.triangles == b.triangles);
  CHECK(a.diameter_at_least == b.diameter_at_least);
  CHECK(a.diameter_at_most == b.diameter_at_most);
  for (const auto& [x, y] : {std::pair{a.mean_path.value, b.mean_path.value},
                             {a.mean_path.error, b.mean_path.error},
                             {a.clustering.value, b.clustering.value},
                             {a.clustering.error, b.clustering.error},
                             {a.spectral_gap, b.spectral_gap},
                             {a.spectral_residual, b.spectral_residual},
                             {a.edge_load.mean, b.edge_load.mean},
                             {a.edge_load.largest, b.edge_load.largest},
                             {a.edge_load.p99, b.edge_load.p99}}) {
    CHECK(same_bits(x, y));
  }
}

}  // namespace

TEST_CASE("A ring of six has the metrics that one counts by hand") {
  const GraphMetrics m = measure(ring(6));
  CHECK(m.nodes == 6);
  CHECK(m.edges == 6);
  CHECK(m.degree_histogram == Counts{0, 0, 6});
  CHECK(m.mean_degree == 2.0);
  CHECK(m.connection_reduction == doctest::Approx(1.0 - 6.0 / 15.0));
  CHECK(m.components == 1);
  CHECK(m.largest_component == 6);
  CHECK(m.exact_distances());
  CHECK(m.hop_pairs == Counts{0, 12, 12, 6});
  CHECK(m.mean_path.value == doctest::Approx(54.0 / 30.0));
  CHECK(m.mean_path.error == 0.0);
  check_diameter(m, 3);
  CHECK(m.triangles == 0);
  CHECK(m.clustering.value == 0.0);
  CHECK(m.spectral_gap == 0.0);  // even, so bipartite
  CHECK(m.edge_load.sources == 6);
  CHECK(m.edge_load.mean == doctest::Approx(54.0 / 6.0));
  CHECK(m.edge_load.largest == doctest::Approx(9.0));  // all alike
  CHECK(m.edge_load.p99 == doctest::Approx(9.0));
}

TEST_CASE("A ring of five has the gap of its cosines") {
  CHECK(measure(ring(5)).spectral_gap ==
        doctest::Approx(1.0 - std::cos(std::acos(-1.0) / 5.0)).epsilon(1e-12));
}

TEST_CASE("A path of four has the metrics that one counts by hand") {
  const GraphMetrics m = measure(path(4));
  CHECK(m.degree_histogram == Counts{0, 2, 2});
  CHECK(m.hop_pairs == Counts{0, 6, 4, 2});
  CHECK(m.mean_path.value == doctest::Approx(20.0 / 12.0));
  check_diameter(m, 3);
  CHECK(m.clustering.value == 0.0);
  CHECK(m.clustering_agents == 2);
  CHECK(m.edge_load.mean == doctest::Approx(20.0 / 3.0));
  CHECK(m.edge_load.largest == 8.0);
}

TEST_CASE("A star has two hops, and its leaves are left out of the clustering") {
  const GraphMetrics m = measure(star(102));
  CHECK(m.over_50_links == 1);
  CHECK(m.over_100_links == 1);
  CHECK(m.hop_pairs == Counts{0, 202, 101 * 100});
  check_diameter(m, 2);
  CHECK(m.clustering_agents == 1);
  CHECK(m.clustering.value == 0.0);
  CHECK(m.spectral_gap == 0.0);
  CHECK(measure(star(101)).over_100_links == 0);
  CHECK(measure(star(51)).over_50_links == 0);
}

TEST_CASE("A full mesh is one hop wide, all triangles, without any reduction") {
  const GraphMetrics m = measure(full_mesh(12));
  CHECK(m.connection_reduction == 0.0);
  CHECK(m.hop_pairs == Counts{0, 132});
  CHECK(m.mean_path.value == 1.0);
  check_diameter(m, 1);
  CHECK(m.triangles == 220);
  CHECK(m.clustering.value == 1.0);
  CHECK(m.spectral_gap == doctest::Approx(1.0 - 1.0 / 11.0).epsilon(1e-12));
  CHECK(m.edge_load.largest == 2.0);
}

TEST_CASE("The Petersen graph has diameter 2, no triangle and the gap of its spectrum") {
  const GraphMetrics m = measure(petersen());
  CHECK(m.hop_pairs == Counts{0, 30, 60});
  CHECK(m.mean_path.value == doctest::Approx(150.0 / 90.0));
  check_diameter(m, 2);
  CHECK(m.triangles == 0);
  CHECK(m.spectral_gap == doctest::Approx(1.0 / 3.0).epsilon(1e-12));
  CHECK(m.edge_load.largest == doctest::Approx(10.0));  // all edges alike: 150 hops over 15
}

TEST_CASE("Two components: distances within each, the diameter of the wider, no gap") {
  // A path of four, a triangle, an agent by itself.
  const GraphMetrics m =
      measure(network_from_edges(8, {{0, 1}, {1, 2}, {2, 3}, {4, 5}, {5, 6}, {4, 6}}));
  CHECK(m.components == 3);
  CHECK(m.largest_component == 4);
  CHECK(m.hop_pairs == Counts{0, 12, 4, 2});
  CHECK(m.unreachable_pairs == 8 * 7 - 18);
  CHECK(m.mean_path.value == doctest::Approx((12.0 + 8.0 + 6.0) / 18.0));
  check_diameter(m, 3);
  CHECK(m.triangles == 1);
  // Two in the middle of the path without, three in the triangle.
  CHECK(m.clustering.value == doctest::Approx(3.0 / 5.0));
  CHECK(m.spectral_gap == 0.0);
  CHECK(measure(network_from_edges(6, {{0, 1}, {1, 2}, {0, 2}, {3, 4}, {4, 5}, {3, 5}}))
            .spectral_gap == 0.0);
}

TEST_CASE("Without agents or links nothing is averaged") {
  for (const std::size_t agents : {0, 1, 3}) {
    CAPTURE(agents);
    const GraphMetrics m = measure(network_from_edges(agents, {}));
    CHECK(m.nodes == static_cast<std::int64_t>(agents));
    CHECK(m.components == static_cast<std::int64_t>(agents));
    CHECK(m.hop_pairs == Counts{0});
    CHECK(std::isnan(m.mean_path.value));
    CHECK(std::isnan(m.clustering.value));
    CHECK(m.triangles == 0);
    check_diameter(m, 0);
    CHECK(std::isnan(m.spectral_gap) == (agents < 2));
  }
  CHECK(measure(network_from_edges(1, {})).connection_reduction == 0.0);
  CHECK(measure(network_from_edges(3, {})).connection_reduction == 1.0);
}

TEST_CASE("What was not asked for is not measured") {
  const GraphMetrics m = measure(ring(9), {});
  CHECK(std::isnan(m.spectral_gap));
  CHECK(m.edge_load.sources == 0);
}

TEST_CASE(
    "The seed's mesh of 100 with k = 20 has the distances that arithmetic gives, not the seed's") {
  // M4: diameter 3, mean path 1.805, clustering 0.185, hops 20.2 / 79.2 / 0.6 %.
  double clustering = 0.0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const GraphMetrics m = measure(mesh(100, 20, seed), {}, seed);
    CAPTURE(seed);
    check_diameter(m, 3);
    CHECK(m.mean_path.value > 1.80);
    CHECK(m.mean_path.value < 1.81);
    REQUIRE(m.hop_pairs.size() == 4);
    CHECK(static_cast<double>(m.hop_pairs[1]) / 9900.0 == doctest::Approx(0.202).epsilon(0.01));
    CHECK(static_cast<double>(m.hop_pairs[2]) / 9900.0 == doctest::Approx(0.792).epsilon(0.01));
    CHECK(static_cast<double>(m.hop_pairs[3]) / 9900.0 == doctest::Approx(0.006).epsilon(0.5));
    clustering += m.clustering.value / 5.0;
  }
  CHECK(clustering == doctest::Approx(0.185).epsilon(0.03));
}

TEST_CASE(
    "A sample of 3,000 agents is within four standard errors of all, and says that it is one") {
  const Network network = mesh(3000, 6, 7);
  const GraphMetrics all = measure(network, {});
  CHECK(all.exact_distances());
  CHECK(all.triangles >= 0);
  int within_one = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const GraphMetrics some = measure(network, sampled(100), seed);
    CHECK(some.sources == 100);
    CHECK_FALSE(some.exact_distances());
    CHECK(some.mean_path.error > 0.0);
    const double off = std::abs(some.mean_path.value - all.mean_path.value);
    CHECK(off <= 4.0 * some.mean_path.error);
    within_one += off <= some.mean_path.error ? 1 : 0;
    CHECK(some.triangles == -1);
    CHECK(some.clustering_agents == 1600);
    CHECK(some.clustering.error > 0.0);
    CHECK(std::abs(some.clustering.value - all.clustering.value) <= 4.0 * some.clustering.error);
  }
  // Two in three are expected; fewer than 7 or all of 20 come once in a thousand.
  CHECK(within_one >= 7);
  CHECK(within_one <= 19);
}

TEST_CASE("The error of a sample from a network in pieces is that of the ratio") {
  // Four rings of 700, 600, 500 and 40, an agent by itself: sources differ in what they reach.
  Edges edges;
  Index first = 0;
  double hops = 0.0;
  double pairs = 0.0;
  for (const Index size : {700, 600, 500, 40}) {
    for (Index i = 0; i < size; ++i) edges.emplace_back(first + i, first + (i + 1) % size);
    first += size;
    const double n = size;
    hops += n * n * n / 4.0;  // an even ring: n²/4 hops from each
    pairs += n * (n - 1.0);
  }
  const Network network = network_from_edges(static_cast<std::size_t>(first) + 1, edges);
  double squares = 0.0;
  double errors = 0.0;
  constexpr int kSamples = 60;
  for (std::uint64_t seed = 1; seed <= kSamples; ++seed) {
    const GraphMetrics some = measure(network, sampled(200), seed);
    const double off = some.mean_path.value - hops / pairs;
    CHECK(std::abs(off) <= 4.5 * some.mean_path.error);
    squares += off * off / kSamples;
    errors += some.mean_path.error / kSamples;
  }
  // 60 samples know the spread to 9 %.
  CHECK(errors == doctest::Approx(std::sqrt(squares)).epsilon(0.3));
}

TEST_CASE("Fewer sources than 64 are not taken, and the whole network where it is no larger") {
  CHECK(measure(ring(200), sampled(5)).sources == 64);
  CHECK(measure(ring(60), sampled(5)).sources == 60);
  CHECK(measure(ring(60), sampled(5)).exact_distances());
}

TEST_CASE("The bounds of a sampled network contain its diameter, with or without the search") {
  const std::vector<std::pair<Network, std::int64_t>> cases = [] {
    std::vector<std::pair<Network, std::int64_t>> made;
    made.emplace_back(path(500), 499);
    made.emplace_back(ring(301), 150);
    made.emplace_back(star(400), 2);
    made.emplace_back(full_mesh(80), 1);
    made.emplace_back(chained_triangles(120), 239);
    for (const std::int64_t k : {2, 3, 6, 20}) {
      Network network = mesh(700, k, 3);
      const std::int64_t exact = measure(network, {}).diameter_at_least;
      made.emplace_back(std::move(network), exact);
    }
    return made;
  }();
  for (const auto& [network, diameter] : cases) {
    CAPTURE(network.agents());
    CAPTURE(diameter);
    for (const std::int64_t searches : {0, 6, 7, 40, 5000}) {
      CAPTURE(searches);
      MetricOptions options = sampled(64);
      options.diameter_searches = searches;
      for (const bool exact : {false, true}) {
        options.exact_diameter = exact;
        const GraphMetrics m = measure(network, options);
        REQUIRE_FALSE(m.exact_distances());
        CHECK(m.diameter_at_least <= diameter);
        CHECK(m.diameter_at_most >= diameter);
        if (exact && searches == 5000) check_diameter(m, diameter);
      }
    }
  }
}

TEST_CASE("Paths and trees are measured exactly by few searches") {
  MetricOptions options = sampled(64);
  options.diameter_searches = 20;
  check_diameter(measure(path(3000), options), 2999);
  check_diameter(measure(chained_triangles(900), options), 1799);
}

TEST_CASE("The longest way within any component is found, not only in the largest one") {
  // A star of 300, a path of 90 and a path of 40.
  Edges edges;
  for (Index i = 1; i < 300; ++i) edges.emplace_back(0, i);
  for (Index i = 300; i < 389; ++i) edges.emplace_back(i, i + 1);
  for (Index i = 390; i < 429; ++i) edges.emplace_back(i, i + 1);
  const Network network = network_from_edges(430, edges);
  check_diameter(measure(network, {}), 89);
  check_diameter(measure(network, sampled(64)), 89);
  MetricOptions without = sampled(64);
  without.exact_diameter = false;
  CHECK(measure(network, without).diameter_at_most >= 89);
}

TEST_CASE("Sampled betweenness is scaled to all sources") {
  const Network network = mesh(1500, 8, 5);
  const GraphMetrics all = measure(network, {.betweenness = true});
  MetricOptions options = sampled(300);
  options.betweenness = true;
  const GraphMetrics some = measure(network, options);
  CHECK(all.edge_load.sources == 1500);
  CHECK(some.edge_load.sources == 300);
  // The mean over edges is exactly the hops of all pairs over the edges.
  CHECK(all.edge_load.mean ==
        doctest::Approx(all.mean_path.value * 1500.0 * 1499.0 / static_cast<double>(all.edges)));
  CHECK(some.edge_load.mean == doctest::Approx(all.edge_load.mean).epsilon(0.01));
  // The noise of a sample widens the spread over links, here by less than a third.
  CHECK(some.edge_load.p99 == doctest::Approx(all.edge_load.p99).epsilon(0.33));
}

TEST_CASE("Metrics are the same bits for 1, 2 and 4 threads, exact or sampled") {
  const oneapi::tbb::global_control more(oneapi::tbb::global_control::max_allowed_parallelism, 4);
  const Network network = mesh(1100, 10, 9);
  MetricOptions some = sampled(150);
  some.spectrum = some.betweenness = true;
  for (const MetricOptions& options : {kEverything, some}) {
    const GraphMetrics one = measure_network(network, options, 3, Threads::one);
    for (const int threads : {1, 2, 4}) {
      CAPTURE(threads);
      oneapi::tbb::task_arena arena(threads);
      arena.execute([&] { check_same(measure_network(network, options, 3, Threads::all), one); });
    }
  }
}

TEST_CASE("Another seed takes another sample, the same seed the same") {
  const Network network = mesh(2000, 4, 2);
  const GraphMetrics first = measure(network, sampled(64), 1);
  check_same(measure(network, sampled(64), 1), first);
  CHECK(measure(network, sampled(64), 2).hop_pairs != first.hop_pairs);
}
