// Writes the instances that the contenders work on, with needflow's own builders.
//   write_inputs round OUTPUT AGENTS NEIGHBORS      one instance (round_inputs.hpp says the layout)
//   write_inputs graph OUTPUT AGENTS NEIGHBORS      one network (graph/graph_tasks.hpp)
//   write_inputs sweep OUTPUT SCENARIO [NETWORKS]   the networks and draws of a sweep's points
// A sweep's file, native byte order: "NFSWEEP1"; int64 agents N, networks W, replicates R; then for
// each network: int64 links, int64 entries E, int64 offsets[N + 1], double weights[E], int32
// columns[E], and for each replicate double need[N], double capacity[N], before the supply ratio.
// Only the first NETWORKS are written if that is given.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <limits>
#include <stdexcept>

#include "bench/peers/mesh.hpp"
#include "io/scenario.hpp"
#include "solver/network.hpp"
#include "solver/population.hpp"
#include "solver/recognition.hpp"

namespace needflow::peers {

namespace {

class Output {
 public:
  explicit Output(const std::string& path) : path_(path), file_(path, std::ios::binary) {}

  template <class T>
  void put(const std::vector<T>& values) {
    file_.write(reinterpret_cast<const char*>(values.data()),
                static_cast<std::streamsize>(values.size() * sizeof(T)));
  }
  void put(const char* text) { file_ << text; }
  void put(std::int64_t number) {
    file_.write(reinterpret_cast<const char*>(&number), sizeof number);
  }
  void close() {
    file_.close();
    if (!file_) throw std::runtime_error("cannot write " + path_);
  }

 private:
  std::string path_;
  std::ofstream file_;
};

void write_round(const std::string& path, std::int64_t agents, std::int64_t neighbors) {
  const Settings settings = mesh_settings(agents, neighbors);
  const Recognition recognition = recognise(build_network(settings.network, settings.seed, 0),
                                            settings.recognition, settings.seed, 0, Threads::one);
  Amounts amounts =
      draw_population(settings.population, recognition.recipients(), settings.seed, 0, 0);
  apply_supply_ratio(amounts, *settings.population.supply_ratio);
  const CsrMatrix& rows = recognition.provider_rows;
  Output file(path);
  file.put("NFROUND1");
  file.put(agents);
  file.put(rows.entries());
  file.put(rows.offsets);
  file.put(rows.weights);
  file.put(amounts.need[0]);
  file.put(amounts.capacity[0]);
  file.put(rows.columns);
  file.close();
}

void write_graph(const std::string& path, std::int64_t agents, std::int64_t neighbors) {
  const Settings settings = mesh_settings(agents, neighbors);
  const Network network = build_network(settings.network, settings.seed, 0);
  Output file(path);
  file.put("NFGRAPH1");
  file.put(agents);
  file.put(network.offsets.back());
  file.put(network.offsets);
  file.put(network.columns);
  file.close();
}

void write_sweep(const std::string& path, const std::string& scenario, std::int64_t most_networks) {
  const Sweep sweep = load_scenario(scenario, {}).sweep;
  const Settings& settings = sweep.base;
  const std::int64_t networks = std::min(sweep.networks, most_networks);
  Output file(path);
  file.put("NFSWEEP1");
  file.put(settings.network.agents);
  file.put(networks);
  file.put(sweep.replicates);
  for (std::uint32_t w = 0; w < static_cast<std::uint32_t>(networks); ++w) {
    const Recognition recognition = recognise(build_network(settings.network, settings.seed, w),
                                              settings.recognition, settings.seed, w, Threads::one);
    const CsrMatrix& rows = recognition.provider_rows;
    file.put(recognition.network_edges);
    file.put(rows.entries());
    file.put(rows.offsets);
    file.put(rows.weights);
    file.put(rows.columns);
    for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(sweep.replicates); ++r) {
      const Amounts amounts =
          draw_population(settings.population, recognition.recipients(), settings.seed, w, r);
      file.put(amounts.need[0]);
      file.put(amounts.capacity[0]);
    }
  }
  file.close();
}

int write(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "round" && argc == 5) {
    write_round(argv[2], std::stoll(argv[3]), std::stoll(argv[4]));
    return 0;
  }
  if (what == "graph" && argc == 5) {
    write_graph(argv[2], std::stoll(argv[3]), std::stoll(argv[4]));
    return 0;
  }
  if (what == "sweep" && (argc == 4 || argc == 5)) {
    write_sweep(argv[2], argv[3],
                argc == 5 ? std::stoll(argv[4]) : std::numeric_limits<std::int64_t>::max());
    return 0;
  }
  std::cerr << "usage: write_inputs round OUTPUT AGENTS NEIGHBORS\n"
               "       write_inputs graph OUTPUT AGENTS NEIGHBORS\n"
               "       write_inputs sweep OUTPUT SCENARIO [NETWORKS]\n";
  return 2;
}

}  // namespace

}  // namespace needflow::peers

int main(int argc, char** argv) {
  try {
    return needflow::peers::write(argc, argv);
  } catch (const std::exception& problem) {
    std::cerr << "write_inputs: " << problem.what() << "\n";
    return 1;
  }
}
