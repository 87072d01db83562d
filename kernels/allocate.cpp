// Cost of one round, one lane, f64 (modelled): pass 1 reads 4 B column + 8 B weight an edge, pass 2
// the same again: 24 B an edge entry (40 B with finite D); pass 3 another 12 B when it runs. The
// gathered vectors (8 L bytes a visit) come from cache while N · L · 8 B fits.
//
// The text of every row is kernels/row_sums.hpp; this file compiles it once a SIMD target. SSE4 and
// SSSE3 are left out: their multiply-add would not be fused. Without AVX2 the baseline calls
// libm's fma, slow and right.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSE4 | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/allocate.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include <algorithm>

#include "kernels/allocate_passes.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

template <int L, bool kBounded>
void denominator_rows(const CsrView& rows, const PublishedNeeds<L>& ledger,
                      LaneSpan<const double, L> available, LaneSpan<double, L> denominator,
                      LaneSpan<double, L> scale, std::size_t begin, std::size_t end) {
  for (std::size_t p = begin; p < end; ++p) {
    std::array<double, L> own_available;
    std::copy_n(available[p], L, own_available.begin());
    const Offer<L> offer = compute_offer<L, kBounded>(rows.row(p), own_available, ledger);
#pragma GCC unroll 1
    for (std::size_t l = 0; l < L; ++l) {
      denominator[p][l] = offer.denominator[l];
      scale[p][l] = offer.scale[l];
    }
  }
}

template <int L, bool kBounded, Cap kCap>
void delivery_rows(const CsrView& rows, const PublishedNeeds<L>& ledger,
                   LaneSpan<const double, L> scale, LaneSpan<double, L> received,
                   LaneSpan<std::int32_t, L> messages, std::size_t begin, std::size_t end) {
  for (std::size_t r = begin; r < end; ++r) {
    const Delivery<L> delivery =
        gather_delivery<L, kBounded, kCap>(rows.row(r), ledger.active[r], scale);
#pragma GCC unroll 1
    for (std::size_t l = 0; l < L; ++l) {
      received[r][l] = delivery.received[l];
      messages[r][l] = delivery.messages[l];
    }
  }
}

template <int L, bool kBounded, Cap kCap>
void settlement_rows(const CsrView& rows, const PublishedNeeds<L>& ledger,
                     LaneSpan<const double, L> scale, LaneSpan<const double, L> returned_share,
                     LaneSpan<double, L> delivered, LaneSpan<double, L> returned, std::size_t begin,
                     std::size_t end) {
  for (std::size_t p = begin; p < end; ++p) {
    const Settlement<L> settlement =
        gather_settlement<L, kBounded, kCap>(rows.row(p), scale[p], ledger, returned_share);
#pragma GCC unroll 1
    for (std::size_t l = 0; l < L; ++l) {
      delivered[p][l] = settlement.delivered[l];
      returned[p][l] = settlement.returned[l];
    }
  }
}

// The variant of the model is picked once a block, outside the loops.

template <int L>
void denominators_of(const CsrView& rows, const PublishedNeeds<L>& ledger,
                     LaneSpan<const double, L> available, LaneSpan<double, L> denominator,
                     LaneSpan<double, L> scale, std::size_t begin, std::size_t end) {
  const auto variant = rows.desire.empty() ? denominator_rows<L, false> : denominator_rows<L, true>;
  variant(rows, ledger, available, denominator, scale, begin, end);
}

template <int L>
void deliveries_of(const CsrView& rows, const PublishedNeeds<L>& ledger,
                   LaneSpan<const double, L> scale, Cap cap, LaneSpan<double, L> received,
                   LaneSpan<std::int32_t, L> messages, std::size_t begin, std::size_t end) {
  const bool bounded = !rows.desire.empty();
  const auto variant =
      cap == Cap::none
          ? (bounded ? delivery_rows<L, true, Cap::none> : delivery_rows<L, false, Cap::none>)
          : (bounded ? delivery_rows<L, true, Cap::active_need>
                     : delivery_rows<L, false, Cap::active_need>);
  variant(rows, ledger, scale, received, messages, begin, end);
}

template <int L>
void settlements_of(const CsrView& rows, const PublishedNeeds<L>& ledger,
                    LaneSpan<const double, L> scale, LaneSpan<const double, L> returned_share,
                    Cap cap, LaneSpan<double, L> delivered, LaneSpan<double, L> returned,
                    std::size_t begin, std::size_t end) {
  const bool bounded = !rows.desire.empty();
  const auto variant =
      cap == Cap::none
          ? (bounded ? settlement_rows<L, true, Cap::none> : settlement_rows<L, false, Cap::none>)
          : (bounded ? settlement_rows<L, true, Cap::active_need>
                     : settlement_rows<L, false, Cap::active_need>);
  variant(rows, ledger, scale, returned_share, delivered, returned, begin, end);
}

