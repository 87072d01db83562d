#include "solver/sweep/plan.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "solver/rounds.hpp"
#include "solver/sweep/outcome.hpp"

namespace needflow {

namespace {

constexpr std::size_t kExamples = 5;

void size_task(const Sweep& sweep, NetworkTask& task, std::optional<int> forced_lanes) {
  const Instance& instance = *sweep.instance;
  if (instance.source == Source::generated) {
    task.providers = task.recipients = task.example.settings.network.agents;
    task.entries = expected_entries(task.example.settings.network);
  } else {
    task.providers = static_cast<std::int64_t>(instance.recognition.providers());
    task.recipients = static_cast<std::int64_t>(instance.recognition.recipients());
    task.entries = instance.recognition.provider_rows.entries();
  }
  const auto runs = static_cast<std::int64_t>(task.points.size() * sweep.types());
  task.layout = choose_layout({task.providers, task.recipients, task.entries, runs, sweep.traces},
                              forced_lanes);
}

std::string point_problem(const Sweep& sweep, const Point& point) {
  if (sweep.instance->source == Source::generated) {
    std::string problem = network_problem(point.settings.network);
    if (!problem.empty()) return problem;
  }
  if (sweep.instance->has_amounts()) return {};
  return population_problem(point.settings.population);
}

std::int64_t matrix_bytes(const Sweep& sweep, const NetworkTask& task) {
  constexpr std::int64_t kEntryBytes = sizeof(Index) + sizeof(double);
  // While a mesh is built its pattern, shares and matrix stand side by side.
  const std::int64_t copies = sweep.instance->source == Source::bipartite ? 2 : 3;
  return copies * kEntryBytes * task.entries;
}

std::int64_t outcome_bytes(const Sweep& sweep, const NetworkTask& task, const Point& point) {
  const auto types = static_cast<std::int64_t>(sweep.types());
  auto bytes = static_cast<std::int64_t>(sizeof(double) + sizeof(Outcome) * sweep.types());
  if (sweep.agents) bytes += types * 8 * (4 * task.recipients + 2 * task.providers);
  if (sweep.traces) {
    bytes +=
        types * static_cast<std::int64_t>(sizeof(TraceRow)) * assumed_rounds(point.settings.round);
  }
  return bytes;
}

void add_costs(const Sweep& sweep, const NetworkTask& task, Plan& plan) {
  const auto state = static_cast<std::int64_t>(round_state_bytes(
      static_cast<std::size_t>(task.providers), static_cast<std::size_t>(task.recipients),
      task.layout.lanes, BatchTraits::of(task.example.settings.round)));
  plan.largest_point_bytes = std::max(plan.largest_point_bytes, matrix_bytes(sweep, task) + state);
  if (sweep.instance->source == Source::generated) {
    plan.built_entries += static_cast<double>(task.entries);
  }
  for (const std::size_t index : task.points) {
    const Point point = sweep.point(index);
    const double rounds = static_cast<double>(sweep.types()) *
                          static_cast<double>(assumed_rounds(point.settings.round));
    plan.edge_rounds += rounds * static_cast<double>(task.entries);
    plan.agent_rounds += rounds * static_cast<double>(task.providers + task.recipients);
    plan.outcome_bytes += outcome_bytes(sweep, task, point);
  }
}

}  // namespace

std::int64_t assumed_rounds(const RoundSettings& settings) {
  constexpr std::int64_t kFewRounds = 6;
  return settings.settlement == SettlementKind::reallocate
             ? settings.max_rounds
             : std::min(settings.max_rounds, kFewRounds);
}

Plan make_plan(const Sweep& sweep, std::optional<int> forced_lanes) {
  Plan plan;
  plan.points = sweep.points();
  std::unordered_map<std::string, std::size_t> task_of;
  std::unordered_set<std::uint64_t> seen;
  for (std::size_t i = 0; i < plan.points; ++i) {
    const Point point = sweep.point(i);
    if (const std::string problem = point_problem(sweep, point); !problem.empty()) {
      plan.invalid.push_back({i, problem});
      continue;
    }
    const std::string network = network_identity(sweep, point);
    if (!seen.insert(fingerprint(run_identity(sweep, point), fingerprint(network))).second) {
      if (++plan.duplicates <= kExamples) plan.duplicate_examples.push_back(i);
    }
    const auto [entry, is_new] = task_of.try_emplace(network, plan.tasks.size());
    if (is_new) plan.tasks.push_back({{}, point});
    plan.tasks[entry->second].points.push_back(i);
  }
  for (NetworkTask& task : plan.tasks) {
    size_task(sweep, task, forced_lanes);
    add_costs(sweep, task, plan);
  }
  std::stable_sort(
      plan.tasks.begin(), plan.tasks.end(),
      [](const NetworkTask& a, const NetworkTask& b) { return a.entries > b.entries; });
  return plan;
}

}  // namespace needflow
