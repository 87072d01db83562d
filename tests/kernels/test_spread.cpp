// M3's figures in lanes (kernels/spread.hpp): bits against the plain twin on awkward sizes, on
// every SIMD target and in every lane, and figures worked out by hand.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "kernels/reference/spread.hpp"
#include "kernels/spread.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using tests::Numbers;

/// Sizes around vectors, blocks of 512 rows and the ends of the two sorting networks.
constexpr std::size_t kSizes[] = {0,   1,   2,   3,   4,   5,   8,   9,   31,   63,   64,  65,
                                  100, 127, 128, 129, 511, 512, 513, 999, 1000, 1001, 1025};

/// One run's final state.
struct Run {
  std::vector<double> need, satisfied, over;
  double wasted = 0.0;
  double tolerance = 0.01;
};

enum class Kind { mixed, ties, none, nothing_got, all_met, descending, one_recipient };
constexpr Kind kKinds[] = {Kind::mixed,   Kind::ties,       Kind::none,         Kind::nothing_got,
                           Kind::all_met, Kind::descending, Kind::one_recipient};

double share_of(Kind kind, Numbers& numbers, std::size_t r, std::size_t rows) {
  const double shares[] = {0.0, 0.25, 0.5, 0.98, 0.99, 1.0};
  switch (kind) {
    case Kind::ties:
      return shares[numbers.below(6)];
    case Kind::none:
    case Kind::nothing_got:
      return 0.0;
    case Kind::all_met:
      return 1.0;
    case Kind::descending:
      return 1.0 - static_cast<double>(r) / static_cast<double>(rows);
    case Kind::mixed:
    case Kind::one_recipient:
      break;
  }
  return numbers.below(4) == 0 ? shares[numbers.below(6)] : numbers.unit();
}

Run random_run(Kind kind, std::size_t rows, Numbers& numbers) {
  Run run;
  const std::size_t only = rows == 0 ? 0 : numbers.below(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    const bool without = kind == Kind::none || (kind == Kind::one_recipient && r != only);
    const double need = without ? 0.0 : numbers.amount();
    run.need.push_back(need);
    run.satisfied.push_back(need * share_of(kind, numbers, r, rows));
    run.over.push_back(numbers.below(3) == 0 ? numbers.amount() : 0.0);
  }
  run.wasted = numbers.amount();
  run.tolerance = numbers.below(2) == 0 ? 0.01 : 0.2;
  return run;
}

/// Empty if two results have the same bits, else the first figure that differs.
std::string difference(const Satisfaction& a, const Satisfaction& b) {
  struct Figure {
    const char* name;
    double first, second;
  };
  const Figure figures[] = {{"satisfied_fraction", a.satisfied_fraction, b.satisfied_fraction},
                            {"fully_met_fraction", a.fully_met_fraction, b.fully_met_fraction},
                            {"over_fraction", a.over_fraction, b.over_fraction},
                            {"wasted_fraction", a.wasted_fraction, b.wasted_fraction},
                            {"residual_l1", a.residual_l1, b.residual_l1},
                            {"residual_max", a.residual_max, b.residual_max},
                            {"jain_index", a.jain_index, b.jain_index},
                            {"gini", a.gini, b.gini},
                            {"satisfaction_min", a.satisfaction_min, b.satisfaction_min},
                            {"satisfaction_p05", a.satisfaction_p05, b.satisfaction_p05}};
  for (const auto& [name, first, second] : figures) {
    if (!tests::same_bits(first, second)) return name;
  }
  return "";
}

/// L runs of one size side by side.
template <int L>
class Batch {
 public:
  explicit Batch(std::size_t rows) : need_(rows * L), satisfied_(rows * L), over_(rows * L) {}

  void set(std::size_t lane, const Run& run) {
    for (std::size_t r = 0; r < run.need.size(); ++r) {
      need_[r * L + lane] = run.need[r];
      satisfied_[r * L + lane] = run.satisfied[r];
      over_[r * L + lane] = run.over[r];
    }
    wasted_[lane] = run.wasted;
    tolerance_[lane] = run.tolerance;
  }
  [[nodiscard]] FinalStates<L> states() const {
    using Lanes = LaneSpan<const double, L>;
    return {Lanes(need_), Lanes(satisfied_), Lanes(over_), wasted_, tolerance_};
  }
  [[nodiscard]] std::array<Satisfaction, L> measured(SpreadWorkspace& workspace,
                                                     Threads threads = Threads::one) const {
    std::array<Satisfaction, L> result;
    measure_spread<L>(states(), workspace, std::span(result), threads);
    return result;
  }

 private:
  std::vector<double> need_, satisfied_, over_;
  std::array<double, L> wasted_{}, tolerance_{};
};

