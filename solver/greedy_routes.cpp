#include "solver/greedy_routes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/random.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

constexpr std::size_t kNobody = std::numeric_limits<std::size_t>::max();

/// Squared distances between agents; comparisons need no root.
class Geometry {
 public:
  explicit Geometry(Positions positions) : positions_(positions) {}

  [[nodiscard]] double between(std::size_t a, std::size_t b) const {
    const double dx = along(positions_.x[a], positions_.x[b]);
    const double dy = along(positions_.y[a], positions_.y[b]);
    return dx * dx + dy * dy;
  }

 private:
  [[nodiscard]] double along(double a, double b) const {
    const double straight = std::fabs(a - b);
    return positions_.period > 0.0 ? std::min(straight, positions_.period - straight) : straight;
  }

  Positions positions_;
};

/// The nearest live neighbour's entry, or nobody where none is nearer than `at` itself.
std::size_t nearer(const RouteGraph& graph, const Geometry& geometry, std::size_t at,
                   std::size_t destination) {
  std::size_t best = kNobody;
  double least = geometry.between(at, destination);
  for (std::size_t e = graph.begin(at); e < graph.end(at); ++e) {
    if (!graph.up(e)) continue;
    const double far = geometry.between(graph.neighbor(e), destination);
    if (far < least) {
      best = e;
      least = far;
    }
  }
  return best;
}

/// One packet's own draws.
struct PacketDraws {
  RandomStream stream;
  std::uint32_t network;
  std::uint32_t source;
  std::uint32_t destination;

  /// Uniform below `bound` to within bound / 2^64.
  [[nodiscard]] std::uint32_t operator()(std::int64_t hop, std::uint32_t bound) const {
    const auto words = stream.block(source, destination, network, static_cast<std::uint32_t>(hop));
    return bounded(words[0] | std::uint64_t{words[1]} << 32, bound);
  }
};

/// A live neighbour's entry at random, that of `from` only where there is no other.
std::size_t anywhere(const RouteGraph& graph, std::size_t at, std::size_t from,
                     const PacketDraws& draws, std::int64_t hop) {
  std::uint32_t open = 0;
  std::size_t back = kNobody;
  for (std::size_t e = graph.begin(at); e < graph.end(at); ++e) {
    if (!graph.up(e)) continue;
    if (graph.neighbor(e) == from) {
      back = e;
    } else {
      ++open;
    }
  }
  if (open == 0) return back;
  std::uint32_t skip = draws(hop, open);
  for (std::size_t e = graph.begin(at);; ++e) {
    if (graph.up(e) && graph.neighbor(e) != from && skip-- == 0) return e;
  }
}

/// Hands a packet on, way_on(agent, from, hop) by way_on, until it arrives.
template <class WayOn>
PacketFate walk(const RouteGraph& graph, std::size_t source, std::size_t destination,
                std::int64_t best_hops, std::int64_t hop_limit, const WayOn& way_on) {
  PacketFate fate;
  fate.best_hops = best_hops;
  std::size_t at = source;
  std::size_t from = kNobody;
  while (at != destination) {
    const std::size_t entry = fate.hops == hop_limit ? kNobody : way_on(at, from, fate.hops);
    if (entry == kNobody) return fate;
    from = at;
    at = graph.neighbor(entry);
    ++fate.hops;
  }
  fate.arrived = true;
  fate.optimal = fate.hops == best_hops;
  fate.stretch = static_cast<double>(fate.hops) / static_cast<double>(best_hops);
  return fate;
}

void check(const Network& network, const GreedyOptions& options, const Positions& positions) {
  if (options.view < 0 || options.hop_limit < 0 || options.destinations < 0) {
    throw InvalidPoint("view, hop_limit and destinations of greedy routes are at least 0");
  }
  if (options.rule == GreedyRule::nearest &&
      (positions.x.size() != network.agents() || positions.y.size() != network.agents())) {
    throw InvalidPoint("routes to the nearest neighbour need a network with positions");
  }
}

/// What all batches read.
struct GreedyTask {
  RouteGraph graph;
  const GreedyOptions& options;
  Geometry geometry;
  std::span<const std::uint8_t> live_agents;
  RandomStream stream;
  std::uint32_t network_index;

  [[nodiscard]] bool is_up(std::size_t i) const {
    return live_agents.empty() || live_agents[i] != 0;
  }

  [[nodiscard]] PacketFate send(std::size_t source, std::size_t destination,
                                std::span<const std::int32_t> hops,
                                std::span<const std::uint32_t> slots) const {
    const std::int64_t limit =
        options.hop_limit > 0 ? options.hop_limit : static_cast<std::int64_t>(graph.agents());
    if (options.rule == GreedyRule::nearest) {
      return walk(graph, source, destination, hops[source], limit,
                  [this, destination](std::size_t at, std::size_t, std::int64_t) {
                    return nearer(graph, geometry, at, destination);
                  });
    }
    const PacketDraws draws{stream, network_index, static_cast<std::uint32_t>(source),
                            static_cast<std::uint32_t>(destination)};
    return walk(graph, source, destination, hops[source], limit,
                [this, hops, slots, &draws](std::size_t at, std::size_t from, std::int64_t hop) {
                  if (hops[at] <= options.view) return graph.begin(at) + slots[at];
                  return anywhere(graph, at, from, draws, hop);
                });
  }

  [[nodiscard]] RouteShares send_batch(std::span<const Index> destinations) const {
    RouteScratch scratch;
    RouteColumns routes;
    routes.find(graph, destinations, RouteMetric::hops, scratch);
    RouteShares shares;
    for (std::size_t c = 0; c < destinations.size(); ++c) {
      const auto d = static_cast<std::size_t>(destinations[c]);
      if (!is_up(d)) continue;
      for (std::size_t s = 0; s < graph.agents(); ++s) {
        if (s == d || !is_up(s)) continue;
        if (routes.hops(c)[s] < 0) {
          ++shares.unconnected;
        } else {
          add_fate(shares, send(s, d, routes.hops(c), routes.slots(c)));
        }
      }
    }
    return shares;
  }
};

}  // namespace

RouteShares measure_greedy(const Network& network, const GreedyOptions& options,
                           Positions positions, LiveParts live, std::uint64_t seed,
                           std::uint32_t network_index, Threads threads) {
  check(network, options, positions);
  const std::vector<std::uint8_t> up = live_entries(network, live);
  const std::vector<Index> destinations =
      sampled_agents(network.agents(), options.destinations, seed, network_index);
  const GreedyTask task{route_graph(network, up),
                        options,
                        Geometry(positions),
                        live.agents,
                        RandomStream(seed, "greedy_routes"),
                        network_index};
  return shares_by_batch(network, up, destinations, threads,
                         [&task](std::span<const Index> some) { return task.send_batch(some); });
}

}  // namespace needflow
