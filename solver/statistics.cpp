#include "solver/statistics.hpp"

#include <algorithm>
#include <vector>

#include "kernels/reduce.hpp"

namespace needflow {

namespace {

double fraction_of(double amount, double total, double if_nothing) {
  return total > 0.0 ? amount / total : if_nothing;
}

/// q of every recipient with a need, ascending.
std::vector<double> sorted_shares(std::span<const double> need, std::span<const double> satisfied) {
  std::vector<double> shares;
  shares.reserve(need.size());
  for (std::size_t r = 0; r < need.size(); ++r) {
    if (need[r] > 0.0) shares.push_back(satisfied[r] / need[r]);
  }
  std::sort(shares.begin(), shares.end());
  return shares;
}

void measure_shares(const std::vector<double>& q, Satisfaction& result) {
  const auto m = static_cast<double>(q.size());
  const double sum = block_sum(std::span<const double>(q));
  result.jain_index = 1.0;
  result.gini = 0.0;
  result.satisfaction_min = q.empty() ? 1.0 : q.front();
  result.satisfaction_p05 = q.empty() ? 1.0 : q[(q.size() - 1) / 20];
  if (!(sum > 0.0)) return;
  const double squares =
      block_sum(q.size(), Threads::one, [&q](std::size_t i) { return q[i] * q[i]; });
  const double ranked = block_sum(q.size(), Threads::one, [&q, m](std::size_t i) {
    return (2.0 * static_cast<double>(i + 1) - m - 1.0) * q[i];
  });
  result.jain_index = sum * sum / (m * squares);
  result.gini = ranked / (m * sum);
}

}  // namespace

Satisfaction measure_satisfaction(std::span<const double> need, std::span<const double> satisfied,
                                  std::span<const double> over, double wasted, double tolerance,
                                  Threads threads) {
  const auto residual = [&](std::size_t r) { return std::max(0.0, need[r] - satisfied[r]); };
  const auto fully_met = [&](std::size_t r) {
    return need[r] > 0.0 && satisfied[r] >= (1.0 - tolerance) * need[r];
  };
  const double total_need = block_sum(need, threads);
  const std::vector<double> shares = sorted_shares(need, satisfied);

  Satisfaction result;
  result.satisfied_fraction = fraction_of(block_sum(satisfied, threads), total_need, 1.0);
  result.over_fraction = fraction_of(block_sum(over, threads), total_need, 0.0);
  result.wasted_fraction = fraction_of(wasted, total_need, 0.0);
  result.residual_l1 = block_sum(need.size(), threads, residual);
  result.residual_max = block_max(need.size(), 0.0, residual);
  result.fully_met_fraction =
      fraction_of(static_cast<double>(count_if_index(need.size(), fully_met)),
                  static_cast<double>(shares.size()), 1.0);
  measure_shares(shares, result);
  return result;
}

}  // namespace needflow
