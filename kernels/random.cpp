// Random streams and distributions (model M12 and M1); kernels/random.hpp says how draws are
// addressed, kernels/random_fill.cpp draws in batches.
#include "kernels/random.hpp"

#include <algorithm>
#include <cmath>

namespace needflow {

namespace {

constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : text) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  }
  return hash;
}

constexpr std::uint32_t low_half(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
constexpr std::uint32_t high_half(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32);
}

AmountDistribution::Parameters make_parameters(AmountKind kind, double mean, double cv) {
  switch (kind) {
    case AmountKind::uniform:
      return UniformParameters(mean, cv);
    case AmountKind::lognormal:
      return LognormalParameters(mean, cv);
    case AmountKind::pareto:
      return ParetoParameters(mean, cv);
    case AmountKind::constant:
      break;
  }
  return ConstantParameters{mean};
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view name, std::uint64_t index)
    : key_{low_half(seed), high_half(seed)} {
  const std::uint64_t hash = fnv1a(name);
  const auto derived = block(low_half(hash), high_half(hash), low_half(index), high_half(index));
  key_ = {derived[0], derived[1]};
}

UniformParameters::UniformParameters(double mean_, double cv)
    // At cv = 1 / sqrt(3) the product may round to just above 1 and the draw to below 0.
    : mean(mean_), half_width(std::min(1.0, 1.73205080756887729353 * cv)) {}

LognormalParameters::LognormalParameters(double mean_, double cv)
    : mean(mean_), sigma(std::sqrt(log_one_plus(cv * cv))), half_variance(0.5 * (sigma * sigma)) {}

ParetoParameters::ParetoParameters(double mean, double cv) : scale(mean), inverse_alpha(0.0) {
  // alpha = 1 + root / cv; its reciprocal and (alpha - 1) / alpha in a form that takes cv = 0.
  const double root = std::sqrt(1.0 + cv * cv);
  inverse_alpha = cv / (cv + root);
  scale = mean * (root / (cv + root));
}

GammaParameters::GammaParameters(double shape_)
    : shape(shape_),
      d((shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0),
      c(1.0 / std::sqrt(9.0 * d)),
      inverse_shape(1.0 / shape) {}

double gamma(const RandomStream& stream, const DrawKey& key, const GammaParameters& parameters) {
  if (parameters.shape == 1.0) return exponential(stream, key);
  const double d = parameters.d;
  double draw = d;
  for (std::uint32_t attempt = 0; attempt < kBoostAttempt; ++attempt) {
    const auto words = stream.words(key, attempt);
    const double x = inverse_normal(uniform_open(words[0]));
    const double root = 1.0 + parameters.c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    const double u = uniform_open_closed(words[1]);
    const double x2 = x * x;
    // The first test is implied by the second and saves its logarithms 92 times in 100.
    if (u < 1.0 - 0.0331 * (x2 * x2) ||
        log_positive(u) < 0.5 * x2 + d * (1.0 - v + log_positive(v))) {
      draw = d * v;
      break;
    }
  }
  if (parameters.shape > 1.0) return draw;
  const double u = uniform_open_closed(stream.words(key, kBoostAttempt)[0]);
  return draw * exp_finite(log_positive(u) * parameters.inverse_shape);
}

std::uint32_t below(const RandomStream& stream, const DrawKey& key, std::uint32_t bound) {
  std::uint64_t bits = stream.bits(key);
  for (std::uint32_t attempt = 1; attempt < kAttemptLimit && bounded_rejects(bits, bound);
       ++attempt) {
    bits = stream.words(key, attempt)[0];
  }
  return bounded(bits, bound);
}

AmountDistribution::AmountDistribution(AmountKind kind, double mean, double cv)
    : kind_(kind), mean_(mean), cv_(cv), parameters_(make_parameters(kind, mean, cv)) {}

bool AmountDistribution::accepts(AmountKind kind, double mean, double cv) {
  if (!std::isfinite(mean) || mean < 0.0) return false;
  if (kind == AmountKind::constant) return true;
  if (!(cv >= 0.0) || !std::isfinite(cv * cv)) return false;
  return kind != AmountKind::uniform || cv <= kLargestUniformCv;
}

double AmountDistribution::draw(const RandomStream& stream, const DrawKey& key) const {
  return std::visit([&](const auto& parameters) { return parameters.from_bits(stream.bits(key)); },
                    parameters_);
}

}  // namespace needflow
