// Settlement (kernels/settle.hpp) bit for bit: against the plain twin for every rule, row range,
// lane width and SIMD target, and lanes against runs alone.
#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/reference/settle.hpp"
#include "kernels/settle.hpp"
#include "tests/kernels/test_settle_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

constexpr SettlementKind kSettlements[] = {SettlementKind::stock, SettlementKind::stream,
                                           SettlementKind::reallocate};

/// Which parts of a state are there.
struct Parts {
  bool totals = true;
  bool returned = true;
  bool claims = true;
  bool degrees = true;
};

template <int L>
void check_against_twin(const PerLane<SettleRule, L>& rules, std::size_t rows, const Parts& parts) {
  Numbers numbers(10 + rows);
  Recipients before = awkward_recipients(numbers, rows * L);
  if (!parts.totals) before.total = before.saved_total = {};
  if (!parts.returned) before.returned = {};
  before.returned_is_claim = parts.claims;
  for (std::size_t r = 0; parts.degrees && r < rows; ++r) {
    before.degrees.push_back(static_cast<double>(numbers.below(9)));
  }
  for (const RowRange range : ranges_of(rows)) {
    const auto received = before.received_of<L>(range.begin, range.end);
    Recipients expected = before;
    Recipients actual = before;
    SettleTally<L> expected_tally;
    expected_tally.over[1].fill(0.125);  // what a range adds up to is added to what was there
    SettleTally<L> tally = expected_tally;
    reference::settle<L>(rules, expected.state<L>(), range.begin, range.end, received,
                         expected_tally);
    settle_pass<L>()(rules, actual.state<L>(), range.begin, range.end, received, tally);
    CAPTURE(L);
    CAPTURE(rows);
    CAPTURE(range.begin);
    CAPTURE(range.end);
    CHECK(difference(actual, expected) == "");
    CHECK(difference(tally, expected_tally) == "");
  }
}

template <int L>
PerLane<SettleRule, L> same_for_all(const SettleRule& rule) {
  PerLane<SettleRule, L> rules;
  rules.fill(rule);
  return rules;
}

template <int L>
void check_mixed_rules(std::size_t rows, const Parts& parts) {
  Numbers numbers(400 + rows);
  for (int trial = 0; trial < 3; ++trial) {
    PerLane<SettleRule, L> rules;
    for (SettleRule& rule : rules) {
      rule = any_rule(numbers);
      if (!parts.totals) rule.relaxation = 1.0;
    }
    check_against_twin<L>(rules, rows, parts);
  }
}

template <int L>
Recipients lane_of(const Recipients& batch, std::size_t l) {
  Recipients lane = batch;
  for (auto* values : lane.all()) *values = tests::lane_of<L>(*values, l);
  return lane;
}

template <int L>
void check_lanes() {
  constexpr std::size_t kRows = 100;
  Numbers numbers(11);
  PerLane<SettleRule, L> rules;
  for (SettleRule& rule : rules) rule = any_rule(numbers);
  const Recipients batch = awkward_recipients(numbers, kRows * L);
  Recipients together = batch;
  SettleTally<L> tally;
  settle_pass<L>()(rules, together.state<L>(), 0, kRows, together.received_of<L>(0, kRows), tally);
  for (std::size_t l = 0; l < L; ++l) {
    CAPTURE(L);
    CAPTURE(l);
    Recipients alone = lane_of<L>(batch, l);
    SettleTally<1> own;
    settle_pass<1>()({rules[l]}, alone.state<1>(), 0, kRows, alone.received_of<1>(0, kRows), own);
    CHECK(difference(lane_of<L>(together, l), alone) == "");
    for (std::size_t k = 0; k < 4; ++k) CHECK(tally.over[k][l] == own.over[k][0]);
    CHECK(tally.unmet[l] == own.unmet[0]);
    CHECK(tally.moved[l] == own.moved[0]);
    for (const double poison : {kNan, kInfinity, 0.0}) {
      Recipients beside = batch;
      for (auto* values : beside.all()) {
        for (std::size_t i = 0; i < values->size(); ++i) {
          if (i % L != l) (*values)[i] = poison;
        }
      }
      SettleTally<L> poisoned;
      settle_pass<L>()(rules, beside.state<L>(), 0, kRows, beside.received_of<L>(0, kRows),
                       poisoned);
      CAPTURE(poison);
      CHECK(difference(lane_of<L>(beside, l), alone) == "");
      for (std::size_t k = 0; k < 4; ++k) CHECK(poisoned.over[k][l] == own.over[k][0]);
      CHECK(poisoned.unmet[l] == own.unmet[0]);
      CHECK(poisoned.moved[l] == own.moved[0]);
      CHECK(poisoned.overflowed[l] == 0);
    }
  }
}

}  // namespace

TEST_CASE("Settlement agrees with its twin bit for bit under every rule") {
  for (const SettlementKind settlement : kSettlements) {
    for (const double relaxation : {1.0, 0.5, 0.3}) {
      for (const bool adaptive : {true, false}) {
        for (const std::int64_t round : {1, 2, 3}) {
          for (const std::size_t rows : {0, 1, 7, 512, 513}) {
            SettleRule rule;
            rule.settlement = settlement;
            rule.adaptive_damping = adaptive;
            rule.damping_factor = 0.7;
            rule.relaxation = relaxation;
            rule.round = round;
            check_against_twin<1>({rule}, rows, {});
            check_against_twin<8>(same_for_all<8>(rule), rows, {});
            check_against_twin<16>(same_for_all<16>(rule), rows, {});
          }
        }
      }
    }
  }
}

TEST_CASE("Settlement agrees with its twin whatever the lanes mix and whichever parts are there") {
  const Parts some_parts[] = {{},
                              {.totals = false},
                              {.returned = false},
                              {.claims = false},
                              {.degrees = false},
                              {.totals = false, .returned = false, .degrees = false}};
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const std::size_t rows : {0, 1, 3, 64, 511, 513, 1025}) {
      for (const Parts& parts : some_parts) {
        check_mixed_rules<1>(rows, parts);
        check_mixed_rules<8>(rows, parts);
        check_mixed_rules<16>(rows, parts);
      }
    }
  }
}

TEST_CASE("A lane settles as it would alone, whatever its neighbours hold") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    check_lanes<8>();
    check_lanes<16>();
  }
}
