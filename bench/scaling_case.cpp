// One size for scaling.py: builds a mesh, runs rounds of RoundSolver, says what it took as JSON.
//   scaling_case AGENTS NEIGHBORS ROUNDS THREADS
// Memory: `held` is what matrix and solver say they hold; `resident` the growth of the process from
// before the network to after the rounds, freed pages given back; `peak` the largest resident size.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "bench/peers/mesh.hpp"
#include "solver/network.hpp"
#include "solver/population.hpp"
#include "solver/rounds.hpp"
#include "solver/sweep/plan.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

/// A line "NAME: 123 kB" of /proc/self/status in bytes; 0 if there is none.
std::int64_t memory_line(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != name + ":") continue;
    std::int64_t kilobytes = 0;
    status >> kilobytes;
    return 1024 * kilobytes;
  }
  return 0;
}

double seconds_of(const std::function<void()>& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

/// Seconds a round: the median of a few runs, or a single run where that takes long.
double seconds_a_round(RoundSolver& solver, const Amounts& amounts, std::int64_t rounds) {
  constexpr double kLong = 1.0;
  constexpr int kRuns = 9;
  const auto run = [&] { (void)solver.run(amounts.need[0], amounts.capacity[0]); };
  std::vector<double> seconds{seconds_of(run)};
  if (seconds[0] < kLong) {
    // Short runs are repeated within a measurement, for the clock's sake.
    const int repeats = std::max(1, static_cast<int>(0.02 / std::max(seconds[0], 1e-6)));
    seconds.clear();
    for (int i = 0; i < kRuns; ++i) {
      seconds.push_back(seconds_of([&] {
                          for (int j = 0; j < repeats; ++j) run();
                        }) /
                        repeats);
    }
    std::sort(seconds.begin(), seconds.end());
  }
  return seconds[seconds.size() / 2] / static_cast<double>(rounds);
}

void run_case(std::int64_t agents, std::int64_t neighbors, std::int64_t rounds, int threads) {
  const Settings settings = peers::mesh_settings(agents, neighbors);
  const std::int64_t before = memory_line("VmRSS");
  const bool large = expected_entries(settings.network) >= kEntriesForThreads;
  const Threads inside = threads > 1 && large ? Threads::all : Threads::one;
  Recognition recognition;
  const double build = seconds_of([&] {
    recognition = recognise(build_network(settings.network, settings.seed, 0), settings.recognition,
                            settings.seed, 0, inside);
  });
  Amounts amounts =
      draw_population(settings.population, recognition.recipients(), settings.seed, 0, 0);
  apply_supply_ratio(amounts, *settings.population.supply_ratio);
  RoundSettings endless;
  endless.settlement = SettlementKind::reallocate;
  endless.stop = StopRule::needs;
  endless.max_rounds = rounds;
  RoundSolver solver(recognition, endless, inside);
  const double round = seconds_a_round(solver, amounts, rounds);
  malloc_trim(0);
  std::cout << fmt::format(
      "{{\"agents\": {}, \"neighbors\": {}, \"rounds\": {}, \"threads\": {}, \"entries\": {}, "
      "\"build_seconds\": {:.6g}, \"round_seconds\": {:.6g}, \"held\": {}, \"resident\": {}, "
      "\"peak\": {}}}\n",
      agents, neighbors, rounds, threads, recognition.provider_rows.entries(), build, round,
      recognition.bytes() + solver.bytes(), memory_line("VmRSS") - before, memory_line("VmHWM"));
}

}  // namespace

}  // namespace needflow::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: scaling_case AGENTS NEIGHBORS ROUNDS THREADS\n";
    return 2;
  }
  try {
    const int threads = std::stoi(argv[4]);
    needflow::run_in_arena(threads, [&] {
      needflow::bench::run_case(std::stoll(argv[1]), std::stoll(argv[2]), std::stoll(argv[3]),
                                threads);
    });
  } catch (const std::exception& problem) {
    std::cerr << "scaling_case: " << problem.what() << "\n";
    return 1;
  }
}
