// kernels/elementary.hpp against long double libm, whose 64-bit mantissa makes its own error, well
// below 0.01 ulp of a double, invisible here.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "kernels/elementary.hpp"
#include "kernels/random.hpp"
#include "kernels/reference/random.hpp"

namespace {

using Real = long double;

constexpr int kArguments = 400000;

std::uint64_t random_bits(std::uint32_t i, std::uint32_t set) {
  static const needflow::RandomStream stream(1, "test_elementary");
  return stream.bits({.agent = i, .other = set});
}

double random_between(double low, double high, std::uint32_t i, std::uint32_t set) {
  return low + (high - low) * needflow::uniform_open(random_bits(i, set));
}

/// |value - exact| in units of the last place of a double of exact's size.
double ulps(double value, Real exact) {
  const int exponent = exact == 0.0L ? -1073 : std::ilogb(exact);
  const Real ulp = std::ldexp(1.0L, std::max(exponent, -1022) - 52);
  return static_cast<double>(std::fabs(value - exact) / ulp);
}

double log_error(double x) { return ulps(needflow::log_positive(x), std::log(Real{x})); }
double exp_error(double x) { return ulps(needflow::exp_finite(x), std::exp(Real{x})); }

/// The largest error of `error(argument(i))`.
template <class Error, class Argument>
double largest_error(const Error& error, const Argument& argument) {
  double largest = 0.0;
  for (std::uint32_t i = 0; i < kArguments; ++i) largest = std::max(largest, error(argument(i)));
  return largest;
}

/// A positive finite double of any exponent.
double any_positive(std::uint32_t i) {
  const std::uint64_t infinity = 0x7ff0000000000000;
  return std::bit_cast<double>(1 + random_bits(i, 0) % (infinity - 1));
}

/// Phi(x) for x <= 0.
Real lower_tail(Real x) { return std::erfc(-x / std::sqrt(2.0L)) / 2.0L; }

}  // namespace

TEST_CASE("the logarithm is within 0.9 ulp for positive doubles of every size") {
  CHECK(largest_error(log_error, any_positive) < 0.9);
}

TEST_CASE("the logarithm is within 0.9 ulp near 1, where it cancels") {
  CHECK(largest_error(log_error, [](std::uint32_t i) { return random_between(0.5, 2.0, i, 1); }) <
        0.9);
  CHECK(largest_error(log_error, [](std::uint32_t i) {
          return 1.0 + random_between(-1e-6, 1e-6, i, 2);
        }) < 0.9);
  for (const double x : {1.0 - 0x1p-53, 1.0 + 0x1p-52, 1.0 - 0x1p-52}) {
    CAPTURE(x);
    CHECK(log_error(x) < 0.9);
  }
  CHECK(needflow::log_positive(1.0) == 0.0);
}

TEST_CASE("the logarithm takes subnormals, the largest double and the edges of its reduction") {
  CHECK(largest_error(log_error, [](std::uint32_t i) {
          return std::bit_cast<double>(1 + (random_bits(i, 3) >> (12 + i % 52)));
        }) < 0.9);
  const double root = std::sqrt(0.5);
  for (const double x :
       {std::numeric_limits<double>::denorm_min(), DBL_MIN, std::nextafter(DBL_MIN, 0.0), DBL_MAX,
        root, std::nextafter(root, 0.0), std::nextafter(root, 1.0), 0.70703125, 2.0 * root, 0.5,
        2.0, 0x1p-53, 0x1p1000}) {
    CAPTURE(x);
    CHECK(log_error(x) < 0.9);
  }
}

TEST_CASE("log_one_plus is within 3 ulp from 1e-300 to 1e300") {
  const auto error = [](double y) { return ulps(needflow::log_one_plus(y), std::log1p(Real{y})); };
  CHECK(largest_error(error, [](std::uint32_t i) {
          return static_cast<double>(std::pow(10.0L, random_between(-20.0, 20.0, i, 4)));
        }) < 3.0);
  for (const double y : {0.0, 1e-300, 0x1p-53, 0x1p-52, 1.0, 1e300}) {
    CAPTURE(y);
    CHECK(error(y) < 3.0);
  }
  CHECK(needflow::log_one_plus(0.0) == 0.0);
}

