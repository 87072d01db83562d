// Passes of one lane (row_passes.hpp has the cost), and which of the SIMD targets is used.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/allocate.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "kernels/allocate.hpp"
#include "kernels/row_passes.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

// Highway's dispatch table holds ordinary functions, hence a name a width.
RowPasses<1> passes_1() { return passes_of<1>(); }

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(passes_1);

template <>
RowPasses<1> row_passes<1>() {
  return HWY_DYNAMIC_DISPATCH(passes_1)();
}

namespace {

// A set bit a target that is compiled in and supported here (after forcing: the forced one); the
// lowest is the best.
std::int64_t usable_targets() {
  return hwy::SupportedTargets() & static_cast<std::int64_t>(HWY_TARGETS);
}

}  // namespace

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
