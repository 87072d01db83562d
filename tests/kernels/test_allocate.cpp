// The sparse passes of a round (kernels/allocate.hpp, M2 phases 2 to 4): bits against the plain
// twins on awkward sizes for every SIMD target, lane width and thread choice; the worked rounds of
// M2 by hand fractions; dense and sparse Eigen; and the facts that M2 says tests can lean on.
#include <doctest/doctest.h>
#include <hwy/targets.h>
#include <oneapi/tbb/task_arena.h>

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/allocate.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

constexpr Cap kCaps[] = {Cap::none, Cap::active_need};

template <int L>
void check_against_twin(const Shape& shape, bool with_desire, Cap cap) {
  Numbers numbers(20 + shape.lengths.size());
  const CsrMatrix rows = tests::random_rows(numbers, shape.lengths, shape.columns, with_desire);
  const Inputs given = random_inputs<L>(numbers, rows);
  const Outputs expected = plain_passes<L>(rows, given, cap);
  for (const Threads threads : {Threads::one, Threads::all}) {
    CAPTURE(L);
    CAPTURE(shape.name);
    CAPTURE(with_desire);
    CHECK(difference(passes<L>(rows, given, cap, threads), expected) == "");
  }
}

/// A provider-major instance with both orders of its rows, and one round of it.
struct Round {
  CsrMatrix by_provider;
  CsrMatrix by_recipient;
  std::vector<double> active;
  std::vector<double> available;
  std::vector<double> denominator, scale, received;
  std::vector<std::int32_t> messages;

  Round(CsrMatrix provider_rows, std::vector<double> active_needs, std::vector<double> capacity)
      : by_provider(std::move(provider_rows)),
        by_recipient(transposed(by_provider)),
        active(std::move(active_needs)),
        available(std::move(capacity)),
        denominator(providers()),
        scale(providers()),
        received(recipients()),
        messages(recipients()) {}

  [[nodiscard]] std::size_t providers() const { return by_provider.rows(); }
  [[nodiscard]] std::size_t recipients() const { return by_provider.column_count; }
  [[nodiscard]] PublishedNeeds<1> ledger() const { return {in<1>(active)}; }

  void run(Cap cap = Cap::none) {
    compute_denominators<1>(by_provider.view(), ledger(), in<1>(available), out<1>(denominator),
                            out<1>(scale), Threads::one);
    gather_deliveries<1>(by_recipient.view(), ledger(), in<1>(scale), cap, out<1>(received),
                         LaneSpan<std::int32_t, 1>(messages), Threads::one);
  }

  struct Sums {
    std::vector<double> delivered, returned;
  };
  [[nodiscard]] Sums settle(const std::vector<double>& share, Cap cap = Cap::none) const {
    Sums sums{std::vector<double>(providers()), std::vector<double>(providers())};
    gather_settlements<1>(by_provider.view(), ledger(), in<1>(scale), in<1>(share), cap,
                          out<1>(sums.delivered), out<1>(sums.returned), Threads::one);
    return sums;
  }

  /// v_pr: what p gets back when r alone returns all that it received.
  [[nodiscard]] double allocation(std::size_t p, std::size_t r, Cap cap = Cap::none) const {
    std::vector<double> share(recipients(), 0.0);
    share[r] = 1.0;
    return settle(share, cap).returned[p];
  }
};

Round random_round(Numbers& numbers, std::size_t providers, std::size_t recipients,
                   bool with_desire) {
  std::vector<std::size_t> lengths(providers);
  for (std::size_t& length : lengths) length = numbers.below(recipients + 1);
  CsrMatrix rows = tests::random_rows(numbers, lengths, recipients, with_desire);
  std::vector<double> active = numbers.amounts(recipients);  // named: arguments have no order
  std::vector<double> available = numbers.amounts(providers);
  return Round(std::move(rows), std::move(active), std::move(available));
}

/// The round of M2 on dense matrices, D = ∞ where there is none, W = 0 where there is no edge.
struct Dense {
  Eigen::MatrixXd weight, claim, allocation;
  Eigen::VectorXd denominator;