TEST_CASE("the exponential is within 0.95 ulp wherever its result is normal") {
  CHECK(largest_error(exp_error,
                      [](std::uint32_t i) { return random_between(-708.0, 709.78, i, 5); }) < 0.95);
  CHECK(largest_error(exp_error, [](std::uint32_t i) { return random_between(-1.5, 1.5, i, 6); }) <
        0.95);
  CHECK(largest_error(exp_error, [](std::uint32_t i) {
          return std::ldexp(random_between(-1.0, 1.0, i, 7), -static_cast<int>(i % 1074));
        }) < 0.95);
  CHECK(needflow::exp_finite(0.0) == 1.0);
  CHECK(needflow::exp_finite(-0.0) == 1.0);
}

TEST_CASE("the exponential underflows gradually, then to 0, and overflows to infinity") {
  CHECK(largest_error(exp_error,
                      [](std::uint32_t i) { return random_between(-746.0, -708.0, i, 8); }) < 0.95);
  const double infinity = std::numeric_limits<double>::infinity();
  const double largest_argument = 0x1.62e42fefa39efp+9;  // ln(DBL_MAX), rounded down
  CHECK(exp_error(largest_argument) < 0.95);
  CHECK(needflow::exp_finite(std::nextafter(largest_argument, 1e3)) == infinity);
  CHECK(needflow::exp_finite(-745.13) == std::numeric_limits<double>::denorm_min());
  CHECK(needflow::exp_finite(-745.14) == 0.0);
  for (const double x : {746.0, 746.5, 1e5, DBL_MAX, infinity}) {
    CAPTURE(x);
    CHECK(needflow::exp_finite(x) == infinity);
    CHECK(needflow::exp_finite(-x) == 0.0);
  }
}

TEST_CASE("the normal quantile is within 1e-15 of the root of Phi(x) = u") {
  // One Newton step from the result measures its error; below 1/2 erfc gives Phi without
  // cancelling.
  const auto error = [](double u) {
    const Real x = needflow::inverse_normal(u);
    const Real density = std::exp(-x * x / 2.0L) / std::sqrt(2.0L * std::acos(-1.0L));
    return static_cast<double>(std::fabs((lower_tail(x) - u) / (density * x)));
  };
  CHECK(largest_error(error, [](std::uint32_t i) { return random_between(0.0, 0.499, i, 9); }) <
        1e-15);
  CHECK(largest_error(error, [](std::uint32_t i) {
          return needflow::exp_finite(random_between(-37.0, -0.7, i, 10));
        }) < 1e-15);
  for (const double u :
       {0x1p-53, 1e-300, 0.075, std::nextafter(0.075, 0.0), std::exp(-25.0), 0.4}) {
    CAPTURE(u);
    CHECK(error(u) < 1e-15);
  }
}

TEST_CASE("the normal quantile agrees with bisection, is odd about 1/2 and increases") {
  CHECK(needflow::inverse_normal(0.5) == 0.0);
  double previous = -std::numeric_limits<double>::infinity();
  for (int i = 1; i < 1024; ++i) {
    const double u = i / 1024.0;
    CAPTURE(u);
    const double x = needflow::inverse_normal(u);
    CHECK(x == doctest::Approx(needflow::reference::inverse_normal(u)).epsilon(1e-14));
    CHECK(needflow::inverse_normal(1.0 - u) == -x);
    CHECK(x > previous);
    previous = x;
  }
}

TEST_CASE("a hundred thousand results of each function have the golden bits") {
  // Made by this code; the tests above say that it is right, this one that it stays the same.
  const auto digest = [](const auto& value) {
    std::uint64_t hash = 0;
    for (std::uint32_t i = 0; i < 100000; ++i) {
      hash = (hash ^ std::bit_cast<std::uint64_t>(value(i))) * 0x100000001b3;
    }
    return hash;
  };
  CHECK(digest([](std::uint32_t i) { return needflow::log_positive(any_positive(i)); }) ==
        0xfabaaf20a611fea4);
  CHECK(digest([](std::uint32_t i) {
          return needflow::log_one_plus(random_between(0.0, 2.0, i, 11));
        }) == 0xde61139272e28704);
  CHECK(digest([](std::uint32_t i) {
          return needflow::exp_finite(random_between(-746.0, 710.0, i, 12));
        }) == 0x299448b042fb7942);
  CHECK(digest([](std::uint32_t i) {
          return needflow::inverse_normal(random_between(0.0, 1.0, i, 13));
        }) == 0x9601e88c9e2df8b1);
  CHECK(digest([](std::uint32_t i) {
          return needflow::inverse_normal(
              needflow::exp_finite(random_between(-700.0, -0.7, i, 14)));
        }) == 0x79ceb83ef7fc8a77);
}
