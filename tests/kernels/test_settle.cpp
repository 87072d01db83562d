// Settlement, damping and convergence (kernels/settle.hpp, M2 phases 4 and 5): bits against the
// plain twin for every rule, and the cases of M2 written out, each threshold from both sides.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/reference/settle.hpp"
#include "kernels/settle.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using tests::Numbers;

constexpr double kStart = -777.0;  ///< what an output holds before, so that an unwritten one shows

/// Owned state of R recipients and L lanes.
struct Recipients {
  std::vector<double> need, received, satisfied, total, damping, over_oldest, over_previous, over,
      returned_share;
  std::vector<std::uint8_t> converged;

  template <int L>
  [[nodiscard]] RecipientState<L> state() {
    const auto block = [](std::vector<double>& values) { return LaneSpan<double, L>(values); };
    return {block(need),           block(received),
            block(satisfied),      block(total),
            block(damping),        block(over_oldest),
            block(over_previous),  block(over),
            block(returned_share), LaneSpan<std::uint8_t, L>(converged)};
  }
};

/// The name of the first array that differs in a bit, empty if none does.
std::string difference(const Recipients& a, const Recipients& b) {
  struct Pair {
    const char* name;
    const std::vector<double>& first;
    const std::vector<double>& second;
  };
  const Pair pairs[] = {{"need", a.need, b.need},
                        {"received", a.received, b.received},
                        {"satisfied", a.satisfied, b.satisfied},
                        {"total", a.total, b.total},
                        {"damping", a.damping, b.damping},
                        {"over_oldest", a.over_oldest, b.over_oldest},
                        {"over_previous", a.over_previous, b.over_previous},
                        {"over", a.over, b.over},
                        {"returned_share", a.returned_share, b.returned_share}};
  for (const auto& [name, first, second] : pairs) {
    const std::size_t at = tests::first_difference(first, second);
    if (at != tests::kNone) return std::string(name) + " at " + std::to_string(at);
  }
  return a.converged == b.converged ? "" : "converged";
}

/// Needs and states at the edges: nothing, met exactly, met within rounding, oscillations of every
/// size.
Recipients awkward(Numbers& numbers, std::size_t count, bool with_total) {
  Recipients made;
  const double shares[] = {0.0, 0.5, 0.99, 0.995, 1.0 - 5e-13, 1.0, 1.0 + 5e-13, 1.005, 1.5};
  const double steps[] = {0.0, 0.5e-9, -0.5e-9, 2e-9, -2e-9, 1e-3, -1e-3};
  for (std::size_t i = 0; i < count; ++i) {
    const double need = numbers.amount();
    const double satisfied = need * shares[numbers.below(6)];
    const double rest = need * shares[numbers.below(9)] - (numbers.below(2) == 0 ? satisfied : 0.0);
    made.need.push_back(need);
    made.satisfied.push_back(satisfied);
    made.received.push_back(numbers.below(6) == 0 ? numbers.amount() : std::max(0.0, rest));
    if (with_total) made.total.push_back(need * shares[numbers.below(9)]);
    const double over = std::max(0.0, satisfied + made.received.back() - need);
    made.over.push_back(std::max(0.0, over + need * steps[numbers.below(7)]));
    made.over_previous.push_back(std::max(0.0, over + need * steps[numbers.below(7)]));
  }
  made.over_oldest.assign(count, kStart);
  made.damping.assign(count, 0.9);
  made.returned_share.assign(count, kStart);
  made.converged.assign(count, 7);
  return made;
}

constexpr SettlementKind kSettlements[] = {SettlementKind::stock, SettlementKind::stream,
                                           SettlementKind::reallocate};

template <int L>
void check_against_twin(const SettleRule& rule, std::size_t rows, bool with_total) {
  Numbers numbers(10 + rows);
  const Recipients before = awkward(numbers, rows * L, with_total);
  Recipients expected = before;
  reference::settle<L>(rule, expected.state<L>());
  for (const Threads threads : {Threads::one, Threads::all}) {
    Recipients actual = before;
    settle<L>(rule, actual.state<L>(), threads);
    CAPTURE(L);
    CAPTURE(rows);
    CAPTURE(static_cast<int>(rule.settlement));
    CAPTURE(rule.relaxation);
    CAPTURE(rule.history);
    CHECK(difference(actual, expected) == "");
  }
}

/// One recipient before a round, and the round.
struct One {
  double need = 0.0;
  double satisfied = 0.0;
  double received = 0.0;
  double total = 0.0;
  double over_previous = 0.0;
  double over = 0.0;
};

Recipients settled(const One& one, const SettleRule& rule) {
  Recipients made{{one.need}, {one.received},      {one.satisfied}, {one.total}, {0.9},
                  {kStart},   {one.over_previous}, {one.over},      {kStart},    {7}};
  settle<1>(rule, made.state<1>(), Threads::one);
  return made;
}

