// The search for the diameter (solver/graph_diameter.hpp) against a search from every agent, on
// graphs where four sweeps alone do not find it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "kernels/bfs.hpp"
#include "solver/graph_diameter.hpp"

namespace {

using namespace needflow;

using Edges = std::vector<std::pair<Index, Index>>;

Components components_of(const Network& network) {
  return number_components(component_labels(network.offsets, network.columns));
}

DiameterBounds bounds_after(const Network& network, std::int64_t searches) {
  const Components components = components_of(network);
  DiameterBounds bounds = trivial_bounds(components);
  tighten_bounds(network, components, searches, Threads::one, bounds);
  return bounds;
}

std::int64_t diameter_of(const Network& network) {
  std::vector<Index> agents(network.agents());
  std::iota(agents.begin(), agents.end(), Index{0});
  const HopCounts counts = count_hops(network.offsets, network.columns, components_of(network),
                                      agents, HopSums::none, Threads::one);
  return static_cast<std::int64_t>(counts.pairs.size()) - 1;
}

/// A tree in which each agent joins one of the `reach` before it, and a few links more: narrow
/// trees are long, wide ones bushy.
Network tree_with_links(std::uint64_t seed, Index agents, Index reach, Index links) {
  std::mt19937_64 engine(seed);
  const auto below = [&](Index bound) {
    return static_cast<Index>(engine() % static_cast<std::uint64_t>(bound));
  };
  Edges edges;
  for (Index i = 1; i < agents; ++i) edges.emplace_back(i - 1 - below(std::min(i, reach)), i);
  for (Index link = 0; link < links; ++link) {
    const Index a = below(agents);
    const Index b = below(agents);
    if (a != b) edges.emplace_back(std::min(a, b), std::max(a, b));
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return network_from_edges(static_cast<std::size_t>(agents), edges);
}

}  // namespace

TEST_CASE("With searches enough both bounds are the diameter, with few they contain it") {
  int not_by_sweeps = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto reach = static_cast<Index>(1 + seed % 40);
    const auto links = static_cast<Index>(seed * 7 % 300);
    const Network network = tree_with_links(seed, 120, reach, links);
    const std::int64_t diameter = diameter_of(network);
    CAPTURE(seed);
    const DiameterBounds all = bounds_after(network, 100'000);
    CHECK(all.at_least == diameter);
    CHECK(all.most() == diameter);
    for (const std::int64_t searches : {0, 5, 6, 20, 60}) {
      const DiameterBounds some = bounds_after(network, searches);
      CHECK(some.at_least <= diameter);
      CHECK(some.most() >= diameter);
      if (searches == 6 && some.at_least < diameter) ++not_by_sweeps;
    }
  }
  CHECK(not_by_sweeps > 5);  // else these graphs would try nothing but the sweeps
}

TEST_CASE("What an agent sees bounds its own component from both sides") {
  DiameterBounds bounds = trivial_bounds(components_of(network_from_edges(7, {{0, 1}, {1, 2}})));
  CHECK(bounds.at_most == std::vector<std::int64_t>{2, 0, 0, 0, 0});
  bounds.note(0, 1);
  CHECK(bounds.at_least == 1);
  CHECK(bounds.most() == 2);
  CHECK(trivial_bounds({}).most() == 0);
}
