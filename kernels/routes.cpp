// By hops: breadth-first from 64 destinations at once, a bit each (after M. Then et al., "The more
// the merrier: efficient multi-source graph traversal", PVLDB 8 (2014)). A row that still misses
// destinations asks its neighbours in ascending order which of them they were reached from in the
// level before, so the first to answer is the neighbour with the lowest number.
//
// Cost model, a batch of 64: an entry and level, 12 B (column 4, a word of the neighbour 8, in
// cache up to about 1e5 agents), less where rows fill up early; a pair, one bit taken out and one
// slot written (and 4 B of hops where they are asked for). A random mesh has 3 or 4 levels.
//
// By latency: Dijkstra with a heap of four children a parent that moves an agent up when its cost
// falls. An entry is seen twice, when its ends settle: column 4, latency 4, cost 8 gathered. A heap
// that keeps outdated items beside the new ones (std::push_heap) takes twice as long.
#include "kernels/routes.hpp"

#include <algorithm>
#include <bit>

namespace needflow {

namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();

/// Below this share of agents in the front (1 / kSparse) only their neighbours are asked: a ring
/// has N / 2 levels of a few agents each.
constexpr std::size_t kSparse = 8;

template <class Slot>
class HopSearch {
 public:
  HopSearch(const RouteGraph& graph, std::span<Slot> slots, std::span<std::int32_t> hops,
            RouteScratch& scratch)
      : graph_(graph), slots_(slots), hops_(hops), scratch_(scratch), agents_(graph.agents()) {}

  void run(std::span<const Index> destinations) {
    start(destinations);
    while (!scratch_.front_agents.empty()) {
      ++level_;
      scratch_.next_agents.clear();
      if (scratch_.front_agents.size() * kSparse < agents_) {
        ask_around_front();
      } else {
        for (std::size_t s = 0; s < agents_; ++s) ask(s);
      }
      for (const Index i : scratch_.front_agents) scratch_.front[static_cast<std::size_t>(i)] = 0;
      std::swap(scratch_.front, scratch_.next);
      std::swap(scratch_.front_agents, scratch_.next_agents);
    }
  }

 private:
  void start(std::span<const Index> destinations) {
    std::fill(slots_.begin(), slots_.end(), kNoSlot<Slot>);
    std::fill(hops_.begin(), hops_.end(), -1);
    scratch_.seen.assign(agents_, 0);
    scratch_.front.assign(agents_, 0);
    scratch_.next.assign(agents_, 0);
    scratch_.marked.assign(agents_, 0);
    scratch_.front_agents.clear();
    for (std::size_t c = 0; c < destinations.size(); ++c) {
      const auto d = static_cast<std::size_t>(destinations[c]);
      if (scratch_.front[d] == 0) scratch_.front_agents.push_back(destinations[c]);
      scratch_.front[d] |= std::uint64_t{1} << c;
      scratch_.seen[d] |= std::uint64_t{1} << c;
      all_ |= std::uint64_t{1} << c;
      if (!hops_.empty()) hops_[c * agents_ + d] = 0;
    }
  }

  void ask_around_front() {
    for (const Index i : scratch_.front_agents) {
      const auto v = static_cast<std::size_t>(i);
      for (std::size_t e = graph_.begin(v); e < graph_.end(v); ++e) {
        const std::size_t s = graph_.neighbor(e);
        if (scratch_.marked[s] == level_) continue;
        scratch_.marked[s] = level_;
        ask(s);
      }
    }
  }

  /// Which of the destinations that s misses its neighbours have just been reached from.
  void ask(std::size_t s) {
    std::uint64_t missing = all_ & ~scratch_.seen[s];
    if (missing == 0) return;
    const std::uint64_t before = missing;
    const std::size_t begin = graph_.begin(s);
    const std::size_t end = graph_.end(s);
    for (std::size_t e = begin; e < end && missing != 0; ++e) {
      const std::uint64_t found = scratch_.front[graph_.neighbor(e)] & missing;
      if (found == 0 || !graph_.up(e)) continue;
      missing &= ~found;
      note(s, static_cast<Slot>(e - begin), found);
    }
    const std::uint64_t reached = before & ~missing;
    if (reached == 0) return;
    scratch_.seen[s] |= reached;
    scratch_.next[s] = reached;
    scratch_.next_agents.push_back(static_cast<Index>(s));
  }

  void note(std::size_t s, Slot slot, std::uint64_t found) {
    for (; found != 0; found &= found - 1) {
      const std::size_t at = static_cast<std::size_t>(std::countr_zero(found)) * agents_ + s;
      slots_[at] = slot;
      if (!hops_.empty()) hops_[at] = level_;
    }
  }

