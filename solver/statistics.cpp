#include "solver/statistics.hpp"

#include <array>

namespace needflow {

Satisfaction measure_satisfaction(std::span<const double> need, std::span<const double> satisfied,
                                  std::span<const double> over, double wasted, double tolerance,
                                  Threads threads) {
  using Run = LaneSpan<const double, 1>;
  SpreadWorkspace workspace;
  std::array<Satisfaction, 1> result;
  measure_spread<1>({Run(need), Run(satisfied), Run(over), {wasted}, {tolerance}}, workspace,
                    std::span(result), threads);
  return result[0];
}

}  // namespace needflow
