// Trust along the rows of one run: the text of kernels/trust.cpp for one lane; see
// kernels/trust_lanes.hpp for more. Compiled once a SIMD target (Highway's scheme instead of an
// include guard).
//
// A row is too short for vectors of its own (20 or 30 entries, a third of them in a remainder), so
// rows go by chunks: what an entry needs of its row or its column is laid out entry by entry in a
// buffer that stays in the first-level cache, and all arithmetic runs along the chunk. What is seen
// there is the matter of kernels/trust_sights.hpp.
#if defined(NEEDFLOW_TRUST_ROWS_ONCE) == defined(HWY_TARGET_TOGGLE)
#ifdef NEEDFLOW_TRUST_ROWS_ONCE
#undef NEEDFLOW_TRUST_ROWS_ONCE
#else
#define NEEDFLOW_TRUST_ROWS_ONCE
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "kernels/trust_sights.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Counts and T of one chunk from what was seen; kKeeps leaves 1 − e for the findings.
/// Cost (modelled): 16 B an entry read, 16 written back, and T: 8 written.
template <bool kKeeps>
HWY_INLINE void count_evidence(double decay, double* good, double* bad, double* trust,
                               TrustChunk& chunk) {
  const EntryTag d;
  const EntryVector one = hn::Set(d, 1.0);
  const EntryVector two = hn::Set(d, 2.0);
  const EntryVector kept = hn::Set(d, decay);
  along(chunk.size(), [&](std::size_t k, const auto& part) HWY_ATTR {
    __builtin_prefetch(good + k + kPrefetchAhead);
    __builtin_prefetch(bad + k + kPrefetchAhead);
    __builtin_prefetch(trust + k + kPrefetchAhead);
    const EntryVector seen = hn::Load(d, chunk.values + k);
    const auto evidence = hn::Eq(seen, seen);
    const EntryVector found = hn::Sub(one, hn::Min(hn::Max(seen, hn::Zero(d)), one));
    const EntryVector lacking = hn::Sub(one, found);
    if constexpr (kKeeps) {
      hn::Store(hn::IfThenElse(evidence, lacking, hn::Set(d, kNoEvidence)), d, chunk.values + k);
    }
    const EntryVector a =
        fused_multiply_add(kept, part.load(good + k), hn::IfThenElseZero(evidence, found));
    const EntryVector b =
        fused_multiply_add(kept, part.load(bad + k), hn::IfThenElseZero(evidence, lacking));
    part.store(a, good + k);
    part.store(b, bad + k);
    part.store(hn::Div(hn::Add(a, one), hn::Add(hn::Add(a, b), two)), trust + k);
  });
}

/// Whose audits the findings count.
enum class Auditing {
  unknown,   ///< nobody asks
  alike,     ///< all of a row's sources audit, or none, and see the same
  entrywise  ///< entry by entry, from what count_evidence() keeps
};

/// What a row that may go on in the next chunk has so far.
struct RowTally {
  RowAccumulator trust;
  RowAccumulator lacking;
  RowAccumulator auditors;
};

/// Partial sums in registers; `values` goes to sum k mod 4.
class PartialSums {
 public:
  using D = hn::CappedTag<double, 4>;
  static constexpr std::size_t kWidth = hn::MaxLanes(D());
  static constexpr std::size_t kVectors = 4 / kWidth;

  HWY_INLINE explicit PartialSums(const RowAccumulator& sum) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      partial_[v] = hn::LoadU(D(), sum.partial.data() + v * kWidth);
    }
  }
  HWY_INLINE void add(std::size_t v, hn::Vec<D> values) {
    partial_[v] = hn::Add(partial_[v], values);
  }
  HWY_INLINE void store(RowAccumulator& sum) const {
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(partial_[v], D(), sum.partial.data() + v * kWidth);
    }
  }

 private:
  hn::Vec<D> partial_[kVectors];
};

/// Σ of a run of entries.
HWY_INLINE void add_entries(const double* values, std::size_t count, RowAccumulator& sum) {
  using Sums = PartialSums;
  Sums sums(sum);
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    for (std::size_t v = 0; v < Sums::kVectors; ++v) {
      sums.add(v, hn::LoadU(Sums::D(), values + k + v * Sums::kWidth));
    }
  }
  sums.store(sum);
  for (std::size_t p = 0; k < count; ++k, ++p) sum.partial[p] += values[k];
}

