// The networks without a draw, row by row.
#include <algorithm>

#include "solver/networks/kinds.hpp"

namespace needflow {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

}  // namespace

Network full_mesh(Index agents) {
  Network network;
  network.offsets.reserve(at(agents) + 1);
  network.columns.reserve(at(agents) * at(agents - 1));
  for (Index i = 0; i < agents; ++i) {
    for (Index j = 0; j < agents; ++j) {
      if (j != i) network.columns.push_back(j);
    }
    network.offsets.push_back(static_cast<Offset>(network.columns.size()));
  }
  return network;
}

Network ring(Index agents) {
  if (agents < 4) return full_mesh(agents);
  Network network;
  network.offsets.reserve(at(agents) + 1);
  network.columns.reserve(2 * at(agents));
  for (Index i = 0; i < agents; ++i) {
    const Index before = i == 0 ? agents - 1 : i - 1;
    const Index after = i == agents - 1 ? 0 : i + 1;
    network.columns.push_back(std::min(before, after));
    network.columns.push_back(std::max(before, after));
    network.offsets.push_back(static_cast<Offset>(network.columns.size()));
  }
  return network;
}

Network hub_and_spokes(Index agents, Index hub) {
  Network network;
  network.offsets.reserve(at(agents) + 1);
  network.columns.reserve(2 * at(agents - 1));
  for (Index i = 0; i < agents; ++i) {
    if (i != hub) network.columns.push_back(hub);
    for (Index j = 0; i == hub && j < agents; ++j) {
      if (j != hub) network.columns.push_back(j);
    }
    network.offsets.push_back(static_cast<Offset>(network.columns.size()));
  }
  return network;
}

}  // namespace needflow
