// Lanes are side by side and settle by one rule, so N × L elements are one flat array, taken a
// vector at a time with Highway. No multiply-adds: every target then gives the bits of the plain
// twin. Plain loops were tried first: GCC 12 finds control flow in them (which damping case holds,
// the quotient) and does not vectorise; mispredicted branches then cost more than the memory.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSE4 | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/settle.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "kernels/settle_elements.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// adaptive_factor() for a vector.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V adaptive_factors(D d, V oldest, V previous, V newest, V need) {
  const V differs = hn::Mul(hn::Set(d, kOverDiffers), need);
  const auto rose_first = hn::Gt(hn::Sub(previous, oldest), differs);
  const auto fell_first = hn::Gt(hn::Sub(oldest, previous), differs);
  const auto rose_last = hn::Gt(hn::Sub(newest, previous), differs);
  const auto fell_last = hn::Gt(hn::Sub(previous, newest), differs);
  const auto oscillates = hn::Or(hn::And(rose_first, fell_last), hn::And(fell_first, rose_last));
  const V calm = hn::IfThenElse(hn::Or(rose_first, rose_last), hn::Set(d, 0.8), hn::Set(d, 1.0));
  return hn::IfThenElse(oscillates, hn::Set(d, 0.5), calm);
}

/// One vector of elements from i on; all but the flags.
template <bool kTotals, DampingCase kDamping, class D>
HWY_INLINE void settle_vector(D d, const SettleElements& all, const SettleRule& rule,
                              std::size_t i) {
  const auto zero = hn::Zero(d);
  const auto need = hn::LoadU(d, all.need + i);
  const auto got = hn::LoadU(d, all.received + i);
  auto y = got;
  if (rule.settlement != SettlementKind::reallocate) {
    y = hn::Add(hn::LoadU(d, all.satisfied + i), got);
  }
  if (kTotals && rule.relaxation < 1.0) {
    y = hn::Add(hn::Mul(hn::Set(d, 1.0 - rule.relaxation), hn::LoadU(d, all.total + i)),
                hn::Mul(hn::Set(d, rule.relaxation), got));
  }
  const auto met = hn::Le(hn::Abs(hn::Sub(y, need)), hn::Mul(hn::Set(d, kMetWithin), need));
  y = hn::IfThenElse(met, need, y);
  const auto beyond = hn::Sub(y, need);
  const auto surplus = hn::IfThenElse(hn::Gt(beyond, zero), beyond, zero);
  hn::StoreU(hn::IfThenElse(hn::Lt(y, need), y, need), d, all.satisfied + i);
  if constexpr (kTotals) hn::StoreU(y, d, all.total + i);

  const auto oldest = hn::LoadU(d, all.over_previous + i);
  const auto previous = hn::LoadU(d, all.over + i);
  hn::StoreU(oldest, d, all.over_oldest + i);
  hn::StoreU(previous, d, all.over_previous + i);
  hn::StoreU(surplus, d, all.over + i);
  const auto share = hn::IfThenElse(hn::Gt(got, zero), hn::Div(surplus, got), zero);
  hn::StoreU(share, d, all.returned_share + i);
  if constexpr (kDamping == DampingCase::starting) {
    hn::StoreU(hn::Set(d, 0.8), d, all.damping + i);
  }
  if constexpr (kDamping == DampingCase::adaptive) {
    hn::StoreU(adaptive_factors(d, oldest, previous, surplus, need), d, all.damping + i);
  }
}

template <bool kTotals, DampingCase kDamping>
void settle_elements(const SettleElements& all, const SettleRule& rule, std::size_t begin,
                     std::size_t end) {
  const hn::ScalableTag<double> vector;
  const hn::CappedTag<double, 1> single;
  std::size_t i = begin;
  for (; i + hn::Lanes(vector) <= end; i += hn::Lanes(vector)) {
    settle_vector<kTotals, kDamping>(vector, all, rule, i);
  }
  for (; i < end; ++i) settle_vector<kTotals, kDamping>(single, all, rule, i);
  // The lack n − y is n − x: where y passed n both are 0.
  for (i = begin; i < end; ++i) {
    const double allowed = rule.tolerance * all.need[i];
    const bool met = (all.over[i] <= allowed) & (all.need[i] - all.satisfied[i] <= allowed);
    all.converged[i] = met ? 1 : 0;
  }
}

template <bool kTotals>
void settle_damped(const SettleElements& all, const SettleRule& rule, std::size_t begin,
                   std::size_t end) {
  if (!rule.adaptive_damping) {
    settle_elements<kTotals, DampingCase::kept>(all, rule, begin, end);
  } else if (rule.history < 2) {
    settle_elements<kTotals, DampingCase::starting>(all, rule, begin, end);
  } else {
    settle_elements<kTotals, DampingCase::adaptive>(all, rule, begin, end);
  }
}

void settle_range(const SettleElements& all, const SettleRule& rule, std::size_t begin,
                  std::size_t end) {
  const auto variant = all.total != nullptr ? settle_damped<true> : settle_damped<false>;
  variant(all, rule, begin, end);
}

double one_adaptive_factor(double oldest, double previous, double newest, double need) {
  const hn::CappedTag<double, 1> d;
  return hn::GetLane(adaptive_factors(d, hn::Set(d, oldest), hn::Set(d, previous),
                                      hn::Set(d, newest), hn::Set(d, need)));
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(settle_range);
HWY_EXPORT(one_adaptive_factor);

double adaptive_factor(double oldest, double previous, double newest, double need) {
  return HWY_DYNAMIC_DISPATCH(one_adaptive_factor)(oldest, previous, newest, need);
}

template <int L>
void settle(const SettleRule& rule, const RecipientState<L>& state, Threads threads) {
  const SettleElements all{state.need.values().data(),
                           state.received.values().data(),
                           state.satisfied.values().data(),
                           state.total.values().empty() ? nullptr : state.total.values().data(),
                           state.damping.values().data(),
                           state.over_oldest.values().data(),
                           state.over_previous.values().data(),
                           state.over.values().data(),
                           state.returned_share.values().data(),
                           state.converged.values().data()};
  for_row_blocks(state.need.rows(), threads, [=](std::size_t begin, std::size_t end) {
    HWY_DYNAMIC_DISPATCH(settle_range)(all, rule, begin * L, end * L);
  });
}

template void settle<1>(const SettleRule&, const RecipientState<1>&, Threads);
template void settle<8>(const SettleRule&, const RecipientState<8>&, Threads);

}  // namespace needflow
#endif  // HWY_ONCE
