#include "solver/stale_routes.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <vector>

#include "solver/error.hpp"

namespace needflow {

namespace {

constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();
constexpr double kFar = std::numeric_limits<double>::infinity();

/// Where a packet stands and which neighbour it came from.
struct Standing {
  std::size_t agent;
  std::size_t from = kNobody;
  bool operator==(const Standing&) const = default;
};

/// One destination: what agents remember of it, and how far it is now.
struct Destination {
  std::size_t agent;
  std::span<const std::uint32_t> old_slots;
  std::span<const std::int32_t> old_hops;
  std::span<const double> old_cost;  ///< empty by hops
  std::span<const std::int32_t> hops;
  std::span<const double> cost;  ///< empty by hops

  /// What agent v told last of its distance.
  [[nodiscard]] double told(std::size_t v) const {
    if (!old_cost.empty()) return old_cost[v];
    return old_hops[v] < 0 ? kFar : static_cast<double>(old_hops[v]);
  }
};

/// Forwarding over the network as it is now, by tables as they were.
class Forwarding {
 public:
  Forwarding(const RouteGraph& now, const StaleRouteOptions& options)
      : now_(now),
        by_latency_(options.metric == RouteMetric::latency),
        turn_back_(options.turn_back),
        hop_limit_(options.hop_limit > 0 ? options.hop_limit
                                         : static_cast<std::int64_t>(now.agents())) {}

  [[nodiscard]] PacketFate send(std::size_t source, const Destination& to) const {
    PacketFate fate;
    fate.best_hops = to.hops[source];
    fate.optimal = true;
    double travelled = 0.0;
    Standing at{source};
    Standing landmark = at;
    std::int64_t next_landmark = 1;
    while (at.agent != to.agent) {
      const std::size_t entry = way_on(at, to, fate.detoured);
      if (entry == kNobody || fate.hops == hop_limit_) return fate;
      const std::size_t next = now_.neighbor(entry);
      fate.optimal = fate.optimal && is_tight(at.agent, next, entry, to);
      travelled += step(entry);
      ++fate.hops;
      at = {next, at.agent};
      if (at == landmark) return fate;
      if (fate.hops == next_landmark) {
        landmark = at;
        next_landmark *= 2;
      }
    }
    fate.arrived = true;
    const double best = by_latency_ ? to.cost[source] : static_cast<double>(fate.best_hops);
    fate.stretch = best > 0.0 ? travelled / best : 1.0;
    return fate;
  }

 private:
  [[nodiscard]] double step(std::size_t entry) const {
    return by_latency_ ? static_cast<double>(now_.latency[entry]) : 1.0;
  }

  /// A route is optimal where every step of it is: compared sum by sum, so rounding cannot tell two
  /// equal routes apart.
  [[nodiscard]] bool is_tight(std::size_t s, std::size_t v, std::size_t entry,
                              const Destination& to) const {
    return by_latency_ ? to.cost[v] + step(entry) == to.cost[s] : to.hops[v] + 1 == to.hops[s];
  }

  [[nodiscard]] std::size_t way_on(Standing at, const Destination& to, bool& detoured) const {
    const std::uint32_t slot = to.old_slots[at.agent];
    if (slot != kNoSlot<std::uint32_t>) {
      const std::size_t entry = now_.begin(at.agent) + slot;
      if (now_.up(entry) && (turn_back_ || now_.neighbor(entry) != at.from)) return entry;
    }
    detoured = true;
    return detour(at, to);
  }

  [[nodiscard]] std::size_t detour(Standing at, const Destination& to) const {
    std::size_t best = kNobody;
    std::size_t back = kNobody;
    double least = kFar;
    for (std::size_t e = now_.begin(at.agent); e < now_.end(at.agent); ++e) {
      if (!now_.up(e)) continue;
      const std::size_t v = now_.neighbor(e);
      if (v == at.from) {
        back = e;
        continue;
      }
      const double far = to.told(v) + step(e);
      if (best == kNobody || far < least) {
        best = e;
        least = far;
      }
    }
    return best != kNobody ? best : back;
  }

  RouteGraph now_;
  bool by_latency_;
  bool turn_back_;
  std::int64_t hop_limit_;
};

bool is_up(std::span<const std::uint8_t> agents, std::size_t i) {
  return agents.empty() || agents[i] != 0;
}

/// All packets to one batch of destinations.
RouteShares send_batch(const RouteGraph& then, const RouteGraph& now,
                       std::span<const std::uint8_t> live_agents, const StaleRouteOptions& options,
                       std::span<const Index> destinations) {
  RouteScratch scratch;
  RouteColumns old;
  RouteColumns current;
  old.find(then, destinations, options.metric, scratch);
  current.find(now, destinations, options.metric, scratch);
  const Forwarding forwarding(now, options);
  RouteShares shares;
  for (std::size_t c = 0; c < destinations.size(); ++c) {
    const auto d = static_cast<std::size_t>(destinations[c]);
    if (!is_up(live_agents, d)) continue;
    const Destination to{d,           old.slots(c),    old.hops(c),
                         old.cost(c), current.hops(c), current.cost(c)};
    for (std::size_t s = 0; s < now.agents(); ++s) {
      if (s == d || !is_up(live_agents, s)) continue;
      if (to.hops[s] < 0) {
        ++shares.unconnected;
      } else {
        add_fate(shares, forwarding.send(s, to));
      }
    }
  }
  return shares;
}

}  // namespace

std::string stale_routes_problem(const StaleRouteOptions& options) {
  if (options.age < 0)
    return fmt::format("age = {} is before the tables (at least 0)", options.age);
  if (options.hop_limit < 0) return fmt::format("hop_limit = {} (at least 0)", options.hop_limit);
  if (options.destinations < 0) {
    return fmt::format("destinations = {} (at least 0)", options.destinations);
  }
  return rates_problem(options.rates);
}

RouteShares measure_routes_between(const Network& network, LiveParts then, LiveParts now,
                                   const StaleRouteOptions& options,
                                   std::span<const Index> destinations, Threads threads) {
  if (const std::string problem = stale_routes_problem(options); !problem.empty()) {
    throw InvalidPoint(problem);
  }
  check_metric(network, options.metric);
  const std::vector<std::uint8_t> live_then = live_entries(network, then);
  const std::vector<std::uint8_t> live_now = live_entries(network, now);
  const RouteGraph old_graph = route_graph(network, live_then);
  const RouteGraph graph = route_graph(network, live_now);
  return shares_by_batch(network, live_now, destinations, threads,
                         [&](std::span<const Index> some) {
                           return send_batch(old_graph, graph, now.agents, options, some);
                         });
}

RouteShares measure_routes(const Network& network, const StaleRouteOptions& options,
                           std::uint64_t seed, std::uint32_t network_index, Threads threads) {
  if (const std::string problem = stale_routes_problem(options); !problem.empty()) {
    throw InvalidPoint(problem);
  }
  LinkStates states(network, options.rates, seed, network_index, threads);
  const LinkStates then = states;
  states.advance(options.age);
  return measure_routes_between(
      network, {then.agents(), then.links()}, {states.agents(), states.links()}, options,
      sampled_agents(network.agents(), options.destinations, seed, network_index), threads);
}

}  // namespace needflow
