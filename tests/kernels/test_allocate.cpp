// The sparse passes of a round (kernels/allocate.hpp, M2 phases 2 to 4), bit for bit: against the
// plain twins on awkward sizes and row ranges for every SIMD target and lane width, lanes against
// runs alone, and the order of a row's sum. tests/kernels/test_round_facts.cpp has the model's
// facts.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/allocate.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

constexpr Cap kCaps[] = {Cap::none, Cap::active_need};

template <int L>
void check_against_twin(const Shape& shape, bool with_desire, Cap cap) {
  Numbers numbers(20 + shape.lengths.size());
  const CsrMatrix rows = tests::random_rows(numbers, shape.lengths, shape.columns, with_desire);
  const Inputs given = random_inputs<L>(numbers, rows);
  for (const RowRange range : ranges_of(rows.rows())) {
    CAPTURE(L);
    CAPTURE(shape.name);
    CAPTURE(with_desire);
    CAPTURE(range.begin);
    CAPTURE(range.end);
    CHECK(difference(passes<L>(row_passes<L>(), rows, given, cap, range),
                     passes<L>(plain_row_passes<L>(), rows, given, cap, range)) == "");
  }
}

template <int L>
void check_narrow(const Shape& shape, Cap cap) {
  Numbers numbers(40 + shape.lengths.size());
  CsrMatrix wide = tests::random_rows(numbers, shape.lengths, shape.columns, cap != Cap::none);
  CsrMatrix narrow = wide;
  narrow_weights(narrow);
  for (double& weight : wide.weights) weight = static_cast<double>(static_cast<float>(weight));
  const Inputs given = random_inputs<L>(numbers, wide);
  CAPTURE(L);
  CAPTURE(shape.name);
  CHECK(difference(passes<L>(narrow, given, cap), passes<L>(wide, given, cap)) == "");
}

/// The rows of a range out of what was written for all rows.
template <int L>
Outputs part_of(Outputs whole, RowRange range) {
  Outputs part((range.end - range.begin) * L);
  for (std::size_t which = 0; which < part.all().size(); ++which) {
    const auto from = whole.all()[which]->begin() + kAround;
    std::copy(from + static_cast<std::ptrdiff_t>(range.begin * L),
              from + static_cast<std::ptrdiff_t>(range.end * L),
              part.all()[which]->begin() + kAround);
  }
  return part;
}

template <int L>
void check_ranges() {
  Numbers numbers(29);
  const CsrMatrix rows = tests::random_rows(numbers, cycling(1100, 12), 300, true);
  const Inputs given = random_inputs<L>(numbers, rows);
  const Outputs whole = passes<L>(rows, given, Cap::active_need);
  for (const RowRange range : ranges_of(rows.rows())) {
    Outputs found = passes<L>(row_passes<L>(), rows, given, Cap::active_need, range);
    CAPTURE(L);
    CAPTURE(range.begin);
    CAPTURE(range.end);
    CHECK(difference(found, part_of<L>(whole, range)) == "");
  }
}

template <int L>
void check_lanes(bool with_desire, Cap cap) {
  Numbers numbers(22);
  const CsrMatrix rows = tests::random_rows(numbers, cycling(60, 10), 30, with_desire);
  const Inputs batch = random_inputs<L>(numbers, rows);
  const Outputs together = passes<L>(rows, batch, cap);
  for (std::size_t l = 0; l < L; ++l) {
    Outputs alone = passes<1>(rows, lane_of<L>(batch, l), cap);
    CAPTURE(L);
    CAPTURE(l);
    CHECK(difference(lane_of<L>(together, l, rows.rows()), alone) == "");
    for (const double poison : {tests::kNan, tests::kInfinity, 0.0}) {
      const Outputs beside = passes<L>(rows, alone_in<L>(batch, l, poison), cap);
      CAPTURE(poison);
      CHECK(difference(lane_of<L>(beside, l, rows.rows()), alone) == "");
    }
  }
}

/// Every lane has weights of its own: the twin's bits, and those of each lane alone with its own.
template <int L>
void check_weights_per_lane(const Shape& shape, bool with_desire, Cap cap) {
  Numbers numbers(50 + shape.lengths.size());
  CsrMatrix rows = tests::random_rows(numbers, shape.lengths, shape.columns, with_desire);
  const Inputs given = random_inputs<L>(numbers, rows);
  std::vector<double> weights;
  for (std::size_t i = 0; i < rows.columns.size() * L; ++i) {
    weights.push_back(numbers.below(9) == 0 ? 0.0 : 1.0 - numbers.unit());
  }
  const CsrView view{rows.offsets, rows.columns, {}, rows.desire, {}, weights};
  const RowRange all{0, rows.rows()};
  const Outputs made = passes<L>(row_passes<L>(), view, given, cap, all);
  CAPTURE(L);
  CAPTURE(shape.name);
  CHECK(difference(made, passes<L>(plain_row_passes<L>(), view, given, cap, all)) == "");
  for (std::size_t l = 0; l < L; ++l) {
    rows.weights = lane_of<L>(weights, l);
    const Outputs alone = passes<1>(rows, lane_of<L>(given, l), cap);
    CHECK(difference(lane_of<L>(made, l, rows.rows()), alone) == "");
  }
}

}  // namespace

