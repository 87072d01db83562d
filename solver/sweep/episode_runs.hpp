// M6: a point as episodes, each a run of every need type to its end and then one trust round, run
// alone.
//
// Points go this way where somebody watches their rounds, where traces are kept, and where a
// network has too few of them to fill lanes; others go side by side
// (solver/sweep/episode_lanes.hpp), to the same bits.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "solver/sweep/episode_point.hpp"
#include "solver/sweep/optima.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// Which of a point's runs somebody watches.
struct WatchedRun {
  std::size_t type = 0;
  std::size_t episode = 0;  ///< from 0
  std::span<const double> need;
};

/// Called after every round of a point. The solver knows on which matrix it runs.
using PointObserver = std::function<void(const WatchedRun& run, const RoundSolver& solver)>;

/// Asked before every episode; true gives the point up. Empty: nobody asks.
using GiveUp = std::function<bool()>;

/// Runs all episodes of a point. Throws InvalidPoint, Interrupted where it is given up, and what
/// the observer throws. `ground` may be null where the point has no trust.
[[nodiscard]] OutcomeBatch run_episodes(const Sweep& sweep, std::size_t index,
                                        const Recognition& recognition, const TrustGround* ground,
                                        OptimumTable& optima, Threads threads,
                                        const PointObserver& observer, const GiveUp& give_up = {});

}  // namespace needflow
