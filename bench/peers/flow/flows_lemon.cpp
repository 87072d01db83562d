#include <lemon/preflow.h>
#include <lemon/static_graph.h>

#include <chrono>
#include <utility>

#include "bench/peers/flow/flows.hpp"

std::int64_t lemon_preflow(const FlowCase& flow, double& seconds_building) {
  using Graph = lemon::StaticDigraph;
  const auto start = std::chrono::steady_clock::now();
  const int providers = static_cast<int>(flow.supply.size());
  const int recipients = static_cast<int>(flow.demand.size());
  const int source = providers + recipients, sink = source + 1;
  std::vector<std::pair<int, int>> ends;
  std::vector<std::int64_t> capacities;
  for (int p = 0; p < providers; ++p) {
    for (auto e = flow.offsets[p]; e < flow.offsets[p + 1]; ++e) {
      ends.emplace_back(p, providers + flow.columns[e]);
      capacities.push_back(flow.supply[p]);
    }
  }
  for (int r = 0; r < recipients; ++r) {
    ends.emplace_back(providers + r, sink);
    capacities.push_back(flow.demand[r]);
  }
  for (int p = 0; p < providers; ++p) {
    ends.emplace_back(source, p);
    capacities.push_back(flow.supply[p]);
  }
  Graph graph;
  graph.build(sink + 1, ends.begin(), ends.end());
  Graph::ArcMap<std::int64_t> capacity(graph);
  for (int a = 0; a < graph.arcNum(); ++a) capacity[graph.arc(a)] = capacities[a];
  seconds_building =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  lemon::Preflow<Graph, Graph::ArcMap<std::int64_t>> solver(graph, capacity, graph.node(source),
                                                            graph.node(sink));
  solver.run();
  return solver.flowValue();
}
