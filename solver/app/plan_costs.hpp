// What a plan will take in time: measured on small trial meshes now, scaled to the plan's sizes.
#pragma once

#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "solver/optimum.hpp"
#include "solver/sweep/plan.hpp"

namespace needflow::app {

/// One round of a batch on one thread.
struct BatchCost {
  double entry;  ///< seconds a stored entry
  double agent;  ///< seconds a provider or recipient
};

/// Trials are run when they are first asked for: a width that the plan does not use costs nothing.
class CostTrials {
 public:
  /// `large`: for matrices beyond the caches.
  [[nodiscard]] const BatchCost& batch(int lanes, bool large);
  /// Seconds an entry of a generated matrix, its network included.
  [[nodiscard]] double build_entry(bool large);
  /// Seconds an entry that a search for the network's metrics goes over.
  [[nodiscard]] double measured_entry(bool large);

  /// Seconds an entry that an optimum of the given parts takes, by a mesh whose supply is its need.
  [[nodiscard]] double optimum_entry(OptimumParts parts, bool large);

  /// Seconds an entry that an episode of one point takes, its first few rounds included, with the
  /// settings of the first such task that is asked about.
  [[nodiscard]] double episode_entry(const Sweep& sweep, const NetworkTask& task, bool trusts,
                                     bool large);

  /// One thread's seconds for the optima of every run, whether they are wanted or not.
  [[nodiscard]] double optimum_seconds(const Sweep& sweep, const Plan& plan, OptimumParts parts);
  /// One thread's seconds for all that the plan will do.
  [[nodiscard]] double seconds(const Sweep& sweep, const Plan& plan);

 private:
  [[nodiscard]] double network_seconds(const Sweep& sweep, const Plan& plan);
  [[nodiscard]] double episode_seconds(const Sweep& sweep, const NetworkTask& task);

  std::map<std::pair<int, bool>, BatchCost> batches_;
  std::array<double, 2> build_entry_{};  ///< small, large; 0: no trial yet
  std::array<double, 2> measured_entry_{};
  std::map<std::tuple<bool, bool, bool>, double> optimum_entry_;  ///< by max_flow, fairest, large
  std::map<std::pair<bool, bool>, double> episode_entry_;         ///< by trusts, large
};

}  // namespace needflow::app
