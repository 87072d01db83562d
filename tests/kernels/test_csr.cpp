// Sparse rows (kernels/csr.hpp): what a row is, what the matrix weighs, and the transpose judged by
// sorting triplets.
#include <doctest/doctest.h>

#include <cstddef>
#include <tuple>
#include <vector>

#include "kernels/csr.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using tests::Numbers;
using tests::Triplet;

/// 3 providers, 5 recipients; the middle row is empty, column 3 is empty.
CsrMatrix small_matrix() {
  return tests::csr_from(3, 5,
                         {{0, 1, 0.25}, {0, 4, 0.5}, {2, 0, 1.0}, {2, 1, 0.75}, {2, 2, 0.125}});
}

bool same(const CsrMatrix& a, const CsrMatrix& b) {
  return a.offsets == b.offsets && a.columns == b.columns && a.weights == b.weights &&
         a.desire == b.desire && a.column_count == b.column_count;
}

std::vector<Triplet> triplets_of(const CsrMatrix& matrix) {
  std::vector<Triplet> triplets;
  for (std::size_t i = 0; i + 1 < matrix.offsets.size(); ++i) {
    for (auto e = static_cast<std::size_t>(matrix.offsets[i]);
         e < static_cast<std::size_t>(matrix.offsets[i + 1]); ++e) {
      triplets.emplace_back(i, static_cast<std::size_t>(matrix.columns[e]), matrix.weights[e]);
    }
  }
  return triplets;
}

/// The definition: (r, c) becomes (c, r), then everything is sorted again.
CsrMatrix flipped(const CsrMatrix& matrix) {
  std::vector<Triplet> triplets;
  for (const auto& [row, column, weight] : triplets_of(matrix)) {
    triplets.emplace_back(column, row, weight);
  }
  return tests::csr_from(matrix.column_count, matrix.offsets.size() - 1, triplets);
}

}  // namespace

TEST_CASE("A matrix knows its rows, its entries and its bytes") {
  CsrMatrix matrix = small_matrix();
  CHECK(matrix.rows() == 3);
  CHECK(matrix.entries() == 5);
  CHECK(matrix.offsets == std::vector<Offset>{0, 2, 2, 5});
  // 4 offsets of 8 bytes, 5 columns of 4, 5 weights of 8; a desire adds 5 of 8.
  CHECK(matrix.bytes() == 4 * 8 + 5 * 4 + 5 * 8);
  matrix.desire.assign(5, 1.0);
  CHECK(matrix.bytes() == 4 * 8 + 5 * 4 + 10 * 8);
}

TEST_CASE("A view has the rows and entries of its matrix") {
  const CsrMatrix matrix = small_matrix();
  CHECK(matrix.view().rows() == 3);
  CHECK(matrix.view().entries() == 5);
  CHECK(CsrView{}.rows() == 0);
  CHECK(CsrView{}.entries() == 0);
}

TEST_CASE("A row is its columns and weights, and empty desire stays empty") {
  const CsrMatrix matrix = small_matrix();
  const CsrRow first = matrix.view().row(0);
  REQUIRE(first.columns.size() == 2);
  REQUIRE(first.weights.size() == 2);
  CHECK(first.columns[0] == 1);
  CHECK(first.columns[1] == 4);
  CHECK(first.weights[0] == 0.25);
  CHECK(first.weights[1] == 0.5);
  CHECK(first.desire.empty());
  CHECK(matrix.view().row(1).columns.empty());
  CHECK(matrix.view().row(1).weights.empty());
  const CsrRow last = matrix.view().row(2);
  REQUIRE(last.columns.size() == 3);
  CHECK(last.columns[2] == 2);
  CHECK(last.weights[2] == 0.125);
}

TEST_CASE("A row carries the desire of its own entries") {
  CsrMatrix matrix = small_matrix();
  matrix.desire = {10.0, 11.0, 12.0, 13.0, 14.0};
  REQUIRE(matrix.view().row(0).desire.size() == 2);
  CHECK(matrix.view().row(0).desire[1] == 11.0);
  CHECK(matrix.view().row(1).desire.empty());
  REQUIRE(matrix.view().row(2).desire.size() == 3);
  CHECK(matrix.view().row(2).desire[0] == 12.0);
  CHECK(matrix.view().row(2).desire[2] == 14.0);
}

