// Expected values are worked from the definitions; coverage is counted on data whose variances are
// known because they were drawn so.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/random.hpp"
#include "solver/uncertainty.hpp"

using namespace needflow;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

/// y_ij = 3 + network_sd b_i + draw_sd e_ij.
NestedValues drawn(const std::vector<std::size_t>& draws, double network_sd, double draw_sd,
                   std::uint32_t trial) {
  const RandomStream networks(7, "test networks");
  const RandomStream values(7, "test draws");
  NestedValues made;
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const auto network = static_cast<std::uint32_t>(i);
    const double shift = network_sd * normal(networks, {.network = trial, .agent = network});
    std::vector<double>& row = made.emplace_back();
    for (std::size_t j = 0; j < draws[i]; ++j) {
      const DrawKey key{.network = trial, .agent = network, .other = static_cast<std::uint32_t>(j)};
      row.push_back(3.0 + shift + draw_sd * normal(values, key));
    }
  }
  return made;
}

struct Coverage {
  double student = 0.0;
  double mean_network_variance = 0.0;
  double mean_draw_variance = 0.0;
};

/// How often the interval of the mean holds 3.
Coverage coverage_of(const std::vector<std::size_t>& draws, double network_sd, double draw_sd) {
  constexpr std::uint32_t kTrials = 4'000;
  Coverage found;
  for (std::uint32_t trial = 0; trial < kTrials; ++trial) {
    const NestedMean of = nested_mean(drawn(draws, network_sd, draw_sd, trial));
    found.student += of.low <= 3.0 && 3.0 <= of.high ? 1.0 / kTrials : 0.0;
    found.mean_network_variance += of.network_variance / kTrials;
    found.mean_draw_variance += of.draw_variance / kTrials;
  }
  return found;
}

}  // namespace

TEST_CASE("Student's quantiles are those of printed tables") {
  CHECK(student_quantile(0.975, 1) == doctest::Approx(12.7062).epsilon(1e-5));
  CHECK(student_quantile(0.975, 3) == doctest::Approx(3.18245).epsilon(1e-5));
  CHECK(student_quantile(0.95, 7) == doctest::Approx(1.89458).epsilon(1e-5));
  CHECK(student_quantile(0.025, 10) == doctest::Approx(-2.22814).epsilon(1e-5));
  CHECK(student_factor(1e9) == doctest::Approx(1.95996).epsilon(1e-5));
}

TEST_CASE("a balanced cell has the components of its analysis of variance") {
  // Means 2, 5, 8; squares within 2 + 2 + 2 = 6 on 3 degrees; the means' variance is 9.
  const NestedMean of = nested_mean({{1, 3}, {4, 6}, {7, 9}});
  CHECK(of.count == 6);
  CHECK(of.networks == 3);
  CHECK(of.mean == 5.0);
  CHECK(of.draw_variance == doctest::Approx(2.0));
  CHECK(of.network_variance == doctest::Approx(9.0 - 2.0 / 2.0));
  CHECK(of.network_share() == doctest::Approx(0.8));
  CHECK(of.error == doctest::Approx(std::sqrt(9.0 / 3.0)));
  CHECK(of.freedom == 2.0);
  CHECK(of.high - of.mean == doctest::Approx(4.302653 * std::sqrt(3.0)).epsilon(1e-6));
  CHECK(of.mean - of.low == doctest::Approx(of.high - of.mean));
  CHECK(of.single_deviation() == doctest::Approx(std::sqrt(10.0)));
  CHECK_FALSE(of.conditional);
}

TEST_CASE("networks count alike, whatever the number of their draws") {
  const NestedMean of = nested_mean({{2, 2, 2, 2, 2, 2}, {8}});
  CHECK(of.mean == 5.0);
  CHECK(of.error == doctest::Approx(3.0));
  CHECK(of.draw_variance == 0.0);
  CHECK(of.network_variance == doctest::Approx(18.0));
}

TEST_CASE("networks that differ less than their draws explain have no variance of their own") {
  const NestedMean of = nested_mean({{0, 10}, {1, 9}, {2, 8}});
  CHECK(of.network_variance == 0.0);
  CHECK(of.network_share() == 0.0);
  CHECK(of.error == 0.0);
}

