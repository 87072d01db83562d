// M4's builders: what every network promises, and the statistics of the mesh against arithmetic.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "solver/error.hpp"
#include "solver/network.hpp"
#include "tests/solver/graph_facts.hpp"

using namespace needflow;
using namespace needflow::test;

TEST_CASE("a partial mesh is simple, connected and regular for every k a small network can have") {
  for (std::int64_t n = 1; n <= 24; ++n) {
    for (std::int64_t k = 1; k <= n + 1; ++k) {
      for (std::uint32_t index = 0; index < 3; ++index) {
        CAPTURE(n);
        CAPTURE(k);
        const Network network = build_network(mesh(n, k), 1, index);
        const std::int64_t degree = std::min(k, n - 1);
        CHECK(is_simple(network));
        CHECK(is_connected(network));
        CHECK(least_degree(network) >= degree);
        CHECK(largest_degree(network) <= degree + 2);
        if (k >= 3) {
          const std::int64_t slack = n * degree % 2 + 1;  // the odd agent, and a rare bridge
          CHECK(network.edges() >= n * degree / 2);
          CHECK(network.edges() <= n * degree / 2 + slack);
        }
      }
    }
  }
}

TEST_CASE("large meshes of the grid keep their degrees and edges") {
  for (const std::int64_t n : {500, 1000, 5000}) {
    for (const std::int64_t k : {5, 20, 30}) {
      const Network network = build_network(mesh(n, k), 42, 0);
      CHECK(is_simple(network));
      CHECK(is_connected(network));
      CHECK(network.edges() == (n * k + 1) / 2);
      CHECK(least_degree(network) == k);
      CHECK(largest_degree(network) <= k + 1);
    }
  }
}

TEST_CASE("the mesh of 100 and 20 has the clustering and the hops that arithmetic gives") {
  // M4, five seeds: clustering 0.185, mean path 1.805, hops 20.2 %, 79.2 %, 0.6 %.
  double clustered = 0.0;
  std::vector<double> hops(4, 0.0);
  constexpr int kNetworks = 20;
  for (std::uint32_t index = 0; index < kNetworks; ++index) {
    const Network network = build_network(mesh(100, 20), 7, index);
    clustered += clustering(network) / kNetworks;
    const auto shares = hop_shares(network);
    for (std::size_t h = 0; h < hops.size(); ++h) hops[h] += shares[h] / kNetworks;
  }
  CHECK(clustered == doctest::Approx(0.185).epsilon(0.02));
  CHECK(hops[1] == doctest::Approx(20.0 / 99.0).epsilon(1e-12));
  CHECK(hops[2] == doctest::Approx(0.792).epsilon(0.005));
  CHECK(hops[3] == doctest::Approx(0.006).epsilon(0.4));
}

TEST_CASE("agents are treated alike whatever their number: no degree or link hangs on the id") {
  // In the literal algorithm late agents are left for each other. Links between the last tenth,
  // over many networks, must be what chance gives: k (m - 1) / (2 (N - 1)) * m of them.
  constexpr std::int64_t kAgents = 200;
  constexpr std::size_t kLast = 20;
  constexpr int kNetworks = 400;
  double found = 0.0;
  for (std::uint32_t index = 0; index < kNetworks; ++index) {
    const Network network = build_network(mesh(kAgents, 10), 3, index);
    for (std::size_t a = kAgents - kLast; a < kAgents; ++a) {
      for (std::size_t b = kAgents - kLast; b < a; ++b) found += linked(network, a, b) ? 1.0 : 0.0;
    }
  }
  const double expected = kNetworks * 10.0 * kLast * (kLast - 1.0) / (2.0 * (kAgents - 1.0));
  CHECK(std::abs(found - expected) <= 4.0 * std::sqrt(expected));
}

TEST_CASE("in small meshes every pair is linked as often as any other") {
  // Sizes that are always connected, or all but, so that no bridge prefers small ids.
  const std::pair<std::int64_t, std::int64_t> sizes[] = {{4, 2}, {5, 2}, {5, 3}, {6, 3},
                                                         {6, 4}, {7, 3}, {7, 4}, {7, 5},
                                                         {8, 3}, {8, 4}, {8, 5}, {8, 6}};
  constexpr int kNetworks = 4000;
  for (const auto& [n, k] : sizes) {
    CAPTURE(n);
    CAPTURE(k);
    const auto agents = static_cast<std::size_t>(n);
    std::vector<double> found(agents * agents, 0.0);
    double links = 0.0;
    for (std::uint32_t index = 0; index < kNetworks; ++index) {
      const Network network = build_network(mesh(n, k), 17, index);
      links += static_cast<double>(network.edges());
      for (std::size_t a = 0; a < agents; ++a) {
        for (std::size_t b = 0; b < a; ++b) {
          found[a * agents + b] += linked(network, a, b) ? 1.0 : 0.0;
        }
      }
    }
    const double share = links / kNetworks / static_cast<double>(n * (n - 1) / 2);
    const double deviation = std::sqrt(kNetworks * share * (1.0 - share));
    for (std::size_t a = 0; a < agents; ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        CAPTURE(a);
        CAPTURE(b);
        CHECK(std::abs(found[a * agents + b] - kNetworks * share) <= 4.5 * deviation);
      }
    }
  }
}

