// Runs whose claims, factors and returned shares are stored in 32 bits ([solver] state): the same
// bits in any lane, on any SIMD target and number of threads, and what the rounding does to the
// accounts.
#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "solver/network.hpp"
#include "solver/population.hpp"
#include "tests/solver/instances.hpp"
#include "tests/solver/lane_jobs.hpp"

using namespace needflow;
using namespace needflow::test;
using needflow::tests::ForcedTarget;
using needflow::tests::ManyThreads;
using needflow::tests::Numbers;

namespace {

constexpr Cap kCaps[] = {Cap::none, Cap::active_need};

Recognition mesh(std::int64_t agents, std::int64_t neighbors) {
  NetworkSettings settings;
  settings.agents = agents;
  settings.neighbors = neighbors;
  return recognise(build_network(settings, 5, 0), {}, 5, 0, Threads::one);
}

std::vector<Job> narrow_jobs(Numbers& numbers, std::size_t count, const Recognition& recognition,
                             Cap cap, std::int64_t most_rounds) {
  std::vector<Job> jobs = any_jobs(numbers, count, recognition, cap, most_rounds);
  for (Job& job : jobs) job.settings.state = StatePrecision::f32;
  return jobs;
}

void check_widths(const Recognition& recognition, const std::vector<Job>& jobs,
                  const std::vector<Ending>& alone, Threads threads = Threads::one) {
  CHECK(first_difference<1>(recognition, jobs, alone, {}, threads) == "");
  CHECK(first_difference<8>(recognition, jobs, alone, {5, 3}, threads) == "");
  CHECK(first_difference<16>(recognition, jobs, alone, {}, threads) == "");
}

double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Runs of one settlement with supply from scarce to ample.
std::vector<Job> plain_jobs(const Recognition& recognition, SettlementKind settlement, Cap cap) {
  std::vector<Job> jobs;
  for (const double supply : {0.3, 0.8, 1.0, 1.3, 3.0}) {
    PopulationSettings population;
    Amounts amounts = draw_population(population, recognition.providers(), 11, 0,
                                      static_cast<std::uint32_t>(jobs.size()));
    apply_supply_ratio(amounts, supply);
    Job job;
    job.settings.settlement = settlement;
    job.settings.cap = cap;
    job.need = amounts.need[0];
    job.capacity = amounts.capacity[0];
    jobs.push_back(job);
  }
  return jobs;
}

Ending stored(const Recognition& recognition, Job job, StatePrecision state) {
  job.settings.state = state;
  return run_alone(recognition, job);
}

}  // namespace

TEST_CASE("stored in 32 bits, runs of all kinds end in lanes as they end alone") {
  for (std::uint32_t seed = 0; seed < 24; ++seed) {
    const Recognition recognition = RandomInstance(seed, seed % 2 == 1).recognition();
    Numbers numbers(seed);
    CAPTURE(seed);
    const auto jobs = narrow_jobs(numbers, 37, recognition, kCaps[seed / 2 % 2], 60);
    check_widths(recognition, jobs, all_alone(recognition, jobs));
  }
}

TEST_CASE("stored in 32 bits, runs end the same on every SIMD target") {
  const Recognition recognitions[] = {mesh(100, 10), RandomInstance(4, true).recognition()};
  for (const Recognition& recognition : recognitions) {
    for (const Cap cap : kCaps) {
      Numbers numbers(80);
      const auto jobs = narrow_jobs(numbers, 30, recognition, cap, 30);
      const std::vector<Ending> alone = all_alone(recognition, jobs);
      for (const std::string& target : usable_simd_targets()) {
        const ForcedTarget forced(target);
        CAPTURE(target);
        check_widths(recognition, jobs, alone);
      }
    }
  }
}

TEST_CASE("stored in 32 bits, runs end the same in any arena") {
  const Recognition recognition = mesh(1500, 6);
  const ManyThreads many(4);
  Numbers numbers(81);
  const auto jobs = narrow_jobs(numbers, 18, recognition, Cap::none, 25);
  const std::vector<Ending> alone = all_alone(recognition, jobs);
  for (const int size : {1, 2, 4}) {
    oneapi::tbb::task_arena arena(size);
    arena.execute([&] { check_widths(recognition, jobs, alone, Threads::all); });
  }
}

