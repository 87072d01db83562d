// M2 phases 4 and 5, element by element: settlement, damping and convergence of every recipient.
//
// Bound by memory: 112 B an agent a round with all arrays in use. Elements are independent, so any
// split over threads gives the same bits. kernels/reference/settle.hpp is the twin.
#pragma once

#include <cstdint>

#include "kernels/lanes.hpp"
#include "kernels/parallel.hpp"

namespace needflow {

/// What becomes of capacity and of earlier deliveries (M2 "Settlement").
enum class SettlementKind { stock, stream, reallocate };

/// A residual within this share of the need counts as met: a rest of rounding must not draw a whole
/// capacity.
inline constexpr double kMetWithin = 1e-12;

/// Two over-allocations differ only beyond this share of the need (M2 "Damping").
inline constexpr double kOverDiffers = 1e-9;

/// How one round settles; fixed for all recipients.
struct SettleRule {
  SettlementKind settlement = SettlementKind::stock;
  bool adaptive_damping = true;  ///< false: f stays what it is
  double tolerance = 0.01;       ///< ε of M2
  double relaxation = 1.0;       ///< ω; 1 in the first round and wherever it is not used
  int history = 0;               ///< over-allocations appended before this round, 0, 1, 2 or more
};

/// Recipients' private state, each R × L. `need`, `received` are read; the rest is updated:
/// satisfied x, damping f, the last three over-allocations (`over` the newest), returned_share
/// q = over / received, converged. `total` is y of the round before and may be empty where ω = 1;
/// ω < 1 belongs to `reallocate` and replaces y by the mix whatever the settlement.
template <int L>
struct RecipientState {
  LaneSpan<const double, L> need;
  LaneSpan<const double, L> received;
  LaneSpan<double, L> satisfied;
  LaneSpan<double, L> total;
  LaneSpan<double, L> damping;
  LaneSpan<double, L> over_oldest;
  LaneSpan<double, L> over_previous;
  LaneSpan<double, L> over;
  LaneSpan<double, L> returned_share;
  LaneSpan<std::uint8_t, L> converged;
};

/// Settles one round for all recipients.
template <int L>
void settle(const SettleRule& rule, const RecipientState<L>& state, Threads threads);

/// The adaptive damping factor after three over-allocations, oldest first (seed 002), for one
/// recipient: the very code that settle() runs on vectors.
[[nodiscard]] double adaptive_factor(double oldest, double previous, double newest, double need);

}  // namespace needflow
