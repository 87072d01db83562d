// Latin hypercubes and Sobol's sequence, against their definitions.
#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>

#include "solver/sweep/samples.hpp"

using namespace needflow;

namespace {

using Columns = std::vector<std::vector<double>>;

/// Warnock's formula for the L2 star discrepancy.
double discrepancy(const Columns& columns) {
  const std::size_t samples = columns[0].size();
  const auto n = static_cast<double>(samples);
  double singles = 0.0;
  double pairs = 0.0;
  for (std::size_t i = 0; i < samples; ++i) {
    double product = 1.0;
    for (const auto& column : columns) product *= 1.0 - column[i] * column[i];
    singles += product;
    for (std::size_t j = 0; j < samples; ++j) {
      product = 1.0;
      for (const auto& column : columns) product *= 1.0 - std::fmax(column[i], column[j]);
      pairs += product;
    }
  }
  const auto d = static_cast<double>(columns.size());
  return std::sqrt(std::pow(3.0, -d) - std::pow(2.0, 1.0 - d) / n * singles + pairs / n / n);
}

std::set<std::size_t> strata_hit(const std::vector<double>& column, std::size_t strata) {
  std::set<std::size_t> hit;
  for (const double u : column) {
    hit.insert(static_cast<std::size_t>(u * static_cast<double>(strata)));
  }
  return hit;
}

}  // namespace

TEST_CASE("a Latin hypercube's column has one number in each of its strata") {
  for (const std::size_t samples : {1, 2, 3, 7, 64, 1000, 4097}) {
    for (const std::string name : {"network.agents", "round.damping"}) {
      const std::vector<double> column = latin_column(samples, 5, name);
      REQUIRE(column.size() == samples);
      for (const double u : column) {
        CHECK(u > 0.0);
        CHECK(u < 1.0);
      }
      const std::set<std::size_t> hit = strata_hit(column, samples);
      CHECK(hit.size() == samples);
      CHECK(*hit.rbegin() == samples - 1);
    }
  }
}

TEST_CASE("a Latin hypercube's column follows from the seed and its name alone") {
  CHECK(latin_column(50, 1, "a") == latin_column(50, 1, "a"));
  CHECK(latin_column(50, 1, "a") != latin_column(50, 2, "a"));
  CHECK(latin_column(50, 1, "a") != latin_column(50, 1, "b"));
}

TEST_CASE("columns of a Latin hypercube are in unrelated orders, spread within their strata") {
  constexpr std::size_t kSamples = 2000;
  const std::vector<double> a = latin_column(kSamples, 9, "a");
  const std::vector<double> b = latin_column(kSamples, 9, "b");
  double both = 0.0;
  double within = 0.0;
  for (std::size_t i = 0; i < kSamples; ++i) {
    both += (a[i] - 0.5) * (b[i] - 0.5) * 12.0 / kSamples;
    within += (a[i] * kSamples - std::floor(a[i] * kSamples)) / kSamples;
  }
  CHECK(std::fabs(both) < 5.0 / std::sqrt(kSamples));
  CHECK(std::fabs(within - 0.5) < 5.0 / std::sqrt(12.0 * kSamples));
}

TEST_CASE("Sobol's sequence begins as Joe and Kuo's tables make it") {
  const Columns found = sobol_columns(8, {0, 0, 0});
  const Columns known = {{0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125},
                         {0, 0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625},
                         {0, 0.5, 0.25, 0.75, 0.625, 0.125, 0.875, 0.375}};
  CHECK(found == known);
  CHECK(sobol_columns(3, {}).empty());
}

TEST_CASE("every power of two of Sobol's points hits each stratum once, shifted or not") {
  for (const std::uint64_t shift : {std::uint64_t{0}, digital_shift(1, "a")}) {
    for (const std::size_t samples : {2, 8, 256}) {
      for (const auto& column : sobol_columns(samples, {shift, shift, 0, shift, 0})) {
        CHECK(strata_hit(column, samples).size() == samples);
        for (const double u : column) CHECK((u >= 0.0 && u < 1.0));
      }
    }
  }
}

TEST_CASE("Sobol's points are more even than independent ones, and so are shifted ones") {
  Columns independent;
  for (const char* name : {"a", "b", "c"}) {
    std::vector<double>& column = independent.emplace_back();
    for (std::size_t i = 0; i < 256; ++i) {  // a hypercube of one sample is a uniform number
      column.push_back(latin_column(1, i, name)[0]);
    }
  }
  const double random = discrepancy(independent);
  CHECK(discrepancy(sobol_columns(256, {0, 0, 0})) < random / 3.0);
  const std::vector<std::uint64_t> shifts = {digital_shift(4, "a"), digital_shift(4, "b"),
                                             digital_shift(4, "c")};
  CHECK(shifts[0] != shifts[1]);
  CHECK(discrepancy(sobol_columns(256, shifts)) < random / 3.0);
}

TEST_CASE("numbers between ends are even on their scale and never beyond an end") {
  CHECK(real_between(0.0, 0.25, 4.0, false) == 0.25);
  CHECK(real_between(0.5, 0.25, 4.25, false) == 2.25);
  CHECK(real_between(0.0, 0.25, 4.0, true) == doctest::Approx(0.25));
  CHECK(real_between(0.5, 0.25, 4.0, true) == doctest::Approx(1.0));
  CHECK(real_between(0.75, 0.25, 4.0, true) == doctest::Approx(2.0));
  CHECK(real_between(1.0 - 0x1p-53, 0.1, 0.3, true) <= 0.3);
}

TEST_CASE("whole numbers between ends have equal shares, the ends too") {
  std::vector<int> counts(3);
  for (int i = 0; i < 300; ++i) {
    ++counts.at(static_cast<std::size_t>(whole_between((i + 0.5) / 300.0, 5, 7, false) - 5));
  }
  CHECK(counts == std::vector<int>{100, 100, 100});
  CHECK(whole_between(0.0, 10, 1000, true) == 10);
  CHECK(whole_between(1.0 - 0x1p-53, 10, 1000, true) == 1000);
  // Half of the scale is the geometric mean of 10 and 1001.
  CHECK(whole_between(0.5, 10, 1000, true) == 100);
}
