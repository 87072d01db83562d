// What one provider, or one recipient, works out from its own row (M2 phases 2-4), for one run;
// kernels/lane_rows.hpp says the same for L runs side by side.
//
// The seed's privacy rule is these signatures: a provider is handed its own row of W and D, its own
// capacity (by value: not a place in everybody's) and the published ledger; no need, no
// satisfaction and no other provider is among them. tests/privacy/ holds code that tries and must
// not compile.
//
// Every row sum is four interleaved partial sums (entry j goes to sum j mod 4) with fused
// multiply-adds, added as (s0 + s1) + (s2 + s3): the bits do not depend on the lane count, on the
// threads or on the SIMD target. `always_inline`, on the lambdas too, lets each target of
// row_passes.hpp compile the same text with its own FMA instruction; left out of line they would be
// baseline code and call libm. std::fma is exact everywhere.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/csr.hpp"
#include "kernels/lanes.hpp"
#include "kernels/stored.hpp"

namespace needflow {

/// The part of the ledger that enters a computation: a_r = ρ̂_r f_r before any D bound, N × L.
template <int L>
struct PublishedNeeds {
  StoredSpan<const double, L> active;
};

/// A provider's answer: its denominator d_p and the factor s_p = A_p / d_p (0 where d_p is 0).
struct Offer {
  double denominator;
  double scale;
};

/// The bound of M2: whether an allocation may exceed the active need it answers.
enum class Cap { none, active_need };

/// Entries ahead of which columns and weights are asked for; rows lie one behind the other, so this
/// reaches into the rows to come. A prefetch past the end does no harm. Tried without gain at
/// N = 1e6: other hints (second level, non-temporal), 256 or 1024 ahead, the gathered numbers, two
/// rows at a time, a row as one vector of four. Large pages save 13 % of a pass there, but the
/// first build of a network in a fresh process then takes twice as long on the virtual machine
/// tried.
inline constexpr std::size_t kPrefetchAhead = 512;

/// From how many stored entries prefetching pays for one lane: while the matrix stays in the
/// second- or third-level cache the processor fetches it well enough by itself and the extra
/// instructions cost 10 to 20 % (AMD Zen 5 with 32 MiB: up to 1e6 entries; from 1.6e6 on they save
/// 30 to 40 %).
inline constexpr Offset kEntriesToPrefetch = Offset{1} << 20;
/// The same, entries times lanes, for several: it is their vectors that leave the second level.
inline constexpr Offset kLaneEntriesToPrefetch = Offset{1} << 17;

/// Four partial sums of a row, filled in turn.
struct RowAccumulator {
  std::array<double, 4> partial{};
  [[gnu::always_inline]] inline double total() const {
    return (partial[0] + partial[1]) + (partial[2] + partial[3]);
  }
};

/// Calls visit(k, j) for every entry j of a row, k = j mod 4 being its partial sum.
template <bool kAhead, bool kBounded, class W, class Visit>
[[gnu::always_inline]] inline void for_row_entries(const CsrRowOf<W>& row, const Visit& visit) {
  const std::size_t length = row.columns.size();
  std::size_t j = 0;
  for (; j + 4 <= length; j += 4) {
    if constexpr (kAhead) {
      __builtin_prefetch(row.columns.data() + j + kPrefetchAhead);
      __builtin_prefetch(row.weights.data() + j + kPrefetchAhead);
      if constexpr (kBounded) __builtin_prefetch(row.desire.data() + j + kPrefetchAhead);
    }
    visit(0, j);
    visit(1, j + 1);
    visit(2, j + 2);
    visit(3, j + 3);
  }
  if (j < length) visit(0, j);
  if (j + 1 < length) visit(1, j + 1);
  if (j + 2 < length) visit(2, j + 2);
}

template <class W>
[[gnu::always_inline]] inline double weight_of(const CsrRowOf<W>& row, std::size_t entry) {
  return static_cast<double>(row.weights[entry]);
}

/// a_pr = min(D_pr, a_r): the claim a recipient makes on one provider.
template <bool kBounded, class W>
[[gnu::always_inline]] inline double claim_on(const CsrRowOf<W>& row, std::size_t entry,
                                              double active) {
  if constexpr (kBounded) return row.desire[entry] < active ? row.desire[entry] : active;
  return active;
}

/// Phase 2 for one provider: d_p = Σ_r W_pr a_pr and s_p = A_p / d_p.
template <bool kBounded, bool kAhead = false, class W = double>
[[gnu::always_inline]] inline Offer compute_offer(const CsrRowOf<W>& own_row, double own_available,
                                                  const PublishedNeeds<1>& ledger) {
  RowAccumulator sum;
  for_row_entries<kAhead, kBounded>(
      own_row, [&](std::size_t k, std::size_t j) __attribute__((always_inline)) {
        const double active = *ledger.active[static_cast<std::size_t>(own_row.columns[j])];
        sum.partial[k] =
            std::fma(weight_of(own_row, j), claim_on<kBounded>(own_row, j, active), sum.partial[k]);
      });
  const double denominator = sum.total();
  const double quotient = own_available / denominator;  // always: no branch
  return {denominator, denominator > 0.0 ? quotient : 0.0};
}

/// Phases 3 and 4 for one recipient: received_r = Σ_p v_pr with v_pr = s_p W_pr a_pr, bounded by
/// a_pr under Cap::active_need. Without bounds the common factor a_r is taken out of the sum.
template <bool kBounded, Cap kCap, bool kAhead = false, class W = double>
[[gnu::always_inline]] inline double gather_delivery(const CsrRowOf<W>& own_row, double own_active,
                                                     LaneSpan<const double, 1> scale) {
  RowAccumulator sum;
  for_row_entries<kAhead, kBounded>(
      own_row, [&](std::size_t k, std::size_t j) __attribute__((always_inline)) {
        const double s = *scale[static_cast<std::size_t>(own_row.columns[j])];
        const double claim = claim_on<kBounded>(own_row, j, own_active);
        if constexpr (kCap == Cap::active_need) {
          const double allocation = s * (weight_of(own_row, j) * claim);
          sum.partial[k] += allocation < claim ? allocation : claim;
        } else if constexpr (kBounded) {
          sum.partial[k] = std::fma(s, weight_of(own_row, j) * claim, sum.partial[k]);
        } else {
          sum.partial[k] = std::fma(weight_of(own_row, j), s, sum.partial[k]);
        }
      });
  const bool common_factor = !kBounded && kCap == Cap::none;
  return common_factor ? sum.total() * own_active : sum.total();
}

/// The `stock` settlement of one provider without bounds: returned_p = s_p Σ_r W_pr t_r, where
/// t_r = a_r q_r is the share q_r = over_r / received_r that r sends back to each of its providers,
/// times its claim on all of them.
template <bool kAhead = false, class W = double>
[[gnu::always_inline]] inline double gather_return(const CsrRowOf<W>& own_row, double own_scale,
                                                   LaneSpan<const double, 1> returned_claim) {
  RowAccumulator sum;
  for_row_entries<kAhead, false>(
      own_row, [&](std::size_t k, std::size_t j) __attribute__((always_inline)) {
        const double claim = *returned_claim[static_cast<std::size_t>(own_row.columns[j])];
        sum.partial[k] = std::fma(weight_of(own_row, j), claim, sum.partial[k]);
      });
  return own_scale * sum.total();
}

/// What a provider delivered in a round and what of it comes back as surplus.
struct Settlement {
  double delivered;
  double returned;
};

/// The same under bounds: delivered_p = Σ_r v_pr and returned_p = Σ_r v_pr q_r.
template <bool kBounded, Cap kCap, bool kAhead = false, class W = double>
[[gnu::always_inline]] inline Settlement gather_settlement(
    const CsrRowOf<W>& own_row, double own_scale, const PublishedNeeds<1>& ledger,
    LaneSpan<const double, 1> returned_share) {
  RowAccumulator delivered;
  RowAccumulator returned;
  for_row_entries<kAhead, kBounded>(
      own_row, [&](std::size_t k, std::size_t j) __attribute__((always_inline)) {
        const auto column = static_cast<std::size_t>(own_row.columns[j]);
        const double claim = claim_on<kBounded>(own_row, j, *ledger.active[column]);
        double allocation = own_scale * (weight_of(own_row, j) * claim);
        if constexpr (kCap == Cap::active_need) {
          allocation = allocation < claim ? allocation : claim;
        }
        delivered.partial[k] += allocation;
        returned.partial[k] = std::fma(allocation, *returned_share[column], returned.partial[k]);
      });
  return {delivered.total(), returned.total()};
}

}  // namespace needflow
