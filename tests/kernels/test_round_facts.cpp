// What M2 says of one round, held against the sparse passes (kernels/allocate.hpp): the worked
// rounds by hand fractions; dense and sparse Eigen; and the facts that tests can lean on.
#include <doctest/doctest.h>

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/allocate.hpp"
#include "kernels/messages.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

constexpr Cap kCaps[] = {Cap::none, Cap::active_need};

/// A provider-major instance with both orders of its rows, and one round of it.
struct Round {
  CsrMatrix by_provider;
  CsrMatrix by_recipient;
  std::vector<double> active;
  std::vector<double> available;
  std::vector<double> denominator, scale, received;
  std::vector<std::int64_t> messages;  ///< of each recipient

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
    const RowPasses<1> pass = row_passes<1>();
    pass.denominators(by_provider.view(), ledger(), in<1>(available), {0, providers()},
                      out<1>(denominator), out<1>(scale));
    pass.deliveries(by_recipient.view(), ledger(), in<1>(scale), cap, {0, recipients()},
                    out<1>(received));
    std::vector<std::uint8_t> asks(recipients());
    std::vector<std::uint8_t> offers(providers());
    flag_positive(active, asks);
    flag_positive(scale, offers);
    using Flags = LaneSpan<const std::uint8_t, 1>;
    for (std::size_t r = 0; r < recipients(); ++r) {
      PerLane<std::int64_t, 1> own{};
      count_messages<1>(by_recipient.view(), Flags(asks), Flags(offers), {r, r + 1}, own);
      messages[r] = own[0];
    }
  }

  struct Sums {
    std::vector<double> delivered, returned;
  };
  [[nodiscard]] Sums settle(const std::vector<double>& share, Cap cap = Cap::none) const {
    Sums sums{std::vector<double>(providers()), std::vector<double>(providers())};
    row_passes<1>().settlements(by_provider.view(), ledger(), in<1>(scale), in<1>(share), cap,
                                {0, providers()}, out<1>(sums.delivered), out<1>(sums.returned));
    return sums;
  }
  /// What comes back by the pass for rounds without bounds.
  [[nodiscard]] std::vector<double> returned_freely(const std::vector<double>& share) const {
    std::vector<double> claim(recipients());
    for (std::size_t r = 0; r < recipients(); ++r) claim[r] = share[r] * active[r];
    std::vector<double> returned(providers());
    row_passes<1>().returns(by_provider.view(), in<1>(scale), in<1>(claim), {0, providers()},
                            out<1>(returned));
    return returned;
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
  CHECK(round.returned_freely({200.0 / 700.0})[0] == about(300.0 * 200.0 / 700.0));
  CHECK(round.returned_freely({200.0 / 700.0})[1] == about(400.0 * 200.0 / 700.0));
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
  CHECK(round.messages == std::vector<std::int64_t>{0, 0});
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
    // Where nothing bounds an allocation both passes say what comes back.
    const std::vector<double> freely =
        with_desire || cap != Cap::none ? sums.returned : round.returned_freely(share);
    CAPTURE(trial);
    for (std::size_t p = 0; p < round.providers(); ++p) {
      const auto i = static_cast<Eigen::Index>(p);
      CHECK(tests::within_ulps(round.denominator[p], dense.denominator(i), ulps));
      CHECK(tests::within_ulps(sums.delivered[p], delivered(i), ulps));
      CHECK(tests::within_ulps(sums.returned[p], returned(i), ulps));
      CHECK(tests::within_ulps(freely[p], returned(i), ulps));
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
