// LaneRounds against RoundSolver, bit for bit: a run in a lane ends as it does alone, whatever runs
// beside it, whenever it came, on any SIMD target and any number of threads.
#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "solver/network.hpp"
#include "tests/solver/instances.hpp"
#include "tests/solver/lane_jobs.hpp"

using namespace needflow;
using namespace needflow::test;
using needflow::tests::ForcedTarget;
using needflow::tests::ManyThreads;
using needflow::tests::Numbers;

namespace {

constexpr Cap kCaps[] = {Cap::none, Cap::active_need};

/// A partial mesh; with `bounded`, D of all sizes on its edges, the same for both ends.
Recognition mesh(std::int64_t agents, std::int64_t neighbors, bool bounded = false) {
  NetworkSettings settings;
  settings.agents = agents;
  settings.neighbors = neighbors;
  Recognition made = recognise(build_network(settings, 5, 0), {}, 5, 0, Threads::one);
  if (!bounded) return made;
  const CsrView rows = made.by_provider();
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (const Index j : rows.row(i).columns) {
      const std::size_t pair = i + static_cast<std::size_t>(j);
      made.provider_rows.desire.push_back(pair % 5 == 0 ? 0.0
                                                        : 7.0 * static_cast<double>(pair % 31));
    }
  }
  return made;
}

/// A batch of each width, filled at once, by and by, and in some lanes only.
void check_all_widths(const Recognition& recognition, const std::vector<Job>& jobs) {
  const std::vector<Ending> alone = all_alone(recognition, jobs);
  CHECK(first_difference<1>(recognition, jobs, alone) == "");
  CHECK(first_difference<8>(recognition, jobs, alone) == "");
  CHECK(first_difference<8>(recognition, jobs, alone, {5, 3}) == "");
  CHECK(first_difference<16>(recognition, jobs, alone) == "");
  CHECK(first_difference<16>(recognition, jobs, alone, {11, 2}) == "");
}

Job job_of(SettlementKind settlement, std::vector<double> need, std::vector<double> capacity) {
  Job job;
  job.settings.settlement = settlement;
  job.need = std::move(need);
  job.capacity = std::move(capacity);
  return job;
}

}  // namespace

TEST_CASE("runs of all kinds on bipartite instances end in lanes as they end alone") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const bool bounded = seed % 2 == 1;
    const Recognition recognition = RandomInstance(seed, bounded).recognition();
    Numbers numbers(seed);
    CAPTURE(seed);
    check_all_widths(recognition, any_jobs(numbers, 37, recognition, kCaps[seed / 2 % 2], 60));
  }
}

TEST_CASE("runs of all kinds on agent networks end in lanes as they end alone") {
  for (const bool bounded : {false, true}) {
    for (const Cap cap : kCaps) {
      for (const std::int64_t agents : {30, 65, 600}) {
        const Recognition recognition = mesh(agents, 8, bounded);
        Numbers numbers(static_cast<std::uint64_t>(agents));
        CAPTURE(bounded);
        CAPTURE(agents);
        check_all_widths(recognition, any_jobs(numbers, 37, recognition, cap, 40));
      }
    }
  }
}

TEST_CASE("lanes end as runs alone on every SIMD target") {
  const Recognition recognitions[] = {mesh(100, 10), mesh(100, 10, true),
                                      RandomInstance(4, true).recognition()};
  for (const Recognition& recognition : recognitions) {
    for (const Cap cap : kCaps) {
      Numbers numbers(70);
      const std::vector<Job> jobs = any_jobs(numbers, 30, recognition, cap, 30);
      const std::vector<Ending> alone = all_alone(recognition, jobs);  // on the best target
      for (const std::string& target : usable_simd_targets()) {
        const ForcedTarget forced(target);
        CAPTURE(target);
        CHECK(first_difference<1>(recognition, jobs, alone) == "");
        CHECK(first_difference<8>(recognition, jobs, alone, {0, 2}) == "");
        CHECK(first_difference<16>(recognition, jobs, alone, {0, 2}) == "");
      }
    }
  }
}

