// A vector of recipients (one lane) or of lanes (many) at a time with Highway. No multiply-adds:
// every target then gives the bits of the plain twin. Plain loops were tried first: GCC 12 finds
// control flow in them (which damping case holds, the quotient) and does not vectorise;
// mispredicted branches then cost more than the memory.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/settle.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "kernels/lane_loops.hpp"
#include "kernels/settle.hpp"
#include "kernels/stored_lanes.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// adaptive_factor() for a vector. It rose or fell where the larger of two steps is beyond what
/// counts as a difference, and oscillates where both are and their signs differ.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V adaptive_factors(D d, V oldest, V previous, V newest, V need) {
  const V differs = hn::Mul(hn::Set(d, kOverDiffers), need);
  const V first = hn::Sub(previous, oldest);
  const V last = hn::Sub(newest, previous);
  const auto rises = hn::Gt(hn::Max(first, last), differs);
  const auto both = hn::Gt(hn::Min(hn::Abs(first), hn::Abs(last)), differs);
  const auto opposite = hn::Xor(hn::Lt(first, hn::Zero(d)), hn::Lt(last, hn::Zero(d)));
  const V calm = hn::IfThenElse(rises, hn::Set(d, 0.8), hn::Set(d, 1.0));
  return hn::IfThenElse(hn::And(both, opposite), hn::Set(d, 0.5), calm);
}

/// The rules of all lanes as one number a lane each; 1 means yes.
template <int L>
struct RuleTable {
  explicit RuleTable(const PerLane<SettleRule, L>& rules) {
    for (std::size_t l = 0; l < L; ++l) {
      const SettleRule& rule = rules[l];
      const bool later = rule.round > 1;
      carries[l] = rule.settlement != SettlementKind::reallocate && later ? 1.0 : 0.0;
      earlier[l] = later ? 1.0 : 0.0;
      relaxed[l] = rule.relaxation < 1.0 && later ? 1.0 : 0.0;
      relaxation[l] = rule.relaxation;
      adaptive[l] = rule.adaptive_damping && rule.round > 2 ? 1.0 : 0.0;
      factor[l] = rule.adaptive_damping ? 0.8 : rule.damping_factor;  // 0.8 for want of history
      tolerance[l] = rule.tolerance;
      returns[l] = rule.settlement == SettlementKind::stock && rule.returns_surplus ? 1.0 : 0.0;
      saves[l] = rule.saves ? 1.0 : 0.0;
      any_saves = any_saves || rule.saves;
    }
  }

  PerLane<double, L> carries, earlier, relaxed, relaxation, adaptive, factor, tolerance, returns,
      saves;
  bool any_saves = false;
};

template <int L>
struct SettleArguments {
  const RuleTable<L>& rules;
  const RecipientState<L>& state;
  const double* received;  ///< of the range alone
  std::size_t shift;       ///< the element of all rows that the range starts with
  SettleTally<L>& tally;
};

/// RecipientState as bare pointers, null where a vector is not kept. Vector stores may alias
/// anything, so what is not a local copy would be read again for every element.
template <class Held>
struct SettlePointers {
  template <int L>
  HWY_INLINE explicit SettlePointers(const RecipientState<L>& state)
      : need(state.need.values().data()),
        active(state.active.template as<Held>().values().data()),
        over(state.over.values().data()),
        satisfied(state.satisfied.values().data()),
        total(state.total.values().empty() ? nullptr : state.total.values().data()),
        damping(state.damping.values().data()),
        over_previous(state.over_previous.values().data()),
        next_active(state.next_active.template as<Held>().values().data()),
        returned(state.returned.empty() ? nullptr
                                        : state.returned.template as<Held>().values().data()),
        degrees(state.degrees.empty() ? nullptr : state.degrees.data()),
        returned_is_claim(state.returned_is_claim) {}

  const double* need;
  const Held* active;
  const double* over;
  double* satisfied;
  double* total;
  double* damping;
  double* over_previous;
  Held* next_active;
  Held* returned;
  const double* degrees;
  bool returned_is_claim;
};

/// One vector of lanes, or of recipients; How they store what others gather.
template <int L, class D, class How>
class Settler {
 public:
  using V = hn::Vec<D>;
  using M = hn::Mask<D>;

  HWY_INLINE Settler(D d, const SettleArguments<L>& arguments, std::size_t lane)
      : d_(d),
        all_(arguments),
        at_(arguments.state),
        received_(arguments.received),
        shift_(arguments.shift),
        saving_(arguments.rules.any_saves),
        lane_(lane),
        carries_(yes(arguments.rules.carries)),
        earlier_(yes(arguments.rules.earlier)),
        relaxed_(yes(arguments.rules.relaxed)),
        adaptive_(yes(arguments.rules.adaptive)),
        adapts_(!hn::AllFalse(d, adaptive_)),
        returns_(yes(arguments.rules.returns)),
        saves_(yes(arguments.rules.saves)),
        relaxation_(lane_values<L>(d, arguments.rules.relaxation, lane)),
        factor_(lane_values<L>(d, arguments.rules.factor, lane)),
        tolerance_(lane_values<L>(d, arguments.rules.tolerance, lane)),
        unmet_(hn::MaskFromVec(hn::Zero(d))),
        moved_(unmet_),
        unfit_(hn::Zero(d)),
        asked_(hn::Zero(d)) {}

