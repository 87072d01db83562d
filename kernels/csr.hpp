// Sparse rows: the one pattern that recognition, desire and (later) trust share.
//
// A row is a provider and its columns are recipients, or the other way round; both passes of a
// round gather along rows, so a bipartite instance keeps two copies and a symmetric one a single
// copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace needflow {

using Offset =
    std::int64_t;            ///< position of an entry; 64 bits: N = 1e8, k = 30 passes 2^31 entries
using Index = std::int32_t;  ///< an agent's number; 32 bits halve the column stream (4 B an edge)

/// One row as a provider or recipient sees it: spans of equal length, `desire` empty if infinite.
struct CsrRow {
  std::span<const Index> columns;
  std::span<const double> weights;
  std::span<const double> desire;
};

/// Borrowed rows. Shapes: offsets rows+1 (first 0, last = entries), the others entries;
/// columns ascend strictly within a row. `desire` is empty when every D is infinite.
struct CsrView {
  std::span<const Offset> offsets;
  std::span<const Index> columns;
  std::span<const double> weights;
  std::span<const double> desire;

  [[nodiscard]] std::size_t rows() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  [[nodiscard]] Offset entries() const { return offsets.empty() ? 0 : offsets.back(); }

  [[nodiscard]] CsrRow row(std::size_t i) const {
    const auto begin = static_cast<std::size_t>(offsets[i]);
    const auto length = static_cast<std::size_t>(offsets[i + 1]) - begin;
    return {columns.subspan(begin, length), weights.subspan(begin, length),
            desire.empty() ? desire : desire.subspan(begin, length)};
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

  [[nodiscard]] std::size_t rows() const { return offsets.size() - 1; }
  [[nodiscard]] Offset entries() const { return offsets.back(); }
  [[nodiscard]] CsrView view() const { return {offsets, columns, weights, desire}; }

  [[nodiscard]] std::size_t bytes() const {
    return offsets.size() * sizeof(Offset) + columns.size() * sizeof(Index) +
           (weights.size() + desire.size()) * sizeof(double);
  }
};

/// The same entries with rows and columns exchanged. O(entries); columns ascend again because
/// rows are visited in order.
[[nodiscard]] CsrMatrix transposed(const CsrMatrix& matrix);

}  // namespace needflow
