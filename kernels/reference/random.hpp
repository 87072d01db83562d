// The plain serial twin of kernels/random.hpp and kernels/elementary.hpp (model M12 and M1), for
// tests.
//
// It shares the value types (RandomStream's 64-bit key, DrawKey, the parameters' shape, mean and
// cv) and nothing else: Philox is written from the paper's definition, quantiles and amounts from
// the formulas of the model, in long double with libm. So it agrees to rounding, not to the bit;
// the functions of bits alone agree exactly.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/random.hpp"

namespace needflow::reference {

/// Philox4x32-10 (Salmon et al. 2011, section 3.3).
[[nodiscard]] std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key);

/// The key that RandomStream(seed, name, index) must hold.
[[nodiscard]] std::array<std::uint32_t, 2> stream_key(std::uint64_t seed, std::string_view name,
                                                      std::uint64_t index = 0);

[[nodiscard]] double log_positive(double x);
[[nodiscard]] double log_one_plus(double y);
[[nodiscard]] double exp_finite(double x);
/// The root of Phi(x) = u by bisection on erfc.
[[nodiscard]] double inverse_normal(double u);

[[nodiscard]] double uniform_open_closed(std::uint64_t bits);
[[nodiscard]] double uniform_open(std::uint64_t bits);
[[nodiscard]] std::uint32_t bounded(std::uint64_t bits, std::uint32_t bound);
[[nodiscard]] bool bounded_rejects(std::uint64_t bits, std::uint32_t bound);

[[nodiscard]] double uniform01(const RandomStream& stream, const DrawKey& key);
[[nodiscard]] double normal(const RandomStream& stream, const DrawKey& key);
[[nodiscard]] double exponential(const RandomStream& stream, const DrawKey& key);
[[nodiscard]] double gamma(const RandomStream& stream, const DrawKey& key,
                           const GammaParameters& parameters);
[[nodiscard]] std::uint32_t below(const RandomStream& stream, const DrawKey& key,
                                  std::uint32_t bound);

/// The draw of a generated amount from the distribution's kind, mean and cv.
[[nodiscard]] double amount(const RandomStream& stream, const DrawKey& key,
                            const AmountDistribution& distribution);
void fill(std::span<double> out, const RandomStream& stream, const DrawKey& first,
          const AmountDistribution& distribution);

}  // namespace needflow::reference
