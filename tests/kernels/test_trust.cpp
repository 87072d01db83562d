// Trust from its definition (M6): what evidence does to counts, who gives any, what noise and
// sampling draw, weights, and EigenTrust beside a dense eigensolver.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <vector>

#include "kernels/reference/random.hpp"
#include "tests/kernels/test_trust_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

/// One run whose agents all have capacity and need, without draws, whose columns are all open.
TrustCase<1> plain_case(CsrMatrix network, double exaggeration) {
  TrustCase<1> made;
  made.network = std::move(network);
  made.good.assign(made.network.columns.size(), 0.0);
  made.bad = made.good;
  made.exaggeration.assign(made.network.rows(), exaggeration);
  made.rules.updates[0] = 1;
  return made;
}

CsrMatrix triangle() { return linked(3, {{0, 1, 0.5}, {0, 2, 0.25}, {1, 2, 0.125}}); }

/// The entry (i, j).
std::size_t entry(const CsrMatrix& network, std::size_t i, std::size_t j) {
  auto e = static_cast<std::size_t>(network.offsets[i]);
  while (network.columns[e] != static_cast<Index>(j)) ++e;
  return e;
}

/// C of M6 from T by source, rows without trust being u.
Eigen::MatrixXd dense_shares(const CsrMatrix& network, const std::vector<double>& trust,
                             const Eigen::VectorXd& start) {
  const auto agents = static_cast<Eigen::Index>(network.rows());
  Eigen::MatrixXd shares = Eigen::MatrixXd::Zero(agents, agents);
  for (Eigen::Index i = 0; i < agents; ++i) {
    for (Offset e = network.offsets[static_cast<std::size_t>(i)];
         e < network.offsets[static_cast<std::size_t>(i) + 1]; ++e) {
      shares(i, network.columns[static_cast<std::size_t>(e)]) = trust[static_cast<std::size_t>(e)];
    }
    const double sum = shares.row(i).sum();
    if (sum > 0.0) {
      shares.row(i) /= sum;
    } else {
      shares.row(i) = start.transpose();
    }
  }
  return shares;
}

/// The eigenvector of (1 − a) Cᵀ + a u 1ᵀ to the largest eigenvalue, its numbers adding up to 1.
Eigen::VectorXd dense_global(const Eigen::MatrixXd& shares, const Eigen::VectorXd& start,
                             double restart) {
  const auto agents = shares.rows();
  const Eigen::MatrixXd matrix =
      (1.0 - restart) * shares.transpose() + restart * start * Eigen::RowVectorXd::Ones(agents);
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(matrix);
  Eigen::Index largest = 0;
  for (Eigen::Index k = 1; k < agents; ++k) {
    if (solver.eigenvalues()(k).real() > solver.eigenvalues()(largest).real()) largest = k;
  }
  const Eigen::VectorXd vector = solver.eigenvectors().col(largest).real();
  return vector / vector.sum();
}

Eigen::VectorXd start_vector(const TrustCase<1>& given) {
  const auto agents = static_cast<Eigen::Index>(given.network.rows());
  if (given.start.empty()) return Eigen::VectorXd::Constant(agents, 1.0 / double(agents));
  return Eigen::Map<const Eigen::VectorXd>(given.start.data(), agents);
}

/// g itself, which episode_end() scales.
std::vector<double> unscaled(const TrustOutcome<1>& end) {
  std::vector<double> global = end.global;
  for (double& value : global) value *= end.ends[0].largest;
  return global;
}

double sum_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum;
}

}  // namespace

TEST_CASE("Trust in honest agents rises to 21/22 where a twentieth is forgotten in every episode") {
  TrustCase<1> given = plain_case(triangle(), 0.0);
  TrustOutcome<1> end;
  for (int episode = 0; episode < 1000; ++episode) {
    end = episode_end(given, Made::fast);
    given.good = end.by_source.good;
    given.bad = end.by_source.bad;
  }
  for (const double trust : end.by_source.trust) {
    CHECK(trust == doctest::Approx(21.0 / 22.0).epsilon(1e-13));
  }
}

