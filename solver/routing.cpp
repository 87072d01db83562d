#include "solver/routing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "solver/error.hpp"

namespace needflow {

namespace {

std::int64_t largest_degree(const Network& network) {
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < network.agents(); ++i) largest = std::max(largest, network.degree(i));
  return largest;
}

/// Columns [begin, end) of the table.
template <class Slot>
void fill_columns(const RouteGraph& graph, RouteMetric metric, std::size_t begin, std::size_t end,
                  std::span<Slot> table) {
  const std::size_t agents = graph.agents();
  RouteScratch scratch;
  if (metric == RouteMetric::hops) {
    std::vector<Index> destinations(end - begin);
    std::iota(destinations.begin(), destinations.end(), static_cast<Index>(begin));
    hop_routes(graph, destinations, table.subspan(begin * agents, (end - begin) * agents), {},
               scratch);
    return;
  }
  std::vector<double> cost(agents);
  for (std::size_t d = begin; d < end; ++d) {
    latency_routes(graph, static_cast<Index>(d), table.subspan(d * agents, agents), {}, cost,
                   scratch);
  }
}

template <class Slot>
void fill_table(const RouteGraph& graph, RouteMetric metric, Threads threads,
                std::vector<Slot>& table) {
  const std::size_t agents = graph.agents();
  table.resize(agents * agents);
  const std::span<Slot> slots(table);
  const auto one_batch = [&graph, metric, agents, slots](std::size_t batch) {
    fill_columns(graph, metric, batch * kRouteBatch, std::min(agents, (batch + 1) * kRouteBatch),
                 slots);
  };
  const std::size_t batches = (agents + kRouteBatch - 1) / kRouteBatch;
  if (threads == Threads::one || batches < 2) {
    for (std::size_t batch = 0; batch < batches; ++batch) one_batch(batch);
    return;
  }
  parallel_indices(batches, one_batch, oneapi::tbb::simple_partitioner());
}

}  // namespace

std::vector<std::uint8_t> live_entries(const Network& network, LiveParts live) {
  if (live.agents.empty()) return {live.links.begin(), live.links.end()};
  std::vector<std::uint8_t> up(network.columns.size(), 1);
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (auto e = static_cast<std::size_t>(network.offsets[i]);
         e < static_cast<std::size_t>(network.offsets[i + 1]); ++e) {
      const bool link = live.links.empty() || live.links[e] != 0;
      const bool ends =
          live.agents[i] != 0 && live.agents[static_cast<std::size_t>(network.columns[e])] != 0;
      up[e] = link && ends ? 1 : 0;
    }
  }
  return up;
}

void check_metric(const Network& network, RouteMetric metric) {
  if (metric == RouteMetric::hops) return;
  if (network.latency.size() != network.columns.size()) {
    throw InvalidPoint("routes by latency need a network whose links have latencies");
  }
  for (const float latency : network.latency) {
    if (!(latency >= 0.0F && std::isfinite(latency))) {
      throw InvalidPoint(
          fmt::format("a link has latency {}; routes need finite ones, at least 0", latency));
    }
  }
}

RouteGraph route_graph(const Network& network, std::span<const std::uint8_t> live) {
  return {network.offsets, network.columns, live, network.latency};
}

void RouteColumns::find(const RouteGraph& graph, std::span<const Index> destinations,
                        RouteMetric metric, RouteScratch& scratch) {
  agents_ = graph.agents();
  const std::size_t count = destinations.size();
  slots_.resize(count * agents_);
  hops_.resize(count * agents_);
  cost_.resize(metric == RouteMetric::latency ? count * agents_ : 0);
  const std::span slots(slots_);
  const std::span hops(hops_);
  if (metric == RouteMetric::hops) {
    for (std::size_t c = 0; c < count; c += kRouteBatch) {
      const std::size_t length = std::min(kRouteBatch, count - c);
      hop_routes(graph, destinations.subspan(c, length),
                 slots.subspan(c * agents_, length * agents_),
                 hops.subspan(c * agents_, length * agents_), scratch);
    }
    return;
  }
  for (std::size_t c = 0; c < count; ++c) {
    latency_routes(graph, destinations[c], slots.subspan(c * agents_, agents_),
                   hops.subspan(c * agents_, agents_),
                   std::span(cost_).subspan(c * agents_, agents_), scratch);
  }
}

RouteColumns next_hops_to(const Network& network, std::span<const Index> destinations,
                          RouteMetric metric, LiveParts live) {
  check_metric(network, metric);
  const std::vector<std::uint8_t> up = live_entries(network, live);
  RouteColumns columns;
  RouteScratch scratch;
  columns.find(route_graph(network, up), destinations, metric, scratch);
  return columns;
}

RouteTables route_tables(const Network& network, RouteMetric metric, LiveParts live,
                         Threads threads) {
  if (network.agents() > kMaxTableAgents) {
    throw InvalidPoint(fmt::format(
        "routing tables of {} agents would take {} MB; they are made for at most {} agents, beyond "
        "that for a sample of destinations",
        network.agents(), network.agents() * network.agents() / 1'000'000, kMaxTableAgents));
  }
  check_metric(network, metric);
  const std::vector<std::uint8_t> up = live_entries(network, live);
  const RouteGraph graph = route_graph(network, up);
  RouteTables tables;
  tables.agents_ = network.agents();
  if (largest_degree(network) <= std::int64_t{kNoSlot<std::uint8_t>}) {
    fill_table(graph, metric, threads, tables.narrow_);
  } else {
    fill_table(graph, metric, threads, tables.wide_);
  }
  return tables;
}

}  // namespace needflow
