// M2 against itself: the worked rounds to the digit, what it conserves, what it is invariant under.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "tests/solver/instances.hpp"

using namespace needflow;
using namespace needflow::test;

namespace {

constexpr std::uint32_t kInstances = 60;
constexpr SettlementKind kSettlements[] = {SettlementKind::stock, SettlementKind::stream,
                                           SettlementKind::reallocate};

double sum(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Equal in the three decimals that the seed prints.
bool to_the_digit(double found, double printed) { return std::abs(found - printed) <= 5.001e-4; }

RoundSettings settling(SettlementKind settlement, std::int64_t max_rounds = 12) {
  RoundSettings settings;
  settings.settlement = settlement;
  settings.max_rounds = max_rounds;
  return settings;
}

/// An observer that only makes the solver keep what is kept for observers.
void look(const RoundSolver&) {}

/// Every round's x, by running with the observer.
std::vector<std::vector<double>> satisfied_by_round(const Recognition& recognition,
                                                    const RoundSettings& settings,
                                                    const std::vector<double>& need,
                                                    const std::vector<double>& capacity,
                                                    RunReport& report) {
  std::vector<std::vector<double>> rounds;
  RoundSolver solver(recognition, settings, Threads::one);
  report = solver.run(need, capacity, [&rounds](const RoundSolver& now) {
    rounds.emplace_back(now.satisfied().begin(), now.satisfied().end());
  });
  return rounds;
}

}  // namespace

TEST_CASE("the seed's worked round comes out to the digit") {
  for (const SettlementKind settlement : {SettlementKind::stock, SettlementKind::stream}) {
    const Recognition recognition = bipartite({{0.6}, {0.4}});
    const std::vector<double> need{500.0};
    const std::vector<double> capacity{300.0, 400.0};
    RoundSolver solver(recognition, settling(settlement), Threads::one);
    const RunReport report = solver.run(need, capacity, [](const RoundSolver& now) {
      if (now.round() == 1) {
        CHECK(now.ledger().active[0][0] == 500.0);
        CHECK(now.published_residual()[0] == 500.0);
        CHECK(now.denominator()[0] == 300.0);
        CHECK(now.denominator()[1] == 200.0);
        CHECK(now.scale()[0] * 0.6 * 500.0 == doctest::Approx(300.0).epsilon(1e-15));
        CHECK(now.scale()[1] * 0.4 * 500.0 == doctest::Approx(400.0).epsilon(1e-15));
        CHECK(now.received()[0] == doctest::Approx(700.0).epsilon(1e-15));
        CHECK(now.satisfied()[0] == 500.0);
        CHECK(now.over()[0] == doctest::Approx(200.0).epsilon(1e-14));
        CHECK(now.damping()[0] == 0.8);
        CHECK(!now.converged(0));
      } else {
        CHECK(now.published_residual()[0] == 0.0);
        CHECK(now.received()[0] == 0.0);
        CHECK(now.converged(0));
      }
    });
    CHECK(report.rounds == 2);
    CHECK(report.status == Status::needs_met);
  }
}

TEST_CASE("the second worked round comes out to the digit, and its reallocation too") {
  const Recognition recognition = bipartite({{0.6, 0.4}, {0.3, 0.7}});
  const std::vector<double> need{500.0, 300.0};
  const std::vector<double> capacity{400.0, 300.0};
  RoundSolver solver(recognition, settling(SettlementKind::reallocate, 2), Threads::one);
  const auto allocation = [](const RoundSolver& now, std::size_t p, double mr, std::size_t r) {
    return now.scale()[p] * mr * now.ledger().active[r][0];
  };
  (void)solver.run(need, capacity, [&](const RoundSolver& now) {
    if (now.round() == 1) {
      CHECK(to_the_digit(now.denominator()[0], 420.0));
      CHECK(to_the_digit(now.denominator()[1], 360.0));
      CHECK(to_the_digit(allocation(now, 0, 0.6, 0), 285.714));
      CHECK(to_the_digit(allocation(now, 0, 0.4, 1), 114.286));
      CHECK(to_the_digit(allocation(now, 1, 0.3, 0), 125.0));
      CHECK(to_the_digit(allocation(now, 1, 0.7, 1), 175.0));
      CHECK(to_the_digit(now.received()[0], 410.714));
      CHECK(to_the_digit(now.received()[1], 289.286));
    } else {
      CHECK(to_the_digit(allocation(now, 0, 0.6, 0), 370.370));
      CHECK(to_the_digit(allocation(now, 0, 0.4, 1), 29.630));
      CHECK(to_the_digit(allocation(now, 1, 0.3, 0), 234.375));
      CHECK(to_the_digit(allocation(now, 1, 0.7, 1), 65.625));
      CHECK(to_the_digit(now.received()[0], 604.745));
      CHECK(to_the_digit(now.received()[1], 95.255));
    }
  });
}

TEST_CASE("stock conserves capacity through every round: available, satisfied and wasted add up") {
  for (std::uint32_t seed = 0; seed < kInstances; ++seed) {
    const RandomInstance instance(seed, seed % 2 == 1);
    const Recognition recognition = instance.recognition();
    RoundSettings settings = settling(SettlementKind::stock, 40);
    settings.return_surplus = seed % 3 != 0;
    settings.cap = seed % 5 < 2 ? Cap::active_need : Cap::none;
    RoundSolver solver(recognition, settings, Threads::one);
    const double total = sum(instance.capacity);
    (void)solver.run(instance.need, instance.capacity, [&](const RoundSolver& now) {
      const double found = sum(now.available()) + sum(now.satisfied()) + now.wasted();
      CHECK(found == doctest::Approx(total).epsilon(1e-11));
    });
  }
}

TEST_CASE("without a cap a provider with somebody to serve allocates all it has") {
  for (std::uint32_t seed = 0; seed < kInstances; ++seed) {
    const RandomInstance instance(seed, seed % 2 == 0);
    const Recognition recognition = instance.recognition();
    RoundSolver solver(recognition, settling(SettlementKind::stream, 5), Threads::one);
    (void)solver.run(instance.need, instance.capacity, [&](const RoundSolver& now) {
      double able = 0.0;
      for (std::size_t p = 0; p < instance.capacity.size(); ++p) {
        if (now.denominator()[p] > 0.0) able += instance.capacity[p];
      }
      CHECK(sum(now.received()) == doctest::Approx(able).epsilon(1e-12));
    });
  }
}

TEST_CASE("under the cap nobody gets more from a provider than the active need it answers") {
  const Recognition recognition = bipartite({{1.0, 1.0}});
  RoundSettings settings = settling(SettlementKind::stream, 1);
  settings.cap = Cap::active_need;
  RoundSolver solver(recognition, settings, Threads::one);
  (void)solver.run(std::vector<double>{10.0, 30.0}, std::vector<double>{100.0}, look);
  CHECK(solver.received()[0] == 10.0);  // uncapped it would be 25
  CHECK(solver.received()[1] == 30.0);  // and 75
}

TEST_CASE("a finite desire bounds the claim of a round, not the delivery") {
  const Recognition recognition = bipartite({{1.0, 1.0}}, {{10.0, 30.0}});
  RoundSolver solver(recognition, settling(SettlementKind::stream, 1), Threads::one);
  (void)solver.run(std::vector<double>{90.0, 90.0}, std::vector<double>{80.0}, look);
  CHECK(solver.denominator()[0] == 40.0);
  CHECK(solver.received()[0] == doctest::Approx(20.0).epsilon(1e-15));
  CHECK(solver.received()[1] == doctest::Approx(60.0).epsilon(1e-15));
}

TEST_CASE("a uniform damping changes no amount where nothing bounds the claims") {
  for (std::uint32_t seed = 0; seed < kInstances; ++seed) {
    const RandomInstance instance(seed);
    const Recognition recognition = instance.recognition();
    for (const SettlementKind settlement : {SettlementKind::stock, SettlementKind::stream}) {
      RoundSettings settings = settling(settlement, 4);
      settings.stop = StopRule::needs;  // damping scales d, so test 2 may end runs in other rounds
      settings.damping = DampingKind::none;
      const auto plain = satisfied_after(recognition, settings, instance.need, instance.capacity);
      settings.damping = DampingKind::constant;
      settings.damping_factor = 0.37;
      const auto damped = satisfied_after(recognition, settings, instance.need, instance.capacity);
      for (std::size_t r = 0; r < plain.size(); ++r) {
        CHECK(damped[r] == doctest::Approx(plain[r]).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("a claim of 1 + b is worth recognition of 1 + b where nothing bounds the claims") {
  // The numerator is MR · claim, so a column of MR scaled and a claim scaled are the same round;
  // `reproduce rounds` tells the gain of exaggerating by the claim.
  constexpr double kBias = 0.5;
  for (std::uint32_t seed = 0; seed < kInstances; ++seed) {
    const RandomInstance instance(seed);
    const Recognition honest = instance.recognition();
    const std::size_t liar = seed % instance.need.size();
    std::vector<double> claims(instance.need.size(), 1.0);
    claims[liar] += kBias;
    CsrMatrix rows = honest.provider_rows;
    for (std::size_t e = 0; e < rows.columns.size(); ++e) {
      if (static_cast<std::size_t>(rows.columns[e]) == liar) rows.weights[e] *= 1.0 + kBias;
    }
    const Recognition believed = bipartite_recognition(std::move(rows));
    for (const SettlementKind settlement : {SettlementKind::stock, SettlementKind::stream}) {
      RoundSolver by_claim(honest, settling(settlement, 8), Threads::one);
      RoundSolver by_recognition(believed, settling(settlement, 8), Threads::one);
      const RunReport one = by_claim.run(instance.need, instance.capacity, {}, claims);
      const RunReport other = by_recognition.run(instance.need, instance.capacity);
      CHECK(one.rounds == other.rounds);
      for (std::size_t r = 0; r < instance.need.size(); ++r) {
        CHECK(std::abs(by_claim.satisfied()[r] - by_recognition.satisfied()[r]) <=
              1e-9 * instance.need[r]);
      }
    }
  }
}

TEST_CASE("permuting the agents permutes the results") {
  for (std::uint32_t seed = 0; seed < kInstances; ++seed) {
    RandomInstance instance(seed, true);
    const Recognition forward = instance.recognition();
    RandomInstance turned = instance;
    std::reverse(turned.need.begin(), turned.need.end());
    std::reverse(turned.capacity.begin(), turned.capacity.end());
    for (Table* table : {&turned.mr, &turned.desire}) {
      std::reverse(table->begin(), table->end());
      for (auto& row : *table) std::reverse(row.begin(), row.end());
    }
    const Recognition backward = turned.recognition();
    for (const SettlementKind settlement : kSettlements) {
      const auto a =
          satisfied_after(forward, settling(settlement, 6), instance.need, instance.capacity);
      auto b = satisfied_after(backward, settling(settlement, 6), turned.need, turned.capacity);
      std::reverse(b.begin(), b.end());
      for (std::size_t r = 0; r < a.size(); ++r) {
        CHECK(std::abs(a[r] - b[r]) <= 1e-9 * instance.need[r]);
      }
    }
  }
}

TEST_CASE("scaling needs, capacities and desires by a power of two scales amounts bit for bit") {
  for (std::uint32_t seed = 0; seed < kInstances; ++seed) {
    const RandomInstance instance(seed, true);
    RandomInstance large = instance;
    constexpr double kFactor = 1024.0;
    for (double& amount : large.need) amount *= kFactor;
    for (double& amount : large.capacity) amount *= kFactor;
    for (auto& row : large.desire) {
      for (double& desire : row) desire *= kFactor;
    }
    const Recognition small_rows = instance.recognition();
    const Recognition large_rows = large.recognition();
    for (const SettlementKind settlement : kSettlements) {
      const auto a =
          satisfied_after(small_rows, settling(settlement, 30), instance.need, instance.capacity);
      const auto b =
          satisfied_after(large_rows, settling(settlement, 30), large.need, large.capacity);
      for (std::size_t r = 0; r < a.size(); ++r) CHECK(kFactor * a[r] == b[r]);
    }
  }
}

TEST_CASE("a provider without capacity or a recipient without need changes nothing for others") {
  for (std::uint32_t seed = 0; seed < kInstances; ++seed) {
    const RandomInstance instance(seed);
    RandomInstance more = instance;
    for (auto& row : more.mr) row.push_back(0.8);
    more.need.push_back(0.0);
    more.mr.emplace_back(more.need.size(), 0.6);
    more.capacity.push_back(0.0);
    for (const SettlementKind settlement : kSettlements) {
      const auto a = satisfied_after(instance.recognition(), settling(settlement, 5), instance.need,
                                     instance.capacity);
      const auto b =
          satisfied_after(more.recognition(), settling(settlement, 5), more.need, more.capacity);
      for (std::size_t r = 0; r < a.size(); ++r) {
        CHECK(std::abs(a[r] - b[r]) <= 1e-9 * instance.need[r]);
      }
      CHECK(b.back() == 0.0);
    }
  }
}

TEST_CASE("surplus comes back to its providers in proportion to what each delivered") {
  const Recognition recognition = bipartite({{0.6}, {0.4}});
  RoundSolver solver(recognition, settling(SettlementKind::stock, 1), Threads::one);
  (void)solver.run(std::vector<double>{500.0}, std::vector<double>{300.0, 400.0});
  CHECK(solver.available()[0] == doctest::Approx(200.0 * 300.0 / 700.0).epsilon(1e-14));
  CHECK(solver.available()[1] == doctest::Approx(200.0 * 400.0 / 700.0).epsilon(1e-14));
}

TEST_CASE("surplus that is not returned is wasted") {
  const Recognition recognition = bipartite({{0.6}, {0.4}});
  RoundSettings settings = settling(SettlementKind::stock, 1);
  settings.return_surplus = false;
  RoundSolver solver(recognition, settings, Threads::one);
  const RunReport report =
      solver.run(std::vector<double>{500.0}, std::vector<double>{300.0, 400.0});
  CHECK(report.wasted == doctest::Approx(200.0).epsilon(1e-14));
  CHECK(solver.available()[0] == 0.0);
}

TEST_CASE("relaxation mixes the last allocation in from round 2 on, in reallocate only") {
  const Recognition recognition = bipartite({{0.6, 0.4}, {0.3, 0.7}});
  const std::vector<double> need{500.0, 300.0};
  const std::vector<double> capacity{400.0, 300.0};
  RoundSettings settings = settling(SettlementKind::reallocate, 2);
  settings.relaxation = 0.25;
  const auto x = satisfied_after(recognition, settings, need, capacity);
  const double y = 0.75 * (400.0 * 300.0 / 420.0 + 125.0) + 0.25 * 604.7453703703704;
  CHECK(x[0] == doctest::Approx(y).epsilon(1e-9));
  settings.settlement = SettlementKind::stream;
  RoundSettings plain = settings;
  plain.relaxation = 1.0;
  CHECK(satisfied_after(recognition, settings, need, capacity) ==
        satisfied_after(recognition, plain, need, capacity));
}

TEST_CASE("one provider with twice the need swings between all and nothing: a cycle of two") {
  // Round 1 meets every need, so round 2 publishes 0 and delivers 0, so round 3 is round 1 again.
  const Recognition recognition = bipartite({{0.5, 0.5}});
  RoundSettings settings = settling(SettlementKind::reallocate, 200);
  settings.damping = DampingKind::none;
  RoundSolver solver(recognition, settings, Threads::one);
  const RunReport report = solver.run(std::vector<double>{90.0, 10.0}, std::vector<double>{200.0});
  CHECK(report.status == Status::cycle);
  CHECK(report.cycle_period == 2);
  CHECK(report.rounds == 4);  // saved after round 2, met again after round 4
}

TEST_CASE("a cycle of ten is found with its own period, not a multiple or a part of it") {
  const Recognition recognition = bipartite({{1.0, 0.5}});
  RunReport report;
  const auto x = satisfied_by_round(recognition, settling(SettlementKind::reallocate, 200),
                                    {80.0, 10.0}, {60.0}, report);
  REQUIRE(report.status == Status::cycle);
  CHECK(report.cycle_period == 10);
  const auto same = [&x](std::size_t a, std::size_t b) {
    return std::abs(x[a][0] - x[b][0]) <= 8e-8 && std::abs(x[a][1] - x[b][1]) <= 1e-8;
  };
  const std::size_t last = x.size() - 1;
  CHECK(same(last, last - 10));
  for (std::size_t period = 1; period < 10; ++period) {
    bool repeats = true;
    for (std::size_t back = 0; back < 10; ++back) {
      repeats = repeats && same(last - back, last - back - period);
    }
    CHECK_FALSE(repeats);
  }
}

TEST_CASE("satisfaction that grows slowly under a constant denominator is not called stable") {
  // D = 1 keeps the denominator at 1 while each round brings 5 of 100: the seed's own rule would
  // stop after round 2 with 10 % satisfied.
  const Recognition recognition = bipartite({{1.0}}, {{1.0}});
  RoundSolver solver(recognition, settling(SettlementKind::stream, 200), Threads::one);
  const RunReport report = solver.run(std::vector<double>{100.0}, std::vector<double>{5.0});
  CHECK(report.status == Status::needs_met);
  CHECK(report.rounds == 20);
}

TEST_CASE("stop chooses which tests may end a run") {
  const Recognition recognition = bipartite({{1.0}});
  const std::vector<double> need{10.0};
  const std::vector<double> capacity{10.0};
  RoundSettings settings = settling(SettlementKind::stream, 50);
  const auto report = [&](StopRule stop) {
    settings.stop = stop;
    return RoundSolver(recognition, settings, Threads::one).run(need, capacity);
  };
  CHECK(report(StopRule::needs).rounds == 1);
  CHECK(report(StopRule::either).rounds == 1);
  const RunReport late = report(StopRule::denominators);  // d: 10, 0, 0
  CHECK(late.rounds == 3);
  CHECK(late.status == Status::stable);
  CHECK(late.cycle_period == -1);
}

TEST_CASE("needs that cannot be met end stable by recurrence when only needs may end a run") {
  const Recognition recognition = bipartite({{1.0}});
  RoundSettings settings = settling(SettlementKind::stock, 50);
  settings.stop = StopRule::needs;
  const RunReport report = RoundSolver(recognition, settings, Threads::one)
                               .run(std::vector<double>{10.0}, std::vector<double>{4.0});
  CHECK(report.status == Status::stable);
  CHECK(report.cycle_period == 1);
}

TEST_CASE("the round limit is kept") {
  const Recognition recognition = bipartite({{1.0}}, {{1.0}});
  const RunReport report =
      RoundSolver(recognition, settling(SettlementKind::stream, 7), Threads::one)
          .run(std::vector<double>{100.0}, std::vector<double>{5.0});
  CHECK(report.status == Status::round_limit);
  CHECK(report.rounds == 7);
}

TEST_CASE("nobody there is a run whose needs are met") {
  const Recognition nobody = bipartite({});
  const RunReport report =
      RoundSolver(nobody, settling(SettlementKind::stock), Threads::one).run({}, {});
  CHECK(report.status == Status::needs_met);
  CHECK(report.rounds == 1);
}

TEST_CASE("numbers that overflow end a run as failed, not as a value") {
  const Recognition recognition = bipartite({{1e-300}});
  const RunReport report = RoundSolver(recognition, settling(SettlementKind::stream), Threads::one)
                               .run(std::vector<double>{1e-10}, std::vector<double>{1e10});
  CHECK(report.status == Status::failed);
}

TEST_CASE("a solver used again gives the bits of a new one") {
  const RandomInstance instance(7, true);
  const Recognition recognition = instance.recognition();
  for (const SettlementKind settlement : kSettlements) {
    RoundSettings settings = settling(settlement, 30);
    settings.relaxation = 0.5;
    RoundSolver used(recognition, settings, Threads::one);
    std::vector<double> other = instance.need;
    std::reverse(other.begin(), other.end());
    (void)used.run(other, instance.capacity);
    const RunReport again = used.run(instance.need, instance.capacity);
    RoundSolver fresh(recognition, settings, Threads::one);
    const RunReport first = fresh.run(instance.need, instance.capacity);
    CHECK(again.rounds == first.rounds);
    CHECK(again.wasted == first.wasted);
    CHECK(std::equal(used.satisfied().begin(), used.satisfied().end(), fresh.satisfied().begin()));
  }
}

TEST_CASE("messages are counted by definition: R, P and the nonzero allocations of each round") {
  const Recognition recognition = bipartite({{0.6, 0.4}, {0.3, 0.0}});
  const RunReport report =
      RoundSolver(recognition, settling(SettlementKind::stream, 1), Threads::one)
          .run(std::vector<double>{5.0, 0.0}, std::vector<double>{1.0, 0.0});
  CHECK(report.messages.published == 2);
  CHECK(report.messages.read == 2);
  CHECK(report.messages.allocated == 1);  // from the provider with capacity to the one in need
}

TEST_CASE(
    "adaptive damping is 0.8 for two rounds and follows the three last over-allocations then") {
  // Nobody is ever over-allocated: the history rests at 0, so f is 1 from round 3 on.
  const Recognition recognition = bipartite({{1.0}}, {{1.0}});
  std::vector<double> factors;
  (void)RoundSolver(recognition, settling(SettlementKind::stream, 4), Threads::one)
      .run(std::vector<double>{100.0}, std::vector<double>{5.0},
           [&factors](const RoundSolver& now) { factors.push_back(now.damping()[0]); });
  CHECK(factors == std::vector<double>{0.8, 0.8, 1.0, 1.0});
}

TEST_CASE("stream wastes what every round brings beyond the need") {
  // Two providers with the whole need each; in round 1 the second half is over.
  const Recognition recognition = bipartite({{1.0, 0.0}, {1.0, 0.5}});
  double over = 0.0;
  RoundSolver solver(recognition, settling(SettlementKind::stream, 5), Threads::one);
  const RunReport report =
      solver.run(std::vector<double>{10.0, 20.0}, std::vector<double>{10.0, 10.0},
                 [&over](const RoundSolver& now) { over += sum(now.over()); });
  CHECK(over > 0.0);
  CHECK(report.wasted == doctest::Approx(over).epsilon(1e-14));
}

TEST_CASE("a trace row holds the round's own figures, worked out by hand") {
  // d_1: 60, 30, 10; the third provider has no capacity and does not count. Round 1 brings 40 + 20.
  const Recognition recognition = bipartite({{0.6, 0.0}, {0.0, 1.0}, {0.1, 0.0}});
  const std::vector<double> need{100.0, 30.0};
  const std::vector<double> capacity{40.0, 20.0, 0.0};
  std::vector<TraceRow> rows;
  (void)RoundSolver(recognition, settling(SettlementKind::stream, 2), Threads::one)
      .run(need, capacity, [&rows](const RoundSolver& now) { rows.push_back(now.trace_row()); });
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].residual_l1 == doctest::Approx(70.0));
  CHECK(rows[0].satisfied_fraction == doctest::Approx(60.0 / 130.0));
  CHECK(rows[0].over == 0.0);
  CHECK(rows[0].converged == 0);
  CHECK(std::isnan(rows[0].denominator_change));
  CHECK(rows[0].mean_damping == 0.8);
  CHECK(rows[0].active_providers == 2);
  // Round 2: d = 0.6 * 60 * 0.8 = 28.8 and 10 * 0.8 = 8; changes 31.2 / 60 and 22 / 30.
  CHECK(rows[1].denominator_change == doctest::Approx(22.0 / 30.0).epsilon(1e-12));
  CHECK(rows[1].residual_l1 == doctest::Approx(20.0));
  CHECK(rows[1].over == doctest::Approx(10.0));
}

TEST_CASE("a rest at or below 1e-12 of the capacity is dust: gone and wasted; a larger one stays") {
  // d = 500, so the second recipient receives twice its need and sends half of it back.
  const Recognition recognition = bipartite({{0.25, 1.0}});
  const std::vector<double> capacity{1000.0};
  const auto after_one_round = [&](double small_need) {
    RoundSolver solver(recognition, settling(SettlementKind::stock, 1), Threads::one);
    const RunReport report = solver.run(std::vector<double>{2000.0, small_need}, capacity);
    return std::pair(solver.available()[0], report.wasted);
  };
  const auto [dust_left, dust_wasted] = after_one_round(1e-10);
  CHECK(dust_left == 0.0);
  CHECK(dust_wasted == doctest::Approx(1e-10).epsilon(1e-6));
  const auto [left, wasted] = after_one_round(1e-8);
  CHECK(left == doctest::Approx(1e-8).epsilon(1e-6));
  CHECK(wasted == 0.0);
}

TEST_CASE("what a plan reserves for a run's state bounds what the solver holds, and not by much") {
  const RandomInstance instance(3, true);
  const Recognition recognition = instance.recognition();
  for (const SettlementKind settlement : kSettlements) {
    RoundSettings settings = settling(settlement, 9);  // long enough for a saved state
    settings.stop = StopRule::needs;
    settings.relaxation = 0.5;
    for (const Acceleration acceleration : {Acceleration::none, Acceleration::anderson}) {
      settings.acceleration = acceleration;
      RoundSolver solver(recognition, settings, Threads::one);
      (void)solver.run(instance.need, instance.capacity);
      const std::size_t planned = round_state_bytes(
          recognition.providers(), recognition.recipients(), 1, BatchTraits::of(settings));
      CHECK(solver.bytes() <= planned);
      CHECK(10 * solver.bytes() >= 7 * planned);
    }
  }
}
