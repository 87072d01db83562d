// Runs for LaneRounds to take in, and how each of them ends: in a lane of a batch, or alone.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "solver/lane_rounds.hpp"
#include "solver/rounds.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace needflow::test {

/// One run: what LaneRounds::start() is given.
struct Job {
  RoundSettings settings;
  std::vector<double> need;
  std::vector<double> capacity;
  double capacity_factor = 1.0;
};

/// All that a run leaves behind.
struct Ending {
  RunReport report;
  double total_over = 0.0;
  std::vector<double> satisfied, damping, over, available, denominator, scale;
};

/// What differs, bit for bit; empty if nothing does.
inline std::string difference(const Ending& a, const Ending& b) {
  if (a.report.status != b.report.status) {
    return std::string("status ") + status_name(a.report.status) + " and " +
           status_name(b.report.status);
  }
  if (a.report.rounds != b.report.rounds) return "rounds";
  if (a.report.cycle_period != b.report.cycle_period) return "cycle period";
  if (!tests::same_bits(a.report.wasted, b.report.wasted)) return "wasted";
  if (a.report.messages.published != b.report.messages.published) return "published";
  if (a.report.messages.read != b.report.messages.read) return "read";
  if (a.report.messages.allocated != b.report.messages.allocated) return "allocated";
  if (!tests::same_bits(a.total_over, b.total_over)) return "total over";
  const auto differ = [](const std::vector<double>& x, const std::vector<double>& y) {
    return tests::first_difference(x, y) != tests::kNone;
  };
  if (differ(a.satisfied, b.satisfied)) return "x";
  if (differ(a.damping, b.damping)) return "f";
  if (differ(a.over, b.over)) return "over";
  if (differ(a.available, b.available)) return "A";
  if (differ(a.denominator, b.denominator)) return "d";
  return differ(a.scale, b.scale) ? "s" : "";
}

template <int L>
std::vector<double> column(StoredSpan<const double, L> values, std::size_t lane) {
  std::vector<double> of_lane(values.rows());
  for (std::size_t i = 0; i < of_lane.size(); ++i) of_lane[i] = values.at(i, lane);
  return of_lane;
}

template <int L>
Ending ending_of(const LaneRounds<L>& rounds, std::size_t lane) {
  return {rounds.report(lane),
          rounds.total_over(lane),
          column<L>(rounds.satisfied(), lane),
          column<L>(rounds.damping(), lane),
          column<L>(rounds.over(), lane),
          column<L>(rounds.available(), lane),
          column<L>(rounds.denominator(), lane),
          column<L>(rounds.scale(), lane)};
}

/// A run by RoundSolver, on capacities multiplied beforehand.
inline Ending run_alone(const Recognition& recognition, const Job& job) {
  std::vector<double> capacity = job.capacity;
  for (double& amount : capacity) amount *= job.capacity_factor;
  RoundSolver solver(recognition, job.settings, Threads::one);
  Ending ending;
  ending.report = solver.run(job.need, capacity, [&ending](const RoundSolver& now) {
    ending.total_over = now.trace_row().over;
  });
  const auto copy = [](std::span<const double> from) {
    return std::vector<double>(from.begin(), from.end());
  };
  ending.satisfied = copy(solver.satisfied());
  ending.damping = copy(solver.damping());
  ending.over = copy(solver.over());
  ending.available = copy(solver.available());
  ending.denominator = copy(solver.denominator());
  ending.scale = copy(solver.scale());
  return ending;
}

/// How a batch takes in its jobs.
struct Filling {
  std::size_t lanes = 0;  ///< lanes in use from the last one down, 0 for all; the others stay empty
  std::size_t gap = 1;    ///< a lane is filled in rounds t with (t + lane) mod gap = 0
};

inline BatchTraits traits_of(const std::vector<Job>& jobs) {
  BatchTraits traits = BatchTraits::of(jobs.front().settings);
  for (const Job& job : jobs) traits.include(job.settings);
  return traits;
}

