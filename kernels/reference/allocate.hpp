// Plain serial twins of kernels/allocate.hpp: the formulas of M2, one entry after the other, lane
// after lane, with the same four-partial-sum rule, so that tests may compare bits.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/allocate.hpp"

namespace needflow::reference {

/// Σ term(j) for j in [0, count) where term(j, partial) returns the partial sum with entry j added.
template <class Add>
[[nodiscard]] double row_sum(std::size_t count, const Add& add) {
  double partial[4] = {0.0, 0.0, 0.0, 0.0};
  for (std::size_t j = 0; j < count; ++j) partial[j % 4] = add(j, partial[j % 4]);
  return (partial[0] + partial[1]) + (partial[2] + partial[3]);
}

/// A row of what all lanes share, and W_pr of one lane.
[[nodiscard]] inline CsrRow shared_row(const CsrView& rows, std::size_t i) {
  const auto begin = static_cast<std::size_t>(rows.offsets[i]);
  const auto length = static_cast<std::size_t>(rows.offsets[i + 1]) - begin;
  CsrRow row{rows.columns.subspan(begin, length), {}, {}};
  if (!rows.desire.empty()) row.desire = rows.desire.subspan(begin, length);
  return row;
}
template <int L>
[[nodiscard]] double weight(const CsrView& rows, std::size_t i, std::size_t j, std::size_t l) {
  const auto entry = static_cast<std::size_t>(rows.offsets[i]) + j;
  return rows.lane_weights.empty() ? rows.weights[entry] : rows.lane_weights[entry * L + l];
}

/// a_pr = min(D_pr, a_r).
[[nodiscard]] inline double claim(const CsrRow& row, std::size_t j, double active) {
  const double desire =
      row.desire.empty() ? std::numeric_limits<double>::infinity() : row.desire[j];
  return std::fmin(desire, active);
}

/// v_pr = s_p W_pr a_pr, at most a_pr under the cap.
[[nodiscard]] inline double allocation(double scale, double weight, double claim, Cap cap) {
  const double uncapped = scale * (weight * claim);
  return cap == Cap::active_need ? std::fmin(uncapped, claim) : uncapped;
}

// The four passes have the signatures of RowPasses: inputs hold all rows, outputs those of the
// range.

template <int L>
void denominators(const CsrView& provider_rows, const PublishedNeeds<L>& ledger,
                  LaneSpan<const double, L> available, RowRange range,
                  LaneSpan<double, L> denominator, StoredSpan<double, L> scale) {
  for (std::size_t p = range.begin; p < range.end; ++p) {
    const CsrRow row = shared_row(provider_rows, p);
    for (std::size_t l = 0; l < L; ++l) {
      const double d = row_sum(row.columns.size(), [&](std::size_t j, double sum) {
        const auto r = static_cast<std::size_t>(row.columns[j]);
        const double a = claim(row, j, ledger.active.at(r, l));
        return std::fma(weight<L>(provider_rows, p, j, l), a, sum);
      });
      denominator[p - range.begin][l] = d;
      scale.put(p - range.begin, l, d > 0.0 ? available[p][l] / d : 0.0);
    }
  }
}

template <int L>
void deliveries(const CsrView& recipient_rows, const PublishedNeeds<L>& ledger,
                StoredSpan<const double, L> scale, Cap cap, RowRange range,
                LaneSpan<double, L> received) {
  const bool plain = recipient_rows.desire.empty() && cap == Cap::none;
  for (std::size_t r = range.begin; r < range.end; ++r) {
    const CsrRow row = shared_row(recipient_rows, r);
    for (std::size_t l = 0; l < L; ++l) {
      const double active = ledger.active.at(r, l);
      const double sum = row_sum(row.columns.size(), [&](std::size_t j, double partial) {
        const double s = scale.at(static_cast<std::size_t>(row.columns[j]), l);
        const double a = claim(row, j, active);
        if (plain) return std::fma(weight<L>(recipient_rows, r, j, l), s, partial);
        if (cap == Cap::none) return std::fma(s, weight<L>(recipient_rows, r, j, l) * a, partial);
        return partial + allocation(s, weight<L>(recipient_rows, r, j, l), a, cap);
      });
      received[r - range.begin][l] = plain ? active * sum : sum;
    }
  }
}

template <int L>
void returns(const CsrView& provider_rows, StoredSpan<const double, L> scale,
             StoredSpan<const double, L> returned_claim, RowRange range,
             LaneSpan<double, L> returned) {
  for (std::size_t p = range.begin; p < range.end; ++p) {
    const CsrRow row = shared_row(provider_rows, p);
    for (std::size_t l = 0; l < L; ++l) {
      const double sum = row_sum(row.columns.size(), [&](std::size_t j, double partial) {
        const auto r = static_cast<std::size_t>(row.columns[j]);
        return std::fma(weight<L>(provider_rows, p, j, l), returned_claim.at(r, l), partial);
      });
      returned[p - range.begin][l] = scale.empty() ? sum : scale.at(p, l) * sum;
    }
  }
}

template <int L>
void settlements(const CsrView& provider_rows, const PublishedNeeds<L>& ledger,
                 StoredSpan<const double, L> scale, StoredSpan<const double, L> returned_share,
                 Cap cap, RowRange range, LaneSpan<double, L> delivered,
                 LaneSpan<double, L> returned) {
  for (std::size_t p = range.begin; p < range.end; ++p) {
    const CsrRow row = shared_row(provider_rows, p);
    for (std::size_t l = 0; l < L; ++l) {
      const auto sent = [&](std::size_t j) {
        const auto r = static_cast<std::size_t>(row.columns[j]);
        return allocation(scale.at(p, l), weight<L>(provider_rows, p, j, l),
                          claim(row, j, ledger.active.at(r, l)), cap);
      };
      delivered[p - range.begin][l] =
          row_sum(row.columns.size(), [&](std::size_t j, double sum) { return sum + sent(j); });
      returned[p - range.begin][l] = row_sum(row.columns.size(), [&](std::size_t j, double sum) {
        const auto r = static_cast<std::size_t>(row.columns[j]);
        return std::fma(sent(j), returned_share.at(r, l), sum);
      });
    }
  }
}

}  // namespace needflow::reference
