// What the kernel tests share: comparison of bits, repeatable numbers, random sparse rows and small
// ones written out as triplets, row ranges that start anywhere, the passes of a round run fast and
// plain on one batch of lanes, and guards that pin the SIMD target or allow more threads for a
// scope.
#pragma once

#include <hwy/targets.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <array>
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
#include "kernels/reference/allocate.hpp"

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

/// The same numbers with every library: the generator is standard, the distribution is ours.
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
      case 0:
        return 0.0;
      case 1:
        return 1e-3 * unit();
      case 2:
        return 1000.0 * unit();
      default:
        return kInfinity;
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
    matrix.offsets[row] = std::count_if(triplets.begin(), triplets.end(),
                                        [row](const Triplet& t) { return std::get<0>(t) < row; });
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

/// Row lengths of every awkward matrix, and its number of columns.
struct Shape {
  const char* name;
  std::vector<std::size_t> lengths;
  std::size_t columns;
};

/// 0, 1 … period − 1, 0, 1 …
inline std::vector<std::size_t> cycling(std::size_t rows, std::size_t period) {
  std::vector<std::size_t> lengths(rows);
  for (std::size_t i = 0; i < rows; ++i) lengths[i] = i % period;
  return lengths;
}

inline std::vector<Shape> awkward_shapes() {
  std::vector<std::size_t> one_has_all(21, 0);
  one_has_all[7] = 40;
  return {{"no rows", {}, 3},
          {"no rows, no columns", {}, 0},
          {"one row, empty", {0}, 1},
          {"one row of one entry", {1}, 1},
          {"one row of many", {1000}, 1000},
          {"empty rows", {0, 0, 0}, 4},
          {"rows without columns", {0, 0}, 0},
          {"one row has everything", one_has_all, 40},
          {"lengths 0 to 9", cycling(10, 10), 9},
          {"511 rows", cycling(511, 8), 50},
          {"512 rows", cycling(512, 9), 50},
          {"513 rows", cycling(513, 10), 50},
          {"1025 rows", cycling(1025, 11), 50}};
}

/// Ranges of `rows` rows that start anywhere: all of them, none, each end, tiles and blocks of the
/// engine, odd ones.
inline std::vector<RowRange> ranges_of(std::size_t rows) {
  std::vector<RowRange> ranges{{0, rows}, {rows, rows}, {rows / 3, rows / 3}};
  if (rows == 0) return ranges;
  for (const RowRange each : {RowRange{0, 1}, RowRange{rows - 1, rows}, RowRange{rows / 2, rows},
                              RowRange{1, std::max<std::size_t>(1, rows - 1)}}) {
    ranges.push_back(each);
  }
  for (const RowRange each : {RowRange{3, 10}, RowRange{64, 128}, RowRange{61, 517},
                              RowRange{512, 1024}, RowRange{509, 515}}) {
    if (each.end <= rows) ranges.push_back(each);
  }
  return ranges;
}

inline constexpr double kUnwritten = -777.0;  ///< what an output holds before, so that a gap shows
inline constexpr std::size_t kAround = 9;  ///< elements on either side of an output that must stay

/// What the passes read. A row is a provider in passes 1 and 3 and a recipient in pass 2.
struct Inputs {
  std::vector<double> row_amount;     ///< available, or active in pass 2; rows × L
  std::vector<double> row_scale;      ///< rows × L
  std::vector<double> column_active;  ///< columns × L
  std::vector<double> column_scale;   ///< columns × L
  std::vector<double> column_share;   ///< columns × L
  std::vector<double> column_claim;   ///< columns × L

  [[nodiscard]] std::array<std::vector<double>*, 6> all() {
    return {&row_amount, &row_scale, &column_active, &column_scale, &column_share, &column_claim};
  }
};

template <int L>
Inputs random_inputs(Numbers& numbers, const CsrMatrix& rows) {
  Inputs made{numbers.amounts(rows.rows() * L),       numbers.amounts(rows.rows() * L),
              numbers.amounts(rows.column_count * L), numbers.amounts(rows.column_count * L),
              numbers.amounts(rows.column_count * L), numbers.amounts(rows.column_count * L)};
  for (double& scale : made.row_scale) scale /= 500.0;  // about half of the claims are capped
  for (double& scale : made.column_scale) scale /= 500.0;
  for (double& share : made.column_share) share /= 1000.0;
  return made;
}

/// A writable block of `values` between its kAround elements on either side.
template <int L>
LaneSpan<double, L> middle(std::vector<double>& values) {
  return LaneSpan<double, L>(std::span(values).subspan(kAround, values.size() - 2 * kAround));
}

/// What the passes write for a range of rows, with kAround elements on either side.
struct Outputs {
  std::vector<double> denominator, scale, received, returned_freely, delivered, returned;

