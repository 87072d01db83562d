// The metrics of a network: distances from all agents or a sample, triangles, components, the
// second eigenvalue, and all that a sweep asks of a network. edges/s counts stored entries, both
// ends of a link, for distances once a source: what a search from one source at a time would visit.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bench/workbench.hpp"
#include "kernels/bfs.hpp"
#include "kernels/graph.hpp"
#include "kernels/reference/bfs.hpp"
#include "kernels/reference/graph.hpp"
#include "kernels/reference/triangles.hpp"
#include "kernels/spectrum.hpp"
#include "kernels/triangles.hpp"
#include "solver/graph_metrics.hpp"
#include "solver/network.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

constexpr Size kGraphSizes[] = {{100, 20}, {1'000, 20}, {10'000, 20}, {100'000, 20}};

/// So many sources are searched by the twin too where all would take seconds.
constexpr std::size_t kCheckedSources = 200;

struct GraphCase {
  Network network;
  Components components;
  std::vector<Index> agents;
};

std::shared_ptr<const GraphCase> graph_case(Size size) {
  auto made = std::make_shared<GraphCase>();
  const Settings settings = settings_of(size);
  made->network = build_network(settings.network, settings.seed, 0);
  made->components =
      number_components(component_labels(made->network.offsets, made->network.columns));
  made->agents.resize(made->network.agents());
  std::iota(made->agents.begin(), made->agents.end(), Index{0});
  return made;
}

HopCounts hops_from(const GraphCase& graph, std::span<const Index> sources, Threads threads) {
  return count_hops(graph.network.offsets, graph.network.columns, graph.components, sources,
                    HopSums::none, threads);
}

std::string hops_problem(const GraphCase& graph, Threads threads) {
  const auto sources =
      std::span(graph.agents).first(std::min(graph.agents.size(), kCheckedSources));
  const HopCounts found = hops_from(graph, sources, threads);
  const HopCounts expected =
      reference::count_hops(graph.network.offsets, graph.network.columns, graph.components, sources,
                            HopSums::none, threads);
  return found.pairs == expected.pairs && found.eccentricity == expected.eccentricity
             ? ""
             : "distances differ from the twin's";
}

/// Distances from every agent.
void time_hops(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const auto graph = graph_case(size);
  run_in_arena(threads, [&] {
    if (!workbench.accept(state, hops_problem(*graph, threads_of(threads)))) return;
    HopCounts counts;
    for ([[maybe_unused]] auto iteration : state) {
      counts = hops_from(*graph, graph->agents, threads_of(threads));
    }
    const std::int64_t n = size.agents;
    const auto pairs = std::accumulate(counts.pairs.begin(), counts.pairs.end(), std::int64_t{0});
    if (!workbench.accept(state, pairs + counts.unreachable == n * (n - 1)
                                     ? ""
                                     : "the distances of some pairs are missing")) {
      return;
    }
    state.counters["edges/s"] =
        per_second(static_cast<double>(n) * static_cast<double>(graph->network.columns.size()));
  });
}

void time_triangles(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const auto graph = graph_case(size);
  const Network& network = graph->network;
  run_in_arena(threads, [&] {
    const auto count = [&] {
      return TriangleCounter(network.offsets, network.columns).count(threads_of(threads));
    };
    const bool right = count() == reference::count_triangles(network.offsets, network.columns);
    if (!workbench.accept(state, right ? "" : "triangles differ from the twin's")) return;
    for ([[maybe_unused]] auto iteration : state) benchmark::DoNotOptimize(count());
    state.counters["edges/s"] = per_second(static_cast<double>(network.columns.size()));
  });
}

void time_components(benchmark::State& state, Workbench& workbench, Size size) {
  const auto graph = graph_case(size);
  const Network& network = graph->network;
  const auto label = [&] { return component_labels(network.offsets, network.columns); };
  const bool right = label() == reference::component_labels(network.offsets, network.columns);
  if (!workbench.accept(state, right ? "" : "components differ from the twin's")) return;
  for ([[maybe_unused]] auto iteration : state) benchmark::DoNotOptimize(label());
  state.counters["edges/s"] = per_second(static_cast<double>(network.columns.size()));
}

/// Checked by what it says of itself: an eigenvalue within the residual, and that below the limit.
/// The dense twin of a thousand agents takes a minute; tests compare it on smaller ones.
void time_spectrum(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const auto graph = graph_case(size);
  std::vector<double> start(graph->agents.size());
  const RandomStream stream(1, "bench spectrum");
  for (std::size_t i = 0; i < start.size(); ++i) {
    start[i] = uniform01(stream, {.agent = static_cast<std::uint32_t>(i)}) - 0.5;
  }
  run_in_arena(threads, [&] {
    SecondEigenvalue second;
    for ([[maybe_unused]] auto iteration : state) {
      second = second_eigenvalue(graph->network.offsets, graph->network.columns, start, {},
                                 threads_of(threads));
    }
    const bool right = second.residual <= SpectrumLimits().tolerance &&
                       std::abs(second.value) > 0.1 && std::abs(second.value) < 1.0;
    if (!workbench.accept(state, right ? "" : "the eigenvalue has not converged")) return;
    state.counters["steps"] = static_cast<double>(second.steps);
    state.counters["edges/s"] = per_second(static_cast<double>(graph->network.columns.size()) *
                                           static_cast<double>(second.steps));
  });
}

/// What `measure_network` does by default: all distances, clustering, components, degrees.
void time_metrics(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const auto graph = graph_case(size);
  run_in_arena(threads, [&] {
    if (!workbench.accept(state, hops_problem(*graph, threads_of(threads)))) return;
    for ([[maybe_unused]] auto iteration : state) {
      benchmark::DoNotOptimize(measure_network(graph->network, {}, 1, threads_of(threads)));
    }
  });
}

}  // namespace

void register_graphs(Workbench& workbench) {
  for (const Size size : kGraphSizes) {
    add_case("graph/components/" + size_name(size), 1, [&workbench, size](benchmark::State& state) {
      time_components(state, workbench, size);
    });
    for (const int threads : workbench.thread_counts()) {
      const auto add = [&](const std::string& name, auto work) {
        add_case("graph/" + name + "/" + size_name(size), threads,
                 [&workbench, size, threads, work](benchmark::State& state) {
                   work(state, workbench, size, threads);
                 });
      };
      add("distances", time_hops);
      add("triangles", time_triangles);
      add("spectrum", time_spectrum);
      add("metrics", time_metrics);
    }
  }
}

}  // namespace needflow::bench
