// A vector of lanes (or of agents, for one lane) at a time with Highway; nothing is added but whole
// numbers, so every target gives the bits of the plain twin.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/lane_moves.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include <algorithm>

#include "kernels/lane_loops.hpp"
#include "kernels/lane_moves.hpp"
#include "kernels/stored_lanes.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// LaneFill as bare pointers, null where there is no block (see SettlePointers in settle.cpp).
template <int L, class Held>
struct FillArguments {
  explicit FillArguments(const LaneFill<L>& fill, PerLane<double, L>& claims)
      : factor(fill.factor),
        amounts(fill.amounts.data()),
        degrees(fill.degrees.empty() ? nullptr : fill.degrees.data()),
        as_given(data_of(fill.as_given)),
        scaled(data_of(fill.scaled.template as<Held>())),
        scaled_again(data_of(fill.scaled_again)),
        claiming(claims) {
    for (std::size_t l = 0; l < L; ++l) starts[l] = fill.starts[l] != 0 ? 1.0 : 0.0;
  }
  template <class T>
  static T* data_of(LaneSpan<T, L> span) {
    return span.values().empty() ? nullptr : span.values().data();
  }

  PerLane<double, L> starts;
  PerLane<double, L> factor;
  const double* amounts;
  const double* degrees;
  double* as_given;
  Held* scaled;
  double* scaled_again;
  PerLane<double, L>& claiming;
};

template <int L, class D, class How>
class LaneFiller {
 public:
  using V = hn::Vec<D>;
  using Held = typename How::Held;

  HWY_INLINE LaneFiller(D d, const FillArguments<L, Held>& arguments, std::size_t lane)
      : d_(d),
        claiming_(arguments.claiming),
        lane_(lane),
        amounts_(arguments.amounts),
        degrees_(arguments.degrees),
        as_given_(arguments.as_given),
        scaled_(arguments.scaled),
        scaled_again_(arguments.scaled_again),
        starts_(hn::Gt(lane_values<L>(d, arguments.starts, lane), hn::Zero(d))),
        factor_(lane_values<L>(d, arguments.factor, lane)),
        claims_(hn::Zero(d)) {}

  HWY_INLINE void visit(std::size_t row, std::size_t i) {
    const V amount = row_values<L>(d_, amounts_, row);
    V scaled = hn::Mul(amount, factor_);
    if (as_given_ != nullptr) put(amount, as_given_ + i);
    if (scaled_again_ != nullptr) put(scaled, scaled_again_ + i);
    if (scaled_ != nullptr) {
      scaled = How::put(d_, chosen(scaled, load_stored(d_, scaled_ + i)), scaled_ + i);
    }
    if (degrees_ == nullptr) return;
    const auto claims = hn::And(starts_, hn::Gt(scaled, hn::Zero(d_)));
    claims_ = hn::Add(claims_, hn::IfThenElseZero(claims, row_values<L>(d_, degrees_, row)));
  }

  HWY_INLINE void finish() { add_counts<L>(d_, claims_, lane_, claiming_); }

 private:
  /// Not BlendedStore: Highway 1.0 writes a second double beyond a vector of one.
  HWY_INLINE V chosen(V v, V kept) const { return hn::IfThenElse(starts_, v, kept); }
  HWY_INLINE void put(V v, double* to) const { hn::StoreU(chosen(v, hn::LoadU(d_, to)), d_, to); }

  D d_;
  PerLane<double, L>& claiming_;
  std::size_t lane_;
  const double* amounts_;
  const double* degrees_;
  double* as_given_;
  Held* scaled_;
  double* scaled_again_;
  hn::Mask<D> starts_;
  V factor_;
  V claims_;
};

template <class How>
struct FillerHow {
  template <int L, class D>
  using Body = LaneFiller<L, D, How>;
};