TEST_CASE("results do not depend on the size of the arena") {
  const Recognition recognitions[] = {mesh(1500, 6), mesh(1500, 6, true)};
  const ManyThreads many(8);
  for (const Recognition& recognition : recognitions) {
    for (const Cap cap : kCaps) {
      Numbers numbers(71);
      const std::vector<Job> jobs = any_jobs(numbers, 18, recognition, cap, 25);
      const std::vector<Ending> alone = all_alone(recognition, jobs);
      for (const int size : {1, 2, 3, 8}) {
        CAPTURE(size);
        oneapi::tbb::task_arena arena(size);
        arena.execute([&] {
          CHECK(first_difference<1>(recognition, jobs, alone, {}, Threads::all) == "");
          CHECK(first_difference<8>(recognition, jobs, alone, {}, Threads::all) == "");
          CHECK(first_difference<16>(recognition, jobs, alone, {}, Threads::all) == "");
        });
      }
    }
  }
}

TEST_CASE("literal reallocation to the round limit stays the same in lanes, rounding and all") {
  const Recognition recognition = mesh(100, 20);
  Numbers numbers(72);
  std::vector<Job> jobs = any_jobs(numbers, 20, recognition, Cap::none, 200);
  for (Job& job : jobs) {
    job.settings = {};
    job.settings.settlement = SettlementKind::reallocate;
    job.settings.stop = StopRule::needs;
  }
  const std::vector<Ending> alone = all_alone(recognition, jobs);
  std::int64_t longest = 0;
  for (const Ending& ending : alone) longest = std::max(longest, ending.report.rounds);
  CHECK(longest == 200);
  check_all_widths(recognition, jobs);
}

TEST_CASE("cycles of two and of ten are found in the lanes where they are") {
  const Recognition recognition = bipartite({{1.0, 0.5}});
  Job ten = job_of(SettlementKind::reallocate, {80.0, 10.0}, {60.0});
  Job two = job_of(SettlementKind::reallocate, {90.0, 10.0}, {200.0});
  two.settings.damping = DampingKind::none;
  const Job met = job_of(SettlementKind::stock, {5.0, 5.0}, {20.0});
  const std::vector<Job> jobs{ten, met, two, met, two, ten, ten, met, two, two, ten};
  for (const std::size_t gap : {1, 2, 3, 5}) {
    CAPTURE(gap);
    const std::vector<Ending> endings = run_in_lanes<8>(recognition, jobs, {0, gap});
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      const bool swings = jobs[i].settings.settlement == SettlementKind::reallocate;
      CHECK(endings[i].report.status == (swings ? Status::cycle : Status::needs_met));
      const std::int64_t period = jobs[i].need[0] == 80.0 ? 10 : 2;
      CHECK(endings[i].report.cycle_period == (swings ? period : -1));
    }
  }
  check_all_widths(recognition, jobs);
}

TEST_CASE("numbers that overflow in one lane leave the others alone") {
  const Recognition recognition = bipartite({{1e-300, 0.5}, {0.4, 0.3}});
  for (const SettlementKind settlement :
       {SettlementKind::stock, SettlementKind::stream, SettlementKind::reallocate}) {
    const Job failing = job_of(settlement, {1e-10, 0.0}, {1e10, 1.0});
    std::vector<Job> jobs;
    Numbers numbers(73);
    for (int i = 0; i < 30; ++i) {
      jobs.push_back(i % 4 == 1 ? failing : any_jobs(numbers, 1, recognition, Cap::none, 30)[0]);
    }
    const std::vector<Ending> endings = run_in_lanes<8>(recognition, jobs);
    for (std::size_t i = 1; i < jobs.size(); i += 4) {
      CHECK(endings[i].report.status == Status::failed);
    }
    // What is left of a run that failed has no meaning; all others are as they are alone.
    const std::vector<Ending> wider = run_in_lanes<16>(recognition, jobs, {9, 3});
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (i % 4 == 1) continue;
      const Ending alone = run_alone(recognition, jobs[i]);
      CAPTURE(i);
      CHECK(difference(endings[i], alone) == "");
      CHECK(difference(wider[i], alone) == "");
    }
  }
}

TEST_CASE("a claim that damping makes nothing is no message in a lane either") {
  const Recognition recognition = bipartite({{1.0, 0.5}, {0.25, 1.0}});
  Job job = job_of(SettlementKind::stream, {5e-324, 10.0}, {3.0, 0.0});
  job.settings.damping = DampingKind::constant;
  job.settings.damping_factor = 0.25;  // 5e-324 / 4 rounds to 0
  job.settings.max_rounds = 1;
  CHECK(run_alone(recognition, job).report.messages.allocated == 1);
  CHECK(run_in_lanes<8>(recognition, {job})[0].report.messages.allocated == 1);
  job.capacity = {3.0, 1.0};
  CHECK(run_alone(recognition, job).report.messages.allocated == 2);
  CHECK(run_in_lanes<8>(recognition, {job})[0].report.messages.allocated == 2);
}

