// Random draws as pure functions of their address, and our own distributions (model M12; the
// amounts and shares of M1).
//
// A draw is addressed by (seed, stream name, network, replicate, agent, other) and by nothing else,
// so it does not matter who draws it, when, in which order or how many others are drawn. The
// generator is Random123's Philox4x32-10 (J. K. Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC11, 2011). std::*_distribution differs between libraries and libm between processors;
// the distributions here use kernels/elementary.hpp alone, so a draw has the same bits on every
// x86-64 machine.
//
// What goes where in Philox's counter of 4 x 32 bits:
//   word 0  agent    the agent, or the source of an edge
//   word 1  other    the target of an edge, a round, or 0 for a plain draw per agent
//   word 2  network  index of the network
//   word 3  replicate in the low 20 bits, attempt in the high 12
// An attempt counts the candidates of a rejection method; callers of the distributions never see
// it. Where edges are drawn anew every round or episode, (agent, other) are taken by the edge and
// the round goes into the stream: RandomStream(seed, "loss", round). Two draws at one address of
// one stream are made from the same bits, so every quantity has a stream name of its own.
#pragma once

#include <Random123/philox.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "kernels/elementary.hpp"

namespace needflow {

/// The address of a draw within a stream.
struct DrawKey {
  std::uint32_t network = 0;
  std::uint32_t replicate = 0;  ///< below kReplicateLimit: the caller checks, nothing here does
  std::uint32_t agent = 0;
  std::uint32_t other = 0;
};

inline constexpr std::uint32_t kReplicateLimit = 1U << 20;
inline constexpr std::uint32_t kAttemptLimit = 1U << 12;
/// The last attempt number is not for candidates: gamma draws its factor for shapes below 1 there.
inline constexpr std::uint32_t kBoostAttempt = kAttemptLimit - 1;

/// A family of independent draws. A value: it holds 64 bits of Philox key and no state.
///
/// The key is the first half of the block that Philox, keyed by the seed, gives at the counter
/// (64-bit FNV-1a of the name, index), so seeds, names and indices that differ give keys unrelated
/// to each other (two of m streams share a key with probability m^2 / 2^65).
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view name, std::uint64_t index = 0);

  /// 128 random bits: Philox4x32-10 at the counter (c0, c1, c2, c3).
  [[nodiscard]] std::array<std::uint32_t, 4> block(std::uint32_t c0, std::uint32_t c1,
                                                   std::uint32_t c2, std::uint32_t c3) const {
    const auto words = r123::Philox4x32()({{c0, c1, c2, c3}}, {{key_[0], key_[1]}});
    return {words[0], words[1], words[2], words[3]};
  }

  /// The same as two 64-bit words, low word first; attempt < kAttemptLimit.
  [[nodiscard]] std::array<std::uint64_t, 2> words(const DrawKey& key,
                                                   std::uint32_t attempt = 0) const {
    const auto b = block(key.agent, key.other, key.network, key.replicate | attempt << 20);
    return {b[0] | std::uint64_t{b[1]} << 32, b[2] | std::uint64_t{b[3]} << 32};
  }

  /// 64 random bits: what every draw without rejection is made from.
  [[nodiscard]] std::uint64_t bits(const DrawKey& key) const { return words(key)[0]; }

  [[nodiscard]] std::array<std::uint32_t, 2> key() const { return key_; }

 private:
  std::array<std::uint32_t, 2> key_;
};

// --- from random bits to numbers ---------------------------------------------------------------

// Both put bits into the mantissa of a number in [1, 2) and subtract, which is exact here, for SSE2
// and AVX2 convert no 64-bit integers.

/// ((bits >> 11) + 1) * 2^-53, in (0, 1]: never 0, so its logarithm is finite.
[[nodiscard]] inline double uniform_open_closed(std::uint64_t bits) {
  const std::uint64_t last = (bits >> 11) & 1;
  return std::bit_cast<double>(0x3ff0000000000000 | (bits >> 12)) -
         std::bit_cast<double>(0x3fefffffffffffff - last);  // 1 - 2^-53, or 1 - 2^-52
}

