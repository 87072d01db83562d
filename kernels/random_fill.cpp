// Draws in batches (kernels/random.hpp): the numbers of the draws one by one, bit for bit, a vector
// at a time. Philox and the elementary functions are spelled here a second time, in Highway and in
// the very order of kernels/random.hpp and kernels/elementary.hpp, without a multiply-add; where
// those branch, both sides are computed and one is chosen.
//
// Cost of a draw (AVX-512, eight draws a vector): 20 multiplications of 32 x 32 bits and 60 simple
// operations a vector for Philox, as many for the logarithm.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSE4 | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/random_fill.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "kernels/random.hpp"
#include "kernels/random_run.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane and no wide multiplication: GCC's own SSE2, which it finds in loops of a constant length
// with one simple operation a pass. Lognormal and Pareto cost half of the draws one by one.
constexpr std::size_t kChunk = 64;
using ChunkBits = std::array<std::uint64_t, kChunk>;

DrawKey key_of(const DrawRun& run, std::size_t i) {
  DrawKey key = run.first;
  if (run.others != nullptr) {
    key.other = static_cast<std::uint32_t>(run.others[i]);
  } else {
    key.agent += static_cast<std::uint32_t>(i);
  }
  return key;
}

ChunkBits chunk_bits(const DrawRun& run, std::size_t begin) {
  ChunkBits bits;
  DrawKey key = key_of(run, begin);
  if (run.others != nullptr) {
    for (std::size_t i = 0; i < kChunk; ++i) bits[i] = run.stream->bits(key_of(run, begin + i));
  } else {
    for (std::size_t i = 0; i < kChunk; ++i, ++key.agent) bits[i] = run.stream->bits(key);
  }
  return bits;
}

/// `fill_chunk(out, bits)` for whole chunks, from_bits for the rest.
template <class FillChunk, class FromBits>
void each_chunk(const DrawRun& run, std::span<double> out, const FillChunk& fill_chunk,
                const FromBits& from_bits) {
  std::size_t i = 0;
  for (; i + kChunk <= out.size(); i += kChunk) fill_chunk(out.data() + i, chunk_bits(run, i));
  for (; i < out.size(); ++i) out[i] = from_bits(run.stream->bits(key_of(run, i)));
}

template <class FromBits>
void each_draw(const DrawRun& run, std::span<double> out, const FromBits& from_bits) {
  each_chunk(
      run, out,
      [&from_bits](double* chunk, const ChunkBits& bits) {
        for (std::size_t i = 0; i < kChunk; ++i) chunk[i] = from_bits(bits[i]);
      },
      from_bits);
}

void uniform_draws(const DrawRun& run, std::span<double> out) {
  each_draw(run, out, [](std::uint64_t bits) { return uniform_open_closed(bits); });
}
void exponential_draws(const DrawRun& run, std::span<double> out) {
  each_draw(run, out,
            [](std::uint64_t bits) { return 0.0 - log_positive(uniform_open_closed(bits)); });
}
void gamma_draws(const DrawRun& run, std::span<double> out, const GammaParameters& p) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = gamma(*run.stream, key_of(run, i), p);
}
void uniform_amounts(const DrawRun& run, std::span<double> out, const UniformParameters& p) {
  each_draw(run, out, [p](std::uint64_t bits) { return p.from_bits(bits); });
}
void pareto_amounts(const DrawRun& run, std::span<double> out, const ParetoParameters& p) {
  each_draw(run, out, [p](std::uint64_t bits) { return p.from_bits(bits); });
}

// inverse_normal() branches, so its centre is computed for all and its tails, 15 in 100, put right.
void lognormal_amounts(const DrawRun& run, std::span<double> out, const LognormalParameters& p) {
  const auto fill_chunk = [p](double* chunk, const ChunkBits& bits) {
    std::array<double, kChunk> u;
    std::array<double, kChunk> z;
    for (std::size_t i = 0; i < kChunk; ++i) u[i] = uniform_open(bits[i]);
    for (std::size_t i = 0; i < kChunk; ++i) z[i] = detail::inverse_normal_center(u[i] - 0.5);
    for (std::size_t i = 0; i < kChunk; ++i) {
      if (std::fabs(u[i] - 0.5) > 0.425) z[i] = inverse_normal(u[i]);
    }
    for (std::size_t i = 0; i < kChunk; ++i) chunk[i] = p.from_normal(z[i]);
  };
  each_chunk(run, out, fill_chunk, [p](std::uint64_t bits) { return p.from_bits(bits); });
}

