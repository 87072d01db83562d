// M4: what a network looks like – degrees, components, distances, clustering, how fast reputation
// spreads over it, where traffic gathers. Results in their own right, and the first thing to ask of
// a network that somebody else brings.
//
// Distances, clustering and triangles are exact up to a stated size and from a sample above it,
// with a standard error and said so. A pure function of the network, the options and the seed:
// never of threads, time or SIMD target.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/parallel.hpp"
#include "solver/network.hpp"

namespace needflow {

/// What is measured, and from how many agents where a whole network is too much.
struct MetricOptions {
  /// Up to here distances start at every agent. A mesh of N agents with k links costs some
  /// 2.5 N² k / 512 cache lines: with k = 20, 10 ms for 1e4 agents and 3 s for 1e5 on one thread.
  std::int64_t exact_agents = 20'000;
  std::int64_t sources = 256;  ///< agents that distances start at above; at least 64
  /// Up to so many lookups (kernels/triangles.hpp: TriangleCounter::work) every triangle is
  /// counted; above, those of 16 agents a source.
  std::int64_t exact_entries = std::int64_t{1} << 27;
  bool exact_diameter = true;  ///< above exact_agents: bounds that are drawn together (iFUB) ...
  std::int64_t diameter_searches = 1024;  ///< ... by so many searches at most
  bool spectrum = false;
  bool betweenness = false;
  std::int64_t exact_load_agents = 2'000;  ///< up to here from all agents, else from `sources`
};

/// A mean over a sample of agents, or over all of them: then the error is 0.
struct Estimate {
  double value = 0.0;  ///< NaN where nothing could be averaged
  double error = 0.0;  ///< standard error, for a sample without replacement from so many agents
};

/// How much the links are used by shortest paths: edge betweenness over ordered pairs (half of it
/// is NetworkX's, not normalised), where paths share a pair equally. From a sample, scaled to all
/// (PairWeight in kernels/betweenness.hpp says how); its extremes are those of noisy numbers, so
/// somewhat high.
struct EdgeLoad {
  std::int64_t sources = 0;  ///< agents whose shortest paths were counted; 0: not measured
  double mean = 0.0;         ///< ordered pairs whose shortest path crosses an edge, on average
  double largest = 0.0;      ///< the most of any edge, same unit
  double p99 = 0.0;
};

struct GraphMetrics {
  std::int64_t nodes = 0;
  std::int64_t edges = 0;
  std::int64_t bridges = 0;                    ///< of them added so that no component stands alone
  std::vector<std::int64_t> degree_histogram;  ///< [d]: agents with d links, 0 to the largest
  double mean_degree = 0.0;
  double connection_reduction = 0.0;  ///< 1 − edges / (N (N − 1) / 2); 0 for one agent
  std::int64_t over_50_links = 0;     ///< agents beyond the seed's limit of 50 … 100 connections
  std::int64_t over_100_links = 0;

  std::int64_t components = 0;
  std::int64_t largest_component = 0;  ///< agents

  std::int64_t sources = 0;  ///< agents that distances were measured from; all of them: exact
  std::vector<std::int64_t>
      hop_pairs;                       ///< [h]: ordered pairs (source, other) h hops apart; [0] = 0
  std::int64_t unreachable_pairs = 0;  ///< ordered pairs (source, other) without a path
  /// Hops, over pairs with a path; NaN without any. Error: of the ratio (sum of hops) / (pairs)
  /// of a source over the sources (W. G. Cochran, Sampling Techniques, 6.3).
  Estimate mean_path;
  std::int64_t diameter_at_least = 0;  ///< longest shortest path within a component
  std::int64_t diameter_at_most = 0;   ///< equal where it is known exactly

  std::int64_t triangles = -1;  ///< −1 where only a sample was counted
  /// Mean local coefficient, agents with fewer than two links left out (M4; NetworkX's
  /// average_clustering counts them as 0 unless count_zeros is off, which leaves out others too).
  Estimate clustering;
  std::int64_t clustering_agents = 0;  ///< agents that the mean is over

  /// 1 − |second eigenvalue| of the random walk; NaN: not measured, or one agent. The second of
  /// largest modulus, so 0 for a bipartite network (−1 is an eigenvalue: the walk alternates for
  /// ever) and for one in several components (1 is one twice).
  double spectral_gap = std::numeric_limits<double>::quiet_NaN();
  double spectral_residual = 0.0;  ///< an eigenvalue lies so near
  EdgeLoad edge_load;

  [[nodiscard]] bool exact_distances() const { return sources == nodes; }
};

/// Measures a network, its blocks on the threads of the caller's arena.
[[nodiscard]] GraphMetrics measure_network(const Network& network, const MetricOptions& options,
                                           std::uint64_t seed, Threads threads);

}  // namespace needflow
