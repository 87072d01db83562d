// Plain serial twins of kernels/lane_moves.hpp.
#pragma once

#include <cstddef>

#include "kernels/lane_moves.hpp"

namespace needflow::reference {

template <int L>
void fill_lanes(const LaneFill<L>& fill, PerLane<double, L>& claiming) {
  for (std::size_t row = 0; row < fill.amounts.size(); ++row) {
    for (std::size_t l = 0; l < L; ++l) {
      if (fill.starts[l] == 0) continue;
      const double amount = fill.amounts[row];
      double scaled = amount * fill.factor[l];
      if (!fill.as_given.values().empty()) fill.as_given[row][l] = amount;
      if (!fill.scaled_again.values().empty()) fill.scaled_again[row][l] = scaled;
      if (!fill.scaled.empty()) scaled = fill.scaled.put(row, l, scaled);
      if (!fill.degrees.empty() && scaled > 0.0) claiming[l] += fill.degrees[row];
    }
  }
}

template <int L>
void take_lanes(LaneSpan<const double, L> from, const LaneChoice<L>& chosen, double* to,
                std::size_t stride) {
  for (std::size_t row = 0; row < from.rows(); ++row) {
    std::size_t taken = 0;
    for (std::size_t l = 0; l < L; ++l) {
      if (chosen[l] != 0) to[row * stride + taken++] = from[row][l];
    }
  }
}

}  // namespace needflow::reference
