#include "solver/sweep/network_table.hpp"

#include <limits>
#include <utility>

namespace needflow {

MetricOptions metric_options(NetworkMetrics wish) {
  MetricOptions options;
  if (wish == NetworkMetrics::exact) {
    options.exact_agents = std::numeric_limits<std::int64_t>::max();
    options.exact_entries = std::numeric_limits<std::int64_t>::max();
    return options;
  }
  options.exact_agents = 2'000;
  options.sources = 128;
  options.exact_entries = std::int64_t{1} << 20;
  options.exact_diameter = false;
  return options;
}

void NetworkTable::add(std::span<const std::size_t> points, GraphMetrics metrics) {
  networks_.push_back(std::move(metrics));
  for (const std::size_t point : points) {
    of_point_[point] = static_cast<std::uint32_t>(networks_.size());
  }
}

}  // namespace needflow