TEST_CASE("a lane that is not started is never busy, and an empty batch has nothing to do") {
  const Recognition recognition = mesh(20, 4);
  LaneRounds<8> rounds(recognition, {}, Threads::one);
  CHECK_FALSE(rounds.any_busy());
  const std::vector<double> amounts(20, 5.0);
  RoundSettings settings;
  settings.settlement = SettlementKind::reallocate;
  settings.stop = StopRule::needs;
  rounds.start(3, settings, amounts, amounts, 0.5);
  for (int round = 0; round < 5; ++round) {
    for (std::size_t l = 0; l < 8; ++l) CHECK(rounds.busy(l) == (l == 3));
    rounds.round();
    CHECK(rounds.report(3).rounds == round + 1);
    for (std::size_t l = 0; l < 8; ++l) {
      if (l == 3) continue;
      CHECK(rounds.satisfied()[7][l] == 0.0);
      CHECK(rounds.scale().at(7, l) == 0.0);
    }
  }
}

TEST_CASE("nobody there is a batch of runs whose needs are met") {
  const Recognition nobody = bipartite({});
  const std::vector<Job> jobs(19, job_of(SettlementKind::stock, {}, {}));
  for (const Ending& ending : run_in_lanes<16>(nobody, jobs)) {
    CHECK(ending.report.status == Status::needs_met);
    CHECK(ending.report.rounds == 1);
  }
}

TEST_CASE("what each recipient received can be kept for every lane") {
  const Recognition recognition = bipartite({{0.6, 0.4}, {0.3, 0.7}});
  LaneRounds<8> rounds(recognition, {}, Threads::one);
  RoundSettings settings;
  settings.settlement = SettlementKind::reallocate;
  rounds.keep_received();
  const std::vector<double> need{500.0, 300.0};
  const std::vector<double> capacity{400.0, 300.0};
  const std::vector<double> half{200.0, 150.0};
  rounds.start(5, settings, need, capacity);
  rounds.start(2, settings, need, half, 2.0);
  rounds.round();
  for (const std::size_t lane : {2, 5}) {
    CHECK(rounds.received()[0][lane] == doctest::Approx(2000.0 / 7.0 + 125.0).epsilon(1e-14));
    CHECK(rounds.received()[1][lane] == doctest::Approx(800.0 / 7.0 + 175.0).epsilon(1e-14));
  }
}

TEST_CASE("what a plan reserves for a batch bounds what it holds, and not by much") {
  const Recognition recognition = mesh(1500, 6);
  Numbers numbers(74);
  const auto check = [&]<int L>(const std::vector<Job>& jobs) {
    LaneRounds<L> rounds(recognition, traits_of(jobs), Threads::one);
    for (std::size_t l = 0; l < L; ++l) {
      const Job& job = jobs[l];
      rounds.start(l, job.settings, job.need, job.capacity, 0.5);
    }
    for (int round = 0; round < 5; ++round) rounds.round();  // long enough for a saved state
    const std::size_t planned =
        round_state_bytes(recognition.providers(), recognition.recipients(), L, traits_of(jobs));
    CAPTURE(L);
    CHECK(rounds.bytes() <= planned);
    CHECK(10 * rounds.bytes() >= 7 * planned);  // a run keeps a history of its own depth
  };
  for (const SettlementKind settlement :
       {SettlementKind::stock, SettlementKind::stream, SettlementKind::reallocate}) {
    std::vector<Job> jobs = any_jobs(numbers, 16, recognition, Cap::none, 100);
    for (Job& job : jobs) {
      job.settings.settlement = settlement;
      job.settings.stop = StopRule::needs;
      job.settings.tolerance = 0.0;
      job.settings.max_rounds = 100;
    }
    check.template operator()<1>(jobs);
    check.template operator()<8>(jobs);
    check.template operator()<16>(jobs);
  }
}

