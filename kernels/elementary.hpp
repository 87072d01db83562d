// Logarithm, exponential and normal quantile with the same bits on every x86-64 machine (model
// M12).
//
// glibc's log and exp choose their code by processor, so a result made with them differs between
// machines. These use +, -, *, / and square root only, each of which IEEE 754 rounds exactly, and
// no fused multiply-add, which the baseline processor lacks. Compile with -ffp-contract=off: a
// contracted a*b+c is another number. The golden vectors of tests/kernels/test_random.cpp catch it.
//
// Methods: log and exp reduce their argument and use the minimax polynomials of fdlibm (Sun
// Microsystems 1993, e_log.c and e_exp.c; the two-part ln 2 is Cody and Waite's, 1980). The
// quantile is M. J. Wichura's PPND16, Algorithm AS 241, Applied Statistics 37 (1988) 477-484. All
// are written without a data-dependent branch where that is possible, so that a loop over an array
// vectorises.
//
// Rounding mode: to nearest; subnormals must not be flushed.
#pragma once

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>

#ifdef __FAST_MATH__
#error "needflow promises bits: compile without -ffast-math"
#endif

namespace needflow {

static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles");

namespace detail {

inline constexpr double kLn2High = 6.93147180369123816490e-01;  // 32 bits: k * high is exact
inline constexpr double kLn2Low = 1.90821492927058770002e-10;

/// 2^52 as bits; an integer below 2^52 put into its mantissa is that integer as a double. SSE2 and
/// AVX2 convert no 64-bit integers, so this is what lets the loops vectorise.
inline constexpr std::uint64_t kTwo52Bits = 0x4330000000000000;
inline constexpr double kTwo52 = 4503599627370496.0;

/// 2^(e - 1023) from a biased exponent 1 <= e <= 2046.
[[nodiscard]] inline double power_of_two(std::uint64_t biased_exponent) {
  return std::bit_cast<double>(biased_exponent << 52);
}

/// constant + x * (linear + x * (...)), Horner's rule; the lowest coefficient first.
template <class... Higher>
[[nodiscard]] inline double horner(double x, double constant, Higher... higher) {
  if constexpr (sizeof...(higher) == 0) {
    return constant;
  } else {
    return constant + x * horner(x, higher...);
  }
}

/// AS 241 where |q| <= 0.425, q = u - 1/2.
[[nodiscard]] inline double inverse_normal_center(double q) {
  const double r = 0.180625 - q * q;
  const double numerator =
      horner(r, 3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
             1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
             3.3430575583588128105e4, 2.5090809287301226727e3);
  const double denominator =
      horner(r, 1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
             2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
             5.2264952788528545610e3);
  return q * numerator / denominator;
}

/// AS 241 in a tail, r = sqrt(-log(tail probability)) <= 5: probabilities down to 1.4e-11.
[[nodiscard]] inline double inverse_normal_tail(double r) {
  r -= 1.6;
  const double numerator =
      horner(r, 1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
             3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
             2.27238449892691845833e-2, 7.74545014278341407640e-4);
  const double denominator =
      horner(r, 1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
             1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
             1.05075007164441684324e-9);
  return numerator / denominator;
}

/// AS 241 far out, r > 5.
[[nodiscard]] inline double inverse_normal_far_tail(double r) {
  r -= 5.0;
  const double numerator =
      horner(r, 6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
             2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
             2.71155556874348757815e-5, 2.01033439929228813265e-7);
  const double denominator =
      horner(r, 1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
             1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
             1.42151175831644588870e-7, 2.04426310338993978564e-15);
  return numerator / denominator;
}

}  // namespace detail

/// ln x for finite x > 0, subnormals included; exactly 0 at 1. Any other x gives a meaningless
/// number. Largest error met in 3e7 arguments of every size: 0.84 ulp.
///
/// x = 2^k m with m in [sqrt(1/2), sqrt(2)); with f = m - 1 and s = f / (2 + f),
/// ln m = f - f*f/2 + s (f*f/2 + R(s*s)).
[[nodiscard]] inline double log_positive(double x) {
  constexpr std::uint64_t kMantissa = 0x000fffffffffffff;
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e00000000;  // just below sqrt(1/2)
  const auto bits = std::bit_cast<std::uint64_t>(x);
  // A subnormal x is scaled by 2^54 first. In integers, for with a ?: gcc 12 makes branches of it.
  const std::uint64_t subnormal_54 = (0 - (((bits >> 52) - 1) >> 63)) & 54;
  const double scaled = x * detail::power_of_two(1023 + subnormal_54);
  const std::uint64_t shifted =
      std::bit_cast<std::uint64_t>(scaled) + (0x3ff0000000000000 - kSqrtHalf);
  const std::uint64_t k_plus_1087 = (shifted >> 52) + 64 - subnormal_54;
  const double k =
      std::bit_cast<double>(detail::kTwo52Bits | k_plus_1087) - (detail::kTwo52 + 1087.0);
  const double f = std::bit_cast<double>((shifted & kMantissa) + kSqrtHalf) - 1.0;

  const double s = f / (2.0 + f);
  const double z = s * s;
  const double w = z * z;
  const double even = w * detail::horner(w, 3.999999999940941908e-01, 2.222219843214978396e-01,
                                         1.531383769920937332e-01);
  const double odd = z * detail::horner(w, 6.666666666666735130e-01, 2.857142874366239149e-01,
                                        1.818357216161805012e-01, 1.479819860511658591e-01);
  const double half_square = 0.5 * f * f;
  return s * (half_square + (even + odd)) + k * detail::kLn2Low - half_square + f +
         k * detail::kLn2High;
}

/// ln(1 + y) for finite y >= 0, accurate for small y too (Kahan's correction of the rounding of 1 +
/// y). Largest error met: 2.5 ulp.
[[nodiscard]] inline double log_one_plus(double y) {
  const double x = 1.0 + y;
  return x == 1.0 ? y : log_positive(x) * (y / (x - 1.0));
}

/// e^x for any x, infinities included: +inf above 709.78, subnormal below -708.39, 0 below -745.13;
/// exactly 1 at 0. Largest error met in 3e7 arguments: 0.91 ulp, 0.75 where the result is
/// subnormal.
///
/// x = k ln 2 + r with |r| <= ln(2)/2; e^r by fdlibm's rational form; 2^k in two factors, so that
/// the result is rounded once more only where it is subnormal.
[[nodiscard]] inline double exp_finite(double x) {
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer
  const double magnitude = std::fabs(x);
  const double clamped = std::copysign(magnitude > 746.0 ? 746.0 : magnitude, x);
  const double rounded = clamped * 1.44269504088896338700 + kRound;
  const double k = rounded - kRound;
  const double high = clamped - k * detail::kLn2High;
  const double low = k * detail::kLn2Low;
  const double r = high - low;

  const double t = r * r;
  const double c = r - t * detail::horner(t, 1.66666666666666019037e-01,
                                          -2.77777777770155933842e-03, 6.61375632143793436117e-05,
                                          -1.65339022054652515390e-06, 4.13813679705723846039e-08);
  const double y = 1.0 - ((low - (r * c) / (2.0 - c)) - high);

  // k is the low bits of `rounded`; 4096 keeps it positive, so that a logical shift halves it.
  const std::uint64_t k_plus_4096 =
      std::bit_cast<std::uint64_t>(rounded) - std::bit_cast<std::uint64_t>(kRound) + 4096;
  const std::uint64_t half = k_plus_4096 >> 1;
  const std::uint64_t rest = k_plus_4096 - half;
  return y * detail::power_of_two(half - 2048 + 1023) * detail::power_of_two(rest - 2048 + 1023);
}

/// The standard normal quantile for u in (0, 1), both ends excluded. The result has the sign of
/// u - 1/2, and inverse_normal(1 - u) = -inverse_normal(u) wherever 1 - u is exact.
/// Largest relative error met: 9e-16.
[[nodiscard]] inline double inverse_normal(double u) {
  const double q = u - 0.5;
  if (std::fabs(q) <= 0.425) return detail::inverse_normal_center(q);
  const double r = std::sqrt(-log_positive(q < 0.0 ? u : 1.0 - u));
  const double x = r <= 5.0 ? detail::inverse_normal_tail(r) : detail::inverse_normal_far_tail(r);
  return q < 0.0 ? -x : x;
}

}  // namespace needflow
