#include "solver/strategies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace needflow {

namespace {

std::size_t count_of(double fraction, std::size_t recipients) {
  if (fraction == 0.0) return 0;
  const double wanted = std::floor(fraction * static_cast<double>(recipients) + 0.5);
  return std::max<std::size_t>(1, static_cast<std::size_t>(wanted));
}

}  // namespace

std::string strategies_problem(const StrategySettings& settings) {
  if (settings.aggressive_fraction + settings.strategic_fraction <= 1.0 + 1e-12) return {};
  return fmt::format(
      "strategies.aggressive_fraction = {} and strategic_fraction = {} are more than all",
      settings.aggressive_fraction, settings.strategic_fraction);
}

std::vector<Strategy> draw_strategies(const StrategySettings& settings, std::size_t recipients,
                                      std::uint64_t seed, std::uint32_t network,
                                      std::uint32_t replicate) {
  std::vector<Strategy> strategies(recipients, Strategy::cooperative);
  const std::size_t aggressive =
      std::min(recipients, count_of(settings.aggressive_fraction, recipients));
  const std::size_t strategic =
      std::min(recipients - aggressive, count_of(settings.strategic_fraction, recipients));
  if (aggressive + strategic == 0) return strategies;
  const RandomStream stream(seed, "strategy");
  std::vector<std::pair<double, std::size_t>> draws(recipients);
  for (std::size_t r = 0; r < recipients; ++r) {
    const DrawKey key{network, replicate, static_cast<std::uint32_t>(r), 0};
    draws[r] = {uniform01(stream, key), r};
  }
  std::sort(draws.begin(), draws.end());
  for (std::size_t rank = 0; rank < aggressive + strategic; ++rank) {
    strategies[draws[rank].second] = rank < aggressive ? Strategy::aggressive : Strategy::strategic;
  }
  return strategies;
}

double exaggeration_of(Strategy strategy, double bias, bool was_short) {
  if (strategy == Strategy::aggressive) return bias;
  return strategy == Strategy::strategic && was_short ? bias / 2.0 : 0.0;
}

}  // namespace needflow
