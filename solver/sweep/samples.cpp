#include "solver/sweep/samples.hpp"

#include <algorithm>
#include <boost/random/sobol.hpp>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "kernels/elementary.hpp"
#include "kernels/random.hpp"

namespace needflow {

namespace {

RandomStream stream_of(std::uint64_t seed, const char* purpose, std::string_view name) {
  return {seed, std::string(purpose) + " " + std::string(name)};
}

double to_unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace

std::vector<double> latin_column(std::size_t samples, std::uint64_t seed, std::string_view name) {
  const RandomStream order = stream_of(seed, "design order", name);
  const RandomStream place = stream_of(seed, "design place", name);
  std::vector<std::uint32_t> strata(samples);
  std::iota(strata.begin(), strata.end(), 0U);
  for (auto i = static_cast<std::uint32_t>(samples); i-- > 1;) {
    std::swap(strata[i], strata[below(order, {0, 0, i, 0}, i + 1)]);
  }
  std::vector<double> column(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    // 31 digits after the point: the sum is exact, so that it cannot round into the next stratum.
    const std::uint64_t bits = place.bits({0, 0, static_cast<std::uint32_t>(i), 0});
    const double within = (static_cast<double>(bits >> 34) + 0.5) * 0x1p-30;
    column[i] = (strata[i] + within) / static_cast<double>(samples);
  }
  return column;
}

std::vector<std::vector<double>> sobol_columns(std::size_t samples,
                                               const std::vector<std::uint64_t>& shifts) {
  std::vector<std::vector<double>> columns(shifts.size());
  if (shifts.empty()) return columns;
  boost::random::sobol sequence(shifts.size());
  for (std::size_t i = 0; i < samples; ++i) {
    for (std::size_t d = 0; d < shifts.size(); ++d) {
      const std::uint64_t digits = i == 0 ? 0 : sequence();  // Boost begins after the origin
      columns[d].push_back(to_unit(digits ^ shifts[d]));
    }
  }
  return columns;
}

std::uint64_t digital_shift(std::uint64_t seed, std::string_view name) {
  return stream_of(seed, "design shift", name).bits({});
}

double real_between(double u, double low, double high, bool log_scale) {
  if (!log_scale) return std::clamp(low + u * (high - low), low, high);
  const double start = log_positive(low);
  return std::clamp(exp_finite(start + u * (log_positive(high) - start)), low, high);
}

std::int64_t whole_between(double u, std::int64_t low, std::int64_t high, bool log_scale) {
  const double value =
      real_between(u, static_cast<double>(low), static_cast<double>(high) + 1.0, log_scale);
  return std::clamp(static_cast<std::int64_t>(std::floor(value)), low, high);
}

}  // namespace needflow
