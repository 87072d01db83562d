// The providers' side of a round, element by element: whether denominators still move (M2 "Stop" 2)
// and, in `stock`, what is left of each capacity after deliveries and returns.
//
// Cost: 48 B an agent and lane for the offers, 32 B for the stock. kernels/reference/stock.hpp is
// the twin.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/lanes.hpp"
#include "kernels/stored.hpp"

namespace needflow {

/// A provider's rest at or below this share of C_p is dust: it would decay through the subnormals
/// for ever (M2 `stock`).
inline constexpr double kDust = 1e-12;

/// How the providers of one lane are looked at in one round.
struct StockRule {
  bool stock = true;        ///< whether capacity is used up
  double tolerance = 0.01;  ///< ε of M2
  std::int64_t round = 1;   ///< round 1 sets d_p(1); nothing has moved yet
  bool saves = false;       ///< whether A_p of before goes to saved_available
};

/// Providers' state, each P × L, and what the round's passes made of it.
template <int L>
struct ProviderState {
  LaneSpan<const double, L> capacity;
  StoredSpan<const double, L> scale;    ///< of this round
  LaneSpan<double, L> available;        ///< A_p; empty where nobody's capacity is used up
  LaneSpan<double, L> denominator;      ///< of the round before, then of this one
  LaneSpan<double, L> first;            ///< d_p(1)
  LaneSpan<double, L> saved_available;  ///< empty where nobody saves
  std::span<const double> degrees;      ///< stored entries of each row, for `offered`; may be empty
};

/// What a range of providers adds up to, a lane.
template <int L>
struct StockTally {
  PerLane<std::uint8_t, L> moved{};          ///< some d_p with C_p > 0 moved by more than ε d_p(1)
  PerLane<double, L> offered{};              ///< Σ of the degrees of providers with s_p > 0
  std::array<PerLane<double, L>, 4> dust{};  ///< Σ of rests swept away, provider p in sum p mod 4
};

/// Both loops as one SIMD target compiled them.
template <int L>
struct ProviderPasses {
  /// Takes in the denominators that pass 1 made for providers [begin, end); they hold theirs alone.
  void (*note_offers)(const PerLane<StockRule, L>& rules, const ProviderState<L>& state,
                      std::size_t begin, std::size_t end, LaneSpan<const double, L> denominator,
                      StockTally<L>& tally);
  /// A_p ← A_p − delivered + returned in the lanes that use up their stock. Without a cap all of
  /// A_p is delivered wherever d_p > 0 (M2 conservation), which is exact where the sum Σ_r v_pr is
  /// not: `delivered` is then empty. `returned` is empty where nothing comes back. Both hold
  /// providers [begin, end) alone.
  void (*keep_stock)(const PerLane<StockRule, L>& rules, const ProviderState<L>& state,
                     std::size_t begin, std::size_t end, LaneSpan<const double, L> delivered,
                     LaneSpan<const double, L> returned, StockTally<L>& tally);
};

/// The loops of the best target here, or of the forced one.
template <int L>
[[nodiscard]] ProviderPasses<L> provider_passes();

}  // namespace needflow
