#include "solver/sweep/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace needflow {

namespace {

// A pass over 8 lanes costs about two passes over one, over 16 about three: below these counts
// empty lanes would cost more than the others gain.
constexpr std::int64_t kRunsForEight = 3;
constexpr std::int64_t kRunsForSixteen = 12;
// Beyond this size the vectors of 16 lanes leave the second-level cache, and 8 are as fast; rows of
// 16 floats come as fast from there as rows of 8 doubles.
constexpr std::int64_t kAgentsForSixteen = std::int64_t{1} << 14;
// State of a batch; more lanes than fit are not taken.
constexpr std::int64_t kMostBatchBytes = std::int64_t{1} << 32;
constexpr std::int64_t kLaneBytesAnAgent = 160;
// From this size on two batches at once would push each other out of the caches, and memory is what
// runs out first.
constexpr std::int64_t kWorkToShareRows = std::int64_t{1} << 23;

// With trust a lane has weights and counts of its own, six numbers a link and direction, so that
// there is no stream which lanes share: 16 lanes are slower than 8 (bench/episode_lanes.py, k = 20:
// CPU time of one lane over that of 8 and of 16 is 2.1 and 2.0 with N = 100, 1.6 and 1.2 with 1000,
// 1.35 and 1.05 with 10,000). Beyond this many links a batch would hold 100 MB a thread for a gain
// of a third at most, and one lane is taken.
constexpr std::int64_t kEntriesForTrust = std::int64_t{1} << 18;

int choose_lanes(const RunSizes& sizes) {
  if (sizes.trusts) {
    return sizes.runs >= kRunsForEight && sizes.entries <= kEntriesForTrust ? 8 : 1;
  }
  const std::int64_t agents = std::max(sizes.providers, sizes.recipients);
  const auto fits = [agents](std::int64_t lanes) {
    return lanes * kLaneBytesAnAgent * agents <= kMostBatchBytes;
  };
  const bool floats = sizes.state == StatePrecision::f32;
  const bool sixteen = floats ? fits(16) : agents <= kAgentsForSixteen;
  if (sizes.runs >= kRunsForSixteen && sixteen) return 16;
  return sizes.runs >= kRunsForEight && fits(8) ? 8 : 1;
}

}  // namespace

Layout choose_layout(const RunSizes& sizes, std::optional<int> forced_lanes) {
  Layout layout;
  // A trace wants to see every round of its run.
  if (!sizes.one_by_one) layout.lanes = forced_lanes.value_or(choose_lanes(sizes));
  const std::int64_t work = sizes.entries * layout.lanes;
  const bool one_batch = sizes.runs <= layout.lanes;
  layout.shares_rows = work >= kWorkToShareRows || (one_batch && work >= kEntriesForThreads);
  return layout;
}

int batch_lanes(std::size_t runs, int lanes) {
  if (static_cast<std::int64_t>(runs) < kRunsForEight) return 1;
  return runs <= 8 ? std::min(lanes, 8) : lanes;
}

std::string layout_text(const Layout& layout) {
  const std::string lanes = layout.lanes == 1 ? "one lane" : fmt::format("{} lanes", layout.lanes);
  return lanes + (layout.shares_rows ? ", rows shared by all threads" : ", a batch a thread");
}

}  // namespace needflow
