// Which neighbour to hand a packet to: shortest paths towards given destinations (M4, M9; seed
// 003's routing tables), by hops or by latency, over the entries that are up.
//
// The answer for a source is the *slot* of its next hop: the position within the source's row, so
// one byte does where no agent has more than 255 neighbours. Of several equally good neighbours
// the one with the lowest number is taken. Twins: kernels/reference/routes.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow {

/// A symmetric pattern, rows ascending; `live` and `latency` are the same from both ends.
struct RouteGraph {
  std::span<const Offset> offsets;          ///< agents + 1
  std::span<const Index> columns;           ///< entries
  std::span<const std::uint8_t> live = {};  ///< entries, 0: down; empty: all are up
  std::span<const float> latency = {};      ///< entries, finite and >= 0; only for latency_routes

  [[nodiscard]] std::size_t agents() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  [[nodiscard]] std::size_t begin(std::size_t i) const {
    return static_cast<std::size_t>(offsets[i]);
  }
  [[nodiscard]] std::size_t end(std::size_t i) const {
    return static_cast<std::size_t>(offsets[i + 1]);
  }
  [[nodiscard]] std::size_t neighbor(std::size_t entry) const {
    return static_cast<std::size_t>(columns[entry]);
  }
  [[nodiscard]] bool up(std::size_t entry) const { return live.empty() || live[entry] != 0; }
};

/// No way on: the source is the destination, or nothing leads there.
template <class Slot>
inline constexpr Slot kNoSlot = std::numeric_limits<Slot>::max();

/// Destinations that hop_routes searches at once.
inline constexpr std::size_t kRouteBatch = 64;

/// Room that one thread's searches share; its content means nothing between calls.
struct RouteScratch {
  std::vector<std::uint64_t> seen, front, next;
  std::vector<Index> front_agents, next_agents;
  std::vector<std::int64_t> marked;
  std::vector<std::uint8_t> settled;
  std::vector<std::pair<double, Index>> heap;  ///< cost, agent
  std::vector<std::uint32_t> place;            ///< of each agent in the heap
};

/// Fewest hops. slots[c * agents + s]: the slot that s hands packets for destinations[c] to;
/// hops[likewise]: how far that is, -1 without a path (`hops` may be empty). At most kRouteBatch
/// destinations, slots.size() = destinations × agents. Slot: 8, 16 or 32 bits, more than the
/// largest degree.
template <class Slot>
void hop_routes(const RouteGraph& graph, std::span<const Index> destinations, std::span<Slot> slots,
                std::span<std::int32_t> hops, RouteScratch& scratch);

/// Least sum of latencies, added up from the destination. All three `agents` long; `cost` is
/// infinite without a path, `hops` counts the route that the slots lead along (may be empty).
template <class Slot>
void latency_routes(const RouteGraph& graph, Index destination, std::span<Slot> slots,
                    std::span<std::int32_t> hops, std::span<double> cost, RouteScratch& scratch);

}  // namespace needflow