TEST_CASE("a run recurs in a lane exactly where it does alone, whatever its neighbours mix") {
  // Two providers meet half of the need less 2δ in every round, so round 2 ends 4δ below it and
  // round 3, where each brings 4δ, as much above: x and over differ by 0.8e-9, y by 1.6e-9. Of
  // these y is no part of the state where ω = 1.
  const Recognition recognition = bipartite({{1.0}, {1.0}});
  constexpr double kDelta = 0.2e-9;
  Job recurs = job_of(SettlementKind::stream, {1.0}, {0.25 - kDelta, 0.25 - kDelta});
  recurs.settings.cap = Cap::active_need;
  recurs.settings.tolerance = 0.0;
  recurs.settings.stop = StopRule::needs;
  recurs.settings.damping = DampingKind::none;
  Job relaxes = job_of(SettlementKind::reallocate, {1.0}, {0.1, 0.2});
  relaxes.settings.cap = Cap::active_need;
  relaxes.settings.relaxation = 0.5;
  const Ending alone = run_alone(recognition, recurs);
  CHECK(alone.report.status == Status::stable);
  CHECK(alone.report.cycle_period == 1);
  CHECK(alone.report.rounds == 3);
  CHECK(difference(run_in_lanes<8>(recognition, {relaxes, recurs})[1], alone) == "");
}

namespace {

/// A run's weights on a network, other ones each way, as rows of its own and as its lane's part of
/// what lanes read.
template <int L>
struct OwnWeights {
  std::vector<Recognition> alone;
  std::vector<double> by_provider, by_recipient;  ///< entries × L

  OwnWeights(const Recognition& network, Numbers& numbers) {
    const auto entries = static_cast<std::size_t>(network.provider_rows.entries());
    by_provider.resize(entries * L);
    by_recipient.resize(entries * L);
    for (std::size_t l = 0; l < L; ++l) {
      Recognition own = network;
      own.agent_network = false;
      own.recipient_degree = network.provider_degree;
      for (double& weight : own.provider_rows.weights) weight *= numbers.unit();
      own.recipient_rows_if_bipartite = transposed(own.provider_rows);
      for (std::size_t e = 0; e < entries; ++e) {
        by_provider[e * L + l] = own.provider_rows.weights[e];
        by_recipient[e * L + l] = own.recipient_rows_if_bipartite.weights[e];
      }
      alone.push_back(std::move(own));
    }
  }
};

}  // namespace

TEST_CASE("lanes with weights and claims of their own end as runs alone with them") {
  const Recognition network = mesh(150, 8);
  Numbers numbers(91);
  const auto check = [&]<int L>(Cap cap) {
    const OwnWeights<L> weights(network, numbers);
    const std::vector<Job> jobs = any_jobs(numbers, L, network, cap, 60);
    std::vector<std::vector<double>> claims(L);
    LaneRounds<L> rounds(network, traits_of(jobs), Threads::one);
    rounds.set_weights({weights.by_provider, weights.by_recipient});
    for (std::size_t l = 0; l < L; ++l) {
      const Job& job = jobs[l];
      for (std::size_t r = 0; r < 150 && l % 4 != 3; ++r) {  // every fourth lane tells the truth
        claims[l].push_back(r % 7 == 0 ? 0.0 : 1.0 + numbers.unit());
      }
      rounds.start(l, job.settings, job.need, job.capacity, job.capacity_factor, claims[l]);
    }
    std::vector<Ending> endings(L);
    std::vector<std::vector<std::uint8_t>> has_received(L);
    std::vector<bool> ended(L, false);
    while (rounds.any_busy()) {
      rounds.round();
      for (std::size_t l = 0; l < L; ++l) {
        if (ended[l] || rounds.busy(l)) continue;
        ended[l] = true;
        endings[l] = ending_of<L>(rounds, l);
        for (std::size_t r = 0; r < 150; ++r) {
          has_received[l].push_back(rounds.has_received()[r][l]);
        }
      }
    }
    for (std::size_t l = 0; l < L; ++l) {
      CAPTURE(l);
      LaneRounds<1> alone(weights.alone[l], BatchTraits::of(jobs[l].settings), Threads::one);
      alone.start(0, jobs[l].settings, jobs[l].need, jobs[l].capacity, jobs[l].capacity_factor,
                  claims[l]);
      while (alone.any_busy()) alone.round();
      CHECK(difference(endings[l], ending_of<1>(alone, 0)) == "");
      for (std::size_t r = 0; r < 150 && !claims[l].empty(); ++r) {
        CHECK(has_received[l][r] == alone.has_received()[r][0]);
      }
    }
  };
  for (const Cap cap : kCaps) {
    check.template operator()<8>(cap);
    check.template operator()<16>(cap);
  }
}
