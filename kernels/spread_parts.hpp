// Inside of kernels/spread.cpp: what its loops work on, shared by all SIMD targets.
#pragma once

#include <cstddef>
#include <limits>

namespace needflow {

/// Lanes that are sorted and summed together at most: one AVX-512 vector.
inline constexpr std::size_t kStripLanes = 8;

/// Narrower vectors sort lane by lane.
inline constexpr std::size_t kLeastStrip = 4;

/// Stands for a recipient without need: behind every share once sorted. Not +∞, which VQSort of
/// Highway 1.0.3 loses: it pads with the largest finite number.
inline constexpr double kAbsentShare = std::numeric_limits<double>::max();

/// What is taken from a block of rows; all but `largest_lack` is summed over blocks.
enum SpreadSum { kNeed, kSatisfied, kOver, kLack, kMet, kCount, kShare, kSquare, kRanked };
inline constexpr std::size_t kSpreadSums = 9;

/// One block's part of the sums of up to kStripLanes lanes.
struct SpreadTotals {
  double sum[kSpreadSums][kStripLanes];
  double largest_lack[kStripLanes];
};

/// One block of rows of a strip of lanes: amounts at a stride of `stride` doubles.
struct SpreadBlock {
  const double* need;
  const double* satisfied;
  const double* over;
  std::size_t stride;
  std::size_t rows;
  const double* met_from;  ///< (1 − ε), one a lane
};

}  // namespace needflow