  HWY_INLINE void visit(std::size_t row, std::size_t i) {
    const V need = load(at_.need, i);
    const V got = load(received_, i - shift_);
    const V before = hn::IfThenElseZero(earlier_, load(at_.satisfied, i));
    if (saving_) save(i, before);

    V y = hn::Add(hn::IfThenElseZero(carries_, before), got);
    if (at_.total != nullptr) y = mixed(i, y, got);
    const M met = hn::Le(hn::Abs(hn::Sub(y, need)), hn::Mul(hn::Set(d_, kMetWithin), need));
    y = hn::IfThenElse(met, need, y);
    const V over = hn::Max(hn::Sub(y, need), hn::Zero(d_));
    const V x = hn::Min(y, need);
    const V f = adapts_ ? adapted(i, over, need) : factor_;

    store(x, at_.satisfied, i);
    if (at_.total != nullptr) store(y, at_.total, i);
    store(over, at_.over_previous, i);
    store(f, at_.damping, i);
    take_back(row, i, over, got);
    const V residual = hn::Sub(need, x);  // never negative: x <= n
    const V claim = How::put(d_, hn::Mul(residual, f), at_.next_active + i);
    // A sum of the amounts themselves could overflow where none of them has.
    unfit_ = hn::MulAdd(got, hn::Zero(d_), unfit_);
    note(row, need, hn::Sub(x, before), over, residual, claim);
  }

  HWY_INLINE void finish() {
    raise_flags<L>(d_, unmet_, lane_, all_.tally.unmet);
    raise_flags<L>(d_, moved_, lane_, all_.tally.moved);
    const M finite = hn::Eq(unfit_, hn::Zero(d_));
    raise_flags<L>(d_, hn::Not(finite), lane_, all_.tally.overflowed);
    add_counts<L>(d_, asked_, lane_, all_.tally.asked);
  }

 private:
  HWY_INLINE M yes(const PerLane<double, L>& values) const {
    return hn::Gt(lane_values<L>(d_, values, lane_), hn::Zero(d_));
  }
  HWY_INLINE V load(const double* from, std::size_t i) const { return hn::LoadU(d_, from + i); }
  /// Non-temporal stores of f, which is not read in the next round, took 4 % longer (1e5 agents).
  HWY_INLINE void store(V v, double* to, std::size_t i) const { hn::StoreU(v, d_, to + i); }
  /// Not BlendedStore: Highway 1.0 writes a second double beyond a vector of one.
  HWY_INLINE void put(V v, LaneSpan<double, L> span, std::size_t i) const {
    double* const to = span.values().data();
    store(hn::IfThenElse(saves_, v, load(to, i)), to, i);
  }

  HWY_INLINE void save(std::size_t i, V satisfied) const {
    const SavedRecipients<L>& saved = all_.state.saved;
    put(satisfied, saved.satisfied, i);
    put(load(at_.damping, i), saved.damping, i);
    put(hn::IfThenElseZero(earlier_, load(at_.over, i)), saved.over, i);
    put(hn::IfThenElseZero(earlier_, load(at_.over_previous, i)), saved.over_previous, i);
    if (at_.total != nullptr) put(load(at_.total, i), saved.total, i);
  }

  /// Only from round 3 on is there a history to read; runs of three rounds are the most frequent.
  HWY_INLINE V adapted(std::size_t i, V over, V need) const {
    const V f = adaptive_factors(d_, load(at_.over_previous, i), load(at_.over, i), over, need);
    return hn::IfThenElse(adaptive_, f, factor_);
  }

  /// ω < 1: y is a mix of the total of before and what was received.
  HWY_INLINE V mixed(std::size_t i, V y, V got) const {
    const V rest = hn::Mul(hn::Sub(hn::Set(d_, 1.0), relaxation_), load(at_.total, i));
    return hn::IfThenElse(relaxed_, hn::Add(rest, hn::Mul(relaxation_, got)), y);
  }