TEST_CASE("The passes agree with their twins bit for bit on every SIMD target") {
  const std::vector<std::string> targets = usable_simd_targets();
  REQUIRE(!targets.empty());
  for (const std::string& target : targets) {
    const ForcedTarget forced(target);
    REQUIRE(forced.usable());
    CAPTURE(target);
    for (const Shape& shape : awkward_shapes()) {
      for (const bool with_desire : {false, true}) {
        for (const Cap cap : kCaps) {
          check_against_twin<1>(shape, with_desire, cap);
          check_against_twin<8>(shape, with_desire, cap);
          check_against_twin<16>(shape, with_desire, cap);
        }
      }
    }
  }
}

TEST_CASE("Matrices large enough to be prefetched give the same bits as small ones do") {
  // The last rows have fewer entries behind them than a batch looks ahead.
  const auto rows_for = [](int lanes) {
    const Offset from = lanes == 1 ? kEntriesToPrefetch : kLaneEntriesToPrefetch / lanes;
    return static_cast<std::size_t>(from) / 20 + 40;
  };
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const bool bounds : {false, true}) {
      const Cap cap = bounds ? Cap::active_need : Cap::none;
      check_against_twin<1>({"large", cycling(rows_for(1), 41), 900}, bounds, cap);
      check_against_twin<8>({"large", cycling(rows_for(8), 41), 900}, bounds, cap);
      check_against_twin<16>({"large", cycling(rows_for(16), 41), 900}, bounds, cap);
    }
  }
}

TEST_CASE("Weights of 32 bits give the bits of the same numbers in 64") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const Shape& shape : awkward_shapes()) {
      for (const Cap cap : kCaps) {
        check_narrow<1>(shape, cap);
        check_narrow<8>(shape, cap);
        check_narrow<16>(shape, cap);
      }
    }
  }
}

TEST_CASE("Lanes with weights of their own have the bits of runs alone on every SIMD target") {
  const std::size_t large = static_cast<std::size_t>(kLaneEntriesToPrefetch) / 8 / 20 + 40;
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const Cap cap : kCaps) {
      for (const Shape& shape : awkward_shapes()) {
        if (shape.lengths.size() > 30) continue;
        check_weights_per_lane<8>(shape, cap == Cap::active_need, cap);
        check_weights_per_lane<16>(shape, cap == Cap::active_need, cap);
      }
      check_weights_per_lane<8>({"large", cycling(large, 41), 900}, false, cap);
      check_weights_per_lane<16>({"large", cycling(large, 41), 900}, false, cap);
    }
  }
}

TEST_CASE("A range of rows holds what these rows hold among all") {
  check_ranges<1>();
  check_ranges<8>();
  check_ranges<16>();
}

TEST_CASE("Entry j of a row goes to partial sum j mod 4, and these are added in pairs") {
  // 2^53 + 1 is 2^53 (ties to even), so the 1 of entry 4 is lost beside entry 0, and that of entry
  // 1 in the first pair; the other pair makes 2. In order, or in blocks, all or none would be lost.
  constexpr double kBig = 0x1p53;
  const std::vector<double> amounts{kBig, 1.0, 1.0, 1.0, 1.0};
  const std::vector<double> ones(5, 1.0);
  std::vector<Triplet> entries;
  for (std::size_t c = 0; c < 5; ++c) entries.emplace_back(0, c, 1.0);
  const CsrMatrix row = tests::csr_from(1, 5, entries);
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const Cap cap : kCaps) {
      const double received = cap == Cap::none ? kBig + 2.0 : 5.0;  // the cap is the active need, 1
      const Outputs made = passes<1>(row, {{1.0}, {1.0}, amounts, amounts, ones, amounts}, cap);
      CHECK(made.denominator[kAround] == kBig + 2.0);
      CHECK(made.received[kAround] == received);
      CHECK(made.returned_freely[kAround] == kBig + 2.0);
      CHECK(made.delivered[kAround] == kBig + 2.0);
      CHECK(made.returned[kAround] == kBig + 2.0);
    }
  }
}

TEST_CASE("A row sum multiplies and adds with one rounding") {
  // Entries 0 and 4 share a partial sum. (1 - 2^-30)(1 + 2^-30) = 1 - 2^-60 would round to 1, and
  // (2^53 + 2) + 1 is a tie that goes up to 2^53 + 4; with one rounding it stays below the tie.
  const double weight = 1.0 - 0x1p-30;
  const double amount = 1.0 + 0x1p-30;
  const std::vector<double> amounts{0x1p53 + 2.0, 0.0, 0.0, 0.0, amount};
  const CsrMatrix row =
      tests::csr_from(1, 5, {{0, 0, 1.0}, {0, 1, 1.0}, {0, 2, 1.0}, {0, 3, 1.0}, {0, 4, weight}});
  const std::vector<double> ones(5, 1.0);
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    const Outputs made = passes<1>(row, {{1.0}, {1.0}, amounts, amounts, ones, amounts}, Cap::none);
    CHECK(made.denominator[kAround] == 0x1p53 + 2.0);
    CHECK(made.received[kAround] == 0x1p53 + 2.0);
    CHECK(made.returned_freely[kAround] == 0x1p53 + 2.0);
  }
}

TEST_CASE("A lane of a batch is the run of that lane alone, whatever its neighbours hold") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const bool with_desire : {false, true}) {
      for (const Cap cap : kCaps) {
        check_lanes<8>(with_desire, cap);
        check_lanes<16>(with_desire, cap);
      }
    }
  }
}
