#include "solver/optimum.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/reduce.hpp"
#include "solver/optimum_units.hpp"
#include "solver/statistics.hpp"

namespace needflow {

namespace {

double total(const std::vector<double>& values) {
  return block_sum(std::span<const double>(values));
}

/// Capacities, none above what all its recipients need.
std::vector<double> bounded_supply(const StockProblem& problem) {
  std::vector<double> supply(problem.capacity.size());
  for (std::size_t p = 0; p < supply.size(); ++p) {
    double wanted = 0.0;
    for (const Index r : entries_of(problem.by_provider, p)) {
      wanted += problem.need[static_cast<std::size_t>(r)];
    }
    supply[p] = std::min(problem.capacity[p] * problem.capacity_factor, wanted);
  }
  return supply;
}

/// Needs, none above what all its providers have.
std::vector<double> bounded_demand(const StockProblem& problem, const std::vector<double>& supply) {
  std::vector<double> offered(problem.need.size(), 0.0);
  for (std::size_t p = 0; p < supply.size(); ++p) {
    for (const Index r : entries_of(problem.by_provider, p)) {
      offered[static_cast<std::size_t>(r)] += supply[p];
    }
  }
  for (std::size_t r = 0; r < offered.size(); ++r) {
    offered[r] = std::min(offered[r], problem.need[r]);
  }
  return offered;
}

std::vector<Units> in_units(const std::vector<double>& amounts, int exponent) {
  std::vector<Units> units(amounts.size());
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    units[i] = static_cast<Units>(std::nearbyint(std::ldexp(amounts[i], exponent)));
  }
  return units;
}

}  // namespace

ProblemUnits units_of(const StockProblem& problem, BoundNeeds bound) {
  ProblemUnits result;
  result.supply_amount = bounded_supply(problem);
  result.demand_amount = bound == BoundNeeds::yes
                             ? bounded_demand(problem, result.supply_amount)
                             : std::vector<double>(problem.need.begin(), problem.need.end());
  const double largest = std::max(total(result.supply_amount), total(result.demand_amount));
  constexpr int kBits = 61;
  const int exponent = largest > 0.0 ? kBits - 1 - std::ilogb(largest) : 0;
  result.supply = in_units(result.supply_amount, exponent);
  result.demand = in_units(result.demand_amount, exponent);
  return result;
}

double max_flow_amount(const StockProblem& problem) {
  const ProblemUnits units = units_of(problem, BoundNeeds::yes);
  const CsrView& rows = problem.by_provider;
  const MaxFlow flow = proven_max_flow({rows.offsets, rows.columns, units.supply, units.demand});
  const double beyond = block_sum(units.supply.size(), Threads::one, [&](std::size_t p) {
    return flow.near_providers[p] == 0 ? units.supply_amount[p] : 0.0;
  });
  const double near = block_sum(units.demand.size(), Threads::one, [&](std::size_t r) {
    return flow.near_recipients[r] != 0 ? units.demand_amount[r] : 0.0;
  });
  return beyond + near;
}

Optimum find_optimum(const StockProblem& problem, OptimumParts parts) {
  Optimum optimum;
  optimum.total_need = block_sum(problem.need);
  if (parts.max_flow) optimum.max_flow = max_flow_amount(problem);
  if (!parts.fairest) return optimum;
  const std::vector<double> share = fairest_optimum(problem).share;
  std::vector<double> satisfied(share.size());
  for (std::size_t r = 0; r < share.size(); ++r) satisfied[r] = share[r] * problem.need[r];
  const std::vector<double> over(share.size(), 0.0);
  const Satisfaction figures =
      measure_satisfaction(problem.need, satisfied, over, 0.0, 0.0, Threads::one);
  optimum.fairest_jain = figures.jain_index;
  optimum.fairest_min = figures.satisfaction_min;
  return optimum;
}

double efficiency(double satisfied_fraction, const Optimum& optimum) {
  if (optimum.max_flow == 0.0) return 1.0;
  constexpr double kRounding = 1e-9;
  const double ratio = satisfied_fraction * optimum.total_need / optimum.max_flow;
  return ratio > 1.0 && ratio <= 1.0 + kRounding ? 1.0 : ratio;
}

}  // namespace needflow
