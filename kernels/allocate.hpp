// M2 phases 2-4 over all agents: the two sparse passes of a round and the pass that returns
// surplus.
//
// Both passes gather along rows (recipients pull what providers computed), so nothing is atomic and
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

/// Pass 1. Shapes: provider_rows P rows; ledger.active R × L; available, denominator, scale P × L.
template <int L>
void compute_denominators(const CsrView& provider_rows, const PublishedNeeds<L>& ledger,
                          LaneSpan<const double, L> available, LaneSpan<double, L> denominator,
                          LaneSpan<double, L> scale, Threads threads);

/// Pass 2. Shapes: recipient_rows R rows; scale P × L; received, messages R × L.
template <int L>
void gather_deliveries(const CsrView& recipient_rows, const PublishedNeeds<L>& ledger,
                       LaneSpan<const double, L> scale, Cap cap, LaneSpan<double, L> received,
                       LaneSpan<std::int32_t, L> messages, Threads threads);

/// Pass 3, in `stock` when something is to be returned or a cap held something back.
/// Shapes: returned_share R × L; delivered, returned P × L.
template <int L>
void gather_settlements(const CsrView& provider_rows, const PublishedNeeds<L>& ledger,
                        LaneSpan<const double, L> scale, LaneSpan<const double, L> returned_share,
                        Cap cap, LaneSpan<double, L> delivered, LaneSpan<double, L> returned,
                        Threads threads);

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
