// What is left of a plan once some of its points are done: by an earlier process, another shard …
#pragma once

#include <cstdint>
#include <span>

#include "solver/sweep/plan.hpp"

namespace needflow {

/// The plan without the points for which `wanted[point]` is 0: tasks keep their layout and order,
/// and vanish where no point is left. `plan.points` stays the length of the grid.
[[nodiscard]] Plan remaining_plan(Plan plan, std::span<const std::uint8_t> wanted);

/// How many points the plan runs, or reports as invalid.
[[nodiscard]] std::size_t planned_points(const Plan& plan);

}  // namespace needflow
