// Plain serial twins of kernels/routes.hpp: one search a destination, then each source asks its
// neighbours in order for one that is a step nearer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "kernels/routes.hpp"

namespace needflow::reference {

template <class Slot>
void hop_routes(const RouteGraph& graph, std::span<const Index> destinations, std::span<Slot> slots,
                std::span<std::int32_t> hops) {
  const std::size_t agents = graph.agents();
  for (std::size_t c = 0; c < destinations.size(); ++c) {
    std::vector<std::int32_t> far(agents, -1);
    std::vector<std::size_t> queue{static_cast<std::size_t>(destinations[c])};
    far[queue[0]] = 0;
    for (std::size_t head = 0; head < queue.size(); ++head) {
      for (std::size_t e = graph.begin(queue[head]); e < graph.end(queue[head]); ++e) {
        const std::size_t s = graph.neighbor(e);
        if (!graph.up(e) || far[s] >= 0) continue;
        far[s] = far[queue[head]] + 1;
        queue.push_back(s);
      }
    }
    for (std::size_t s = 0; s < agents; ++s) {
      Slot best = kNoSlot<Slot>;
      for (std::size_t e = graph.end(s); e-- > graph.begin(s);) {
        if (graph.up(e) && far[s] > 0 && far[graph.neighbor(e)] == far[s] - 1) {
          best = static_cast<Slot>(e - graph.begin(s));
        }
      }
      slots[c * agents + s] = best;
      if (!hops.empty()) hops[c * agents + s] = far[s];
    }
  }
}

/// The nearest unsettled agent, the lowest number first, is looked for among all: O(agents²).
template <class Slot>
void latency_routes(const RouteGraph& graph, Index destination, std::span<Slot> slots,
                    std::span<std::int32_t> hops, std::span<double> cost) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  const std::size_t agents = graph.agents();
  std::vector<bool> settled(agents, false);
  std::fill(slots.begin(), slots.end(), kNoSlot<Slot>);
  std::fill(hops.begin(), hops.end(), -1);
  std::fill(cost.begin(), cost.end(), kFar);
  cost[static_cast<std::size_t>(destination)] = 0.0;
  for (;;) {
    std::size_t s = agents;
    for (std::size_t i = 0; i < agents; ++i) {
      if (!settled[i] && cost[i] < kFar && (s == agents || cost[i] < cost[s])) s = i;
    }
    if (s == agents) return;
    if (!hops.empty() && s == static_cast<std::size_t>(destination)) hops[s] = 0;
    for (std::size_t e = graph.end(s); e-- > graph.begin(s);) {
      const std::size_t v = graph.neighbor(e);
      if (!graph.up(e) || !settled[v]) continue;
      if (cost[v] + static_cast<double>(graph.latency[e]) != cost[s]) continue;
      slots[s] = static_cast<Slot>(e - graph.begin(s));
      if (!hops.empty()) hops[s] = hops[v] + 1;
    }
    settled[s] = true;
    for (std::size_t e = graph.begin(s); e < graph.end(s); ++e) {
      if (!graph.up(e)) continue;
      double& other = cost[graph.neighbor(e)];
      other = std::min(other, cost[s] + static_cast<double>(graph.latency[e]));
    }
  }
}

}  // namespace needflow::reference
