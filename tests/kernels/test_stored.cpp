// What is gathered in 32 bits (kernels/stored.hpp): every kernel that reads or writes it against
// its plain twin on every SIMD target, and the floats of many lanes against the rounded doubles of
// one.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/lane_moves.hpp"
#include "kernels/messages.hpp"
#include "kernels/reference/lane_moves.hpp"
#include "kernels/reference/settle.hpp"
#include "kernels/reference/stock.hpp"
#include "kernels/settle.hpp"
#include "kernels/stock.hpp"
#include "kernels/stored.hpp"
#include "tests/kernels/test_settle_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

constexpr Cap kCaps[] = {Cap::none, Cap::active_need};

/// The values, rounded: floats of many lanes, doubles of one.
template <int L>
StoredVector<L> stored(const std::vector<double>& values) {
  StoredVector<L> made;
  made.resize(values.size(), StatePrecision::f32);
  for (std::size_t i = 0; i < values.size(); ++i) made.write().put(i / L, i % L, values[i]);
  return made;
}

template <int L>
std::vector<double> values_of(const StoredVector<L>& from) {
  std::vector<double> values;
  for (std::size_t i = 0; i < from.elements(); ++i) values.push_back(from.read().at(i / L, i % L));
  return values;
}

/// All passes over a range of rows; scales are written between two rows that must stay.
template <int L>
Outputs stored_passes(const RowPasses<L>& pass, const CsrMatrix& matrix, const Inputs& given,
                      Cap cap, RowRange range) {
  const CsrView rows = matrix.view();
  const std::size_t count = range.end - range.begin;
  Outputs made(count * L);
  const StoredVector<L> column_active = stored<L>(given.column_active);
  const StoredVector<L> column_scale = stored<L>(given.column_scale);
  const StoredVector<L> column_share = stored<L>(given.column_share);
  const StoredVector<L> column_claim = stored<L>(given.column_claim);
  std::vector<double> active = given.row_amount;
  for (double& value : active) value = std::min(value, 1000.0);
  const StoredVector<L> row_active = stored<L>(active);
  const StoredVector<L> row_scale = stored<L>(given.row_scale);
  StoredVector<L> scale = stored<L>(std::vector<double>((count + 2) * L, kUnwritten));
  const PublishedNeeds<L> ledger{column_active.read()};
  pass.denominators(rows, ledger, in<L>(given.row_amount), range, middle<L>(made.denominator),
                    scale.write().part(1, count + 1));
  pass.deliveries(rows, {row_active.read()}, column_scale.read(), cap, range,
                  middle<L>(made.received));
  pass.returns(rows, row_scale.read(), column_claim.read(), range, middle<L>(made.returned_freely));
  pass.settlements(rows, ledger, row_scale.read(), column_share.read(), cap, range,
                   middle<L>(made.delivered), middle<L>(made.returned));
  const std::vector<double> written = values_of<L>(scale);
  for (std::size_t i = 0; i < count * L; ++i) made.scale[kAround + i] = written[L + i];
  for (std::size_t l = 0; l < L; ++l) {
    CHECK(written[l] == kUnwritten);
    CHECK(written[(count + 1) * L + l] == kUnwritten);
  }
  return made;
}

/// Also amounts whose scale no float can hold.
template <int L>
Inputs inputs_for(Numbers& numbers, const CsrMatrix& rows) {
  Inputs given = random_inputs<L>(numbers, rows);
  for (std::size_t i = 0; i < given.row_amount.size(); i += 17) given.row_amount[i] = 1e300;
  for (std::size_t i = 5; i < given.row_amount.size(); i += 19) given.row_amount[i] = 1e-60;
  return given;
}

template <int L>
void check_passes(const CsrMatrix& rows, Cap cap) {
  Numbers numbers(31 + rows.rows());
  const Inputs given = inputs_for<L>(numbers, rows);
  CAPTURE(L);
  for (const RowRange range : ranges_of(rows.rows())) {
    const Outputs found = stored_passes<L>(row_passes<L>(), rows, given, cap, range);
    CHECK(difference(found, stored_passes<L>(plain_row_passes<L>(), rows, given, cap, range)) ==
          "");
  }
  const RowRange all{0, rows.rows()};
  const Outputs together = stored_passes<L>(row_passes<L>(), rows, given, cap, all);
  for (std::size_t l = 0; l < L; ++l) {
    const Outputs alone = stored_passes<1>(row_passes<1>(), rows, lane_of<L>(given, l), cap, all);
    CHECK(difference(lane_of<L>(together, l, rows.rows()), alone) == "");
  }
}

