// Inside of M10's optimum: a problem of amounts as one of whole units.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "solver/max_flow.hpp"
#include "solver/optimum.hpp"

namespace needflow {

/// Recipients of provider p.
[[nodiscard]] inline std::span<const Index> entries_of(const CsrView& rows, std::size_t p) {
  const auto begin = static_cast<std::size_t>(rows.offsets[p]);
  return rows.columns.subspan(begin, static_cast<std::size_t>(rows.offsets[p + 1]) - begin);
}

/// Bounded amounts change no maximum flow; but shares are of whole needs.
enum class BoundNeeds { no, yes };

struct ProblemUnits {
  std::vector<double> supply_amount;  ///< a provider, bounded by the needs of its recipients
  std::vector<double> demand_amount;  ///< a recipient
  std::vector<Units> supply;          ///< the same times a power of two, rounded
  std::vector<Units> demand;
};

/// The larger total becomes 2^60 to 2^61 units.
[[nodiscard]] ProblemUnits units_of(const StockProblem& problem, BoundNeeds bound);

/// Why an allocation in units (an entry each) is not the fairest, or an empty text. A share may be
/// off by as many units as there are recipients: what rounding leaves at each level.
[[nodiscard]] std::string fairness_problem(const Transport& transport,
                                           std::span<const Units> given);

}  // namespace needflow
