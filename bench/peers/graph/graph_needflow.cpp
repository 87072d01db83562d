// needflow's kernels as a contender. usage: graph_needflow GRAPH THREADS
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <numeric>
#include <span>

#include "bench/peers/graph/graph_tasks.hpp"
#include "kernels/bfs.hpp"
#include "kernels/graph.hpp"
#include "kernels/triangles.hpp"

namespace needflow::peers {

namespace {

std::vector<double> distances(const GraphFile& file, std::size_t sources, Threads threads) {
  const Components components = number_components(component_labels(file.offsets, file.columns));
  std::vector<Index> from(sources);
  std::iota(from.begin(), from.end(), Index{0});
  const HopCounts counts =
      count_hops(file.offsets, file.columns, components, from, HopSums::none, threads);
  return {counts.pairs.begin() + 1, counts.pairs.end()};
}

std::vector<double> clustering(const GraphFile& file, Threads threads) {
  const auto triangles = TriangleCounter(file.offsets, file.columns).count(threads);
  double sum = 0.0;
  double counted = 0.0;
  for (std::size_t i = 0; i < file.nodes(); ++i) {
    const auto degree = static_cast<double>(file.offsets[i + 1] - file.offsets[i]);
    if (degree < 2.0) continue;
    sum += 2.0 * static_cast<double>(triangles[i]) / (degree * (degree - 1.0));
    counted += 1.0;
  }
  return {sum / counted};
}

std::vector<double> components(const GraphFile& file) {
  const auto sizes = number_components(component_labels(file.offsets, file.columns)).sizes;
  return {static_cast<double>(sizes.size()),
          static_cast<double>(*std::max_element(sizes.begin(), sizes.end()))};
}

}  // namespace

}  // namespace needflow::peers

int main(int argc, char** argv) {
  using namespace needflow;
  using namespace needflow::peers;
  if (argc != 3) return 2;
  const GraphFile file(argv[1]);
  const int count = std::stoi(argv[2]);
  const Threads threads = count == 1 ? Threads::one : Threads::all;
  oneapi::tbb::task_arena arena(count);
  arena.execute([&] {
    serve_graph({{"distances", [&](std::size_t s) { return distances(file, s, threads); }},
                 {"clustering", [&](std::size_t) { return clustering(file, threads); }},
                 {"components", [&](std::size_t) { return components(file); }}},
                "");
  });
  return 0;
}
