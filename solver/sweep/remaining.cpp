#include "solver/sweep/remaining.hpp"

#include <utility>
#include <vector>

namespace needflow {

Plan remaining_plan(Plan plan, std::span<const std::uint8_t> wanted) {
  for (NetworkTask& task : plan.tasks) {
    const std::size_t before = task.points.size();
    std::erase_if(task.points, [&](std::size_t point) { return wanted[point] == 0; });
    // Runs of a task are taken to be alike.
    task.rounds = static_cast<std::int64_t>(static_cast<double>(task.rounds) *
                                            static_cast<double>(task.points.size()) /
                                            static_cast<double>(before));
  }
  std::erase_if(plan.tasks, [](const NetworkTask& task) { return task.points.empty(); });
  std::erase_if(plan.invalid, [&](const InvalidEntry& entry) { return wanted[entry.point] == 0; });
  return plan;
}

std::size_t planned_points(const Plan& plan) {
  std::size_t points = plan.invalid.size();
  for (const NetworkTask& task : plan.tasks) points += task.points.size();
  return points;
}

}  // namespace needflow
