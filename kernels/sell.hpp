// SELL-8 for one lane: the entries of eight rows of equal length side by side, so that a vector
// holds one entry of each (Kreutzer et al., SIAM J. Sci. Comput. 36 (2014) C401, without padding).
//
// For matrices that stay in the second-level cache: there the passes are bound by instructions, and
// eight rows at a time take 0.7 of the time of one. Beyond, both layouts wait for memory alike
// (N = 1e5 and 1e6: no difference seen), so the plain rows serve. Rows that do not come in eights
// of equal length are done one by one from the plain rows. Bits are those of kernels/row_sums.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/allocate.hpp"
#include "kernels/csr.hpp"
#include "kernels/lanes.hpp"

namespace needflow {

/// A second copy of a matrix's entries. Entry j of row 8 c + i is at
/// offsets[8 c] + 8 j + i where uniform[c]; elsewhere nothing is.
struct SellMatrix {
  LaneVector<Index> columns;
  LaneVector<double> weights;
  LaneVector<double> desire;  ///< empty when every D is infinite
  std::vector<std::uint8_t> uniform;

  [[nodiscard]] bool empty() const { return uniform.empty(); }
  [[nodiscard]] std::size_t bytes() const {
    return columns.size() * sizeof(Index) + (weights.size() + desire.size()) * sizeof(double) +
           uniform.size();
  }
};

/// The copy, or an empty one where it would not pay: narrow matrices, those of so many entries, and
/// those with less than nine tenths of the rows in eights of equal length.
inline constexpr Offset kTooManyForEights = Offset{1} << 17;
[[nodiscard]] SellMatrix sell_matrix(const CsrView& rows);

/// Passes 1, 2 and 3 of kernels/allocate.hpp without a cap, on both copies of one matrix.
struct SellPasses {
  void (*denominators)(const CsrView& provider_rows, const SellMatrix& eights,
                       const PublishedNeeds<1>& ledger, LaneSpan<const double, 1> available,
                       RowRange range, LaneSpan<double, 1> denominator, LaneSpan<double, 1> scale);
  void (*deliveries)(const CsrView& recipient_rows, const SellMatrix& eights,
                     const PublishedNeeds<1>& ledger, LaneSpan<const double, 1> scale,
                     RowRange range, LaneSpan<double, 1> received);
  /// Without finite D as well; `scale` may be empty here, too.
  void (*returns)(const CsrView& provider_rows, const SellMatrix& eights,
                  LaneSpan<const double, 1> scale, LaneSpan<const double, 1> returned_claim,
                  RowRange range, LaneSpan<double, 1> returned);
};

[[nodiscard]] SellPasses sell_passes();

}  // namespace needflow
