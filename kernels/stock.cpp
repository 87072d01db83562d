// Highway vectors of providers (one lane) or of lanes (many). No multiply-adds: every target gives
// the bits of the plain twin.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/stock.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "kernels/lane_loops.hpp"
#include "kernels/stock.hpp"
#include "kernels/stored_lanes.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The rules of all lanes as one number a lane each; 1 means yes.
template <int L>
struct StockTable {
  explicit StockTable(const PerLane<StockRule, L>& rules) {
    for (std::size_t l = 0; l < L; ++l) {
      stock[l] = rules[l].stock ? 1.0 : 0.0;
      begins[l] = rules[l].round == 1 ? 1.0 : 0.0;
      saves[l] = rules[l].saves ? 1.0 : 0.0;
      tolerance[l] = rules[l].tolerance;
      any_saves = any_saves || rules[l].saves;
      any_begins = any_begins || rules[l].round == 1;
    }
  }
  PerLane<double, L> stock, begins, saves, tolerance;
  bool any_saves = false;
  bool any_begins = false;
};

template <int L>
struct StockArguments {
  const StockTable<L>& rules;
  const ProviderState<L>& state;
  std::size_t shift;  ///< the element of all rows that the range starts with
  // Of the range alone; null where there is nothing.
  const double* denominator;
  const double* delivered;
  const double* returned;
  StockTally<L>& tally;
};

/// ProviderState as bare pointers, null where a vector is not kept (see SettlePointers in
/// settle.cpp: read through the state they take a third longer).
struct StockPointers {
  template <int L>
  HWY_INLINE explicit StockPointers(const ProviderState<L>& state)
      : capacity(state.capacity.values().data()),
        available(state.available.values().data()),
        denominator(state.denominator.values().data()),
        first(state.first.values().data()),
        saved_available(state.saved_available.values().empty()
                            ? nullptr
                            : state.saved_available.values().data()),
        degrees(state.degrees.empty() ? nullptr : state.degrees.data()) {}

  const double* capacity;
  double* available;
  double* denominator;
  double* first;
  double* saved_available;
  const double* degrees;
};

/// What the two loops below share.
template <int L, class D>
class StockVectors {
 public:
  using V = hn::Vec<D>;
  using M = hn::Mask<D>;

 protected:
  HWY_INLINE StockVectors(D d, const StockArguments<L>& arguments, std::size_t lane)
      : d_(d),
        tally_(arguments.tally),
        at_(arguments.state),
        shift_(arguments.shift),
        lane_(lane) {}

  HWY_INLINE M yes(const PerLane<double, L>& values) const {
    return hn::Gt(lane_values<L>(d_, values, lane_), hn::Zero(d_));
  }
  HWY_INLINE V load(const double* from, std::size_t i) const { return hn::LoadU(d_, from + i); }
  HWY_INLINE void store(V v, double* to, std::size_t i) const { hn::StoreU(v, d_, to + i); }

  D d_;
  StockTally<L>& tally_;
  StockPointers at_;
  std::size_t shift_;
  std::size_t lane_;
};

/// `Held` is how s_p is.
template <int L, class D, class Held>
class OfferNoter : StockVectors<L, D> {
  using Base = StockVectors<L, D>;
  using typename Base::M;
  using typename Base::V;

 public:
  HWY_INLINE OfferNoter(D d, const StockArguments<L>& arguments, std::size_t lane)
      : Base(d, arguments, lane),
        made_(arguments.denominator),
        scale_(arguments.state.scale.template as<Held>().values().data()),
        any_begins_(arguments.rules.any_begins),
        saving_(arguments.rules.any_saves && this->at_.saved_available != nullptr),
        begins_(this->yes(arguments.rules.begins)),
        saves_(this->yes(arguments.rules.saves)),
        moved_(hn::MaskFromVec(hn::Zero(d))),
        tolerance_(lane_values<L>(d, arguments.rules.tolerance, lane)),
        offered_(hn::Zero(d)) {}

  HWY_INLINE void visit(std::size_t row, std::size_t i) {
    const D d = this->d_;
    const StockPointers& at = this->at_;
    const V now = this->load(made_, i - this->shift_);
    // Once every lane has a provider that moved there is nothing to compare, and three streams of
    // memory are spared: in most rounds after a few rows.
    if (any_begins_ || !hn::AllTrue(d, moved_)) compare(i, now);
    this->store(now, at.denominator, i);
    if (saving_) {
      // Not BlendedStore: Highway 1.0 writes a second double beyond a vector of one.
      const V had = this->load(at.available, i);
      const V saved = this->load(at.saved_available, i);
      this->store(hn::IfThenElse(saves_, had, saved), at.saved_available, i);
    }
    if (at.degrees == nullptr) return;
    const V degree = row_values<L>(d, at.degrees, row);
    const M offers = hn::Gt(load_stored(d, scale_ + i), hn::Zero(d));
    offered_ = hn::Add(offered_, hn::IfThenElseZero(offers, degree));
  }

  HWY_INLINE void compare(std::size_t i, V now) {
    const D d = this->d_;
    const StockPointers& at = this->at_;
    const V first = hn::IfThenElse(begins_, now, this->load(at.first, i));
    const V step = hn::Abs(hn::Sub(now, this->load(at.denominator, i)));
    const M rested = hn::Le(step, hn::Mul(tolerance_, first));
    const M provides = hn::Gt(this->load(at.capacity, i), hn::Zero(d));
    moved_ = hn::Or(moved_, hn::AndNot(rested, provides));
    if (any_begins_) this->store(first, at.first, i);
  }

