#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>

#include "solver/findings.hpp"

using namespace needflow;

TEST_CASE("a measured quantity has the mean, deviation and range of its values") {
  const Measured four = measured(std::array{2.0, 4.0, 4.0, 6.0});
  CHECK(four.count == 4);
  CHECK(four.mean == 4.0);
  CHECK(four.deviation == doctest::Approx(std::sqrt(8.0 / 3.0)));
  CHECK(four.least == 2.0);
  CHECK(four.most == 6.0);
  CHECK(measured(std::array{7.0}).deviation == 0.0);
}

TEST_CASE("values that are no numbers are left out of a measured quantity") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(measured(std::array{nan, 3.0, std::numeric_limits<double>::infinity()}).mean == 3.0);
  const Measured none = measured(std::array{nan});
  CHECK(none.count == 0);
  CHECK(std::isnan(none.mean));
}

TEST_CASE("a measured mean has an error and an interval, and one more value its reach") {
  const Measured four = measured(std::array{2.0, 4.0, 4.0, 6.0});
  CHECK(four.error == doctest::Approx(std::sqrt(8.0 / 3.0 / 4.0)));
  CHECK(four.high - four.mean == doctest::Approx(3.18245 * four.error).epsilon(1e-5));
  CHECK(four.mean - four.low == doctest::Approx(3.18245 * four.error).epsilon(1e-5));
  CHECK(four.reach == doctest::Approx(3.18245 * std::sqrt(8.0 / 3.0 * 1.25)).epsilon(1e-5));
  const Measured one = measured(std::array{7.0});
  CHECK(std::isnan(one.error));
  CHECK(one.reach == 0.0);
}

TEST_CASE("draws nested in networks are no independent values") {
  // Networks 2, 5 and 8 with draws one apart: squares within 2, on 3 degrees.
  const Measured nested = measured(NestedValues{{1.5, 2.5}, {4.5, 5.5}, {7.5, 8.5}});
  CHECK(nested.count == 6);
  CHECK(nested.mean == 5.0);
  CHECK(nested.error == doctest::Approx(std::sqrt(3.0)));
  CHECK(nested.deviation == doctest::Approx(std::sqrt(9.0 - 0.25 + 0.5)));
  CHECK(nested.least == 1.5);
  CHECK(nested.most == 8.5);
}

TEST_CASE("a fitted number reaches as far as its interval") {
  const Measured slope = fitted(2.0, 0.1, 3.0, 5);
  CHECK(slope.count == 5);
  CHECK(slope.high == doctest::Approx(2.318245).epsilon(1e-6));
  CHECK(finding("slope", "2.3", 2.3, 0.0, slope, "").verdict == Verdict::agrees);
  CHECK(finding("slope", "2.4", 2.4, 0.0, slope, "").verdict == Verdict::differs);
}

TEST_CASE("a figure agrees within the reach and the precision it is printed with") {
  Measured ours;
  ours.count = 20;
  ours.mean = 10.0;
  ours.reach = 2.0;
  const auto verdict = [&](double figure) {
    return finding("x", "f", figure, 0.5, ours, "").verdict;
  };
  CHECK(verdict(12.5) == Verdict::agrees);
  CHECK(verdict(12.6) == Verdict::differs);
  CHECK(verdict(7.5) == Verdict::agrees);
  CHECK(verdict(7.4) == Verdict::differs);
}

TEST_CASE("without spread the printed precision alone decides, its very end included") {
  const Measured ours = measured(std::array{59.15});
  CHECK(finding("x", "59.2 %", 59.2, 0.05, ours, "%").verdict == Verdict::agrees);
  CHECK(finding("x", "59.3 %", 59.3, 0.05, ours, "%").verdict == Verdict::differs);
}

TEST_CASE("there is no verdict where the seed has no figure or nothing was measured") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(finding("x", "many", nan, 0.0, measured(std::array{1.0}), "").verdict == Verdict::none);
  CHECK(finding("x", "1", 1.0, 0.0, measured(std::array{nan}), "").verdict == Verdict::none);
  CHECK(unasked("x", measured(std::array{1.0}), "").verdict == Verdict::none);
}

TEST_CASE("what arithmetic rules out cannot be, whatever was measured") {
  const Finding agrees = finding("x", "1", 1.0, 0.5, measured(std::array{1.0}), "");
  const Finding out = ruled_out(agrees, "because");
  CHECK(out.verdict == Verdict::cannot_be);
  CHECK(out.reason == "because");
  CHECK(std::string(verdict_text(out.verdict)) == "cannot be");
}