  const RouteGraph& graph_;
  std::span<Slot> slots_;
  std::span<std::int32_t> hops_;
  RouteScratch& scratch_;
  std::size_t agents_;
  std::uint64_t all_ = 0;
  std::int32_t level_ = 0;
};

/// Agents by (cost, number), the least first.
class NearestFirst {
 public:
  NearestFirst(RouteScratch& scratch, std::size_t agents)
      : heap_(scratch.heap), place_(scratch.place) {
    heap_.clear();
    place_.assign(agents, kOutside);
  }

  [[nodiscard]] bool empty() const { return heap_.empty(); }

  /// Adds an agent, or gives it a lower cost.
  void put(double cost, Index agent) {
    std::size_t at = place_[static_cast<std::size_t>(agent)];
    if (at == kOutside) {
      at = heap_.size();
      heap_.emplace_back();
    }
    const Item item{cost, agent};
    while (at > 0 && item < heap_[(at - 1) / 4]) {
      set(at, heap_[(at - 1) / 4]);
      at = (at - 1) / 4;
    }
    set(at, item);
  }

  Index take() {
    const Index first = heap_[0].second;
    const Item last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
    return first;
  }

 private:
  using Item = std::pair<double, Index>;
  static constexpr std::uint32_t kOutside = std::numeric_limits<std::uint32_t>::max();

  void set(std::size_t at, const Item& item) {
    heap_[at] = item;
    place_[static_cast<std::size_t>(item.second)] = static_cast<std::uint32_t>(at);
  }

  void sink(const Item& item) {
    std::size_t at = 0;
    for (std::size_t child = 1; child < heap_.size(); child = 4 * at + 1) {
      std::size_t least = child;
      for (std::size_t c = child + 1; c < std::min(child + 4, heap_.size()); ++c) {
        if (heap_[c] < heap_[least]) least = c;
      }
      if (!(heap_[least] < item)) break;
      set(at, heap_[least]);
      at = least;
    }
    set(at, item);
  }

  std::vector<Item>& heap_;
  std::vector<std::uint32_t>& place_;
};

}  // namespace

template <class Slot>
void hop_routes(const RouteGraph& graph, std::span<const Index> destinations, std::span<Slot> slots,
                std::span<std::int32_t> hops, RouteScratch& scratch) {
  HopSearch<Slot>(graph, slots, hops, scratch).run(destinations);
}

template <class Slot>
void latency_routes(const RouteGraph& graph, Index destination, std::span<Slot> slots,
                    std::span<std::int32_t> hops, std::span<double> cost, RouteScratch& scratch) {
  std::fill(slots.begin(), slots.end(), kNoSlot<Slot>);
  std::fill(hops.begin(), hops.end(), -1);
  std::fill(cost.begin(), cost.end(), kFar);
  scratch.settled.assign(graph.agents(), 0);
  cost[static_cast<std::size_t>(destination)] = 0.0;
  if (!hops.empty()) hops[static_cast<std::size_t>(destination)] = 0;
  NearestFirst open(scratch, graph.agents());
  open.put(0.0, destination);
  while (!open.empty()) {
    const auto s = static_cast<std::size_t>(open.take());
    scratch.settled[s] = 1;
    const double far = cost[s];
    for (std::size_t e = graph.begin(s); e < graph.end(s); ++e) {
      if (!graph.up(e)) continue;
      const std::size_t v = graph.neighbor(e);
      const double step = static_cast<double>(graph.latency[e]);
      if (far + step < cost[v]) {  // never where v has settled, for then cost[v] <= far
        cost[v] = far + step;
        open.put(cost[v], static_cast<Index>(v));
      } else if (cost[v] + step == far && slots[s] == kNoSlot<Slot> && scratch.settled[v] != 0) {
        // Only who settled before s: routes end even where a latency is 0 or vanishes in a sum.
        slots[s] = static_cast<Slot>(e - graph.begin(s));
        if (!hops.empty()) hops[s] = hops[v] + 1;
      }
    }
  }
}

template void hop_routes(const RouteGraph&, std::span<const Index>, std::span<std::uint8_t>,
                         std::span<std::int32_t>, RouteScratch&);
template void hop_routes(const RouteGraph&, std::span<const Index>, std::span<std::uint16_t>,
                         std::span<std::int32_t>, RouteScratch&);
template void hop_routes(const RouteGraph&, std::span<const Index>, std::span<std::uint32_t>,
                         std::span<std::int32_t>, RouteScratch&);
template void latency_routes(const RouteGraph&, Index, std::span<std::uint8_t>,
                             std::span<std::int32_t>, std::span<double>, RouteScratch&);
template void latency_routes(const RouteGraph&, Index, std::span<std::uint16_t>,
                             std::span<std::int32_t>, std::span<double>, RouteScratch&);
template void latency_routes(const RouteGraph&, Index, std::span<std::uint32_t>,
                             std::span<std::int32_t>, std::span<double>, RouteScratch&);

}  // namespace needflow