  HWY_INLINE void finish() {
    raise_flags<L>(this->d_, moved_, this->lane_, this->tally_.moved);
    add_counts<L>(this->d_, offered_, this->lane_, this->tally_.offered);
  }

 private:
  const double* made_;
  const Held* scale_;
  bool any_begins_, saving_;
  M begins_, saves_, moved_;
  V tolerance_, offered_;
};

template <int L, class D>
using OfferNoterOfDoubles = OfferNoter<L, D, double>;
template <int L, class D>
using OfferNoterOfFloats = OfferNoter<L, D, float>;

template <int L, class D>
class StockKeeper : StockVectors<L, D> {
  using Base = StockVectors<L, D>;
  using typename Base::M;
  using typename Base::V;

 public:
  HWY_INLINE StockKeeper(D d, const StockArguments<L>& arguments, std::size_t lane)
      : Base(d, arguments, lane),
        delivered_(arguments.delivered),
        returned_(arguments.returned),
        stock_(this->yes(arguments.rules.stock)) {}

  HWY_INLINE void visit(std::size_t, std::size_t i) {
    const D d = this->d_;
    const StockPointers& at = this->at_;
    const V had = this->load(at.available, i);
    V kept;
    if (delivered_ != nullptr) {
      kept = hn::Max(hn::Zero(d), hn::Sub(had, this->load(delivered_, i - this->shift_)));
    } else {
      kept = hn::IfThenZeroElse(hn::Gt(this->load(at.denominator, i), hn::Zero(d)), had);
    }
    if (returned_ != nullptr) kept = hn::Add(kept, this->load(returned_, i - this->shift_));
    const M dust = hn::Le(kept, hn::Mul(hn::Set(d, kDust), this->load(at.capacity, i)));
    const V swept = hn::IfThenElseZero(hn::And(dust, stock_), kept);
    this->store(hn::IfThenElse(stock_, hn::IfThenZeroElse(dust, kept), had), at.available, i);
    sweep(i, swept);
  }

  HWY_INLINE void finish() {}

 private:
  /// Provider p's dust goes to partial sum p mod 4; there is seldom any.
  HWY_INLINE void sweep(std::size_t i, V swept) {
    const D d = this->d_;
    if (hn::AllFalse(d, hn::Gt(swept, hn::Zero(d)))) return;
    double rests[HWY_MAX_BYTES / sizeof(double)];
    hn::StoreU(swept, d, rests);
    for (std::size_t k = 0; k < hn::MaxLanes(d); ++k) {
      const std::size_t row = L == 1 ? i + k : i / L;
      this->tally_.dust[row % 4][L == 1 ? 0 : this->lane_ + k] += rests[k];
    }
  }

  const double* delivered_;
  const double* returned_;
  M stock_;
};

template <int L>
void note_rows(const PerLane<StockRule, L>& rules, const ProviderState<L>& state, std::size_t begin,
               std::size_t end, LaneSpan<const double, L> denominator, StockTally<L>& tally) {
  const StockTable<L> table(rules);
  const StockArguments<L> arguments{table,   state,   begin * L, denominator.values().data(),
                                    nullptr, nullptr, tally};
  if constexpr (L > 1) {
    if (state.scale.holds_floats()) {
      return for_lane_vectors<L, OfferNoterOfFloats>(arguments, begin, end);
    }
  }
  for_lane_vectors<L, OfferNoterOfDoubles>(arguments, begin, end);
}

template <int L>
void keep_rows(const PerLane<StockRule, L>& rules, const ProviderState<L>& state, std::size_t begin,
               std::size_t end, LaneSpan<const double, L> delivered,
               LaneSpan<const double, L> returned, StockTally<L>& tally) {
  const StockTable<L> table(rules);
  const auto data_of = [](LaneSpan<const double, L> span) -> const double* {
    return span.values().empty() ? nullptr : span.values().data();
  };
  const StockArguments<L> arguments{
      table, state, begin * L, nullptr, data_of(delivered), data_of(returned), tally};
  for_lane_vectors<L, StockKeeper>(arguments, begin, end);
}

// Highway's dispatch table holds ordinary functions, hence one name a width.
ProviderPasses<1> providers_1() { return {note_rows<1>, keep_rows<1>}; }
ProviderPasses<8> providers_8() { return {note_rows<8>, keep_rows<8>}; }
ProviderPasses<16> providers_16() { return {note_rows<16>, keep_rows<16>}; }

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(providers_1);
HWY_EXPORT(providers_8);
HWY_EXPORT(providers_16);

template <>
ProviderPasses<1> provider_passes<1>() {
  return HWY_DYNAMIC_DISPATCH(providers_1)();
}
template <>
ProviderPasses<8> provider_passes<8>() {
  return HWY_DYNAMIC_DISPATCH(providers_8)();
}
template <>
ProviderPasses<16> provider_passes<16>() {
  return HWY_DYNAMIC_DISPATCH(providers_16)();
}

}  // namespace needflow
#endif  // HWY_ONCE
