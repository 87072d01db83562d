#include "solver/graph_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string_view>

#include "kernels/betweenness.hpp"
#include "kernels/bfs.hpp"
#include "kernels/graph.hpp"
#include "kernels/random.hpp"
#include "kernels/reduce.hpp"
#include "kernels/spectrum.hpp"
#include "kernels/triangles.hpp"
#include "solver/agent_samples.hpp"
#include "solver/graph_diameter.hpp"

namespace needflow {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kFewestSources = 64;
constexpr std::int64_t kClusteringAgentsASource = 16;

/// √((1 − n / N) s² / n) of n values out of N, given Σ (value − mean)².
double standard_error(double squares, std::size_t drawn, std::size_t all) {
  const auto n = static_cast<double>(drawn);
  if (drawn < 2) return kNan;
  return std::sqrt((1.0 - n / static_cast<double>(all)) * squares / (n - 1.0) / n);
}

void measure_degrees(const Network& network, GraphMetrics& metrics) {
  const std::size_t nodes = network.agents();
  metrics.nodes = static_cast<std::int64_t>(nodes);
  metrics.edges = network.edges();
  metrics.bridges = network.bridges;
  for (std::size_t i = 0; i < nodes; ++i) {
    const auto degree = static_cast<std::size_t>(network.degree(i));
    if (metrics.degree_histogram.size() <= degree) metrics.degree_histogram.resize(degree + 1);
    ++metrics.degree_histogram[degree];
  }
  for (std::size_t degree = 51; degree < metrics.degree_histogram.size(); ++degree) {
    metrics.over_50_links += metrics.degree_histogram[degree];
    if (degree > 100) metrics.over_100_links += metrics.degree_histogram[degree];
  }
  if (nodes == 0) return;
  const auto n = static_cast<double>(nodes);
  const auto edges = static_cast<double>(metrics.edges);
  metrics.mean_degree = 2.0 * edges / n;
  if (nodes > 1) metrics.connection_reduction = 1.0 - edges / (n * (n - 1.0) / 2.0);
}

/// Mean and error of the ratio Σ hops / Σ pairs over the sources.
Estimate mean_path_of(const HopCounts& counts, const Components& components,
                      std::span<const Index> sources) {
  double hops = 0.0;  // integers below 2^53: exact in any order
  double pairs = 0.0;
  for (std::size_t h = 1; h < counts.pairs.size(); ++h) {
    pairs += static_cast<double>(counts.pairs[h]);
    hops += static_cast<double>(counts.pairs[h]) * static_cast<double>(h);
  }
  if (pairs == 0.0) return {kNan, 0.0};
  Estimate mean{hops / pairs, 0.0};
  if (counts.hops.empty()) return mean;
  const double squares = block_sum(sources.size(), Threads::one, [&](std::size_t s) {
    const double reached = components.size_around(sources[s]) - 1;
    const double off = static_cast<double>(counts.hops[s]) - mean.value * reached;
    return off * off;
  });
  mean.error = standard_error(squares, sources.size(), components.number.size()) /
               (pairs / static_cast<double>(sources.size()));
  return mean;
}

void measure_distances(const Network& network, const MetricOptions& options,
                       const Components& components, std::span<const Index> sources,
                       Threads threads, GraphMetrics& metrics) {
  const bool exact = sources.size() == network.agents();
  const HopCounts counts = count_hops(network.offsets, network.columns, components, sources,
                                      exact ? HopSums::none : HopSums::per_source, threads);
  metrics.sources = static_cast<std::int64_t>(sources.size());
  metrics.hop_pairs = counts.pairs;
  metrics.unreachable_pairs = counts.unreachable;
  metrics.mean_path = mean_path_of(counts, components, sources);
  if (exact) {
    metrics.diameter_at_least = static_cast<std::int64_t>(counts.pairs.size()) - 1;
    metrics.diameter_at_most = metrics.diameter_at_least;
    return;
  }
  DiameterBounds bounds = trivial_bounds(components);
  for (std::size_t s = 0; s < sources.size(); ++s) {
    bounds.note(components.number[static_cast<std::size_t>(sources[s])], counts.eccentricity[s]);
  }
  if (options.exact_diameter) {
    tighten_bounds(network, components, options.diameter_searches, threads, bounds);
  }
  metrics.diameter_at_least = bounds.at_least;
  metrics.diameter_at_most = std::max(bounds.at_least, bounds.most());
}

/// Share of an agent's pairs of neighbours that are linked; 0 where there is no pair.
double local_clustering(std::int64_t triangles, std::int64_t degree) {
  if (degree < 2) return 0.0;
  return static_cast<double>(2 * triangles) / static_cast<double>(degree * (degree - 1));
}

void measure_clustering(const Network& network, const MetricOptions& options, std::uint64_t seed,
                        Threads threads, GraphMetrics& metrics) {
  const std::size_t nodes = network.agents();
  const TriangleCounter counter(network.offsets, network.columns);
  std::vector<Index> with_pairs;
  for (std::size_t i = 0; i < nodes; ++i) {
    if (network.degree(i) >= 2) with_pairs.push_back(static_cast<Index>(i));
  }
  metrics.clustering = {kNan, 0.0};
  const auto average = [&](std::span<const Index> agents, const auto& triangles_of) {
    const auto coefficient = [&](std::size_t a) {
      return local_clustering(triangles_of(a), network.degree(static_cast<std::size_t>(agents[a])));
    };
    metrics.clustering_agents = static_cast<std::int64_t>(agents.size());
    if (agents.empty()) return;
    const double sum = block_sum(agents.size(), threads, coefficient);
    const double mean = sum / static_cast<double>(agents.size());
    metrics.clustering.value = mean;
    if (agents.size() == with_pairs.size()) return;
    const double squares = block_sum(agents.size(), threads, [&](std::size_t a) {
      const double off = coefficient(a) - mean;
      return off * off;
    });
    metrics.clustering.error = standard_error(squares, agents.size(), with_pairs.size());
  };
  if (counter.work() <= options.exact_entries) {
    const std::vector<std::int64_t> triangles = counter.count(threads);
    metrics.triangles = std::accumulate(triangles.begin(), triangles.end(), std::int64_t{0}) / 3;
    average(with_pairs,
            [&](std::size_t a) { return triangles[static_cast<std::size_t>(with_pairs[a])]; });
    return;
  }
  const std::int64_t wanted = kClusteringAgentsASource * std::max(kFewestSources, options.sources);
  const std::vector<Index> agents =
      sample_of(with_pairs, static_cast<std::size_t>(wanted), seed, "metrics clustering");
  const std::vector<std::int64_t> triangles =
      triangles_at(network.offsets, network.columns, agents, threads);
  average(agents, [&](std::size_t a) { return triangles[a]; });
}

/// Whether no link joins two agents at distances of equal parity from any one of their component.
bool bipartite(const Network& network) {
  HopSearch search(network.offsets, network.columns);
  search.run(0);
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (auto e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
      const Index to = network.columns[static_cast<std::size_t>(e)];
      if ((search.distance(static_cast<Index>(i)) + search.distance(to)) % 2 == 0) return false;
    }
  }
  return true;
}

