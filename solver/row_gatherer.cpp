#include "solver/row_gatherer.hpp"

namespace needflow {

template <int L>
RowGatherer<L>::RowGatherer(const Recognition& recognition, Cap cap)
    : recognition_(recognition), cap_(cap), rows_(row_passes<L>()), eights_(sell_passes()) {}

template <int L>
void RowGatherer<L>::begin_round() {
  constexpr std::int64_t kRoundsBefore = 8;
  if (L > 1 || ++rounds_ != kRoundsBefore) return;
  provider_eights_ = sell_matrix(recognition_.by_provider());
  if (!recognition_.agent_network) recipient_eights_ = sell_matrix(recognition_.by_recipient());
}

template <int L>
CsrView RowGatherer<L>::by_provider() const {
  CsrView rows = recognition_.by_provider();
  if constexpr (L > 1) rows.lane_weights = weights_.by_provider;
  return rows;
}

template <int L>
CsrView RowGatherer<L>::by_recipient() const {
  CsrView rows = recognition_.by_recipient();
  if constexpr (L > 1) rows.lane_weights = weights_.by_recipient;
  return rows;
}

template <int L>
void RowGatherer<L>::denominators(const PublishedNeeds<L>& ledger,
                                  LaneSpan<const double, L> available, RowRange range,
                                  LaneSpan<double, L> denominator,
                                  StoredSpan<double, L> scale) const {
  const CsrView matrix = by_provider();
  if constexpr (L == 1) {
    if (!provider_eights_.empty()) {
      eights_.denominators(matrix, provider_eights_, ledger, available, range, denominator,
                           scale.template as<double>());
      round_stored(scale);
      return;
    }
  }
  rows_.denominators(matrix, ledger, available, range, denominator, scale);
}

template <int L>
void RowGatherer<L>::deliveries(const PublishedNeeds<L>& ledger, StoredSpan<const double, L> scale,
                                RowRange range, LaneSpan<double, L> received) const {
  const CsrView matrix = by_recipient();
  if constexpr (L == 1) {
    if (!recipient_eights().empty() && cap_ == Cap::none) {
      eights_.deliveries(matrix, recipient_eights(), ledger, scale.template as<double>(), range,
                         received);
      return;
    }
  }
  rows_.deliveries(matrix, ledger, scale, cap_, range, received);
}

template <int L>
void RowGatherer<L>::returns(StoredSpan<const double, L> scale,
                             StoredSpan<const double, L> returned_claim, RowRange range,
                             LaneSpan<double, L> returned) const {
  const CsrView matrix = by_provider();
  if constexpr (L == 1) {
    if (!provider_eights_.empty()) {
      eights_.returns(matrix, provider_eights_, scale.template as<double>(),
                      returned_claim.template as<double>(), range, returned);
      return;
    }
  }
  rows_.returns(matrix, scale, returned_claim, range, returned);
}

template <int L>
void RowGatherer<L>::settlements(const PublishedNeeds<L>& ledger, StoredSpan<const double, L> scale,
                                 StoredSpan<const double, L> returned_share, RowRange range,
                                 LaneSpan<double, L> delivered,
                                 LaneSpan<double, L> returned) const {
  rows_.settlements(by_provider(), ledger, scale, returned_share, cap_, range, delivered, returned);
}

template class RowGatherer<1>;
template class RowGatherer<8>;
template class RowGatherer<16>;

}  // namespace needflow
