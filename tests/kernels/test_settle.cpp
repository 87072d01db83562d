// Settlement, damping and convergence (kernels/settle.hpp, M2 phases 4 and 5): the cases of M2
// written out, each threshold from both sides. tests/kernels/test_settle_bits.cpp holds the vectors
// against the plain twin.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "kernels/settle.hpp"
#include "tests/kernels/test_settle_support.hpp"

namespace {

using namespace needflow;
using namespace needflow::tests;

constexpr SettlementKind kSettlements[] = {SettlementKind::stock, SettlementKind::stream,
                                           SettlementKind::reallocate};

/// One recipient before a round, and the round.
struct One {
  double need = 0.0;
  double satisfied = 0.0;
  double received = 0.0;
  double total = 0.0;
  double over_previous = 0.0;
  double over = 0.0;
};

/// What became of it: `over` is the newest over-allocation again, as the engine swaps the two.
struct After {
  Recipients state;
  SettleTally<1> tally;

  [[nodiscard]] double satisfied() const { return state.satisfied[0]; }
  [[nodiscard]] double total() const { return state.total[0]; }
  [[nodiscard]] double over() const { return state.over[0]; }
  [[nodiscard]] double over_previous() const { return state.over_previous[0]; }
  [[nodiscard]] double damping() const { return state.damping[0]; }
  [[nodiscard]] double returned_share() const { return state.returned[0]; }
  [[nodiscard]] bool converged() const { return tally.unmet[0] == 0; }
};

After settled(const One& one, const SettleRule& rule) {
  After after;
  Recipients& made = after.state;
  made = Recipients(1);
  made.need[0] = one.need;
  made.received[0] = one.received;
  made.satisfied[0] = one.satisfied;
  made.total[0] = one.total;
  made.over_previous[0] = one.over_previous;
  made.over[0] = one.over;
  made.returned_is_claim = false;
  settle_pass<1>()({rule}, made.state<1>(), 0, 1, made.received_of<1>(0, 1), after.tally);
  made.over.swap(made.over_previous);
  CHECK(after.converged() ==
        has_converged(one.need, after.satisfied(), after.over(), rule.tolerance));
  CHECK(made.next_active[0] == (one.need - after.satisfied()) * after.damping());
  CHECK(after.tally.over[0][0] == after.over());
  return after;
}

/// A second round: what was there counts, the history is too short for an adaptive factor.
SettleRule rule_of(SettlementKind settlement, double tolerance = 0.01) {
  SettleRule rule;
  rule.settlement = settlement;
  rule.tolerance = tolerance;
  rule.round = 2;
  return rule;
}

/// What goes back in `stock` is over / received; the others return nothing.
double share_if_stock(SettlementKind settlement, double share) {
  return settlement == SettlementKind::stock ? share : 0.0;
}

}  // namespace

TEST_CASE("Stock and stream add what is received to what was there") {
  for (const SettlementKind settlement : {SettlementKind::stock, SettlementKind::stream}) {
    const After short_of =
        settled({.need = 10, .satisfied = 4, .received = 2}, rule_of(settlement));
    CHECK(short_of.satisfied() == 6.0);
    CHECK(short_of.over() == 0.0);
    CHECK(short_of.returned_share() == 0.0);
    CHECK(!short_of.converged());
    CHECK(short_of.total() == 6.0);
    const After beyond = settled({.need = 10, .satisfied = 4, .received = 8}, rule_of(settlement));
    CHECK(beyond.satisfied() == 10.0);
    CHECK(beyond.over() == 2.0);
    CHECK(beyond.returned_share() == share_if_stock(settlement, 0.25));
    CHECK(!beyond.converged());
    CHECK(beyond.total() == 12.0);
  }
}

TEST_CASE("The worked round of the seed settles 700 received against a need of 500") {
  for (const SettlementKind settlement : kSettlements) {
    SettleRule rule = rule_of(settlement);
    rule.round = 1;
    const After after = settled({.need = 500, .received = 700}, rule);
    CHECK(after.satisfied() == 500.0);
    CHECK(after.over() == 200.0);
    CHECK(after.returned_share() == share_if_stock(settlement, 200.0 / 700.0));
    CHECK(after.damping() == 0.8);
  }
}

