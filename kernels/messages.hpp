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
void flag_positive(std::span<const float> values, std::span<std::uint8_t> flags);

/// Clears the flags of lanes where `counts` is 0 (elsewhere it is 255), N × L. Returns how many
/// rows still have one.
template <int L>
[[nodiscard]] std::size_t keep_lanes(LaneSpan<std::uint8_t, L> flags,
                                     const PerLane<std::uint8_t, L>& counts);

/// Nonzero allocations, a lane: Σ over rows of the range of [a_r > 0] times the entries with
/// s_p > 0 and D_pr > 0, added to `messages`. Flags are 1 or 0 a lane: asks R × L, offers P × L.
/// Rows where nobody asks cost nothing; the sum is the same with the two sides exchanged, so hand
/// over the side with fewer as rows.
template <int L>
void count_messages(const CsrView& rows, LaneSpan<const std::uint8_t, L> asks,
                    LaneSpan<const std::uint8_t, L> offers, RowRange range,
                    PerLane<std::int64_t, L>& messages);

}  // namespace needflow
