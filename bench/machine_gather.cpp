// The second limit: rows of L words from random places of a vector, with the loads of the target
// that the kernels run on, four sums at once and pages as the kernels' gathered vectors have them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/machine_gather.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "bench/machine.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow::bench {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Visits ahead that a row is asked for. Out of the caches 64 to 256 are the same, 32 is a third
/// slower.
constexpr std::size_t kAhead = 128;

template <int L, bool kPrefetch>
std::uint64_t sum_of_places(const std::uint64_t* HWY_RESTRICT rows,
                            std::span<const std::uint32_t> places) {
  const hn::CappedTag<std::uint64_t, L> d;
  constexpr std::size_t kVectorLanes = hn::MaxLanes(hn::CappedTag<std::uint64_t, L>());
  constexpr std::size_t kVectors = L / kVectorLanes;
  hn::Vec<decltype(d)> sums[kVectors];
  for (auto& sum : sums) sum = hn::Zero(d);
  const std::size_t last = places.size() - 1;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if constexpr (kPrefetch) {
      const std::uint64_t* next = rows + std::size_t{places[std::min(i + kAhead, last)]} * L;
      __builtin_prefetch(next);
      if constexpr (L > 8) __builtin_prefetch(next + 8);
    }
    const std::uint64_t* row = rows + std::size_t{places[i]} * L;
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[v] = hn::Add(sums[v], hn::LoadU(d, row + v * kVectorLanes));
    }
  }
  std::uint64_t total = 0;
  for (const auto& sum : sums) {
    std::uint64_t lanes[kVectorLanes];
    hn::StoreU(sum, d, lanes);
    for (const std::uint64_t lane : lanes) total += lane;
  }
  return total;
}

std::uint64_t sum_places(const std::uint64_t* rows, std::span<const std::uint32_t> places,
                         int lanes, Prefetch prefetch) {
  return with_lane_width(lanes, [&]<int L>() {
    return prefetch == Prefetch::yes ? sum_of_places<L, true>(rows, places)
                                     : sum_of_places<L, false>(rows, places);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow::bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow::bench {

HWY_EXPORT(sum_places);

std::uint64_t sum_of_places(const std::uint64_t* rows, std::span<const std::uint32_t> places,
                            int lanes, Prefetch prefetch) {
  return HWY_DYNAMIC_DISPATCH(sum_places)(rows, places, lanes, prefetch);
}

}  // namespace needflow::bench
#endif  // HWY_ONCE