/// Settles with what is gathered in floats; the state is left behind as doubles of the same values.
template <int L>
void settle_stored(SettlePass<L> pass, const PerLane<SettleRule, L>& rules, Recipients& given,
                   RowRange range, SettleTally<L>& tally) {
  const StoredVector<L> active = stored<L>(given.active);
  StoredVector<L> next_active = stored<L>(given.next_active);
  StoredVector<L> returned = stored<L>(given.returned);
  RecipientState<L> state = given.state<L>();
  state.active = active.read();
  state.next_active = next_active.write();
  state.returned = returned.write();
  pass(rules, state, range.begin, range.end, given.received_of<L>(range.begin, range.end), tally);
  given.next_active = values_of<L>(next_active);
  given.returned = values_of<L>(returned);
}

Recipients recipients_of_lane(const Recipients& batch, std::size_t lanes, std::size_t l) {
  Recipients lane = batch;
  for (auto* values : lane.all()) {
    std::vector<double> own;
    for (std::size_t i = l; i < values->size(); i += lanes) own.push_back((*values)[i]);
    *values = own;
  }
  return lane;
}

template <int L>
void check_settlement(std::size_t rows, bool claims) {
  Numbers numbers(32 + rows);
  PerLane<SettleRule, L> rules;
  for (SettleRule& rule : rules) rule = any_rule(numbers);
  Recipients before = awkward_recipients(numbers, rows * L);
  for (std::size_t i = 3; i < rows * L; i += 11) before.need[i] = 1e-45 * numbers.unit();
  before.returned_is_claim = claims;
  for (std::size_t r = 0; r < rows; ++r) {
    before.degrees.push_back(static_cast<double>(numbers.below(9)));
  }
  CAPTURE(L);
  Recipients together = before;
  SettleTally<L> tally;
  for (const RowRange range : ranges_of(rows)) {
    Recipients expected = before;
    Recipients actual = before;
    SettleTally<L> expected_tally;
    SettleTally<L> actual_tally;
    settle_stored<L>(reference::settle<L>, rules, expected, range, expected_tally);
    settle_stored<L>(settle_pass<L>(), rules, actual, range, actual_tally);
    CHECK(difference(actual, expected) == "");
    CHECK(difference(actual_tally, expected_tally) == "");
  }
  settle_stored<L>(settle_pass<L>(), rules, together, {0, rows}, tally);
  for (std::size_t l = 0; l < L; ++l) {
    Recipients alone = recipients_of_lane(before, L, l);
    SettleTally<1> own;
    settle_stored<1>(settle_pass<1>(), {rules[l]}, alone, {0, rows}, own);
    CHECK(difference(recipients_of_lane(together, L, l), alone) == "");
    CHECK(tally.asked[l] == own.asked[0]);
  }
}

template <int L>
void check_fill(std::size_t rows) {
  Numbers numbers(33 + rows);
  std::vector<double> amounts = numbers.amounts(rows);
  for (std::size_t i = 2; i < rows; i += 7) amounts[i] = 1e-45 * numbers.unit();
  std::vector<double> degrees;
  for (std::size_t i = 0; i < rows; ++i) degrees.push_back(static_cast<double>(numbers.below(9)));
  LaneFill<L> fill;
  for (std::size_t l = 0; l < L; ++l) fill.starts[l] = numbers.below(3) == 0 ? 0 : 1;
  for (double& factor : fill.factor) factor = numbers.unit();
  fill.amounts = amounts;
  fill.degrees = degrees;
  const auto filled = [&](const auto& run, std::vector<double>& again, PerLane<double, L>& sums) {
    StoredVector<L> scaled = stored<L>(std::vector<double>(rows * L, kUnwritten));
    again.assign(rows * L, kUnwritten);
    LaneFill<L> with = fill;
    with.scaled = scaled.write();
    with.scaled_again = LaneSpan<double, L>(again);
    run(with, sums);
    return values_of<L>(scaled);
  };
  PerLane<double, L> claiming{};
  PerLane<double, L> expected_claiming{};
  std::vector<double> again;
  std::vector<double> expected_again;
  const auto found = filled(lane_moves<L>().fill, again, claiming);
  const auto expected = filled(reference::fill_lanes<L>, expected_again, expected_claiming);
  CAPTURE(L);
  CAPTURE(rows);
  CHECK(first_difference(found, expected) == kNone);
  CHECK(first_difference(again, expected_again) == kNone);
  CHECK(first_difference(claiming, expected_claiming) == kNone);
  for (std::size_t i = 0; i < rows * L; ++i) {
    if (fill.starts[i % L] == 0) continue;
    CHECK(found[i] == static_cast<double>(static_cast<float>(again[i])));
  }
}

