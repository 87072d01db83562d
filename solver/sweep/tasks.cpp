#include "solver/sweep/tasks.hpp"

#include <fmt/format.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <chrono>
#include <exception>
#include <mutex>
#include <new>

#include "solver/error.hpp"

namespace needflow {

namespace {

namespace tbb = oneapi::tbb;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

OutcomeBatch unsolved(const Sweep& sweep, std::size_t index, Status status, std::string message) {
  OutcomeBatch outcome;
  outcome.points = {index};
  outcome.outcomes.resize(sweep.types());
  for (Outcome& type : outcome.outcomes) type.status = status;
  outcome.seconds = {0.0};
  outcome.messages = {std::move(message)};
  return outcome;
}

/// Turns whatever stops a point into its row: the one place that knows which trouble is whose.
template <class Work>
OutcomeBatch outcome_of(const Sweep& sweep, std::size_t index, const Work& work) {
  try {
    return work();
  } catch (const InvalidPoint& problem) {
    return unsolved(sweep, index, Status::invalid, problem.what());
  } catch (const std::bad_alloc&) {
    return unsolved(sweep, index, Status::failed, "not enough memory for this point");
  } catch (const std::exception& problem) {
    return unsolved(sweep, index, Status::failed, problem.what());
  }
}

Amounts amounts_of(const Sweep& sweep, const Point& point, std::size_t agents) {
  const PopulationSettings& population = point.settings.population;
  Amounts amounts = sweep.instance->has_amounts()
                        ? sweep.instance->amounts
                        : draw_population(population, agents, point.settings.seed, point.network,
                                          point.replicate);
  if (population.supply_ratio) apply_supply_ratio(amounts, *population.supply_ratio);
  return amounts;
}

void size_agent_rows(AgentRows& rows, const Recognition& recognition, std::size_t types) {
  for (auto* column : {&rows.need, &rows.satisfied, &rows.damping, &rows.residual}) {
    column->resize(recognition.recipients() * types);
  }
  for (auto* column : {&rows.capacity, &rows.capacity_left}) {
    column->resize(recognition.providers() * types);
  }
  rows.provider_degree.assign(recognition.provider_degree.begin(),
                              recognition.provider_degree.end());
  rows.recipient_degree.assign(recognition.recipient_degree.begin(),
                               recognition.recipient_degree.end());
}

void keep_agent_rows(AgentRows& rows, const RoundSolver& solver, const Amounts& amounts,
                     std::size_t type) {
  const std::size_t types = amounts.types();
  const auto& need = amounts.need[type];
  for (std::size_t r = 0; r < need.size(); ++r) {
    const std::size_t row = r * types + type;
    rows.need[row] = need[r];
    rows.satisfied[row] = solver.satisfied()[r];
    rows.damping[row] = solver.damping()[r];
    rows.residual[row] = std::max(0.0, need[r] - solver.satisfied()[r]);
  }
  const auto& capacity = amounts.capacity[type];
  for (std::size_t p = 0; p < capacity.size(); ++p) {
    rows.capacity[p * types + type] = capacity[p];
    rows.capacity_left[p * types + type] = solver.available()[p];
  }
}

Outcome run_type(const Sweep& sweep, const RoundSettings& settings, const Recognition& recognition,
                 const Amounts& amounts, std::size_t type, Threads threads, RoundSolver& solver,
                 const PointObserver& observer, OutcomeBatch& batch) {
  Outcome outcome;
  RoundObserver each_round;
  if (sweep.traces || observer) {
    each_round = [&](const RoundSolver& now) {
      if (sweep.traces) batch.traces[type].push_back(now.trace_row());
      if (observer) observer(type, amounts.need[type], now);
    };
  }
  const RunReport report = solver.run(amounts.need[type], amounts.capacity[type], each_round);
  outcome.status = report.status;
  outcome.network_edges = recognition.network_edges;
  outcome.recognised_pairs = recognition.recognised_pairs;
  outcome.network_mean_degree = recognition.mean_degree();
  outcome.rounds = report.rounds;
  if (report.status == Status::failed) return outcome;
  outcome.cycle_period = report.cycle_period;
  outcome.messages = report.messages;
  outcome.satisfaction = measure_satisfaction(amounts.need[type], solver.satisfied(), solver.over(),
                                              report.wasted, settings.tolerance, threads);
  return outcome;
}

/// Forwards outcomes to the sink, one at a time.
class Deliverer {
 public:
  explicit Deliverer(OutcomeSink& sink) : sink_(sink) {}
  void operator()(OutcomeBatch outcome) {
    const std::scoped_lock lock(mutex_);
    sink_.finished(std::move(outcome));
  }
  [[nodiscard]] bool stopped() const { return sink_.stop_requested(); }

