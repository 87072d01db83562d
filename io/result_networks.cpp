#include "io/result_networks.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "io/result_agents.hpp"

namespace needflow {

namespace {

using M = const GraphMetrics&;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr NetworkMetric kMetrics[] = {
    {"network_diameter", "longest shortest path within a component, -1 where only bounds are known",
     "hops", nullptr,
     [](M m) {
       return m.diameter_at_least == m.diameter_at_most ? m.diameter_at_least : std::int64_t{-1};
     }},
    {"network_diameter_at_least", "lower bound of the diameter", "hops", nullptr,
     [](M m) { return m.diameter_at_least; }},
    {"network_diameter_at_most", "upper bound of the diameter", "hops", nullptr,
     [](M m) { return m.diameter_at_most; }},
    {"network_mean_path", "mean hops of a shortest path, over pairs that have one", "hops",
     [](M m) { return m.mean_path.value; }, nullptr},
    {"network_mean_path_error", "standard error of network_mean_path, 0 where it is exact", "hops",
     [](M m) { return m.mean_path.error; }, nullptr},
    {"network_sources", "agents that distances were measured from; all of them: exact", "agents",
     nullptr, [](M m) { return m.sources; }},
    {"network_clustering", "mean local clustering of agents with two links or more", "1",
     [](M m) { return m.clustering.value; }, nullptr},
    {"network_clustering_error", "standard error of network_clustering, 0 where it is exact", "1",
     [](M m) { return m.clustering.error; }, nullptr},
    {"network_triangles", "triangles, -1 where only a sample was counted", "1", nullptr,
     [](M m) { return m.triangles; }},
    {"network_components", "connected components", "1", nullptr, [](M m) { return m.components; }},
    {"network_largest_component", "agents of the largest component", "agents", nullptr,
     [](M m) { return m.largest_component; }},
    {"network_unreachable_share", "share of ordered pairs without a path", "1",
     [](M m) { return hop_share(m, 0); }, nullptr},
    {"network_connection_reduction", "1 - links / links of the full mesh", "1",
     [](M m) { return m.connection_reduction; }, nullptr},
    {"network_over_50_links", "agents with more than 50 links", "agents", nullptr,
     [](M m) { return m.over_50_links; }},
    {"network_over_100_links", "agents with more than 100 links", "agents", nullptr,
     [](M m) { return m.over_100_links; }},
};

constexpr NetworkMetric kDetails[] = {
    {"network_agents", "agents", "agents", nullptr, [](M m) { return m.nodes; }},
    {"network_edges", "links of the network, each counted once", "1", nullptr,
     [](M m) { return m.edges; }},
    {"network_mean_degree", "mean links of an agent", "1", [](M m) { return m.mean_degree; },
     nullptr},
    {"network_spectral_gap", "1 - |second eigenvalue| of the random walk", "1",
     [](M m) { return m.spectral_gap; }, nullptr},
    {"network_load_sources", "agents whose shortest paths were counted, 0: none", "agents", nullptr,
     [](M m) { return m.edge_load.sources; }},
    {"network_load_mean", "shortest paths over a link, mean", "1",
     [](M m) { return m.edge_load.sources > 0 ? m.edge_load.mean : kNaN; }, nullptr},
    {"network_load_p99", "shortest paths over a link, 99th percentile", "1",
     [](M m) { return m.edge_load.sources > 0 ? m.edge_load.p99 : kNaN; }, nullptr},
    {"network_load_largest", "shortest paths over a link, the most of any", "1",
     [](M m) { return m.edge_load.sources > 0 ? m.edge_load.largest : kNaN; }, nullptr},
};

std::int64_t pairs_of(const GraphMetrics& metrics) {
  return std::accumulate(metrics.hop_pairs.begin(), metrics.hop_pairs.end(),
                         metrics.unreachable_pairs);
}

/// The values of one dataset, a cell each. Neighbours are of one network more often than not.
template <class T, class Get>
std::span<const T> fill_column(std::span<const GraphMetrics* const> cells, T missing,
                               const Get& get, std::vector<T>& values) {
  values.resize(cells.size());
  const GraphMetrics* last = nullptr;
  T value = missing;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] != last) {
      last = cells[i];
      value = last == nullptr ? missing : get(*last);
    }
    values[i] = value;
  }
  return values;
}

