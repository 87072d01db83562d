#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <chrono>
#include <limits>
#include <utility>

#include "bench/peers/flow/flows.hpp"

namespace {

using Graph =
    boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                       boost::no_property, std::int32_t, std::int32_t>;
using Edge = boost::graph_traits<Graph>::edge_descriptor;

struct Reverse {
  using value_type = Edge;
  using reference = Edge;
  using key_type = Edge;
  using category = boost::readable_property_map_tag;
  const Graph* graph;
  const std::int32_t* place;
};
Edge get(const Reverse& reverse, const Edge& edge) {
  return Edge(target(edge, *reverse.graph), reverse.place[edge.idx]);
}

struct Network {
  Graph graph;
  std::vector<std::int64_t> capacity;
  std::vector<std::int32_t> reverse;
  std::int32_t source, sink;
};

Network network_of(const FlowCase& flow) {
  const auto providers = static_cast<std::int32_t>(flow.supply.size());
  const auto recipients = static_cast<std::int32_t>(flow.demand.size());
  // Rows: providers (entries, then back to the source), recipients (back to providers, then the
  // sink), source, sink.
  std::vector<std::int32_t> begin(static_cast<std::size_t>(providers + recipients) + 3);
  for (std::int32_t p = 0; p < providers; ++p) {
    begin[p + 1] = begin[p] + static_cast<std::int32_t>(flow.offsets[p + 1] - flow.offsets[p]) + 1;
  }
  std::vector<std::int32_t> degree(recipients, 0);
  for (const std::int32_t r : flow.columns) ++degree[r];
  for (std::int32_t r = 0; r < recipients; ++r) {
    begin[providers + r + 1] = begin[providers + r] + degree[r] + 1;
  }
  const std::int32_t source = providers + recipients, sink = source + 1;
  begin[source + 1] = begin[source] + providers;
  begin[sink + 1] = begin[sink] + recipients;
  const std::size_t arcs = begin[sink + 1];
  std::vector<std::pair<std::int32_t, std::int32_t>> ends(arcs);
  Network network{
      {}, std::vector<std::int64_t>(arcs), std::vector<std::int32_t>(arcs), source, sink};
  const auto arc = [&](std::int32_t at, std::int32_t back, std::int32_t from, std::int32_t to,
                       std::int64_t capacity) {
    ends[at] = {from, to};
    ends[back] = {to, from};
    network.capacity[at] = capacity;
    network.reverse[at] = back;
    network.reverse[back] = at;
  };
  std::vector<std::int32_t> next(recipients, 0);
  for (std::int32_t p = 0; p < providers; ++p) {
    std::int32_t at = begin[p];
    for (auto e = flow.offsets[p]; e < flow.offsets[p + 1]; ++e, ++at) {
      const std::int32_t r = flow.columns[e];
      arc(at, begin[providers + r] + next[r]++, p, providers + r, flow.supply[p]);
    }
    arc(begin[source] + p, at, source, p, flow.supply[p]);
  }
  for (std::int32_t r = 0; r < recipients; ++r) {
    arc(begin[providers + r + 1] - 1, begin[sink] + r, providers + r, sink, flow.demand[r]);
  }
  network.graph = Graph(boost::edges_are_sorted, ends.begin(), ends.end(), sink + 1);
  return network;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::int64_t boost_push_relabel(const FlowCase& flow, double& seconds_building) {
  const double start = now();
  const Network network = network_of(flow);
  seconds_building = now() - start;
  std::vector<std::int64_t> residual(network.capacity.size());
  const auto index = get(boost::edge_index, network.graph);
  return boost::push_relabel_max_flow(
      network.graph, network.source, network.sink,
      boost::make_iterator_property_map(network.capacity.begin(), index),
      boost::make_iterator_property_map(residual.begin(), index),
      Reverse{&network.graph, network.reverse.data()}, get(boost::vertex_index, network.graph));
}

std::int64_t boost_boykov_kolmogorov(const FlowCase& flow, double& seconds_building) {
  const double start = now();
  const Network network = network_of(flow);
  seconds_building = now() - start;
  const std::size_t vertices = static_cast<std::size_t>(network.sink) + 1;
  std::vector<std::int64_t> residual(network.capacity.size());
  std::vector<Edge> predecessor(vertices);
  std::vector<boost::default_color_type> color(vertices);
  std::vector<std::int64_t> distance(vertices);
  const auto index = get(boost::edge_index, network.graph);
  const auto vertex = get(boost::vertex_index, network.graph);
  return boost::boykov_kolmogorov_max_flow(
      network.graph, boost::make_iterator_property_map(network.capacity.begin(), index),
      boost::make_iterator_property_map(residual.begin(), index),
      Reverse{&network.graph, network.reverse.data()},
      boost::make_iterator_property_map(predecessor.begin(), vertex),
      boost::make_iterator_property_map(color.begin(), vertex),
      boost::make_iterator_property_map(distance.begin(), vertex), vertex, network.source,
      network.sink);
}