SettleRule rule_of(SettlementKind settlement, double tolerance = 0.01) {
  SettleRule rule;
  rule.settlement = settlement;
  rule.tolerance = tolerance;
  return rule;
}

}  // namespace

TEST_CASE("Settlement agrees with its twin bit for bit under every rule") {
  for (const SettlementKind settlement : kSettlements) {
    for (const double relaxation : {1.0, 0.5, 0.3}) {
      for (const bool adaptive : {true, false}) {
        for (const int history : {0, 1, 2}) {
          for (const std::size_t rows : {0, 1, 7, 512, 513}) {
            const SettleRule rule{settlement, adaptive, 0.01, relaxation, history};
            check_against_twin<1>(rule, rows, true);
            check_against_twin<8>(rule, rows, true);
          }
        }
      }
    }
  }
}

TEST_CASE("Settlement agrees with its twin at the edges of a block, without totals") {
  for (const SettlementKind settlement : kSettlements) {
    for (const std::size_t rows : {511, 512, 513, 1025}) {
      SettleRule rule = rule_of(settlement);
      rule.history = 2;
      check_against_twin<1>(rule, rows, false);
      check_against_twin<8>(rule, rows, false);
    }
  }
}

TEST_CASE("A lane settles as it would alone") {
  Numbers numbers(11);
  constexpr std::size_t kRows = 100;
  const Recipients batch = awkward(numbers, kRows * 8, true);
  const SettleRule rule{SettlementKind::reallocate, true, 0.01, 0.5, 2};
  Recipients together = batch;
  settle<8>(rule, together.state<8>(), Threads::one);
  for (std::size_t l = 0; l < 8; ++l) {
    const auto lane = [l](const auto& from) {
      auto values = from;
      values.resize(kRows);
      for (std::size_t i = 0; i < kRows; ++i) values[i] = from[i * 8 + l];
      return values;
    };
    const auto lane_of = [&lane](const Recipients& from) {
      return Recipients{lane(from.need),          lane(from.received), lane(from.satisfied),
                        lane(from.total),         lane(from.damping),  lane(from.over_oldest),
                        lane(from.over_previous), lane(from.over),     lane(from.returned_share),
                        lane(from.converged)};
    };
    Recipients alone = lane_of(batch);
    settle<1>(rule, alone.state<1>(), Threads::one);
    CAPTURE(l);
    CHECK(difference(lane_of(together), alone) == "");
  }
}

TEST_CASE("Stock and stream add what is received to what was there") {
  for (const SettlementKind settlement : {SettlementKind::stock, SettlementKind::stream}) {
    const Recipients short_of =
        settled({.need = 10, .satisfied = 4, .received = 2}, rule_of(settlement));
    CHECK(short_of.satisfied[0] == 6.0);
    CHECK(short_of.over[0] == 0.0);
    CHECK(short_of.returned_share[0] == 0.0);
    CHECK(short_of.converged[0] == 0);
    CHECK(short_of.total[0] == 6.0);
    const Recipients beyond =
        settled({.need = 10, .satisfied = 4, .received = 8}, rule_of(settlement));
    CHECK(beyond.satisfied[0] == 10.0);
    CHECK(beyond.over[0] == 2.0);
    CHECK(beyond.returned_share[0] == 0.25);
    CHECK(beyond.converged[0] == 0);
    CHECK(beyond.total[0] == 12.0);
  }
}

TEST_CASE("The worked round of the seed settles 700 received against a need of 500") {
  for (const SettlementKind settlement : kSettlements) {
    const Recipients after = settled({.need = 500, .received = 700}, rule_of(settlement));
    CHECK(after.satisfied[0] == 500.0);
    CHECK(after.over[0] == 200.0);
    CHECK(after.returned_share[0] == 200.0 / 700.0);
    CHECK(after.damping[0] == 0.8);
  }
}

TEST_CASE("Reallocate replaces what was there by what is received") {
  const Recipients after =
      settled({.need = 10, .satisfied = 9, .received = 4}, rule_of(SettlementKind::reallocate));
  CHECK(after.satisfied[0] == 4.0);
  CHECK(after.total[0] == 4.0);
  CHECK(after.over[0] == 0.0);
  const Recipients beyond =
      settled({.need = 10, .satisfied = 9, .received = 16}, rule_of(SettlementKind::reallocate));
  CHECK(beyond.satisfied[0] == 10.0);
  CHECK(beyond.over[0] == 6.0);
  CHECK(beyond.returned_share[0] == 0.375);
}

TEST_CASE("Relaxation mixes what is received with the total of the round before") {
  SettleRule rule = rule_of(SettlementKind::reallocate);
  rule.relaxation = 0.25;
  // y = 0.75 * 16 + 0.25 * 4 = 13, although satisfied says 10.
  const Recipients over = settled({.need = 10, .satisfied = 10, .received = 4, .total = 16}, rule);
  CHECK(over.total[0] == 13.0);
  CHECK(over.satisfied[0] == 10.0);
  CHECK(over.over[0] == 3.0);
  CHECK(over.returned_share[0] == 0.75);
  // y = 0.75 * 4 + 0.25 * 8 = 5.
  const Recipients under = settled({.need = 10, .satisfied = 4, .received = 8, .total = 4}, rule);
  CHECK(under.total[0] == 5.0);
  CHECK(under.satisfied[0] == 5.0);
  CHECK(under.over[0] == 0.0);
}