/// Σ of those that are no NaN, and how many they are.
HWY_INLINE void add_evidence(const double* lacking, std::size_t count, RowTally& tally) {
  using Sums = PartialSums;
  Sums sums(tally.lacking);
  Sums counts(tally.auditors);
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    for (std::size_t v = 0; v < Sums::kVectors; ++v) {
      const auto value = hn::LoadU(Sums::D(), lacking + k + v * Sums::kWidth);
      const auto evidence = hn::Eq(value, value);
      sums.add(v, hn::IfThenElseZero(evidence, value));
      counts.add(v, hn::IfThenElseZero(evidence, hn::Set(Sums::D(), 1.0)));
    }
  }
  sums.store(tally.lacking);
  counts.store(tally.auditors);
  for (std::size_t p = 0; k < count; ++k, ++p) {
    const bool evidence = lacking[k] == lacking[k];
    tally.lacking.partial[p] += evidence ? lacking[k] : 0.0;
    tally.auditors.partial[p] += evidence ? 1.0 : 0.0;
  }
}

/// What a chunk adds to its rows; a row is done where its last entry is.
HWY_INLINE void sum_rows(const CsrView& network, Auditing auditing, const double* trust,
                         const Audits<1>& audits, const TrustRows<1>& made,
                         const AuditFindings<1>& findings, const TrustChunk& chunk,
                         RowTally& tally) {
  const double* const exaggeration = audits.exaggeration.values().data();
  const bool quiet =
      audits.types == 1 && audits.rules[0].noise == 0.0 && !audits.exaggeration.values().empty();
  for (std::size_t row = chunk.rows.begin; row < chunk.rows.end; ++row) {
    const RowRange entries = entries_in(network, chunk, row);
    const std::size_t at = entries.begin - chunk.begin;
    const std::size_t count = entries.end - entries.begin;
    add_entries(trust + at, count, tally.trust);
    if (auditing == Auditing::entrywise) add_evidence(chunk.values + at, count, tally);
    if (entries.end < static_cast<std::size_t>(network.offsets[row + 1])) continue;
    *made.trust_sum[row] = tally.trust.total();
    if (auditing != Auditing::unknown) {
      double auditors = tally.auditors.total();
      if (auditing == Auditing::alike) {
        const Offset degree = network.offsets[row + 1] - network.offsets[row];
        auditors = exaggeration[row] == exaggeration[row] ? static_cast<double>(degree) : 0.0;
      }
      double mean = tally.lacking.total() / auditors;
      if (quiet) mean = 1.0 - (1.0 - std::min(std::max(exaggeration[row], 0.0), 1.0));
      *findings.auditors[row] = auditors;
      *findings.observed[row] = auditors > 0.0 ? mean : kNoEvidence;
    }
    tally = {};
  }
}

HWY_INLINE Auditing auditing_of(const CsrView& network, const Audits<1>& audits,
                                const AuditFindings<1>& findings) {
  if (findings.observed.values().empty()) return Auditing::unknown;
  const AuditRule& rule = audits.rules[0];
  const bool alike = audits.auditors.values().empty() && network.weights.empty() &&
                     !network.narrow() && rule.noise == 0.0 && rule.audit >= 1.0 &&
                     audits.types == 1 && !audits.exaggeration.values().empty();
  return alike ? Auditing::alike : Auditing::entrywise;
}

inline void update_rows(const CsrView& network, TrustRow rows, const Audits<1>& audits,
                        const EvidenceCounts<1>& counts, const TrustRows<1>& made,
                        const AuditFindings<1>& findings, RowRange range) {
  if (audits.updates[0] == 0) return;
  TrustChunk chunk;
  RowTally tally;
  const AuditRule& rule = audits.rules[0];
  const Auditing auditing = auditing_of(network, audits, findings);
  for_chunks(network, range, chunk, [&]() HWY_ATTR {
    see_entries(network, rows, audits, chunk);
    double* const good = counts.good[chunk.begin];
    double* const bad = counts.bad[chunk.begin];
    double* const trust = made.trust[chunk.begin];
    if (auditing == Auditing::entrywise) {
      count_evidence<true>(rule.decay, good, bad, trust, chunk);
    } else {
      count_evidence<false>(rule.decay, good, bad, trust, chunk);
    }
    sum_rows(network, auditing, trust, audits, made, findings, chunk, tally);
  });
}

