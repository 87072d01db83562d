// A plan dealt out: to the shards of a job array, or in bundles to ranks that ask for work. A pure
// function of the plan and the numbers: every process finds the same without talking to another.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "solver/sweep/plan.hpp"

namespace needflow {

/// Shard `index` of `count`; index from 1. At most kMostShards.
inline constexpr std::size_t kMostShards = 1'000'000;
struct Shard {
  std::size_t index = 1;
  std::size_t count = 1;
};

/// "2/7"; nothing for anything else.
[[nodiscard]] std::optional<Shard> parse_shard(std::string_view text);

/// What a point costs beside others, in visits of one matrix entry by one lane: rounds are assumed,
/// so it only serves to divide work. The larger of the two is the network's, which every process
/// that has some of the task's points builds again.
struct TaskCost {
  double build = 0.0;
  std::vector<double> points;  ///< a point of the task

  [[nodiscard]] double total() const;
};
[[nodiscard]] TaskCost cost_of(const Sweep& sweep, const NetworkTask& task);

/// A shard's tasks: every point is in exactly one shard, invalid ones in the first. Big tasks are
/// divided point by point, so that shards cost the same even where there are fewer networks than
/// shards; others stay whole. `points` stays the whole plan's.
[[nodiscard]] Plan share_of(const Sweep& sweep, const Plan& plan, Shard shard,
                            std::optional<int> forced_lanes = {});

/// The plan, in its order, in bundles for `workers` processes that take one after the other: big
/// tasks divided, bundles smaller towards the end, so that all end together. Invalid points are in
/// the first.
[[nodiscard]] std::vector<Plan> bundles_of(const Sweep& sweep, const Plan& plan,
                                           std::size_t workers,
                                           std::optional<int> forced_lanes = {});

}  // namespace needflow
