// The passes of a round over the rows of a matrix, L runs side by side, behind
// kernels/allocate.hpp's table. Compiled once a SIMD target (Highway's scheme instead of an include
// guard), in a file a width: the three take a minute and more together, under sanitizers three.
//
// Cost of one round, one lane, f64 (modelled): pass 1 reads 4 B column + 8 B weight an edge, pass 2
// the same again: 24 B an edge entry (40 B with finite D, 16 B with f32 weights); pass 3 another 12
// B when it runs. The gathered vectors (8 L bytes a visit, 4 L stored as floats) come from cache
// while they fit it.
//
// The text of every row is kernels/row_sums.hpp for one lane and kernels/lane_rows.hpp for more.
// SSE4 and SSSE3 are left out (CMakeLists.txt): their multiply-add would not be fused. Without AVX2
// the baseline calls libm's fma, slow and right.
#if defined(NEEDFLOW_ROW_PASSES_ONCE) == defined(HWY_TARGET_TOGGLE)
#ifdef NEEDFLOW_ROW_PASSES_ONCE
#undef NEEDFLOW_ROW_PASSES_ONCE
#else
#define NEEDFLOW_ROW_PASSES_ONCE
#endif

#include <hwy/highway.h>

#include <type_traits>

#include "kernels/allocate.hpp"
#include "kernels/lane_rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

/// Whether the rows up to `row` may ask for kLanesAhead entries more.
HWY_INLINE bool has_lanes_ahead(const CsrView& rows, std::size_t row) {
  return rows.offsets[row + 1] + static_cast<Offset>(kLanesAhead) <= rows.entries();
}

/// Calls visit.operator()<kAhead>(row) for the rows of a range; whether to prefetch is a matter of
/// the matrix's size (and, at its end, of what is left of it).
template <int L, class Visit>
HWY_INLINE void for_rows(const CsrView& rows, RowRange range, const Visit& visit) {
  const bool large = rows.entries() * L >= (L == 1 ? kEntriesToPrefetch : kLaneEntriesToPrefetch);
  std::size_t row = range.begin;
  if (large) {
    for (; row < range.end && (L == 1 || has_lanes_ahead(rows, row)); ++row) {
      visit.template operator()<true>(row);
    }
  }
  for (; row < range.end; ++row) visit.template operator()<false>(row);
}

/// A row with weights of the kind W.
template <int L, class W>
HWY_INLINE CsrRowOf<W> row_at(const CsrView& rows, std::size_t i) {
  if constexpr (std::is_same_v<W, WeightPerLane>) {
    return rows.lane_row<L>(i);
  } else {
    return rows.row_of<W>(i);
  }
}

template <int L, class Held, class W, bool kBounded>
void denominator_rows(const CsrView& rows, const PublishedNeeds<L>& ledger,
                      LaneSpan<const double, L> available, RowRange range,
                      LaneSpan<double, L> denominator, StoredSpan<double, L> stored) {
  const LaneSpan<Held, L> scale = stored.template as<Held>();
  for_rows<L>(rows, range, [&]<bool kAhead>(std::size_t p) HWY_ATTR {
    const std::size_t out = p - range.begin;
    if constexpr (L == 1) {
      const Offer offer = compute_offer<kBounded, kAhead>(rows.row_of<W>(p), *available[p], ledger);
      *denominator[out] = offer.denominator;
      *scale[out] = offer.scale;
    } else {
      compute_lane_offers<L, kBounded, kAhead>(row_at<L, W>(rows, p), available[p], ledger,
                                               denominator[out], scale[out]);
    }
  });
}

template <int L, class Held, class W, bool kBounded, Cap kCap>
void delivery_rows(const CsrView& rows, const PublishedNeeds<L>& ledger,
                   StoredSpan<const double, L> stored, RowRange range,
                   LaneSpan<double, L> received) {
  const LaneSpan<const Held, L> active = ledger.active.template as<Held>();
  const LaneSpan<const Held, L> scale = stored.template as<Held>();
  for_rows<L>(rows, range, [&]<bool kAhead>(std::size_t r) HWY_ATTR {
    const std::size_t out = r - range.begin;
    if constexpr (L == 1) {
      *received[out] =
          gather_delivery<kBounded, kCap, kAhead>(rows.row_of<W>(r), *active[r], scale);
    } else {
      gather_lane_deliveries<L, kBounded, kCap, kAhead>(row_at<L, W>(rows, r), active[r], scale,
                                                        received[out]);
    }
  });
}

template <int L, class Held, class W>
void return_rows(const CsrView& rows, StoredSpan<const double, L> stored_scale,
                 StoredSpan<const double, L> stored_claim, RowRange range,
                 LaneSpan<double, L> returned) {
  const LaneSpan<const Held, L> scale = stored_scale.template as<Held>();
  const LaneSpan<const Held, L> returned_claim = stored_claim.template as<Held>();
  PerLane<Held, L> ones;
  ones.fill(1);
  const bool scaled = !stored_scale.empty();
  for_rows<L>(rows, range, [&]<bool kAhead>(std::size_t p) HWY_ATTR {
    const std::size_t out = p - range.begin;
    const Held* const own_scale = scaled ? scale[p] : ones.data();
    if constexpr (L == 1) {
      *returned[out] = gather_return<kAhead>(rows.row_of<W>(p), *own_scale, returned_claim);
    } else {
      gather_lane_returns<L, kAhead>(row_at<L, W>(rows, p), own_scale, returned_claim,
                                     returned[out]);
    }
  });
}