TEST_CASE("Trust without evidence falls back to a half") {
  TrustCase<1> given = plain_case(triangle(), kNan);
  given.good.assign(6, 8.0);
  for (int episode = 0; episode < 1000; ++episode) {
    given.good = episode_end(given, Made::fast).by_source.good;
  }
  CHECK(episode_end(given, Made::fast).by_source.trust[0] == doctest::Approx(0.5).epsilon(1e-13));
}

TEST_CASE("One episode's evidence is added to what decay leaves of the counts") {
  TrustCase<1> given = plain_case(triangle(), 0.25);
  given.good.assign(6, 1.0);
  given.bad.assign(6, 2.0);
  given.rules.rules[0].decay = 0.5;
  const auto end = episode_end(given, Made::fast);
  CHECK(end.by_source.good[0] == 1.25);  // 0.5 · 1 + (1 − 0.25)
  CHECK(end.by_source.bad[0] == 1.25);   // 0.5 · 2 + 0.25
  CHECK(end.by_source.trust[0] == 0.5);  // 2.25 / 4.5
  CHECK(end.by_source.sums[0] == 1.0);
  CHECK(end.by_target.sums[2] == 1.0);
  CHECK(end.observed == std::vector{0.25, 0.25, 0.25});
  CHECK(end.auditors == std::vector{2.0, 2.0, 2.0});
}

TEST_CASE("An exaggeration beyond 1 counts as 1 and one below 0 as none") {
  TrustCase<1> given = plain_case(triangle(), 0.0);
  given.exaggeration = {1.5, -0.5, 0.0};
  const auto end = episode_end(given, Made::fast);
  CHECK(end.by_source.bad[entry(given.network, 1, 0)] == 1.0);
  CHECK(end.by_source.good[entry(given.network, 1, 0)] == 0.0);
  CHECK(end.by_source.good[entry(given.network, 0, 1)] == 1.0);
  CHECK(end.observed == std::vector{1.0, 0.0, 0.0});
}

TEST_CASE("Only those with capacity audit, only whom they recognise, only whom anybody audits") {
  TrustCase<1> given =
      plain_case(linked(4, {{0, 1, 0.5}, {1, 2, 0.0}, {1, 3, 0.5}, {2, 3, 0.5}}), 0.0);
  given.auditors = {1, 1, 0, 1};
  given.exaggeration = {0.0, 0.0, 0.0, kNan};
  const auto end = episode_end(given, Made::fast);
  const auto good = [&](std::size_t i, std::size_t j) {
    CHECK(end.by_source.good[entry(given.network, i, j)] ==
          end.by_target.good[entry(given.network, j, i)]);
    return end.by_source.good[entry(given.network, i, j)];
  };
  CHECK(good(0, 1) == 1.0);
  CHECK(good(1, 0) == 1.0);
  CHECK(good(1, 2) == 0.0);  // MR = 0
  CHECK(good(2, 1) == 0.0);
  CHECK(good(1, 3) == 0.0);  // nobody audits 3
  CHECK(good(3, 1) == 1.0);
  CHECK(good(2, 3) == 0.0);
  CHECK(good(3, 2) == 1.0);
  CHECK(end.auditors == std::vector{1.0, 2.0, 1.0, 0.0});
  CHECK(std::isnan(end.observed[3]));
}