template <int L>
void fill_lanes(const LaneFill<L>& fill, PerLane<double, L>& claiming) {
  with_storage<L>(fill.scaled, [&]<class How>() HWY_ATTR {
    const FillArguments<L, typename How::Held> arguments(fill, claiming);
    for_lane_vectors<L, FillerHow<How>::template Body>(arguments, 0, fill.amounts.size());
  });
}

/// One vector of lanes. A permutation brings the chosen lanes to the front. Highway 1.0's Compress
/// copies its table to the stack for every vector, and AVX-512's compressing store takes a hundred
/// cycles on Zen.
template <int L>
class LaneTaker {
 public:
  HWY_INLINE LaneTaker(const LaneChoice<L>& chosen, std::size_t lane, double* to,
                       std::size_t stride, std::size_t place)
      : lane_(lane), to_(to + place), stride_(stride) {
    std::int64_t sources[HWY_MAX_BYTES / sizeof(double)] = {};
    for (std::size_t l = 0; l < hn::MaxLanes(D()); ++l) {
      if (chosen[lane + l] != 0) sources[count_++] = static_cast<std::int64_t>(l);
    }
    front_ = hn::SetTableIndices(D(), sources);
    first_ = hn::FirstN(D(), count_);
  }
  [[nodiscard]] HWY_INLINE std::size_t count() const { return count_; }
  HWY_INLINE void take(const double* values, std::size_t row) const {
    if (count_ == 0) return;
    const auto lanes = hn::TableLookupLanes(hn::LoadU(D(), values + row * L + lane_), front_);
    hn::BlendedStore(lanes, first_, D(), to_ + row * stride_);
  }

 private:
  using D = hn::CappedTag<double, L>;
  std::size_t lane_;
  double* to_;
  std::size_t stride_;
  std::size_t count_ = 0;
  decltype(hn::SetTableIndices(D(), static_cast<const std::int64_t*>(nullptr))) front_;
  hn::Mask<D> first_;
};

template <int L>
void take_lanes(LaneSpan<const double, L> from, const LaneChoice<L>& chosen, double* to,
                std::size_t stride) {
  const std::size_t rows = from.rows();
  const double* const values = from.values().data();
  if constexpr (L == 1) {
    for (std::size_t row = 0; chosen[0] != 0 && row < rows; ++row) to[row * stride] = values[row];
    return;
  }
  constexpr std::size_t kWide = hn::MaxLanes(hn::CappedTag<double, L>());
  std::size_t before = 0;
  std::size_t lane = 0;
  for (; lane + 2 * kWide <= L; lane += 2 * kWide) {  // abreast, as in lane_loops.hpp
    const LaneTaker<L> left(chosen, lane, to, stride, before);
    const LaneTaker<L> right(chosen, lane + kWide, to, stride, before + left.count());
    for (std::size_t row = 0; row < rows; ++row) {
      left.take(values, row);
      right.take(values, row);
    }
    before += left.count() + right.count();
  }
  for (; lane < L; lane += kWide) {
    const LaneTaker<L> taker(chosen, lane, to, stride, before);
    for (std::size_t row = 0; row < rows; ++row) taker.take(values, row);
    before += taker.count();
  }
}

// Highway's dispatch table holds ordinary functions, hence one name a width.
LaneMoves<1> moves_1() { return {fill_lanes<1>, take_lanes<1>}; }
LaneMoves<8> moves_8() { return {fill_lanes<8>, take_lanes<8>}; }
LaneMoves<16> moves_16() { return {fill_lanes<16>, take_lanes<16>}; }

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(moves_1);
HWY_EXPORT(moves_8);
HWY_EXPORT(moves_16);

template <>
LaneMoves<1> lane_moves<1>() {
  return HWY_DYNAMIC_DISPATCH(moves_1)();
}
template <>
LaneMoves<8> lane_moves<8>() {
  return HWY_DYNAMIC_DISPATCH(moves_8)();
}
template <>
LaneMoves<16> lane_moves<16>() {
  return HWY_DYNAMIC_DISPATCH(moves_16)();
}

}  // namespace needflow
#endif  // HWY_ONCE