TEST_CASE("The transpose of a 3 by 5 matrix is 5 by 3, written out") {
  CsrMatrix matrix = small_matrix();
  matrix.desire = {10.0, 11.0, 12.0, 13.0, 14.0};
  const CsrMatrix other = transposed(matrix);
  CHECK(other.rows() == 5);
  CHECK(other.column_count == 3);
  CHECK(other.offsets == std::vector<Offset>{0, 1, 3, 4, 4, 5});
  CHECK(other.columns == std::vector<Index>{2, 0, 2, 2, 0});
  CHECK(other.weights == std::vector<double>{1.0, 0.25, 0.75, 0.125, 0.5});
  CHECK(other.desire == std::vector<double>{12.0, 10.0, 13.0, 14.0, 11.0});
}

TEST_CASE("The transpose has the entries of the definition with rows and columns exchanged") {
  Numbers numbers(1);
  for (const std::size_t rows : {1, 2, 7, 60}) {
    for (const std::size_t columns : {1, 3, 9, 40}) {
      std::vector<std::size_t> lengths(rows);
      for (std::size_t& length : lengths) length = numbers.below(columns + 1);
      const CsrMatrix matrix = tests::random_rows(numbers, lengths, columns, false);
      CAPTURE(rows);
      CAPTURE(columns);
      CHECK(same(transposed(matrix), flipped(matrix)));
    }
  }
}

TEST_CASE("Transposed twice is the identity, with desire and without") {
  Numbers numbers(2);
  for (const bool with_desire : {false, true}) {
    for (const std::size_t columns : {1, 5, 80}) {
      std::vector<std::size_t> lengths(33);
      for (std::size_t& length : lengths) length = numbers.below(columns + 1);
      const CsrMatrix matrix = tests::random_rows(numbers, lengths, columns, with_desire);
      CAPTURE(with_desire);
      CAPTURE(columns);
      CHECK(same(transposed(transposed(matrix)), matrix));
    }
  }
}

TEST_CASE("Desire follows its entry through the transpose") {
  Numbers numbers(3);
  CsrMatrix matrix = tests::random_rows(numbers, {4, 0, 9, 1, 6}, 9, true);
  // The weight names the entry, so that it may be found again.
  for (std::size_t e = 0; e < matrix.weights.size(); ++e) {
    matrix.weights[e] = static_cast<double>(e);
  }
  const CsrMatrix other = transposed(matrix);
  REQUIRE(other.desire.size() == matrix.desire.size());
  for (std::size_t e = 0; e < other.weights.size(); ++e) {
    CHECK(other.desire[e] == matrix.desire[static_cast<std::size_t>(other.weights[e])]);
  }
}

TEST_CASE("An empty matrix and one without entries have a transpose") {
  const CsrMatrix nothing;
  CHECK(nothing.rows() == 0);
  CHECK(nothing.entries() == 0);
  CHECK(nothing.bytes() == 8);
  CHECK(same(transposed(nothing), nothing));

  const CsrMatrix no_rows = tests::csr_from(0, 4, {});
  CHECK(transposed(no_rows).rows() == 4);
  CHECK(transposed(no_rows).column_count == 0);
  CHECK(transposed(no_rows).entries() == 0);

  const CsrMatrix no_columns = tests::csr_from(4, 0, {});
  CHECK(transposed(no_columns).rows() == 0);
  CHECK(transposed(no_columns).column_count == 4);
  CHECK(same(transposed(transposed(no_columns)), no_columns));
}

TEST_CASE("Weights are narrowed to the nearest float and never to nothing") {
  CsrMatrix matrix = small_matrix();
  matrix.weights = {0.1, 0.5, 1.0, 1.0 / 3.0, 1e-60};
  narrow_weights(matrix);
  CHECK(matrix.weights.empty());
  CHECK(matrix.narrow_weights == std::vector<float>{0.1F, 0.5F, 1.0F, 1.0F / 3.0F, 0x1p-149F});
  CHECK(matrix.view().narrow());
  CHECK(matrix.view().weight(3) == static_cast<double>(1.0F / 3.0F));
  CHECK(matrix.view().row_of<float>(0).weights[1] == 0.5F);
  CHECK(matrix.bytes() == 4 * sizeof(Offset) + 5 * (sizeof(Index) + sizeof(float)));
}
