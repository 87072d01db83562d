// M2 phases 4 and 5, element by element: settlement, damping and convergence of every recipient,
// and what it will claim next.
//
// Bound by memory: about 100 B an agent a round with all arrays in use. Elements are independent,
// so any split over threads gives the same bits. kernels/reference/settle.hpp is the twin.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/lanes.hpp"
#include "kernels/parallel.hpp"
#include "kernels/stored.hpp"

namespace needflow {

/// What becomes of capacity and of earlier deliveries (M2 "Settlement").
enum class SettlementKind { stock, stream, reallocate };

/// A residual within this share of the need counts as met: a rest of rounding must not draw a whole
/// capacity.
inline constexpr double kMetWithin = 1e-12;

/// Two over-allocations differ only beyond this share of the need (M2 "Damping").
inline constexpr double kOverDiffers = 1e-9;

/// How one lane settles in one round; the same for all its recipients.
struct SettleRule {
  SettlementKind settlement = SettlementKind::stock;
  bool adaptive_damping = true;  ///< false: f is damping_factor
  double damping_factor = 1.0;   ///< f of every recipient unless adaptive
  double tolerance = 0.01;       ///< ε of M2
  double relaxation = 1.0;       ///< ω; acts from round 2 on
  bool returns_surplus = true;   ///< `stock` only: whether `returned` is filled
  std::int64_t round = 1;        ///< in round 1 the state of before counts as x = over = 0
  bool saves = false;            ///< whether the state of before goes to `saved`
};

/// The state that recurrence is judged by (M2 "Stop" 3), each R × L, or empty where nobody saves.
template <int L>
struct SavedRecipients {
  LaneSpan<double, L> satisfied;
  LaneSpan<double, L> damping;
  LaneSpan<double, L> over;
  LaneSpan<double, L> over_previous;
  LaneSpan<double, L> total;
};

/// Recipients' private state, each R × L. Read: need, active (this round's claim a), over (the
/// newest over-allocation). Read and written: satisfied x, total y (empty unless some ω < 1),
/// damping f; over_previous, which holds the over-allocation before `over` and then the new one, so
/// that the two change places every round. Written: next_active = ρ f, the claim of the round to
/// come, and, unless empty, `returned`: the share q = over / received that goes back to every
/// provider, times a where `returned_is_claim`. `active`, `next_active` and `returned` are stored
/// in one way.
template <int L>
struct RecipientState {
  LaneSpan<const double, L> need;
  StoredSpan<const double, L> active;
  LaneSpan<const double, L> over;
  LaneSpan<double, L> satisfied;
  LaneSpan<double, L> total;
  LaneSpan<double, L> damping;
  LaneSpan<double, L> over_previous;
  StoredSpan<double, L> next_active;
  StoredSpan<double, L> returned;
  SavedRecipients<L> saved;
  bool returned_is_claim = true;
  /// Stored entries of each recipient's row, for `asked`; may be empty.
  std::span<const double> degrees;
};

/// What a range of recipients adds up to, a lane. Sums are four interleaved partial sums (recipient
/// r goes to sum r mod 4), for kernels/reduce.hpp's rule.
template <int L>
struct SettleTally {
  std::array<PerLane<double, L>, 4> over{};  ///< Σ over_r
  PerLane<double, L> asked{};                ///< Σ of the degrees of recipients with a claim left
  PerLane<std::uint8_t, L> unmet{};          ///< somebody has not converged
  PerLane<std::uint8_t, L> moved{};          ///< somebody's x moved by more than ε² n
  PerLane<std::uint8_t, L> overflowed{};     ///< somebody received what is no finite number
};

/// Settles recipients [begin, end); `received` holds theirs alone.
template <int L>
using SettlePass = void (*)(const PerLane<SettleRule, L>& rules, const RecipientState<L>& state,
                            std::size_t begin, std::size_t end, LaneSpan<const double, L> received,
                            SettleTally<L>& tally);

/// The settlement as the best SIMD target here, or the forced one, compiled it.
template <int L>
[[nodiscard]] SettlePass<L> settle_pass();

/// The adaptive damping factor after three over-allocations, oldest first (seed 002), for one
/// recipient: the very code that settle() runs on vectors.
[[nodiscard]] double adaptive_factor(double oldest, double previous, double newest, double need);

/// Whether a recipient has converged (M2 phase 5).
[[nodiscard]] inline bool has_converged(double need, double satisfied, double over,
                                        double tolerance) {
  // The lack n − y is n − x: where y passed n both are 0.
  return over <= tolerance * need && need - satisfied <= tolerance * need;
}

}  // namespace needflow
