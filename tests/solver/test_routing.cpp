// Next-hop tables against Floyd and Warshall's distances and against the plain searches of
// kernels/reference/routes.hpp.
#include <doctest/doctest.h>

#include <fmt/format.h>
#include <oneapi/tbb/task_arena.h>

#include <string>
#include <vector>

#include "kernels/reference/routes.hpp"
#include "solver/error.hpp"
#include "solver/routing.hpp"
#include "tests/solver/routing_support.hpp"

using namespace needflow;
using namespace needflow::tests;

namespace {

/// Where the tables are no shortest paths with the lowest next hop, or an empty text. Latencies
/// must have exact sums.
std::string table_problem(const Network& network, const Parts& up, RouteMetric metric) {
  const bool by_latency = metric == RouteMetric::latency;
  const auto distance = floyd_warshall(network, up, by_latency);
  const RouteTables tables = route_tables(network, metric, {up.agents, up.links});
  for (std::size_t s = 0; s < network.agents(); ++s) {
    for (std::size_t d = 0; d < network.agents(); ++d) {
      Index expected = -1;
      for (auto e = static_cast<std::size_t>(network.offsets[s + 1]);
           s != d && distance[s][d] < kInfinity &&
           e-- > static_cast<std::size_t>(network.offsets[s]);) {
        const auto v = static_cast<std::size_t>(network.columns[e]);
        if (up.links[e] == 0 || up.agents[v] == 0) continue;
        const double step = by_latency ? static_cast<double>(network.latency[e]) : 1.0;
        if (step + distance[v][d] == distance[s][d]) expected = network.columns[e];
      }
      const Index found = tables.next_hop(network, s, d);
      if (found != expected) return fmt::format("{} to {}: {}, not {}", s, d, found, expected);
    }
  }
  return {};
}

/// What a packet pays that follows the tables; infinite where they lead nowhere or in a circle.
double travelled(const Network& network, const RouteTables& tables, RouteMetric metric,
                 std::size_t source, std::size_t destination) {
  double sum = 0.0;
  std::size_t at = source;
  for (std::size_t hop = 0; at != destination; ++hop) {
    const Index next = tables.next_hop(network, at, destination);
    if (next < 0 || hop == network.agents()) return kInfinity;
    const std::size_t entry = entry_of(network, at, static_cast<std::size_t>(next));
    sum += metric == RouteMetric::hops ? 1.0 : static_cast<double>(network.latency[entry]);
    at = static_cast<std::size_t>(next);
  }
  return sum;
}

std::vector<Network> small_networks() {
  return {network_of(NetworkKind::ring, 1),
          network_of(NetworkKind::ring, 2),
          network_of(NetworkKind::ring, 7),
          network_of(NetworkKind::ring, 60),
          network_of(NetworkKind::hub_spoke, 9),
          network_of(NetworkKind::full_mesh, 12),
          mesh_of(30, 3),
          mesh_of(60, 4),
          mesh_of(60, 20)};
}

}  // namespace

TEST_CASE("tables lead along shortest paths, by hops and by latency, and around what is down") {
  Numbers numbers(1);
  for (Network& network : small_networks()) {
    set_latencies(network, numbers);
    for (const double dead : {0.0, 0.1, 0.5}) {
      CAPTURE(network.agents());
      CAPTURE(dead);
      const Parts up(network, numbers, dead / 2, dead);
      CHECK(table_problem(network, up, RouteMetric::hops) == "");
      CHECK(table_problem(network, up, RouteMetric::latency) == "");
    }
  }
}

TEST_CASE("whoever follows the tables travels the distance of Floyd and Warshall") {
  Numbers numbers(2);
  Network network = mesh_of(50, 5);
  set_latencies(network, numbers);
  for (auto& latency : network.latency) latency *= 1.3F;  // sums are rounded now
  const Parts up(network, numbers, 0.1, 0.2);
  for (const RouteMetric metric : {RouteMetric::hops, RouteMetric::latency}) {
    const auto distance = floyd_warshall(network, up, metric == RouteMetric::latency);
    const RouteTables tables = route_tables(network, metric, {up.agents, up.links});
    for (std::size_t s = 0; s < 50; ++s) {
      for (std::size_t d = 0; d < 50; ++d) {
        const double found = travelled(network, tables, metric, s, d);
        CHECK((found == distance[s][d] || within_ulps(found, distance[s][d], 50)));
      }
    }
  }
}

TEST_CASE("sixty-four searches at once find what one search at a time finds") {
  Numbers numbers(3);
  for (const std::int64_t agents : {1, 63, 64, 65, 300}) {
    for (const bool ring : {false, true}) {
      CAPTURE(agents);
      CAPTURE(ring);
      const Network network = ring ? network_of(NetworkKind::ring, agents) : mesh_of(agents, 7);
      const Parts up(network, numbers, 0.05, 0.05);
      const auto live = live_entries(network, {up.agents, up.links});
      for (const bool masked : {false, true}) {
        const RouteGraph graph = route_graph(network, masked ? std::span<const std::uint8_t>(live)
                                                             : std::span<const std::uint8_t>());
        std::vector<Index> destinations;
        for (Index d = 0; d < std::min<std::int64_t>(agents, 64); ++d) {
          destinations.push_back((d * 37) % static_cast<Index>(agents));
        }
        const std::size_t pairs = destinations.size() * network.agents();
        std::vector<std::uint16_t> fast(pairs);
        std::vector<std::uint16_t> plain(pairs);
        std::vector<std::int32_t> fast_hops(pairs);
        std::vector<std::int32_t> plain_hops(pairs);
        RouteScratch scratch;
        hop_routes<std::uint16_t>(graph, destinations, fast, fast_hops, scratch);
        reference::hop_routes<std::uint16_t>(graph, destinations, plain, plain_hops);
        CHECK(fast == plain);
        CHECK(fast_hops == plain_hops);
      }
    }
  }
}

