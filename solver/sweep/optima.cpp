#include "solver/sweep/optima.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "solver/network.hpp"

namespace needflow {

std::int64_t entries_of_runs(const Sweep& sweep, std::int64_t most) {
  PointReader reader(sweep);
  const bool generated = sweep.instance->source == Source::generated;
  const auto runs = static_cast<std::int64_t>(sweep.runs_per_point());
  std::int64_t all = 0;
  for (std::size_t i = 0; i < sweep.points() && all <= most; ++i) {
    if (sweep.excludes(i)) continue;
    const std::int64_t entries = generated ? expected_entries(reader.at(i).settings.network)
                                           : sweep.instance->recognition.provider_rows.entries();
    // At least one, so that the loop ends; settings that make no network may say anything.
    all += std::clamp<std::int64_t>(entries, 1, most + 1) * runs;
  }
  return std::min(all, most + 1);
}

void decide_optima(Sweep& sweep) {
  const auto decide = [&sweep](OptimumWish wish, std::int64_t most) {
    if (wish != OptimumWish::automatic) return wish == OptimumWish::on;
    return entries_of_runs(sweep, most) <= most;
  };
  sweep.optimum = decide(sweep.optimum_wish, kAutomaticOptimum);
  sweep.fairest = decide(sweep.fairest_wish, kAutomaticFairest);
}

OptimumTable::OptimumTable(const Sweep& sweep, const Recognition& recognition)
    : sweep_(sweep), recognition_(recognition), shared_(false) {
  for_each_option(sweep.axes, [this](const Axis& axis) {
    for (const char* section : {"round.", "strategies.", "trust."}) {
      shared_ = shared_ || axis.key.starts_with(section);
    }
  });
}

Optimum OptimumTable::of(const Point& point, std::size_t type, std::span<const double> need,
                         std::span<const double> capacity, double capacity_factor,
                         std::size_t episode) {
  if (!sweep_.optimum && !sweep_.fairest) return {};
  const auto compute = [&] {
    return find_optimum({recognition_.by_provider(), need, capacity, capacity_factor},
                        {sweep_.optimum, sweep_.fairest});
  };
  if (!shared_) return compute();
  Settings settings = point.settings;
  settings.round = {};
  settings.strategies = {};
  settings.trust = {};
  std::shared_ptr<Entry> entry;
  {
    const std::scoped_lock lock(mutex_);
    auto& found = entries_[{run_identity(sweep_, settings), point.replicate, type, episode}];
    if (found == nullptr) found = std::make_shared<Entry>();
    entry = found;
  }
  const std::scoped_lock lock(entry->mutex);
  if (!entry->optimum) entry->optimum = compute();
  return *entry->optimum;
}

bool is_kept(const Metric& metric, const Sweep& sweep) {
  switch (metric.group) {
    case MetricGroup::optimum:
      return sweep.optimum;
    case MetricGroup::fairest:
      return sweep.fairest;
    case MetricGroup::always:
      break;
  }
  return true;
}

void put_optimum(const Optimum& optimum, SettlementKind settlement, Outcome& outcome) {
  outcome.max_flow = optimum.max_flow;
  if (settlement == SettlementKind::stock && !std::isnan(optimum.max_flow)) {
    outcome.efficiency = efficiency(outcome.satisfaction.satisfied_fraction, optimum);
  }
  outcome.fairest_jain = optimum.fairest_jain;
  outcome.fairest_min = optimum.fairest_min;
}

}  // namespace needflow
