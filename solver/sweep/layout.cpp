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

int choose_lanes(const RunSizes& sizes) {
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
  // A trace wants to see every round of its run, and episodes follow one another.
  if (!sizes.one_by_one) layout.lanes = forced_lanes.value_or(choose_lanes(sizes));
  const std::int64_t work = sizes.entries * layout.lanes;
  const bool one_batch = sizes.runs <= layout.lanes;
  layout.shares_rows = work >= kWorkToShareRows || (one_batch && work >= kEntriesForThreads);
  return layout;
}

std::string layout_text(const Layout& layout) {
  const std::string lanes = layout.lanes == 1 ? "one lane" : fmt::format("{} lanes", layout.lanes);
  return lanes + (layout.shares_rows ? ", rows shared by all threads" : ", a batch a thread");
}

}  // namespace needflow
