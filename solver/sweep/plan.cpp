#include "solver/sweep/plan.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "solver/max_flow.hpp"
#include "solver/rounds.hpp"
#include "solver/sweep/episode_point.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/trust.hpp"

namespace needflow {

namespace {

void size_task(const Sweep& sweep, NetworkTask& task, std::optional<int> forced_lanes) {
  const Instance& instance = *sweep.instance;
  if (instance.source == Source::generated) {
    task.providers = task.recipients = network_agents(task.example.settings.network);
    task.entries = expected_entries(task.example.settings.network);
  } else {
    task.providers = static_cast<std::int64_t>(instance.recognition.providers());
    task.recipients = static_cast<std::int64_t>(instance.recognition.recipients());
    task.entries = instance.recognition.provider_rows.entries();
  }
  task.layout = choose_layout(run_sizes(sweep, task), forced_lanes);
}

std::string settings_problem(const Sweep& sweep, const Settings& settings) {
  if (sweep.instance->source == Source::generated) {
    std::string problem = network_problem(settings.network);
    if (!problem.empty()) return problem;
  }
  if (const std::string problem = trust_problem(settings); !problem.empty()) return problem;
  if (sweep.instance->has_amounts()) return {};
  return population_problem(settings.population);
}

/// While it is built, and after.
std::int64_t matrix_bytes(const Sweep& sweep, const NetworkTask& task) {
  constexpr std::int64_t kEntryBytes = sizeof(Index) + sizeof(double);
  constexpr std::int64_t kAgentBytes = 2 * sizeof(Offset) + sizeof(Index);
  const std::int64_t agents = task.providers + task.recipients;
  const bool narrow = task.example.settings.solver.weights == WeightPrecision::f32;
  const std::int64_t narrowed = narrow ? static_cast<std::int64_t>(sizeof(float)) : 0;
  const std::int64_t copies = sweep.instance->source == Source::bipartite ? 2 : 1;
  return copies * (kEntryBytes + narrowed) * task.entries + kAgentBytes * agents;
}

/// `rounds`: of all the task's points and their episodes, one need type.
std::int64_t outcome_bytes(const Sweep& sweep, const NetworkTask& task, std::int64_t rounds) {
  const auto types = static_cast<std::int64_t>(sweep.types());
  const auto runs = static_cast<std::int64_t>(sweep.runs_per_point());
  const bool trust = sweep.has_trust();
  // A column a metric and one of statuses; seconds a point.
  auto bytes = 8 + (8 * static_cast<std::int64_t>(metrics().size()) + 1) * runs;
  if (trust) bytes += static_cast<std::int64_t>(sizeof(TrustFigures)) * runs;
  if (sweep.agents) bytes += runs * 8 * (4 * task.recipients + 2 * task.providers);
  // An exaggeration a run; trust, reputation and two flags an episode.
  if (sweep.agents && trust) {
    bytes += runs * (8 * task.recipients + 18 * (task.recipients + task.providers));
  }
  bytes *= static_cast<std::int64_t>(task.points.size());
  if (sweep.traces) bytes += types * static_cast<std::int64_t>(sizeof(TraceRow)) * rounds;
  return bytes;
}

void add_costs(const Sweep& sweep, const NetworkTask& task, std::int64_t rounds, Plan& plan) {
  const auto state = static_cast<std::int64_t>(round_state_bytes(
      static_cast<std::size_t>(task.providers), static_cast<std::size_t>(task.recipients),
      task.layout.lanes, BatchTraits::of(task.example.settings.round)));
  const std::int64_t flow = sweep.optimum || sweep.fairest ? kFlowBytes * task.entries : 0;
  const bool two_sided = sweep.instance->source == Source::bipartite;
  const std::int64_t trust = sweep.has_trust()
                                 ? trust_bytes(task.providers, task.recipients, task.entries,
                                               !two_sided, task.layout.lanes)
                                 : 0;
  plan.largest_task_bytes =
      std::max(plan.largest_task_bytes, matrix_bytes(sweep, task) + state + flow + trust);
  plan.outcome_bytes += outcome_bytes(sweep, task, rounds);
}

struct IdentityHash {
  std::size_t operator()(const Identity& identity) const {
    std::uint64_t hash = 0;
    for (const std::uint64_t word : identity) {
      hash = (std::rotl(hash, 23) ^ word) * 0x9E3779B97F4A7C15ULL;
    }
    return hash ^ hash >> 32U;
  }
};

/// Sorts combinations of the axes into tasks. All networks and replicates of a combination share
/// its settings, so whatever takes long is done once for them all: 3 ns a point where they are
/// many, 0.3 µs where there is one a combination.
class Planner {
 public:
  Planner(const Sweep& sweep, std::optional<int> forced_lanes)
      : sweep_(sweep),
        forced_lanes_(forced_lanes),
        reader_(sweep),
        networks_(static_cast<std::size_t>(sweep.networks)),
        replicates_(static_cast<std::size_t>(sweep.replicates)),
        generated_(sweep.instance->source == Source::generated),
        drawn_(!sweep.instance->has_amounts()) {
    plan_.points = sweep.points();
  }