template <int L>
void check_offers(std::size_t rows) {
  Numbers numbers(34 + rows);
  std::vector<double> scales = numbers.amounts(rows * L);
  for (std::size_t i = 1; i < scales.size(); i += 5) scales[i] = 1e-46;
  const StoredVector<L> scale = stored<L>(scales);
  const std::vector<double> made = numbers.amounts(rows * L);
  const std::vector<double> capacity = numbers.amounts(rows * L);
  std::vector<double> degrees;
  for (std::size_t i = 0; i < rows; ++i) degrees.push_back(static_cast<double>(numbers.below(9)));
  PerLane<StockRule, L> rules;
  const auto noted = [&](const auto& run) {
    std::vector<double> denominator(rows * L);
    std::vector<double> first(rows * L);
    StockTally<L> tally;
    run(rules,
        ProviderState<L>{
            in<L>(capacity), scale.read(), {}, out<L>(denominator), out<L>(first), {}, degrees},
        std::size_t{0}, rows, in<L>(made), tally);
    return tally.offered;
  };
  CAPTURE(L);
  const PerLane<double, L> found = noted(provider_passes<L>().note_offers);
  CHECK(found == noted(reference::note_offers<L>));
  double offered = 0.0;
  for (std::size_t i = 0; i < rows * L; ++i) offered += scales[i] > 1e-45 ? degrees[i / L] : 0.0;
  double sum = 0.0;
  for (const double of_lane : found) sum += of_lane;
  CHECK(sum == offered);
}

template <class Check>
void on_every_target(const Check& check) {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    check.template operator()<1>();
    check.template operator()<8>();
    check.template operator()<16>();
  }
}

}  // namespace

TEST_CASE("Passes over floats give their twins' bits, and those of one lane that rounds") {
  Numbers numbers(30);
  for (const Shape& shape : awkward_shapes()) {
    for (const bool with_desire : {false, true}) {
      CsrMatrix rows = random_rows(numbers, shape.lengths, shape.columns, with_desire);
      CAPTURE(shape.name);
      CAPTURE(with_desire);
      for (const Cap cap : kCaps) {
        on_every_target([&]<int L>() { check_passes<L>(rows, cap); });
      }
    }
  }
}

TEST_CASE("Passes over floats and narrow weights give the bits of doubles of the same weights") {
  Numbers numbers(35);
  CsrMatrix wide = random_rows(numbers, cycling(100, 9), 50, false);
  CsrMatrix narrow = wide;
  narrow_weights(narrow);
  for (double& weight : wide.weights) weight = rounded_to_float(weight);
  const Inputs given = inputs_for<16>(numbers, wide);
  for (const Cap cap : kCaps) {
    const Outputs expected =
        stored_passes<16>(row_passes<16>(), wide, given, cap, {0, wide.rows()});
    const Outputs found = stored_passes<16>(row_passes<16>(), narrow, given, cap, {0, wide.rows()});
    CHECK(difference(found, expected) == "");
  }
}

TEST_CASE("Settlement that stores floats gives its twin's bits, and those of one that rounds") {
  on_every_target([]<int L>() {
    for (const std::size_t rows : {1, 7, 100, 513}) {
      for (const bool claims : {false, true}) check_settlement<L>(rows, claims);
    }
  });
}

TEST_CASE("Runs that begin are rounded as their twins round them; capacities are not") {
  on_every_target([]<int L>() {
    for (const std::size_t rows : {0, 1, 9, 100}) check_fill<L>(rows);
  });
}

TEST_CASE("A factor that is too small for a float is no offer") {
  on_every_target([]<int L>() {
    for (const std::size_t rows : {1, 9, 100}) check_offers<L>(rows);
  });
}

TEST_CASE("Floats above zero are flagged as doubles are") {
  Numbers numbers(36);
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    for (const std::size_t count : {0, 1, 7, 8, 16, 103}) {
      std::vector<float> values;
      for (const double amount : numbers.amounts(count)) {
        values.push_back(static_cast<float>(numbers.below(7) == 0 ? 1e-45 : amount));
      }
      std::vector<std::uint8_t> flags(count, 9);
      flag_positive(std::span<const float>(values), flags);
      for (std::size_t i = 0; i < count; ++i) CHECK(flags[i] == (values[i] > 0.0F ? 1 : 0));
    }
  }
}

TEST_CASE("A number is stored as the nearest float, ties to even, too large ones as infinity") {
  CHECK(rounded_to_float(0.1) == 0x1.99999ap-4);
  CHECK(rounded_to_float(1.0 + 0x1p-24) == 1.0);
  CHECK(rounded_to_float(1.0 + 0x1.8p-23) == 1.0 + 0x1p-22);
  CHECK(rounded_to_float(1e39) == kInfinity);
  CHECK(rounded_to_float(0x1p-150) == 0.0);
  CHECK(rounded_to_float(0x1.8p-150) == 0x1p-149);
  StoredVector<8> floats;
  floats.resize(16, StatePrecision::f32);
  CHECK(floats.bytes() == 16 * sizeof(float));
  CHECK(floats.write().put(1, 3, 0.1) == 0x1.99999ap-4);
  CHECK(floats.read().at(1, 3) == 0x1.99999ap-4);
  CHECK(floats.read().part(1, 2).at(0, 3) == 0x1.99999ap-4);
  StoredVector<8> doubles;
  doubles.resize(16, StatePrecision::f64);
  CHECK(doubles.write().put(1, 3, 0.1) == 0.1);
}