TEST_CASE("Of several need types an auditor takes the mean over those that it could see") {
  // Types one after the other. Agent 0 has capacity of the first type alone, 1 of both, 2 of none;
  // 1 needs nothing.
  TrustCase<1> given = plain_case(triangle(), 0.0);
  given.rules.types = 2;
  given.exaggeration = {0.25, kNan, 0.5, 0.75, kNan, 1.0};
  given.auditors = {1, 1, 0, 0, 1, 0};
  const auto end = episode_end(given, Made::fast);
  const auto bad = [&](std::size_t i, std::size_t j) {
    CHECK(end.by_source.bad[entry(given.network, i, j)] ==
          end.by_target.bad[entry(given.network, j, i)]);
    return end.by_source.bad[entry(given.network, i, j)];
  };
  CHECK(bad(1, 0) == 0.5);  // the mean of 1/4 and 3/4
  CHECK(bad(0, 2) == 0.5);
  CHECK(bad(1, 2) == 0.75);
  CHECK(end.by_source.good[entry(given.network, 1, 0)] == 0.5);
  const std::pair<std::size_t, std::size_t> unseen[] = {{0, 1}, {2, 0}, {2, 1}};
  for (const auto& [i, j] : unseen) {
    CHECK(bad(i, j) == 0.0);
    CHECK(end.by_source.good[entry(given.network, i, j)] == 0.0);
  }
  CHECK(end.auditors == std::vector{1.0, 0.0, 2.0});
  CHECK(end.observed[0] == 0.5);
  CHECK(std::isnan(end.observed[1]));
  CHECK(end.observed[2] == 0.625);
}

TEST_CASE("Each type's exaggeration is bounded by itself, with one draw of noise for all types") {
  Numbers numbers(3);
  TrustCase<1> given = plain_case(random_network(numbers, 60, 20), 0.1);
  for (double& weight : given.network.weights) weight = 1.0;
  given.rules.types = 2;
  given.exaggeration.insert(given.exaggeration.end(), 60, 0.8);
  const RandomStream stream = audit_stream(11, 4);
  given.rules.network = 2;
  given.rules.rules[0] = {0.95, 0.3, 1.0, stream.key(), 5};
  const auto end = episode_end(given, Made::fast);
  for (std::size_t i = 0; i < 60; ++i) {
    for (Offset e = given.network.offsets[i]; e < given.network.offsets[i + 1]; ++e) {
      const auto at = static_cast<std::size_t>(e);
      const auto j = static_cast<std::uint32_t>(given.network.columns[at]);
      const double noise =
          0.3 * reference::normal(stream, {2, 5, static_cast<std::uint32_t>(i), j});
      const double first = std::fmin(std::fmax(0.1 + noise, 0.0), 1.0);
      const double second = std::fmin(std::fmax(0.8 + noise, 0.0), 1.0);
      CHECK(end.by_source.bad[at] == doctest::Approx((first + second) / 2.0).epsilon(1e-12));
    }
  }
}

TEST_CASE("What an auditor sees is the exaggeration and a normal draw of the two agents") {
  Numbers numbers(3);
  TrustCase<1> given = plain_case(random_network(numbers, 60, 20), 0.5);
  for (double& weight : given.network.weights) weight = 1.0;
  const RandomStream stream = audit_stream(11, 4);
  given.rules.network = 2;
  given.rules.rules[0] = {0.95, 0.2, 1.0, stream.key(), 5};
  const auto end = episode_end(given, Made::fast);
  std::vector<double> sum(60, 0.0);
  for (std::size_t i = 0; i < 60; ++i) {
    for (Offset e = given.network.offsets[i]; e < given.network.offsets[i + 1]; ++e) {
      const auto at = static_cast<std::size_t>(e);
      const auto j = static_cast<std::uint32_t>(given.network.columns[at]);
      const double z = reference::normal(stream, {2, 5, static_cast<std::uint32_t>(i), j});
      const double seen = std::fmin(std::fmax(0.5 + 0.2 * z, 0.0), 1.0);
      CHECK(end.by_source.good[at] == doctest::Approx(1.0 - seen).epsilon(1e-12));
      CHECK(end.by_source.bad[at] == doctest::Approx(seen).epsilon(1e-12));
      sum[j] += seen;
    }
  }
  for (std::size_t j = 0; j + 1 < 60; ++j) {
    const double degree =
        static_cast<double>(given.network.offsets[j + 1] - given.network.offsets[j]);
    CHECK(end.auditors[j] == degree);
    CHECK(end.observed[j] == doctest::Approx(sum[j] / degree).epsilon(1e-12));
  }
}

