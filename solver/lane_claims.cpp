// M6: what recipients publish instead of their residuals, and whether they have received anything –
// all that a run's deceit needs of its rounds.
//
// a_r = ρ_r f_r · claim_r, in this order: with a claim of 1 the bits are those of a run without.
// Cost: 24 B a recipient and round, beside the element-wise phase's 72; nothing where no run has
// claims.
#include "solver/lane_rounds.hpp"

namespace needflow {

template <int L>
double LaneRounds<L>::start_claims(std::size_t lane) {
  claims_ = true;
  has_received_.resize(need_rows() * L);
  const std::span<const double> claims = lanes_[lane].claims;
  const std::span<const double> degrees = recipient_degrees();
  const StoredSpan<double, L> draft = ledger_.draft();
  double unheard = 0.0;
  for (std::size_t r = 0; r < claims.size(); ++r) {
    const double residual = draft.at(r, lane);
    const double claim = draft.put(r, lane, residual * claims[r]);
    if (residual > 0.0 && claim == 0.0) unheard += degrees[r];
    has_received_[r * L + lane] = 0;
  }
  return unheard;
}

/// `received` holds recipients [begin, end) alone.
template <int L>
void LaneRounds<L>::publish_claims(std::size_t begin, std::size_t end,
                                   LaneSpan<const double, L> received, SettleTally<L>& tally) {
  const std::span<const double> degrees = recipient_degrees();
  const StoredSpan<double, L> draft = ledger_.draft();
  for (std::size_t l = 0; l < L; ++l) {
    const std::span<const double> claims = lanes_[l].claims;
    if (claims.empty()) continue;
    for (std::size_t r = begin; r < end; ++r) {
      const double residual = draft.at(r, l);
      const double claim = draft.put(r, l, residual * claims[r]);
      if (residual > 0.0 && claim == 0.0) tally.asked[l] -= degrees[r];
      if (received[r - begin][l] > 0.0) has_received_[r * L + l] = 1;
    }
  }
}

template double LaneRounds<1>::start_claims(std::size_t);
template double LaneRounds<8>::start_claims(std::size_t);
template double LaneRounds<16>::start_claims(std::size_t);
template void LaneRounds<1>::publish_claims(std::size_t, std::size_t, LaneSpan<const double, 1>,
                                            SettleTally<1>&);
template void LaneRounds<8>::publish_claims(std::size_t, std::size_t, LaneSpan<const double, 8>,
                                            SettleTally<8>&);
template void LaneRounds<16>::publish_claims(std::size_t, std::size_t, LaneSpan<const double, 16>,
                                             SettleTally<16>&);

}  // namespace needflow
