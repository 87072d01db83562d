// M4, M9: next-hop tables of all agents, and columns of them for a sample of destinations, by hops
// or by latency, around agents and links that are down (seed 003, "Intelligent Routing").
//
// Cost: a table takes agents² slots of 1 byte where no agent has more than 255 neighbours, else of
// 2; 1 MB at N = 1,000, 400 MB at kMaxTableAgents. A column takes 8 bytes an agent (slot 4, hops
// 4), 16 by latency. Same bits for any number of threads: destinations share nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/parallel.hpp"
#include "kernels/routes.hpp"
#include "solver/network.hpp"

namespace needflow {

/// What a route is to have little of. `latency` needs Network::latency.
enum class RouteMetric { hops, latency };

/// What is up; an empty span: everything. A link counts as up where both its ends are, too.
struct LiveParts {
  std::span<const std::uint8_t> agents = {};  ///< agents; 0: down
  std::span<const std::uint8_t> links = {};   ///< entries, the same from both ends; 0: down
};

/// Which entries a packet can take, 1 or 0; empty where that is all of them.
[[nodiscard]] std::vector<std::uint8_t> live_entries(const Network& network, LiveParts live);

/// Throws InvalidPoint where `metric` is latency and a latency is missing, negative or not finite.
void check_metric(const Network& network, RouteMetric metric);

/// Borrows the network; `live` as from live_entries(), and borrowed as well.
[[nodiscard]] RouteGraph route_graph(const Network& network, std::span<const std::uint8_t> live);

/// Everybody's way to some destinations.
class RouteColumns {
 public:
  /// Replaces the columns; a metric of latency needs check_metric() before.
  void find(const RouteGraph& graph, std::span<const Index> destinations, RouteMetric metric,
            RouteScratch& scratch);

  // Column c is that of destinations[c]; each has one value an agent.
  /// kNoSlot<std::uint32_t> at the destination and without a path.
  [[nodiscard]] std::span<const std::uint32_t> slots(std::size_t c) const {
    return std::span(slots_).subspan(c * agents_, agents_);
  }
  /// Of the route that the slots lead along; −1 without a path.
  [[nodiscard]] std::span<const std::int32_t> hops(std::size_t c) const {
    return std::span(hops_).subspan(c * agents_, agents_);
  }
  /// Sum of latencies from the destination on, infinite without a path; empty by hops.
  [[nodiscard]] std::span<const double> cost(std::size_t c) const {
    return cost_.empty() ? std::span<const double>()
                         : std::span(cost_).subspan(c * agents_, agents_);
  }

 private:
  std::size_t agents_ = 0;
  std::vector<std::uint32_t> slots_;
  std::vector<std::int32_t> hops_;
  std::vector<double> cost_;
};

/// The columns of the given destinations. Throws as check_metric().
[[nodiscard]] RouteColumns next_hops_to(const Network& network, std::span<const Index> destinations,
                                        RouteMetric metric, LiveParts live = {});

/// The most agents that tables of all pairs are made for.
inline constexpr std::size_t kMaxTableAgents = 20'000;

/// The next hop of every ordered pair, stored destination by destination.
class RouteTables {
 public:
  /// The neighbour's position within the source's row; −1: nowhere to go.
  [[nodiscard]] std::int32_t slot(std::size_t source, std::size_t destination) const {
    const std::size_t at = destination * agents_ + source;
    if (!narrow_.empty()) {
      return narrow_[at] == kNoSlot<std::uint8_t> ? -1 : std::int32_t{narrow_[at]};
    }
    return wide_[at] == kNoSlot<std::uint16_t> ? -1 : std::int32_t{wide_[at]};
  }

  /// The neighbour itself; −1: nowhere to go.
  [[nodiscard]] Index next_hop(const Network& network, std::size_t source,
                               std::size_t destination) const {
    const std::int32_t s = slot(source, destination);
    return s < 0 ? -1 : network.columns[static_cast<std::size_t>(network.offsets[source] + s)];
  }

  [[nodiscard]] std::size_t agents() const { return agents_; }
  [[nodiscard]] std::size_t bytes() const {
    return narrow_.size() + wide_.size() * sizeof(std::uint16_t);
  }

 private:
  friend RouteTables route_tables(const Network& network, RouteMetric metric, LiveParts live,
                                  Threads threads);
  std::size_t agents_ = 0;
  std::vector<std::uint8_t> narrow_;  ///< one of the two
  std::vector<std::uint16_t> wide_;
};

/// Throws InvalidPoint beyond kMaxTableAgents, and as check_metric().
[[nodiscard]] RouteTables route_tables(const Network& network, RouteMetric metric,
                                       LiveParts live = {}, Threads threads = Threads::one);

}  // namespace needflow
