// Measures a graph from standard input and prints its metrics as JSON: a helper of
// test_metrics_libraries.py. Input: the number of nodes, then two nodes an edge.
// usage: measure_edges [exact_agents [sources]]
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "solver/graph_metrics.hpp"

namespace {

using namespace needflow;

std::string number(double value) {
  return std::isnan(value) ? "null" : fmt::format("{:.17g}", value);
}

std::string counts(const std::vector<std::int64_t>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

std::string as_json(const GraphMetrics& m) {
  std::string text = fmt::format(
      R"({{"nodes": {}, "edges": {}, "degree_histogram": {}, "components": {}, "largest": {}, )",
      m.nodes, m.edges, counts(m.degree_histogram), m.components, m.largest_component);
  text += fmt::format(
      R"("sources": {}, "hop_pairs": {}, "unreachable": {}, "mean_path": {}, "mean_path_error": {}, )",
      m.sources, counts(m.hop_pairs), m.unreachable_pairs, number(m.mean_path.value),
      number(m.mean_path.error));
  text += fmt::format(
      R"("diameter": [{}, {}], "triangles": {}, "clustering": {}, "clustering_agents": {}, )",
      m.diameter_at_least, m.diameter_at_most, m.triangles, number(m.clustering.value),
      m.clustering_agents);
  text += fmt::format(
      R"("gap": {}, "load_mean": {}, "load_largest": {}, "load_p99": {}, "reduction": {}}})",
      number(m.spectral_gap), number(m.edge_load.mean), number(m.edge_load.largest),
      number(m.edge_load.p99), number(m.connection_reduction));
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t nodes = 0;
  std::cin >> nodes;
  std::vector<std::pair<Index, Index>> edges;
  for (Index a = 0, b = 0; std::cin >> a >> b;) edges.emplace_back(a, b);
  MetricOptions options{.spectrum = true, .betweenness = true};
  options.exact_agents = argc > 1 ? std::stoll(argv[1]) : std::numeric_limits<std::int64_t>::max();
  if (argc > 2) options.sources = std::stoll(argv[2]);
  const Network network = network_from_edges(nodes, edges);
  std::cout << as_json(measure_network(network, options, 1, Threads::all)) << '\n';
  return 0;
}
