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

template <int L>
void settle(const SettleRule& rule, const RecipientState<L>& state) {
  const std::size_t count = state.need.values().size();
  for (std::size_t i = 0; i < count; ++i) {
    const double n = state.need.values()[i];
    const double received = state.received.values()[i];
    double y = received;
    if (rule.settlement != SettlementKind::reallocate) y = state.satisfied.values()[i] + received;
    if (rule.relaxation < 1.0) {
      y = (1.0 - rule.relaxation) * state.total.values()[i] + rule.relaxation * received;
    }
    if (std::fabs(y - n) <= 1e-12 * n) y = n;
    state.satisfied.values()[i] = y < n ? y : n;
    const double over = y > n ? y - n : 0.0;
    const double under = y < n ? n - y : 0.0;
    if (!state.total.values().empty()) state.total.values()[i] = y;
    const double history[3] = {state.over_previous.values()[i], state.over.values()[i], over};
    state.over_oldest.values()[i] = history[0];
    state.over_previous.values()[i] = history[1];
    state.over.values()[i] = history[2];
    state.returned_share.values()[i] = received > 0.0 ? over / received : 0.0;
    if (rule.adaptive_damping) {
      state.damping.values()[i] = rule.history + 1 < 3 ? 0.8 : damping_after(history, n);
    }
    const bool met = over <= rule.tolerance * n && under <= rule.tolerance * n;
    state.converged.values()[i] = met ? 1 : 0;
  }
}

}  // namespace needflow::reference
