// State of recipients that owns its numbers, for the tests of the settlement.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/settle.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace needflow::tests {

/// R recipients and L lanes; an empty vector is a part of the state that is not there.
struct Recipients {
  std::vector<double> need, active, received, over, satisfied, total, damping, over_previous,
      next_active, returned;
  std::vector<double> saved_satisfied, saved_damping, saved_over, saved_over_previous, saved_total;
  std::vector<double> degrees;
  bool returned_is_claim = true;

  Recipients() = default;
  /// Amounts of 0 and outputs that hold kUnwritten.
  explicit Recipients(std::size_t elements) {
    for (auto* values : {&need, &active, &received, &over, &satisfied, &total, &over_previous}) {
      values->assign(elements, 0.0);
    }
    damping.assign(elements, 0.9);
    for (auto* values : {&next_active, &returned, &saved_satisfied, &saved_damping, &saved_over,
                         &saved_over_previous, &saved_total}) {
      values->assign(elements, kUnwritten);
    }
  }

  template <int L>
  [[nodiscard]] RecipientState<L> state() {
    const auto block = [](std::vector<double>& values) { return LaneSpan<double, L>(values); };
    RecipientState<L> made;
    made.need = block(need);
    made.active = block(active);
    made.over = block(over);
    made.satisfied = block(satisfied);
    made.total = block(total);
    made.damping = block(damping);
    made.over_previous = block(over_previous);
    made.next_active = block(next_active);
    made.returned = block(returned);
    made.saved = {block(saved_satisfied), block(saved_damping), block(saved_over),
                  block(saved_over_previous), block(saved_total)};
    made.returned_is_claim = returned_is_claim;
    made.degrees = degrees;
    return made;
  }
  template <int L>
  [[nodiscard]] LaneSpan<const double, L> received_of(std::size_t begin, std::size_t end) const {
    return LaneSpan<const double, L>(received).part(begin, end);
  }
  [[nodiscard]] std::array<std::vector<double>*, 15> all() {
    return {&need,
            &active,
            &received,
            &over,
            &satisfied,
            &total,
            &damping,
            &over_previous,
            &next_active,
            &returned,
            &saved_satisfied,
            &saved_damping,
            &saved_over,
            &saved_over_previous,
            &saved_total};
  }
};

/// The name of the first array that differs in a bit, empty if none does.
inline std::string difference(Recipients a, Recipients b) {
  static constexpr const char* kNames[] = {"need",
                                           "active",
                                           "received",
                                           "over",
                                           "satisfied",
                                           "total",
                                           "damping",
                                           "over_previous",
                                           "next_active",
                                           "returned",
                                           "saved_satisfied",
                                           "saved_damping",
                                           "saved_over",
                                           "saved_over_previous",
                                           "saved_total"};
  for (std::size_t i = 0; i < a.all().size(); ++i) {
    const std::size_t at = tests::first_difference(*a.all()[i], *b.all()[i]);
    if (at != tests::kNone) return std::string(kNames[i]) + " at " + std::to_string(at);
  }
  return "";
}

/// The name of the first figure that differs, empty if none does.
template <int L>
std::string difference(const SettleTally<L>& a, const SettleTally<L>& b) {
  for (std::size_t k = 0; k < 4; ++k) {
    if (tests::first_difference(a.over[k], b.over[k]) != tests::kNone) return "sum of over";
  }
  if (a.asked != b.asked) return "asked";
  if (a.unmet != b.unmet) return "unmet";
  if (a.moved != b.moved) return "moved";
  return a.overflowed == b.overflowed ? "" : "overflowed";
}

/// Needs and states at the edges: nothing, met exactly, met within rounding, oscillations of every
/// size.
inline Recipients awkward_recipients(Numbers& numbers, std::size_t count) {
  Recipients made(count);
  const double shares[] = {0.0, 0.5, 0.99, 0.995, 1.0 - 5e-13, 1.0, 1.0 + 5e-13, 1.005, 1.5};
  const double steps[] = {0.0, 0.5e-9, -0.5e-9, 2e-9, -2e-9, 1e-3, -1e-3};
  for (std::size_t i = 0; i < count; ++i) {
    const double need = numbers.amount();
    const double satisfied = need * shares[numbers.below(6)];
    const double rest = need * shares[numbers.below(9)] - (numbers.below(2) == 0 ? satisfied : 0.0);
    made.need[i] = need;
    made.active[i] = numbers.amount();
    made.satisfied[i] = satisfied;
    made.received[i] = numbers.below(6) == 0 ? numbers.amount() : std::max(0.0, rest);
    made.total[i] = need * shares[numbers.below(9)];
    const double over = std::max(0.0, satisfied + made.received[i] - need);
    made.over[i] = std::max(0.0, over + need * steps[numbers.below(7)]);
    made.over_previous[i] = std::max(0.0, over + need * steps[numbers.below(7)]);
  }
  return made;
}

/// Any rule, each setting drawn alone.
inline SettleRule any_rule(Numbers& numbers) {
  constexpr SettlementKind kKinds[] = {SettlementKind::stock, SettlementKind::stream,
                                       SettlementKind::reallocate};
  constexpr std::int64_t kRounds[] = {1, 2, 3, 40};
  constexpr double kTolerances[] = {0.0, 1e-12, 0.01, 0.3};
  SettleRule rule;
  rule.settlement = kKinds[numbers.below(3)];
  rule.adaptive_damping = numbers.below(3) != 0;
  rule.damping_factor = 1.0 - 0.5 * numbers.unit();
  rule.tolerance = kTolerances[numbers.below(4)];
  rule.relaxation = numbers.below(2) == 0 ? 1.0 : 1.0 - numbers.unit();
  rule.returns_surplus = numbers.below(3) != 0;
  rule.round = kRounds[numbers.below(4)];
  rule.saves = numbers.below(3) == 0;
  return rule;
}

}  // namespace needflow::tests
