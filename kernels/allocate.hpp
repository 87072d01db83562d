// M2 phases 2-4 over the agents of a block: the two sparse passes of a round and the one that
// returns surplus.
//
// Every pass gathers along rows (recipients pull what providers computed), so nothing is atomic and
// row blocks may go to any thread. Results are bitwise the same for any thread count, lane width
// and SIMD target; kernels/reference/allocate.hpp holds the plain twins. No function here throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/lanes.hpp"
#include "kernels/parallel.hpp"
#include "kernels/row_sums.hpp"

namespace needflow {

/// The passes over a range of rows as one SIMD target compiled them: plain pointers, so that
/// Highway dispatches once for many calls. Inputs hold all rows; outputs the rows of the range
/// alone, so that they may be a small buffer that stays in cache for what comes next. What is
/// gathered is stored in one way throughout.
template <int L>
struct RowPasses {
  /// Pass 1. ledger.active R × L, available P × L; denominator, scale: range × L.
  void (*denominators)(const CsrView& provider_rows, const PublishedNeeds<L>& ledger,
                       LaneSpan<const double, L> available, RowRange range,
                       LaneSpan<double, L> denominator, StoredSpan<double, L> scale);
  /// Pass 2. active R × L, scale P × L; received: range × L.
  void (*deliveries)(const CsrView& recipient_rows, const PublishedNeeds<L>& ledger,
                     StoredSpan<const double, L> scale, Cap cap, RowRange range,
                     LaneSpan<double, L> received);
  /// Pass 3 in `stock` without bounds. scale P × L, or empty for 1 everywhere; returned_claim R ×
  /// L; returned: range × L.
  void (*returns)(const CsrView& provider_rows, StoredSpan<const double, L> scale,
                  StoredSpan<const double, L> returned_claim, RowRange range,
                  LaneSpan<double, L> returned);
  /// Pass 3 in `stock` under a cap or with finite D. returned_share R × L; delivered, returned:
  /// range × L.
  void (*settlements)(const CsrView& provider_rows, const PublishedNeeds<L>& ledger,
                      StoredSpan<const double, L> scale, StoredSpan<const double, L> returned_share,
                      Cap cap, RowRange range, LaneSpan<double, L> delivered,
                      LaneSpan<double, L> returned);
};

/// The passes of the best target here, or of the forced one.
template <int L>
[[nodiscard]] RowPasses<L> row_passes();

/// The SIMD target that the passes run on here and now ("AVX3", "AVX2", "SCALAR" …).
[[nodiscard]] std::string chosen_simd_target();

/// The targets compiled in that this processor has, best first; the baseline is always among them.
/// After force_simd_target() the forced one alone.
[[nodiscard]] std::vector<std::string> usable_simd_targets();

/// Restricts the passes to one target, for tests and for pinning a cluster to its oldest node.
/// Returns false, and the best target is chosen again, when that one is not usable here. Call
/// between runs, not during one.
bool force_simd_target(std::string_view name);

}  // namespace needflow
