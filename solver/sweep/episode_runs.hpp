// M6: a point as episodes, each a run of every need type to its end and then one trust round.
//
// Points go this way one by one wherever a sweep has strategies, trust or several episodes
// (Sweep::is_episodic), or keeps traces; all others are lanes (solver/sweep/lane_runs.hpp).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include "solver/sweep/optima.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/sweep/sweep.hpp"
#include "solver/trust_network.hpp"

namespace needflow {

/// Which of a point's runs somebody watches.
struct WatchedRun {
  std::size_t type = 0;
  std::size_t episode = 0;  ///< from 0
  std::span<const double> need;
};

/// Called after every round of a point. The solver knows on which matrix it runs.
using PointObserver = std::function<void(const WatchedRun& run, const RoundSolver& solver)>;

/// What the trust of all points on a network shares.
struct TrustGround {
  TrustNetwork network;
  std::optional<LinkRatings> ratings;  ///< of a ratings file
};

/// Nothing for a sweep without trust.
[[nodiscard]] std::optional<TrustGround> trust_ground(const Sweep& sweep,
                                                      const Recognition& recognition);

/// Asked before every episode; true gives the point up. Empty: nobody asks.
using GiveUp = std::function<bool()>;

/// Runs all episodes of a point. Throws InvalidPoint, Interrupted where it is given up, and what
/// the observer throws. `ground` may be null where the point has no trust.
[[nodiscard]] OutcomeBatch run_episodes(const Sweep& sweep, std::size_t index,
                                        const Recognition& recognition, const TrustGround* ground,
                                        OptimumTable& optima, Threads threads,
                                        const PointObserver& observer, const GiveUp& give_up = {});

/// Why a point of these strategies and this trust has no solution, or an empty text.
[[nodiscard]] std::string trust_problem(const Settings& settings);

}  // namespace needflow