#else

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

/// RandomStream::words() of one counter a lane; a word of Philox is the low half of its lane, and
/// what is in the high half does not matter to the even products.
HWY_INLINE Words philox_words(B agent, B other, const DrawRun& run, std::uint32_t attempt = 0) {
  const hn::Repartition<std::uint32_t, Bits> halves;
  const auto product = [halves](B counter, std::uint32_t factor) HWY_ATTR {
    return hn::MulEven(hn::BitCast(halves, counter), hn::Set(halves, factor));
  };
  B c0 = agent, c1 = other, c2 = word(run.first.network);
  B c3 = word(run.first.replicate | attempt << 20);
  std::uint32_t k0 = run.stream->key()[0];
  std::uint32_t k1 = run.stream->key()[1];
  for (int round = 0; round < 10; ++round) {
    const B first = product(c0, 0xD2511F53);
    const B second = product(c2, 0xCD9E8D57);
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(second), c1), word(k0));
    c1 = second;
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(first), c3), word(k1));
    c3 = first;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
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

/// out[i] = draw i, made of its agent and other. The last vector overlaps the one before it: a draw
/// made twice is the same draw.
template <class Make>
HWY_INLINE void each_counter(const DrawRun& run, std::span<double> out, const Make& make) {
  const Bits bits;
  const Reals reals;
  const hn::Rebind<std::uint32_t, Bits> ids;
  const std::size_t width = hn::Lanes(bits);
  const B ascending = hn::Iota(bits, 0);  // outside the loop: Highway 1.0.3 makes it in memory
  const bool neighbours = run.others != nullptr;
  // Signed and unsigned may alias; ids are >= 0.
  const auto* others = reinterpret_cast<const std::uint32_t*>(run.others);
  const auto draw = [&](std::size_t i, const std::uint32_t* other) HWY_ATTR {
    const B first = word(run.first.agent + i);
    const B agent = neighbours ? word(run.first.agent) : hn::Add(first, ascending);
    const B target =
        neighbours ? hn::PromoteTo(bits, hn::LoadU(ids, other)) : word(run.first.other);
    return make(agent, target);
  };
  if (out.size() < width) {
    std::uint32_t few[hn::MaxLanes(bits)] = {};
    double drawn[hn::MaxLanes(reals)];
    if (neighbours) std::copy_n(others, out.size(), few);
    hn::StoreU(draw(0, few), reals, drawn);
    std::copy_n(drawn, out.size(), out.data());
    return;
  }
  const std::size_t last = out.size() - width;
  for (std::size_t i = 0;; i = std::min(i + width, last)) {
    hn::StoreU(draw(i, others + (neighbours ? i : 0)), reals, out.data() + i);
    if (i == last) return;
  }
}

template <class FromBits>
HWY_INLINE void each_vector(const DrawRun& run, std::span<double> out, const FromBits& from_bits) {
  each_counter(run, out, [&](B agent, B other) HWY_ATTR {
    return from_bits(philox_words(agent, other, run).first);
  });
}

HWY_INLINE R exponential_of(B bits) { return hn::Sub(real(0.0), log_normal(open_closed(bits))); }

