// Needs and capacities of points. Points that differ in a supply ratio or in how rounds go share
// their draws: the ratio is a factor, not another draw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "solver/population.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// Amounts as drawn, or as files give them, and the totals of each need type.
struct Draw {
  Amounts amounts;
  std::vector<double> total_need;
  std::vector<double> total_capacity;
};

/// Draws populations of one network and keeps the last one. One a thread.
class DrawCache {
 public:
  DrawCache(const Sweep& sweep, std::size_t agents) : sweep_(sweep), agents_(agents) {}

  /// The draw of a point in an episode (from 0). Throws InvalidPoint where there is none.
  [[nodiscard]] std::shared_ptr<const Draw> draw_of(const Point& point, std::uint32_t episode = 0);

 private:
  const Sweep& sweep_;
  std::size_t agents_;
  std::shared_ptr<const Draw> last_;
  PopulationSettings population_;
  std::uint64_t seed_ = 0;
  std::uint32_t network_ = 0;
  std::uint32_t replicate_ = 0;
  std::uint32_t episode_ = 0;
};

/// What all capacities of a need type are to be multiplied by for the point's supply ratio; 1
/// without one. Throws InvalidPoint when a ratio > 0 meets a type without need or capacity.
[[nodiscard]] double capacity_factor(const Draw& draw, const Point& point, std::size_t type);

}  // namespace needflow
