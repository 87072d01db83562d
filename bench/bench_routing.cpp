// Routing tables, and packets by tables that are out of date.
//
// Cost model of routing/tables: each batch of 64 destinations visits an entry once a level, 12 B
// (column 4, a word of the neighbour 8), less where rows have reached all 64; every pair costs one
// slot written (1 B at these degrees), from one bit taken out of a word. `visits/s` counts entries
// × destinations, what one breadth-first search a destination would visit; `pairs/s` slots. The
// case `plain` is just that (kernels/reference/routes.hpp). By latency: Dijkstra a destination.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "bench/workbench.hpp"
#include "kernels/reference/routes.hpp"
#include "solver/network.hpp"
#include "solver/routing.hpp"
#include "solver/stale_routes.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

constexpr Size kRoutingSizes[] = {{100, 20}, {1'000, 20}, {5'000, 25}};

Network mesh_with_latencies(Size size) {
  Network network = build_network(settings_of(size).network, 0, 0);
  network.latency.resize(network.columns.size());
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (auto e = static_cast<std::size_t>(network.offsets[i]);
         e < static_cast<std::size_t>(network.offsets[i + 1]); ++e) {
      const auto j = static_cast<std::size_t>(network.columns[e]);
      network.latency[e] =
          static_cast<float>(20 + (i * j + i + j) % 61);  // the same from both ends
    }
  }
  return network;
}

/// Slots of all sources to one destination, without the fast searches.
std::vector<std::uint8_t> plain_column(const RouteGraph& graph, Index destination,
                                       RouteMetric metric) {
  std::vector<std::uint8_t> slots(graph.agents());
  if (metric == RouteMetric::hops) {
    reference::hop_routes<std::uint8_t>(graph, std::span(&destination, 1), slots, {});
  } else {
    std::vector<double> cost(graph.agents());
    reference::latency_routes<std::uint8_t>(graph, destination, slots, {}, cost);
  }
  return slots;
}

std::string tables_problem(const Network& network, const RouteTables& tables, RouteMetric metric) {
  const RouteGraph graph = route_graph(network, {});
  const std::size_t agents = network.agents();
  for (std::size_t d = 0; d < agents; d += std::max<std::size_t>(1, agents / 40)) {
    const auto slots = plain_column(graph, static_cast<Index>(d), metric);
    for (std::size_t s = 0; s < agents; ++s) {
      const int plain = slots[s] == kNoSlot<std::uint8_t> ? -1 : slots[s];
      if (tables.slot(s, d) != plain) return fmt::format("from {} to {}", s, d);
    }
  }
  return {};
}

void count_tables(benchmark::State& state, const Network& network) {
  const auto agents = static_cast<double>(network.agents());
  state.counters["pairs/s"] = per_second(agents * agents);
  state.counters["visits/s"] = per_second(agents * static_cast<double>(network.columns.size()));
}

void time_tables(benchmark::State& state, Workbench& workbench, Size size, RouteMetric metric,
                 int threads) {
  const Network network = mesh_with_latencies(size);
  run_in_arena(threads, [&] {
    RouteTables tables;
    for ([[maybe_unused]] auto iteration : state) {
      tables = route_tables(network, metric, {}, threads_of(threads));
    }
    if (workbench.accept(state, tables_problem(network, tables, metric))) {
      count_tables(state, network);
    }
  });
}

/// One search a destination, as a reader would write it first.
void time_plain_tables(benchmark::State& state, Size size) {
  const Network network = mesh_with_latencies(size);
  const RouteGraph graph = route_graph(network, {});
  std::vector<Index> all(network.agents());
  std::iota(all.begin(), all.end(), Index{0});
  std::vector<std::uint8_t> slots(network.agents() * network.agents());
  for ([[maybe_unused]] auto iteration : state) {
    reference::hop_routes<std::uint8_t>(graph, all, slots, {});
    benchmark::DoNotOptimize(slots.data());
  }
  count_tables(state, network);
}

void time_stale_routes(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const Network network = mesh_with_latencies(size);
  StaleRouteOptions options;
  options.rates = {.link_fail = 0.05, .link_recover = 0.45};
  run_in_arena(threads, [&] {
    RouteShares shares;
    for ([[maybe_unused]] auto iteration : state) {
      shares = measure_routes(network, options, 0, 0, threads_of(threads));
    }
    const std::int64_t counted =
        shares.optimal + shares.one_more + shares.two_or_more + shares.lost;
    if (workbench.accept(state, counted == shares.pairs ? "" : "shares do not add up")) {
      state.counters["pairs/s"] = per_second(static_cast<double>(shares.pairs));
    }
  });
}

}  // namespace

void register_routing(Workbench& workbench) {
  for (const Size size : kRoutingSizes) {
    add_case("routing/plain/" + size_name(size), 1,
             [size](benchmark::State& state) { time_plain_tables(state, size); });
    for (const int threads : workbench.thread_counts()) {
      add_case("routing/tables/" + size_name(size), threads,
               [&workbench, size, threads](benchmark::State& state) {
                 time_tables(state, workbench, size, RouteMetric::hops, threads);
               });
      add_case("routing/tables_by_latency/" + size_name(size), threads,
               [&workbench, size, threads](benchmark::State& state) {
                 time_tables(state, workbench, size, RouteMetric::latency, threads);
               });
      add_case("routing/stale/" + size_name(size), threads,
               [&workbench, size, threads](benchmark::State& state) {
                 time_stale_routes(state, workbench, size, threads);
               });
    }
  }
}

}  // namespace needflow::bench