TEST_CASE("As many edges are audited as the probability says, others in other episodes") {
  Numbers numbers(4);
  TrustCase<1> given = plain_case(random_network(numbers, 300, 60), 0.0);
  for (double& weight : given.network.weights) weight = 1.0;
  std::vector<double> first;
  for (const std::uint64_t episode : {0U, 1U}) {
    given.rules.rules[0] = {0.95, 0.0, 0.3, audit_stream(1, episode).key(), 0};
    const auto end = episode_end(given, Made::fast);
    const double edges = static_cast<double>(given.network.columns.size());
    CHECK(std::abs(sum_of(end.by_source.good) - 0.3 * edges) < 5.0 * std::sqrt(0.21 * edges));
    CHECK(sum_of(end.auditors) == sum_of(end.by_source.good));
    CHECK(end.by_source.good != first);
    first = end.by_source.good;
  }
}

TEST_CASE("Nobody audits with probability 0 and everybody with probability 1") {
  TrustCase<1> given = plain_case(triangle(), 0.0);
  given.rules.rules[0] = {0.95, 0.0, 0.0, audit_stream(1, 0).key(), 0};
  CHECK(sum_of(episode_end(given, Made::fast).by_source.good) == 0.0);
  given.rules.rules[0].audit = 1.0;
  CHECK(sum_of(episode_end(given, Made::fast).by_source.good) == 6.0);
}

TEST_CASE("Weights are recognition times a power of local and global trust mixed") {
  Numbers numbers(5);
  const CsrMatrix network = random_network(numbers, 70, 12);
  TrustCase<1> given = random_case<1>(numbers, network, AuditKind::every_edge);
  const double exponents[] = {0.0, 0.5, 1.0, 2.0, 3.0, 4.0};
  for (std::size_t which = 0; which < 6; ++which) {
    given.weights[0] = {0.3, kPowers[which]};
    const auto end = episode_end(given, Made::fast);
    for (std::size_t i = 0; i < network.rows(); ++i) {
      for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
        const auto at = static_cast<std::size_t>(e);
        const auto j = static_cast<std::size_t>(network.columns[at]);
        const double mixed = 0.7 * end.by_source.trust[at] + 0.3 * given.reputation[j];
        const double expected =
            given.open[j] != 0 ? network.weights[at] * std::pow(mixed, exponents[which]) : 0.0;
        CHECK(end.by_source.weights[at] == doctest::Approx(expected).epsilon(1e-14));
      }
    }
  }
}

TEST_CASE("With no weight on local trust and none lost, weights are recognition itself") {
  TrustCase<1> given = plain_case(triangle(), 0.5);
  given.weights[0] = {1.0, TrustPower::three};
  CHECK(episode_end(given, Made::fast).by_source.weights == given.network.weights);
}

TEST_CASE("EigenTrust is the dominant eigenvector of the dense matrix") {
  for (const std::size_t agents : {2U, 5U, 12U, 40U}) {
    for (const bool uniform : {true, false}) {
      Numbers numbers(agents + 100);
      const CsrMatrix network = random_network(numbers, agents, 6);
      TrustCase<1> given = random_case<1>(numbers, network, AuditKind::every_edge);
      if (uniform) given.start.clear();
      given.sweeps[0] = {0.15, 1e-12, 1000};
      const auto end = episode_end(given, Made::fast);
      const Eigen::VectorXd start = start_vector(given);
      const Eigen::VectorXd expected =
          dense_global(dense_shares(network, end.by_source.trust, start), start, 0.15);
      const std::vector<double> global = unscaled(end);
      CAPTURE(agents);
      CHECK(sum_of(global) == doctest::Approx(1.0).epsilon(1e-12));
      for (std::size_t j = 0; j < agents; ++j) {
        CHECK(std::abs(global[j] - expected(static_cast<Eigen::Index>(j))) < 1e-9);
      }
      CHECK(*std::max_element(end.global.begin(), end.global.end()) == 1.0);
    }
  }
}