  explicit Outputs(std::size_t elements) {
    for (auto* values : all()) values->assign(elements + 2 * kAround, kUnwritten);
  }
  [[nodiscard]] std::array<std::vector<double>*, 6> all() {
    return {&denominator, &scale, &received, &returned_freely, &delivered, &returned};
  }
};

/// The name of the first output that differs in a bit, empty if none does.
inline std::string difference(const Outputs& a, const Outputs& b) {
  const auto differ = [](const std::vector<double>& x, const std::vector<double>& y) {
    return tests::first_difference(x, y) != tests::kNone;
  };
  if (differ(a.denominator, b.denominator)) return "denominator";
  if (differ(a.scale, b.scale)) return "scale";
  if (differ(a.received, b.received)) return "received";
  if (differ(a.returned_freely, b.returned_freely)) return "returned without bounds";
  if (differ(a.delivered, b.delivered)) return "delivered";
  return differ(a.returned, b.returned) ? "returned" : "";
}

template <int L>
LaneSpan<const double, L> in(const std::vector<double>& values) {
  return LaneSpan<const double, L>(values);
}
template <int L>
LaneSpan<double, L> out(std::vector<double>& values) {
  return LaneSpan<double, L>(values);
}

/// The plain twins in the place of the fast passes.
template <int L>
RowPasses<L> plain_row_passes() {
  return {reference::denominators<L>, reference::deliveries<L>, reference::returns<L>,
          reference::settlements<L>};
}

/// All passes over a range of rows.
template <int L>
Outputs passes(const RowPasses<L>& pass, const CsrView& rows, const Inputs& given, Cap cap,
               RowRange range) {
  Outputs made((range.end - range.begin) * L);
  const PublishedNeeds<L> ledger{in<L>(given.column_active)};
  const PublishedNeeds<L> own{in<L>(given.row_amount)};
  pass.denominators(rows, ledger, in<L>(given.row_amount), range, middle<L>(made.denominator),
                    middle<L>(made.scale));
  pass.deliveries(rows, own, in<L>(given.column_scale), cap, range, middle<L>(made.received));
  pass.returns(rows, in<L>(given.row_scale), in<L>(given.column_claim), range,
               middle<L>(made.returned_freely));
  pass.settlements(rows, ledger, in<L>(given.row_scale), in<L>(given.column_share), cap, range,
                   middle<L>(made.delivered), middle<L>(made.returned));
  return made;
}
template <int L>
Outputs passes(const RowPasses<L>& pass, const CsrMatrix& rows, const Inputs& given, Cap cap,
               RowRange range) {
  return passes<L>(pass, rows.view(), given, cap, range);
}

/// All passes over all rows.
template <int L>
Outputs passes(const CsrMatrix& rows, const Inputs& given, Cap cap) {
  return passes<L>(row_passes<L>(), rows, given, cap, {0, rows.rows()});
}

/// Lane l of a batch of L as vectors of one lane, the rest of the batch gone.
template <int L>
std::vector<double> lane_of(const std::vector<double>& batch, std::size_t l) {
  std::vector<double> lane(batch.size() / L);
  for (std::size_t i = 0; i < lane.size(); ++i) lane[i] = batch[i * L + l];
  return lane;
}

template <int L>
Inputs lane_of(const Inputs& batch, std::size_t l) {
  Inputs lane = batch;
  for (auto* values : lane.all()) *values = lane_of<L>(*values, l);
  return lane;
}

/// The same batch with `poison` in every lane but l.
template <int L>
Inputs alone_in(Inputs batch, std::size_t l, double poison) {
  for (auto* values : batch.all()) {
    for (std::size_t i = 0; i < values->size(); ++i) {
      if (i % L != l) (*values)[i] = poison;
    }
  }
  return batch;
}

/// Lane l of what a batch of `rows` rows wrote, with the margins of a lane that ran alone.
template <int L>
Outputs lane_of(Outputs batch, std::size_t l, std::size_t rows) {
  Outputs lane(rows);
  for (std::size_t which = 0; which < lane.all().size(); ++which) {
    for (std::size_t i = 0; i < rows; ++i) {
      (*lane.all()[which])[kAround + i] = (*batch.all()[which])[kAround + i * L + l];
    }
  }
  return lane;
}

/// Every target of this processor is on offer again, the best one chosen.
inline void offer_all_simd_targets() {
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// The target whose code a dispatch calls now, read from Highway's own index.
inline std::string dispatched_target() {
  for (std::int64_t left = HWY_TARGETS; left != 0; left &= left - 1) {
    hwy::ChosenTarget probe;
    probe.Update(left & -left);
    if (probe.GetIndex() == hwy::GetChosenTarget().GetIndex()) return hwy::TargetName(left & -left);
  }
  return "none";
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

/// Lets arenas have more threads than there are processors, until the end of the scope.
class ManyThreads {
 public:
  explicit ManyThreads(std::size_t count)
      : limit_(oneapi::tbb::global_control::max_allowed_parallelism, count) {}

 private:
  oneapi::tbb::global_control limit_;
};

}  // namespace needflow::tests
