// Seed 003's tables about topology, each beside what measured networks give.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "solver/findings.hpp"
#include "solver/graph_metrics.hpp"
#include "solver/settings.hpp"

namespace needflow::app {

/// How much is measured.
struct MeshStudy {
  std::int64_t networks = 20;  ///< independent networks a row
  std::uint64_t seed = 1;
  bool large = true;  ///< also N = 1e4 and 1e5 where k is studied
};

/// The metrics of `study.networks` independent networks.
[[nodiscard]] std::vector<GraphMetrics> metrics_of(const NetworkSettings& settings,
                                                   const MeshStudy& study);

/// Of each of them, one number.
[[nodiscard]] Measured over(std::span<const GraphMetrics> networks,
                            const std::function<double(const GraphMetrics&)>& number);

/// A partial mesh of that size.
[[nodiscard]] NetworkSettings mesh_of(std::int64_t agents, std::int64_t neighbors);

// Each builds and measures its own networks, on the threads of the caller's arena.
[[nodiscard]] FindingTable graph_properties(const MeshStudy& study);
[[nodiscard]] FindingTable degree_distribution(const MeshStudy& study);
[[nodiscard]] FindingTable connection_scaling(const MeshStudy& study);
[[nodiscard]] FindingTable hop_distribution(const MeshStudy& study);
[[nodiscard]] FindingTable topology_comparison(const MeshStudy& study);
[[nodiscard]] FindingTable links_an_agent(const MeshStudy& study);
[[nodiscard]] FindingTable routing_efficiency(const MeshStudy& study);
/// Two tables: the seed's k by size with 2 ln N beside it, and what each k gives.
[[nodiscard]] std::vector<FindingTable> neighbors_by_size(const MeshStudy& study, int threads);

}  // namespace needflow::app
