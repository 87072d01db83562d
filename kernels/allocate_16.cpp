// Passes of 16 lanes: row_passes.hpp.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/allocate_16.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "kernels/allocate.hpp"
#include "kernels/row_passes.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

// Highway's dispatch table holds ordinary functions, hence a name a width.
RowPasses<16> passes_16() { return passes_of<16>(); }

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(passes_16);

template <>
RowPasses<16> row_passes<16>() {
  return HWY_DYNAMIC_DISPATCH(passes_16)();
}

}  // namespace needflow
#endif  // HWY_ONCE
