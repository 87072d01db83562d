// What one provider, or one recipient, works out from its own row (M2 phases 2-4).
//
// The seed's privacy rule is these signatures: a provider is handed its own row of W and D, its own
// capacity (by value: not a place in everybody's) and the published ledger; no need, no
// satisfaction and no other provider is among them. tests/privacy/ holds code that tries and must
// not compile.
//
// Every row sum is four interleaved partial sums (entry j goes to sum j mod 4) with fused
// multiply-adds, added as (s0 + s1) + (s2 + s3): the bits do not depend on the lane count, on the
// threads or on the SIMD target. `always_inline`, on the lambdas too, lets each target of
// allocate.cpp compile the same text with its own FMA instruction; left out of line they would be
// baseline code and call libm. std::fma is exact everywhere.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/csr.hpp"
#include "kernels/lanes.hpp"

namespace needflow {

/// The part of the ledger that enters a computation: a_r = ρ̂_r f_r before any D bound, N × L.
template <int L>
struct PublishedNeeds {
  LaneSpan<const double, L> active;
};

/// A provider's answer: its denominator d_p and the factor s_p = A_p / d_p (0 where d_p is 0).
template <int L>
struct Offer {
  std::array<double, L> denominator;
  std::array<double, L> scale;
};

/// The bound of M2: whether an allocation may exceed the active need it answers.
enum class Cap { none, active_need };

/// Four partial sums a lane, filled in turn.
template <int L>
struct RowAccumulator {
  std::array<std::array<double, L>, 4> partial{};