/// ((bits >> 12) + 1/2) * 2^-52, in (0, 1), symmetric about 1/2: neither end occurs.
[[nodiscard]] inline double uniform_open(std::uint64_t bits) {
  return std::bit_cast<double>(0x3ff0000000000000 | (bits >> 12)) - (1.0 - 0x1p-53);
}

/// floor(bits * bound / 2^64), in [0, bound) for bound >= 1. Over all bits each value is as
/// frequent as any other to within a relative bound / 2^64 < 2^-32; below() removes that rest.
[[nodiscard]] inline std::uint32_t bounded(std::uint64_t bits, std::uint32_t bound) {
  const std::uint64_t low = (bits & 0xffffffff) * bound;
  return static_cast<std::uint32_t>(((bits >> 32) * bound + (low >> 32)) >> 32);
}

/// Whether `bits` is among the (2^64 mod bound) words that make bounded() uneven (D. Lemire, "Fast
/// random integer generation in an interval", ACM TOMACS 29 (2019)).
[[nodiscard]] inline bool bounded_rejects(std::uint64_t bits, std::uint32_t bound) {
  const std::uint64_t fraction = bits * bound;
  return fraction < bound && fraction < (0 - std::uint64_t{bound}) % bound;
}

// --- distributions, each with what it needs computed beforehand ---------------------------------
// `from_bits` gives the draw for 64 random bits. cv is the coefficient of variation, standard
// deviation / mean; cv = 0 gives exactly the mean. Requires mean finite and >= 0, cv >= 0 and cv *
// cv finite. Multiplying the mean by a power of two multiplies every draw by it exactly
// (overflow and underflow apart).

/// The mean, whatever cv is.
struct ConstantParameters {
  double mean;
  [[nodiscard]] double from_bits(std::uint64_t) const { return mean; }
};

/// Uniform on mean * [1 - sqrt(3) cv, 1 + sqrt(3) cv]; requires cv <= kLargestUniformCv.
struct UniformParameters {
  UniformParameters(double mean, double cv);
  double mean;
  double half_width;  ///< relative to the mean, at most 1
  [[nodiscard]] double from_bits(std::uint64_t bits) const {
    return mean * (1.0 + half_width * (2.0 * uniform_open(bits) - 1.0));
  }
};
/// 1 / sqrt(3), as it comes out in doubles: the amounts reach down to 0.
inline constexpr double kLargestUniformCv = 0.5773502691896258;

/// exp(mu + sigma z) with sigma^2 = ln(1 + cv^2) and mu = ln(mean) - sigma^2 / 2. It is computed as
/// mean * exp(sigma z - sigma^2 / 2), which needs no ln(mean) and so takes mean = 0 as well.
struct LognormalParameters {
  LognormalParameters(double mean, double cv);
  double mean;
  double sigma;
  double half_variance;  ///< sigma^2 / 2
  [[nodiscard]] double from_normal(double z) const {
    return mean * exp_finite(sigma * z - half_variance);
  }
  [[nodiscard]] double from_bits(std::uint64_t bits) const {
    return from_normal(inverse_normal(uniform_open(bits)));
  }
};

/// Pareto type I, scale * u^(-1 / alpha), with alpha = 1 + sqrt(1 + 1 / cv^2) > 2 and
/// scale = mean * (alpha - 1) / alpha; u has 53 bits, so no draw exceeds scale * 2^(53 / alpha).
struct ParetoParameters {
  ParetoParameters(double mean, double cv);
  double scale;
  double inverse_alpha;
  [[nodiscard]] double from_bits(std::uint64_t bits) const {
    return scale * exp_finite(inverse_alpha * (0.0 - log_positive(uniform_open_closed(bits))));
  }
};

/// Gamma with the given shape > 0 and unit scale.
struct GammaParameters {
  explicit GammaParameters(double shape);
  double shape;
  double d;  ///< Marsaglia and Tsang's d and c, of shape + 1 if shape < 1
  double c;
  double inverse_shape;  ///< for the factor u^(1 / shape) if shape < 1
};

// --- draws --------------------------------------------------------------------------------------

/// Uniform on (0, 1]. An event of probability q happens if this is <= q: never for 0, always for 1.
[[nodiscard]] inline double uniform01(const RandomStream& stream, const DrawKey& key) {
  return uniform_open_closed(stream.bits(key));
}

