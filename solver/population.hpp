// M1: needs and capacities, generated or given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "solver/settings.hpp"

namespace needflow {

/// Needs and capacities, one vector a need type: need[type][recipient], capacity[type][provider].
struct Amounts {
  std::vector<std::vector<double>> need;
  std::vector<std::vector<double>> capacity;

  [[nodiscard]] std::size_t types() const { return need.size(); }
};

/// Why no population can be drawn from these settings, or an empty text.
[[nodiscard]] std::string population_problem(const PopulationSettings& settings);

/// Draws needs and capacities of N agents. Every draw is keyed by (network, replicate, agent)
/// alone, so points that differ in a ratio or a size share their draws. An agent is a provider, or
/// a recipient, for all types or for none. Capacities are not yet scaled.
/// Of another episode (from 0) the amounts are others, but the same agents have some: roles are not
/// drawn anew, for trust is in agents of a role.
[[nodiscard]] Amounts draw_population(const PopulationSettings& settings, std::size_t agents,
                                      std::uint64_t seed, std::uint32_t network,
                                      std::uint32_t replicate, std::uint32_t episode = 0);
/// The same of agents [first, first + count) alone. Who belongs to a fraction is decided among all:
/// with fractions below 1 that takes 16 bytes for each of the `agents`.
[[nodiscard]] Amounts draw_population_part(const PopulationSettings& settings, std::size_t agents,
                                           std::size_t first, std::size_t count, std::uint64_t seed,
                                           std::uint32_t network, std::uint32_t replicate,
                                           std::uint32_t episode = 0);

/// What capacities are to be multiplied by so that total capacity / total need = ratio. Throws
/// InvalidPoint when a ratio > 0 meets a type without need or without capacity; `type` of `types`
/// is for the message.
[[nodiscard]] double supply_factor(double total_need, double total_capacity, double ratio,
                                   std::size_t type, std::size_t types);

/// Scales all capacities of each type by its supply_factor().
void apply_supply_ratio(Amounts& amounts, double ratio);

}  // namespace needflow