void uniform_draws(const DrawRun& run, std::span<double> out) {
  each_vector(run, out, [](B bits) HWY_ATTR { return open_closed(bits); });
}
void exponential_draws(const DrawRun& run, std::span<double> out) {
  each_vector(run, out, [](B bits) HWY_ATTR { return exponential_of(bits); });
}
// The first candidate and the first test for all; the draws it leaves open, at most 8 in 100, are
// made anew one by one.
void gamma_draws(const DrawRun& run, std::span<double> out, const GammaParameters& p) {
  each_counter(run, out, [&](B agent, B other) HWY_ATTR {
    const Words words = philox_words(agent, other, run);
    const R x = normal_vector(open(words.first));
    const R u = open_closed(words.second);
    const R root = hn::Add(real(1.0), hn::Mul(real(p.c), x));
    const R v = hn::Mul(hn::Mul(root, root), root);
    const R x2 = hn::Mul(x, x);
    const R bound = hn::Sub(real(1.0), hn::Mul(real(0.0331), hn::Mul(x2, x2)));
    R draw = hn::Mul(real(p.d), v);
    if (p.shape < 1.0) {
      const R factor = open_closed(philox_words(agent, other, run, kBoostAttempt).first);
      draw = hn::Mul(draw, exp_vector(hn::Mul(log_normal(factor), real(p.inverse_shape))));
    }
    // root <= 0 needs x <= -1 / c <= -2.44, where the bound is negative.
    return hn::IfThenElse(hn::Lt(u, bound), draw, real(-1.0));
  });
  DrawKey key = run.first;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] >= 0.0) continue;
    key.other = static_cast<std::uint32_t>(run.others[i]);
    out[i] = gamma(*run.stream, key, p);
  }
}
void uniform_amounts(const DrawRun& run, std::span<double> out, const UniformParameters& p) {
  each_vector(run, out, [p](B bits) HWY_ATTR {
    const R centred = hn::Sub(hn::Mul(real(2.0), open(bits)), real(1.0));
    return hn::Mul(real(p.mean), hn::Add(real(1.0), hn::Mul(real(p.half_width), centred)));
  });
}
void lognormal_amounts(const DrawRun& run, std::span<double> out, const LognormalParameters& p) {
  each_vector(run, out, [p](B bits) HWY_ATTR {
    const R scaled = hn::Mul(real(p.sigma), normal_vector(open(bits)));
    return hn::Mul(real(p.mean), exp_vector(hn::Sub(scaled, real(p.half_variance))));
  });
}
void pareto_amounts(const DrawRun& run, std::span<double> out, const ParetoParameters& p) {
  each_vector(run, out, [p](B bits) HWY_ATTR {
    return hn::Mul(real(p.scale), exp_vector(hn::Mul(real(p.inverse_alpha), exponential_of(bits))));
  });
}

#endif  // HWY_TARGET

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(uniform_draws);
HWY_EXPORT(exponential_draws);
HWY_EXPORT(gamma_draws);
HWY_EXPORT(uniform_amounts);
HWY_EXPORT(lognormal_amounts);
HWY_EXPORT(pareto_amounts);

void fill(std::span<double> out, const RandomStream& stream, const DrawKey& first,
          const AmountDistribution& distribution) {
  const DrawRun run{&stream, first, nullptr};
  std::visit(
      [&](const auto& parameters) {
        using Parameters = std::decay_t<decltype(parameters)>;
        if constexpr (std::is_same_v<Parameters, ConstantParameters>) {
          std::fill(out.begin(), out.end(), parameters.mean);
        } else if constexpr (std::is_same_v<Parameters, UniformParameters>) {
          HWY_DYNAMIC_DISPATCH(uniform_amounts)(run, out, parameters);
        } else if constexpr (std::is_same_v<Parameters, LognormalParameters>) {
          HWY_DYNAMIC_DISPATCH(lognormal_amounts)(run, out, parameters);
        } else {
          HWY_DYNAMIC_DISPATCH(pareto_amounts)(run, out, parameters);
        }
      },
      distribution.parameters());
}

void fill_uniform01(std::span<double> out, const RandomStream& stream, const DrawKey& first,
                    std::span<const std::int32_t> others) {
  HWY_DYNAMIC_DISPATCH(uniform_draws)({&stream, first, others.data()}, out);
}

void fill_gamma(std::span<double> out, const RandomStream& stream, const DrawKey& first,
                std::span<const std::int32_t> others, const GammaParameters& parameters) {
  const DrawRun run{&stream, first, others.data()};
  if (parameters.shape == 1.0) {
    HWY_DYNAMIC_DISPATCH(exponential_draws)(run, out);
  } else {
    HWY_DYNAMIC_DISPATCH(gamma_draws)(run, out, parameters);
  }
}

}  // namespace needflow
#endif  // HWY_ONCE
