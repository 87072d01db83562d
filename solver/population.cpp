#include "solver/population.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/reduce.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

/// Sets the amount of every agent outside the chosen share to 0: the max(1, ⌊share·N + ½⌋) agents
/// with the smallest draws are kept (ties to the smaller id). The amounts are those of the agents
/// from first.agent on.
void keep_fraction(std::vector<std::vector<double>>& amounts, double share, std::size_t agents,
                   const RandomStream& stream, const DrawKey& first) {
  const double wanted = std::floor(share * static_cast<double>(agents) + 0.5);
  const std::size_t kept = std::max<std::size_t>(1, static_cast<std::size_t>(wanted));
  if (kept >= agents) return;
  std::vector<std::pair<double, std::size_t>> draws(agents);
  for (std::size_t i = 0; i < agents; ++i) {
    DrawKey key = first;
    key.agent = static_cast<std::uint32_t>(i);
    draws[i] = {uniform01(stream, key), i};
  }
  std::nth_element(draws.begin(), draws.begin() + static_cast<std::ptrdiff_t>(kept), draws.end());
  for (std::size_t rank = kept; rank < agents; ++rank) {
    const std::size_t place = draws[rank].second - first.agent;  // wraps below the first
    if (place >= amounts.front().size()) continue;
    for (auto& type : amounts) type[place] = 0.0;
  }
}

std::vector<std::vector<double>> draw_amounts(const AmountDistribution& distribution,
                                              std::size_t agents, std::int64_t types,
                                              std::uint64_t seed, const char* name,
                                              const DrawKey& first) {
  std::vector<std::vector<double>> amounts(static_cast<std::size_t>(types));
  for (std::size_t type = 0; type < amounts.size(); ++type) {
    amounts[type].resize(agents);
    fill(amounts[type], RandomStream(seed, name, type), first, distribution);
  }
  return amounts;
}

}  // namespace

std::string population_problem(const PopulationSettings& settings) {
  const auto uniform_problem = [](const char* key, AmountKind kind, double cv) -> std::string {
    if (kind != AmountKind::uniform || cv <= kLargestUniformCv) return {};
    return fmt::format("{} = {} is above 1/sqrt(3) = 0.5773…, where uniform amounts turn negative",
                       key, cv);
  };
  const std::string need = uniform_problem("population.need_cv", settings.need, settings.need_cv);
  return need.empty()
             ? uniform_problem("population.capacity_cv", settings.capacity, settings.capacity_cv)
             : need;
}

Amounts draw_population(const PopulationSettings& settings, std::size_t agents, std::uint64_t seed,
                        std::uint32_t network, std::uint32_t replicate, std::uint32_t episode) {
  return draw_population_part(settings, agents, 0, agents, seed, network, replicate, episode);
}

Amounts draw_population_part(const PopulationSettings& settings, std::size_t agents,
                             std::size_t first_agent, std::size_t count, std::uint64_t seed,
                             std::uint32_t network, std::uint32_t replicate,
                             std::uint32_t episode) {
  if (const std::string problem = population_problem(settings); !problem.empty()) {
    throw InvalidPoint(problem);
  }
  const DrawKey first{network, replicate, static_cast<std::uint32_t>(first_agent), 0};
  DrawKey of_episode = first;
  of_episode.other = episode;
  // The mean capacity is immaterial: the supply ratio scales it.
  const AmountDistribution need(settings.need, settings.need_mean, settings.need_cv);
  const AmountDistribution capacity(settings.capacity, 1.0, settings.capacity_cv);
  Amounts amounts;
  amounts.need = draw_amounts(need, count, settings.types, seed, "need", of_episode);
  amounts.capacity = draw_amounts(capacity, count, settings.types, seed, "capacity", of_episode);
  keep_fraction(amounts.need, settings.recipient_fraction, agents, RandomStream(seed, "recipient"),
                first);
  keep_fraction(amounts.capacity, settings.provider_fraction, agents,
                RandomStream(seed, "provider"), first);
  return amounts;
}

double supply_factor(double total_need, double total_capacity, double ratio, std::size_t type,
                     std::size_t types) {
  if (ratio > 0.0 && !(total_need > 0.0 && total_capacity > 0.0)) {
    throw InvalidPoint(fmt::format(
        "supply_ratio = {} cannot be had: total need {}, total capacity {}{}", ratio, total_need,
        total_capacity, types > 1 ? fmt::format(" of type {}", type + 1) : ""));
  }
  return ratio > 0.0 ? ratio * total_need / total_capacity : 0.0;
}

void apply_supply_ratio(Amounts& amounts, double ratio) {
  for (std::size_t type = 0; type < amounts.types(); ++type) {
    const double need = block_sum(amounts.need[type]);
    const double capacity = block_sum(amounts.capacity[type]);
    const double factor = supply_factor(need, capacity, ratio, type, amounts.types());
    for (double& amount : amounts.capacity[type]) amount *= factor;
  }
}

}  // namespace needflow
