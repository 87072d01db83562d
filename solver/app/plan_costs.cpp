#include "solver/app/plan_costs.hpp"

#include <algorithm>
#include <chrono>
#include <functional>

#include "solver/lane_rounds.hpp"
#include "solver/population.hpp"

namespace needflow::app {

namespace {

// Trials take some milliseconds within the caches and some tenths of a second beyond.
constexpr std::int64_t kSmallAgents = 1000;
constexpr std::int64_t kLargeAgents = 60'000;
constexpr std::int64_t kLargeFlow = 5'000;  // a flow takes as long as many rounds
constexpr std::int64_t kFew = 2;
constexpr std::int64_t kMany = 20;
constexpr std::int64_t kLargeEntries = std::int64_t{1} << 18;

double seconds_of(const std::function<void()>& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

Recognition mesh(std::int64_t agents, std::int64_t neighbors) {
  NetworkSettings network;
  network.agents = agents;
  network.neighbors = neighbors;
  return recognise(build_network(network, 1, 0), RecognitionSettings{}, 1, 0, Threads::one);
}

/// The default settlement with less supply than need, its rounds made to go on.
template <int L>
double seconds_a_round(const Recognition& recognition, std::int64_t rounds) {
  RoundSettings round;
  round.settlement = SettlementKind::reallocate;
  round.stop = StopRule::needs;
  round.max_rounds = rounds;
  Amounts amounts = draw_population(PopulationSettings{}, recognition.recipients(), 1, 0, 0);
  apply_supply_ratio(amounts, 0.7);
  LaneRounds<L> batch(recognition, BatchTraits::of(round), Threads::one);
  std::int64_t done = 0;
  const auto run = [&] {
    for (std::size_t l = 0; l < L; ++l) {
      batch.start(l, round, amounts.need[0], amounts.capacity[0]);
    }
    for (done = 0; batch.any_busy(); ++done) batch.round();
  };
  run();  // warms the caches
  const double seconds = seconds_of(run);
  return seconds / static_cast<double>(done);
}

/// Two meshes that differ in edges alone tell what an edge costs and what an agent.
template <int L>
BatchCost cost_of(std::int64_t agents) {
  const std::int64_t rounds = agents > kSmallAgents ? 4 : 40;
  const double few = seconds_a_round<L>(mesh(agents, kFew), rounds);
  const double many = seconds_a_round<L>(mesh(agents, kMany), rounds);
  const auto count = static_cast<double>(agents);
  BatchCost cost{};
  cost.entry = std::max(0.0, many - few) / (static_cast<double>(kMany - kFew) * count);
  cost.agent = std::max(0.0, few - cost.entry * kFew * count) / (2.0 * count);
  return cost;
}

/// Entries that the searches of a network's metrics go over: 512 sources at once (kernels/bfs.hpp).
double searched_entries(std::int64_t agents, std::int64_t entries, const MetricOptions& options) {
  constexpr std::int64_t kAbreast = 512;
  const std::int64_t sources = agents <= options.exact_agents ? agents : options.sources;
  return static_cast<double>((sources + kAbreast - 1) / kAbreast) * static_cast<double>(entries);
}

}  // namespace

const BatchCost& CostTrials::batch(int lanes, bool large) {
  const auto [entry, is_new] = batches_.try_emplace({lanes, large});
  if (is_new) {
    const std::int64_t agents = large ? kLargeAgents : kSmallAgents;
    entry->second = with_lane_width(lanes, [&]<int L>() { return cost_of<L>(agents); });
  }
  return entry->second;
}

double CostTrials::build_entry(bool large) {
  double& cost = build_entry_[large ? 1 : 0];
  if (cost == 0.0) {
    const std::int64_t agents = large ? kLargeAgents : kSmallAgents;
    cost =
        seconds_of([agents] { (void)mesh(agents, kMany); }) / static_cast<double>(kMany * agents);
  }
  return cost;
}

double CostTrials::measured_entry(bool large) {
  double& cost = measured_entry_[large ? 1 : 0];
  if (cost == 0.0) {
    NetworkSettings settings;
    settings.agents = large ? kLargeAgents : kSmallAgents;
    settings.neighbors = kMany;
    const Network network = build_network(settings, 1, 0);
    const MetricOptions options = metric_options(NetworkMetrics::automatic);
    const double work = searched_entries(settings.agents, kMany * settings.agents, options);
    cost = seconds_of([&] { (void)measure_network(network, options, 1, Threads::one); }) / work;
  }
  return cost;
}

double CostTrials::optimum_entry(OptimumParts parts, bool large) {
  double& cost = optimum_entry_[{parts.max_flow, parts.fairest, large}];
  if (cost == 0.0) {
    const std::int64_t agents = large ? kLargeFlow : kSmallAgents;
    const Recognition recognition = mesh(agents, kMany);
    Amounts amounts = draw_population(PopulationSettings{}, recognition.recipients(), 1, 0, 0);
    apply_supply_ratio(amounts, 1.0);
    const StockProblem problem{recognition.by_provider(), amounts.need[0], amounts.capacity[0]};
    cost = seconds_of([&] { (void)find_optimum(problem, parts); }) /
           static_cast<double>(recognition.provider_rows.entries());
  }
  return cost;
}

double CostTrials::optimum_seconds(const Sweep& sweep, const Plan& plan, OptimumParts parts) {
  double seconds = 0.0;
  for (const NetworkTask& task : plan.tasks) {
    const double runs = static_cast<double>(task.points.size() * sweep.types());
    seconds += runs * static_cast<double>(task.entries) *
               optimum_entry(parts, task.providers > kLargeFlow);
  }
  return seconds;
}

double CostTrials::network_seconds(const Sweep& sweep, const Plan& plan) {
  if (sweep.instance->source != Source::generated) return 0.0;
  double seconds = 0.0;
  for (const NetworkTask& task : plan.tasks) {
    const bool large = task.entries >= kLargeEntries;
    seconds += static_cast<double>(task.entries) * build_entry(large);
    if (sweep.network_metrics == NetworkMetrics::none) continue;
    seconds +=
        searched_entries(task.providers, task.entries, metric_options(sweep.network_metrics)) *
        measured_entry(large);
  }
  return seconds;
}

double CostTrials::seconds(const Sweep& sweep, const Plan& plan) {
  double seconds = network_seconds(sweep, plan);
  if (sweep.optimum || sweep.fairest) {
    seconds += optimum_seconds(sweep, plan, {sweep.optimum, sweep.fairest});
  }
  for (const NetworkTask& task : plan.tasks) {
    const std::int64_t runs = std::max<std::int64_t>(1, run_sizes(sweep, task).runs);
    const auto together = static_cast<double>(std::min<std::int64_t>(task.layout.lanes, runs));
    const bool large = task.entries * task.layout.lanes >= kLargeEntries * 8;
    const BatchCost& cost = batch(task.layout.lanes, large);
    const double batch_rounds = static_cast<double>(task.rounds) / together;
    seconds += static_cast<double>(task.trust_rounds * task.entries) / together *
               kTrustRoundVisits * cost.entry;
    seconds += batch_rounds * (static_cast<double>(task.entries) * cost.entry +
                               static_cast<double>(task.providers + task.recipients) * cost.agent);
  }
  return seconds;
}

}  // namespace needflow::app