  explicit Dense(const Round& round, Cap cap = Cap::none) {
    const auto rows = static_cast<Eigen::Index>(round.providers());
    const auto columns = static_cast<Eigen::Index>(round.recipients());
    weight.setZero(rows, columns);
    Eigen::MatrixXd desire = Eigen::MatrixXd::Constant(rows, columns, tests::kInfinity);
    for (std::size_t p = 0; p < round.providers(); ++p) {
      const CsrRow row = round.by_provider.view().row(p);
      for (std::size_t j = 0; j < row.columns.size(); ++j) {
        weight(static_cast<Eigen::Index>(p), row.columns[j]) = row.weights[j];
        if (!row.desire.empty()) {
          desire(static_cast<Eigen::Index>(p), row.columns[j]) = row.desire[j];
        }
      }
    }
    const Eigen::Map<const Eigen::RowVectorXd> active(round.active.data(), columns);
    const Eigen::Map<const Eigen::VectorXd> available(round.available.data(), rows);
    claim = desire.cwiseMin(active.replicate(rows, 1));
    const Eigen::MatrixXd numerator = weight.cwiseProduct(claim);
    denominator = numerator.rowwise().sum();
    const Eigen::VectorXd factor =
        (denominator.array() > 0.0)
            .select(available.array() / denominator.array(), Eigen::ArrayXd::Zero(rows));
    allocation = factor.asDiagonal() * numerator;
    if (cap == Cap::active_need) allocation = allocation.cwiseMin(claim);
  }
};

/// 4 ulp for each of the operations that a term of the longest chain goes through.
double allowed_ulps(const Round& round) {
  return 4.0 * static_cast<double>(std::max(round.providers(), round.recipients()) + 4);
}

double sum_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum;
}

/// Two providers with capacities 400 and 300, two recipients; M2's second worked round.
Round two_by_two(std::vector<double> active) {
  return Round(tests::csr_from(2, 2, {{0, 0, 0.6}, {0, 1, 0.4}, {1, 0, 0.3}, {1, 1, 0.7}}),
               std::move(active), {400.0, 300.0});
}

doctest::Approx about(double value) { return doctest::Approx(value).epsilon(1e-12); }

}  // namespace

TEST_CASE("The passes agree with their twins bit for bit on every SIMD target") {
  const std::vector<std::string> targets = usable_simd_targets();
  REQUIRE(!targets.empty());
  for (const std::string& target : targets) {
    const ForcedTarget forced(target);
    REQUIRE(forced.usable());
    CAPTURE(target);
    for (const Shape& shape : awkward_shapes()) {
      for (const bool with_desire : {false, true}) {
        for (const Cap cap : kCaps) {
          check_against_twin<1>(shape, with_desire, cap);
          check_against_twin<8>(shape, with_desire, cap);
        }
      }
    }
  }
}

TEST_CASE("Entry j of a row goes to partial sum j mod 4, and these are added in pairs") {
  // 2^53 + 1 is 2^53 (ties to even), so the 1 of entry 4 is lost beside entry 0, and that of entry
  // 1 in the first pair; the other pair makes 2. In order, or in blocks, all or none would be lost.
  constexpr double kBig = 0x1p53;
  const std::vector<double> amounts{kBig, 1.0, 1.0, 1.0, 1.0};
  const std::vector<double> ones(5, 1.0);
  std::vector<Triplet> entries;
  for (std::size_t c = 0; c < 5; ++c) entries.emplace_back(0, c, 1.0);
  const CsrMatrix row = tests::csr_from(1, 5, entries);
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const Cap cap : kCaps) {
      const double received = cap == Cap::none ? kBig + 2.0 : 5.0;  // the cap is the active need, 1
      const Outputs made =
          passes<1>(row, {{1.0}, {1.0}, amounts, amounts, ones}, cap, Threads::one);
      CHECK(made.denominator[0] == kBig + 2.0);
      CHECK(made.received[0] == received);
      CHECK(made.delivered[0] == kBig + 2.0);
      CHECK(made.returned[0] == kBig + 2.0);
    }
  }
}

