// Sparse rows: the one pattern that recognition, desire and (later) trust share.
//
// A row is a provider and its columns are recipients, or the other way round; both passes of a
// round gather along rows, so a bipartite instance keeps two copies and a symmetric one a single
// copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace needflow {

using Offset =
    std::int64_t;            ///< position of an entry; 64 bits: N = 1e8, k = 30 passes 2^31 entries
using Index = std::int32_t;  ///< an agent's number; 32 bits halve the column stream (4 B an edge)

/// One row as a provider or recipient sees it: spans of equal length, `desire` empty if infinite.
/// W is how weights are stored, double or float; sums are in doubles either way.
template <class W>
struct CsrRowOf {
  std::span<const Index> columns;
  std::span<const W> weights;
  std::span<const double> desire;
};
using CsrRow = CsrRowOf<double>;

/// In the place of W: every lane has weights of its own, `weights` holding entries × L (M6).
struct WeightPerLane {};
template <>
struct CsrRowOf<WeightPerLane> : CsrRow {};

/// Borrowed rows. Shapes: offsets rows+1 (first 0, last = entries), the others entries;
/// columns ascend strictly within a row. Weights are in one of `weights`, `narrow_weights` and
/// `lane_weights`.
/// `desire` is empty when every D is infinite.
struct CsrView {
  std::span<const Offset> offsets;
  std::span<const Index> columns;
  std::span<const double> weights;
  std::span<const double> desire;
  std::span<const float> narrow_weights = {};
  /// Entries × L, in the place of the others, for passes of L > 1 lanes.
  std::span<const double> lane_weights = {};

  [[nodiscard]] std::size_t rows() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  [[nodiscard]] Offset entries() const { return offsets.empty() ? 0 : offsets.back(); }
  [[nodiscard]] bool narrow() const { return !narrow_weights.empty(); }

  [[nodiscard]] CsrRow row(std::size_t i) const { return row_of<double>(i); }
  /// Always inlined: a call a row costs a tenth of a pass.
  template <class W>
  [[nodiscard, gnu::always_inline]] inline CsrRowOf<W> row_of(std::size_t i) const {
    const auto begin = static_cast<std::size_t>(offsets[i]);
    const auto length = static_cast<std::size_t>(offsets[i + 1]) - begin;
    CsrRowOf<W> row{columns.subspan(begin, length), {}, {}};
    if constexpr (std::is_same_v<W, float>) {
      row.weights = narrow_weights.subspan(begin, length);
    } else {
      row.weights = weights.subspan(begin, length);
    }
    if (!desire.empty()) row.desire = desire.subspan(begin, length);
    return row;
  }
  /// A row whose weights differ from lane to lane.
  template <int L>
  [[nodiscard, gnu::always_inline]] inline CsrRowOf<WeightPerLane> lane_row(std::size_t i) const {
    const auto begin = static_cast<std::size_t>(offsets[i]);
    const auto length = static_cast<std::size_t>(offsets[i + 1]) - begin;
    CsrRowOf<WeightPerLane> row;
    row.columns = columns.subspan(begin, length);
    row.weights = lane_weights.subspan(begin * L, length * L);
    if (!desire.empty()) row.desire = desire.subspan(begin, length);
    return row;
  }
  /// A weight that all lanes share.
  [[nodiscard]] double weight(std::size_t entry) const {
    return narrow() ? static_cast<double>(narrow_weights[entry]) : weights[entry];
  }
};

/// Rows [begin, end) of a matrix.
struct RowRange {
  std::size_t begin;
  std::size_t end;
};

/// Owned rows; `column_count` is the other dimension. Eigen reads them through
/// Eigen::Map<const Eigen::SparseMatrix<double, Eigen::RowMajor>> once the offsets are narrowed
/// to int (tests/kernels/test_allocate.cpp shows the two lines).
struct CsrMatrix {
  std::vector<Offset> offsets{0};
  std::vector<Index> columns;
  std::vector<double> weights;
  std::vector<double> desire;
  std::size_t column_count = 0;
  std::vector<float> narrow_weights = {};  ///< instead of `weights`, once narrowed

  [[nodiscard]] std::size_t rows() const { return offsets.size() - 1; }
  [[nodiscard]] Offset entries() const { return offsets.back(); }
  [[nodiscard]] CsrView view() const { return {offsets, columns, weights, desire, narrow_weights}; }

  [[nodiscard]] std::size_t bytes() const {
    return offsets.size() * sizeof(Offset) + columns.size() * sizeof(Index) +
           (weights.size() + desire.size()) * sizeof(double) +
           narrow_weights.size() * sizeof(float);
  }
};

/// Stores the weights in 4 bytes instead of 8, rounded to nearest: a relative change of at most
/// 6e-8, and a third of the matrix's bytes. A weight never becomes 0.
void narrow_weights(CsrMatrix& matrix);

/// The same entries with rows and columns exchanged. O(entries); columns ascend again because
/// rows are visited in order.
[[nodiscard]] CsrMatrix transposed(const CsrMatrix& matrix);

}  // namespace needflow
