// The one kind of instance that the comparison uses.
#pragma once

#include <cstdint>

#include "solver/settings.hpp"

namespace needflow::peers {

/// A partial mesh with gamma weights of shape 1 and lognormal amounts, four units of capacity for
/// five of need, so that no run ends for want of need. As needflow_bench takes it.
[[nodiscard]] inline Settings mesh_settings(std::int64_t agents, std::int64_t neighbors) {
  Settings settings;
  settings.network.agents = agents;
  settings.network.neighbors = neighbors;
  settings.population.supply_ratio = 0.8;
  return settings;
}

}  // namespace needflow::peers
