// Vectors of lanes from and to kernels/stored.hpp's blocks. Compiled once a SIMD target (Highway's
// scheme instead of an include guard).
#if defined(NEEDFLOW_STORED_LANES_ONCE) == defined(HWY_TARGET_TOGGLE)
#ifdef NEEDFLOW_STORED_LANES_ONCE
#undef NEEDFLOW_STORED_LANES_ONCE
#else
#define NEEDFLOW_STORED_LANES_ONCE
#endif

#include <hwy/highway.h>

#include "kernels/stored.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using FloatsOf = hn::Rebind<float, D>;

/// The nearest floats. Highway's own conversion ends at the largest float on the baseline, and at
/// infinity elsewhere.
template <class D>
HWY_INLINE hn::Vec<FloatsOf<D>> to_floats(D /*d*/, hn::Vec<D> v) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Vec<FloatsOf<D>>(static_cast<float>(v.raw));
#else
  return hn::DemoteTo(FloatsOf<D>(), v);
#endif
}

template <class D>
HWY_INLINE hn::Vec<D> load_stored(D d, const double* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> load_stored(D d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(FloatsOf<D>(), from));
}

/// Ways to store a vector; put() returns what is stored now.
struct AsDoubles {
  using Held = double;
  template <class D>
  static HWY_INLINE hn::Vec<D> put(D d, hn::Vec<D> v, double* to) {
    hn::StoreU(v, d, to);
    return v;
  }
};
struct AsFloats {
  using Held = float;
  template <class D>
  static HWY_INLINE hn::Vec<D> put(D d, hn::Vec<D> v, float* to) {
    const auto floats = to_floats(d, v);
    hn::StoreU(floats, FloatsOf<D>(), to);
    return hn::PromoteTo(d, floats);
  }
};
/// Doubles that are floats' values.
struct AsRoundedDoubles {
  using Held = double;
  template <class D>
  static HWY_INLINE hn::Vec<D> put(D d, hn::Vec<D> v, double* to) {
    const hn::Vec<D> rounded = hn::PromoteTo(d, to_floats(d, v));
    hn::StoreU(rounded, d, to);
    return rounded;
  }
};

/// Calls visit.operator()<How>() for the way a block of L lanes is stored.
template <int L, class Visit>
HWY_INLINE auto with_storage(const StoredSpan<double, L>& block, const Visit& visit) {
  if constexpr (L > 1) {
    return block.holds_floats() ? visit.template operator()<AsFloats>()
                                : visit.template operator()<AsDoubles>();
  } else {
    return block.rounds() ? visit.template operator()<AsRoundedDoubles>()
                          : visit.template operator()<AsDoubles>();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#endif  // NEEDFLOW_STORED_LANES_ONCE