/// base^γ.
template <TrustPower kPower, class V>
HWY_INLINE V powered(V base) {
  if constexpr (kPower == TrustPower::half) return hn::Sqrt(base);
  if constexpr (kPower == TrustPower::one) return base;
  const V square = hn::Mul(base, base);
  if constexpr (kPower == TrustPower::two) return square;
  if constexpr (kPower == TrustPower::three) return hn::Mul(square, base);
  return hn::Mul(square, square);
}

/// W of a chunk in the place of its T; `chunk` holds G_j, or −1 where the column is closed.
/// Cost (modelled): 8 B of T and 8 of MR (4 narrow) an entry read, 8 written back.
template <TrustPower kPower, class W>
HWY_INLINE void weigh_entries(const W* recognition, double global_share, double* values,
                              const TrustChunk& chunk) {
  const EntryTag d;
  const EntryVector share = hn::Set(d, global_share);
  const EntryVector rest = hn::Set(d, 1.0 - global_share);
  const W* const from = recognition + chunk.begin;
  along(chunk.size(), [&](std::size_t k, const auto& part) HWY_ATTR {
    __builtin_prefetch(from + k + kPrefetchAhead);
    __builtin_prefetch(values + k + kPrefetchAhead);
    const EntryVector reputation = hn::Load(d, chunk.values + k);
    EntryVector weight = part.load(from + k);
    if constexpr (kPower != TrustPower::zero) {
      const EntryVector base =
          fused_multiply_add(rest, part.load(values + k), hn::Mul(share, reputation));
      weight = hn::Mul(weight, powered<kPower>(base));
    }
    const auto open = hn::Ge(reputation, hn::Zero(d));
    part.store(hn::IfThenElseZero(open, weight), values + k);
  });
}

template <TrustPower kPower>
void weigh_rows_powered(const CsrView& network, TrustRow rows, const Weighting<1>& weighting,
                        LaneSpan<double, 1> values, RowRange range) {
  TrustChunk chunk;
  const double share = weighting.rules[0].global_share;
  const bool alike = weighting.reputation.values().empty() && weighting.open.values().empty();
  if (alike) std::fill_n(chunk.values, kChunkEntries + kChunkPad, 1.0);
  for_chunks(network, range, chunk, [&]() HWY_ATTR {
    if (!weighting.reputation.values().empty()) {
      spread_over_entries(network, rows, weighting.reputation[0], chunk);
    } else if (!alike) {
      std::fill_n(chunk.values, chunk.size(), 1.0);
    }
    if (!weighting.open.values().empty()) {
      const MarkedEnd end = rows == TrustRow::source ? MarkedEnd::columns : MarkedEnd::rows;
      blank_marked(network, end, weighting.open[0], -1.0, chunk);
    }
    double* const here = values[chunk.begin];
    if (network.narrow()) {
      weigh_entries<kPower>(network.narrow_weights.data(), share, here, chunk);
    } else {
      weigh_entries<kPower>(network.weights.data(), share, here, chunk);
    }
  });
}

inline void weigh_rows(const CsrView& network, TrustRow rows, const Weighting<1>& weighting,
                       LaneSpan<double, 1> values, RowRange range) {
  if (weighting.updates[0] == 0) return;
  switch (weighting.rules[0].power) {
    case TrustPower::zero:
      return weigh_rows_powered<TrustPower::zero>(network, rows, weighting, values, range);
    case TrustPower::half:
      return weigh_rows_powered<TrustPower::half>(network, rows, weighting, values, range);
    case TrustPower::one:
      return weigh_rows_powered<TrustPower::one>(network, rows, weighting, values, range);
    case TrustPower::two:
      return weigh_rows_powered<TrustPower::two>(network, rows, weighting, values, range);
    case TrustPower::three:
      return weigh_rows_powered<TrustPower::three>(network, rows, weighting, values, range);
    case TrustPower::four:
      return weigh_rows_powered<TrustPower::four>(network, rows, weighting, values, range);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#endif  // NEEDFLOW_TRUST_ROWS_ONCE
