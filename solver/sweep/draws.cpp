#include "solver/sweep/draws.hpp"

#include "kernels/reduce.hpp"

namespace needflow {

namespace {

Draw totalled(Amounts amounts) {
  Draw draw{std::move(amounts), {}, {}};
  for (const auto& need : draw.amounts.need) {
    draw.total_need.push_back(block_sum(std::span<const double>(need)));
  }
  for (const auto& capacity : draw.amounts.capacity) {
    draw.total_capacity.push_back(block_sum(std::span<const double>(capacity)));
  }
  return draw;
}

}  // namespace

std::shared_ptr<const Draw> DrawCache::draw_of(const Point& point, std::uint32_t episode) {
  const bool given = sweep_.instance->has_amounts();
  PopulationSettings population = point.settings.population;
  population.supply_ratio.reset();
  const bool same =
      last_ != nullptr && (given || (population == population_ && seed_ == point.settings.seed &&
                                     network_ == point.network && replicate_ == point.replicate &&
                                     episode_ == episode));
  if (same) return last_;
  last_.reset();  // the memory of the old one is not needed beside the new one
  last_ = std::make_shared<const Draw>(
      totalled(given ? sweep_.instance->amounts
                     : draw_population(population, agents_, point.settings.seed, point.network,
                                       point.replicate, episode)));
  population_ = population;
  seed_ = point.settings.seed;
  network_ = point.network;
  replicate_ = point.replicate;
  episode_ = episode;
  return last_;
}

double capacity_factor(const Draw& draw, const Point& point, std::size_t type) {
  const auto& ratio = point.settings.population.supply_ratio;
  if (!ratio) return 1.0;
  return supply_factor(draw.total_need[type], draw.total_capacity[type], *ratio, type,
                       draw.amounts.types());
}

}  // namespace needflow
