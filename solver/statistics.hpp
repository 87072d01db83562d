// M3: what a run reports, computed from the final state alone.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "kernels/parallel.hpp"

namespace needflow {

/// Metrics of the recipients at the end of a run. Fractions of Σn are 0 (satisfied: 1) when Σn = 0;
/// over the m recipients with n_r > 0 and q = x_r / n_r: m = 0 gives min = P5 = fully met = 1,
/// Σq = 0 or m = 0 gives Jain 1 and Gini 0.
struct Satisfaction {
  double satisfied_fraction = std::numeric_limits<double>::quiet_NaN();  ///< Σx / Σn
  double fully_met_fraction = satisfied_fraction;  ///< share of m with x_r ≥ (1−ε) n_r
  double over_fraction = satisfied_fraction;       ///< Σ over_r of the last round / Σn
  double wasted_fraction = satisfied_fraction;     ///< wasted amount / Σn
  double residual_l1 = satisfied_fraction;         ///< Σ max(0, n−x), in the amounts' unit
  double residual_max = satisfied_fraction;        ///< the largest of them
  double jain_index = satisfied_fraction;          ///< (Σq)² / (m Σq²)
  double gini = satisfied_fraction;                ///< Σ_i (2i − m − 1) q_(i) / (m Σq)
  double satisfaction_min = satisfied_fraction;    ///< smallest q
  double satisfaction_p05 = satisfied_fraction;    ///< sorted q, element (m−1)/20 in integers
};

/// need, satisfied, over: R each. Sorting costs O(R log R); the sums follow kernels/reduce.hpp.
[[nodiscard]] Satisfaction measure_satisfaction(std::span<const double> need,
                                                std::span<const double> satisfied,
                                                std::span<const double> over, double wasted,
                                                double tolerance, Threads threads);

}  // namespace needflow
