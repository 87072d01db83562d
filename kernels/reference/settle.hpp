// Plain serial twin of kernels/settle.hpp: one recipient after the other, M2 line by line.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/settle.hpp"

namespace needflow::reference {

/// The damping rule of the seed with its h_a < h_b spelled out.
[[nodiscard]] inline double damping_after(const double history[3], double need) {
  const auto less = [need](double a, double b) { return b - a > 1e-9 * need; };
  const double h0 = history[0];
  const double h1 = history[1];
  const double h2 = history[2];
  if ((less(h0, h1) && less(h2, h1)) || (less(h1, h0) && less(h1, h2))) return 0.5;
  if (!less(h0, h1) && !less(h1, h2)) return 1.0;
  return 0.8;
}

/// y_r of M2 for one recipient: what it has got in all, or in this round alone.
[[nodiscard]] inline double total_after(const SettleRule& rule, double satisfied, double total,
                                        double received) {
  const bool later = rule.round > 1;  // in round 1 nothing has been before
  if (rule.relaxation < 1.0 && later) {
    return (1.0 - rule.relaxation) * total + rule.relaxation * received;
  }
  if (rule.settlement != SettlementKind::reallocate && later) return satisfied + received;
  return received;
}

/// f_r of M2 after the over-allocations of a history, oldest first.
[[nodiscard]] inline double factor_after(const SettleRule& rule, const double history[3],
                                         double need) {
  if (!rule.adaptive_damping) return rule.damping_factor;
  return rule.round < 3 ? 0.8 : damping_after(history, need);
}

/// One recipient of one lane: element i of all rows, row `row`.
template <int L>
void settle_one(const SettleRule& rule, const RecipientState<L>& state, std::size_t row,
                std::size_t lane, double received, SettleTally<L>& tally) {
  const double need = state.need[row][lane];
  const bool later = rule.round > 1;
  const double satisfied = later ? state.satisfied[row][lane] : 0.0;
  const double newest = later ? state.over[row][lane] : 0.0;
  const double before = later ? state.over_previous[row][lane] : 0.0;
  const bool totals = !state.total.values().empty();
  if (rule.saves) {
    state.saved.satisfied[row][lane] = satisfied;
    state.saved.damping[row][lane] = state.damping[row][lane];
    state.saved.over[row][lane] = newest;
    state.saved.over_previous[row][lane] = before;
    if (!state.saved.total.values().empty()) state.saved.total[row][lane] = state.total[row][lane];
  }

  double y = total_after(rule, satisfied, totals ? state.total[row][lane] : 0.0, received);
  if (std::fabs(y - need) <= kMetWithin * need) y = need;
  const double x = y < need ? y : need;
  const double over = y > need ? y - need : 0.0;
  const double under = y < need ? need - y : 0.0;
  const double history[3] = {before, newest, over};
  const double f = factor_after(rule, history, need);
  state.satisfied[row][lane] = x;
  if (totals) state.total[row][lane] = y;
  state.over_previous[row][lane] = over;
  state.damping[row][lane] = f;
  const double claim = state.next_active.put(row, lane, under * f);
  if (!state.returned.empty()) {
    const bool returns = rule.settlement == SettlementKind::stock && rule.returns_surplus;
    double share = returns && received > 0.0 ? over / received : 0.0;
    if (state.returned_is_claim) share *= state.active.at(row, lane);
    state.returned.put(row, lane, share);
  }

  tally.over[row % 4][lane] += over;
  if (!(over <= rule.tolerance * need && under <= rule.tolerance * need)) tally.unmet[lane] = 1;
  if (!(std::fabs(x - satisfied) <= rule.tolerance * rule.tolerance * need)) tally.moved[lane] = 1;
  if (!std::isfinite(received)) tally.overflowed[lane] = 1;
  if (!state.degrees.empty() && claim > 0.0) {
    tally.asked[lane] += state.degrees[row];
  }
}

/// The signature of SettlePass.
template <int L>
void settle(const PerLane<SettleRule, L>& rules, const RecipientState<L>& state, std::size_t begin,
            std::size_t end, LaneSpan<const double, L> received, SettleTally<L>& tally) {
  for (std::size_t row = begin; row < end; ++row) {
    for (std::size_t l = 0; l < L; ++l) {
      settle_one<L>(rules[l], state, row, l, received[row - begin][l], tally);
    }
  }
}

}  // namespace needflow::reference