TEST_CASE("one network speaks for its draws alone and says so") {
  const NestedMean of = nested_mean({{1, 2, 3, 4}});
  CHECK(of.conditional);
  CHECK(of.mean == 2.5);
  CHECK(of.freedom == 3.0);
  CHECK(of.error == doctest::Approx(std::sqrt(5.0 / 3.0 / 4.0)));
  CHECK(std::isnan(of.network_variance));
  CHECK(std::isnan(of.network_share()));
}

TEST_CASE("what cannot be told is no number") {
  const NestedMean one = nested_mean({{4}});
  CHECK(one.mean == 4.0);
  CHECK(std::isnan(one.error));
  CHECK(std::isnan(one.low));
  CHECK(one.single_deviation() == 0.0);
  const NestedMean none = nested_mean({{kNaN}, {}});
  CHECK(none.count == 0);
  CHECK(std::isnan(none.mean));
  const NestedMean single_draws = nested_mean({{1}, {3}});
  CHECK(std::isnan(single_draws.network_variance));
  CHECK(single_draws.single_deviation() == doctest::Approx(std::sqrt(2.0)));
}

TEST_CASE("values that are not finite are left out") {
  const NestedMean of = nested_mean({{1, kNaN, 3}, {kNaN}, {4, 6}});
  CHECK(of.count == 4);
  CHECK(of.networks == 2);
  CHECK(of.mean == 3.5);
}

TEST_CASE("independent values are networks of one draw") {
  const NestedMean of = independent_mean(std::array{1.0, 2.0, 3.0, 4.0});
  CHECK(of.networks == 4);
  CHECK(of.error == doctest::Approx(std::sqrt(5.0 / 3.0 / 4.0)));
  CHECK_FALSE(of.conditional);
}

TEST_CASE("intervals of 95 % hold the true mean 93 to 97 times in a hundred") {
  struct Design {
    const char* name;
    std::vector<std::size_t> draws;
    double network_sd, draw_sd;
  };
  const std::vector<std::size_t> four(4, 16);
  const std::vector<std::size_t> eight(8, 4);
  for (const Design& design :
       {Design{"4 networks of 16 draws", four, 1, 1}, Design{"8 of 4", eight, 0.5, 1},
        Design{"unbalanced", {16, 8, 4, 2, 16, 8}, 1, 1}, Design{"networks alike", four, 0, 1},
        Design{"networks alike, unbalanced", {12, 8, 6, 8, 12}, 0, 1},
        Design{"draws alike", eight, 1, 0}, Design{"two networks", {16, 16}, 1, 1},
        Design{"one draw each", std::vector<std::size_t>(6, 1), 1, 1}}) {
    CAPTURE(design.name);
    const Coverage found = coverage_of(design.draws, design.network_sd, design.draw_sd);
    CHECK(found.student >= 0.93);
    CHECK(found.student <= 0.97);
    if (design.network_sd == 1.0 && design.draws.front() > 1) {  // cut off at 0 elsewhere
      CHECK(found.mean_network_variance == doctest::Approx(1.0).epsilon(0.06));
      CHECK(found.mean_draw_variance ==
            doctest::Approx(design.draw_sd * design.draw_sd).epsilon(0.03));
    }
  }
}

TEST_CASE("the interval of one network holds the mean of that network") {
  constexpr std::uint32_t kTrials = 4'000;
  const RandomStream networks(7, "test networks");
  double held = 0.0;
  for (std::uint32_t trial = 0; trial < kTrials; ++trial) {
    const double its_mean = 3.0 + normal(networks, {.network = trial});
    const NestedMean of = nested_mean(drawn({16}, 1.0, 1.0, trial));
    held += of.low <= its_mean && its_mean <= of.high ? 1.0 / kTrials : 0.0;
  }
  CHECK(held >= 0.93);
  CHECK(held <= 0.97);
}

