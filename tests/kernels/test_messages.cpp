// Counting the allocations of a round for many lanes (kernels/messages.hpp) against the plain
// definition, where byte and 16-bit counters could overflow and where they could not.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/messages.hpp"
#include "kernels/reference/messages.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

using Flags = std::vector<std::uint8_t>;

/// 1 with a probability of `share`, else 0.
Flags random_flags(Numbers& numbers, std::size_t count, double share) {
  Flags flags(count);
  for (auto& flag : flags) flag = numbers.unit() < share ? 1 : 0;
  return flags;
}

template <int L>
void check_count(const CsrMatrix& rows, const Flags& asks, const Flags& offers) {
  using Span = LaneSpan<const std::uint8_t, L>;
  for (const RowRange range : ranges_of(rows.rows())) {
    PerLane<std::int64_t, L> expected;
    expected.fill(3);  // what is counted is added
    PerLane<std::int64_t, L> found = expected;
    reference::count_messages<L>(rows.view(), Span(asks), Span(offers), range, expected);
    count_messages<L>(rows.view(), Span(asks), Span(offers), range, found);
    CAPTURE(L);
    CAPTURE(range.begin);
    CAPTURE(range.end);
    CHECK(found == expected);
  }
}

template <int L>
void check_shape(const Shape& shape, bool with_desire) {
  Numbers numbers(60);
  const CsrMatrix rows = random_rows(numbers, shape.lengths, shape.columns, with_desire);
  for (const double asking : {0.0, 0.5, 1.0}) {
    for (const double offering : {0.0, 0.5, 1.0}) {
      CAPTURE(shape.name);
      CAPTURE(with_desire);
      check_count<L>(rows, random_flags(numbers, rows.rows() * L, asking),
                     random_flags(numbers, rows.column_count * L, offering));
    }
  }
}

/// Lane l asks and is offered by the rows and columns that l's bits and the place choose.
template <int L>
void check_all_ask(const std::vector<std::size_t>& lengths, std::size_t columns) {
  Numbers numbers(61);
  const CsrMatrix rows = random_rows(numbers, lengths, columns, false);
  const Flags all_ask(rows.rows() * L, 1);
  const Flags all_offer(columns * L, 1);
  PerLane<std::int64_t, L> found{};
  using Span = LaneSpan<const std::uint8_t, L>;
  count_messages<L>(rows.view(), Span(all_ask), Span(all_offer), {0, rows.rows()}, found);
  for (std::size_t l = 0; l < L; ++l) CHECK(found[l] == rows.entries());
  check_count<L>(rows, all_ask, random_flags(numbers, columns * L, 0.97));
}

}  // namespace

TEST_CASE("Messages are counted as the plain definition counts them") {
  for (const Shape& shape : awkward_shapes()) {
    for (const bool with_desire : {false, true}) {
      check_shape<8>(shape, with_desire);
      check_shape<16>(shape, with_desire);
    }
  }
}

TEST_CASE("Long rows do not overflow the byte that counts them") {
  for (const std::size_t length : {254, 255, 256, 257, 511, 1000}) {
    CAPTURE(length);
    check_all_ask<8>({length, 1, length}, 1000);
    check_all_ask<16>({length, 1, length}, 1000);
  }
}

TEST_CASE("Many entries do not overflow the 16 bits that gather the bytes") {
  // 255 full bytes are 65,025 entries, one below the last flush; then more of them.
  check_all_ask<8>({65'024, 65'025, 65'026, 65'535, 65'536, 65'537}, 70'000);
  check_all_ask<16>({200'000}, 200'000);
  check_all_ask<8>(std::vector<std::size_t>(600, 255), 300);
  check_all_ask<16>(std::vector<std::size_t>(70'000, 1), 5);
}

TEST_CASE("A desire of nothing is no message") {
  CsrMatrix rows = csr_from(2, 3, {{0, 0, 0.5}, {0, 1, 0.5}, {1, 1, 0.5}, {1, 2, 1.0}});
  rows.desire = {0.0, 1e-300, kInfinity, 0.0};
  const Flags asks(2 * 8, 1);
  const Flags offers(3 * 8, 1);
  PerLane<std::int64_t, 8> found{};
  using Span = LaneSpan<const std::uint8_t, 8>;
  count_messages<8>(rows.view(), Span(asks), Span(offers), {0, 2}, found);
  CHECK(found == PerLane<std::int64_t, 8>{2, 2, 2, 2, 2, 2, 2, 2});
}

TEST_CASE("The messages are the same counted from either side") {
  Numbers numbers(63);
  const CsrMatrix rows = csr_from(
      3, 4, {{0, 0, 0.5}, {0, 1, 0.5}, {0, 3, 0.5}, {1, 1, 0.5}, {2, 0, 0.5}, {2, 3, 1.0}});
  const CsrMatrix columns = csr_from(
      4, 3, {{0, 0, 0.5}, {0, 2, 0.5}, {1, 0, 0.5}, {1, 1, 0.5}, {3, 0, 0.5}, {3, 2, 1.0}});
  for (int turn = 0; turn < 50; ++turn) {
    const Flags asks = random_flags(numbers, 3 * 16, 0.4);
    const Flags offers = random_flags(numbers, 4 * 16, 0.4);
    using Span = LaneSpan<const std::uint8_t, 16>;
    PerLane<std::int64_t, 16> by_recipient{};
    PerLane<std::int64_t, 16> by_provider{};
    count_messages<16>(rows.view(), Span(asks), Span(offers), {0, 3}, by_recipient);
    count_messages<16>(columns.view(), Span(offers), Span(asks), {0, 4}, by_provider);
    CHECK(by_recipient == by_provider);
  }
}

TEST_CASE("Lanes that do not count lose their flags, and rows without any are not counted") {
  Flags flags(4 * 8, 0);
  flags[0 * 8 + 2] = flags[0 * 8 + 5] = flags[1 * 8 + 5] = flags[3 * 8 + 7] = 1;
  PerLane<std::uint8_t, 8> counts{};
  counts[2] = counts[7] = 255;
  CHECK(keep_lanes<8>(LaneSpan<std::uint8_t, 8>(flags), counts) == 2);
  Flags expected(4 * 8, 0);
  expected[0 * 8 + 2] = expected[3 * 8 + 7] = 1;
  CHECK(flags == expected);
  Flags one = {1, 0, 1};
  CHECK(keep_lanes<1>(LaneSpan<std::uint8_t, 1>(one), {255}) == 2);
  CHECK(keep_lanes<1>(LaneSpan<std::uint8_t, 1>(one), {0}) == 0);
}

TEST_CASE("A flag is 1 where the number is above zero, and nowhere else") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    Numbers numbers(62);
    const double some[] = {0.0, -0.0, 5e-324, 1.0, kInfinity, kNan, -1.0, 1e-9};
    for (std::size_t count = 0; count < 40; ++count) {
      std::vector<double> values(count);
      for (double& value : values) value = some[numbers.below(8)];
      Flags expected(count + 4, 9);
      Flags found = expected;
      reference::flag_positive(values, std::span(expected).first(count));
      flag_positive(values, std::span(found).first(count));
      CHECK(found == expected);
      for (std::size_t i = 0; i < count; ++i) CHECK(int{found[i]} == (values[i] > 0.0 ? 1 : 0));
    }
  }
}
