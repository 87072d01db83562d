// Plain serial twins of kernels/messages.hpp: one entry after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/messages.hpp"

namespace needflow::reference {

inline void flag_positive(std::span<const double> values, std::span<std::uint8_t> flags) {
  for (std::size_t i = 0; i < values.size(); ++i) flags[i] = values[i] > 0.0 ? 1 : 0;
}

template <int L>
void count_messages(const CsrView& recipient_rows, LaneSpan<const std::uint8_t, L> asks,
                    LaneSpan<const std::uint8_t, L> offers, RowRange range,
                    PerLane<std::int64_t, L>& messages) {
  for (std::size_t r = range.begin; r < range.end; ++r) {
    const CsrRow row = recipient_rows.row(r);
    for (std::size_t j = 0; j < row.columns.size(); ++j) {
      const bool wanted = row.desire.empty() || row.desire[j] > 0.0;
      for (std::size_t l = 0; l < L; ++l) {
        const bool offered = offers[static_cast<std::size_t>(row.columns[j])][l] == 1;
        if (wanted && offered && asks[r][l] == 1) ++messages[l];
      }
    }
  }
}

}  // namespace needflow::reference
