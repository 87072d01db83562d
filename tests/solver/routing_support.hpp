// What the tests of routes share: networks written as links, latencies, dead parts, and the
// distances of all pairs by Floyd and Warshall, which know nothing of searches or next hops.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "solver/network.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace needflow::tests {

inline Network mesh_of(std::int64_t agents, std::int64_t k, std::uint32_t index = 0) {
  NetworkSettings settings;
  settings.agents = agents;
  settings.neighbors = k;
  return build_network(settings, 5, index);
}

inline Network network_of(NetworkKind kind, std::int64_t agents) {
  NetworkSettings settings;
  settings.kind = kind;
  settings.agents = agents;
  return build_network(settings, 5, 0);
}

inline std::size_t entry_of(const Network& network, std::size_t from, std::size_t to) {
  for (auto e = static_cast<std::size_t>(network.offsets[from]);
       e < static_cast<std::size_t>(network.offsets[from + 1]); ++e) {
    if (static_cast<std::size_t>(network.columns[e]) == to) return e;
  }
  return kNone;
}

/// Calls each(i, j, entry, entry back) once a link.
template <class Each>
void for_links(const Network& network, const Each& each) {
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (auto e = static_cast<std::size_t>(network.offsets[i]);
         e < static_cast<std::size_t>(network.offsets[i + 1]); ++e) {
      const auto j = static_cast<std::size_t>(network.columns[e]);
      if (i < j) each(i, j, e, entry_of(network, j, i));
    }
  }
}

/// Latencies m / 8 with m from 1 to 16: sums are exact and often equal.
inline void set_latencies(Network& network, Numbers& numbers) {
  network.latency.resize(network.columns.size());
  for_links(network, [&](std::size_t, std::size_t, std::size_t e, std::size_t back) {
    network.latency[e] = static_cast<float>(1 + numbers.below(16)) / 8.0F;
    network.latency[back] = network.latency[e];
  });
}

/// 1 for what is up; links from both ends alike.
struct Parts {
  std::vector<std::uint8_t> agents;
  std::vector<std::uint8_t> links;

  explicit Parts(const Network& network)
      : agents(network.agents(), 1), links(network.columns.size(), 1) {}

  Parts(const Network& network, Numbers& numbers, double dead_agents, double dead_links)
      : Parts(network) {
    for (auto& up : agents) up = numbers.unit() < dead_agents ? 0 : 1;
    for_links(network, [&](std::size_t, std::size_t, std::size_t e, std::size_t back) {
      links[e] = links[back] = numbers.unit() < dead_links ? 0 : 1;
    });
  }

  void cut(const Network& network, std::size_t a, std::size_t b) {
    links[entry_of(network, a, b)] = links[entry_of(network, b, a)] = 0;
  }
};

/// distance[i][j] over the parts that are up, in hops or in latencies; infinite without a path.
inline std::vector<std::vector<double>> floyd_warshall(const Network& network, const Parts& up,
                                                       bool by_latency) {
  const std::size_t n = network.agents();
  std::vector distance(n, std::vector<double>(n, kInfinity));
  for (std::size_t i = 0; i < n; ++i) distance[i][i] = 0.0;
  for_links(network, [&](std::size_t i, std::size_t j, std::size_t e, std::size_t) {
    if (up.links[e] == 0 || up.agents[i] == 0 || up.agents[j] == 0) return;
    const double step = by_latency ? static_cast<double>(network.latency[e]) : 1.0;
    distance[i][j] = distance[j][i] = step;
  });
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        distance[i][j] = std::min(distance[i][j], distance[i][k] + distance[k][j]);
      }
    }
  }
  return distance;
}

}  // namespace needflow::tests
