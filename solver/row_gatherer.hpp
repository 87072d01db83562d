// Which kernel gathers along the rows of a network: plain rows, or rows in eights for one lane on a
// matrix that fits the caches. The numbers are the same.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/allocate.hpp"
#include "kernels/sell.hpp"
#include "solver/recognition.hpp"

namespace needflow {

/// Weights that every lane has of its own in the place of MR (M6), on the patterns of the
/// recognition's rows: entries × L each. Empty: MR.
struct LaneWeights {
  std::span<const double> by_provider;
  std::span<const double> by_recipient;
};

/// The passes of kernels/allocate.hpp on one network under one cap. Const calls may come from any
/// thread.
template <int L>
class RowGatherer {
 public:
  /// Keeps a reference to `recognition`.
  RowGatherer(const Recognition& recognition, Cap cap);

  /// For L > 1, from the next pass on. What the spans name must stay where it is.
  void set_weights(const LaneWeights& weights) { weights_ = weights; }

  /// Called once a round: after some, a copy in eights is made where it pays. It costs as much as
  /// four rounds and saves a third of each.
  void begin_round();

  void denominators(const PublishedNeeds<L>& ledger, LaneSpan<const double, L> available,
                    RowRange range, LaneSpan<double, L> denominator,
                    StoredSpan<double, L> scale) const;
  void deliveries(const PublishedNeeds<L>& ledger, StoredSpan<const double, L> scale,
                  RowRange range, LaneSpan<double, L> received) const;
  void returns(StoredSpan<const double, L> scale, StoredSpan<const double, L> returned_claim,
               RowRange range, LaneSpan<double, L> returned) const;
  void settlements(const PublishedNeeds<L>& ledger, StoredSpan<const double, L> scale,
                   StoredSpan<const double, L> returned_share, RowRange range,
                   LaneSpan<double, L> delivered, LaneSpan<double, L> returned) const;

  /// Bytes of the copies.
  [[nodiscard]] std::size_t bytes() const {
    return provider_eights_.bytes() + recipient_eights_.bytes();
  }

 private:
  [[nodiscard]] CsrView by_provider() const;
  [[nodiscard]] CsrView by_recipient() const;
  [[nodiscard]] const SellMatrix& recipient_eights() const {
    return recognition_.agent_network ? provider_eights_ : recipient_eights_;
  }

  const Recognition& recognition_;
  Cap cap_;
  LaneWeights weights_;
  RowPasses<L> rows_;
  SellPasses eights_;
  SellMatrix provider_eights_;
  SellMatrix recipient_eights_;  ///< of a bipartite instance
  std::int64_t rounds_ = 0;
};

}  // namespace needflow