TEST_CASE("A row sum multiplies and adds with one rounding") {
  // Entries 0 and 4 share a partial sum. (1 - 2^-30)(1 + 2^-30) = 1 - 2^-60 would round to 1, and
  // (2^53 + 2) + 1 is a tie that goes up to 2^53 + 4; with one rounding it stays below the tie.
  const double weight = 1.0 - 0x1p-30;
  const double amount = 1.0 + 0x1p-30;
  const std::vector<double> amounts{0x1p53 + 2.0, 0.0, 0.0, 0.0, amount};
  const CsrMatrix row =
      tests::csr_from(1, 5, {{0, 0, 1.0}, {0, 1, 1.0}, {0, 2, 1.0}, {0, 3, 1.0}, {0, 4, weight}});
  const std::vector<double> ones(5, 1.0);
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    const Outputs made =
        passes<1>(row, {{1.0}, {1.0}, amounts, amounts, ones}, Cap::none, Threads::one);
    CHECK(made.denominator[0] == 0x1p53 + 2.0);
    CHECK(made.received[0] == 0x1p53 + 2.0);
  }
}

TEST_CASE("The passes do not depend on the size of the arena") {
  Numbers numbers(21);
  const CsrMatrix rows = tests::random_rows(numbers, cycling(5000, 12), 300, true);
  const Inputs given = random_inputs<8>(numbers, rows);
  const Outputs expected = passes<8>(rows, given, Cap::active_need, Threads::one);
  const tests::ManyThreads many(8);
  for (const int size : {1, 2, 3, 8}) {
    oneapi::tbb::task_arena arena(size);
    CAPTURE(size);
    CHECK(arena.execute([&] {
      return difference(passes<8>(rows, given, Cap::active_need, Threads::all), expected);
    }) == "");
  }
}

TEST_CASE("A lane of a batch is the run of that lane alone, whatever its neighbours hold") {
  Numbers numbers(22);
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const bool with_desire : {false, true}) {
      const CsrMatrix rows = tests::random_rows(numbers, cycling(60, 10), 30, with_desire);
      const Inputs batch = random_inputs<8>(numbers, rows);
      for (const Cap cap : kCaps) {
        const Outputs together = passes<8>(rows, batch, cap, Threads::one);
        for (std::size_t l = 0; l < 8; ++l) {
          const Outputs alone = passes<1>(rows, lane_of(batch, l), cap, Threads::one);
          CAPTURE(l);
          CHECK(difference(lane_of(together, l, rows.rows()), alone) == "");
          for (const double poison : {tests::kNan, tests::kInfinity, 0.0}) {
            const Outputs beside = passes<8>(rows, alone_in(batch, l, poison), cap, Threads::one);
            CAPTURE(poison);
            CHECK(difference(lane_of(beside, l, rows.rows()), alone) == "");
          }
        }
      }
    }
  }
}

TEST_CASE("The first worked round of M2: 300 and 400 reach a need of 500") {
  Round round(tests::csr_from(2, 1, {{0, 0, 0.6}, {1, 0, 0.4}}), {500.0}, {300.0, 400.0});
  round.run();
  CHECK(round.denominator[0] == about(300.0));
  CHECK(round.denominator[1] == about(200.0));
  CHECK(round.scale[0] == about(1.0));
  CHECK(round.scale[1] == about(2.0));
  CHECK(round.allocation(0, 0) == about(300.0));
  CHECK(round.allocation(1, 0) == about(400.0));
  CHECK(round.received[0] == about(700.0));
  CHECK(round.messages[0] == 2);
  // Over 200 of 700: provider p gets back v_pr over / received.
  const Round::Sums sums = round.settle({200.0 / 700.0});
  CHECK(sums.delivered[0] == about(300.0));
  CHECK(sums.delivered[1] == about(400.0));
  CHECK(sums.returned[0] == about(300.0 * 200.0 / 700.0));
  CHECK(sums.returned[1] == about(400.0 * 200.0 / 700.0));
}

