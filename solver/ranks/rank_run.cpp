#include "solver/ranks/rank_run.hpp"

#include <algorithm>
#include <chrono>

#include "kernels/reduce.hpp"
#include "solver/ranks/rank_optimum.hpp"
#include "solver/ranks/rank_peers.hpp"
#include "solver/ranks/rank_spread.hpp"
#include "solver/ranks/together.hpp"
#include "solver/sweep/layout.hpp"
#include "solver/sweep/point_rows.hpp"

namespace needflow {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

RankPart own_of(const Communicator& ranks, std::span<const RankPart> parts) {
  return parts[static_cast<std::size_t>(ranks.rank())];
}

std::vector<std::vector<double>> some_of(const std::vector<std::vector<double>>& types,
                                         RankPart part) {
  std::vector<std::vector<double>> some;
  for (const auto& all : types) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(part.first);
    some.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(part.count));
  }
  return some;
}

/// The amounts of one's own agents, capacities scaled by the totals of all.
Amounts own_amounts(const Communicator& ranks, const Sweep& sweep, const Point& point,
                    const RankRows& rows, RankPeers& peers) {
  const PopulationSettings& population = point.settings.population;
  const RankPart providers = own_of(ranks, rows.provider_parts);
  const RankPart recipients = own_of(ranks, rows.recipient_parts);
  Amounts amounts;
  if (sweep.instance->has_amounts()) {
    amounts.need = some_of(sweep.instance->amounts.need, recipients);
    amounts.capacity = some_of(sweep.instance->amounts.capacity, providers);
  } else {
    amounts = draw_population_part(population, static_cast<std::size_t>(rows.recipients),
                                   recipients.first, recipients.count, point.settings.seed,
                                   point.network, point.replicate);
  }
  if (!population.supply_ratio) return amounts;
  for (std::size_t type = 0; type < amounts.types(); ++type) {
    const auto sums_of = [](const std::vector<double>& values) {
      return block_sums(values.size(), Threads::one,
                        [&values](std::size_t i) { return values[i]; });
    };
    const double need = peers.sum_recipient_blocks(sums_of(amounts.need[type]));
    const double capacity = peers.sum_provider_blocks(sums_of(amounts.capacity[type]));
    const double factor =
        supply_factor(need, capacity, *population.supply_ratio, type, amounts.types());
    for (double& amount : amounts.capacity[type]) amount *= factor;
  }
  return amounts;
}

/// The final state of all agents on the first rank; elsewhere nothing.
class FinalRows {
 public:
  FinalRows(Communicator& ranks, const RankRows& rows) : ranks_(ranks), rows_(rows) {}

  [[nodiscard]] std::vector<double> of_recipients(std::span<const double> own) const {
    return collected(own, rows_.recipient_parts);
  }
  [[nodiscard]] std::vector<double> of_providers(std::span<const double> own) const {
    return collected(own, rows_.provider_parts);
  }
  [[nodiscard]] std::vector<std::int64_t> degrees(const std::vector<Index>& own,
                                                  std::span<const RankPart> parts) const {
    const std::vector<double> all = collected(std::vector<double>(own.begin(), own.end()), parts);
    return {all.begin(), all.end()};
  }
  [[nodiscard]] std::vector<std::int64_t> provider_degrees() const {
    return degrees(rows_.own.provider_degree, rows_.provider_parts);
  }
  [[nodiscard]] std::vector<std::int64_t> recipient_degrees() const {
    if (rows_.own.agent_network) return {};
    return degrees(rows_.own.recipient_degree, rows_.recipient_parts);
  }

 private:
  [[nodiscard]] std::vector<double> collected(std::span<const double> own,
                                              std::span<const RankPart> parts) const {
    std::vector<double> all(ranks_.first() ? parts.back().first + parts.back().count : 0);
    ranks_.collect(own, all, parts);
    return all;
  }

  Communicator& ranks_;
  const RankRows& rows_;
};

AgentRows agent_rows(const FinalRows& final_rows, const RoundSolver& solver,
                     std::span<const double> need, std::span<const double> capacity) {
  AgentRows rows;
  rows.need = final_rows.of_recipients(need);
  rows.satisfied = final_rows.of_recipients(solver.satisfied());
  rows.damping = final_rows.of_recipients(solver.damping());
  rows.residual.resize(rows.need.size());
  for (std::size_t r = 0; r < rows.need.size(); ++r) {
    rows.residual[r] = std::max(0.0, rows.need[r] - rows.satisfied[r]);
  }
  rows.capacity = final_rows.of_providers(capacity);
  rows.capacity_left = final_rows.of_providers(solver.available());
  return rows;
}

/// Runs the need types of the point one after the other.
class RankRun {
 public:
  RankRun(const Sweep& sweep, Communicator& ranks, RankRows& rows, Threads threads,
          const PointObserver& observer)
      : sweep_(sweep),
        ranks_(ranks),
        rows_(rows),
        threads_(threads),
        observer_(observer),
        peers_(ranks, rows, threads),
        optimum_(ranks, rows, sweep),
        final_rows_(ranks, rows) {}

