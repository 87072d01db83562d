#include "solver/app/plan_costs.hpp"

#include <algorithm>
#include <ctime>
#include <functional>
#include <memory>

#include "solver/lane_rounds.hpp"
#include "solver/population.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

// Trials take some milliseconds within the caches and some tenths of a second beyond.
constexpr std::int64_t kSmallAgents = 1000;
constexpr std::int64_t kLargeAgents = 60'000;
constexpr std::int64_t kLargeFlow = 5'000;  // a flow takes as long as many rounds
constexpr std::int64_t kFew = 2;
constexpr std::int64_t kMany = 20;
constexpr std::int64_t kLargeEpisodes = 20'000;  ///< agents; trust holds 72 B a link and direction
constexpr std::int64_t kLargeEntries = std::int64_t{1} << 18;

/// In processor time, of the one thread that works: what else runs on the machine does not count.
double seconds_of(const std::function<void()>& work) {
  const std::clock_t started = std::clock();
  work();
  return static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
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

/// The strategies, trust and need types of a sweep's task on a generated network.
Sweep episodic_trial(const Sweep& sweep, const NetworkTask& task, bool trusts,
                     std::int64_t agents) {
  Sweep trial;
  trial.base.population = task.example.settings.population;
  trial.base.population.types = static_cast<std::int64_t>(sweep.types());
  trial.base.strategies = task.example.settings.strategies;
  trial.base.trust = task.example.settings.trust;
  trial.base.trust.mode = trusts ? TrustMode::on : TrustMode::off;
  trial.base.trust.initial = InitialTrust::neutral;
  trial.base.network.agents = agents;
  trial.base.network.neighbors = kMany;
  trial.replicates = task.layout.lanes;
  trial.network_metrics = NetworkMetrics::none;
  trial.instance = std::make_shared<Instance>();
  return trial;
}

/// Keeps nothing.
class Nowhere : public OutcomeSink {
 public:
  void finished(OutcomeBatch /*batch*/) override {}
  [[nodiscard]] bool stop_requested() const override { return false; }
};

double seconds_of_episodes(Sweep trial, std::int64_t episodes) {
  trial.base.population.episodes = episodes;
  const Plan plan = make_plan(trial);
  Nowhere nowhere;
  return seconds_of([&] { run_plan(trial, plan, 1, nowhere); });
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

double CostTrials::episode_entry(const Sweep& sweep, const NetworkTask& task, bool trusts,
                                 bool large) {
  const auto [entry, is_new] = episode_entry_.try_emplace({trusts, large});
  if (is_new) {
    const std::int64_t agents = large ? kLargeEpisodes : kSmallAgents;
    const std::int64_t more = large ? 4 : 16;
    const Sweep trial = episodic_trial(sweep, task, trusts, agents);
    // Two runs that differ in episodes alone: the network and what else is made once cancels out.
    const double few = seconds_of_episodes(trial, 2);
    const double many = seconds_of_episodes(trial, 2 + more);
    entry->second =
        std::max(0.0, many - few) / static_cast<double>(more * trial.replicates * agents * kMany);
  }
  return entry->second;
}

double CostTrials::episode_seconds(const Sweep& sweep, const NetworkTask& task) {
  const bool large = task.entries >= kLargeEntries;
  const auto of = [&](std::int64_t episodes, bool trusts) {
    if (episodes == 0) return 0.0;
    return static_cast<double>(episodes * task.entries) * episode_entry(sweep, task, trusts, large);
  };
  return of(task.trust_rounds, true) + of(task.episodes - task.trust_rounds, false);
}

double CostTrials::optimum_seconds(const Sweep& sweep, const Plan& plan, OptimumParts parts) {
  double seconds = 0.0;
  for (const NetworkTask& task : plan.tasks) {
    const double runs = static_cast<double>(task.episodes) * static_cast<double>(sweep.types());
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
    auto rounds = static_cast<double>(task.rounds);
    if (sweep.is_episodic()) {
      seconds += episode_seconds(sweep, task);
      const auto types = static_cast<std::int64_t>(sweep.types());
      rounds = std::max(0.0, rounds - static_cast<double>(kFewRounds * types * task.episodes));
    }
    const double batch_rounds = rounds / together;
    seconds += batch_rounds * (static_cast<double>(task.entries) * cost.entry +
                               static_cast<double>(task.providers + task.recipients) * cost.agent);
  }
  return seconds;
}

}  // namespace needflow::app