TEST_CASE("Reallocate replaces what was there by what is received") {
  const After after =
      settled({.need = 10, .satisfied = 9, .received = 4}, rule_of(SettlementKind::reallocate));
  CHECK(after.satisfied() == 4.0);
  CHECK(after.total() == 4.0);
  CHECK(after.over() == 0.0);
  const After beyond =
      settled({.need = 10, .satisfied = 9, .received = 16}, rule_of(SettlementKind::reallocate));
  CHECK(beyond.satisfied() == 10.0);
  CHECK(beyond.over() == 6.0);
  CHECK(beyond.returned_share() == 0.0);  // capacity is renewed, nothing goes back
}

TEST_CASE("Relaxation mixes what is received with the total of the round before") {
  SettleRule rule = rule_of(SettlementKind::reallocate);
  rule.relaxation = 0.25;
  // y = 0.75 * 16 + 0.25 * 4 = 13, although satisfied says 10.
  const After over = settled({.need = 10, .satisfied = 10, .received = 4, .total = 16}, rule);
  CHECK(over.total() == 13.0);
  CHECK(over.satisfied() == 10.0);
  CHECK(over.over() == 3.0);
  SettleRule returning = rule;
  returning.settlement = SettlementKind::stock;  // the mix replaces y whatever the settlement
  CHECK(settled({.need = 10, .satisfied = 10, .received = 4, .total = 16}, returning)
            .returned_share() == 0.75);
  // y = 0.75 * 4 + 0.25 * 8 = 5.
  const After under = settled({.need = 10, .satisfied = 4, .received = 8, .total = 4}, rule);
  CHECK(under.total() == 5.0);
  CHECK(under.satisfied() == 5.0);
  CHECK(under.over() == 0.0);
}

TEST_CASE("The history moves by one and the newest over-allocation comes last") {
  SettleRule rule = rule_of({});
  rule.saves = true;
  const After after =
      settled({.need = 10, .satisfied = 10, .received = 3, .over_previous = 1, .over = 2}, rule);
  CHECK(after.state.saved_over_previous[0] == 1.0);
  CHECK(after.state.saved_over[0] == 2.0);
  CHECK(after.over_previous() == 2.0);
  CHECK(after.over() == 3.0);
}

TEST_CASE("In round 1 what the arrays hold from a run before counts as nothing") {
  for (const SettlementKind settlement : kSettlements) {
    SettleRule rule = rule_of(settlement);
    rule.round = 1;
    rule.relaxation = 0.5;
    const One stale{
        .need = 10, .satisfied = 7, .received = 6, .total = 9, .over_previous = 3, .over = 8};
    const After after = settled(stale, rule);
    CHECK(after.satisfied() == 6.0);
    CHECK(after.total() == 6.0);
    CHECK(after.over() == 0.0);
    CHECK(after.damping() == 0.8);
  }
}

TEST_CASE("What goes back is the share, or the share of the whole claim") {
  Recipients made(1);
  made.need[0] = 10.0;
  made.active[0] = 3.0;
  made.received[0] = 16.0;
  SettleTally<1> tally;
  SettleRule rule = rule_of(SettlementKind::stock);
  rule.round = 1;
  settle_pass<1>()({rule}, made.state<1>(), 0, 1, made.received_of<1>(0, 1), tally);
  CHECK(made.returned[0] == 3.0 * 0.375);
  rule.returns_surplus = false;
  settle_pass<1>()({rule}, made.state<1>(), 0, 1, made.received_of<1>(0, 1), tally);
  CHECK(made.returned[0] == 0.0);
}

TEST_CASE("The claim of the round to come is the residual times the factor") {
  SettleRule rule = rule_of(SettlementKind::stream);
  CHECK(settled({.need = 10, .satisfied = 1, .received = 4}, rule).state.next_active[0] ==
        5.0 * 0.8);
  rule.adaptive_damping = false;
  rule.damping_factor = 0.25;
  CHECK(settled({.need = 10, .satisfied = 1, .received = 4}, rule).state.next_active[0] == 1.25);
  CHECK(settled({.need = 10, .satisfied = 1, .received = 40}, rule).state.next_active[0] == 0.0);
}

TEST_CASE("amounts have moved beyond the squared tolerance of the need, seen from both sides") {
  const auto moved = [](double received) {
    return settled({.need = 1000, .satisfied = 10, .received = received},
                   rule_of(SettlementKind::stream))
               .tally.moved[0] == 1;
  };
  CHECK_FALSE(moved(0.0));
  CHECK_FALSE(moved(0.0625));
  CHECK(moved(0.125));
  // Whether up or down.
  const auto fell = [](double received) {
    return settled({.need = 1000, .satisfied = 10, .received = received},
                   rule_of(SettlementKind::reallocate))
               .tally.moved[0] == 1;
  };
  CHECK_FALSE(fell(9.9375));
  CHECK(fell(9.875));
}