  Plan plan() {
    for (std::size_t first = 0; first < plan_.points; first += networks_ * replicates_) add(first);
    for (std::size_t t = 0; t < plan_.tasks.size(); ++t) {
      size_task(sweep_, plan_.tasks[t], forced_lanes_);
      plan_.tasks[t].number = plan_.tasks[t].points.front();
      plan_.tasks[t].rounds = rounds_[t] * static_cast<std::int64_t>(sweep_.types());
      add_costs(sweep_, plan_.tasks[t], rounds_[t], plan_);
    }
    // Independent networks are replicates: all settings meet network 0 before network 1, so that an
    // interrupted sweep is a sample of the whole grid. Within them the biggest go first, and the
    // last ones are small enough to end together.
    std::stable_sort(plan_.tasks.begin(), plan_.tasks.end(),
                     [](const NetworkTask& a, const NetworkTask& b) {
                       if (a.example.network != b.example.network) {
                         return a.example.network < b.example.network;
                       }
                       return a.entries > b.entries;
                     });
    return std::move(plan_);
  }

 private:
  /// The points of one combination; `first` is the first of them.
  void add(std::size_t first) {
    if (sweep_.excludes(first)) {
      plan_.excluded += networks_ * replicates_;
      return;
    }
    const Settings settings = reader_.at(first).settings;
    if (const std::string problem = settings_problem(sweep_, settings); !problem.empty()) {
      for (std::size_t i = 0; i < networks_ * replicates_; ++i) {
        plan_.invalid.push_back({first + i, problem});
      }
      return;
    }
    const auto [entry, is_new] =
        first_task_.try_emplace(network_identity(sweep_, settings), plan_.tasks.size());
    if (is_new) add_tasks(first);
    Identity run = run_identity(sweep_, settings);
    run.back() = entry->second + 1;  // the network's settings, in a word that no run identity uses
    const bool seen = !runs_.insert(run).second;
    const std::int64_t episodes = settings.population.episodes;
    const std::int64_t rounds = assumed_rounds(settings.round) * episodes;
    const std::int64_t trust_rounds = settings.trusts() ? episodes : 0;
    for (std::size_t network = 0; network < networks_; ++network) {
      const std::size_t task = entry->second + (generated_ ? network : 0);
      const std::size_t begin = first + network * replicates_;
      rounds_[task] += rounds * static_cast<std::int64_t>(replicates_);
      plan_.tasks[task].episodes += episodes * static_cast<std::int64_t>(replicates_);
      plan_.tasks[task].trust_rounds += trust_rounds * static_cast<std::int64_t>(replicates_);
      std::vector<std::size_t>& points = plan_.tasks[task].points;
      for (std::size_t i = 0; i < replicates_; ++i) points.push_back(begin + i);
      const bool another = generated_ || drawn_ || network == 0;
      add_duplicates(begin, seen || !another ? 0 : drawn_ ? replicates_ : 1);
    }
  }

