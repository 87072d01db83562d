// needflow's EigenTrust as a contender. usage: trust_needflow GRAPH THREADS
#include <oneapi/tbb/task_arena.h>

#include "bench/peers/trust/trust_case.hpp"
#include "kernels/trust.hpp"

int main(int argc, char** argv) {
  using namespace needflow;
  using namespace needflow::peers;
  if (argc != 3) return 2;
  const GraphFile file(argv[1]);
  const int count = std::stoi(argv[2]);
  const Threads threads = count == 1 ? Threads::one : Threads::all;
  const std::size_t agents = file.nodes();
  std::vector<double> by_target(file.columns.size());
  std::vector<double> sums(agents, 0.0);
  std::vector<double> global(agents);
  for (std::size_t row = 0; row < agents; ++row) {
    const auto end = static_cast<std::size_t>(file.offsets[row + 1]);
    for (auto e = static_cast<std::size_t>(file.offsets[row]); e < end; ++e) {
      const auto other = static_cast<std::size_t>(file.columns[e]);
      by_target[e] = trust_between(other, row);
      sums[row] += trust_between(row, other);
    }
  }
  const CsrView network{file.offsets, file.columns, {}, {}, {}, {}};
  EigenTrustWorkspace<1> workspace;
  oneapi::tbb::task_arena arena(count);
  arena.execute([&] {
    const auto iterate = [&](std::size_t) {
      const EigenTrustRule rule{kRestart, kTolerance, kMostSweeps};
      const auto ends = eigentrust<1>(network, LaneSpan<const double, 1>(by_target),
                                      LaneSpan<const double, 1>(sums), {}, {rule}, {1},
                                      LaneSpan<double, 1>(global), workspace, threads);
      return trust_answer(static_cast<int>(ends[0].sweeps), global.data(), agents);
    };
    serve_graph({{"eigentrust", iterate}}, "");
  });
  return 0;
}
