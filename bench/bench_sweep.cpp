// A whole sweep in memory: plan, networks, draws, rounds and statistics; no file.
#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/workbench.hpp"
#include "solver/sweep/plan.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

/// Keeps outcomes by point.
class Collector : public OutcomeSink {
 public:
  explicit Collector(const Sweep& sweep) : outcomes(sweep.points(), sweep.runs_per_point()) {}
  void finished(OutcomeBatch batch) override { outcomes.add(std::move(batch)); }
  [[nodiscard]] bool stop_requested() const override { return false; }

  Outcomes outcomes;
};

/// 16 replicates × 10 supply ratios × 4 networks of 100 agents with 20 neighbours.
Sweep small_sweep() {
  Sweep sweep;
  sweep.base = settings_of({100, 20});
  sweep.networks = 4;
  sweep.replicates = 16;
  sweep.instance = std::make_shared<const Instance>();
  Axis ratios;
  ratios.name = "supply_ratio";
  ratios.key = "population.supply_ratio";
  for (int i = 1; i <= 10; ++i) ratios.values.emplace_back(0.2 * i);
  ratios.apply = [](Settings& settings, const Value& value) {
    settings.population.supply_ratio = std::get<double>(value);
  };
  sweep.axes.push_back(std::move(ratios));
  return sweep;
}

Outcomes outcomes_of(const Sweep& sweep, int threads) {
  Collector collector(sweep);
  run_plan(sweep, make_plan(sweep), threads, collector);
  return std::move(collector.outcomes);
}

/// Every point must end in one of the ways a run can, with the bits of one thread.
std::string sweep_problem(const Outcomes& found, const Outcomes& on_one_thread) {
  for (std::size_t i = 0; i < found.points(); ++i) {
    const Outcome one = found.run(i);
    const Outcome other = on_one_thread.run(i);
    if (one.status < Status::needs_met || one.status > Status::round_limit) {
      return fmt::format("point {} ended as {}", i, status_name(one.status));
    }
    if (one.status != other.status || one.rounds != other.rounds ||
        std::memcmp(&one.satisfaction, &other.satisfaction, sizeof one.satisfaction) != 0) {
      return fmt::format("point {} depends on the threads", i);
    }
  }
  return {};
}

void time_sweep(benchmark::State& state, Workbench& workbench, int threads) {
  const Sweep sweep = small_sweep();
  const Outcomes on_one_thread = outcomes_of(sweep, 1);
  const auto found = outcomes_of(sweep, threads);
  if (!workbench.accept(state, sweep_problem(found, on_one_thread))) return;
  for ([[maybe_unused]] auto iteration : state) {
    benchmark::DoNotOptimize(outcomes_of(sweep, threads));
  }
  double rounds = 0.0;
  for (const std::int64_t run : found.integers(metric_index("rounds"))) {
    rounds += static_cast<double>(run);
  }
  state.counters["points/s"] = per_second(static_cast<double>(found.points()));
  state.counters["rounds/point"] = rounds / static_cast<double>(found.points());
}

}  // namespace

void register_sweeps(Workbench& workbench) {
  for (const int threads : workbench.thread_counts()) {
    add_case(
        "sweep/N:100/k:20/points:640", threads,
        [&workbench, threads](benchmark::State& state) { time_sweep(state, workbench, threads); });
  }
}

}  // namespace needflow::bench
