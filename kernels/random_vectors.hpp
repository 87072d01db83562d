// Philox and the elementary functions of kernels/random.hpp and kernels/elementary.hpp a second
// time, in Highway: the same bits, a vector at a time. In the very order of those, without a
// multiply-add; where those branch, both sides are computed and one is chosen.
//
// Compiled once a SIMD target (Highway's scheme instead of an include guard). The baseline, one
// lane and no wide multiplication, has none of it and draws one by one.
#if defined(NEEDFLOW_RANDOM_VECTORS_ONCE) == defined(HWY_TARGET_TOGGLE)
#ifdef NEEDFLOW_RANDOM_VECTORS_ONCE
#undef NEEDFLOW_RANDOM_VECTORS_ONCE
#else
#define NEEDFLOW_RANDOM_VECTORS_ONCE
#endif

#include <hwy/highway.h>

#include <bit>
#include <cstdint>

#include "kernels/elementary.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR

namespace hn = hwy::HWY_NAMESPACE;
using Bits = hn::ScalableTag<std::uint64_t>;
using Reals = hn::ScalableTag<double>;
using B = hn::Vec<Bits>;
using R = hn::Vec<Reals>;

HWY_INLINE R real(double value) { return hn::Set(Reals(), value); }
HWY_INLINE B word(std::uint64_t value) { return hn::Set(Bits(), value); }
HWY_INLINE R as_real(B bits) { return hn::BitCast(Reals(), bits); }
HWY_INLINE B as_bits(R value) { return hn::BitCast(Bits(), value); }

struct Words {
  B first, second;
};

/// A key word that all lanes share or that each has of its own, from one of Philox's rounds to the
/// next.
HWY_INLINE B key_word(std::uint32_t key) { return word(key); }
HWY_INLINE B key_word(B key) { return key; }
HWY_INLINE std::uint32_t later_key(std::uint32_t key, std::uint32_t step) { return key + step; }
HWY_INLINE B later_key(B key, std::uint32_t step) { return hn::Add(key, word(step)); }

/// RandomStream::words() of one counter a lane; a word of Philox is the low half of its lane, and
/// what is in the high half does not matter to the even products. Key: std::uint32_t or B.
template <class Key>
HWY_INLINE Words philox_words(B c0, B c1, B c2, B c3, Key k0, Key k1) {
  const hn::Repartition<std::uint32_t, Bits> halves;
  const auto product = [halves](B counter, std::uint32_t factor) HWY_ATTR {
    return hn::MulEven(hn::BitCast(halves, counter), hn::Set(halves, factor));
  };
  for (int round = 0; round < 10; ++round) {
    const B first = product(c0, 0xD2511F53);
    const B second = product(c2, 0xCD9E8D57);
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(second), c1), key_word(k0));
    c1 = second;
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(first), c3), key_word(k1));
    c3 = first;
    k0 = later_key(k0, 0x9E3779B9);
    k1 = later_key(k1, 0xBB67AE85);
  }
  const B low = word(0xffffffff);
  return {hn::Or(hn::And(c0, low), hn::ShiftLeft<32>(c1)),
          hn::Or(hn::And(c2, low), hn::ShiftLeft<32>(c3))};
}

HWY_INLINE R open_closed(B bits) {
  const B last = hn::And(hn::ShiftRight<11>(bits), word(1));
  return hn::Sub(as_real(hn::Or(hn::ShiftRight<12>(bits), word(0x3ff0000000000000))),
                 as_real(hn::Sub(word(0x3fefffffffffffff), last)));
}

HWY_INLINE R open(B bits) {
  return hn::Sub(as_real(hn::Or(hn::ShiftRight<12>(bits), word(0x3ff0000000000000))),
                 real(1.0 - 0x1p-53));
}

/// detail::horner(): the lowest coefficient first.
template <class... Higher>
HWY_INLINE R horner(R x, double constant, Higher... higher) {
  if constexpr (sizeof...(higher) == 0) {
    return real(constant);
  } else {
    return hn::Add(real(constant), hn::Mul(x, horner(x, higher...)));
  }
}