TEST_CASE("EigenTrust that always restarts is the start, after one sweep") {
  Numbers numbers(6);
  const CsrMatrix network = random_network(numbers, 50, 6);
  TrustCase<1> given = random_case<1>(numbers, network, AuditKind::every_edge);
  given.sweeps[0] = {1.0, 1e-10, 200};
  const auto end = episode_end(given, Made::fast);
  CHECK(end.ends[0].sweeps == 1);
  CHECK(end.ends[0].change == 0.0);
  const std::vector<double> global = unscaled(end);
  for (std::size_t j = 0; j < 50; ++j) CHECK(global[j] == doctest::Approx(given.start[j]));
}

TEST_CASE("EigenTrust stops at the tolerance or at the limit of sweeps") {
  Numbers numbers(6);
  const CsrMatrix network = random_network(numbers, 50, 6);
  TrustCase<1> given = random_case<1>(numbers, network, AuditKind::every_edge);
  given.sweeps[0] = {0.15, 1e-10, 200};
  const EigenTrustEnd end = episode_end(given, Made::fast).ends[0];
  CHECK(end.change <= 1e-10);
  CHECK(end.sweeps < 200);
  given.sweeps[0].sweeps = end.sweeps - 1;
  const EigenTrustEnd cut = episode_end(given, Made::fast).ends[0];
  CHECK(cut.sweeps == end.sweeps - 1);
  CHECK(cut.change > 1e-10);
}

TEST_CASE("Agents in another order have the same trust and reputation to rounding") {
  Numbers numbers(9);
  const std::size_t agents = 90;
  const CsrMatrix network = random_network(numbers, agents, 8);
  TrustCase<1> given = random_case<1>(numbers, network, AuditKind::every_edge);
  given.sweeps[0] = {0.15, 1e-12, 500};
  std::vector<std::size_t> place(agents);
  for (std::size_t i = 0; i < agents; ++i) place[i] = (37 * i + 11) % agents;
  std::vector<Triplet> moved;
  for (std::size_t i = 0; i < agents; ++i) {
    for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      const auto at = static_cast<std::size_t>(e);
      moved.emplace_back(place[i], place[static_cast<std::size_t>(network.columns[at])],
                         network.weights[at]);
    }
  }
  TrustCase<1> other = given;
  other.network = csr_from(agents, agents, moved);
  for (std::size_t i = 0; i < agents; ++i) {
    other.exaggeration[place[i]] = given.exaggeration[i];
    other.reputation[place[i]] = given.reputation[i];
    other.auditors[place[i]] = given.auditors[i];
    other.open[place[i]] = given.open[i];
    other.start[place[i]] = given.start[i];
    for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      const auto at = static_cast<std::size_t>(e);
      const auto j = static_cast<std::size_t>(network.columns[at]);
      other.good[entry(other.network, place[i], place[j])] = given.good[at];
      other.bad[entry(other.network, place[i], place[j])] = given.bad[at];
    }
  }
  const auto one = episode_end(given, Made::fast);
  const auto two = episode_end(other, Made::fast);
  for (std::size_t i = 0; i < agents; ++i) {
    CHECK(two.global[place[i]] == doctest::Approx(one.global[i]).epsilon(1e-10));
    CHECK(two.by_target.sums[place[i]] == doctest::Approx(one.by_target.sums[i]).epsilon(1e-14));
    CHECK(two.auditors[place[i]] == one.auditors[i]);
  }
}

TEST_CASE("Ratings set the counts that trust starts from") {
  std::vector<double> good(4 * 8, kUnwritten);
  std::vector<double> bad(4 * 8, kUnwritten);
  const std::vector<double> ratings{-10.0, 10.0, 0.0, kNan};
  start_counts<8>(2, ratings, -10.0, 10.0, 2.0, {out<8>(good), out<8>(bad)});
  CHECK(lane_of<8>(good, 2) == std::vector{0.0, 2.0, 1.0, 0.0});
  CHECK(lane_of<8>(bad, 2) == std::vector{2.0, 0.0, 1.0, 0.0});
  CHECK(good[1] == kUnwritten);
  CHECK(bad[3] == kUnwritten);
  start_counts<8>(2, {}, 0.0, 1.0, 2.0, {out<8>(good), out<8>(bad)});
  CHECK(lane_of<8>(good, 2) == std::vector{0.0, 0.0, 0.0, 0.0});
}
