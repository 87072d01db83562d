// Facts of networks, counted one by one.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/reference/graph.hpp"
#include "solver/network.hpp"

namespace needflow::test {

inline NetworkSettings mesh(std::int64_t agents, std::int64_t k) {
  NetworkSettings settings;
  settings.agents = agents;
  settings.neighbors = k;
  return settings;
}

inline NetworkSettings of_kind(NetworkKind kind, std::int64_t agents) {
  NetworkSettings settings;
  settings.kind = kind;
  settings.agents = agents;
  return settings;
}

inline bool linked(const Network& network, std::size_t a, std::size_t b) {
  return std::binary_search(network.columns.begin() + network.offsets[a],
                            network.columns.begin() + network.offsets[a + 1],
                            static_cast<Index>(b));
}

/// Rows ascend strictly, nobody is its own neighbour, every edge is stored from both ends.
inline bool is_simple(const Network& network) {
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      const Index j = network.columns[static_cast<std::size_t>(e)];
      if (static_cast<std::size_t>(j) == i || !linked(network, static_cast<std::size_t>(j), i)) {
        return false;
      }
      if (e > network.offsets[i] && network.columns[static_cast<std::size_t>(e) - 1] >= j) {
        return false;
      }
    }
  }
  return true;
}

inline bool is_connected(const Network& network) {
  const auto label = reference::component_labels(network.offsets, network.columns);
  return std::all_of(label.begin(), label.end(), [](Index l) { return l == 0; });
}

inline std::int64_t least_degree(const Network& network) {
  std::int64_t least = network.degree(0);
  for (std::size_t i = 0; i < network.agents(); ++i) least = std::min(least, network.degree(i));
  return least;
}

inline std::int64_t largest_degree(const Network& network) {
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < network.agents(); ++i) largest = std::max(largest, network.degree(i));
  return largest;
}

/// Mean over nodes of linked neighbour pairs / neighbour pairs, counted one by one.
inline double clustering(const Network& network) {
  double total = 0.0;
  for (std::size_t i = 0; i < network.agents(); ++i) {
    const auto degree = static_cast<double>(network.degree(i));
    int closed = 0;
    for (Offset a = network.offsets[i]; a < network.offsets[i + 1]; ++a) {
      for (Offset b = network.offsets[i]; b < a; ++b) {
        closed +=
            linked(network, static_cast<std::size_t>(network.columns[static_cast<std::size_t>(a)]),
                   static_cast<std::size_t>(network.columns[static_cast<std::size_t>(b)]))
                ? 1
                : 0;
      }
    }
    total += 2.0 * closed / (degree * (degree - 1.0));
  }
  return total / static_cast<double>(network.agents());
}

/// Share of ordered pairs at each distance 1, 2, 3 … by breadth-first search from every node.
inline std::vector<double> hop_shares(const Network& network) {
  const std::size_t n = network.agents();
  std::vector<double> shares(n, 0.0);
  for (std::size_t start = 0; start < n; ++start) {
    std::vector<int> hops(n, -1);
    std::vector<std::size_t> queue{start};
    hops[start] = 0;
    for (std::size_t head = 0; head < queue.size(); ++head) {
      const std::size_t i = queue[head];
      for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
        const auto j = static_cast<std::size_t>(network.columns[static_cast<std::size_t>(e)]);
        if (hops[j] >= 0) continue;
        hops[j] = hops[i] + 1;
        queue.push_back(j);
        shares[static_cast<std::size_t>(hops[j])] += 1.0 / static_cast<double>(n * (n - 1));
      }
    }
  }
  return shares;
}

}  // namespace needflow::test
