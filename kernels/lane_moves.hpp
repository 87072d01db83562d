// How runs come into lanes and leave them: the same lanes of every row are written or read, whole
// vectors of lanes at a time.
//
// Cost: the rows that are filled are read and written once, 16 B an element and vector kept, for
// any number of lanes; taking lanes out reads a row and writes what is taken. Lane by lane, with
// scalar stores, either was 3 % of a sweep of short runs. kernels/reference/lane_moves.hpp is the
// twin.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/lanes.hpp"
#include "kernels/stored.hpp"

namespace needflow {

/// Which lanes are meant; 1 means yes.
template <int L>
using LaneChoice = PerLane<std::uint8_t, L>;

/// Runs that begin in the lanes `starts` with the same amounts, a number a row. Blocks are N × L or
/// empty, and other lanes keep what they hold.
template <int L>
struct LaneFill {
  LaneChoice<L> starts{};
  PerLane<double, L> factor{};       ///< of each lane
  std::span<const double> amounts;   ///< N
  LaneSpan<double, L> as_given;      ///< gets the amounts
  StoredSpan<double, L> scaled;      ///< gets amounts times factor
  LaneSpan<double, L> scaled_again;  ///< the same, never rounded
  std::span<const double> degrees;   ///< N or empty

  /// Rows [begin, end) alone.
  [[nodiscard]] LaneFill part(std::size_t begin, std::size_t end) const {
    LaneFill some = *this;
    some.amounts = amounts.subspan(begin, end - begin);
    some.as_given = as_given.part(begin, end);
    some.scaled = scaled.part(begin, end);
    some.scaled_again = scaled_again.part(begin, end);
    if (!degrees.empty()) some.degrees = degrees.subspan(begin, end - begin);
    return some;
  }
};

/// Both loops as one SIMD target compiled them.
template <int L>
struct LaneMoves {
  /// Adds Σ degrees of rows with amount times factor, as `scaled` stores it, > 0 to `claiming`, in
  /// lanes that start.
  void (*fill)(const LaneFill<L>& fill, PerLane<double, L>& claiming);
  /// Copies the chosen lanes of every row of `from`, in order, to to[row * stride + 0, 1, …].
  void (*take)(LaneSpan<const double, L> from, const LaneChoice<L>& chosen, double* to,
               std::size_t stride);
};

/// The loops of the best target here, or of the forced one.
template <int L>
[[nodiscard]] LaneMoves<L> lane_moves();

}  // namespace needflow