TEST_CASE("stored in 32 bits, a provider gives its stock within 2^-24 of it, round by round") {
  const Recognition recognition = mesh(300, 12);
  double worst = 0.0;
  for (Job job : plain_jobs(recognition, SettlementKind::reallocate, Cap::none)) {
    job.settings.state = StatePrecision::f32;
    job.settings.max_rounds = 20;
    RoundSolver solver(recognition, job.settings, Threads::one);
    (void)solver.run(job.need, job.capacity, [&](const RoundSolver& now) {
      for (std::size_t p = 0; p < recognition.providers(); ++p) {
        if (!(now.denominator()[p] > 0.0)) continue;
        const CsrRow row = recognition.by_provider().row(p);
        double given = 0.0;
        for (std::size_t j = 0; j < row.columns.size(); ++j) {
          const auto r = static_cast<std::size_t>(row.columns[j]);
          given += now.scale()[p] * (row.weights[j] * now.ledger().active[r][0]);
        }
        if (job.capacity[p] == 0.0) {
          CHECK(given == 0.0);
          continue;
        }
        worst = std::max(worst, std::abs(given / job.capacity[p] - 1.0));
      }
    });
  }
  CHECK(worst <= 0x1p-24 * (1.0 + 1e-6));
  CHECK(worst > 0x1p-26);  // and it is rounded at all
}

TEST_CASE(
    "stored in 32 bits, what `stock` gives, keeps and wastes is the capacity within 2^-23 a "
    "round") {
  const Recognition recognition = mesh(300, 12);
  double worst = 0.0;
  for (const Cap cap : kCaps) {
    for (const bool back : {true, false}) {
      for (Job job : plain_jobs(recognition, SettlementKind::stock, cap)) {
        job.settings.return_surplus = back;
        const double capacity = sum_of(job.capacity);
        for (const StatePrecision state : {StatePrecision::f64, StatePrecision::f32}) {
          const Ending end = stored(recognition, job, state);
          const double found = sum_of(end.satisfied) + sum_of(end.available) + end.report.wasted;
          const double off = std::abs(found / capacity - 1.0);
          CAPTURE(back);
          if (state == StatePrecision::f64) {
            CHECK(off < 1e-12);
          } else {
            CHECK(off <= static_cast<double>(end.report.rounds) * 0x1p-23);
            worst = std::max(worst, off);
          }
        }
      }
    }
  }
  CHECK(worst > 1e-11);  // the bound is not met by chance
}

TEST_CASE("stored in 32 bits, `stock` and `stream` end as they do in 64, needs met within 1e-7") {
  const Recognition recognition = mesh(1000, 20);
  int rounded = 0;
  for (const SettlementKind settlement : {SettlementKind::stock, SettlementKind::stream}) {
    for (const Job& job : plain_jobs(recognition, settlement, Cap::none)) {
      const Ending wide = stored(recognition, job, StatePrecision::f64);
      const Ending narrow = stored(recognition, job, StatePrecision::f32);
      CHECK(narrow.report.status == wide.report.status);
      CHECK(narrow.report.rounds == wide.report.rounds);
      const double need = sum_of(job.need);
      CHECK(std::abs(sum_of(narrow.satisfied) - sum_of(wide.satisfied)) <= 1e-7 * need);
      if (tests::first_difference(narrow.satisfied, wide.satisfied) != tests::kNone) ++rounded;
    }
  }
  CHECK(rounded > 0);  // where supply is scarce; a need that is met is met exactly
}

TEST_CASE("what no float can hold fails in every lane as it fails alone") {
  const Recognition recognition = bipartite({{1.0, 0.5}, {0.4, 0.3}});
  Job failing;  // d_p is 1e-30, so s_p is 1e40: a double, but no float
  failing.settings.settlement = SettlementKind::stream;
  failing.need = {1e-30, 0.0};
  failing.capacity = {1e10, 0.0};
  CHECK(run_alone(recognition, failing).report.status != Status::failed);
  failing.settings.state = StatePrecision::f32;
  CHECK(run_alone(recognition, failing).report.status == Status::failed);
  for (const Ending& ending : run_in_lanes<8>(recognition, {failing, failing, failing})) {
    CHECK(ending.report.status == Status::failed);
  }
  for (const Ending& ending : run_in_lanes<16>(recognition, {failing, failing})) {
    CHECK(ending.report.status == Status::failed);
  }
}

TEST_CASE(
    "what a plan reserves for a batch of floats bounds what it holds, and is less than in 64 "
    "bits") {
  const Recognition recognition = mesh(1500, 6);
  Numbers numbers(84);
  auto jobs = narrow_jobs(numbers, 16, recognition, Cap::none, 60);
  for (Job& job : jobs) job.settings.max_rounds = 60;
  LaneRounds<16> rounds(recognition, traits_of(jobs), Threads::one);
  for (std::size_t l = 0; l < 16; ++l) {
    rounds.start(l, jobs[l].settings, jobs[l].need, jobs[l].capacity, 0.5);
  }
  for (int round = 0; round < 5; ++round) rounds.round();
  const std::size_t planned =
      round_state_bytes(recognition.providers(), recognition.recipients(), 16, traits_of(jobs));
  CHECK(rounds.bytes() <= planned);
  BatchTraits wide = traits_of(jobs);
  CHECK(wide.stock);
  wide.state = StatePrecision::f64;
  // Two of recipients, one of providers, and in `stock` what goes back.
  CHECK(round_state_bytes(1500, 1500, 16, wide) - planned == 4U * 16U * 1500U * 4U);
}
