// kernels/row_sums.hpp for L runs side by side: what one provider, or one recipient, works out from
// its own row in every lane. Same privacy rule, same formulas, same four partial sums a lane.
//
// Compiled once a SIMD target, so there is no include guard in the usual sense (Highway's scheme).
// A row keeps eight accumulators in registers: four partial sums of two vectors of lanes; wider
// batches read the row again for the next two. One accumulator instead of four is 2.8 times slower;
// plain loops over lanes, left to GCC 12 to vectorise, 1.2 to 1.5 times.
#if defined(NEEDFLOW_LANE_ROWS_ONCE) == defined(HWY_TARGET_TOGGLE)
#ifdef NEEDFLOW_LANE_ROWS_ONCE
#undef NEEDFLOW_LANE_ROWS_ONCE
#else
#define NEEDFLOW_LANE_ROWS_ONCE
#endif

#include <hwy/highway.h>

#include <cmath>

#include "kernels/row_sums.hpp"
#include "kernels/stored_lanes.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// a * b + c with one rounding. Highway's own MulAdd rounds twice on the baseline.
template <class V>
HWY_INLINE V fused_multiply_add(V a, V b, V c) {
#if HWY_TARGET == HWY_SCALAR
  return V(std::fma(a.raw, b.raw, c.raw));
#else
  return hn::MulAdd(a, b, c);
#endif
}

/// How the lanes of a batch are cut into vectors, and these into groups that a row is read for.
template <int L>
struct LaneGroups {
  using D = hn::CappedTag<double, L>;
  using V = hn::Vec<D>;
  static constexpr std::size_t kVectorLanes = hn::MaxLanes(D());
  static constexpr std::size_t kVectors = 2 * kVectorLanes <= L ? 2 : 1;  ///< a group
  static constexpr std::size_t kGroupLanes = kVectors * kVectorLanes;
};

/// Visits ahead whose lanes are asked for once the vectors leave the second-level cache.
inline constexpr std::size_t kLanesAhead = 128;

/// One vector of lanes from row `at` of a lane-batched vector, held as doubles or as floats.
template <int L, class Held>
HWY_INLINE typename LaneGroups<L>::V lanes_at(const Held* row, std::size_t group, std::size_t v) {
  using Groups = LaneGroups<L>;
  return load_stored(typename Groups::D(), row + group + v * Groups::kVectorLanes);
}

inline constexpr std::size_t kLineBytes = 64;

/// The weight of an entry in one vector of lanes.
template <int L, class W>
HWY_INLINE typename LaneGroups<L>::V weights_at(const CsrRowOf<W>& row, std::size_t entry,
                                                std::size_t /*group*/, std::size_t /*v*/) {
  return hn::Set(typename LaneGroups<L>::D(), weight_of(row, entry));
}
template <int L>
HWY_INLINE typename LaneGroups<L>::V weights_at(const CsrRowOf<WeightPerLane>& row,
                                                std::size_t entry, std::size_t group,
                                                std::size_t v) {
  return lanes_at<L>(row.weights.data() + entry * L, group, v);
}

/// Asks for the weights that entries to come will need; those of all lanes come in order, a line or
/// two an entry, and fewer ahead do.
template <int L, class W>
HWY_INLINE void prefetch_weights(const CsrRowOf<W>& row, std::size_t entry, std::size_t /*group*/) {
  __builtin_prefetch(row.weights.data() + entry + kPrefetchAhead);
}
template <int L>
HWY_INLINE void prefetch_weights(const CsrRowOf<WeightPerLane>& row, std::size_t entry,
                                 std::size_t group) {
  constexpr std::size_t kAhead = 64;
  for (std::size_t i = 0; i < 4; ++i) {
    const double* const weights = row.weights.data() + (entry + i + kAhead) * L + group;
    __builtin_prefetch(weights);
    if constexpr (LaneGroups<L>::kGroupLanes > 8) __builtin_prefetch(weights + 8);
  }
}

