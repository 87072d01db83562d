// The passes of kernels/trust.hpp over counts and weights, and who computes which rows. The text of
// a row is kernels/trust_rows.hpp for one lane and kernels/trust_lanes.hpp for more; this file
// compiles it once a SIMD target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/trust.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "kernels/trust.hpp"
#include "kernels/trust_lanes.hpp"
#include "kernels/trust_rows.hpp"

#ifndef NEEDFLOW_TRUST_PASSES
#define NEEDFLOW_TRUST_PASSES
namespace needflow {

/// The passes over a range of rows as one SIMD target compiled them.
template <int L>
struct TrustPasses {
  void (*update)(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                 const EvidenceCounts<L>& counts, const TrustRows<L>& made,
                 const AuditFindings<L>& findings, RowRange range);
  void (*weigh)(const CsrView& network, TrustRow rows, const Weighting<L>& weighting,
                LaneSpan<double, L> values, RowRange range);
};

}  // namespace needflow
#endif

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

// Highway's dispatch table holds ordinary functions, hence one name a width.
TrustPasses<1> trust_passes_1() { return {update_rows, weigh_rows}; }
TrustPasses<8> trust_passes_8() { return {update_rows<8>, weigh_rows<8>}; }
TrustPasses<16> trust_passes_16() { return {update_rows<16>, weigh_rows<16>}; }

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(trust_passes_1);
HWY_EXPORT(trust_passes_8);
HWY_EXPORT(trust_passes_16);

namespace {

template <int L>
TrustPasses<L> trust_passes() {
  if constexpr (L == 1) return HWY_DYNAMIC_DISPATCH(trust_passes_1)();
  if constexpr (L == 8) return HWY_DYNAMIC_DISPATCH(trust_passes_8)();
  if constexpr (L == 16) return HWY_DYNAMIC_DISPATCH(trust_passes_16)();
}

/// Rows updated and weighed together: their T stays in the second-level cache meanwhile.
template <int L>
inline constexpr std::size_t kFusedRows = L == 1 ? 64 : 16;

}  // namespace

template <int L>
void update_trust(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                  const EvidenceCounts<L>& counts, const TrustRows<L>& made,
                  const AuditFindings<L>& findings, Threads threads) {
  const TrustPasses<L> passes = trust_passes<L>();
  for_row_blocks(network.rows(), threads, [&](std::size_t begin, std::size_t end) {
    passes.update(network, rows, audits, counts, made, findings, {begin, end});
  });
}

template <int L>
void trust_of_counts(const CsrView& network, const PerLane<std::uint8_t, L>& updates,
                     const EvidenceCounts<L>& counts, const TrustRows<L>& made, Threads threads) {
  // An update that forgets nothing and sees nothing.
  Audits<L> nothing;
  nothing.updates = updates;
  for (AuditRule& rule : nothing.rules) rule.decay = 1.0;
  const AuditFindings<L> none;
  needflow::update_trust(network, TrustRow::source, nothing, counts, made, none, threads);
}

template <int L>
void weigh_trust(const CsrView& network, TrustRow rows, const Weighting<L>& weighting,
                 LaneSpan<double, L> values, Threads threads) {
  const TrustPasses<L> passes = trust_passes<L>();
  for_row_blocks(network.rows(), threads, [&](std::size_t begin, std::size_t end) {
    passes.weigh(network, rows, weighting, values, {begin, end});
  });
}

template <int L>
void update_and_weigh(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                      const Weighting<L>& weighting, const EvidenceCounts<L>& counts,
                      const TrustRows<L>& made, const AuditFindings<L>& findings, Threads threads) {
  // One lane by source gathers δ_j and G_j: in turn that takes twice as long as one after the
  // other.
  if (L == 1 && rows == TrustRow::source) {
    needflow::update_trust(network, rows, audits, counts, made, findings, threads);
    return needflow::weigh_trust(network, rows, weighting, made.trust, threads);
  }
  const TrustPasses<L> passes = trust_passes<L>();
  for_row_blocks(network.rows(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = begin; first < end; first += kFusedRows<L>) {
      const RowRange range{first, std::min(end, first + kFusedRows<L>)};
      passes.update(network, rows, audits, counts, made, findings, range);
      passes.weigh(network, rows, weighting, made.trust, range);
    }
  });
}

