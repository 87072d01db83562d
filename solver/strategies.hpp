// M6, seed 000: who publishes the truth and who publishes more than that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "solver/settings.hpp"

namespace needflow {

/// What a recipient publishes of its residual ρ; the numbers are those of `strategy` in files.
enum class Strategy : std::uint8_t {
  cooperative = 0,  ///< ρ
  aggressive = 1,   ///< ρ (1 + b)
  strategic = 2,    ///< ρ (1 + b/2) in an episode after one that left it short, else ρ
};

/// Why no strategies can be drawn from these settings, or an empty text.
[[nodiscard]] std::string strategies_problem(const StrategySettings& settings);

/// The strategy of each of so many recipients, for all episodes and need types: the A =
/// max(1, ⌊f·N + ½⌋) with the smallest draws are aggressive (none where f = 0), of the others
/// likewise as many as there are, those with the smallest draws, strategic. Keyed by (network,
/// replicate, recipient) alone, ties to the smaller id: more deceivers are the same ones and some.
[[nodiscard]] std::vector<Strategy> draw_strategies(const StrategySettings& settings,
                                                    std::size_t recipients, std::uint64_t seed,
                                                    std::uint32_t network, std::uint32_t replicate);

/// What the recipient exaggerates by: ρ̂ = ρ (1 + this). `was_short`: whether the episode before
/// left it short, which is all that a strategic one goes by.
[[nodiscard]] double exaggeration_of(Strategy strategy, double bias, bool was_short);

}  // namespace needflow
