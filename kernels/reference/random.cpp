// The plain twin of the random streams and distributions; kernels/reference/random.hpp says what it
// shares with them.
#include "kernels/reference/random.hpp"

#include <cmath>
#include <cstddef>

namespace needflow::reference {

namespace {

using Real = long double;

// The compiler's own 128-bit integer: the products below are taken whole, as the definitions say.
__extension__ using Wide = unsigned __int128;

std::array<std::uint64_t, 2> draw_words(const RandomStream& stream, const DrawKey& key,
                                        std::uint32_t attempt) {
  const std::uint32_t last = attempt * 1048576U + key.replicate;
  const auto block = philox({key.agent, key.other, key.network, last}, stream.key());
  constexpr std::uint64_t kTwo32 = 4294967296;
  return {block[1] * kTwo32 + block[0], block[3] * kTwo32 + block[2]};
}

std::uint64_t draw_bits(const RandomStream& stream, const DrawKey& key) {
  return draw_words(stream, key, 0)[0];
}

// Marsaglia and Tsang for shape >= 1.
Real gamma_above_one(const RandomStream& stream, const DrawKey& key, Real shape) {
  const Real d = shape - 1.0L / 3.0L;
  for (std::uint32_t attempt = 0; attempt < 4095; ++attempt) {
    const auto words = draw_words(stream, key, attempt);
    const Real x = inverse_normal(uniform_open(words[0]));
    const Real u = uniform_open_closed(words[1]);
    const Real v = std::pow(1.0L + x / std::sqrt(9.0L * d), 3.0L);
    if (v > 0.0L && std::log(u) < x * x / 2.0L + d - d * v + d * std::log(v)) return d * v;
  }
  return d;
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(first)};
    key[0] += 0x9E3779B9;  // the golden ratio
    key[1] += 0xBB67AE85;  // sqrt(3) - 1
  }
  return counter;
}

std::array<std::uint32_t, 2> stream_key(std::uint64_t seed, std::string_view name,
                                        std::uint64_t index) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a's offset basis and prime
  for (std::size_t i = 0; i < name.size(); ++i) {
    hash ^= static_cast<std::uint8_t>(name[i]);
    hash *= 1099511628211U;
  }
  const auto block =
      philox({static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32),
              static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32)},
             {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return {block[0], block[1]};
}

double log_positive(double x) { return static_cast<double>(std::log(Real{x})); }

double log_one_plus(double y) { return static_cast<double>(std::log1p(Real{y})); }

double exp_finite(double x) { return static_cast<double>(std::exp(Real{x})); }

double inverse_normal(double u) {
  if (u > 0.5) return -inverse_normal(1.0 - u);  // exact for the multiples of 2^-53 drawn here
  Real low = -40.0L;
  Real high = 0.0L;
  for (int step = 0; step < 120; ++step) {
    const Real middle = (low + high) / 2.0L;
    (std::erfc(-middle / std::sqrt(2.0L)) / 2.0L < u ? low : high) = middle;
  }
  return static_cast<double>(high);
}

double uniform_open_closed(std::uint64_t bits) {
  return static_cast<double>((std::floor(static_cast<Real>(bits) / 2048.0L) + 1.0L) /
                             9007199254740992.0L);
}

double uniform_open(std::uint64_t bits) {
  return static_cast<double>((std::floor(static_cast<Real>(bits) / 4096.0L) + 0.5L) /
                             4503599627370496.0L);
}

std::uint32_t bounded(std::uint64_t bits, std::uint32_t bound) {
  return static_cast<std::uint32_t>(Wide{bits} * bound >> 64);
}

bool bounded_rejects(std::uint64_t bits, std::uint32_t bound) {
  const Wide all = Wide{1} << 64;
  return Wide{bits} * bound % all < all % bound;
}

double uniform01(const RandomStream& stream, const DrawKey& key) {
  return uniform_open_closed(draw_bits(stream, key));
}

double normal(const RandomStream& stream, const DrawKey& key) {
  return inverse_normal(uniform_open(draw_bits(stream, key)));
}

double exponential(const RandomStream& stream, const DrawKey& key) {
  return static_cast<double>(-std::log(Real{reference::uniform01(stream, key)}));
}

double gamma(const RandomStream& stream, const DrawKey& key, const GammaParameters& parameters) {
  const Real shape = parameters.shape;
  if (shape == 1.0L) return reference::exponential(stream, key);
  if (shape > 1.0L) return static_cast<double>(gamma_above_one(stream, key, shape));
  const Real u = uniform_open_closed(draw_words(stream, key, 4095)[0]);
  return static_cast<double>(gamma_above_one(stream, key, shape + 1.0L) *
                             std::pow(u, 1.0L / shape));
}

std::uint32_t below(const RandomStream& stream, const DrawKey& key, std::uint32_t bound) {
  for (std::uint32_t attempt = 0; attempt < 4095; ++attempt) {
    const std::uint64_t bits = draw_words(stream, key, attempt)[0];
    if (!bounded_rejects(bits, bound)) return bounded(bits, bound);
  }
  return bounded(draw_words(stream, key, 4095)[0], bound);
}

double amount(const RandomStream& stream, const DrawKey& key,
              const AmountDistribution& distribution) {
  const Real mean = distribution.mean();
  const Real cv = distribution.cv();
  if (distribution.kind() == AmountKind::constant || cv == 0.0L || mean == 0.0L) {
    return distribution.mean();
  }
  if (distribution.kind() == AmountKind::uniform) {
    const Real low = mean * (1.0L - std::sqrt(3.0L) * cv);
    const Real high = mean * (1.0L + std::sqrt(3.0L) * cv);
    return static_cast<double>(low + (high - low) * uniform_open(draw_bits(stream, key)));
  }
  if (distribution.kind() == AmountKind::lognormal) {
    const Real variance = std::log1p(cv * cv);
    const Real mu = std::log(mean) - variance / 2.0L;
    return static_cast<double>(std::exp(mu + std::sqrt(variance) * reference::normal(stream, key)));
  }
  const Real alpha = 1.0L + std::sqrt(1.0L + 1.0L / (cv * cv));
  const Real scale = mean * (alpha - 1.0L) / alpha;
  return static_cast<double>(scale *
                             std::pow(Real{reference::uniform01(stream, key)}, -1.0L / alpha));
}

void fill(std::span<double> out, const RandomStream& stream, const DrawKey& first,
          const AmountDistribution& distribution) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    DrawKey key = first;
    key.agent = first.agent + static_cast<std::uint32_t>(i);
    out[i] = amount(stream, key, distribution);
  }
}

}  // namespace needflow::reference
