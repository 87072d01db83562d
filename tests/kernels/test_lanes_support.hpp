// What the kernel tests share: comparison of bits, repeatable numbers, random sparse rows, the small
// matrices written out as triplets, and a guard that pins the SIMD target for a scope.
#pragma once

#include <hwy/targets.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/allocate.hpp"
#include "kernels/csr.hpp"

namespace needflow::tests {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// Returned by first_difference when there is none.
inline constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// Equality of bits: NaN equals NaN, and 0 is not −0.
inline bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// The first place where two arrays of doubles differ in a bit.
inline std::size_t first_difference(std::span<const double> a, std::span<const double> b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (!same_bits(a[i], b[i])) return i;
  }
  return a.size() == b.size() ? kNone : std::min(a.size(), b.size());
}

/// |actual − expected| ≤ ulps · ε · |expected|; every sum here has terms ≥ 0, so this is fair.
inline bool within_ulps(double actual, double expected, double ulps) {
  return std::abs(actual - expected) <= ulps * kEpsilon * std::abs(expected);
}

/// The same numbers with every library: the generator is standard, the distribution is spelled here.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : engine_(seed) {}
  /// [0, 1)
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  /// An amount in [0, 1000), every fifth one 0.
  double amount() { return below(5) == 0 ? 0.0 : 1000.0 * unit(); }
  std::vector<double> amounts(std::size_t count) {
    std::vector<double> values(count);
    for (double& value : values) value = amount();
    return values;
  }
  /// 0, small, of the size of the needs, or none at all.
  double desire() {
    switch (below(4)) {
      case 0: return 0.0;
      case 1: return 1e-3 * unit();
      case 2: return 1000.0 * unit();
      default: return kInfinity;
    }
  }

 private:
  std::mt19937_64 engine_;
};

/// Row, column, weight.
using Triplet = std::tuple<std::size_t, std::size_t, double>;

/// Rows from triplets in any order, by sorting: the definition that transposed() is judged by, too.
inline CsrMatrix csr_from(std::size_t rows, std::size_t columns, std::vector<Triplet> triplets) {
  std::sort(triplets.begin(), triplets.end());
  CsrMatrix matrix;
  matrix.column_count = columns;
  matrix.offsets.assign(rows + 1, 0);
  for (std::size_t row = 0; row <= rows; ++row) {
    matrix.offsets[row] = std::count_if(triplets.begin(), triplets.end(), [row](const Triplet& t) {
      return std::get<0>(t) < row;
    });
  }
  for (const auto& [row, column, weight] : triplets) {
    matrix.columns.push_back(static_cast<Index>(column));
    matrix.weights.push_back(weight);
  }
  return matrix;
}

/// Rows of the given lengths with random ascending columns and weights in (0, 1].
inline CsrMatrix random_rows(Numbers& numbers, const std::vector<std::size_t>& lengths,
                             std::size_t columns, bool with_desire) {
  CsrMatrix matrix;
  matrix.column_count = columns;
  std::vector<Index> all(columns);
  for (std::size_t c = 0; c < columns; ++c) all[c] = static_cast<Index>(c);
  for (const std::size_t length : lengths) {
    for (std::size_t c = 0; c < length; ++c) std::swap(all[c], all[c + numbers.below(columns - c)]);
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(length);
    std::sort(all.begin(), end);
    matrix.columns.insert(matrix.columns.end(), all.begin(), end);
    matrix.offsets.push_back(static_cast<Offset>(matrix.columns.size()));
  }
  for (std::size_t e = 0; e < matrix.columns.size(); ++e) {
    matrix.weights.push_back(1.0 - numbers.unit());
    if (with_desire) matrix.desire.push_back(numbers.desire());
  }
  return matrix;
}

/// Every target of this processor is on offer again, the best one chosen.
inline void offer_all_simd_targets() {
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// Runs the passes on one target until the end of the scope.
class ForcedTarget {
 public:
  explicit ForcedTarget(const std::string& name) {
    offer_all_simd_targets();
    usable_ = force_simd_target(name);
  }
  ForcedTarget(const ForcedTarget&) = delete;
  ForcedTarget& operator=(const ForcedTarget&) = delete;
  ~ForcedTarget() { offer_all_simd_targets(); }
  [[nodiscard]] bool usable() const { return usable_; }

 private:
  bool usable_ = false;
};

}  // namespace needflow::tests
