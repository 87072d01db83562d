// Runs that come into lanes and leave them (kernels/lane_moves.hpp): bits against the plain twins
// on every SIMD target, and nothing else touched.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/allocate.hpp"
#include "kernels/lane_moves.hpp"
#include "kernels/reference/lane_moves.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

constexpr std::size_t kRowCounts[] = {0, 1, 2, 7, 8, 9, 100, 513};

template <int L>
LaneChoice<L> any_choice(Numbers& numbers) {
  const std::size_t chance = 1 + numbers.below(4);
  LaneChoice<L> choice{};
  for (auto& lane : choice) lane = numbers.below(chance) == 0 ? 1 : 0;
  return choice;
}

/// What a fill may write to.
struct Blocks {
  std::vector<double> as_given, scaled, scaled_again;
};

template <int L>
void check_fill(Numbers& numbers, std::size_t rows, bool all_blocks) {
  const std::vector<double> amounts = numbers.amounts(rows);
  const std::vector<double> degrees = numbers.amounts(all_blocks ? rows : 0);
  Blocks actual{std::vector<double>(all_blocks ? rows * L : 0, kUnwritten),
                std::vector<double>(rows * L, kUnwritten),
                std::vector<double>(all_blocks ? rows * L : 0, kUnwritten)};
  Blocks expected = actual;
  LaneFill<L> fill;
  fill.starts = any_choice<L>(numbers);
  for (double& factor : fill.factor) factor = numbers.below(4) == 0 ? 0.0 : numbers.unit();
  fill.amounts = amounts;
  // Whole numbers, as degrees are: their sum is exact in any order.
  std::vector<double> whole;
  for (const double degree : degrees)
    whole.push_back(static_cast<double>(static_cast<int>(degree)));
  fill.degrees = whole;
  const auto into = [&](Blocks& blocks) {
    LaneFill<L> with = fill;
    with.as_given = LaneSpan<double, L>(blocks.as_given);
    with.scaled = LaneSpan<double, L>(blocks.scaled);
    with.scaled_again = LaneSpan<double, L>(blocks.scaled_again);
    return with;
  };
  PerLane<double, L> claiming{};
  claiming.fill(2.0);  // what is found is added
  PerLane<double, L> expected_claiming = claiming;
  lane_moves<L>().fill(into(actual), claiming);
  reference::fill_lanes<L>(into(expected), expected_claiming);
  CAPTURE(L);
  CAPTURE(rows);
  CHECK(first_difference(actual.as_given, expected.as_given) == kNone);
  CHECK(first_difference(actual.scaled, expected.scaled) == kNone);
  CHECK(first_difference(actual.scaled_again, expected.scaled_again) == kNone);
  CHECK(first_difference(claiming, expected_claiming) == kNone);
}

template <int L>
void check_take(Numbers& numbers, std::size_t rows) {
  const std::vector<double> from = numbers.amounts(rows * L);
  const LaneChoice<L> chosen = any_choice<L>(numbers);
  std::size_t count = 0;
  for (const auto lane : chosen) count += lane;
  // As narrow as it may be, and with places before and behind that hold others' numbers.
  for (const std::size_t around : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    const std::size_t stride = count + 2 * around;
    std::vector<double> actual(rows * stride + 1, kUnwritten);
    std::vector<double> expected = actual;
    const LaneSpan<const double, L> block{std::span<const double>(from)};
    lane_moves<L>().take(block, chosen, actual.data() + around, stride);
    reference::take_lanes<L>(block, chosen, expected.data() + around, stride);
    CAPTURE(L);
    CAPTURE(rows);
    CAPTURE(around);
    CHECK(first_difference(actual, expected) == kNone);
  }
}

template <int L>
void check_all(Numbers& numbers) {
  for (const std::size_t rows : kRowCounts) {
    for (int turn = 0; turn < 8; ++turn) {
      check_fill<L>(numbers, rows, turn % 2 == 0);
      check_take<L>(numbers, rows);
    }
  }
}

}  // namespace

TEST_CASE(
    "Runs are filled into and taken out of lanes as the plain twins do it, and no other lane") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    Numbers numbers(71);
    check_all<1>(numbers);
    check_all<8>(numbers);
    check_all<16>(numbers);
  }
}

TEST_CASE(
    "A lane that starts gets the amounts, its own multiple of them and the degrees that claim") {
  const std::vector<double> amounts = {3.0, 0.0, 5.0};
  const std::vector<double> degrees = {10.0, 20.0, 40.0};
  std::vector<double> given(3 * 8, kUnwritten);
  std::vector<double> scaled = given;
  LaneFill<8> fill;
  fill.starts[1] = fill.starts[6] = 1;
  fill.factor.fill(7.0);
  fill.factor[1] = 0.5;
  fill.factor[6] = 0.0;
  fill.amounts = amounts;
  fill.degrees = degrees;
  fill.as_given = LaneSpan<double, 8>(given);
  fill.scaled = LaneSpan<double, 8>(scaled);
  PerLane<double, 8> claiming{};
  lane_moves<8>().fill(fill, claiming);
  CHECK(claiming == PerLane<double, 8>{0, 50, 0, 0, 0, 0, 0, 0});
  for (std::size_t row = 0; row < 3; ++row) {
    CHECK(given[row * 8 + 1] == amounts[row]);
    CHECK(given[row * 8 + 6] == amounts[row]);
    CHECK(scaled[row * 8 + 1] == amounts[row] / 2.0);
    CHECK(scaled[row * 8 + 6] == 0.0);
    CHECK(given[row * 8] == kUnwritten);
    CHECK(scaled[row * 8 + 7] == kUnwritten);
  }
}