/// log_positive() of normal numbers: draws are at least 2^-53.
HWY_INLINE R log_normal(R x) {
  constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e00000000;
  const B shifted = hn::Add(as_bits(x), word(0x3ff0000000000000 - kSqrtHalf));
  const R k = hn::Sub(as_real(hn::Or(hn::ShiftRight<52>(shifted), word(detail::kTwo52Bits))),
                      real(detail::kTwo52 + 1023.0));
  const B mantissa = hn::And(shifted, word(0x000fffffffffffff));
  const R f = hn::Sub(as_real(hn::Add(mantissa, word(kSqrtHalf))), real(1.0));
  const R s = hn::Div(f, hn::Add(real(2.0), f));
  const R z = hn::Mul(s, s);
  const R w = hn::Mul(z, z);
  const R even = hn::Mul(
      w, horner(w, 3.999999999940941908e-01, 2.222219843214978396e-01, 1.531383769920937332e-01));
  const R odd = hn::Mul(z, horner(w, 6.666666666666735130e-01, 2.857142874366239149e-01,
                                  1.818357216161805012e-01, 1.479819860511658591e-01));
  const R half_square = hn::Mul(hn::Mul(real(0.5), f), f);
  const R low = hn::Add(hn::Mul(s, hn::Add(half_square, hn::Add(even, odd))),
                        hn::Mul(k, real(detail::kLn2Low)));
  return hn::Add(hn::Add(hn::Sub(low, half_square), f), hn::Mul(k, real(detail::kLn2High)));
}

HWY_INLINE R power_of_two(B biased_exponent) { return as_real(hn::ShiftLeft<52>(biased_exponent)); }

/// exp_finite().
HWY_INLINE R exp_vector(R x) {
  constexpr double kRound = 6755399441055744.0;
  const R clamped = hn::CopySign(hn::Min(hn::Abs(x), real(746.0)), x);
  const R rounded = hn::Add(hn::Mul(clamped, real(1.44269504088896338700)), real(kRound));
  const R k = hn::Sub(rounded, real(kRound));
  const R high = hn::Sub(clamped, hn::Mul(k, real(detail::kLn2High)));
  const R low = hn::Mul(k, real(detail::kLn2Low));
  const R r = hn::Sub(high, low);
  const R t = hn::Mul(r, r);
  const R c =
      hn::Sub(r, hn::Mul(t, horner(t, 1.66666666666666019037e-01, -2.77777777770155933842e-03,
                                   6.61375632143793436117e-05, -1.65339022054652515390e-06,
                                   4.13813679705723846039e-08)));
  const R quotient = hn::Div(hn::Mul(r, c), hn::Sub(real(2.0), c));
  const R y = hn::Sub(real(1.0), hn::Sub(hn::Sub(low, quotient), high));
  const B k_plus_4096 =
      hn::Add(hn::Sub(as_bits(rounded), word(std::bit_cast<std::uint64_t>(kRound))), word(4096));
  const B half = hn::ShiftRight<1>(k_plus_4096);
  const B rest = hn::Sub(k_plus_4096, half);
  return hn::Mul(hn::Mul(y, power_of_two(hn::Sub(half, word(1025)))),
                 power_of_two(hn::Sub(rest, word(1025))));
}

HWY_INLINE R normal_center(R q) {
  const R r = hn::Sub(real(0.180625), hn::Mul(q, q));
  const R numerator =
      horner(r, 3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
             1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
             3.3430575583588128105e4, 2.5090809287301226727e3);
  const R denominator =
      horner(r, 1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
             2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
             5.2264952788528545610e3);
  return hn::Div(hn::Mul(q, numerator), denominator);
}

HWY_INLINE R normal_tail(R r) {
  r = hn::Sub(r, real(1.6));
  const R numerator =
      horner(r, 1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
             3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
             2.27238449892691845833e-2, 7.74545014278341407640e-4);
  const R denominator =
      horner(r, 1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
             1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
             1.05075007164441684324e-9);
  return hn::Div(numerator, denominator);
}

/// inverse_normal(). The far tail, 3 draws in 1e11, is left to it.
HWY_INLINE R normal_vector(R u) {
  const Reals d;
  const R q = hn::Sub(u, real(0.5));
  const auto below = hn::Lt(q, real(0.0));
  const R r = hn::Sqrt(hn::Neg(log_normal(hn::IfThenElse(below, u, hn::Sub(real(1.0), u)))));
  const R tail = normal_tail(r);
  const auto central = hn::Le(hn::Abs(q), real(0.425));
  const R z = hn::IfThenElse(central, normal_center(q), hn::IfThenElse(below, hn::Neg(tail), tail));
  if (HWY_LIKELY(hn::AllTrue(d, hn::Le(r, real(5.0))))) return z;
  HWY_ALIGN double from[hn::MaxLanes(d)];
  HWY_ALIGN double to[hn::MaxLanes(d)];
  hn::Store(u, d, from);
  for (std::size_t l = 0; l < hn::Lanes(d); ++l) to[l] = inverse_normal(from[l]);
  return hn::Load(d, to);
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#endif  // NEEDFLOW_RANDOM_VECTORS_ONCE