TEST_CASE("resampled intervals need many networks") {
  const auto coverage = [](std::size_t networks, std::uint32_t trials) {
    double held = 0.0;
    for (std::uint32_t trial = 0; trial < trials; ++trial) {
      const Interval of = bootstrap_interval(
          drawn(std::vector<std::size_t>(networks, 3), 1.0, 1.0, trial), trial, 400);
      held += of.low <= 3.0 && 3.0 <= of.high ? 1.0 / trials : 0.0;
    }
    return held;
  };
  CHECK(coverage(40, 1'000) == doctest::Approx(0.94).epsilon(0.025));
  CHECK(coverage(8, 1'000) == doctest::Approx(0.89).epsilon(0.03));
  CHECK(coverage(4, 1'000) == doctest::Approx(0.80).epsilon(0.04));
}

TEST_CASE("resampling is the same for the same seed and takes draws where there is one network") {
  const NestedValues values = {{1, 5, 9, 2, 4}};
  const Interval once = bootstrap_interval(values, 3);
  const Interval twice = bootstrap_interval(values, 3);
  CHECK(once.low == twice.low);
  CHECK(once.high == twice.high);
  CHECK(once.low >= 1.0);
  CHECK(once.high <= 9.0);
  CHECK(once.low < 4.2);
  CHECK(once.high > 4.2);
  CHECK(std::isnan(bootstrap_interval({{1}}, 3).low));
}

TEST_CASE("what both cells owe to the draw cancels in their difference") {
  // Unpaired, means 0 … 100 apart would drown a difference of 1.
  const NestedValues first = {{0, 100}, {50, 150}, {20, 80}};
  NestedValues second = first;
  double wiggle = 0.01;
  for (auto& network : second) {
    for (double& value : network) value += 1.0 + (wiggle = -1.3 * wiggle);
  }
  const Difference found = difference(first, second);
  CHECK(found.comparison == Comparison::higher);
  CHECK(found.of.mean == doctest::Approx(1.0).epsilon(0.02));
  CHECK(difference(second, first).comparison == Comparison::lower);
}

TEST_CASE("pairs are of the same network and draw, and what has no partner is left out") {
  const Difference found = difference({{1, 2, kNaN}, {3}}, {{2, kNaN, 5}, {6, 7}, {8}});
  CHECK(found.of.count == 2);  // 2 − 1 and 6 − 3
  CHECK(found.of.mean == 2.0);
}

TEST_CASE("a difference is the same, noise, or too little to tell") {
  const NestedValues cell = {{1, 2}, {3, 4}};
  CHECK(difference(cell, cell).comparison == Comparison::same);
  CHECK(difference({{1}, {2}, {3}}, {{2}, {1}, {3.1}}).comparison == Comparison::within_noise);
  CHECK(difference({{1}}, {{2}}).comparison == Comparison::unknown);
  CHECK(difference({{1}}, {{1}}).comparison == Comparison::same);
  CHECK(difference({{1, 1}, {1, 1}}, {{2, 2}, {2, 2}}).comparison == Comparison::higher);
  CHECK(difference({{0.1 + 0.2}, {0.3}}, {{0.3}, {0.1 + 0.2}}).comparison == Comparison::same);
  CHECK(difference({}, {}).comparison == Comparison::unknown);
  CHECK(std::string(comparison_text(Comparison::within_noise)) == "within noise");
}

TEST_CASE("a true difference of nothing is called noise 95 times in a hundred") {
  constexpr std::uint32_t kTrials = 4'000;
  double noise = 0.0;
  for (std::uint32_t trial = 0; trial < kTrials; ++trial) {
    const NestedValues first = drawn(std::vector<std::size_t>(5, 4), 1.0, 1.0, trial);
    NestedValues second = first;  // the same draw and some noise of its own
    const NestedValues own = drawn(std::vector<std::size_t>(5, 4), 0.3, 0.5, trial + kTrials);
    for (std::size_t i = 0; i < first.size(); ++i) {
      for (std::size_t j = 0; j < first[i].size(); ++j) second[i][j] += own[i][j] - 3.0;
    }
    const bool within = difference(first, second).comparison == Comparison::within_noise;
    noise += within ? 1.0 / kTrials : 0.0;
  }
  CHECK(noise >= 0.93);
  CHECK(noise <= 0.97);
}
