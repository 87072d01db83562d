// The first version: the plain twins. Replaced piece by piece.
#include "kernels/trust.hpp"

#include "kernels/reference/trust.hpp"

namespace needflow {

template <int L>
void update_trust(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                  const EvidenceCounts<L>& counts, const TrustRows<L>& made,
                  const AuditFindings<L>& findings, Threads threads) {
  reference::update_trust(network, rows, audits, counts, made, findings, threads);
}

template <int L>
void trust_of_counts(const CsrView& network, const PerLane<std::uint8_t, L>& updates,
                     const EvidenceCounts<L>& counts, const TrustRows<L>& made, Threads threads) {
  reference::trust_of_counts(network, updates, counts, made, threads);
}

template <int L>
void weigh_trust(const CsrView& network, TrustRow rows, const Weighting<L>& weighting,
                 LaneSpan<double, L> values, Threads threads) {
  reference::weigh_trust(network, rows, weighting, values, threads);
}

template <int L>
void update_and_weigh(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                      const Weighting<L>& weighting, const EvidenceCounts<L>& counts,
                      const TrustRows<L>& made, const AuditFindings<L>& findings, Threads threads) {
  reference::update_and_weigh(network, rows, audits, weighting, counts, made, findings, threads);
}

template <int L>
void start_counts(std::size_t lane, std::span<const double> ratings, double lowest, double highest,
                  double prior_strength, const EvidenceCounts<L>& counts) {
  reference::start_counts(lane, ratings, lowest, highest, prior_strength, counts);
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
