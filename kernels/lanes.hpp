// Lane-batched vectors: N rows of L doubles side by side, so that one nonzero of the matrix serves
// L runs of the same network. L = 1 is an ordinary vector. A lane's numbers never depend on L or on
// its neighbours: every operation is done lane by lane in the same order.
#pragma once

#include <oneapi/tbb/cache_aligned_allocator.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace needflow {

/// Widths the kernels are compiled for, for planners, benches and tests to go through.
inline constexpr int kLaneWidths[] = {1, 8, 16};

/// Calls visit.operator()<L>() for one of kLaneWidths; any other width counts as 1.
template <class Visit>
decltype(auto) with_lane_width(int width, const Visit& visit) {
  if (width == 16) return visit.template operator()<16>();
  if (width == 8) return visit.template operator()<8>();
  return visit.template operator()<1>();
}

/// Rows of 8 or 16 doubles start on a cache line, so that a visit touches one line or two.
template <class T>
using LaneVector = std::vector<T, oneapi::tbb::cache_aligned_allocator<T>>;

/// One value a lane.
template <class T, int L>
using PerLane = std::array<T, static_cast<std::size_t>(L)>;

/// A borrowed N × L block, row-major: element (i, l) is data[i * L + l].
template <class T, int L>
class LaneSpan {
 public:
  static_assert(L >= 1);
  LaneSpan() = default;
  explicit LaneSpan(std::span<T> values) : values_(values) {}
  /// A writable block may be read.
  operator LaneSpan<const T, L>() const { return LaneSpan<const T, L>(values_); }

  [[nodiscard]] std::size_t rows() const { return values_.size() / L; }
  [[nodiscard]] T* operator[](std::size_t row) const { return values_.data() + row * L; }
  [[nodiscard]] std::span<T> values() const { return values_; }
  /// Rows [begin, end) alone; an empty block stays empty.
  [[nodiscard]] LaneSpan part(std::size_t begin, std::size_t end) const {
    return values_.empty() ? LaneSpan() : LaneSpan(values_.subspan(begin * L, (end - begin) * L));
  }

 private:
  std::span<T> values_;
};

}  // namespace needflow