/// Asks for what rows to come have of their own. These lie one behind the other, but with the
/// visits of a row between them, and what is asked for at random, the processor does not look ahead
/// by itself: in pass 1 of 16 lanes over 1e5 agents more than half of the time went to them.
template <int L, bool kAhead, class Held>
HWY_INLINE void prefetch_own(const Held* own) {
  constexpr std::size_t kRowsAhead = 8;
  if constexpr (kAhead) {
    for (std::size_t i = 0; i < L; i += kLineBytes / sizeof(Held)) {
      __builtin_prefetch(own + kRowsAhead * L + i);
    }
  }
}

/// Four partial sums of a group of lanes.
template <int L>
struct LaneAccumulator {
  using Groups = LaneGroups<L>;
  typename Groups::V partial[4][Groups::kVectors];

  HWY_INLINE LaneAccumulator() {
    for (auto& sums : partial) {
      for (auto& sum : sums) sum = hn::Zero(typename Groups::D());
    }
  }
  HWY_INLINE typename Groups::V total(std::size_t v) const {
    return hn::Add(hn::Add(partial[0][v], partial[1][v]), hn::Add(partial[2][v], partial[3][v]));
  }
};

/// Calls visit(k, j) for every entry j of a row, k = j mod 4. With kAhead the streams and the lanes
/// of `gathered` that visits to come will read are asked for; the caller sees to it that
/// kLanesAhead more columns follow.
/// GCC 12 takes a lambda that only prefetches for a pure function and drops the calls; what asks
/// for the lanes therefore stands where it is used, for four entries at once. It makes a pass over
/// 1e6 agents twice as fast.
/// Visitors are declared always_inline: whether GCC inlines them otherwise depends on how much else
/// this file holds, and a visitor that is called keeps its sums in memory (1.5 to 1.9 times as
/// long).
template <int L, bool kAhead, class W, class Held, class Visit>
HWY_INLINE void for_lane_entries(const CsrRowOf<W>& row, const Held* gathered, std::size_t group,
                                 const Visit& visit) {
  constexpr std::size_t kNextLine = kLineBytes / sizeof(Held);
  constexpr bool kTwoLines = LaneGroups<L>::kGroupLanes > kNextLine;
  const std::size_t length = row.columns.size();
  std::size_t j = 0;
  for (; j + 4 <= length; j += 4) {
    if constexpr (kAhead) {
      __builtin_prefetch(row.columns.data() + j + kPrefetchAhead);
      prefetch_weights<L>(row, j, group);
      if (!row.desire.empty()) __builtin_prefetch(row.desire.data() + j + kPrefetchAhead);
      const Index* const next = row.columns.data() + j + kLanesAhead;
      for (std::size_t i = 0; i < 4; ++i) {
        const Held* lanes = gathered + static_cast<std::size_t>(next[i]) * L + group;
        __builtin_prefetch(lanes);
        if constexpr (kTwoLines) __builtin_prefetch(lanes + kNextLine);
      }
    }
    visit(0, j);
    visit(1, j + 1);
    visit(2, j + 2);
    visit(3, j + 3);
  }
  if constexpr (kAhead) {
    for (std::size_t i = j; i < length; ++i) {
      const auto column = static_cast<std::size_t>(row.columns.data()[i + kLanesAhead]);
      __builtin_prefetch(gathered + column * L + group);
      if constexpr (kTwoLines) __builtin_prefetch(gathered + column * L + group + kNextLine);
    }
  }
  // Not a loop: with k no constant the accumulators would go through memory for every row.
  if (j < length) visit(0, j);
  if (j + 1 < length) visit(1, j + 1);
  if (j + 2 < length) visit(2, j + 2);
}

/// a_pr = min(D_pr, a_r).
template <int L, bool kBounded, class W>
HWY_INLINE typename LaneGroups<L>::V claims_on(const CsrRowOf<W>& row, std::size_t entry,
                                               typename LaneGroups<L>::V active) {
  if constexpr (!kBounded) return active;
  const auto desire = hn::Set(typename LaneGroups<L>::D(), row.desire[entry]);
  return hn::IfThenElse(hn::Lt(desire, active), desire, active);
}