/// Runs all jobs in the lanes of one LaneRounds, a job in a lane that is free; each ending is taken
/// at the end of its run, while others go on.
template <int L>
std::vector<Ending> run_in_lanes(const Recognition& recognition, const std::vector<Job>& jobs,
                                 const Filling& filling = {}, Threads threads = Threads::one) {
  LaneRounds<L> rounds(recognition, traits_of(jobs), threads);
  std::vector<Ending> endings(jobs.size());
  constexpr std::size_t kFree = static_cast<std::size_t>(-1);
  std::vector<std::size_t> running(L, kFree);
  const std::size_t lanes = filling.lanes == 0 ? L : filling.lanes;
  std::size_t next = 0;
  std::size_t ended = 0;
  for (std::size_t round = 0; ended < jobs.size(); ++round) {
    for (std::size_t lane = L - lanes; lane < L && next < jobs.size(); ++lane) {
      if (running[lane] != kFree || (round + lane) % filling.gap != 0) continue;
      const Job& job = jobs[next];
      rounds.start(lane, job.settings, job.need, job.capacity, job.capacity_factor);
      running[lane] = next++;
    }
    if (!rounds.any_busy()) continue;
    rounds.round();
    for (std::size_t lane = 0; lane < L; ++lane) {
      if (running[lane] == kFree || rounds.busy(lane)) continue;
      endings[std::exchange(running[lane], kFree)] = ending_of<L>(rounds, lane);
      ++ended;
    }
  }
  return endings;
}

/// The first job that ends otherwise in a batch than alone, and how; empty if none does.
template <int L>
std::string first_difference(const Recognition& recognition, const std::vector<Job>& jobs,
                             const std::vector<Ending>& alone, const Filling& filling = {},
                             Threads threads = Threads::one) {
  const std::vector<Ending> found = run_in_lanes<L>(recognition, jobs, filling, threads);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::string differs = difference(found[i], alone[i]);
    if (!differs.empty()) return "job " + std::to_string(i) + ": " + differs;
  }
  return "";
}

inline std::vector<Ending> all_alone(const Recognition& recognition, const std::vector<Job>& jobs) {
  std::vector<Ending> endings;
  for (const Job& job : jobs) endings.push_back(run_alone(recognition, job));
  return endings;
}

/// Settings drawn one by one; the cap is the batch's.
inline RoundSettings any_settings(tests::Numbers& numbers, Cap cap, std::int64_t most_rounds) {
  constexpr SettlementKind kSettlements[] = {SettlementKind::stock, SettlementKind::stream,
                                             SettlementKind::reallocate};
  constexpr DampingKind kDampings[] = {DampingKind::adaptive, DampingKind::none,
                                       DampingKind::constant};
  constexpr StopRule kStops[] = {StopRule::needs, StopRule::denominators, StopRule::either};
  constexpr double kTolerances[] = {0.0, 1e-6, 0.01, 0.2};
  constexpr double kRelaxations[] = {1.0, 0.9, 0.5, 0.1};
  const std::int64_t limits[] = {1, 2, 5, most_rounds};
  RoundSettings settings;
  settings.settlement = kSettlements[numbers.below(3)];
  settings.damping = kDampings[numbers.below(3)];
  settings.damping_factor = 1.0 - 0.7 * numbers.unit();
  settings.cap = cap;
  settings.tolerance = kTolerances[numbers.below(4)];
  settings.stop = kStops[numbers.below(3)];
  settings.max_rounds = limits[std::min<std::size_t>(3, numbers.below(8))];
  settings.return_surplus = numbers.below(3) != 0;
  settings.relaxation = kRelaxations[numbers.below(4)];
  if (numbers.below(4) == 0) settings.acceleration = Acceleration::anderson;
  settings.acceleration_depth = static_cast<std::int64_t>(1 + numbers.below(4));
  return settings;
}

/// Runs of all kinds: amounts of which every fifth is 0, now and then all of them; scarce or ample.
inline std::vector<Job> any_jobs(tests::Numbers& numbers, std::size_t count,
                                 const Recognition& recognition, Cap cap,
                                 std::int64_t most_rounds) {
  constexpr double kSupplies[] = {0.1, 0.8, 1.0, 1.3, 4.0};
  std::vector<Job> jobs(count);
  for (Job& job : jobs) {
    job.settings = any_settings(numbers, cap, most_rounds);
    job.need = numbers.amounts(recognition.recipients());
    job.capacity = numbers.amounts(recognition.providers());
    const double supply = kSupplies[numbers.below(5)];
    for (double& amount : job.capacity) amount *= supply;
    if (numbers.below(12) == 0) job.need.assign(job.need.size(), 0.0);
    if (numbers.below(12) == 0) job.capacity.assign(job.capacity.size(), 0.0);
    if (numbers.below(3) == 0) job.capacity_factor = 0.25 + numbers.unit();
  }
  return jobs;
}

}  // namespace needflow::test
