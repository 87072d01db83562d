#include "solver/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "kernels/elementary.hpp"
#include "solver/error.hpp"
#include "solver/networks/kinds.hpp"
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

/// Agents of the largest shard.
std::int64_t largest_shard(const NetworkSettings& settings) {
  const std::int64_t shards = shard_count(settings);
  return (settings.agents + shards - 1) / shards;
}

/// Entries of a partial mesh; an odd number of ends makes one agent's degree k + 1.
std::int64_t mesh_entries(std::int64_t agents, std::int64_t k) {
  return k >= agents - 1 ? agents * (agents - 1) : agents * k + agents * k % 2;
}

std::int64_t sharded_entries(const NetworkSettings& settings) {
  const std::int64_t shards = shard_count(settings);
  const std::int64_t k = resolved_neighbors(settings);
  const std::int64_t size = settings.agents / shards;
  const std::int64_t larger = settings.agents % shards;
  return larger * mesh_entries(size + 1, k) + (shards - larger) * mesh_entries(size, k) +
         2 * (shards - 1);
}

bool takes_even_k(NetworkKind kind) {
  return kind == NetworkKind::small_world || kind == NetworkKind::preferential;
}

std::string even_k_problem(const NetworkSettings& settings) {
  const char* name = settings.kind == NetworkKind::small_world ? "small_world" : "preferential";
  const std::int64_t k = resolved_neighbors(settings);
  if (k < 2 || k % 2 != 0) {
    return fmt::format(
        "network.neighbors = {} with {}, where half of k are an agent's own links; "
        "expected an even number from 2",
        k, name);
  }
  if (k < settings.agents) return {};
  return fmt::format("network.neighbors = {} is too many for {} of {} agents; expected at most {}",
                     k, name, settings.agents, settings.agents - 1);
}

std::string kind_problem(const NetworkSettings& settings) {
  if (settings.kind == NetworkKind::hub_spoke && settings.hub >= settings.agents) {
    return fmt::format("network.hub = {} is not among the {} agents (0 to {})", settings.hub,
                       settings.agents, settings.agents - 1);
  }
  if (settings.kind == NetworkKind::small_world &&
      !(settings.beta >= 0.0 && settings.beta <= 1.0)) {
    return fmt::format("network.beta = {} is no probability; expected a number in [0, 1]",
                       settings.beta);
  }
  if (settings.kind == NetworkKind::sharded && settings.shard_size < 2) {
    return fmt::format("network.shard_size = {} leaves nobody to mesh with; expected 2 or more",
                       settings.shard_size);
  }
  return takes_even_k(settings.kind) ? even_k_problem(settings) : std::string();
}

}  // namespace

std::int64_t network_agents(const NetworkSettings& settings) {
  return settings.kind == NetworkKind::file ? settings.file.agents : settings.agents;
}

std::int64_t shard_count(const NetworkSettings& settings) {
  return (settings.agents + settings.shard_size - 1) / settings.shard_size;
}

std::int64_t resolved_neighbors(const NetworkSettings& settings) {
  const bool sharded = settings.kind == NetworkKind::sharded;
  const std::int64_t agents = sharded ? largest_shard(settings) : settings.agents;
  const bool given = settings.neighbor_rule == NeighborRule::count;
  std::int64_t k = settings.neighbors;
  if (settings.neighbor_rule == NeighborRule::table) k = table_neighbors(agents);
  if (settings.neighbor_rule == NeighborRule::two_log) k = two_log_neighbors(agents);
  if (takes_even_k(settings.kind)) return given ? k : k - k % 2;
  return std::min(k, agents - 1);
}

std::int64_t expected_entries(const NetworkSettings& settings) {
  const std::int64_t n = settings.agents;
  const std::int64_t k = resolved_neighbors(settings);
  switch (settings.kind) {
    case NetworkKind::partial_mesh:
      return mesh_entries(n, k);
    case NetworkKind::small_world:
    case NetworkKind::geometric:
      return n * k;
    case NetworkKind::full_mesh:
      return n * (n - 1);
    case NetworkKind::ring:
      return n > 2 ? 2 * n : 2 * (n - 1);
    case NetworkKind::hub_spoke:
      return 2 * (n - 1);
    case NetworkKind::sharded:
      return sharded_entries(settings);
    case NetworkKind::preferential:
      return k * (n - k / 2 - 1) + k / 2 * (k / 2 + 1);
    case NetworkKind::file:
      return settings.file.entries;
  }
  return 0;
}

std::string network_problem(const NetworkSettings& settings) {
  if (std::string problem = kind_problem(settings); !problem.empty()) return problem;
  if (expected_entries(settings) > kMaxEntries) {
    return fmt::format("a network of {} agents would have {} directed edges; at most {} fit",
                       network_agents(settings), expected_entries(settings), kMaxEntries);
  }
  return {};
}

Network build_network(const NetworkSettings& settings, std::uint64_t seed, std::uint32_t index,
                      Threads threads) {
  const auto agents = static_cast<Index>(settings.agents);
  if (std::optional<Network> rows =
          network_rows(settings, seed, index, 0, static_cast<std::size_t>(agents), threads)) {
    return std::move(*rows);
  }
  const NetworkDraw draw{seed, index};
  const auto k = static_cast<Index>(resolved_neighbors(settings));
  switch (settings.kind) {
    case NetworkKind::partial_mesh:
      return partial_mesh(agents, k, seed, index);
    case NetworkKind::small_world:
      return small_world(agents, k, settings.beta, draw, threads);
    case NetworkKind::preferential:
      return preferential(agents, k, draw, threads);
    case NetworkKind::geometric:
      return geometric(agents, k, draw, threads);
    default:
      break;
  }
  throw std::logic_error("build_network: a file's network is read, not built");
}

std::optional<Network> network_rows(const NetworkSettings& settings, std::uint64_t seed,
                                    std::uint32_t index, std::size_t first, std::size_t count,
                                    Threads threads) {
  if (const std::string problem = network_problem(settings); !problem.empty()) {
    throw InvalidPoint(problem);
  }
  const auto agents = static_cast<Index>(settings.agents);
  const auto k = static_cast<Index>(resolved_neighbors(settings));
  const AgentRange range{static_cast<Index>(first), static_cast<Index>(first + count)};
  switch (settings.kind) {
    case NetworkKind::partial_mesh:
      if (k < agents - 1) return {};
      return full_mesh(agents, range);
    case NetworkKind::full_mesh:
      return full_mesh(agents, range);
    case NetworkKind::ring:
      return ring(agents, range);
    case NetworkKind::hub_spoke:
      return hub_and_spokes(agents, static_cast<Index>(settings.hub), range);
    case NetworkKind::sharded:
      return sharded(agents, static_cast<Index>(shard_count(settings)), k, {seed, index}, range,
                     threads);
    default:
      return {};
  }
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
