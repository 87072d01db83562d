// Draws in batches (kernels/random_fill.cpp) are the draws one by one, to the bit: every
// distribution, awkward counts and starts, on every SIMD target.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/random.hpp"
#include "kernels/reference/random.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using tests::same_bits;

constexpr std::size_t kCounts[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 63, 100, 1025};
constexpr double kBehind = -777.0;

/// Runs `check` on every target.
template <class Check>
void on_every_target(const Check& check) {
  for (const std::string& target : usable_simd_targets()) {
    const tests::ForcedTarget forced(target);
    REQUIRE(forced.usable());
    CAPTURE(target);
    check();
  }
}

/// Ids as neighbours have them: ascending with gaps, the largest one included.
std::vector<std::int32_t> neighbours(std::size_t count) {
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(static_cast<std::int32_t>(3 * i * i + i));
  if (count > 0) ids.back() = 2147483647;
  return ids;
}

const DrawKey kFirst{
    .network = 0xfedcba98, .replicate = kReplicateLimit - 1, .agent = 77, .other = 3};

/// Fills by `fill_some`, compares with draw(key) for each neighbour, and looks behind the end.
template <class Fill, class Draw>
void check_neighbours(const Fill& fill_some, const Draw& draw) {
  for (const std::size_t count : kCounts) {
    const std::vector<std::int32_t> others = neighbours(count);
    std::vector<double> out(count + 1, kBehind);
    fill_some(std::span(out).first(count), std::span(others));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
      DrawKey key = kFirst;
      key.other = static_cast<std::uint32_t>(others[i]);
      wrong += same_bits(out[i], draw(key)) ? 0 : 1;
    }
    CAPTURE(count);
    CHECK(wrong == 0);
    CHECK(out[count] == kBehind);
  }
}

}  // namespace

TEST_CASE("A batch of uniform weights has the bits of the draws one by one") {
  const RandomStream stream(61, "recognition");
  on_every_target([&] {
    check_neighbours(
        [&](std::span<double> out, std::span<const std::int32_t> others) {
          fill_uniform01(out, stream, kFirst, others);
        },
        [&](const DrawKey& key) { return uniform01(stream, key); });
  });
}

TEST_CASE("A batch of gamma weights has the bits of the draws one by one, whatever the shape") {
  const RandomStream stream(62, "recognition");
  for (const double shape : {1.0, 0.3, 0.001, 0.999, 1.001, 2.5, 400.0}) {
    CAPTURE(shape);
    const GammaParameters parameters(shape);
    on_every_target([&] {
      check_neighbours(
          [&](std::span<double> out, std::span<const std::int32_t> others) {
            fill_gamma(out, stream, kFirst, others, parameters);
          },
          [&](const DrawKey& key) { return gamma(stream, key, parameters); });
    });
  }
}

TEST_CASE(
    "A long batch of amounts has the bits of the draws one by one, tails and last agents too") {
  const RandomStream stream(63, "need");
  constexpr std::size_t kCount = 20'003;
  const DrawKey first{.network = 5, .replicate = 9, .agent = 0xffffffff - (kCount - 1), .other = 4};
  for (const AmountKind kind :
       {AmountKind::constant, AmountKind::uniform, AmountKind::lognormal, AmountKind::pareto}) {
    for (const double cv : {0.0, 0.5, 0.57}) {
      const AmountDistribution amount(kind, 50.0, cv);
      CAPTURE(cv);
      CAPTURE(static_cast<int>(kind));
      on_every_target([&] {
        std::vector<double> out(kCount);
        fill(out, stream, first, amount);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < kCount; ++i) {
          DrawKey key = first;
          key.agent += static_cast<std::uint32_t>(i);
          wrong += same_bits(out[i], amount.draw(stream, key)) ? 0 : 1;
        }
        CHECK(wrong == 0);
      });
    }
  }
}

TEST_CASE("Amounts of a wild cv, subnormal and huge, have the bits of the draws one by one") {
  const RandomStream stream(64, "need");
  for (const AmountKind kind : {AmountKind::lognormal, AmountKind::pareto}) {
    for (const double mean : {1e-320, 1e300}) {
      const AmountDistribution amount(kind, mean, 1e154);
      on_every_target([&] {
        std::vector<double> out(1000);
        fill(out, stream, {}, amount);
        std::size_t wrong = 0;
        for (std::uint32_t i = 0; i < out.size(); ++i) {
          wrong += same_bits(out[i], amount.draw(stream, {.agent = i})) ? 0 : 1;
        }
        CAPTURE(mean);
        CHECK(wrong == 0);
      });
    }
  }
}

TEST_CASE("A batch of exponential weights agrees with the plain twin to 1e-14") {
  const RandomStream stream(65, "recognition");
  const GammaParameters one(1.0);
  const std::vector<std::int32_t> others = neighbours(100);
  std::vector<double> out(others.size());
  fill_gamma(out, stream, kFirst, others, one);
  for (std::size_t i = 0; i < out.size(); ++i) {
    DrawKey key = kFirst;
    key.other = static_cast<std::uint32_t>(others[i]);
    CHECK(out[i] == doctest::Approx(reference::gamma(stream, key, one)).epsilon(1e-14));
  }
}
