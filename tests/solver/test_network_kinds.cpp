// The kinds of network beside the mesh: what each promises, and its distribution against the
// definition.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "solver/error.hpp"
#include "solver/networks/kinds.hpp"
#include "solver/sweep/tasks.hpp"
#include "tests/solver/graph_facts.hpp"

using namespace needflow;
using namespace needflow::test;

namespace {

NetworkSettings small_world_of(std::int64_t agents, std::int64_t k, double beta) {
  NetworkSettings settings = of_kind(NetworkKind::small_world, agents);
  settings.neighbors = k;
  settings.beta = beta;
  return settings;
}

NetworkSettings sharded_of(std::int64_t agents, std::int64_t size, std::int64_t k) {
  NetworkSettings settings = of_kind(NetworkKind::sharded, agents);
  settings.shard_size = size;
  settings.neighbors = k;
  return settings;
}

NetworkSettings with_k(NetworkKind kind, std::int64_t agents, std::int64_t k) {
  NetworkSettings settings = of_kind(kind, agents);
  settings.neighbors = k;
  return settings;
}

bool same(const Network& a, const Network& b) {
  return a.offsets == b.offsets && a.columns == b.columns && a.latency == b.latency &&
         a.bridges == b.bridges;
}

/// Agents that follow i on the circle within `reach`, without a turn around it.
bool on_lattice(std::size_t i, std::size_t j, std::size_t agents, std::size_t reach) {
  const std::size_t ahead = (j + agents - i) % agents;
  return std::min(ahead, agents - ahead) <= reach;
}

std::vector<std::vector<Index>> rows_of(const Network& network) {
  std::vector<std::vector<Index>> rows;
  for (std::size_t i = 0; i < network.agents(); ++i) {
    rows.emplace_back(network.columns.begin() + network.offsets[i],
                      network.columns.begin() + network.offsets[i + 1]);
  }
  return rows;
}

using Rows = std::vector<std::vector<Index>>;

/// |found - n p| in standard deviations of a binomial.
double deviations(double found, double n, double p) {
  return std::abs(found - n * p) / std::sqrt(n * p * (1.0 - p));
}

}  // namespace

TEST_CASE("every kind is simple, connected, of the expected size, and the same on any threads") {
  std::vector<NetworkSettings> all;
  for (const std::int64_t n : {3, 7, 40, 1500}) {
    for (const std::int64_t k : {2, 4, 6}) {
      if (k < n) {
        for (const double beta : {0.0, 0.1, 1.0}) all.push_back(small_world_of(n, k, beta));
        all.push_back(with_k(NetworkKind::preferential, n, k));
      }
      all.push_back(with_k(NetworkKind::geometric, n, k));
      for (const std::int64_t size : {2, 3, 5, 250}) all.push_back(sharded_of(n, size, k));
    }
  }
  all.push_back(with_k(NetworkKind::preferential, 300, 160));  // double links are found by marks
  for (const NetworkSettings& settings : all) {
    CAPTURE(static_cast<int>(settings.kind));
    CAPTURE(settings.agents);
    CAPTURE(settings.neighbors);
    CAPTURE(settings.shard_size);
    const Network network = build_network(settings, 5, 1);
    CHECK(static_cast<std::int64_t>(network.agents()) == settings.agents);
    CHECK(is_simple(network));
    CHECK(is_connected(network));
    if (settings.kind != NetworkKind::geometric) {
      CHECK(network.offsets.back() == expected_entries(settings) + 2 * network.bridges);
    }
    for (const int threads : {1, 2, 4}) {
      run_in_arena(threads,
                   [&] { CHECK(same(network, build_network(settings, 5, 1, Threads::all))); });
    }
    const bool drawn =
        settings.agents >= 40 && (settings.kind != NetworkKind::small_world || settings.beta > 0.0);
    if (drawn && settings.shard_size > 5) {
      CHECK_FALSE(same(network, build_network(settings, 6, 1)));
      CHECK_FALSE(same(network, build_network(settings, 5, 2)));
    }
  }
}