/// Phase 2 for one provider: d_p and s_p of every lane, written to L doubles, or floats, each.
template <int L, bool kBounded, bool kAhead, class W, class Held>
HWY_INLINE void compute_lane_offers(const CsrRowOf<W>& own_row, const double* own_available,
                                    const PublishedNeeds<L>& ledger, double* denominator,
                                    Held* scale) {
  using Groups = LaneGroups<L>;
  using How = std::conditional_t<std::is_same_v<Held, float>, AsFloats, AsDoubles>;
  const typename Groups::D d;
  const LaneSpan<const Held, L> needs = ledger.active.template as<Held>();
  prefetch_own<L, kAhead>(own_available);
  prefetch_own<L, kAhead>(scale);
  for (std::size_t group = 0; group < L; group += Groups::kGroupLanes) {
    LaneAccumulator<L> sum;
    for_lane_entries<L, kAhead>(
        own_row, needs[0],
        group, [&](std::size_t k, std::size_t j) HWY_ATTR __attribute__((always_inline)) {
          const Held* active = needs[static_cast<std::size_t>(own_row.columns[j])];
          for (std::size_t v = 0; v < Groups::kVectors; ++v) {
            const auto claim = claims_on<L, kBounded>(own_row, j, lanes_at<L>(active, group, v));
            sum.partial[k][v] =
                fused_multiply_add(weights_at<L>(own_row, j, group, v), claim, sum.partial[k][v]);
          }
        });
    for (std::size_t v = 0; v < Groups::kVectors; ++v) {
      const std::size_t lane = group + v * Groups::kVectorLanes;
      const auto total = sum.total(v);
      const auto quotient = hn::Div(hn::LoadU(d, own_available + lane), total);
      hn::StoreU(total, d, denominator + lane);
      How::put(d, hn::IfThenElseZero(hn::Gt(total, hn::Zero(d)), quotient), scale + lane);
    }
  }
}

/// Whether a group of lanes of one agent is nothing but 0: its factor in front of a row sum, so
/// that the row need not be read. In sweeps of `stock` that is every third recipient and provider:
/// needs are met, stocks used up. A list of the other rows, made beforehand without branches, was
/// no faster.
template <int L, class Held>
HWY_INLINE bool group_is_silent(const Held* own, std::size_t group) {
  using Groups = LaneGroups<L>;
  const typename Groups::D d;
  auto any = hn::Ne(lanes_at<L>(own, group, 0), hn::Zero(d));
  if constexpr (Groups::kVectors == 2) {
    any = hn::Or(any, hn::Ne(lanes_at<L>(own, group, 1), hn::Zero(d)));
  }
  return hn::AllFalse(d, any);
}

/// What a silent group gets.
template <int L>
HWY_INLINE void clear_group(double* out, std::size_t group) {
  using Groups = LaneGroups<L>;
  const typename Groups::D d;
  for (std::size_t v = 0; v < Groups::kVectors; ++v) {
    hn::StoreU(hn::Zero(d), d, out + group + v * Groups::kVectorLanes);
  }
}

/// Phases 3 and 4 for one recipient: received_r of every lane.
template <int L, bool kBounded, Cap kCap, bool kAhead, class W, class Held>
HWY_INLINE void gather_lane_deliveries(const CsrRowOf<W>& own_row, const Held* own_active,
                                       LaneSpan<const Held, L> scale, double* received) {
  using Groups = LaneGroups<L>;
  using V = typename Groups::V;
  const typename Groups::D d;
  prefetch_own<L, kAhead>(own_active);
  for (std::size_t group = 0; group < L; group += Groups::kGroupLanes) {
    if (group_is_silent<L>(own_active, group)) {
      clear_group<L>(received, group);
      continue;
    }
    LaneAccumulator<L> sum;
    for_lane_entries<L, kAhead>(
        own_row, scale[0],
        group, [&](std::size_t k, std::size_t j) HWY_ATTR __attribute__((always_inline)) {
          const Held* s = scale[static_cast<std::size_t>(own_row.columns[j])];
          for (std::size_t v = 0; v < Groups::kVectors; ++v) {
            const V weight = weights_at<L>(own_row, j, group, v);
            const V factor = lanes_at<L>(s, group, v);
            V& partial = sum.partial[k][v];
            if constexpr (!kBounded && kCap == Cap::none) {
              partial = fused_multiply_add(weight, factor, partial);
            } else {
              const V claim = claims_on<L, kBounded>(own_row, j, lanes_at<L>(own_active, group, v));
              if constexpr (kCap == Cap::none) {
                partial = fused_multiply_add(factor, hn::Mul(weight, claim), partial);
              } else {
                const V allocation = hn::Mul(factor, hn::Mul(weight, claim));
                partial =
                    hn::Add(partial, hn::IfThenElse(hn::Lt(allocation, claim), allocation, claim));
              }
            }
          }
        });
    for (std::size_t v = 0; v < Groups::kVectors; ++v) {
      V total = sum.total(v);
      if constexpr (!kBounded && kCap == Cap::none) {
        total = hn::Mul(total, lanes_at<L>(own_active, group, v));
      }
      hn::StoreU(total, d, received + group + v * Groups::kVectorLanes);
    }
  }
}