  [[gnu::always_inline]] inline std::array<double, L> total() const {
    std::array<double, L> sum;
#pragma GCC unroll 1
    for (std::size_t l = 0; l < L; ++l) {
      sum[l] = (partial[0][l] + partial[1][l]) + (partial[2][l] + partial[3][l]);
    }
    return sum;
  }
};

// `unroll 1` before the lane loops: GCC 12 otherwise flattens them to scalar code before it looks
// for vectors, and eight lanes then cost eight times one.

/// Entries ahead of which columns and weights are asked for; rows lie one behind the other, so this
/// reaches into the rows to come. A prefetch past the end does no harm. It pays beyond the caches
/// and costs about 5 % where the matrix fits them (bench: compute_denominators at N = 1e3).
inline constexpr std::size_t kPrefetchAhead = 512;

[[gnu::always_inline]] inline void prefetch_entries(const CsrRow& row, std::size_t j) {
  __builtin_prefetch(row.columns.data() + j + kPrefetchAhead);
  __builtin_prefetch(row.weights.data() + j + kPrefetchAhead);
}

/// Calls visit(partial sum, entry) for every entry of a row, entry j with partial sum j mod 4.
template <int L, class Visit>
[[gnu::always_inline]] inline void for_row_entries(RowAccumulator<L>& sums, const CsrRow& row,
                                                   const Visit& visit) {
  const std::size_t length = row.columns.size();
  std::size_t j = 0;
  for (; j + 4 <= length; j += 4) {
    prefetch_entries(row, j);
    visit(sums.partial[0], j);
    visit(sums.partial[1], j + 1);
    visit(sums.partial[2], j + 2);
    visit(sums.partial[3], j + 3);
  }
  if (j < length) visit(sums.partial[0], j);
  if (j + 1 < length) visit(sums.partial[1], j + 1);
  if (j + 2 < length) visit(sums.partial[2], j + 2);
}

/// a_pr = min(D_pr, a_r): the claim a recipient makes on one provider.
template <bool kBounded>
[[gnu::always_inline]] inline double claim_on(const CsrRow& row, std::size_t entry, double active) {
  if constexpr (kBounded) return row.desire[entry] < active ? row.desire[entry] : active;
  return active;
}

/// Phase 2 for one provider: d_p = Σ_r W_pr a_pr and s_p = A_p / d_p.
template <int L, bool kBounded>
[[gnu::always_inline]] inline Offer<L> compute_offer(const CsrRow& own_row,
                                                     const std::array<double, L>& own_available,
                                                     const PublishedNeeds<L>& ledger) {
  RowAccumulator<L> sums;
  for_row_entries(
      sums,
      own_row, [&](std::array<double, L> & sum, std::size_t j) __attribute__((always_inline)) {
        const double* active = ledger.active[static_cast<std::size_t>(own_row.columns[j])];
#pragma GCC unroll 1
        for (std::size_t l = 0; l < L; ++l) {
          sum[l] = std::fma(own_row.weights[j], claim_on<kBounded>(own_row, j, active[l]), sum[l]);
        }
      });
  Offer<L> offer{sums.total(), {}};
#pragma GCC unroll 1
  for (std::size_t l = 0; l < L; ++l) {
    const double quotient = own_available[l] / offer.denominator[l];  // always: no branch
    offer.scale[l] = offer.denominator[l] > 0.0 ? quotient : 0.0;
  }
  return offer;
}

/// What a recipient gets in a round, and from how many providers a nonzero allocation came.
template <int L>
struct Delivery {
  std::array<double, L> received;
  std::array<std::int32_t, L> messages;
};

/// Phases 3 and 4 for one recipient: received_r = Σ_p v_pr with v_pr = s_p W_pr a_pr, bounded by
/// a_pr under Cap::active_need. Without bounds the common factor a_r is taken out of the sum.
template <int L, bool kBounded, Cap kCap>
[[gnu::always_inline]] inline Delivery<L> gather_delivery(const CsrRow& own_row,
                                                          const double* own_active,
                                                          LaneSpan<const double, L> scale) {
  RowAccumulator<L> sums;
  std::array<std::int64_t, L> messages{};  // as wide as a double, so that lanes vectorise
  for_row_entries(
      sums,
      own_row, [&](std::array<double, L> & sum, std::size_t j) __attribute__((always_inline)) {
        const double* s = scale[static_cast<std::size_t>(own_row.columns[j])];
#pragma GCC unroll 1
        for (std::size_t l = 0; l < L; ++l) {
          const double claim = claim_on<kBounded>(own_row, j, own_active[l]);
          if constexpr (kCap == Cap::active_need) {
            const double allocation = s[l] * (own_row.weights[j] * claim);
            sum[l] += allocation < claim ? allocation : claim;
          } else if constexpr (kBounded) {
            sum[l] = std::fma(s[l], own_row.weights[j] * claim, sum[l]);
          } else {
            sum[l] = std::fma(own_row.weights[j], s[l], sum[l]);
          }
          // An unbounded claim is the same for the whole row and is looked at below.
          const bool claims = !kBounded || claim > 0.0;
          messages[l] += static_cast<std::int64_t>(s[l] > 0.0) & static_cast<std::int64_t>(claims);
        }
      });
  Delivery<L> delivery{sums.total(), {}};
#pragma GCC unroll 1
  for (std::size_t l = 0; l < L; ++l) {
    if constexpr (!kBounded && kCap == Cap::none) delivery.received[l] *= own_active[l];
    if constexpr (!kBounded) messages[l] = own_active[l] > 0.0 ? messages[l] : 0;
    delivery.messages[l] = static_cast<std::int32_t>(messages[l]);
  }
  return delivery;
}

/// What a provider delivered in a round and what of it comes back as surplus.
template <int L>
struct Settlement {
  std::array<double, L> delivered;
  std::array<double, L> returned;
};

/// The `stock` settlement for one provider: delivered_p = Σ_r v_pr and returned_p = Σ_r v_pr q_r,
/// where q_r = over_r / received_r is the share that recipient r sends back to each of its
/// providers.
template <int L, bool kBounded, Cap kCap>
[[gnu::always_inline]] inline Settlement<L> gather_settlement(
    const CsrRow& own_row, const double* own_scale, const PublishedNeeds<L>& ledger,
    LaneSpan<const double, L> returned_share) {
  RowAccumulator<L> delivered;
  RowAccumulator<L> returned;
  const auto visit = [&](std::size_t k, std::size_t j) __attribute__((always_inline)) {
    const auto column = static_cast<std::size_t>(own_row.columns[j]);
    const double* active = ledger.active[column];
    const double* share = returned_share[column];
#pragma GCC unroll 1
    for (std::size_t l = 0; l < L; ++l) {
      const double claim = claim_on<kBounded>(own_row, j, active[l]);
      double allocation = own_scale[l] * (own_row.weights[j] * claim);
      if constexpr (kCap == Cap::active_need) allocation = allocation < claim ? allocation : claim;
      delivered.partial[k][l] += allocation;
      returned.partial[k][l] = std::fma(allocation, share[l], returned.partial[k][l]);
    }
  };
  const std::size_t length = own_row.columns.size();
  std::size_t j = 0;
  for (; j + 4 <= length; j += 4) {
    prefetch_entries(own_row, j);
    for (std::size_t k = 0; k < 4; ++k) visit(k, j + k);
  }
  for (std::size_t k = 0; k < 3; ++k) {
    if (j + k < length) visit(k, j + k);
  }
  return {delivered.total(), returned.total()};
}

}  // namespace needflow