TEST_CASE("in a large mesh near and far agents are linked alike") {
  // Links between 16 groups by id: what chance gives in every pair of groups. A shuffle that leaves
  // half of its work out shows here.
  constexpr std::int64_t kAgents = 20'000;
  constexpr std::int64_t kDegree = 8;
  constexpr std::size_t kGroups = 16;
  const Network network = build_network(mesh(kAgents, kDegree), 23, 0);
  std::vector<double> found(kGroups * kGroups, 0.0);
  const auto group = [](std::size_t i) { return i * kGroups / static_cast<std::size_t>(kAgents); };
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      const auto j = static_cast<std::size_t>(network.columns[static_cast<std::size_t>(e)]);
      found[group(i) * kGroups + group(j)] += 1.0;
    }
  }
  const double expected = kAgents * kDegree / static_cast<double>(kGroups * kGroups);
  for (std::size_t a = 0; a < kGroups; ++a) {
    for (std::size_t b = 0; b < kGroups; ++b) {
      CAPTURE(a);
      CAPTURE(b);
      // Within a group each link is counted twice.
      const double deviation = std::sqrt(expected * (a == b ? 2.0 : 1.0));
      CHECK(std::abs(found[a * kGroups + b] - expected) <= 4.5 * deviation);
    }
  }
}

TEST_CASE("networks differ by index and seed, and are the same when asked again") {
  const Network first = build_network(mesh(60, 6), 1, 0);
  CHECK(first.columns == build_network(mesh(60, 6), 1, 0).columns);
  CHECK(first.columns != build_network(mesh(60, 6), 1, 1).columns);
  CHECK(first.columns != build_network(mesh(60, 6), 2, 0).columns);
}

TEST_CASE("full mesh, ring and hub have the edges of their names") {
  for (const std::int64_t n : {1, 2, 3, 4, 17}) {
    CAPTURE(n);
    const Network full = build_network(of_kind(NetworkKind::full_mesh, n), 0, 0);
    CHECK(full.edges() == n * (n - 1) / 2);
    const Network ring = build_network(of_kind(NetworkKind::ring, n), 0, 0);
    CHECK(ring.edges() == (n > 2 ? n : n - 1));
    CHECK(largest_degree(ring) <= 2);
    NetworkSettings star = of_kind(NetworkKind::hub_spoke, n);
    star.hub = n - 1;
    const Network hub = build_network(star, 0, 0);
    CHECK(hub.edges() == n - 1);
    CHECK(hub.degree(static_cast<std::size_t>(n - 1)) == n - 1);
    for (const Network* network : {&full, &ring, &hub}) {
      CHECK(is_simple(*network));
      CHECK(is_connected(*network));
    }
  }
}

TEST_CASE("k by the seed's table and by 2 ln N") {
  const auto resolved = [](std::int64_t agents, NeighborRule rule) {
    NetworkSettings settings = mesh(agents, 0);
    settings.neighbor_rule = rule;
    return resolved_neighbors(settings);
  };
  const std::pair<std::int64_t, std::int64_t> table[] = {
      {20, 19}, {21, 15}, {50, 15}, {51, 20}, {100, 20}, {101, 25}, {500, 25}, {501, 30}};
  for (const auto& [agents, k] : table) CHECK(resolved(agents, NeighborRule::table) == k);
  // 2 ln 10 = 4.61, 2 ln 100 = 9.21, 2 ln 1000 = 13.8; at least 2, at most N - 1
  const std::pair<std::int64_t, std::int64_t> logs[] = {
      {10, 5}, {100, 9}, {1000, 14}, {2, 1}, {3, 2}};
  for (const auto& [agents, k] : logs) CHECK(resolved(agents, NeighborRule::two_log) == k);
}

TEST_CASE("networks that cannot be are refused with a reason") {
  NetworkSettings star = of_kind(NetworkKind::hub_spoke, 10);
  star.hub = 10;
  CHECK_THROWS_WITH_AS(build_network(star, 0, 0), doctest::Contains("network.hub = 10"),
                       InvalidPoint);
  CHECK_THROWS_AS(build_network(of_kind(NetworkKind::full_mesh, 1'000'000), 0, 0), InvalidPoint);
}
