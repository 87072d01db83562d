// Counting the allocations of a round (M8).
//
// A pass of its own, for it is only needed in rounds where some providers have nothing left and
// some recipients ask for nothing; inside pass 2 it costs every round a fifth of that pass.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/csr.hpp"
#include "kernels/lanes.hpp"

namespace needflow {

/// flags[i] = values[i] > 0 ? 1 : 0; equal lengths.
void flag_positive(std::span<const double> values, std::span<std::uint8_t> flags);

/// Nonzero allocations, a lane: Σ over rows of the range of [a_r > 0] times the entries with
/// s_p > 0 and D_pr > 0, added to `messages`. Flags are 1 or 0 a lane: asks R × L, offers P × L.
template <int L>
void count_messages(const CsrView& recipient_rows, LaneSpan<const std::uint8_t, L> asks,
                    LaneSpan<const std::uint8_t, L> offers, RowRange range,
                    PerLane<std::int64_t, L>& messages);

}  // namespace needflow