TEST_CASE("the heap finds what looking for the nearest among all finds, latencies of 0 included") {
  Numbers numbers(4);
  for (const std::int64_t agents : {1, 2, 40, 200}) {
    Network network = mesh_of(agents, 6);
    set_latencies(network, numbers);
    for (auto& latency : network.latency) {
      if (latency < 0.5F) latency = 0.0F;
    }
    const Parts up(network, numbers, 0.05, 0.1);
    const auto live = live_entries(network, {up.agents, up.links});
    const RouteGraph graph = route_graph(network, live);
    const auto n = static_cast<std::size_t>(agents);
    std::vector<std::uint8_t> fast(n);
    std::vector<std::uint8_t> plain(n);
    std::vector<std::int32_t> fast_hops(n);
    std::vector<std::int32_t> plain_hops(n);
    std::vector<double> fast_cost(n);
    std::vector<double> plain_cost(n);
    RouteScratch scratch;
    for (Index d = 0; d < agents; ++d) {
      latency_routes<std::uint8_t>(graph, d, fast, fast_hops, fast_cost, scratch);
      reference::latency_routes<std::uint8_t>(graph, d, plain, plain_hops, plain_cost);
      CHECK(fast == plain);
      CHECK(fast_hops == plain_hops);
      CHECK(first_difference(fast_cost, plain_cost) == kNone);
    }
  }
}

TEST_CASE("a slot takes a byte up to 255 neighbours and two beyond") {
  for (const std::size_t agents : {255, 256, 257}) {
    CAPTURE(agents);
    const auto count = static_cast<std::int64_t>(agents);
    const Network network = network_of(NetworkKind::hub_spoke, count);
    const RouteTables tables = route_tables(network, RouteMetric::hops);
    CHECK(tables.bytes() == agents * agents * (agents == 257 ? 2 : 1));
    CHECK(tables.slot(0, agents - 1) == static_cast<std::int32_t>(agents) - 2);
    CHECK(tables.next_hop(network, 0, agents - 1) == static_cast<Index>(agents) - 1);
    CHECK(tables.next_hop(network, 5, agents - 1) == 0);
    CHECK(tables.slot(7, 7) == -1);
  }
}

TEST_CASE("columns for some destinations are those of the tables") {
  Numbers numbers(5);
  Network network = mesh_of(150, 6);
  set_latencies(network, numbers);
  const Parts up(network, numbers, 0.05, 0.1);
  const LiveParts live{up.agents, up.links};
  std::vector<Index> destinations;
  for (Index d = 149; d >= 0; d -= 2) destinations.push_back(d);  // 75: more than one batch
  for (const RouteMetric metric : {RouteMetric::hops, RouteMetric::latency}) {
    const RouteTables tables = route_tables(network, metric, live);
    const RouteColumns columns = next_hops_to(network, destinations, metric, live);
    for (std::size_t c = 0; c < destinations.size(); ++c) {
      const auto d = static_cast<std::size_t>(destinations[c]);
      for (std::size_t s = 0; s < 150; ++s) {
        const std::uint32_t slot = columns.slots(c)[s];
        CHECK((slot == kNoSlot<std::uint32_t> ? -1 : static_cast<std::int32_t>(slot)) ==
              tables.slot(s, d));
        const double far = travelled(network, tables, metric, s, d);
        if (metric == RouteMetric::latency) CHECK(columns.cost(c)[s] == far);
        if (metric == RouteMetric::hops) {
          CHECK(columns.hops(c)[s] == (far < kInfinity ? static_cast<int>(far) : -1));
        }
      }
    }
  }
}

TEST_CASE("tables are the same on any number of threads") {
  Numbers numbers(6);
  Network network = mesh_of(300, 9);
  set_latencies(network, numbers);
  const ManyThreads many(4);
  for (const RouteMetric metric : {RouteMetric::hops, RouteMetric::latency}) {
    const RouteTables alone = route_tables(network, metric);
    for (const int size : {1, 2, 4}) {
      oneapi::tbb::task_arena arena(size);
      const RouteTables shared =
          arena.execute([&] { return route_tables(network, metric, {}, Threads::all); });
      bool same = true;
      for (std::size_t s = 0; s < 300; ++s) {
        for (std::size_t d = 0; d < 300; ++d) same = same && alone.slot(s, d) == shared.slot(s, d);
      }
      CHECK(same);
    }
  }
}

TEST_CASE("routes by latency without latencies, and tables too large to hold, are refused") {
  Network network = mesh_of(10, 3);
  CHECK_THROWS_AS((void)route_tables(network, RouteMetric::latency), InvalidPoint);
  network.latency.assign(network.columns.size(), 1.0F);
  CHECK_NOTHROW((void)route_tables(network, RouteMetric::latency));
  for (const float bad :
       {-1.0F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    network.latency[3] = bad;
    CHECK_THROWS_AS((void)route_tables(network, RouteMetric::latency), InvalidPoint);
    CHECK_NOTHROW((void)route_tables(network, RouteMetric::hops));
  }
  const Network large = network_of(NetworkKind::ring, kMaxTableAgents + 1);
  CHECK_THROWS_AS((void)route_tables(large, RouteMetric::hops), InvalidPoint);
  const std::vector<Index> one{0};
  CHECK(next_hops_to(large, one, RouteMetric::hops).hops(0)[kMaxTableAgents / 2] ==
        kMaxTableAgents / 2);
}