TEST_CASE("What is no finite number is reported, in its lane alone") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CAPTURE(target);
    for (const double bad : {kInfinity, kNan}) {
      Recipients made(20 * 8);
      made.received[13 * 8 + 5] = bad;
      SettleTally<8> tally;
      settle_pass<8>()({}, made.state<8>(), 0, 20, made.received_of<8>(0, 20), tally);
      CHECK(tally.overflowed == PerLane<std::uint8_t, 8>{0, 0, 0, 0, 0, 1, 0, 0});
      CHECK(settled({.need = 1, .received = bad}, rule_of({})).tally.overflowed[0] == 1);
    }
    // Finite numbers are finite, also where their sum is none.
    Recipients large(40 * 8);
    large.received.assign(40 * 8, 1.7e308);
    SettleTally<8> in_lanes;
    settle_pass<8>()({}, large.state<8>(), 0, 40, large.received_of<8>(0, 40), in_lanes);
    CHECK(in_lanes.overflowed == PerLane<std::uint8_t, 8>{});
    SettleTally<1> alone;
    settle_pass<1>()({}, large.state<1>(), 0, 320, large.received_of<1>(0, 320), alone);
    CHECK(alone.overflowed[0] == 0);
  }
}

TEST_CASE("A total within 1e-12 of the need counts as the need, seen from both sides") {
  // Around 1 doubles lie 2^-53 apart below and 2^-52 above; 1e-12 is 9007.2 and 4503.6 of them.
  const auto after = [](double received) {
    return settled({.need = 1, .received = received}, rule_of(SettlementKind::stock));
  };
  CHECK(after(1.0 - 9007 * 0x1p-53).satisfied() == 1.0);
  CHECK(after(1.0 - 9008 * 0x1p-53).satisfied() == 1.0 - 9008 * 0x1p-53);
  CHECK(after(1.0 + 4503 * 0x1p-52).over() == 0.0);
  CHECK(after(1.0 + 4503 * 0x1p-52).total() == 1.0);
  CHECK(after(1.0 + 4503 * 0x1p-52).returned_share() == 0.0);
  CHECK(after(1.0 + 4504 * 0x1p-52).over() == 4504 * 0x1p-52);
  CHECK(after(1.0 + 4504 * 0x1p-52).satisfied() == 1.0);
  // The distance is relative to the need.
  CHECK(settled({.need = 1024, .received = 1024 - 1e-9}, rule_of({})).satisfied() == 1024.0);
  CHECK(settled({.need = 0x1p-20, .received = 0x1p-20 - 1e-12}, rule_of({})).satisfied() < 0x1p-20);
}

TEST_CASE("A recipient converges at exactly the tolerance and not a bit beyond") {
  // 0.25 * 4 = 1 exactly.
  for (const SettlementKind settlement : kSettlements) {
    const auto converged = [settlement](double received) {
      return settled({.need = 4, .received = received}, rule_of(settlement, 0.25)).converged();
    };
    CHECK(converged(4.0));
    CHECK(converged(3.0));
    CHECK(!converged(std::nextafter(3.0, 0.0)));
    CHECK(converged(5.0));
    CHECK(!converged(std::nextafter(5.0, 6.0)));
    CHECK(!converged(0.0));
  }
  CHECK(settled({.need = 4, .received = 4}, rule_of({}, 0.0)).converged());
  CHECK(!settled({.need = 4, .received = 3.9}, rule_of({}, 0.0)).converged());
}

TEST_CASE("A recipient without need has converged until it is given something") {
  for (const SettlementKind settlement : kSettlements) {
    const After quiet = settled({}, rule_of(settlement));
    CHECK(quiet.satisfied() == 0.0);
    CHECK(quiet.over() == 0.0);
    CHECK(quiet.returned_share() == 0.0);
    CHECK(quiet.converged());
    const After given = settled({.received = 5}, rule_of(settlement));
    CHECK(given.satisfied() == 0.0);
    CHECK(given.over() == 5.0);
    CHECK(given.returned_share() == share_if_stock(settlement, 1.0));
    CHECK(!given.converged());
  }
}

TEST_CASE("A recipient that gets nothing returns nothing, whatever it has in excess") {
  SettleRule rule = rule_of(SettlementKind::stock);
  rule.relaxation = 0.5;
  const After after = settled({.need = 10, .satisfied = 10, .total = 30}, rule);
  CHECK(after.over() == 5.0);
  CHECK(after.returned_share() == 0.0);
}