void measure_spectrum(const Network& network, std::uint64_t seed, Threads threads,
                      GraphMetrics& metrics) {
  if (metrics.nodes < 2) return;
  metrics.spectral_gap = 0.0;
  if (metrics.components > 1 || bipartite(network)) return;
  const RandomStream stream(seed, "metrics spectrum");
  std::vector<double> start(network.agents());
  for (std::size_t i = 0; i < start.size(); ++i) {
    start[i] = uniform01(stream, {.agent = static_cast<std::uint32_t>(i)}) - 0.5;
  }
  const SecondEigenvalue second =
      second_eigenvalue(network.offsets, network.columns, start, {}, threads);
  metrics.spectral_gap = std::max(0.0, 1.0 - std::abs(second.value));
  metrics.spectral_residual = second.residual;
}

void measure_betweenness(const Network& network, std::span<const Index> sources, Threads threads,
                         GraphMetrics& metrics) {
  if (metrics.edges == 0) return;
  const auto weight =
      sources.size() == network.agents() ? PairWeight::whole : PairWeight::by_position;
  std::vector<double> loads =
      edge_loads(network.offsets, network.columns, sources, weight, threads);
  const double scale = static_cast<double>(network.agents()) / static_cast<double>(sources.size());
  EdgeLoad& load = metrics.edge_load;
  load.sources = static_cast<std::int64_t>(sources.size());
  load.mean = block_sum(std::span<const double>(loads), threads) * scale /
              static_cast<double>(loads.size());
  const auto at_p99 = loads.begin() + static_cast<std::ptrdiff_t>((loads.size() - 1) * 99 / 100);
  std::nth_element(loads.begin(), at_p99, loads.end());
  load.p99 = *at_p99 * scale;
  load.largest = *std::max_element(at_p99, loads.end()) * scale;
}

}  // namespace

GraphMetrics measure_network(const Network& network, const MetricOptions& options,
                             std::uint64_t seed, Threads threads) {
  GraphMetrics metrics;
  measure_degrees(network, metrics);
  const Components components =
      number_components(component_labels(network.offsets, network.columns));
  metrics.components = static_cast<std::int64_t>(components.sizes.size());
  for (const Index size : components.sizes) {
    metrics.largest_component = std::max<std::int64_t>(metrics.largest_component, size);
  }
  const auto sources_up_to = [&](std::int64_t exact) {
    if (metrics.nodes <= exact) return counted(network.agents());
    const std::int64_t wanted = std::max(kFewestSources, options.sources);
    return sample_of(counted(network.agents()), static_cast<std::size_t>(wanted), seed,
                     "metrics sources");
  };
  const std::vector<Index> sources = sources_up_to(options.exact_agents);
  measure_distances(network, options, components, sources, threads, metrics);
  measure_clustering(network, options, seed, threads, metrics);
  if (options.spectrum) measure_spectrum(network, seed, threads, metrics);
  if (options.betweenness) {
    measure_betweenness(network, sources_up_to(options.exact_load_agents), threads, metrics);
  }
  return metrics;
}

}  // namespace needflow
