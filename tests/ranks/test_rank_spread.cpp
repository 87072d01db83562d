// The figures of recipients that are split over ranks are those of who has them all, to the bit.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "solver/ranks/halo.hpp"
#include "solver/ranks/rank_spread.hpp"
#include "solver/statistics.hpp"
#include "tests/ranks/ranks.hpp"

namespace needflow {
namespace {

using Bits = std::vector<std::uint64_t>;

Bits bits_of(const Satisfaction& s) {
  Bits bits;
  for (const double figure : {s.satisfied_fraction, s.fully_met_fraction, s.over_fraction,
                              s.wasted_fraction, s.residual_l1, s.residual_max, s.jain_index,
                              s.gini, s.satisfaction_min, s.satisfaction_p05}) {
    bits.push_back(std::bit_cast<std::uint64_t>(figure));
  }
  return bits;
}

/// In [0, 1), by number.
double noise(std::size_t i, double step) {
  const double x = static_cast<double>(i) * step;
  return x - std::floor(x);
}

struct States {
  std::vector<double> need, satisfied, over;
};

/// share(i): x / n of recipient i. Every seventh has no need.
States states(std::size_t count, const std::function<double(std::size_t)>& share) {
  States all;
  for (std::size_t i = 0; i < count; ++i) {
    all.need.push_back(i % 7 == 3 ? 0.0 : 1.0 + 9.0 * noise(i, 0.6180339887));
    all.satisfied.push_back(all.need.back() * share(i));
    all.over.push_back(noise(i, 0.4142135623));
  }
  return all;
}

void check(const States& all) {
  Communicator& job = ranks();
  const std::vector<RankPart> parts = split_rows(all.need.size(), job.size());
  const RankPart own = parts[static_cast<std::size_t>(job.rank())];
  const auto part = [own](const std::vector<double>& values) {
    return std::span(values).subspan(own.first, own.count);
  };
  CAPTURE(all.need.size());
  const Satisfaction wanted =
      measure_satisfaction(all.need, all.satisfied, all.over, 3.5, 0.01, Threads::one);
  const Satisfaction found = measure_on_ranks(job, parts, part(all.need), part(all.satisfied),
                                              part(all.over), 3.5, 0.01, Threads::all);
  CHECK(bits_of(found) == bits_of(wanted));
}

const std::size_t kCounts[]{513, 4100};

TEST_CASE("figures over ranks are those of one, whatever the shares") {
  for (const std::size_t count : kCounts) {
    check(states(count, [](std::size_t i) { return noise(i, 0.7320508); }));
    check(states(count, [count](std::size_t i) {  // each rank's all below the next one's
      return static_cast<double>(i) / static_cast<double>(count);
    }));
    check(states(count, [count](std::size_t i) {
      return static_cast<double>(count - i) / static_cast<double>(count);
    }));
  }
}

TEST_CASE("figures over ranks are those of one where most shares are equal") {
  for (const std::size_t count : kCounts) {
    check(states(count, [](std::size_t) { return 1.0; }));
    check(states(count, [](std::size_t i) { return i == 7 ? 1e-300 : 0.0; }));
    check(states(count, [](std::size_t i) { return i % 3 == 0 ? 0.5 : 0.25; }));
    check(states(count,
                 [](std::size_t i) { return i < 40 ? 1e-300 * static_cast<double>(i) : 1.0; }));
  }
}

TEST_CASE("figures over ranks are those of one where nobody has need, or one alone") {
  for (const std::size_t count : {0, 1, 1537}) {
    States all = states(count, [](std::size_t) { return 1.0; });
    all.need.assign(count, 0.0);
    check(all);
    if (count == 0) continue;
    all.need.back() = 2.0;
    check(all);
  }
}

}  // namespace
}  // namespace needflow
