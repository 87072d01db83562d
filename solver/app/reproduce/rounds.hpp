// Seed 002's statements about the need-fulfilment rounds, each with the experiment that tests it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "solver/findings.hpp"

namespace needflow::app {

/// How much is measured.
struct RoundsStudy {
  std::int64_t networks = 20;  ///< independent networks a figure
  std::uint64_t seed = 1;
  bool large = true;          ///< also N = 1e4 and 1e5
  std::string data = "data";  ///< folder of the real instances; left out where it is not there
  int threads = 1;
};

// Each runs its own sweeps, on the threads of the caller's arena.
[[nodiscard]] FindingTable convergence(const RoundsStudy& study);
[[nodiscard]] FindingTable convergence_by_size(const RoundsStudy& study);
[[nodiscard]] FindingTable contraction(const RoundsStudy& study);
[[nodiscard]] FindingTable what_brings_rest(const RoundsStudy& study);
[[nodiscard]] FindingTable cycle_share(const RoundsStudy& study);
[[nodiscard]] FindingTable nash(const RoundsStudy& study);
[[nodiscard]] FindingTable privacy(const RoundsStudy& study);
[[nodiscard]] FindingTable optimum(const RoundsStudy& study);
[[nodiscard]] FindingTable message_counts(const RoundsStudy& study);
[[nodiscard]] FindingTable self_healing(const RoundsStudy& study);
[[nodiscard]] FindingTable real_data(const RoundsStudy& study);

}  // namespace needflow::app
