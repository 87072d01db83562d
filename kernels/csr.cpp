#include "kernels/csr.hpp"

#include <limits>

namespace needflow {

CsrMatrix transposed(const CsrMatrix& matrix) {
  CsrMatrix result;
  result.column_count = matrix.rows();
  result.offsets.assign(matrix.column_count + 1, 0);
  for (const Index column : matrix.columns) {
    ++result.offsets[static_cast<std::size_t>(column) + 1];
  }
  for (std::size_t i = 0; i < matrix.column_count; ++i) {
    result.offsets[i + 1] += result.offsets[i];
  }
  result.columns.resize(matrix.columns.size());
  result.weights.resize(matrix.weights.size());
  result.desire.resize(matrix.desire.size());
  std::vector<Offset> next(result.offsets.begin(), result.offsets.end() - 1);
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    for (auto e = static_cast<std::size_t>(matrix.offsets[row]);
         e < static_cast<std::size_t>(matrix.offsets[row + 1]); ++e) {
      const auto slot =
          static_cast<std::size_t>(next[static_cast<std::size_t>(matrix.columns[e])]++);
      result.columns[slot] = static_cast<Index>(row);
      result.weights[slot] = matrix.weights[e];
      if (!matrix.desire.empty()) result.desire[slot] = matrix.desire[e];
    }
  }
  return result;
}

void narrow_weights(CsrMatrix& matrix) {
  matrix.narrow_weights.resize(matrix.weights.size());
  for (std::size_t e = 0; e < matrix.weights.size(); ++e) {
    const auto narrow = static_cast<float>(matrix.weights[e]);
    matrix.narrow_weights[e] = narrow > 0.0F ? narrow : std::numeric_limits<float>::denorm_min();
  }
  matrix.weights = {};
}

}  // namespace needflow
