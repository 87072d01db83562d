#include "solver/sweep/tasks.hpp"

#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <optional>
#include <vector>

#include "solver/error.hpp"
#include "solver/sweep/episode_lanes.hpp"
#include "solver/sweep/lane_runs.hpp"
#include "solver/sweep/point_rows.hpp"

namespace needflow {

namespace {

namespace tbb = oneapi::tbb;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The same trouble for every point of a task whose network cannot be built.
void deliver_trouble(const NetworkTask& task, const OutcomeBatch& trouble, Deliverer& deliver) {
  for (const std::size_t point : task.points) {
    if (deliver.stopped()) return;
    OutcomeBatch same = trouble;
    same.points = {point};
    deliver(std::move(same));
  }
}

/// Calls work(i) for i in [0, count): one after the other, or on the threads of the arena.
/// Isolated: a thread that waits here must not start another task and hold two networks at once.
template <class Work>
void for_crew(std::size_t count, bool in_turn, const Work& work) {
  if (in_turn) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  tbb::this_task_arena::isolate([&] { parallel_indices(count, work, tbb::simple_partitioner()); });
}

/// What a task's points of episodes share, and its points whose every round is watched.
struct EpisodeTask {
  EpisodeWork work;

  /// Nothing where the sweep has been asked to stop.
  void run_alone(std::size_t point) const {
    if (work.deliver.stopped()) return;
    Flight flight(work.deliver.flights());
    flight.begin(0, point);
    const auto give_up = [this] { return work.deliver.stopped(); };
    try {
      work.deliver(run_point(work.sweep, point, work.recognition, work.ground, work.inside, {},
                             give_up, &work.optima));
    } catch (const Interrupted&) {
      return;  // the point stays pending
    }
  }