TEST_CASE("networks without a draw are as expected for every small size") {
  for (std::int64_t n = 1; n < 12; ++n) {
    for (const auto kind : {NetworkKind::full_mesh, NetworkKind::ring, NetworkKind::hub_spoke,
                            NetworkKind::partial_mesh}) {
      NetworkSettings settings = with_k(kind, n, 3);
      const Network network = build_network(settings, 0, 0);
      CHECK(is_simple(network));
      CHECK(network.offsets.back() == expected_entries(settings) + 2 * network.bridges);
    }
  }
  CHECK(rows_of(build_network(of_kind(NetworkKind::ring, 5), 0, 0)) ==
        Rows{{1, 4}, {0, 2}, {1, 3}, {2, 4}, {0, 3}});
  NetworkSettings star = of_kind(NetworkKind::hub_spoke, 4);
  star.hub = 2;
  CHECK(rows_of(build_network(star, 0, 0)) == Rows{{2}, {2}, {0, 1, 3}, {2}});
}

// ---- small world --------------------------------------------------------------------------------

TEST_CASE("a small world without rewiring is the circle of k neighbours") {
  CHECK(rows_of(build_network(small_world_of(6, 4, 0.0), 1, 0)) ==
        Rows{{1, 2, 4, 5}, {0, 2, 3, 5}, {0, 1, 3, 4}, {1, 2, 4, 5}, {0, 2, 3, 5}, {0, 1, 3, 4}});
  // Watts and Strogatz: C(0) = 3 (k - 2) / (4 (k - 1)).
  CHECK(clustering(build_network(small_world_of(60, 10, 0.0), 1, 0)) ==
        doctest::Approx(3.0 * 8.0 / (4.0 * 9.0)));
}

TEST_CASE("of a small world's links the share beta is rewired, and the owners keep half of k") {
  constexpr std::size_t kAgents = 20'000;
  constexpr std::size_t kReach = 5;
  for (const double beta : {0.05, 0.3, 0.9}) {
    CAPTURE(beta);
    const Network network = build_network(small_world_of(kAgents, 2 * kReach, beta), 8, 0);
    CHECK(network.edges() == kAgents * kReach);
    double moved = 0.0;
    for (std::size_t i = 0; i < kAgents; ++i) {
      CHECK(network.degree(i) >= static_cast<std::int64_t>(kReach));
      for (std::size_t j = 1; j <= kReach; ++j) {
        moved += linked(network, i, (i + j) % kAgents) ? 0.0 : 1.0;
      }
    }
    // Up to k / N of the moved ones end where another left.
    CHECK(std::abs(moved / (kAgents * kReach) - beta) <=
          4.5 * std::sqrt(beta * (1.0 - beta) / (kAgents * kReach)) + 2.0 * kReach / kAgents);
  }
}

TEST_CASE("clustering falls with beta as (1 - beta)^3") {
  // A. Barrat and M. Weigt, Eur. Phys. J. B 13 (2000), to order 1/N.
  const double start = 3.0 * 8.0 / (4.0 * 9.0);
  for (const double beta : {0.1, 0.3, 0.6}) {
    const double found = clustering(build_network(small_world_of(4000, 10, beta), 2, 0));
    CHECK(found == doctest::Approx(start * std::pow(1.0 - beta, 3.0)).epsilon(0.06));
  }
}

TEST_CASE("rewired links go to any agent alike") {
  constexpr std::size_t kAgents = 16'000;
  constexpr std::size_t kGroups = 16;
  const Network network = build_network(small_world_of(kAgents, 6, 1.0), 4, 0);
  std::vector<double> far(kGroups, 0.0);
  double all = 0.0;
  for (std::size_t i = 0; i < kAgents; ++i) {
    for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      const auto j = static_cast<std::size_t>(network.columns[static_cast<std::size_t>(e)]);
      if (on_lattice(i, j, kAgents, 3) || j < i) continue;
      far[(j - i) * kGroups / kAgents] += 1.0;
      all += 1.0;
    }
  }
  // j - i of two uniform agents, j > i: density 2 (1 - d).
  for (std::size_t g = 0; g < kGroups; ++g) {
    const double share = (2.0 * (kGroups - static_cast<double>(g)) - 1.0) / (kGroups * kGroups);
    CHECK(deviations(far[g], all, share) < 4.5);
  }
}