template <int L>
RowPasses<L> passes_of() {
  return {denominators_of<L>, deliveries_of<L>, settlements_of<L>};
}

// Highway's dispatch table holds ordinary functions, hence one name a width.
RowPasses<1> passes_1() { return passes_of<1>(); }
RowPasses<8> passes_8() { return passes_of<8>(); }

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(passes_1);
HWY_EXPORT(passes_8);

namespace {

template <int L>
RowPasses<L> chosen_passes() {
  static_assert(L == 1 || L == 8, "add a width to kLaneWidths and a function above");
  if constexpr (L == 1) return HWY_DYNAMIC_DISPATCH(passes_1)();
  if constexpr (L == 8) return HWY_DYNAMIC_DISPATCH(passes_8)();
}

// A set bit a target that is compiled in and supported here (after forcing: the forced one); the
// lowest is the best.
std::int64_t usable_targets() {
  return hwy::SupportedTargets() & static_cast<std::int64_t>(HWY_TARGETS);
}

}  // namespace

// The lambdas copy their few words: shared through the caller's stack they cost the second thread
// its whole gain (false sharing).

template <int L>
void compute_denominators(const CsrView& provider_rows, const PublishedNeeds<L>& ledger,
                          LaneSpan<const double, L> available, LaneSpan<double, L> denominator,
                          LaneSpan<double, L> scale, Threads threads) {
  const auto pass = chosen_passes<L>().denominators;
  for_row_blocks(provider_rows.rows(), threads, [=](std::size_t begin, std::size_t end) {
    pass(provider_rows, ledger, available, denominator, scale, begin, end);
  });
}

template <int L>
void gather_deliveries(const CsrView& recipient_rows, const PublishedNeeds<L>& ledger,
                       LaneSpan<const double, L> scale, Cap cap, LaneSpan<double, L> received,
                       LaneSpan<std::int32_t, L> messages, Threads threads) {
  const auto pass = chosen_passes<L>().deliveries;
  for_row_blocks(recipient_rows.rows(), threads, [=](std::size_t begin, std::size_t end) {
    pass(recipient_rows, ledger, scale, cap, received, messages, begin, end);
  });
}

template <int L>
void gather_settlements(const CsrView& provider_rows, const PublishedNeeds<L>& ledger,
                        LaneSpan<const double, L> scale, LaneSpan<const double, L> returned_share,
                        Cap cap, LaneSpan<double, L> delivered, LaneSpan<double, L> returned,
                        Threads threads) {
  const auto pass = chosen_passes<L>().settlements;
  for_row_blocks(provider_rows.rows(), threads, [=](std::size_t begin, std::size_t end) {
    pass(provider_rows, ledger, scale, returned_share, cap, delivered, returned, begin, end);
  });
}

template void compute_denominators<1>(const CsrView&, const PublishedNeeds<1>&,
                                      LaneSpan<const double, 1>, LaneSpan<double, 1>,
                                      LaneSpan<double, 1>, Threads);
template void compute_denominators<8>(const CsrView&, const PublishedNeeds<8>&,
                                      LaneSpan<const double, 8>, LaneSpan<double, 8>,
                                      LaneSpan<double, 8>, Threads);
template void gather_deliveries<1>(const CsrView&, const PublishedNeeds<1>&,
                                   LaneSpan<const double, 1>, Cap, LaneSpan<double, 1>,
                                   LaneSpan<std::int32_t, 1>, Threads);
template void gather_deliveries<8>(const CsrView&, const PublishedNeeds<8>&,
                                   LaneSpan<const double, 8>, Cap, LaneSpan<double, 8>,
                                   LaneSpan<std::int32_t, 8>, Threads);
template void gather_settlements<1>(const CsrView&, const PublishedNeeds<1>&,
                                    LaneSpan<const double, 1>, LaneSpan<const double, 1>, Cap,
                                    LaneSpan<double, 1>, LaneSpan<double, 1>, Threads);
template void gather_settlements<8>(const CsrView&, const PublishedNeeds<8>&,
                                    LaneSpan<const double, 8>, LaneSpan<const double, 8>, Cap,
                                    LaneSpan<double, 8>, LaneSpan<double, 8>, Threads);

std::string chosen_simd_target() { return hwy::TargetName(usable_targets() & -usable_targets()); }

std::vector<std::string> usable_simd_targets() {
  std::vector<std::string> names;
  for (std::int64_t left = usable_targets(); left != 0; left &= left - 1) {
    names.emplace_back(hwy::TargetName(left & -left));
  }
  return names;
}

bool force_simd_target(std::string_view name) {
  hwy::SetSupportedTargetsForTest(0);  // an earlier choice must not hide the others
  for (std::int64_t left = usable_targets(); left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    if (name != hwy::TargetName(target)) continue;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    return true;
  }
  hwy::GetChosenTarget().Update(usable_targets());
  return false;
}

}  // namespace needflow
#endif  // HWY_ONCE