void write_columns(hid_t where, const Shape& shape, const std::vector<const H5Handle*>& scales,
                   std::span<const GraphMetrics* const> cells,
                   std::span<const NetworkMetric> metrics) {
  // One after the other in the same memory: of a million cells each new vector would be 8 MB that
  // the system has to clear.
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  for (const NetworkMetric& metric : metrics) {
    const Described what{metric.name, metric.unit, metric.long_name};
    const H5Handle dataset =
        metric.real != nullptr
            ? write_dataset(where, what, shape, fill_column(cells, kNaN, metric.real, reals))
            : write_dataset(where, what, shape,
                            fill_column(cells, std::int64_t{-1}, metric.integer, integers));
    attach_scales(dataset, scales);
  }
}

void write_degrees(hid_t where, Shape shape, std::vector<const H5Handle*> scales,
                   std::span<const GraphMetrics* const> cells) {
  std::size_t lengths = 1;
  for (const GraphMetrics* cell : cells) {
    if (cell != nullptr) lengths = std::max(lengths, cell->degree_histogram.size());
  }
  std::vector<std::int64_t> degrees(lengths);
  std::iota(degrees.begin(), degrees.end(), std::int64_t{0});
  const H5Handle scale = write_counting_scale(where, {"degree", "1", "links of an agent"}, degrees);
  std::vector<std::int64_t> agents(cells.size() * lengths, 0);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] == nullptr) {
      std::fill_n(agents.begin() + static_cast<std::ptrdiff_t>(i * lengths), lengths, -1);
      continue;
    }
    std::copy(cells[i]->degree_histogram.begin(), cells[i]->degree_histogram.end(),
              agents.begin() + static_cast<std::ptrdiff_t>(i * lengths));
  }
  shape.push_back(lengths);
  scales.push_back(&scale);
  const H5Handle dataset =
      write_dataset(where, {"degree_agents", "agents", "agents with that many links"}, shape,
                    std::span<const std::int64_t>(agents));
  attach_scales(dataset, scales);
}

void write_hop_shares(hid_t where, Shape shape, std::vector<const H5Handle*> scales,
                      std::span<const GraphMetrics* const> cells) {
  std::size_t farthest = 1;
  for (const GraphMetrics* cell : cells) {
    if (cell != nullptr) farthest = std::max(farthest, cell->hop_pairs.size() - 1);
  }
  std::vector<std::int64_t> hops(farthest);
  std::iota(hops.begin(), hops.end(), std::int64_t{1});
  const H5Handle scale = write_counting_scale(where, {"hops", "1", "links of a path"}, hops);
  std::vector<double> shares(cells.size() * farthest, kNaN);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] == nullptr) continue;
    double* const row = &shares[i * farthest];
    if (i > 0 && cells[i] == cells[i - 1]) {
      std::copy_n(row - farthest, farthest, row);
      continue;
    }
    for (std::size_t h = 1; h <= farthest; ++h) row[h - 1] = hop_share(*cells[i], h);
  }
  shape.push_back(farthest);
  scales.push_back(&scale);
  const H5Handle dataset = write_dataset(
      where, {"hop_share", "1", "share of ordered pairs of agents that many hops apart"}, shape,
      std::span<const double>(shares));
  attach_scales(dataset, scales);
}

}  // namespace

std::span<const NetworkMetric> network_metrics() { return kMetrics; }

double hop_share(const GraphMetrics& metrics, std::size_t hops) {
  const std::int64_t pairs = pairs_of(metrics);
  if (pairs == 0) return kNaN;
  std::int64_t these = 0;
  if (hops == 0) {
    these = metrics.unreachable_pairs;
  } else if (hops < metrics.hop_pairs.size()) {
    these = metrics.hop_pairs[hops];
  }
  return static_cast<double>(these) / static_cast<double>(pairs);
}

void write_network_metrics(hid_t where, const Shape& shape,
                           const std::vector<const H5Handle*>& scales,
                           std::span<const GraphMetrics* const> cells) {
  write_columns(where, shape, scales, cells, kMetrics);
  write_hop_shares(where, shape, scales, cells);
}

void write_network_details(hid_t where, const Shape& shape,
                           const std::vector<const H5Handle*>& scales,
                           std::span<const GraphMetrics* const> cells) {
  write_columns(where, shape, scales, cells, kDetails);
  write_degrees(where, shape, scales, cells);
}

}  // namespace needflow