TEST_CASE("a small world that falls apart is bridged, and the bridges are counted") {
  std::int64_t bridged = 0;
  for (std::uint32_t index = 0; index < 20; ++index) {
    const Network network = build_network(small_world_of(50, 2, 1.0), 7, index);
    CHECK(is_connected(network));
    CHECK(network.edges() == 50 + network.bridges);
    bridged += network.bridges;
  }
  CHECK(bridged > 0);
}

TEST_CASE("a small world in which everybody knows everybody cannot be rewired") {
  for (const std::int64_t n : {3, 5, 9}) {
    const Network network = build_network(small_world_of(n, n - 1, 1.0), 3, 0);
    CHECK(network.columns == build_network(of_kind(NetworkKind::full_mesh, n), 0, 0).columns);
  }
  for (std::uint32_t index = 0; index < 50; ++index) {
    const Network network = build_network(small_world_of(8, 6, 1.0), 3, index);
    CHECK(is_simple(network));
    CHECK(network.edges() == 24);
  }
}

// ---- shards -------------------------------------------------------------------------------------

TEST_CASE("shards are meshes of consecutive agents, joined by the gateways to the first") {
  const NetworkSettings settings = sharded_of(1007, 100, 6);
  CHECK(shard_count(settings) == 11);  // six of 92 agents and five of 91
  const Network network = build_network(settings, 2, 0);
  std::vector<std::size_t> first{0};
  for (std::size_t s = 0; s < 11; ++s) first.push_back(first.back() + (s < 6 ? 92 : 91));
  REQUIRE(first.back() == 1007);
  const auto shard_of = [&first](std::size_t i) {
    return static_cast<std::size_t>(std::upper_bound(first.begin(), first.end(), i) -
                                    first.begin()) -
           1;
  };
  for (std::size_t i = 0; i < network.agents(); ++i) {
    std::int64_t inside = 0;
    for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      const auto j = static_cast<std::size_t>(network.columns[static_cast<std::size_t>(e)]);
      inside += shard_of(i) == shard_of(j) ? 1 : 0;
      const bool gateways = i == first[shard_of(i)] && j == first[shard_of(j)];
      CHECK((shard_of(i) == shard_of(j) || (gateways && (i == 0 || j == 0))));
    }
    CHECK(inside == 6);
    const bool gateway = i == first[shard_of(i)];
    CHECK(network.degree(i) == 6 + (i == 0 ? 10 : gateway ? 1 : 0));
  }
}

TEST_CASE("no two shards are the same draw, and few agents make one shard") {
  const Network network = build_network(sharded_of(300, 30, 6), 2, 0);
  std::set<std::vector<Index>> seen;
  for (std::size_t s = 0; s < 10; ++s) {
    std::vector<Index> links;
    for (std::size_t i = 30 * s + 1; i < 30 * s + 30; ++i) {
      for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
        links.push_back(network.columns[static_cast<std::size_t>(e)] - static_cast<Index>(30 * s));
      }
    }
    CHECK(seen.insert(links).second);
  }
  CHECK(largest_degree(build_network(sharded_of(30, 30, 6), 2, 0)) == 6);
  CHECK(rows_of(build_network(sharded_of(3, 2, 5), 0, 0)) == Rows{{1, 2}, {0}, {0}});
  CHECK(rows_of(build_network(sharded_of(1, 2, 5), 0, 0)) == Rows{{}});
}

// ---- preferential -------------------------------------------------------------------------------