  /// Of the points of a network, those from `fresh` on compute what was computed.
  void add_duplicates(std::size_t begin, std::size_t fresh) {
    constexpr std::size_t kExamples = 5;
    plan_.duplicates += replicates_ - fresh;
    for (std::size_t i = fresh; i < replicates_; ++i) {
      if (plan_.duplicate_examples.size() == kExamples) return;
      plan_.duplicate_examples.push_back(begin + i);
    }
  }

  /// A task a network, in a row; files hold one network, whatever its number.
  void add_tasks(std::size_t first) {
    for (std::size_t network = 0; network < (generated_ ? networks_ : 1); ++network) {
      NetworkTask& task = plan_.tasks.emplace_back();
      task.example = reader_.at(first + network * replicates_);
      rounds_.push_back(0);
    }
  }

  const Sweep& sweep_;
  std::optional<int> forced_lanes_;
  PointReader reader_;
  std::size_t networks_;
  std::size_t replicates_;
  bool generated_;  ///< the network's number decides the matrix
  bool drawn_;      ///< network and replicate decide the amounts
  Plan plan_;
  std::vector<std::int64_t> rounds_;                                    ///< a task
  std::unordered_map<Identity, std::size_t, IdentityHash> first_task_;  ///< of those settings
  std::unordered_set<Identity, IdentityHash> runs_;
};

}  // namespace

std::int64_t assumed_rounds(const RoundSettings& settings) {
  return settings.settlement == SettlementKind::reallocate
             ? settings.max_rounds
             : std::min(settings.max_rounds, kFewRounds);
}

RunSizes run_sizes(const Sweep& sweep, const NetworkTask& task) {
  // A point of episodes is a lane, with all its need types one after the other.
  const std::size_t runs_a_point = sweep.is_episodic() ? 1 : sweep.types();
  RunSizes sizes;
  sizes.providers = task.providers;
  sizes.recipients = task.recipients;
  sizes.entries = task.entries;
  sizes.runs = static_cast<std::int64_t>(task.points.size() * runs_a_point);
  sizes.one_by_one = sweep.traces;
  sizes.trusts = sweep.has_trust();
  sizes.state = task.example.settings.round.state;
  return sizes;
}

Plan make_plan(const Sweep& sweep, std::optional<int> forced_lanes) {
  return Planner(sweep, forced_lanes).plan();
}

std::vector<std::size_t> first_of_same(const Sweep& sweep, const Plan& plan) {
  const bool generated = sweep.instance->source == Source::generated;
  const bool drawn = !sweep.instance->has_amounts();
  const auto replicates = static_cast<std::size_t>(sweep.replicates);
  const std::size_t draws = static_cast<std::size_t>(sweep.networks) * replicates;
  std::vector<std::size_t> first(plan.points);
  std::iota(first.begin(), first.end(), std::size_t{0});
  std::unordered_map<Identity, std::size_t, IdentityHash> networks;
  std::unordered_map<Identity, std::size_t, IdentityHash> runs;  // combination by combination
  PointReader reader(sweep);
  auto invalid = plan.invalid.begin();  // whole combinations, ascending
  for (std::size_t begin = 0; begin < plan.points; begin += draws) {
    if (sweep.excludes(begin)) continue;
    if (invalid != plan.invalid.end() && invalid->point == begin) {
      invalid += static_cast<std::ptrdiff_t>(draws);
      continue;
    }
    const Settings& settings = reader.at(begin).settings;
    Identity run = run_identity(sweep, settings);
    run.back() = networks.try_emplace(network_identity(sweep, settings), begin).first->second + 1;
    const std::size_t same = runs.try_emplace(run, begin).first->second;
    for (std::size_t i = 0; i < draws; ++i) {
      const std::size_t network = generated || drawn ? i / replicates : 0;
      first[begin + i] = same + network * replicates + (drawn ? i % replicates : 0);
    }
  }
  return first;
}

}  // namespace needflow
