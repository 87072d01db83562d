// Many runs on one network: they wait in a queue, and whoever has a free lane takes the next.
//
// Lanes end at different rounds, so each is filled again at once; which run lands in which lane
// depends on threads, and no number depends on that.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "solver/lane_rounds.hpp"
#include "solver/sweep/optima.hpp"
#include "solver/sweep/sink.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// One need type of one point.
struct Run {
  std::size_t point;
  std::size_t type;
};

/// The runs that may be lanes of one batch: same network, same cap. Handed out one by one, to any
/// thread, replicate by replicate, so that what an interrupt leaves is an even sample of the grid;
/// where replicates are small, as many at once as make runs of one settlement enough to fill lanes
/// with their like.
class RunQueue {
 public:
  RunQueue(const Sweep& sweep, const std::vector<std::size_t>& points);

  [[nodiscard]] std::size_t runs() const { return points_.size() * types_; }
  [[nodiscard]] const BatchTraits& traits() const { return traits_; }
  [[nodiscard]] std::optional<Run> next();

 private:
  std::vector<std::size_t> points_;
  std::size_t types_;
  BatchTraits traits_;
  std::atomic<std::size_t> taken_ = 0;
};

/// The order in which a RunQueue hands out points.
[[nodiscard]] std::vector<std::size_t> in_lane_order(const Sweep& sweep,
                                                     const std::vector<std::size_t>& points);

/// The points of a network, replicate by replicate, for those who run them one by one.
[[nodiscard]] std::vector<std::size_t> by_replicate(const Sweep& sweep,
                                                    const std::vector<std::size_t>& points);

/// The points of a task as the queues they make: one a cap.
[[nodiscard]] std::vector<std::vector<std::size_t>> points_by_cap(
    const Sweep& sweep, const std::vector<std::size_t>& points);

/// Puts the need types of a point together, which may finish on different threads.
class PointParts {
 public:
  /// Adds one type. Once all are there they are moved to the end of `batch`.
  void add(const Sweep& sweep, const Recognition& recognition, const Run& run, OutcomeBatch&& part,
           OutcomeBatch& batch);

 private:
  struct Parts {
    OutcomeBatch whole;
    std::size_t left;
  };
  std::mutex mutex_;
  std::map<std::size_t, Parts> open_;
};

/// What the threads on one queue share.
struct LaneWork {
  const Sweep& sweep;
  const Recognition& recognition;
  Threads inside;  ///< all: one thread calls, and the rows go to the arena
  RunQueue& queue;
  PointParts& parts;
  OptimumTable& optima;
  Deliverer& deliver;
};

/// Takes runs off the queue until it is empty, `lanes` (one of kLaneWidths) at a time.
void run_lanes(const LaneWork& work, int lanes);

}  // namespace needflow
