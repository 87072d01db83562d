// Expected values from the definition of least squares: closed forms for lines, curves drawn
// without error, and conditions that hold at the bottom and nowhere else.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "kernels/random.hpp"
#include "solver/fits.hpp"
#include "solver/uncertainty.hpp"

using namespace needflow;

namespace {

const std::vector<double> kX = {1, 2, 3, 4, 5};
const std::vector<double> kY = {2.1, 3.9, 6.2, 7.8, 10.1};

/// −2 ln L + 2 · 3 of normal errors with their most likely variance, term by term.
double aic_by_density(std::span<const double> rests, std::span<const double> jacobians) {
  double squares = 0.0;
  for (const double rest : rests) squares += rest * rest;
  const double variance = squares / static_cast<double>(rests.size());
  double log_likelihood = 0.0;
  for (std::size_t i = 0; i < rests.size(); ++i) {
    log_likelihood += -0.5 * std::log(2.0 * std::numbers::pi * variance) -
                      0.5 * rests[i] * rests[i] / variance + std::log(jacobians[i]);
  }
  return -2.0 * log_likelihood + 6.0;
}

}  // namespace

TEST_CASE("a line has the slope, the errors and the R² of the closed forms") {
  // Sxx = 10, mean x = 3, mean y = 6.02; Sxy = Σ (x − 3) y = 19.9.
  const CurveFit fit = *fit_curve(Curve::linear, ErrorModel::additive, kX, kY);
  CHECK(fit.b == doctest::Approx(1.99));
  CHECK(fit.a == doctest::Approx(6.02 - 3 * 1.99));
  double squares = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < kX.size(); ++i) {
    squares += std::pow(kY[i] - fit.a - fit.b * kX[i], 2);
    total += std::pow(kY[i] - 6.02, 2);
  }
  CHECK(fit.b_error == doctest::Approx(std::sqrt(squares / 3 / 10)));
  CHECK(fit.a_error == doctest::Approx(std::sqrt(squares / 3 * (1.0 / 5 + 9.0 / 10))));
  CHECK(fit.r_squared == doctest::Approx(1 - squares / total));
  CHECK(fit.freedom == 3.0);
  CHECK(fit.b_half_interval() == doctest::Approx(3.182446 * fit.b_error).epsilon(1e-6));
}

TEST_CASE("any design matrix: the rest is orthogonal to it and the errors are of its inverse") {
  // y = 2 + 3x − x² and a rest (1, −3, 3, −1)/10, orthogonal to cubics of lower degree.
  std::vector<double> design;
  std::vector<double> y;
  const std::array rest = {0.1, -0.3, 0.3, -0.1};
  for (int i = 0; i < 4; ++i) {
    const double x = i;
    design.insert(design.end(), {1.0, x, x * x});
    y.push_back(2 + 3 * x - x * x + rest[static_cast<std::size_t>(i)]);
  }
  const Regression fit = least_squares(design, 3, y);
  CHECK(fit.rank == 3);
  CHECK(fit.coefficients[0] == doctest::Approx(2.0));
  CHECK(fit.coefficients[1] == doctest::Approx(3.0));
  CHECK(fit.coefficients[2] == doctest::Approx(-1.0));
  CHECK(fit.residual_squares == doctest::Approx(0.2));
  // (XᵀX)⁻¹ of x = 0 … 3 with squares: diagonal 19/20, 49/20, 1/4; variance 0.2 on one degree.
  CHECK(fit.errors[0] == doctest::Approx(std::sqrt(0.2 * 19 / 20)));
  CHECK(fit.errors[1] == doctest::Approx(std::sqrt(0.2 * 49 / 20)));
  CHECK(fit.errors[2] == doctest::Approx(std::sqrt(0.2 / 4)));
}

TEST_CASE("columns that depend on each other have no coefficients, in any units") {
  const std::vector<double> twice = {1, 2, 2, 4, 3, 6};
  const Regression fit = least_squares(twice, 2, std::vector<double>{1, 2, 3});
  CHECK(fit.rank == 1);
  CHECK(std::isnan(fit.coefficients[0]));
  const std::vector<double> units = {1, 1e12, 1, 2e12, 1, 3e12, 1, 5e12};
  CHECK(least_squares(units, 2, std::vector<double>{1, 2, 3, 4}).rank == 2);
}

TEST_CASE("curves without error are found again, exponents and all") {
  const std::vector<double> x = {1, 3, 10, 30, 100};
  for (const Curve curve : {Curve::linear, Curve::logarithm, Curve::power, Curve::exponential}) {
    CAPTURE(curve_text(curve));
    const CurveFit truth{curve, ErrorModel::additive, 2.5,
                         curve == Curve::exponential ? 0.03 : 0.7};
    std::vector<double> y;
    for (const double value : x) y.push_back(truth.at(value));
    const std::vector<CurveFit> fits = fit_curves(x, y);
    REQUIRE(!fits.empty());
    CHECK(fits.front().curve == curve);
    CHECK(fits.front().a == doctest::Approx(truth.a));
    CHECK(fits.front().b == doctest::Approx(truth.b));
    CHECK(fits.front().r_squared == doctest::Approx(1.0));
  }
}