 private:
  OutcomeSink& sink_;
  std::mutex mutex_;
};

void run_task(const Sweep& sweep, const NetworkTask& task, Deliverer& deliver) {
  if (deliver.stopped()) return;
  const Threads inside = task.shares_rows ? Threads::all : Threads::one;
  std::shared_ptr<const Recognition> recognition;
  const OutcomeBatch trouble = outcome_of(sweep, task.points.front(), [&] {
    recognition = recognition_of(sweep, task.example, inside);
    return OutcomeBatch{};
  });
  const auto one_point = [&](std::size_t i) {
    if (deliver.stopped()) return;
    if (recognition != nullptr) {
      deliver(run_point(sweep, task.points[i], *recognition, inside));
      return;
    }
    OutcomeBatch same_trouble = trouble;
    same_trouble.points = {task.points[i]};
    deliver(std::move(same_trouble));
  };
  if (task.shares_rows) {
    for (std::size_t i = 0; i < task.points.size(); ++i) one_point(i);
    return;
  }
  // Isolated: a thread that waits here must not start another task and hold two networks at once.
  tbb::this_task_arena::isolate(
      [&] { parallel_indices(task.points.size(), one_point, tbb::simple_partitioner()); });
}

}  // namespace

std::shared_ptr<const Recognition> recognition_of(const Sweep& sweep, const Point& point,
                                                  Threads threads) {
  if (sweep.instance->source != Source::generated) {
    return {sweep.instance, &sweep.instance->recognition};  // shares the instance's ownership
  }
  const Settings& settings = point.settings;
  return std::make_shared<const Recognition>(
      recognise(build_network(settings.network, settings.seed, point.network), settings.recognition,
                settings.seed, point.network, threads));
}

OutcomeBatch run_point(const Sweep& sweep, std::size_t index, const Recognition& recognition,
                       Threads threads, const PointObserver& observer) {
  const auto started = Clock::now();
  OutcomeBatch result = outcome_of(sweep, index, [&] {
    const Point point = sweep.point(index);
    const RoundSettings& settings = point.settings.round;
    const Amounts amounts = amounts_of(sweep, point, recognition.recipients());
    RoundSolver solver(recognition, settings, threads);
    OutcomeBatch outcome;
    outcome.points = {index};
    outcome.seconds = {0.0};
    if (sweep.traces) outcome.traces.resize(amounts.types());
    if (sweep.agents) {
      outcome.agents.resize(1);
      size_agent_rows(outcome.agents[0], recognition, amounts.types());
    }
    for (std::size_t type = 0; type < amounts.types(); ++type) {
      outcome.outcomes.push_back(run_type(sweep, settings, recognition, amounts, type, threads,
                                          solver, observer, outcome));
      if (outcome.outcomes.back().status == Status::failed) {
        outcome.messages = {
            fmt::format("numbers overflowed in round {}", outcome.outcomes.back().rounds)};
      }
      if (sweep.agents) keep_agent_rows(outcome.agents[0], solver, amounts, type);
    }
    return outcome;
  });
  result.seconds = {seconds_since(started)};
  return result;
}

void run_in_arena(int threads, const std::function<void()>& work) {
  // The arena bounds how many threads may join; the control lets TBB make more than there are
  // cores.
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  static_cast<std::size_t>(threads));
  tbb::task_arena arena(threads);
  arena.execute(work);
}

OutcomeBatch run_only_point(const Sweep& sweep, int threads, const ObserverFor& observer_for) {
  OutcomeBatch outcome;
  run_in_arena(threads, [&] {
    outcome = outcome_of(sweep, 0, [&] {
      const auto recognition = recognition_of(sweep, sweep.point(0), Threads::all);
      const bool large = recognition->provider_rows.entries() >= kEntriesForThreads;
      return run_point(sweep, 0, *recognition, large ? Threads::all : Threads::one,
                       observer_for ? observer_for(*recognition) : PointObserver{});
    });
  });
  return outcome;
}

void run_plan(const Sweep& sweep, const Plan& plan, int threads, OutcomeSink& sink) {
  Deliverer deliver(sink);
  for (const InvalidEntry& entry : plan.invalid) {
    if (deliver.stopped()) return;
    deliver(unsolved(sweep, entry.point, Status::invalid, entry.reason));
  }
  run_in_arena(threads, [&] {
    std::vector<const NetworkTask*> side_by_side;
    for (const NetworkTask& task : plan.tasks) {  // biggest first
      if (task.shares_rows) {
        run_task(sweep, task, deliver);
      } else {
        side_by_side.push_back(&task);
      }
    }
    parallel_indices(
        side_by_side.size(), [&](std::size_t i) { run_task(sweep, *side_by_side[i], deliver); },
        tbb::simple_partitioner());
  });
}

}  // namespace needflow