template <int L, class Held, class W, bool kBounded, Cap kCap>
void settlement_rows(const CsrView& rows, const PublishedNeeds<L>& ledger,
                     StoredSpan<const double, L> stored_scale,
                     StoredSpan<const double, L> stored_share, RowRange range,
                     LaneSpan<double, L> delivered, LaneSpan<double, L> returned) {
  const LaneSpan<const Held, L> scale = stored_scale.template as<Held>();
  const LaneSpan<const Held, L> returned_share = stored_share.template as<Held>();
  for_rows<L>(rows, range, [&]<bool kAhead>(std::size_t p) HWY_ATTR {
    const std::size_t out = p - range.begin;
    if constexpr (L == 1) {
      const Settlement settlement = gather_settlement<kBounded, kCap, kAhead>(
          rows.row_of<W>(p), *scale[p], ledger, returned_share);
      *delivered[out] = settlement.delivered;
      *returned[out] = settlement.returned;
    } else {
      gather_lane_settlements<L, kBounded, kCap, kAhead>(
          row_at<L, W>(rows, p), scale[p], ledger, returned_share, delivered[out], returned[out]);
    }
  });
}

// The variant of the model is picked once a range, outside the loops: choose.operator()<Held, W,
// kBounded>() for what is gathered and for the matrix at hand. One lane holds doubles.
template <int L, class Held, class Choose>
HWY_INLINE auto for_weights(const CsrView& rows, const Choose& choose) {
  const bool bounded = !rows.desire.empty();
  if constexpr (L > 1) {
    if (!rows.lane_weights.empty()) {
      return bounded ? choose.template operator()<Held, WeightPerLane, true>()
                     : choose.template operator()<Held, WeightPerLane, false>();
    }
  }
  if (rows.narrow()) {
    return bounded ? choose.template operator()<Held, float, true>()
                   : choose.template operator()<Held, float, false>();
  }
  return bounded ? choose.template operator()<Held, double, true>()
                 : choose.template operator()<Held, double, false>();
}
template <int L, class Choose>
HWY_INLINE auto for_matrix(const CsrView& rows, bool floats, const Choose& choose) {
  if constexpr (L > 1) {
    if (floats) return for_weights<L, float>(rows, choose);
  }
  return for_weights<L, double>(rows, choose);
}

template <int L>
void denominators_of(const CsrView& rows, const PublishedNeeds<L>& ledger,
                     LaneSpan<const double, L> available, RowRange range,
                     LaneSpan<double, L> denominator, StoredSpan<double, L> scale) {
  const auto variant = for_matrix<L>(
      rows, scale.holds_floats(),
      []<class Held, class W, bool kBounded>() { return denominator_rows<L, Held, W, kBounded>; });
  variant(rows, ledger, available, range, denominator, scale);
  if constexpr (L == 1) round_stored(scale);
}

template <int L>
void deliveries_of(const CsrView& rows, const PublishedNeeds<L>& ledger,
                   StoredSpan<const double, L> scale, Cap cap, RowRange range,
                   LaneSpan<double, L> received) {
  const auto variant =
      for_matrix<L>(rows, scale.holds_floats(), [cap]<class Held, class W, bool kBounded>() {
        return cap == Cap::none ? delivery_rows<L, Held, W, kBounded, Cap::none>
                                : delivery_rows<L, Held, W, kBounded, Cap::active_need>;
      });
  variant(rows, ledger, scale, range, received);
}

template <int L>
void returns_of(const CsrView& rows, StoredSpan<const double, L> scale,
                StoredSpan<const double, L> returned_claim, RowRange range,
                LaneSpan<double, L> returned) {
  const auto variant = for_matrix<L>(rows, scale.holds_floats(), []<class Held, class W, bool>() {
    return return_rows<L, Held, W>;
  });
  variant(rows, scale, returned_claim, range, returned);
}

template <int L>
void settlements_of(const CsrView& rows, const PublishedNeeds<L>& ledger,
                    StoredSpan<const double, L> scale, StoredSpan<const double, L> returned_share,
                    Cap cap, RowRange range, LaneSpan<double, L> delivered,
                    LaneSpan<double, L> returned) {
  const auto variant =
      for_matrix<L>(rows, scale.holds_floats(), [cap]<class Held, class W, bool kBounded>() {
        return cap == Cap::none ? settlement_rows<L, Held, W, kBounded, Cap::none>
                                : settlement_rows<L, Held, W, kBounded, Cap::active_need>;
      });
  variant(rows, ledger, scale, returned_share, range, delivered, returned);
}

template <int L>
RowPasses<L> passes_of() {
  return {denominators_of<L>, deliveries_of<L>, returns_of<L>, settlements_of<L>};
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#endif  // NEEDFLOW_ROW_PASSES_ONCE