TEST_CASE("The second worked round of M2: 420 and 360 share 400 and 300 among two") {
  Round round = two_by_two({500.0, 300.0});
  round.run();
  CHECK(round.denominator[0] == about(420.0));
  CHECK(round.denominator[1] == about(360.0));
  // 400 · 300 / 420 and 400 · 120 / 420.
  CHECK(round.allocation(0, 0) == about(2000.0 / 7.0));
  CHECK(round.allocation(0, 1) == about(800.0 / 7.0));
  CHECK(round.allocation(1, 0) == about(125.0));
  CHECK(round.allocation(1, 1) == about(175.0));
  CHECK(round.received[0] == about(2000.0 / 7.0 + 125.0));
  CHECK(round.received[1] == about(800.0 / 7.0 + 175.0));
}

TEST_CASE("The second worked round goes on as M2 says when it is reallocated") {
  // Residuals 500 − 410.714 = 625/7 and 300 − 289.286 = 75/7, both damped by 0.8.
  Round round = two_by_two({0.8 * 625.0 / 7.0, 0.8 * 75.0 / 7.0});
  round.run();
  CHECK(round.allocation(0, 0) == about(400.0 * 375.0 / 405.0));  // 370.370
  CHECK(round.allocation(0, 1) == about(400.0 * 30.0 / 405.0));   // 29.630
  CHECK(round.allocation(1, 0) == about(234.375));
  CHECK(round.allocation(1, 1) == about(65.625));
  CHECK(round.received[0] == about(400.0 * 375.0 / 405.0 + 234.375));  // 604.745
  CHECK(round.received[1] == about(400.0 * 30.0 / 405.0 + 65.625));    // 95.255
}

TEST_CASE("Desire bounds the claim, and the delivery only under the cap") {
  // Claims min(4, 10) = 4 and min(∞, 6) = 6; d = 1·4 + 0.5·6 = 7; s = 70/7 = 10; v = 40 and 30.
  CsrMatrix rows = tests::csr_from(1, 2, {{0, 0, 1.0}, {0, 1, 0.5}});
  rows.desire = {4.0, tests::kInfinity};
  Round round(rows, {10.0, 6.0}, {70.0});
  round.run();
  CHECK(round.denominator[0] == 7.0);
  CHECK(round.scale[0] == 10.0);
  CHECK(round.received[0] == 40.0);
  CHECK(round.received[1] == 30.0);
  CHECK(round.settle({0.5, 0.0}).delivered[0] == 70.0);
  CHECK(round.settle({0.5, 0.0}).returned[0] == 20.0);
  round.run(Cap::active_need);
  CHECK(round.denominator[0] == 7.0);
  CHECK(round.received[0] == 4.0);
  CHECK(round.received[1] == 6.0);
  CHECK(round.settle({0.5, 1.0}, Cap::active_need).delivered[0] == 10.0);
  CHECK(round.settle({0.5, 1.0}, Cap::active_need).returned[0] == 8.0);
}

TEST_CASE("A cap leaves an allocation below the active need alone") {
  // d = 10 and 10·½ = 5; s = 0.5; v = 5 and 2.5, both below the claims 10.
  Round round(tests::csr_from(1, 2, {{0, 0, 1.0}, {0, 1, 0.5}}), {10.0, 10.0}, {7.5});
  for (const Cap cap : kCaps) {
    round.run(cap);
    CHECK(round.received[0] == 5.0);
    CHECK(round.received[1] == 2.5);
    CHECK(round.settle({0.0, 0.0}, cap).delivered[0] == 7.5);
  }
}

TEST_CASE("A provider nobody asks offers nothing and keeps its scale at zero") {
  // Provider 0 has no edge, provider 1 a recipient without need, provider 2 a desire of 0.
  CsrMatrix rows = tests::csr_from(3, 2, {{1, 0, 1.0}, {2, 1, 1.0}});
  rows.desire = {tests::kInfinity, 0.0};
  Round round(rows, {0.0, 5.0}, {10.0, 20.0, 30.0});
  round.run();
  CHECK(round.denominator == std::vector<double>{0.0, 0.0, 0.0});
  CHECK(round.scale == std::vector<double>{0.0, 0.0, 0.0});
  CHECK(round.received == std::vector<double>{0.0, 0.0});
  CHECK(round.messages == std::vector<std::int32_t>{0, 0});
  CHECK(round.settle({1.0, 1.0}).delivered == std::vector<double>{0.0, 0.0, 0.0});
}

