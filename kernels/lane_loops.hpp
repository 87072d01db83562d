// Element-wise work on lane-batched vectors, a SIMD vector at a time. Compiled once a SIMD target
// (Highway's scheme instead of an include guard).
//
// A body is a class template Body<L, D> made for the lanes that one vector covers: with L lanes it
// walks down the rows of D lanes each, so what differs from lane to lane sits in registers; with
// one lane it walks along the agents, and what is left at the end goes one by one.
#if defined(NEEDFLOW_LANE_LOOPS_ONCE) == defined(HWY_TARGET_TOGGLE)
#ifdef NEEDFLOW_LANE_LOOPS_ONCE
#undef NEEDFLOW_LANE_LOOPS_ONCE
#else
#define NEEDFLOW_LANE_LOOPS_ONCE
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "kernels/lanes.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// A number a lane, as the vector of the lanes that start at `lane`.
template <int L, class D>
HWY_INLINE hn::Vec<D> lane_values(D d, const PerLane<double, L>& values, std::size_t lane) {
  if constexpr (L == 1) return hn::Set(d, values[0]);
  return hn::LoadU(d, values.data() + lane);
}

/// One number a row: the same for all lanes of a row, or those of the rows that a vector covers.
template <int L, class D>
HWY_INLINE hn::Vec<D> row_values(D d, const double* values, std::size_t row) {
  if constexpr (L == 1) return hn::LoadU(d, values + row);
  return hn::Set(d, values[row]);
}

/// Adds up whole numbers, which are exact in any order.
template <int L, class D>
HWY_INLINE void add_counts(D d, hn::Vec<D> counts, std::size_t lane, PerLane<double, L>& sums) {
  double each[HWY_MAX_BYTES / sizeof(double)];
  hn::StoreU(counts, d, each);
  for (std::size_t i = 0; i < hn::MaxLanes(d); ++i) sums[L == 1 ? 0 : lane + i] += each[i];
}

/// Sets the flags of the lanes that `seen` holds.
template <int L, class D>
HWY_INLINE void raise_flags(D d, hn::Mask<D> seen, std::size_t lane,
                            PerLane<std::uint8_t, L>& flags) {
  if (hn::AllFalse(d, seen)) return;
  double bits[HWY_MAX_BYTES / sizeof(double)];
  hn::StoreU(hn::IfThenElseZero(seen, hn::Set(d, 1.0)), d, bits);
  for (std::size_t i = 0; i < hn::MaxLanes(d); ++i) {
    auto& flag = flags[L == 1 ? 0 : lane + i];
    flag = static_cast<std::uint8_t>(flag | (bits[i] > 0.0 ? 1 : 0));
  }
}

/// Runs a Body over rows [begin, end): body(d, arguments, lane), body.visit(row, element),
/// body.finish().
template <int L, template <int, class> class Body, class Arguments>
HWY_INLINE void for_lane_vectors(const Arguments& arguments, std::size_t begin, std::size_t end) {
  if constexpr (L == 1) {
    const hn::ScalableTag<double> vector;
    const std::size_t whole = begin + (end - begin) / hn::Lanes(vector) * hn::Lanes(vector);
    Body<1, decltype(vector)> body(vector, arguments, 0);
    for (std::size_t i = begin; i < whole; i += hn::Lanes(vector)) body.visit(i, i);
    body.finish();
    const hn::CappedTag<double, 1> single;
    Body<1, decltype(single)> rest(single, arguments, 0);
    for (std::size_t i = whole; i < end; ++i) rest.visit(i, i);
    rest.finish();
  } else {
    // Two vectors abreast: with AVX-512 and 16 lanes rows are then read in order, which takes a
    // quarter less time than every other cache line of them twice.
    const hn::CappedTag<double, L> vector;
    constexpr std::size_t kWide = hn::MaxLanes(hn::CappedTag<double, L>());
    std::size_t lane = 0;
    for (; lane + 2 * kWide <= L; lane += 2 * kWide) {
      Body<L, decltype(vector)> left(vector, arguments, lane);
      Body<L, decltype(vector)> right(vector, arguments, lane + kWide);
      for (std::size_t row = begin; row < end; ++row) {
        left.visit(row, row * L + lane);
        right.visit(row, row * L + lane + kWide);
      }
      left.finish();
      right.finish();
    }
    for (; lane < L; lane += kWide) {
      Body<L, decltype(vector)> body(vector, arguments, lane);
      for (std::size_t row = begin; row < end; ++row) body.visit(row, row * L + lane);
      body.finish();
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#endif  // NEEDFLOW_LANE_LOOPS_ONCE
