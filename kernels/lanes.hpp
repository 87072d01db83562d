// Lane-batched vectors: N rows of L doubles side by side, so that one nonzero of the matrix serves
// L runs of the same network. L = 1 is an ordinary vector. A lane's numbers never depend on L or on
// its neighbours: every operation is done lane by lane in the same order.
#pragma once

#include <cstddef>
#include <span>

namespace needflow {

/// Widths the kernels are compiled for, for benches and tests to go through (allocate.cpp and
/// settle.cpp hold the instantiations).
inline constexpr int kLaneWidths[] = {1, 8};

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

 private:
  std::span<T> values_;
};

}  // namespace needflow