TEST_CASE("of several exact curves the simplest is taken") {
  const std::vector<double> x = {10, 100, 1'000};
  const std::vector<double> y = {30, 300, 3'000};  // a line, and a power with exponent 1
  CHECK(fit_curves(x, y).front().curve == Curve::linear);
}

TEST_CASE("a power law with additive errors lies where the sum of squares of y is least") {
  const std::vector<double> x = {1, 2, 4, 8, 16, 32};
  const std::vector<double> y = {3.2, 4.1, 6.4, 8.1, 12.6, 16.7};
  for (const Curve curve : {Curve::power, Curve::exponential}) {
    const CurveFit fit = *fit_curve(curve, ErrorModel::additive, x, y);
    const auto squares = [&](double a, double b) {
      CurveFit other = fit;
      other.a = a;
      other.b = b;
      double sum = 0.0;
      for (std::size_t i = 0; i < x.size(); ++i) sum += std::pow(y[i] - other.at(x[i]), 2);
      return sum;
    };
    const double least = squares(fit.a, fit.b);
    for (const double step : {1e-4, -1e-4}) {
      CHECK(squares(fit.a * (1 + step), fit.b) > least);
      CHECK(squares(fit.a, fit.b * (1 + step)) > least);
    }
    // Both slopes vanish there: central differences against what a step away from it would give.
    const double h = 1e-6;
    CHECK(std::abs(squares(fit.a, fit.b + h) - squares(fit.a, fit.b - h)) <
          1e-4 * (squares(fit.a, fit.b + 1e-3) - squares(fit.a, fit.b)));
  }
}

TEST_CASE("a power law with relative errors is the line through the logarithms") {
  const std::vector<double> y = {2, 3, 7, 9, 14};
  std::vector<double> logs;
  std::vector<double> log_x;
  for (std::size_t i = 0; i < y.size(); ++i) {
    logs.push_back(std::log(y[i]));
    log_x.push_back(std::log(kX[i]));
  }
  const CurveFit line = *fit_curve(Curve::linear, ErrorModel::additive, log_x, logs);
  const CurveFit power = *fit_curve(Curve::power, ErrorModel::relative, kX, y);
  CHECK(power.b == doctest::Approx(line.b));
  CHECK(power.b_error == doctest::Approx(line.b_error));
  CHECK(power.a == doctest::Approx(std::exp(line.a)));
}

TEST_CASE("every AIC is of the likelihood of y itself") {
  const std::vector<double> y = {2, 3, 7, 9, 14};
  for (const CurveFit& fit : fit_curves(kX, y)) {
    CAPTURE(curve_text(fit.curve));
    CAPTURE(error_model_text(fit.errors));
    std::vector<double> rests;
    std::vector<double> jacobians;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const bool relative = fit.errors == ErrorModel::relative;
      rests.push_back(relative ? std::log(y[i]) - std::log(fit.at(kX[i])) : y[i] - fit.at(kX[i]));
      jacobians.push_back(relative ? 1.0 / y[i] : 1.0);
    }
    CHECK(fit.aic == doctest::Approx(aic_by_density(rests, jacobians)));
  }
  CHECK(fit_curves(kX, y).size() == 6);
}

TEST_CASE("the curve that values were drawn from is the best more often than not") {
  const RandomStream stream(5, "test fits");
  const std::vector<double> x = {10, 20, 50, 100, 200, 500, 1'000};
  int found = 0;
  double held = 0.0;
  constexpr std::uint32_t kTrials = 1'000;
  for (std::uint32_t trial = 0; trial < kTrials; ++trial) {
    std::vector<double> y;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double z = normal(stream, {.network = trial, .agent = static_cast<std::uint32_t>(i)});
      y.push_back(2.0 * std::pow(x[i], 0.5) * std::exp(0.1 * z));
    }
    const CurveFit best = fit_curves(x, y).front();
    found += best.curve == Curve::power ? 1 : 0;
    const CurveFit power = *fit_curve(Curve::power, ErrorModel::relative, x, y);
    held += std::abs(power.b - 0.5) <= power.b_half_interval() ? 1.0 / kTrials : 0.0;
  }
  CHECK(found > 800);
  CHECK(held >= 0.93);
  CHECK(held <= 0.97);
}

TEST_CASE("what cannot be fitted is not") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> two = {1, 2};
  CHECK_FALSE(fit_curve(Curve::linear, ErrorModel::additive, two, two));
  const std::vector<double> same = {3, 3, 3};
  CHECK_FALSE(fit_curve(Curve::linear, ErrorModel::additive, same, kX));
  const std::vector<double> zero = {0, 1, 2, 3};
  CHECK_FALSE(fit_curve(Curve::logarithm, ErrorModel::additive, zero, kY));
  CHECK_FALSE(fit_curve(Curve::power, ErrorModel::relative, kX, zero));
  CHECK_FALSE(fit_curve(Curve::linear, ErrorModel::relative, kX, kY));
  const std::vector<double> holes = {2, nan, 6, 8, nan};
  CHECK(fit_curve(Curve::linear, ErrorModel::additive, kX, holes)->b == doctest::Approx(2.0));
  const std::vector<double> constant = {4, 4, 4, 4, 4};
  CHECK(std::isnan(fit_curve(Curve::linear, ErrorModel::additive, kX, constant)->r_squared));
  CHECK(fit_curves(kX, constant).front().b == doctest::Approx(0.0));
}