TEST_CASE("a newcomer links to earlier agents in proportion to their degrees, never twice") {
  // k = 2: agents 0 and 1 are linked, 2 takes one of them, which then has 2 of the 4 link ends.
  constexpr int kNetworks = 8000;
  std::map<Rows, int> small;
  for (std::uint32_t i = 0; i < kNetworks; ++i) {
    ++small[rows_of(build_network(with_k(NetworkKind::preferential, 4, 2), 9, i))];
  }
  const auto often = [&small](const Rows& rows, double share) {
    CHECK(deviations(small[rows], kNetworks, share) < 4.5);
  };
  often({{1, 2, 3}, {0}, {0}, {0}}, 0.25);
  often({{1, 2}, {0, 3}, {0}, {1}}, 0.125);
  often({{1, 2}, {0}, {0, 3}, {2}}, 0.125);
  often({{1}, {0, 2, 3}, {1}, {1}}, 0.25);
  often({{1, 3}, {0, 2}, {1}, {0}}, 0.125);
  often({{1}, {0, 2}, {1, 3}, {2}}, 0.125);
  CHECK(small.size() == 6);
  // k = 4: 0, 1, 2 know each other, 3 takes two of them. Then degrees are 3, 3, 2, 2 of 10: of 4's
  // pairs, that of the two threes has 2 · 3/10 · 3/7, that of the twos 2 · 2/10 · 2/8.
  int threes = 0;
  int twos = 0;
  for (std::uint32_t i = 0; i < kNetworks; ++i) {
    const Network network = build_network(with_k(NetworkKind::preferential, 5, 4), 9, i);
    std::vector<bool> was_three;
    for (std::size_t a = 0; a < 4; ++a) was_three.push_back(a < 3 && linked(network, a, 3));
    int linked_threes = 0;
    for (std::size_t a = 0; a < 4; ++a) linked_threes += linked(network, a, 4) && was_three[a];
    CHECK(network.degree(4) == 2);
    threes += linked_threes == 2;
    twos += linked_threes == 0;
  }
  CHECK(deviations(threes, kNetworks, 18.0 / 70.0) < 4.5);
  CHECK(deviations(twos, kNetworks, 0.1) < 4.5);
}

TEST_CASE("degrees of a preferential network follow their law, with a tail d^-3") {
  // P(d) = 2 m (m + 1) / (d (d + 1) (d + 2)), d >= m (Dorogovtsev, Mendes and Samukhin 2000).
  constexpr std::int64_t kAgents = 60'000;
  for (const std::int64_t k : {6, 160}) {
    CAPTURE(k);
    const std::int64_t m = k / 2;
    const Network network = build_network(with_k(NetworkKind::preferential, kAgents, k), 1, 0);
    CHECK(least_degree(network) == m);
    std::map<std::int64_t, double> count;
    double logarithms = 0.0;
    double beyond = 0.0;
    for (std::size_t i = 0; i < network.agents(); ++i) {
      const auto d = network.degree(i);
      ++count[d];
      if (d < 4 * m) continue;
      beyond += 1.0;
      logarithms += std::log(static_cast<double>(d) / (4.0 * static_cast<double>(m) - 0.5));
    }
    for (std::int64_t d = m; d < m + 12; ++d) {
      CAPTURE(d);
      const double share =
          2.0 * static_cast<double>(m * (m + 1)) /
          (static_cast<double>(d) * static_cast<double>(d + 1) * static_cast<double>(d + 2));
      CHECK(deviations(count[d], kAgents, share) < 5.0);
    }
    CHECK(largest_degree(network) > 20 * m);
    CHECK(1.0 + beyond / logarithms == doctest::Approx(3.0).epsilon(0.06));
  }
}

TEST_CASE("the first agents of a preferential network know each other, later ones bring k / 2") {
  const Network network = build_network(with_k(NetworkKind::preferential, 5000, 10), 3, 0);
  for (std::size_t i = 0; i < network.agents(); ++i) {
    std::size_t earlier = 0;
    for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      earlier += static_cast<std::size_t>(network.columns[static_cast<std::size_t>(e)]) < i;
    }
    CHECK(earlier == std::min<std::size_t>(i, 5));
  }
}

// ---- geometric ----------------------------------------------------------------------------------

TEST_CASE("the radius gives the share of pairs that are near") {
  for (const double share : {1e-6, 0.01, 0.2, 0.6, 0.97}) {
    CAPTURE(share);
    // Pairs at (x, y) of each other have density 4 (1 - x) (1 - y) on the unit square.
    const double r = geometric_radius(share);
    constexpr int kSteps = 2000;
    double sum = 0.0;
    for (int i = 0; i < kSteps; ++i) {
      const double x = r * (i + 0.5) / kSteps;
      const double top = std::sqrt(r * r - x * x);
      sum += 4.0 * (1.0 - x) * (top - top * top / 2.0) * r / kSteps;
    }
    CHECK(sum == doctest::Approx(share).epsilon(1e-4));
  }
  CHECK(geometric_radius(1.0) == std::sqrt(2.0));
}

