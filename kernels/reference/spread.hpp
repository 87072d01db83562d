// Plain serial twin of kernels/spread.hpp: one lane after the other, M3 line by line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/reference/reduce.hpp"
#include "kernels/spread.hpp"

namespace needflow::reference {

/// Lane l of a batch as a vector.
template <int L>
[[nodiscard]] std::vector<double> lane(LaneSpan<const double, L> batch, std::size_t l) {
  std::vector<double> values;
  for (std::size_t r = 0; r < batch.rows(); ++r) values.push_back(batch[r][l]);
  return values;
}

/// M3 of one run.
[[nodiscard]] inline Satisfaction spread_of(const std::vector<double>& need,
                                            const std::vector<double>& satisfied,
                                            const std::vector<double>& over, double wasted,
                                            double tolerance) {
  std::vector<double> lack;
  std::vector<double> q;
  double met = 0.0;
  for (std::size_t r = 0; r < need.size(); ++r) {
    lack.push_back(need[r] > satisfied[r] ? need[r] - satisfied[r] : 0.0);
    if (!(need[r] > 0.0)) continue;
    q.push_back(satisfied[r] / need[r]);
    if (satisfied[r] >= (1.0 - tolerance) * need[r]) met += 1.0;
  }
  std::sort(q.begin(), q.end());
  const auto m = static_cast<double>(q.size());
  std::vector<double> squares;
  std::vector<double> ranked;
  for (std::size_t i = 0; i < q.size(); ++i) {
    squares.push_back(q[i] * q[i]);
    ranked.push_back((2.0 * static_cast<double>(i + 1) - m - 1.0) * q[i]);
  }
  const double total = block_sum(need);
  const double sum = block_sum(q);
  Satisfaction result;
  result.satisfied_fraction = total > 0.0 ? block_sum(satisfied) / total : 1.0;
  result.over_fraction = total > 0.0 ? block_sum(over) / total : 0.0;
  result.wasted_fraction = total > 0.0 ? wasted / total : 0.0;
  result.residual_l1 = block_sum(lack);
  result.residual_max = lack.empty() ? 0.0 : *std::max_element(lack.begin(), lack.end());
  result.fully_met_fraction = q.empty() ? 1.0 : met / m;
  result.satisfaction_min = q.empty() ? 1.0 : q.front();
  result.satisfaction_p05 = q.empty() ? 1.0 : q[(q.size() - 1) / 20];
  result.jain_index = sum > 0.0 ? sum * sum / (m * block_sum(squares)) : 1.0;
  result.gini = sum > 0.0 ? block_sum(ranked) / (m * sum) : 0.0;
  return result;
}

template <int L>
void measure_spread(const FinalStates<L>& states, std::span<Satisfaction, L> result) {
  for (std::size_t l = 0; l < L; ++l) {
    result[l] = spread_of(lane<L>(states.need, l), lane<L>(states.satisfied, l),
                          lane<L>(states.over, l), states.wasted[l], states.tolerance[l]);
  }
}

}  // namespace needflow::reference
