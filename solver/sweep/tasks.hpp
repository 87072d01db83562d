// Runs a plan: networks are built once, their points run in parallel, every outcome goes to a sink.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "solver/sweep/arenas.hpp"
#include "solver/sweep/episode_runs.hpp"
#include "solver/sweep/optima.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/sweep/plan.hpp"
#include "solver/sweep/sink.hpp"

namespace needflow {

/// Runs one point on its matrix: a batch of one. Never throws for a point's own trouble: that is a
/// status. Throws Interrupted where it is given up between episodes. `optima`: of this matrix; null
/// for a table of the point's own.
[[nodiscard]] OutcomeBatch run_point(const Sweep& sweep, std::size_t index,
                                     const Recognition& recognition, const TrustGround* ground,
                                     Threads threads, const PointObserver& observer = {},
                                     const GiveUp& give_up = {}, OptimumTable* optima = nullptr);

/// Shown a generated network before recognition is drawn on it; may be empty.
using NetworkObserver = std::function<void(const Network&)>;

/// Makes the observer once the matrix is known; may be empty.
using ObserverFor = std::function<PointObserver(const Recognition&)>;

/// Builds the matrix of a sweep's only point and runs it, all threads on its rows where that pays.
[[nodiscard]] OutcomeBatch run_only_point(const Sweep& sweep, int threads,
                                          const ObserverFor& observer_for = {},
                                          const NetworkObserver& network_observer = {});

/// The matrix of a task: built from its settings, or the instance's own.
[[nodiscard]] std::shared_ptr<const Recognition> recognition_of(
    const Sweep& sweep, const Point& point, Threads threads, const NetworkObserver& observer = {});

/// Runs every point of the plan with at most `threads` threads; invalid points are reported first.
void run_plan(const Sweep& sweep, const Plan& plan, int threads, OutcomeSink& sink);
/// The same on arenas as given; one or more.
void run_plan(const Sweep& sweep, const Plan& plan, std::span<const NodeArena> arenas,
              OutcomeSink& sink);

}  // namespace needflow
