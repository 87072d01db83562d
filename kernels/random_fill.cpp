// Draws in batches (kernels/random.hpp): the numbers of the draws one by one, bit for bit, a vector
// at a time (kernels/random_vectors.hpp).
//
// Cost of a draw (AVX-512, eight draws a vector): 20 multiplications of 32 x 32 bits and 60 simple
// operations a vector for Philox, as many for the logarithm.
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
#include "kernels/random_vectors.hpp"

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

/// The words of one draw of a run.
HWY_INLINE Words philox_words(B agent, B other, const DrawRun& run, std::uint32_t attempt = 0) {
  const auto key = run.stream->key();
  return philox_words(agent, other, word(run.first.network),
                      word(run.first.replicate | attempt << 20), key[0], key[1]);
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
