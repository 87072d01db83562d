// Rows in eights (kernels/sell.hpp): the bits of plain rows, for matrices that are all in eights,
// partly or hardly, on every SIMD target and any range.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/sell.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

/// The passes without a cap, through eights.
Outputs passes_in_eights(const CsrMatrix& rows, const SellMatrix& eights, const Inputs& given,
                         RowRange range) {
  Outputs made(range.end - range.begin);
  const PublishedNeeds<1> ledger{in<1>(given.column_active)};
  const PublishedNeeds<1> own{in<1>(given.row_amount)};
  const SellPasses pass = sell_passes();
  pass.denominators(rows.view(), eights, ledger, in<1>(given.row_amount), range,
                    middle<1>(made.denominator), middle<1>(made.scale));
  pass.deliveries(rows.view(), eights, own, in<1>(given.column_scale), range,
                  middle<1>(made.received));
  pass.returns(rows.view(), eights, in<1>(given.row_scale), in<1>(given.column_claim), range,
               middle<1>(made.returned_freely));
  return made;
}

void check_eights(const Shape& shape, bool with_desire) {
  Numbers numbers(70 + shape.lengths.size());
  const CsrMatrix rows = tests::random_rows(numbers, shape.lengths, shape.columns, with_desire);
  const SellMatrix eights = sell_matrix(rows.view());
  CAPTURE(shape.name);
  CAPTURE(with_desire);
  REQUIRE(!eights.empty());
  const Inputs given = random_inputs<1>(numbers, rows);
  for (const RowRange range : ranges_of(rows.rows())) {
    CAPTURE(range.begin);
    CAPTURE(range.end);
    Outputs expected = passes<1>(plain_row_passes<1>(), rows, given, Cap::none, range);
    const Outputs found = passes_in_eights(rows, eights, given, range);
    expected.delivered = found.delivered;  // eights do not settle under bounds
    expected.returned = found.returned;
    CHECK(difference(found, expected) == "");
  }
}

/// Rows of `length` but for a few.
std::vector<std::size_t> nearly_even(std::size_t rows, std::size_t length,
                                     const std::vector<std::size_t>& odd_ones) {
  std::vector<std::size_t> lengths(rows, length);
  for (const std::size_t row : odd_ones) lengths[row] = length - 1;
  return lengths;
}

}  // namespace

TEST_CASE("Rows in eights agree with the plain twins bit for bit on every SIMD target") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const bool with_desire : {false, true}) {
      for (const std::size_t length : {0, 1, 2, 3, 4, 5, 7, 8, 20, 31}) {
        check_eights({"even", nearly_even(64, length, {}), 40}, with_desire);
      }
      check_eights({"a tail of seven", nearly_even(135, 9, {}), 40}, with_desire);
      check_eights({"odd ones", nearly_even(400, 6, {3, 80, 81, 399}), 40}, with_desire);
      check_eights({"more than a block", nearly_even(1027, 5, {600}), 40}, with_desire);
    }
  }
}

TEST_CASE("A copy in eights is made only where it pays") {
  Numbers numbers(71);
  const auto made = [&](const std::vector<std::size_t>& lengths) {
    return !sell_matrix(tests::random_rows(numbers, lengths, 60, false).view()).empty();
  };
  CHECK(made(nearly_even(80, 5, {})));
  CHECK(made(nearly_even(80, 5, {7})));                   // nine tenths
  CHECK_FALSE(made(nearly_even(80, 5, {7, 8})));          // less
  CHECK_FALSE(made(cycling(80, 7)));                      // no two neighbours alike
  CHECK_FALSE(made(std::vector<std::size_t>(8000, 17)));  // too large: 136,000 entries
  CsrMatrix narrow = tests::random_rows(numbers, nearly_even(80, 5, {}), 60, false);
  narrow_weights(narrow);
  CHECK(sell_matrix(narrow.view()).empty());
}

TEST_CASE("An empty matrix needs no eights") {
  const CsrMatrix nothing;
  CHECK(sell_matrix(nothing.view()).empty());
}