TEST_CASE("A round agrees with the dense formulas of M2 in Eigen") {
  Numbers numbers(23);
  for (int trial = 0; trial < 60; ++trial) {
    const bool with_desire = trial % 2 == 1;
    const Cap cap = kCaps[trial / 2 % 2];
    Round round = random_round(numbers, 1 + numbers.below(40), 1 + numbers.below(40), with_desire);
    round.run(cap);
    const Dense dense(round, cap);
    const double ulps = allowed_ulps(round);
    const std::vector<double> share = numbers.amounts(round.recipients());
    const Round::Sums sums = round.settle(share, cap);
    const Eigen::Map<const Eigen::VectorXd> q(share.data(), dense.weight.cols());
    const Eigen::VectorXd delivered = dense.allocation.rowwise().sum();
    const Eigen::VectorXd returned = dense.allocation * q;
    const Eigen::VectorXd received = dense.allocation.colwise().sum();
    CAPTURE(trial);
    for (std::size_t p = 0; p < round.providers(); ++p) {
      const auto i = static_cast<Eigen::Index>(p);
      CHECK(tests::within_ulps(round.denominator[p], dense.denominator(i), ulps));
      CHECK(tests::within_ulps(sums.delivered[p], delivered(i), ulps));
      CHECK(tests::within_ulps(sums.returned[p], returned(i), ulps));
    }
    for (std::size_t r = 0; r < round.recipients(); ++r) {
      CHECK(tests::within_ulps(round.received[r], received(static_cast<Eigen::Index>(r)), ulps));
    }
  }
}

TEST_CASE("Eigen reads a matrix in place once its offsets are narrowed to int") {
  Numbers numbers(24);
  Round round = random_round(numbers, 50, 35, false);
  round.run();
  const CsrMatrix& matrix = round.by_provider;

  // The two lines that kernels/csr.hpp promises; columns and weights are not copied.
  const std::vector<int> outer(matrix.offsets.begin(), matrix.offsets.end());
  const Eigen::Map<const Eigen::SparseMatrix<double, Eigen::RowMajor>> sparse(
      static_cast<int>(matrix.rows()), static_cast<int>(matrix.column_count),
      static_cast<int>(matrix.entries()), outer.data(), matrix.columns.data(),
      matrix.weights.data());

  const Eigen::Map<const Eigen::VectorXd> active(round.active.data(), sparse.cols());
  const Eigen::Map<const Eigen::VectorXd> scale(round.scale.data(), sparse.rows());
  const Eigen::VectorXd denominator = sparse * active;
  const Eigen::VectorXd received = active.cwiseProduct(sparse.transpose() * scale);
  for (std::size_t p = 0; p < round.providers(); ++p) {
    CHECK(tests::within_ulps(round.denominator[p], denominator(static_cast<Eigen::Index>(p)),
                             allowed_ulps(round)));
  }
  for (std::size_t r = 0; r < round.recipients(); ++r) {
    CHECK(tests::within_ulps(round.received[r], received(static_cast<Eigen::Index>(r)),
                             allowed_ulps(round)));
  }
}

TEST_CASE("A provider that anyone asks allocates all that it has, unless there is a cap") {
  Numbers numbers(25);
  for (int trial = 0; trial < 40; ++trial) {
    Round round = random_round(numbers, 30, 30, trial % 2 == 1);
    round.run();
    const double ulps = allowed_ulps(round);
    const std::vector<double> delivered = round.settle(round.active).delivered;
    double asked_for = 0.0;
    for (std::size_t p = 0; p < round.providers(); ++p) {
      const CsrRow row = round.by_provider.view().row(p);
      double denominator = 0.0;
      double allocated = 0.0;
      for (std::size_t j = 0; j < row.columns.size(); ++j) {
        const double active = round.active[static_cast<std::size_t>(row.columns[j])];
        const double claim = row.desire.empty() ? active : std::min(row.desire[j], active);
        denominator += row.weights[j] * claim;
        allocated += round.scale[p] * row.weights[j] * claim;
      }
      const double expected = denominator > 0.0 ? round.available[p] : 0.0;
      CHECK(tests::within_ulps(allocated, expected, ulps));
      CHECK(tests::within_ulps(delivered[p], expected, ulps));
      asked_for += expected;
    }
    CHECK(tests::within_ulps(sum_of(round.received), asked_for, ulps));
  }
}

