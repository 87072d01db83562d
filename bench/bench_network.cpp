// Building a partial mesh, the mesh with its recognition matrix, and the other kinds of network.
// edges/s counts stored entries, both ends of a link, so that it compares with the edges/s of a
// round.
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

struct NamedKind {
  const char* name;
  NetworkKind kind;
};
constexpr NamedKind kKinds[] = {{"ring", NetworkKind::ring},
                                {"hub_spoke", NetworkKind::hub_spoke},
                                {"small_world", NetworkKind::small_world},
                                {"sharded", NetworkKind::sharded},
                                {"preferential", NetworkKind::preferential},
                                {"geometric", NetworkKind::geometric}};

/// Ascending rows without self-loops, in one component; the tests know more.
std::string network_problem_in(const Network& network, Size size) {
  if (network.agents() != static_cast<std::size_t>(size.agents)) return "agents are missing";
  for (std::size_t i = 0; i < network.agents(); ++i) {
    for (auto e = static_cast<std::size_t>(network.offsets[i]);
         e < static_cast<std::size_t>(network.offsets[i + 1]); ++e) {
      const bool ascends = e == static_cast<std::size_t>(network.offsets[i]) ||
                           network.columns[e - 1] < network.columns[e];
      if (!ascends || network.columns[e] == static_cast<Index>(i)) return "a row is not simple";
    }
  }
  const auto label = reference::component_labels(network.offsets, network.columns);
  const bool connected = std::all_of(label.begin(), label.end(), [](Index l) { return l == 0; });
  return connected ? "" : "the network is not connected";
}

void time_kind(benchmark::State& state, Workbench& workbench, NetworkKind kind, Size size,
               int threads) {
  Settings settings = settings_of(size);
  settings.network.kind = kind;
  run_in_arena(threads, [&] {
    Network network;
    for ([[maybe_unused]] auto iteration : state) {
      network = {};
      network = build_network(settings.network, settings.seed, 0, threads_of(threads));
    }
    if (!workbench.accept(state, network_problem_in(network, size))) return;
    state.counters["edges/s"] = per_second(static_cast<double>(network.columns.size()));
  });
}

void register_kinds(Workbench& workbench) {
  for (const NamedKind& named : kKinds) {
    for (const Size size : {kSizes[0], kSizes[3]}) {
      for (const int threads : workbench.thread_counts()) {
        add_case(fmt::format("network/kind:{}/{}", named.name, size_name(size)), threads,
                 [&workbench, kind = named.kind, size, threads](benchmark::State& state) {
                   time_kind(state, workbench, kind, size, threads);
                 });
      }
    }
  }
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
  register_kinds(workbench);
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
