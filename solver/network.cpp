#include "solver/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/elementary.hpp"
#include "solver/error.hpp"
#include "solver/partial_mesh.hpp"

namespace needflow {

namespace {

// Seed 003's table of k by size (M4).
std::int64_t table_neighbors(std::int64_t agents) {
  if (agents <= 20) return agents - 1;
  if (agents <= 50) return 15;
  if (agents <= 100) return 20;
  if (agents <= 500) return 25;
  return 30;
}

std::int64_t two_log_neighbors(std::int64_t agents) {
  const double k = std::floor(2.0 * log_positive(static_cast<double>(agents)) + 0.5);
  return std::max<std::int64_t>(2, static_cast<std::int64_t>(k));
}

Network full_mesh(Index agents) {
  Network network;
  network.offsets.reserve(static_cast<std::size_t>(agents) + 1);
  network.columns.reserve(static_cast<std::size_t>(agents) * static_cast<std::size_t>(agents - 1));
  for (Index i = 0; i < agents; ++i) {
    for (Index j = 0; j < agents; ++j) {
      if (j != i) network.columns.push_back(j);
    }
    network.offsets.push_back(static_cast<Offset>(network.columns.size()));
  }
  return network;
}

Network ring(Index agents) {
  std::vector<std::pair<Index, Index>> edges;
  for (Index i = 0; i + 1 < agents; ++i) edges.emplace_back(i, i + 1);
  if (agents > 2) edges.emplace_back(0, agents - 1);
  return network_from_edges(static_cast<std::size_t>(agents), edges);
}

Network hub_and_spokes(Index agents, Index hub) {
  std::vector<std::pair<Index, Index>> edges;
  for (Index i = 0; i < agents; ++i) {
    if (i != hub) edges.emplace_back(hub, i);
  }
  return network_from_edges(static_cast<std::size_t>(agents), edges);
}

}  // namespace

std::int64_t resolved_neighbors(const NetworkSettings& settings) {
  std::int64_t k = settings.neighbors;
  if (settings.neighbor_rule == NeighborRule::table) k = table_neighbors(settings.agents);
  if (settings.neighbor_rule == NeighborRule::two_log) k = two_log_neighbors(settings.agents);
  return std::min(k, settings.agents - 1);
}

std::int64_t expected_entries(const NetworkSettings& settings) {
  const std::int64_t n = settings.agents;
  switch (settings.kind) {
    case NetworkKind::partial_mesh:
      return n * resolved_neighbors(settings);
    case NetworkKind::full_mesh:
      return n * (n - 1);
    case NetworkKind::ring:
      return n > 2 ? 2 * n : n - 1;
    case NetworkKind::hub_spoke:
      return 2 * (n - 1);
  }
  return 0;
}

std::string network_problem(const NetworkSettings& settings) {
  if (settings.kind == NetworkKind::hub_spoke && settings.hub >= settings.agents) {
    return fmt::format("network.hub = {} is not among the {} agents (0 to {})", settings.hub,
                       settings.agents, settings.agents - 1);
  }
  if (expected_entries(settings) > kMaxEntries) {
    return fmt::format("a network of {} agents would have {} directed edges; at most {} fit",
                       settings.agents, expected_entries(settings), kMaxEntries);
  }
  return {};
}

Network build_network(const NetworkSettings& settings, std::uint64_t seed, std::uint32_t index) {
  if (const std::string problem = network_problem(settings); !problem.empty()) {
    throw InvalidPoint(problem);
  }
  const auto agents = static_cast<Index>(settings.agents);
  const std::int64_t k = resolved_neighbors(settings);
  switch (settings.kind) {
    case NetworkKind::partial_mesh:
      return k >= settings.agents - 1 ? full_mesh(agents)
                                      : partial_mesh(agents, static_cast<Index>(k), seed, index);
    case NetworkKind::full_mesh:
      return full_mesh(agents);
    case NetworkKind::ring:
      return ring(agents);
    case NetworkKind::hub_spoke:
      return hub_and_spokes(agents, static_cast<Index>(settings.hub));
  }
  return {};
}

Network network_from_edges(std::size_t agents, const std::vector<std::pair<Index, Index>>& edges) {
  Network network;
  network.offsets.assign(agents + 1, 0);
  for (const auto& [a, b] : edges) {
    ++network.offsets[static_cast<std::size_t>(a) + 1];
    ++network.offsets[static_cast<std::size_t>(b) + 1];
  }
  for (std::size_t i = 0; i < agents; ++i) network.offsets[i + 1] += network.offsets[i];
  network.columns.resize(2 * edges.size());
  std::vector<Offset> next(network.offsets.begin(), network.offsets.end() - 1);
  const auto place = [&](Index from, Index to) {
    network.columns[static_cast<std::size_t>(next[static_cast<std::size_t>(from)]++)] = to;
  };
  for (const auto& [a, b] : edges) {
    place(a, b);
    place(b, a);
  }
  for (std::size_t i = 0; i < agents; ++i) {
    std::sort(network.columns.begin() + network.offsets[i],
              network.columns.begin() + network.offsets[i + 1]);
  }
  return network;
}

}  // namespace needflow