  /// Surplus: its sum, and the share that goes back. With one lane most vectors of later rounds
  /// have none, and a division costs as much as all the rest; with many the branch costs more (2 %
  /// of a sweep).
  HWY_INLINE void take_back(std::size_t row, std::size_t i, V over, V got) const {
    V share = hn::Zero(d_);
    if (L > 1 || !hn::AllFalse(d_, hn::Gt(over, share))) {
      if constexpr (L > 1) {
        double* const sum = all_.tally.over[row % 4].data() + lane_;
        hn::StoreU(hn::Add(hn::LoadU(d_, sum), over), d_, sum);
      }
      if (at_.returned != nullptr) {
        const M something = hn::And(returns_, hn::Gt(got, hn::Zero(d_)));
        share = hn::IfThenElseZero(something, hn::Div(over, got));
        if (at_.returned_is_claim) share = hn::Mul(share, load_stored(d_, at_.active + i));
      }
    }
    if (at_.returned != nullptr) How::put(d_, share, at_.returned + i);
  }

  /// What the stop tests ask. Mostly a lane alone has its answers after a few rows.
  HWY_INLINE void note(std::size_t row, V need, V step, V over, V residual, V claim) {
    if (L > 1 || !hn::AllTrue(d_, hn::And(unmet_, moved_))) {
      const V allowed = hn::Mul(tolerance_, need);
      const M converged = hn::Le(hn::Max(over, residual), allowed);
      unmet_ = hn::Or(unmet_, hn::Not(converged));
      const M rested = hn::Le(hn::Abs(step), hn::Mul(hn::Mul(tolerance_, tolerance_), need));
      moved_ = hn::Or(moved_, hn::Not(rested));
    }
    if (at_.degrees == nullptr) return;
    const M claims = hn::Gt(claim, hn::Zero(d_));
    asked_ = hn::Add(asked_, hn::IfThenElseZero(claims, row_values<L>(d_, at_.degrees, row)));
  }

  D d_;
  const SettleArguments<L>& all_;
  SettlePointers<typename How::Held> at_;
  const double* received_;
  std::size_t shift_;
  bool saving_;
  std::size_t lane_;
  M carries_, earlier_, relaxed_, adaptive_;
  bool adapts_;  ///< some lane of this vector does
  M returns_, saves_;
  V relaxation_, factor_, tolerance_;
  M unmet_, moved_;
  V unfit_;  ///< Σ 0 · received: NaN once a number is not finite
  V asked_;
};

/// With How chosen, what for_lane_vectors() takes.
template <class How>
struct SettlerHow {
  template <int L, class D>
  using Body = Settler<L, D, How>;
};

/// Σ over of one lane: recipient r in sum r mod 4, the four in registers where a range allows.
HWY_INLINE void add_over(const double* over, std::size_t begin, std::size_t end,
                         SettleTally<1>& tally) {
  std::size_t row = begin;
  for (; row < end && row % 4 != 0; ++row) tally.over[row % 4][0] += over[row];
  double sums[4] = {tally.over[0][0], tally.over[1][0], tally.over[2][0], tally.over[3][0]};
  for (; row + 4 <= end; row += 4) {
    for (std::size_t k = 0; k < 4; ++k) sums[k] += over[row + k];
  }
  for (std::size_t k = 0; k < 4; ++k) tally.over[k][0] = sums[k];
  for (; row < end; ++row) tally.over[row % 4][0] += over[row];
}

template <int L>
void settle_rows(const PerLane<SettleRule, L>& rules, const RecipientState<L>& state,
                 std::size_t begin, std::size_t end, LaneSpan<const double, L> received,
                 SettleTally<L>& tally) {
  const RuleTable<L> table(rules);
  const SettleArguments<L> arguments{table, state, received.values().data(), begin * L, tally};
  with_storage<L>(state.next_active, [&]<class How>() HWY_ATTR {
    for_lane_vectors<L, SettlerHow<How>::template Body>(arguments, begin, end);
  });
  if constexpr (L == 1) add_over(state.over_previous[0], begin, end, tally);
}

// Highway's dispatch table holds ordinary functions, hence one name a width.
SettlePass<1> settle_1() { return settle_rows<1>; }
SettlePass<8> settle_8() { return settle_rows<8>; }
SettlePass<16> settle_16() { return settle_rows<16>; }

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

HWY_EXPORT(settle_1);
HWY_EXPORT(settle_8);
HWY_EXPORT(settle_16);
HWY_EXPORT(one_adaptive_factor);

double adaptive_factor(double oldest, double previous, double newest, double need) {
  return HWY_DYNAMIC_DISPATCH(one_adaptive_factor)(oldest, previous, newest, need);
}

template <>
SettlePass<1> settle_pass<1>() {
  return HWY_DYNAMIC_DISPATCH(settle_1)();
}
template <>
SettlePass<8> settle_pass<8>() {
  return HWY_DYNAMIC_DISPATCH(settle_8)();
}
template <>
SettlePass<16> settle_pass<16>() {
  return HWY_DYNAMIC_DISPATCH(settle_16)();
}

}  // namespace needflow
#endif  // HWY_ONCE
