// M6: points of episodes side by side. A batch of points on one network goes through its episodes
// in lock step: a run a lane, each to its end, and then one trust round for all.
//
// Points may differ in all settings but those that decide which kernels run and how many episodes
// there are (episode_batches()). A lane's numbers are those of the point run alone. What is
// left of a lane when its run has ended waits for the others: no new run may take its place before
// the trust round, which is made for all lanes at once. With N = 100 lanes of `stock` wait for
// about a quarter of their rounds.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "solver/sweep/episode_point.hpp"
#include "solver/sweep/optima.hpp"
#include "solver/sweep/sink.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// What all batches on one network share.
struct EpisodeWork {
  const Sweep& sweep;
  const Recognition& recognition;
  const TrustGround* ground;  ///< null without trust in the sweep
  Threads inside;             ///< all: the rows go to the arena
  OptimumTable& optima;
  Deliverer& deliver;
};

/// The points of a task as batches of at most `lanes`. Points of a batch have the same cap, number
/// of episodes and number of the network (one from a file has several); all of them have trust or
/// none has, with draws in its audits or without. Within that they come in the order of RunQueue.
[[nodiscard]] std::vector<std::vector<std::size_t>> episode_batches(
    const Sweep& sweep, const std::vector<std::size_t>& points, int lanes);

/// Runs a batch and delivers its points together; asked to stop, it gives up what is under way.
/// `lanes`: one of kLaneWidths, above 1 and enough for the points. Throws std::bad_alloc before
/// anything is delivered.
void run_episode_batch(const EpisodeWork& work, std::span<const std::size_t> points, int lanes);

}  // namespace needflow