  OutcomeBatch run(RankLoad& load) {
    const Point point = sweep_.point(0);
    const Amounts amounts = own_amounts(ranks_, sweep_, point, rows_, peers_);
    batch_.points = {0};
    batch_.seconds = {0.0};
    if (sweep_.traces) batch_.traces.resize(amounts.types());
    if (sweep_.agents) size_agents(amounts.types());
    const double before = peers_.seconds();
    RoundSolver solver(rows_.own, point.settings.round, threads_, &peers_);
    for (std::size_t type = 0; type < amounts.types(); ++type) {
      run_type(point.settings.round, amounts, type, solver, load);
    }
    load.exchange_seconds = peers_.seconds() - before;
    return std::move(batch_);
  }

 private:
  void size_agents(std::size_t types) {
    AgentRows& all = batch_.agents.emplace_back();
    const auto recipients = ranks_.first() ? static_cast<std::size_t>(rows_.recipients) : 0;
    const auto providers = ranks_.first() ? static_cast<std::size_t>(rows_.providers) : 0;
    for (auto* column : {&all.need, &all.satisfied, &all.damping, &all.residual}) {
      column->resize(recipients * types);
    }
    for (auto* column : {&all.capacity, &all.capacity_left}) column->resize(providers * types);
    all.provider_degree = final_rows_.provider_degrees();
    all.recipient_degree = final_rows_.recipient_degrees();
  }

  Optimum optimum_of(const Amounts& own, std::size_t type) {
    const std::vector<double> need = final_rows_.of_recipients(own.need[type]);
    return optimum_.of(need, final_rows_.of_providers(own.capacity[type]));
  }

  void run_type(const RoundSettings& settings, const Amounts& amounts, std::size_t type,
                RoundSolver& solver, RankLoad& load) {
    RoundObserver each_round;
    if (sweep_.traces || observer_) {
      each_round = [&](const RoundSolver& now) {
        if (sweep_.traces) batch_.traces[type].push_back(now.trace_row());
        if (observer_) observer_({type, 0, amounts.need[type]}, now);
      };
    }
    const auto started = Clock::now();
    const RunReport report = solver.run(amounts.need[type], amounts.capacity[type], each_round);
    load.round_seconds += seconds_since(started);
    Outcome outcome = outcome_from(report, rows_.own);
    outcome.network_mean_degree = rows_.mean_degree();
    if (report.status != Status::failed) {
      outcome.satisfaction =
          measure_on_ranks(ranks_, rows_.recipient_parts, amounts.need[type], solver.satisfied(),
                           solver.over(), report.wasted, settings.tolerance, threads_);
      put_optimum(optimum_.wanted() ? optimum_of(amounts, type) : Optimum{}, settings.settlement,
                  outcome);
    }
    const std::string trouble = trouble_of(outcome);
    if (!trouble.empty()) batch_.messages = {trouble};
    batch_.outcomes.push_back(outcome);
    if (!sweep_.agents) return;
    interleave(agent_rows(final_rows_, solver, amounts.need[type], amounts.capacity[type]), type,
               amounts.types(), batch_.agents[0]);
  }

  const Sweep& sweep_;
  Communicator& ranks_;
  RankRows& rows_;
  Threads threads_;
  const PointObserver& observer_;
  RankPeers peers_;
  RankOptimum optimum_;
  FinalRows final_rows_;
  OutcomeBatch batch_;
};

OutcomeBatch run_in_parts(const Sweep& sweep, Communicator& ranks, const ObserverFor& observer_for,
                          const NetworkObserver& network_observer, RankLoad& load) {
  RankRows rows = rows_of_rank(ranks, sweep, sweep.point(0), Threads::all, network_observer);
  load.providers = static_cast<std::int64_t>(rows.own.providers());
  load.entries = rows.own.provider_rows.entries();
  load.seen = static_cast<std::int64_t>(rows.recipients_seen->received());
  load.gets_all = rows.recipients_seen->gets_all();
  const bool large = load.entries >= kEntriesForThreads;
  const PointObserver observer = observer_for ? observer_for(rows.own) : PointObserver{};
  const auto started = Clock::now();
  OutcomeBatch outcome =
      RankRun(sweep, ranks, rows, large ? Threads::all : Threads::one, observer).run(load);
  outcome.seconds = {seconds_since(started)};
  return outcome;
}

}  // namespace

OutcomeBatch run_on_ranks(const Sweep& sweep, Communicator& ranks, int threads,
                          const ObserverFor& observer_for, const NetworkObserver& network_observer,
                          RankLoad& load) {
  OutcomeBatch outcome;
  run_in_arena(threads, [&] {
    try {
      outcome = run_in_parts(sweep, ranks, observer_for, network_observer, load);
    } catch (const InvalidPoint& problem) {  // all ranks have found it, or none
      outcome = unsolved(sweep, 0, Status::invalid, problem.what());
    }
  });
  return outcome;
}

}  // namespace needflow
