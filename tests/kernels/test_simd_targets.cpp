// Choosing and forcing a SIMD target (kernels/allocate.hpp).
#include <doctest/doctest.h>
#include <hwy/targets.h>

#include <string>
#include <vector>

#include "kernels/allocate.hpp"
#include "tests/kernels/test_lanes_support.hpp"

using namespace needflow;
using namespace needflow::tests;

TEST_CASE("Forcing a SIMD target changes the code that is run, and says so") {
  for (const std::string& target : usable_simd_targets()) {
    const ForcedTarget forced(target);
    CHECK(forced.usable());
    CHECK(chosen_simd_target() == target);
    CHECK(dispatched_target() == target);
  }
  const std::string best = usable_simd_targets().front();
  CHECK(chosen_simd_target() == best);
  CHECK(!force_simd_target("no such target"));
  CHECK(!force_simd_target(""));
  CHECK(chosen_simd_target() == best);
}

TEST_CASE("The baseline is the last of the usable targets, and no target is without a fused add") {
  const std::vector<std::string> targets = usable_simd_targets();
  REQUIRE(!targets.empty());
  CHECK(targets.back() == hwy::TargetName(HWY_STATIC_TARGET));
  for (const std::string& target : targets) {
    CHECK(target != "SSE4");
    CHECK(target != "SSSE3");
  }
}

TEST_CASE("A target may be forced after another one") {
  for (const std::string& target : usable_simd_targets()) CHECK(force_simd_target(target));
  CHECK_FALSE(force_simd_target("no such target"));
  CHECK(tests::dispatched_target() == usable_simd_targets().front());
  tests::offer_all_simd_targets();
}