template <int L>
void start_counts(std::size_t lane, std::span<const double> ratings, double lowest, double highest,
                  double prior_strength, const EvidenceCounts<L>& counts) {
  for (std::size_t e = 0; e < counts.good.rows(); ++e) {
    const bool rated = !ratings.empty() && !std::isnan(ratings[e]);
    const double good = rated ? prior_strength * ((ratings[e] - lowest) / (highest - lowest)) : 0.0;
    counts.good[e][lane] = good;
    counts.bad[e][lane] = rated ? prior_strength - good : 0.0;
  }
}

template void update_trust<1>(const CsrView& network, TrustRow rows, const Audits<1>& audits,
                              const EvidenceCounts<1>& counts, const TrustRows<1>& made,
                              const AuditFindings<1>& findings, Threads threads);
template void trust_of_counts<1>(const CsrView& network, const PerLane<std::uint8_t, 1>& updates,
                                 const EvidenceCounts<1>& counts, const TrustRows<1>& made,
                                 Threads threads);
template void weigh_trust<1>(const CsrView& network, TrustRow rows, const Weighting<1>& weighting,
                             LaneSpan<double, 1> values, Threads threads);
template void update_and_weigh<1>(const CsrView& network, TrustRow rows, const Audits<1>& audits,
                                  const Weighting<1>& weighting, const EvidenceCounts<1>& counts,
                                  const TrustRows<1>& made, const AuditFindings<1>& findings,
                                  Threads threads);
template void start_counts<1>(std::size_t lane, std::span<const double> ratings, double lowest,
                              double highest, double prior_strength,
                              const EvidenceCounts<1>& counts);
template void update_trust<8>(const CsrView& network, TrustRow rows, const Audits<8>& audits,
                              const EvidenceCounts<8>& counts, const TrustRows<8>& made,
                              const AuditFindings<8>& findings, Threads threads);
template void trust_of_counts<8>(const CsrView& network, const PerLane<std::uint8_t, 8>& updates,
                                 const EvidenceCounts<8>& counts, const TrustRows<8>& made,
                                 Threads threads);
template void weigh_trust<8>(const CsrView& network, TrustRow rows, const Weighting<8>& weighting,
                             LaneSpan<double, 8> values, Threads threads);
template void update_and_weigh<8>(const CsrView& network, TrustRow rows, const Audits<8>& audits,
                                  const Weighting<8>& weighting, const EvidenceCounts<8>& counts,
                                  const TrustRows<8>& made, const AuditFindings<8>& findings,
                                  Threads threads);
template void start_counts<8>(std::size_t lane, std::span<const double> ratings, double lowest,
                              double highest, double prior_strength,
                              const EvidenceCounts<8>& counts);
template void update_trust<16>(const CsrView& network, TrustRow rows, const Audits<16>& audits,
                               const EvidenceCounts<16>& counts, const TrustRows<16>& made,
                               const AuditFindings<16>& findings, Threads threads);
template void trust_of_counts<16>(const CsrView& network, const PerLane<std::uint8_t, 16>& updates,
                                  const EvidenceCounts<16>& counts, const TrustRows<16>& made,
                                  Threads threads);
template void weigh_trust<16>(const CsrView& network, TrustRow rows, const Weighting<16>& weighting,
                              LaneSpan<double, 16> values, Threads threads);
template void update_and_weigh<16>(const CsrView& network, TrustRow rows, const Audits<16>& audits,
                                   const Weighting<16>& weighting, const EvidenceCounts<16>& counts,
                                   const TrustRows<16>& made, const AuditFindings<16>& findings,
                                   Threads threads);
template void start_counts<16>(std::size_t lane, std::span<const double> ratings, double lowest,
                               double highest, double prior_strength,
                               const EvidenceCounts<16>& counts);

}  // namespace needflow
#endif  // HWY_ONCE