  /// In as many of the `most` lanes as fill with so many points.
  void run_together(const std::vector<std::size_t>& points, int most) const {
    if (work.deliver.stopped()) return;
    const int lanes = batch_lanes(points.size(), most);
    try {
      if (lanes > 1) return run_episode_batch(work, points, lanes);
    } catch (const std::bad_alloc&) {
      // One lane needs the least.
    }
    for (const std::size_t point : points) run_alone(point);
  }
};

/// Points of episodes, and those whose every round is watched: in lanes, or one by one.
void run_points(const Sweep& sweep, const NetworkTask& task, const Recognition& recognition,
                OptimumTable& optima, Deliverer& deliver) {
  const Layout& layout = task.layout;
  const Threads inside = layout.shares_rows ? Threads::all : Threads::one;
  const std::optional<TrustGround> ground = trust_ground(sweep, recognition);
  const EpisodeTask all{{sweep, recognition, ground ? &*ground : nullptr, inside, optima, deliver}};
  if (layout.lanes == 1) {
    const std::vector<std::size_t> points = by_replicate(sweep, task.points);
    for_crew(points.size(), layout.shares_rows, [&](std::size_t i) { all.run_alone(points[i]); });
    return;
  }
  const auto batches = episode_batches(sweep, task.points, layout.lanes);
  for_crew(batches.size(), layout.shares_rows,
           [&](std::size_t i) { all.run_together(batches[i], layout.lanes); });
}

/// As many crews as there can be full batches; each takes runs until the queue is empty.
void run_in_lanes(const Sweep& sweep, const NetworkTask& task, const Recognition& recognition,
                  OptimumTable& optima, Deliverer& deliver) {
  const Layout& layout = task.layout;
  const Threads inside = layout.shares_rows ? Threads::all : Threads::one;
  for (const auto& points : points_by_cap(sweep, task.points)) {
    RunQueue queue(sweep, points);
    PointParts parts;
    const LaneWork work{sweep, recognition, inside, queue, parts, optima, deliver};
    const auto lanes = static_cast<std::size_t>(layout.lanes);
    const auto threads = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
    const std::size_t batches = (queue.runs() + lanes - 1) / lanes;
    const std::size_t crews = layout.shares_rows ? 1 : std::min(threads, batches);
    for_crew(crews, layout.shares_rows, [&](std::size_t) { run_lanes(work, layout.lanes); });
  }
}

void run_task(const Sweep& sweep, const NetworkTask& task, Deliverer& deliver) {
  if (deliver.stopped()) return;
  const Threads inside = task.layout.shares_rows ? Threads::all : Threads::one;
  std::shared_ptr<const Recognition> recognition;
  const OutcomeBatch trouble = outcome_of(sweep, task.points.front(), [&] {
    Flight flight(deliver.flights());
    flight.begin_building(task.number);
    recognition = recognition_of(sweep, task.example, inside, [&](const Network& network) {
      if (sweep.network_metrics == NetworkMetrics::none) return;
      if (deliver.knows_network(task.points)) return;
      deliver.measured(task.points, measure_network(network, metric_options(sweep.network_metrics),
                                                    task.example.settings.seed, inside));
    });
    return OutcomeBatch{};
  });
  if (recognition == nullptr) {
    deliver_trouble(task, trouble, deliver);
    return;
  }
  OptimumTable optima(sweep, *recognition);
  if (sweep.traces || sweep.is_episodic()) {
    run_points(sweep, task, *recognition, optima, deliver);
  } else {
    run_in_lanes(sweep, task, *recognition, optima, deliver);
  }
}

Recognition generate(const Sweep& sweep, const Point& point, Threads threads,
                     const NetworkObserver& observer) {
  Network network = network_of(sweep, point, threads);
  if (observer) observer(network);
  return recognise(std::move(network), point.settings.recognition, point.settings.seed,
                   point.network, threads);
}

}  // namespace

std::shared_ptr<const Recognition> recognition_of(const Sweep& sweep, const Point& point,
                                                  Threads threads,
                                                  const NetworkObserver& observer) {
  const Settings& settings = point.settings;
  const bool narrow = settings.solver.weights == WeightPrecision::f32;
  const bool given = sweep.instance->source != Source::generated;
  if (given && !narrow) {
    return {sweep.instance, &sweep.instance->recognition};  // shares the instance's ownership
  }
  auto recognition = std::make_shared<Recognition>(
      given ? sweep.instance->recognition : generate(sweep, point, threads, observer));
  if (narrow) narrow_recognition(*recognition);
  return recognition;
}

OutcomeBatch run_point(const Sweep& sweep, std::size_t index, const Recognition& recognition,
                       const TrustGround* ground, Threads threads, const PointObserver& observer,
                       const GiveUp& give_up, OptimumTable* optima) {
  const auto started = Clock::now();
  OutcomeBatch result = outcome_of(sweep, index, [&] {
    OptimumTable own(sweep, recognition);
    return run_episodes(sweep, index, recognition, ground, optima != nullptr ? *optima : own,
                        threads, observer, give_up);
  });
  result.seconds = {seconds_since(started)};
  return result;
}

OutcomeBatch run_only_point(const Sweep& sweep, int threads, const ObserverFor& observer_for,
                            const NetworkObserver& network_observer) {
  OutcomeBatch outcome;
  run_in_arena(threads, [&] {
    outcome = outcome_of(sweep, 0, [&] {
      const auto recognition =
          recognition_of(sweep, sweep.point(0), Threads::all, network_observer);
      const bool large = recognition->provider_rows.entries() >= kEntriesForThreads;
      const std::optional<TrustGround> ground = trust_ground(sweep, *recognition);
      return run_point(sweep, 0, *recognition, ground ? &*ground : nullptr,
                       large ? Threads::all : Threads::one,
                       observer_for ? observer_for(*recognition) : PointObserver{});
    });
  });
  return outcome;
}

void run_plan(const Sweep& sweep, const Plan& plan, int threads, OutcomeSink& sink) {
  const NodeArena everywhere{-1, threads};
  run_plan(sweep, plan, std::span(&everywhere, 1), sink);
}

void run_plan(const Sweep& sweep, const Plan& plan, std::span<const NodeArena> arenas,
              OutcomeSink& sink) {
  Deliverer deliver(sink);
  for (const InvalidEntry& entry : plan.invalid) {
    if (deliver.stopped()) return;
    deliver(unsolved(sweep, entry.point, Status::invalid, entry.reason));
  }
  int threads = 0;
  for (const NodeArena& arena : arenas) threads += arena.threads;
  std::vector<const NetworkTask*> side_by_side;
  run_in_arena(threads, [&] {
    for (const NetworkTask& task : plan.tasks) {
      if (task.layout.shares_rows) {
        run_task(sweep, task, deliver);
      } else {
        side_by_side.push_back(&task);
      }
    }
  });
  // Taken in order, not by halves: what an interrupt leaves undone is the end of the plan.
  std::atomic<std::size_t> next = 0;
  const auto hands = std::min(static_cast<std::size_t>(threads), side_by_side.size());
  const auto take_tasks = [&](std::size_t) {
    for (std::size_t i = next++; i < side_by_side.size(); i = next++) {
      run_task(sweep, *side_by_side[i], deliver);
    }
  };
  // With fewer networks than threads, several threads share one, of any node.
  if (arenas.size() > 1 && hands == static_cast<std::size_t>(threads)) {
    run_in_arenas(arenas, hands, take_tasks);
  } else {
    run_in_arena(threads, [&] { parallel_indices(hands, take_tasks, tbb::simple_partitioner()); });
  }
}

}  // namespace needflow