TEST_CASE("a geometric network links all within the radius, bridges apart, and knows distances") {
  for (const std::int64_t n : {1, 2, 5, 60, 700}) {
    for (const std::int64_t k : {1, 3, 12, 50, 600, 5000}) {
      CAPTURE(n);
      CAPTURE(k);
      const NetworkSettings settings = with_k(NetworkKind::geometric, n, k);
      const Network network = build_network(settings, 11, 2);
      const RandomStream stream(11, "network place");
      std::vector<std::pair<double, double>> places;
      for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(n); ++i) {
        const auto bits = stream.words({2, 0, i, 0});
        places.emplace_back(uniform_open(bits[0]), uniform_open(bits[1]));
      }
      const double radius = geometric_radius(static_cast<double>(resolved_neighbors(settings)) /
                                             std::max(1.0, static_cast<double>(n - 1)));
      std::int64_t near = 0;
      for (std::size_t a = 0; a < network.agents(); ++a) {
        for (std::size_t b = 0; b < network.agents(); ++b) {
          const double dx = places[a].first - places[b].first;
          const double dy = places[a].second - places[b].second;
          const bool within = a != b && dx * dx + dy * dy <= radius * radius;
          near += within ? 1 : 0;
          if (within) CHECK(linked(network, a, b));
        }
        for (Offset e = network.offsets[a]; e < network.offsets[a + 1]; ++e) {
          const auto b = static_cast<std::size_t>(network.columns[static_cast<std::size_t>(e)]);
          CHECK(network.latency[static_cast<std::size_t>(e)] ==
                doctest::Approx(std::hypot(places[a].first - places[b].first,
                                           places[a].second - places[b].second)));
        }
      }
      CHECK(network.offsets.back() == near + 2 * network.bridges);
      CHECK(network.latency.size() == network.columns.size());
    }
  }
}

TEST_CASE("the mean degree of geometric networks is k, borders or not") {
  for (const std::int64_t k : {8, 40, 150}) {
    double links = 0.0;
    constexpr std::uint32_t kNetworks = 60;
    for (std::uint32_t i = 0; i < kNetworks; ++i) {
      const Network network = build_network(with_k(NetworkKind::geometric, 400, k), 3, i);
      links += static_cast<double>(network.edges() - network.bridges);
    }
    CHECK(2.0 * links / (400.0 * kNetworks) ==
          doctest::Approx(static_cast<double>(k)).epsilon(0.02));
  }
}

// ---- settings -----------------------------------------------------------------------------------

TEST_CASE("k by a rule: of a shard's size in shards, even where k must be, never too many") {
  const auto resolved = [](NetworkKind kind, std::int64_t agents, NeighborRule rule) {
    NetworkSettings settings = of_kind(kind, agents);
    settings.neighbor_rule = rule;
    return resolved_neighbors(settings);
  };
  CHECK(resolved(NetworkKind::sharded, 10'000, NeighborRule::table) == 25);
  CHECK(resolved(NetworkKind::sharded, 10'000, NeighborRule::two_log) == 11);  // 2 ln 250 = 11.04
  CHECK(resolved(NetworkKind::small_world, 50, NeighborRule::table) == 14);
  CHECK(resolved(NetworkKind::small_world, 20, NeighborRule::table) == 18);
  CHECK(resolved(NetworkKind::preferential, 100, NeighborRule::two_log) == 8);
  CHECK(resolved(NetworkKind::geometric, 100, NeighborRule::two_log) == 9);
  CHECK(resolved_neighbors(with_k(NetworkKind::geometric, 10, 20)) == 9);
}

TEST_CASE("kinds that cannot be are refused with a reason") {
  const auto refused = [](const NetworkSettings& settings, const char* reason) {
    CHECK_THROWS_WITH_AS(build_network(settings, 0, 0), doctest::Contains(reason), InvalidPoint);
  };
  refused(small_world_of(100, 5, 0.1), "network.neighbors = 5");
  refused(small_world_of(10, 10, 0.1), "at most 9");
  refused(small_world_of(10, 4, 1.5), "network.beta = 1.5");
  refused(small_world_of(10, 4, std::nan("")), "network.beta = nan");
  refused(with_k(NetworkKind::preferential, 100, 7), "an even number");
  refused(with_k(NetworkKind::preferential, 6, 6), "too many for preferential");
  refused(sharded_of(100, 1, 5), "network.shard_size = 1");
  refused(with_k(NetworkKind::geometric, 100'000'000, 90), "at most 4294967295 fit");
}
