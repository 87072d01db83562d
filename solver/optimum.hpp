// M10: the most need that any allocation of the stock can satisfy, and the fairest allocation that
// satisfies so much: what the local rule is measured against.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow {

/// Who may give to whom, what each recipient needs and each provider has: capacity × factor.
/// `by_provider` is P × R, its weights and desires are not looked at; need R, capacity P, all
/// finite and ≥ 0.
struct StockProblem {
  CsrView by_provider;
  std::span<const double> need;
  std::span<const double> capacity;
  double capacity_factor = 1.0;
};

/// Unknown numbers are NaN: not asked for.
struct Optimum {
  double total_need = std::numeric_limits<double>::quiet_NaN();    ///< Σn
  double max_flow = std::numeric_limits<double>::quiet_NaN();      ///< an amount
  double fairest_jain = std::numeric_limits<double>::quiet_NaN();  ///< Jain's index (M3) of q
  double fairest_min = std::numeric_limits<double>::quiet_NaN();   ///< smallest q = x / n
};

/// The maximum flow: the value of its smallest cut, summed in doubles by kernels/reduce.hpp's rule.
///
/// Amounts are bounded by what they can meet at all – a capacity by the needs of its recipients, a
/// need by the capacities of its providers – and rounded to 2^-61 of the larger total, so the cut
/// is the smallest to within (P + R) 2^-61 of that total: below 1e-9 of the value as long as
/// (P + R) max(P, R) < 2e9, and far beyond that in any but contrived cases. Throws
/// std::runtime_error where flow and cut do not prove each other (solver/max_flow.hpp).
[[nodiscard]] double max_flow_amount(const StockProblem& problem);

/// The fairest optimum: among all allocations the one whose smallest q = x / n is largest, then the
/// second smallest, and so on. What the recipients of a provider set can receive is bounded by a
/// submodular function, so what vectors x are possible is a polymatroid, and its lexicographically
/// fairest vector is one of its largest: nothing is lost of the maximum flow.
struct FairestOptimum {
  std::vector<double> share;  ///< q a recipient; 1 where n = 0
  std::size_t levels = 0;     ///< different shares below 1, at most
  std::size_t flows = 0;      ///< maximum flows it took
};

/// By decomposition (Fujishige 1980): everybody's needs are met in proportion, the cut of that flow
/// parts those who cannot have so much from those who can have more, and both sides go on by
/// themselves. A flow more than twice the levels at most, on ever smaller networks. Shares are
/// exact for amounts rounded to 2^-61 of the larger total. The result is checked: no provider gives
/// to anybody while a recipient of its has a smaller share, nor keeps anything while one has less
/// than its need; throws std::runtime_error otherwise.
[[nodiscard]] FairestOptimum fairest_optimum(const StockProblem& problem);

struct OptimumParts {
  bool max_flow = true;
  bool fairest = true;
};

/// All that is asked for. Σn by kernels/reduce.hpp's rule.
[[nodiscard]] Optimum find_optimum(const StockProblem& problem, OptimumParts parts = {});

/// Σx / maximum flow; 1 if that is 0. What exceeds 1 by rounding alone, 1e-9, counts as 1.
[[nodiscard]] double efficiency(double satisfied_fraction, const Optimum& optimum);

}  // namespace needflow
