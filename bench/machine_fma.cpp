// The third limit: fused multiply-adds from registers alone. A dispatched loop like the kernels',
// for the portable baseline has none.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/machine_fma.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "bench/machine.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow::bench {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// `steps` multiply-adds into each of ten vectors: two units with a latency of four keep eight in
/// flight, and ten vectors still fit the sixteen registers of AVX2. Adds the lanes to `sum`;
/// returns the floating-point operations done.
double multiply_add(std::size_t steps, double& sum) {
  const hn::ScalableTag<double> d;
  const auto factor = hn::Set(d, 0.999);
  const auto term = hn::Set(d, 0.001);
  auto a0 = hn::Iota(d, 0.0), a1 = hn::Iota(d, 1.0), a2 = hn::Iota(d, 2.0), a3 = hn::Iota(d, 3.0);
  auto a4 = hn::Iota(d, 4.0), a5 = hn::Iota(d, 5.0), a6 = hn::Iota(d, 6.0), a7 = hn::Iota(d, 7.0);
  auto a8 = hn::Iota(d, 8.0), a9 = hn::Iota(d, 9.0);
  for (std::size_t i = 0; i < steps; ++i) {
    a0 = hn::MulAdd(a0, factor, term);
    a1 = hn::MulAdd(a1, factor, term);
    a2 = hn::MulAdd(a2, factor, term);
    a3 = hn::MulAdd(a3, factor, term);
    a4 = hn::MulAdd(a4, factor, term);
    a5 = hn::MulAdd(a5, factor, term);
    a6 = hn::MulAdd(a6, factor, term);
    a7 = hn::MulAdd(a7, factor, term);
    a8 = hn::MulAdd(a8, factor, term);
    a9 = hn::MulAdd(a9, factor, term);
  }
  const auto low = hn::Add(hn::Add(hn::Add(a0, a1), hn::Add(a2, a3)), hn::Add(a4, a5));
  const auto all = hn::Add(low, hn::Add(hn::Add(a6, a7), hn::Add(a8, a9)));
  sum += hn::GetLane(hn::SumOfLanes(d, all));
  constexpr double kFlopsALane = 10.0 * 2.0;
  return kFlopsALane * static_cast<double>(hn::Lanes(d)) * static_cast<double>(steps);
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow::bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <vector>

namespace needflow::bench {

HWY_EXPORT(multiply_add);

double Machine::multiply_adds(Threads threads) const {
  constexpr std::size_t kParts = 64;  // a part lasts about 0.1 ms, so two threads end together
  constexpr std::size_t kSteps = 40'000;
  constexpr std::size_t kApart = 8;  // a cache line a part
  std::vector<double> sums(kParts * kApart);
  std::vector<double> flops(kParts * kApart);
  const auto part = [&sums, &flops](std::size_t i) {
    double sum = 0.0;
    flops[i * kApart] = HWY_DYNAMIC_DISPATCH(multiply_add)(kSteps, sum);
    sums[i * kApart] = sum;  // kept, or the compiler would drop the work
  };
  if (threads == Threads::one) {
    for (std::size_t i = 0; i < kParts; ++i) part(i);
  } else {
    parallel_indices(kParts, part, oneapi::tbb::simple_partitioner());
  }
  double total = 0.0;
  for (const double done : flops) total += done;
  return total;
}

double Machine::fma_rate(Threads threads) const {
  constexpr int kTries = 5;
  double best = 0.0;
  for (int i = 0; i < kTries; ++i) {
    const double start = seconds_now(threads);
    const double flops = multiply_adds(threads);
    best = std::max(best, flops / (seconds_now(threads) - start));
  }
  return best;
}

}  // namespace needflow::bench
#endif  // HWY_ONCE
