// Building a partial mesh, and the mesh with its recognition matrix. edges/s counts stored entries,
// both ends of a link, so that it compares with the edges/s of a round.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "bench/workbench.hpp"
#include "kernels/reference/graph.hpp"
#include "solver/network.hpp"
#include "solver/recognition.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

/// M4: k neighbours each (agents · k is even at our sizes), in one component.
std::string mesh_problem(const Network& network, Size size) {
  for (std::size_t i = 0; i < network.agents(); ++i) {
    if (network.degree(i) != size.neighbors) return fmt::format("agent {} has no degree k", i);
  }
  const auto label = reference::component_labels(network.offsets, network.columns);
  const bool connected = std::all_of(label.begin(), label.end(), [](Index l) { return l == 0; });
  return connected ? "" : "the mesh is not connected";
}

/// M1: MR_ij = min(S_ij, S_ji) with shares that add up to 1, so no row of MR exceeds 1, and
/// symmetric.
std::string recognition_problem(const CsrMatrix& rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const CsrRow row = rows.view().row(i);
    double sum = 0.0;
    for (const double weight : row.weights) sum += weight;
    if (!(sum > 0.0 && sum <= 1.0 + 1e-12)) return fmt::format("row {} adds up to {}", i, sum);
  }
  const CsrMatrix turned = transposed(rows);
  return turned.columns == rows.columns && turned.weights == rows.weights
             ? ""
             : "mutual recognition is not symmetric";
}

void time_mesh(benchmark::State& state, Workbench& workbench, Size size) {
  const Settings settings = settings_of(size);
  Network network;
  for ([[maybe_unused]] auto iteration : state) {
    network = build_network(settings.network, settings.seed, 0);
  }
  if (!workbench.accept(state, mesh_problem(network, size))) return;
  state.counters["edges/s"] = per_second(static_cast<double>(network.columns.size()));
}

void time_recognised_mesh(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const Settings settings = settings_of(size);
  run_in_arena(threads, [&] {
    Recognition recognition;
    for ([[maybe_unused]] auto iteration : state) {
      recognition = {};  // the memory of the one before is not needed beside the new one
      recognition = recognise(build_network(settings.network, settings.seed, 0),
                              settings.recognition, settings.seed, 0, threads_of(threads));
    }
    if (!workbench.accept(state, recognition_problem(recognition.provider_rows))) return;
    state.counters["edges/s"] =
        per_second(static_cast<double>(recognition.provider_rows.entries()));
  });
}

}  // namespace

void register_networks(Workbench& workbench) {
  for (const Size size : kSizes) {
    add_case("mesh/" + size_name(size), 1,
             [&workbench, size](benchmark::State& state) { time_mesh(state, workbench, size); });
    for (const int threads : workbench.thread_counts()) {
      add_case("mesh_and_recognition/" + size_name(size), threads,
               [&workbench, size, threads](benchmark::State& state) {
                 time_recognised_mesh(state, workbench, size, threads);
               });
    }
  }
}

}  // namespace needflow::bench