/// What comes back to one provider without bounds, returned_p of every lane.
template <int L, bool kAhead, class W, class Held>
HWY_INLINE void gather_lane_returns(const CsrRowOf<W>& own_row, const Held* own_scale,
                                    LaneSpan<const Held, L> returned_claim, double* returned) {
  using Groups = LaneGroups<L>;
  const typename Groups::D d;
  prefetch_own<L, kAhead>(own_scale);
  for (std::size_t group = 0; group < L; group += Groups::kGroupLanes) {
    if (group_is_silent<L>(own_scale, group)) {
      clear_group<L>(returned, group);
      continue;
    }
    LaneAccumulator<L> sum;
    for_lane_entries<L, kAhead>(
        own_row, returned_claim[0],
        group, [&](std::size_t k, std::size_t j) HWY_ATTR __attribute__((always_inline)) {
          const Held* claim = returned_claim[static_cast<std::size_t>(own_row.columns[j])];
          for (std::size_t v = 0; v < Groups::kVectors; ++v) {
            sum.partial[k][v] = fused_multiply_add(weights_at<L>(own_row, j, group, v),
                                                   lanes_at<L>(claim, group, v), sum.partial[k][v]);
          }
        });
    for (std::size_t v = 0; v < Groups::kVectors; ++v) {
      hn::StoreU(hn::Mul(lanes_at<L>(own_scale, group, v), sum.total(v)), d,
                 returned + group + v * Groups::kVectorLanes);
    }
  }
}

/// The same under bounds, and what the provider delivered.
template <int L, bool kBounded, Cap kCap, bool kAhead, class W, class Held>
HWY_INLINE void gather_lane_settlements(const CsrRowOf<W>& own_row, const Held* own_scale,
                                        const PublishedNeeds<L>& ledger,
                                        LaneSpan<const Held, L> returned_share, double* delivered,
                                        double* returned) {
  using Groups = LaneGroups<L>;
  using V = typename Groups::V;
  const typename Groups::D d;
  const LaneSpan<const Held, L> needs = ledger.active.template as<Held>();
  for (std::size_t group = 0; group < L; group += Groups::kGroupLanes) {
    LaneAccumulator<L> out;
    LaneAccumulator<L> back;
    for_lane_entries<L, kAhead>(
        own_row, needs[0],
        group, [&](std::size_t k, std::size_t j) HWY_ATTR __attribute__((always_inline)) {
          const auto column = static_cast<std::size_t>(own_row.columns[j]);
          for (std::size_t v = 0; v < Groups::kVectors; ++v) {
            const V weight = weights_at<L>(own_row, j, group, v);
            const V active = lanes_at<L>(needs[column], group, v);
            const V claim = claims_on<L, kBounded>(own_row, j, active);
            V allocation = hn::Mul(lanes_at<L>(own_scale, group, v), hn::Mul(weight, claim));
            if constexpr (kCap == Cap::active_need) {
              allocation = hn::IfThenElse(hn::Lt(allocation, claim), allocation, claim);
            }
            out.partial[k][v] = hn::Add(out.partial[k][v], allocation);
            back.partial[k][v] = fused_multiply_add(
                allocation, lanes_at<L>(returned_share[column], group, v), back.partial[k][v]);
          }
        });
    for (std::size_t v = 0; v < Groups::kVectors; ++v) {
      const std::size_t lane = group + v * Groups::kVectorLanes;
      hn::StoreU(out.total(v), d, delivered + lane);
      hn::StoreU(back.total(v), d, returned + lane);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#endif  // NEEDFLOW_LANE_ROWS_ONCE
