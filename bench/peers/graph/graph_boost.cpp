// The Boost Graph Library as a contender. usage: graph_boost GRAPH
//
// Each task on the fastest of its graphs, tried at N = 1e3: searches on compressed rows (lists of
// vectors take 15 % longer), clustering on an undirected adjacency_list of vectors (compressed rows
// 1.8 times as long, hashed sets 3 times, sets 13 times). connected_components takes undirected
// graphs alone.
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/clustering_coefficient.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/version.hpp>

#include "bench/peers/graph/graph_tasks.hpp"

namespace needflow::peers {

namespace {

using Rows =
    boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                       boost::no_property, std::int32_t, std::int64_t>;
using Lists = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS>;

using Edges = std::vector<std::pair<std::int32_t, std::int32_t>>;

Edges edges_of(const GraphFile& file, bool both_ends) {
  Edges edges;
  for (std::size_t i = 0; i < file.nodes(); ++i) {
    for (auto e = static_cast<std::size_t>(file.offsets[i]);
         e < static_cast<std::size_t>(file.offsets[i + 1]); ++e) {
      const auto from = static_cast<std::int32_t>(i);
      if (both_ends || from < file.columns[e]) edges.emplace_back(from, file.columns[e]);
    }
  }
  return edges;
}

std::vector<double> distances(const Rows& graph, std::size_t sources) {
  const std::size_t nodes = num_vertices(graph);
  std::vector<double> pairs;
  std::vector<std::int32_t> distance(nodes);
  std::vector<boost::default_color_type> colors(nodes);
  const auto index = get(boost::vertex_index, graph);
  const auto distance_map = boost::make_iterator_property_map(distance.begin(), index);
  const auto color_map = boost::make_iterator_property_map(colors.begin(), index);
  const auto record =
      boost::make_bfs_visitor(boost::record_distances(distance_map, boost::on_tree_edge()));
  boost::queue<std::int32_t> queue;
  for (std::size_t s = 0; s < sources; ++s) {
    std::fill(distance.begin(), distance.end(), 0);
    boost::breadth_first_search(graph, static_cast<std::int32_t>(s), queue, record, color_map);
    for (const std::int32_t hops : distance) {
      if (hops == 0) continue;  // the source, or nothing that it reaches
      if (pairs.size() < static_cast<std::size_t>(hops)) pairs.resize(hops);
      pairs[hops - 1] += 1.0;
    }
  }
  return pairs;
}

std::vector<double> clustering(const Lists& graph) {
  double sum = 0.0;
  double counted = 0.0;
  for (std::size_t v = 0; v < num_vertices(graph); ++v) {
    if (out_degree(v, graph) < 2) continue;
    sum += boost::clustering_coefficient<double>(graph, v);
    counted += 1.0;
  }
  return {sum / counted};
}

std::vector<double> components(const Lists& graph) {
  std::vector<int> label(num_vertices(graph));
  const int count = boost::connected_components(graph, label.data());
  std::vector<double> sizes(static_cast<std::size_t>(count));
  for (const int component : label) sizes[component] += 1.0;
  return {static_cast<double>(count), *std::max_element(sizes.begin(), sizes.end())};
}

}  // namespace

}  // namespace needflow::peers

int main(int argc, char** argv) {
  using namespace needflow::peers;
  if (argc != 2) return 2;
  const GraphFile file(argv[1]);
  const Edges both = edges_of(file, true);
  const Rows rows(boost::edges_are_sorted, both.begin(), both.end(),
                  static_cast<std::int32_t>(file.nodes()));
  const Edges once = edges_of(file, false);
  const Lists lists(once.begin(), once.end(), file.nodes());
  serve_graph({{"distances", [&](std::size_t s) { return distances(rows, s); }},
               {"clustering", [&](std::size_t) { return clustering(lists); }},
               {"components", [&](std::size_t) { return components(lists); }}},
              BOOST_LIB_VERSION);
  return 0;
}