TEST_CASE("The history moves by one and the newest over-allocation comes last") {
  const Recipients after = settled(
      {.need = 10, .satisfied = 10, .received = 3, .over_previous = 1, .over = 2}, rule_of({}));
  CHECK(after.over_oldest[0] == 1.0);
  CHECK(after.over_previous[0] == 2.0);
  CHECK(after.over[0] == 3.0);
}

TEST_CASE("A total within 1e-12 of the need counts as the need, seen from both sides") {
  // Around 1 doubles lie 2^-53 apart below and 2^-52 above; 1e-12 is 9007.2 and 4503.6 of them.
  const auto after = [](double received) {
    return settled({.need = 1, .received = received}, rule_of(SettlementKind::stock));
  };
  CHECK(after(1.0 - 9007 * 0x1p-53).satisfied[0] == 1.0);
  CHECK(after(1.0 - 9008 * 0x1p-53).satisfied[0] == 1.0 - 9008 * 0x1p-53);
  CHECK(after(1.0 + 4503 * 0x1p-52).over[0] == 0.0);
  CHECK(after(1.0 + 4503 * 0x1p-52).total[0] == 1.0);
  CHECK(after(1.0 + 4503 * 0x1p-52).returned_share[0] == 0.0);
  CHECK(after(1.0 + 4504 * 0x1p-52).over[0] == 4504 * 0x1p-52);
  CHECK(after(1.0 + 4504 * 0x1p-52).satisfied[0] == 1.0);
  // The distance is relative to the need.
  CHECK(settled({.need = 1024, .received = 1024 - 1e-9}, rule_of({})).satisfied[0] == 1024.0);
  CHECK(settled({.need = 0x1p-20, .received = 0x1p-20 - 1e-12}, rule_of({})).satisfied[0] <
        0x1p-20);
}

TEST_CASE("A recipient converges at exactly the tolerance and not a bit beyond") {
  // 0.25 * 4 = 1 exactly.
  for (const SettlementKind settlement : kSettlements) {
    const auto converged = [settlement](double received) {
      return int{
          settled({.need = 4, .received = received}, rule_of(settlement, 0.25)).converged[0]};
    };
    CHECK(converged(4.0) == 1);
    CHECK(converged(3.0) == 1);
    CHECK(converged(std::nextafter(3.0, 0.0)) == 0);
    CHECK(converged(5.0) == 1);
    CHECK(converged(std::nextafter(5.0, 6.0)) == 0);
    CHECK(converged(0.0) == 0);
  }
  CHECK(int{settled({.need = 4, .received = 4}, rule_of({}, 0.0)).converged[0]} == 1);
  CHECK(int{settled({.need = 4, .received = 3.9}, rule_of({}, 0.0)).converged[0]} == 0);
}

TEST_CASE("A recipient without need has converged until it is given something") {
  for (const SettlementKind settlement : kSettlements) {
    const Recipients quiet = settled({}, rule_of(settlement));
    CHECK(quiet.satisfied[0] == 0.0);
    CHECK(quiet.over[0] == 0.0);
    CHECK(quiet.returned_share[0] == 0.0);
    CHECK(quiet.converged[0] == 1);
    const Recipients given = settled({.received = 5}, rule_of(settlement));
    CHECK(given.satisfied[0] == 0.0);
    CHECK(given.over[0] == 5.0);
    CHECK(given.returned_share[0] == 1.0);
    CHECK(given.converged[0] == 0);
  }
}

TEST_CASE("A recipient that gets nothing returns nothing, whatever it has in excess") {
  SettleRule rule = rule_of(SettlementKind::reallocate);
  rule.relaxation = 0.5;
  const Recipients after = settled({.need = 10, .satisfied = 10, .total = 30}, rule);
  CHECK(after.over[0] == 5.0);
  CHECK(after.returned_share[0] == 0.0);
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
  for (const int history : {0, 1}) {
    rule.history = history;
    CHECK(settled(falls, rule).damping[0] == 0.8);
  }
  for (const int history : {2, 3, 100}) {
    rule.history = history;
    CHECK(settled(falls, rule).damping[0] == 1.0);
  }
  const One swings{.need = 10, .satisfied = 10, .received = 4, .over_previous = 5, .over = 3};
  rule.history = 2;
  CHECK(settled(swings, rule).damping[0] == 0.5);
  for (const int history : {0, 1, 2}) {
    rule.history = history;
    rule.adaptive_damping = false;
    CHECK(settled(swings, rule).damping[0] == 0.9);
  }
}
