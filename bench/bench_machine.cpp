// The machine's limits as benchmarks of their own, to look at them over time. The shares that the rounds
// report use limits measured right beside them, not these.
#include <fmt/format.h>

#include "bench/workbench.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

void time_stream(benchmark::State& state, Machine& machine, int threads) {
  run_in_arena(threads, [&] {
    for ([[maybe_unused]] auto iteration : state) {
      benchmark::DoNotOptimize(machine.stream(threads_of(threads)));
    }
  });
  state.counters["bytes/s"] = per_second(static_cast<double>(machine.stream_bytes()));
}

void time_gather(benchmark::State& state, Machine& machine, Size size, int lanes, int threads) {
  const auto rows = static_cast<std::size_t>(size.agents);
  run_in_arena(threads, [&] {
    benchmark::DoNotOptimize(machine.gather(rows, lanes, Threads::one));  // draws the places
    for ([[maybe_unused]] auto iteration : state) {
      benchmark::DoNotOptimize(machine.gather(rows, lanes, threads_of(threads)));
    }
  });
  state.counters["gathers/s"] = per_second(static_cast<double>(machine.gathers()));
}

}  // namespace

void register_machine(Workbench& workbench) {
  Machine& machine = workbench.machine();
  for (const int threads : workbench.thread_counts()) {
    benchmark::RegisterBenchmark(
        fmt::format("machine/stream/threads:{}", threads).c_str(),
        [&machine, threads](benchmark::State& state) { time_stream(state, machine, threads); })
        ->UseRealTime();
  }
  for (const Size size : kSizes) {
    for (const int lanes : kLaneWidths) {
      for (const int threads : workbench.thread_counts()) {
        benchmark::RegisterBenchmark(
            fmt::format("machine/gather/N:{}/L:{}/threads:{}", size.agents, lanes, threads).c_str(),
            [&machine, size, lanes, threads](benchmark::State& state) {
              time_gather(state, machine, size, lanes, threads);
            })
            ->UseRealTime();
      }
    }
  }
}

}  // namespace needflow::bench
