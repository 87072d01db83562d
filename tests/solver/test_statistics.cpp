// M3 on numbers worked out by hand.
#include <doctest/doctest.h>

#include <vector>

#include "solver/statistics.hpp"

using namespace needflow;
using Numbers = std::vector<double>;

namespace {

Satisfaction measure(const Numbers& need, const Numbers& satisfied, double wasted = 0.0) {
  return measure_satisfaction(need, satisfied, Numbers(need.size(), 0.0), wasted, 0.01,
                              Threads::one);
}

}  // namespace

TEST_CASE("sums and fractions follow their definitions") {
  const Numbers over{1.0, 0.0, 2.0};
  const Satisfaction s = measure_satisfaction(Numbers{10.0, 20.0, 0.0}, Numbers{10.0, 5.0, 0.0},
                                              over, 6.0, 0.01, Threads::one);
  CHECK(s.satisfied_fraction == 0.5);
  CHECK(s.over_fraction == 0.1);
  CHECK(s.wasted_fraction == 0.2);
  CHECK(s.residual_l1 == 15.0);
  CHECK(s.residual_max == 15.0);
  CHECK(s.fully_met_fraction == 0.5);  // of the two with a need
}

TEST_CASE("a need counts as met from one tolerance below it") {
  CHECK(measure({100.0}, {99.0}).fully_met_fraction == 1.0);
  CHECK(measure({100.0}, {98.99}).fully_met_fraction == 0.0);
}

TEST_CASE("Jain's index and Gini of 1, 1/2, 0 are 3/5 and 4/9") {
  // (3/2)^2 / (3 * 5/4) = 3/5; sorted 0, 1/2, 1: (-2*0 + 0*1/2 + 2*1) / (3 * 3/2) = 4/9
  const Satisfaction s = measure({2.0, 2.0, 2.0}, {2.0, 1.0, 0.0});
  CHECK(s.jain_index == doctest::Approx(0.6).epsilon(1e-15));
  CHECK(s.gini == doctest::Approx(4.0 / 9.0).epsilon(1e-15));
  CHECK(s.satisfaction_min == 0.0);
}

TEST_CASE("equal shares are perfectly fair") {
  const Satisfaction s = measure({4.0, 8.0, 40.0}, {1.0, 2.0, 10.0});
  CHECK(s.jain_index == 1.0);
  CHECK(s.gini == 0.0);
}

TEST_CASE("the fifth percentile is the sorted element (m - 1) / 20 in integers") {
  for (const std::size_t m : {1U, 20U, 21U, 41U}) {
    Numbers need(m, 1.0);
    Numbers satisfied(m);
    for (std::size_t i = 0; i < m; ++i) {
      satisfied[m - 1 - i] = static_cast<double>(i) / static_cast<double>(m);
    }
    const double expected = static_cast<double>((m - 1) / 20) / static_cast<double>(m);
    CHECK(measure(need, satisfied).satisfaction_p05 == expected);
  }
}

TEST_CASE("without any need everything is satisfied, fair and nothing is over or wasted") {
  for (const Numbers& need : {Numbers{}, Numbers{0.0, 0.0}}) {
    const Satisfaction s = measure(need, need, 5.0);
    CHECK(s.satisfied_fraction == 1.0);
    CHECK(s.fully_met_fraction == 1.0);
    CHECK(s.over_fraction == 0.0);
    CHECK(s.wasted_fraction == 0.0);
    CHECK(s.jain_index == 1.0);
    CHECK(s.gini == 0.0);
    CHECK(s.satisfaction_min == 1.0);
    CHECK(s.satisfaction_p05 == 1.0);
  }
}

TEST_CASE("when nobody got anything Jain is 1 and Gini 0") {
  const Satisfaction s = measure({3.0, 4.0}, {0.0, 0.0});
  CHECK(s.jain_index == 1.0);
  CHECK(s.gini == 0.0);
  CHECK(s.satisfied_fraction == 0.0);
}