TEST_CASE("Damping every recipient by one factor leaves the allocations as they are") {
  Numbers numbers(26);
  const Round given = random_round(numbers, 30, 30, false);
  Round round = given;
  round.run();
  const std::vector<double> delivered = round.settle(given.active).delivered;
  const std::vector<double> returned = round.settle(given.active).returned;
  for (const double factor : {0.25, 0.5, 4.0, 0.8, 0.3}) {
    Round damped = given;
    for (double& active : damped.active) active *= factor;
    damped.run();
    const Round::Sums sums = damped.settle(given.active);
    CAPTURE(factor);
    CHECK(damped.messages == round.messages);
    for (std::size_t r = 0; r < round.recipients(); ++r) {
      CHECK(tests::within_ulps(damped.received[r], round.received[r], allowed_ulps(round)));
    }
    for (std::size_t p = 0; p < round.providers(); ++p) {
      CHECK(tests::within_ulps(sums.returned[p], returned[p], allowed_ulps(round)));
    }
    const bool exact = factor == 0.25 || factor == 0.5 || factor == 4.0;  // powers of two
    if (exact) {
      CHECK(tests::first_difference(damped.received, round.received) == tests::kNone);
      CHECK(tests::first_difference(sums.delivered, delivered) == tests::kNone);
      CHECK(tests::first_difference(sums.returned, returned) == tests::kNone);
    }
  }
}

TEST_CASE("An infinite desire bounds nothing") {
  Numbers numbers(27);
  const Round given = random_round(numbers, 30, 30, false);
  CsrMatrix rows = given.by_provider;
  rows.desire.assign(rows.weights.size(), tests::kInfinity);
  for (const Cap cap : kCaps) {
    Round free = given;
    Round bounded(rows, given.active, given.available);
    free.run(cap);
    bounded.run(cap);
    CHECK(tests::first_difference(bounded.denominator, free.denominator) == tests::kNone);
    CHECK(bounded.messages == free.messages);
    for (std::size_t r = 0; r < free.recipients(); ++r) {
      CHECK(tests::within_ulps(bounded.received[r], free.received[r], allowed_ulps(free)));
    }
  }
}

TEST_CASE("A message is counted for every allocation that is not zero") {
  Numbers numbers(28);
  for (int trial = 0; trial < 40; ++trial) {
    const Cap cap = kCaps[trial / 2 % 2];
    Round round = random_round(numbers, 25, 35, trial % 2 == 1);
    round.run(cap);
    const Dense dense(round, cap);
    CAPTURE(trial);
    for (std::size_t r = 0; r < round.recipients(); ++r) {
      const auto column = dense.allocation.col(static_cast<Eigen::Index>(r));
      CHECK(round.messages[r] == (column.array() != 0.0).count());
    }
  }
}

TEST_CASE("Forcing a SIMD target changes the code that is run, and says so") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CHECK(forced.usable());
    CHECK(chosen_simd_target() == target);
    CHECK(dispatched_target() == target);
  }
  const std::string best = usable_simd_targets().front();
  CHECK(chosen_simd_target() == best);
  CHECK(!force_simd_target("no such target"));
  CHECK(!force_simd_target(""));
  CHECK(chosen_simd_target() == best);
}

TEST_CASE("The baseline is the last of the usable targets, and no target is without a fused add") {
  const std::vector<std::string> targets = usable_simd_targets();
  REQUIRE(!targets.empty());
  CHECK(targets.back() == hwy::TargetName(HWY_STATIC_TARGET));
  for (const std::string& target : targets) {
    CHECK(target != "SSE4");
    CHECK(target != "SSSE3");
  }
}

TEST_CASE("A target may be forced after another one") {
  for (const std::string& target : usable_simd_targets()) CHECK(force_simd_target(target));
  CHECK_FALSE(force_simd_target("no such target"));
  CHECK(tests::dispatched_target() == usable_simd_targets().front());
  tests::offer_all_simd_targets();
}
