#include "solver/graph_diameter.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>

#include "kernels/bfs.hpp"

namespace needflow {

namespace {

/// Fewer nodes are searched from one by one.
constexpr std::size_t kBatchWorthwhile = 16;

/// The search for one component after the other, with what is left of the searches allowed.
class DiameterSearch {
 public:
  DiameterSearch(const Network& network, const Components& components, std::int64_t searches,
                 Threads threads, DiameterBounds& bounds)
      : network_(network),
        components_(components),
        threads_(threads),
        bounds_(bounds),
        search_(network.offsets, network.columns),
        left_(searches) {}

  void tighten(Index component, Index first_node);

 private:
  void run(Index node);
  [[nodiscard]] Index farthest() const { return search_.reached().back(); }
  [[nodiscard]] Index halfway_from(Index end) const;
  void search_fringe(Index component, std::span<const Index> fringe);
  void close_in(Index component);

  const Network& network_;
  const Components& components_;
  Threads threads_;
  DiameterBounds& bounds_;
  HopSearch search_;
  std::int64_t left_;
};

void DiameterSearch::run(Index node) {
  search_.run(node);
  --left_;
  bounds_.note(components_.number[static_cast<std::size_t>(node)], search_.eccentricity());
}

/// The node in the middle of a shortest path from the last search's source to `end`.
Index DiameterSearch::halfway_from(Index end) const {
  const Index half = search_.distance(end) / 2;
  while (search_.distance(end) > half) {
    const auto row = static_cast<std::size_t>(end);
    const auto begin = network_.columns.begin() + network_.offsets[row];
    end = *std::find_if(
        begin, network_.columns.begin() + network_.offsets[row + 1],
        [&](Index before) { return search_.distance(before) == search_.distance(end) - 1; });
  }
  return end;
}

void DiameterSearch::tighten(Index component, Index first_node) {
  constexpr std::int64_t kSearchesBefore = 6;
  const std::int64_t& at_most = bounds_.at_most[static_cast<std::size_t>(component)];
  Index middle = first_node;
  for (int sweep = 0; sweep < 2; ++sweep) {
    if (left_ < kSearchesBefore || bounds_.at_least >= at_most) return;
    run(middle);
    run(farthest());
    middle = halfway_from(farthest());
  }
  run(middle);
  close_in(component);
}

/// iFUB around the source of the last search.
void DiameterSearch::close_in(Index component) {
  const std::vector<Index> nodes(search_.reached().begin(), search_.reached().end());
  const std::vector<std::size_t> levels(search_.levels().begin(), search_.levels().end());
  std::int64_t& at_most = bounds_.at_most[static_cast<std::size_t>(component)];
  for (std::size_t i = levels.size() - 2; i > 0; --i) {
    const auto fringe = std::span(nodes).subspan(levels[i], levels[i + 1] - levels[i]);
    if (bounds_.at_least >= at_most || static_cast<std::int64_t>(fringe.size()) > left_) return;
    search_fringe(component, fringe);
    // Pairs with an end in the fringe, or farther out, are covered by at_least now.
    at_most = std::min(at_most, std::max(bounds_.at_least, 2 * static_cast<std::int64_t>(i - 1)));
  }
}

void DiameterSearch::search_fringe(Index component, std::span<const Index> fringe) {
  if (fringe.size() < kBatchWorthwhile) {
    for (const Index node : fringe) run(node);
    return;
  }
  left_ -= static_cast<std::int64_t>(fringe.size());
  const HopCounts counts =
      count_hops(network_.offsets, network_.columns, components_, fringe, HopSums::none, threads_);
  for (const Index eccentricity : counts.eccentricity) bounds_.note(component, eccentricity);
}

}  // namespace

std::int64_t DiameterBounds::most() const {
  return at_most.empty() ? 0 : *std::max_element(at_most.begin(), at_most.end());
}

void DiameterBounds::note(Index component, std::int64_t eccentricity) {
  std::int64_t& most = at_most[static_cast<std::size_t>(component)];
  at_least = std::max(at_least, eccentricity);
  most = std::min(most, 2 * eccentricity);
}

DiameterBounds trivial_bounds(const Components& components) {
  DiameterBounds bounds;
  for (const Index size : components.sizes) bounds.at_most.push_back(size - 1);
  return bounds;
}

void tighten_bounds(const Network& network, const Components& components, std::int64_t searches,
                    Threads threads, DiameterBounds& bounds) {
  std::vector<Index> first(components.sizes.size(), -1);
  for (std::size_t i = 0; i < network.agents(); ++i) {
    Index& node = first[static_cast<std::size_t>(components.number[i])];
    if (node < 0) node = static_cast<Index>(i);
  }
  std::vector<Index> order(first.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    return components.sizes[static_cast<std::size_t>(a)] >
           components.sizes[static_cast<std::size_t>(b)];
  });
  DiameterSearch search(network, components, searches, threads, bounds);
  for (const Index component : order) {
    search.tighten(component, first[static_cast<std::size_t>(component)]);
  }
}

}  // namespace needflow