Satisfaction measured_alone(const Run& run) {
  Batch<1> batch(run.need.size());
  batch.set(0, run);
  SpreadWorkspace workspace;
  return batch.measured(workspace)[0];
}

template <int L>
void check_against_twin(SpreadWorkspace& workspace) {
  for (const std::size_t rows : kSizes) {
    Numbers numbers(70 + rows);
    for (std::size_t turn = 0; turn < (L == 1 ? std::size(kKinds) : 2); ++turn) {
      Batch<L> batch(rows);
      for (std::size_t l = 0; l < L; ++l) {
        batch.set(l, random_run(kKinds[(l + turn) % std::size(kKinds)], rows, numbers));
      }
      std::array<Satisfaction, L> expected;
      reference::measure_spread<L>(batch.states(), std::span(expected));
      for (const Threads threads : {Threads::one, Threads::all}) {
        const auto actual = batch.measured(workspace, threads);
        for (std::size_t l = 0; l < L; ++l) {
          CAPTURE(L);
          CAPTURE(rows);
          CAPTURE(l);
          CAPTURE(turn);
          CHECK(difference(actual[l], expected[l]) == "");
        }
      }
    }
  }
}

/// The figures of a run taken in parts of so many blocks, each part in memory of its own.
Satisfaction measured_in_parts(const Run& run, std::size_t blocks) {
  using Lanes = LaneSpan<const double, 1>;
  const std::size_t rows = run.need.size();
  SpreadParts parts(rows);
  std::vector<double> all;
  for (std::size_t first = 0; first < rows; first += blocks * kRowBlock) {
    const std::size_t count = std::min(rows - first, blocks * kRowBlock);
    const auto part = [&](const std::vector<double>& values) {
      return Lanes(std::span(values).subspan(first, count));
    };
    std::vector<double> shares(count + 3, -1.0);
    parts.put_amounts(
        {part(run.need), part(run.satisfied), part(run.over), {run.wasted}, {run.tolerance}}, first,
        shares, Threads::one);
    all.insert(all.end(), shares.begin(), shares.end() - 3);
  }
  SpreadParts::sort(all);
  for (std::size_t first = 0; first < rows; first += blocks * kRowBlock) {
    const std::size_t count = std::min(rows - first, blocks * kRowBlock);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
    std::vector<double> part(begin, begin + static_cast<std::ptrdiff_t>(count));
    part.resize(count + 3, -1.0);
    parts.put_sorted(part, count, first, Threads::one);
  }
  const auto counted = static_cast<std::size_t>(parts.count());
  if (counted == 0) return parts.figures(run.wasted, -1.0, -1.0);
  return parts.figures(run.wasted, all[0], all[(counted - 1) / 20]);
}

Run run_of(std::vector<double> need, std::vector<double> satisfied) {
  std::vector<double> over(need.size(), 0.0);
  return {std::move(need), std::move(satisfied), std::move(over), 0.0, 0.01};
}

}  // namespace

TEST_CASE(
    "The figures agree with their twin bit for bit for every size, width, target and thread") {
  const tests::ManyThreads limit(4);
  SpreadWorkspace workspace;  // one for all sizes: what an earlier call left must not matter
  for (const std::string& target : usable_simd_targets()) {
    const tests::ForcedTarget forced(target);
    REQUIRE(forced.usable());
    CAPTURE(target);
    check_against_twin<1>(workspace);
    check_against_twin<8>(workspace);
    check_against_twin<16>(workspace);
  }
}

TEST_CASE("A run whose recipients are in several memories has the figures of its twin") {
  for (const std::string& target : usable_simd_targets()) {
    const tests::ForcedTarget forced(target);
    CAPTURE(target);
    for (const std::size_t rows : kSizes) {
      Numbers numbers(75 + rows);
      for (const Kind kind : kKinds) {
        const Run run = random_run(kind, rows, numbers);
        const Satisfaction expected =
            reference::spread_of(run.need, run.satisfied, run.over, run.wasted, run.tolerance);
        CAPTURE(rows);
        CHECK(difference(measured_in_parts(run, 1), expected) == "");
        CHECK(difference(measured_in_parts(run, 2), expected) == "");
      }
    }
  }
}

TEST_CASE("A run has the same figures in every lane, whatever its neighbours are") {
  for (const std::size_t rows : {7, 100, 600, 1030}) {
    Numbers numbers(80);
    const Run run = random_run(Kind::mixed, rows, numbers);
    const Satisfaction alone = measured_alone(run);
    SpreadWorkspace workspace;
    for (std::size_t lane = 0; lane < 16; ++lane) {
      CAPTURE(rows);
      CAPTURE(lane);
      Batch<16> wide(rows);
      Batch<8> narrow(rows);
      for (std::size_t l = 0; l < 16; ++l) {
        const Run other = random_run(kKinds[(l + lane) % std::size(kKinds)], rows, numbers);
        wide.set(l, l == lane ? run : other);
        narrow.set(l % 8, l % 8 == lane % 8 ? run : other);
      }
      CHECK(difference(wide.measured(workspace)[lane], alone) == "");
      CHECK(difference(narrow.measured(workspace)[lane % 8], alone) == "");
    }
  }
}