TEST_CASE("Damping follows over-allocations that fall, rest, rise or oscillate") {
  struct Row {
    double oldest, previous, newest, factor;
  };
  const Row rows[] = {
      {5, 3, 1, 1.0},                                  // falls
      {5, 3, 3, 1.0},                                  // falls, then rests
      {5, 5, 3, 1.0},                                  // rests, then falls
      {5, 5, 5, 1.0},                                  // rests
      {0, 0, 0, 1.0},                                  // nothing over at all
      {1, 3, 5, 0.8},                                  // rises
      {1, 3, 3, 0.8},                                  // rises, then rests
      {1, 1, 3, 0.8},                                  // rests, then rises
      {1, 5, 3, 0.5},                                  // up and down
      {1, 5, 1, 0.5}, {1, 5, 0, 0.5}, {5, 1, 3, 0.5},  // down and up
      {5, 1, 5, 0.5}, {5, 1, 9, 0.5},
  };
  for (const Row& row : rows) {
    CAPTURE(row.oldest);
    CAPTURE(row.previous);
    CAPTURE(row.newest);
    CHECK(adaptive_factor(row.oldest, row.previous, row.newest, 10.0) == row.factor);
  }
}

TEST_CASE("Over-allocations differ only beyond 1e-9 of the need, seen from both sides") {
  const double at = 1e-9;
  const double beyond = std::nextafter(at, 1.0);
  // With a need of 1, from 0 to 1e-9 is no rise and from 1e-9 to 0 no fall.
  CHECK(adaptive_factor(0, at, at, 1.0) == 1.0);
  CHECK(adaptive_factor(0, beyond, beyond, 1.0) == 0.8);
  CHECK(adaptive_factor(0, 0, at, 1.0) == 1.0);
  CHECK(adaptive_factor(0, 0, beyond, 1.0) == 0.8);
  CHECK(adaptive_factor(0, at, 0, 1.0) == 1.0);
  CHECK(adaptive_factor(0, beyond, 0, 1.0) == 0.5);
  CHECK(adaptive_factor(at, 0, at, 1.0) == 1.0);
  CHECK(adaptive_factor(beyond, 0, beyond, 1.0) == 0.5);
  // One half of a swing is exactly at the threshold, the other beyond it: no swing, a rise.
  CHECK(adaptive_factor(at, 0, beyond, 1.0) == 0.8);
  CHECK(adaptive_factor(0, 2.0 * at, at, 1.0) == 0.8);
  // One half of a swing is too small: what is left is a rise, or a fall.
  CHECK(adaptive_factor(0, beyond, 0.5e-9, 1.0) == 0.8);
  CHECK(adaptive_factor(0.5e-9, beyond, 0, 1.0) == 1.0);
  CHECK(adaptive_factor(beyond, 0, 0.5e-9, 1.0) == 1.0);
  CHECK(adaptive_factor(0.5e-9, 0, beyond, 1.0) == 0.8);
  // The threshold grows with the need, and vanishes with it.
  CHECK(adaptive_factor(0, 1e-6, 0, 1e6) == 1.0);
  CHECK(adaptive_factor(0, 1e-2, 0, 1e6) == 0.5);
  CHECK(adaptive_factor(0, 1e-300, 0, 0.0) == 0.5);
  CHECK(adaptive_factor(2, 2, 2, 0.0) == 1.0);
}

TEST_CASE(
    "Damping is 0.8 until there are three over-allocations, then adaptive, and constant if told") {
  // Over falls from 5 to 3 to 1, so f is 1 once it is looked at.
  const One falls{.need = 10, .satisfied = 10, .received = 1, .over_previous = 5, .over = 3};
  SettleRule rule = rule_of(SettlementKind::stream);
  for (const int round : {1, 2}) {
    rule.round = round;
    CHECK(settled(falls, rule).damping() == 0.8);
  }
  for (const int round : {3, 4, 101}) {
    rule.round = round;
    CHECK(settled(falls, rule).damping() == 1.0);
  }
  const One swings{.need = 10, .satisfied = 10, .received = 4, .over_previous = 5, .over = 3};
  rule.round = 3;
  CHECK(settled(swings, rule).damping() == 0.5);
  for (const int round : {1, 2, 3}) {
    rule.round = round;
    rule.adaptive_damping = false;
    rule.damping_factor = 0.9;
    CHECK(settled(swings, rule).damping() == 0.9);
  }
}