/// Standard normal by inversion; |z| <= 8.21.
[[nodiscard]] inline double normal(const RandomStream& stream, const DrawKey& key) {
  return inverse_normal(uniform_open(stream.bits(key)));
}

/// Exponential with mean 1, by inversion: in [0, 36.74].
[[nodiscard]] inline double exponential(const RandomStream& stream, const DrawKey& key) {
  return 0.0 - log_positive(uniform_open_closed(stream.bits(key)));
}

[[nodiscard]] inline double uniform_mean_cv(const RandomStream& stream, const DrawKey& key,
                                            const UniformParameters& parameters) {
  return parameters.from_bits(stream.bits(key));
}

[[nodiscard]] inline double lognormal(const RandomStream& stream, const DrawKey& key,
                                      const LognormalParameters& parameters) {
  return parameters.from_bits(stream.bits(key));
}

[[nodiscard]] inline double pareto_mean_cv(const RandomStream& stream, const DrawKey& key,
                                           const ParetoParameters& parameters) {
  return parameters.from_bits(stream.bits(key));
}

/// Gamma(shape, 1): G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables",
/// ACM TOMS 26 (2000) 363-372; for shape < 1 a draw of shape + 1 times u^(1 / shape); for shape = 1
/// exactly exponential(). Never negative, but 0 by underflow where u^(1 / shape) is: with
/// probability exp(-745 shape), so whoever normalises draws of a shape below 0.05 must expect a sum
/// of 0. After kBoostAttempt rejections (probability below 1e-5000) the draw is d, the proposal's
/// centre.
[[nodiscard]] double gamma(const RandomStream& stream, const DrawKey& key,
                           const GammaParameters& parameters);

/// Uniform on {0, ..., bound - 1} without bias, bound >= 1: bounded() of the first attempt that
/// bounded_rejects() lets through; after kAttemptLimit rejections (probability below 2^-131072) the
/// last one as it is.
[[nodiscard]] std::uint32_t below(const RandomStream& stream, const DrawKey& key,
                                  std::uint32_t bound);

// --- generated amounts (M1) ---------------------------------------------------------------------

enum class AmountKind { constant, uniform, lognormal, pareto };

/// The distribution of a generated need or capacity: its kind, mean and cv.
class AmountDistribution {
 public:
  using Parameters =
      std::variant<ConstantParameters, UniformParameters, LognormalParameters, ParetoParameters>;

  /// Requires accepts(kind, mean, cv).
  AmountDistribution(AmountKind kind, double mean, double cv);

  /// Whether these numbers make a distribution: mean finite and >= 0, and, unless the kind is
  /// `constant`, which ignores cv, cv >= 0 with cv * cv finite, for `uniform` cv <= 1 / sqrt(3).
  [[nodiscard]] static bool accepts(AmountKind kind, double mean, double cv);

  /// The draw for one address; >= 0.
  [[nodiscard]] double draw(const RandomStream& stream, const DrawKey& key) const;

  [[nodiscard]] AmountKind kind() const { return kind_; }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double cv() const { return cv_; }
  [[nodiscard]] const Parameters& parameters() const { return parameters_; }

 private:
  AmountKind kind_;
  double mean_;
  double cv_;
  Parameters parameters_;
};

// --- draws in batches, the bits of the draws one by one
// --------------------------------------------

/// out[i] = distribution.draw(stream, {first with agent = first.agent + i}). out.size() +
/// first.agent <= 2^32.
void fill(std::span<double> out, const RandomStream& stream, const DrawKey& first,
          const AmountDistribution& distribution);

/// out[i] = uniform01(stream, {first with other = others[i]}); as many of both, others >= 0.
void fill_uniform01(std::span<double> out, const RandomStream& stream, const DrawKey& first,
                    std::span<const std::int32_t> others);

/// out[i] = gamma(stream, {first with other = others[i]}, parameters); likewise.
void fill_gamma(std::span<double> out, const RandomStream& stream, const DrawKey& first,
                std::span<const std::int32_t> others, const GammaParameters& parameters);

}  // namespace needflow