TEST_CASE("A lane that is not in use is harmless and reports a run without need") {
  Numbers numbers(90);
  const Run run = random_run(Kind::ties, 100, numbers);
  Batch<16> batch(100);
  batch.set(5, run);
  SpreadWorkspace workspace;
  const auto figures = batch.measured(workspace);
  CHECK(difference(figures[5], measured_alone(run)) == "");
  for (const std::size_t unused : {0, 4, 6, 15}) {
    CHECK(figures[unused].satisfied_fraction == 1.0);
    CHECK(figures[unused].fully_met_fraction == 1.0);
    CHECK(figures[unused].wasted_fraction == 0.0);
    CHECK(figures[unused].residual_max == 0.0);
    CHECK(figures[unused].jain_index == 1.0);
    CHECK(figures[unused].gini == 0.0);
    CHECK(figures[unused].satisfaction_min == 1.0);
    CHECK(figures[unused].satisfaction_p05 == 1.0);
  }
}

TEST_CASE("Gini, Jain and P5 of small runs are those worked out by hand, in every width") {
  // q = 0, 1/2, 1: Jain (3/2)² / (3 · 5/4) = 3/5, Gini (−2·0 + 0·1/2 + 2·1) / (3 · 3/2) = 4/9.
  const Run three = run_of({2.0, 0.0, 2.0, 2.0}, {2.0, 0.0, 1.0, 0.0});
  // q = 1/4, 1/4, 1/4: no spread at all.
  const Run even = run_of({4.0, 8.0, 0.0, 40.0}, {1.0, 2.0, 0.0, 10.0});
  // q = 0, 1: Jain 1 / (2 · 1) = 1/2, Gini (−0 + 1·1) / (2 · 1) = 1/2.
  const Run two = run_of({0.0, 5.0, 3.0, 0.0}, {0.0, 5.0, 0.0, 0.0});
  Batch<16> batch(4);
  batch.set(1, three);
  batch.set(8, even);
  batch.set(15, two);
  SpreadWorkspace workspace;
  const auto figures = batch.measured(workspace);
  CHECK(figures[1].jain_index == doctest::Approx(0.6).epsilon(1e-15));
  CHECK(figures[1].gini == doctest::Approx(4.0 / 9.0).epsilon(1e-15));
  CHECK(figures[1].satisfied_fraction == 0.5);
  CHECK(figures[1].residual_l1 == 3.0);
  CHECK(figures[1].residual_max == 2.0);
  CHECK(figures[8].jain_index == 1.0);
  CHECK(figures[8].gini == 0.0);
  CHECK(figures[8].satisfaction_min == 0.25);
  CHECK(figures[15].jain_index == 0.5);
  CHECK(figures[15].gini == 0.5);
  CHECK(figures[15].fully_met_fraction == 0.5);
}

TEST_CASE("P5 is the sorted element (m - 1) / 20 in integers, m the recipients with a need") {
  for (const std::size_t m : {1U, 20U, 21U, 41U, 1021U, 2001U}) {
    Run run;
    for (std::size_t i = 0; i < m; ++i) {  // q = (m − 1 − i) / m, and as many without need between
      run.need.insert(run.need.end(), {1.0, 0.0});
      run.satisfied.insert(run.satisfied.end(),
                           {static_cast<double>(m - 1 - i) / static_cast<double>(m), 0.0});
    }
    run.over.assign(2 * m, 0.0);
    Batch<8> batch(2 * m);
    batch.set(3, run);
    SpreadWorkspace workspace;
    const double expected = static_cast<double>((m - 1) / 20) / static_cast<double>(m);
    CAPTURE(m);
    CHECK(batch.measured(workspace)[3].satisfaction_p05 == expected);
    CHECK(batch.measured(workspace)[3].satisfaction_min == 0.0);
    CHECK(measured_alone(run).satisfaction_p05 == expected);
  }
}

TEST_CASE("Each lane has its own waste and tolerance") {
  Run strict = run_of({100.0, 100.0}, {99.0, 98.0});
  Run lax = strict;
  strict.wasted = 50.0;
  lax.tolerance = 0.02;
  Batch<8> batch(2);
  batch.set(0, strict);
  batch.set(7, lax);
  SpreadWorkspace workspace;
  const auto figures = batch.measured(workspace);
  CHECK(figures[0].fully_met_fraction == 0.5);
  CHECK(figures[7].fully_met_fraction == 1.0);
  CHECK(figures[0].wasted_fraction == 0.25);
  CHECK(figures[7].wasted_fraction == 0.0);
}
