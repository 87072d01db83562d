// The machine's limits as benchmarks of their own, to look at them over time. The shares that the
// rounds report use limits measured right beside them, not these.
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

void time_fma(benchmark::State& state, Machine& machine, int threads) {
  double flops = 0.0;
  run_in_arena(threads, [&] {
    for ([[maybe_unused]] auto iteration : state)
      flops = machine.multiply_adds(threads_of(threads));
  });
  state.counters["flop/s"] = per_second(flops);
}

void time_gather(benchmark::State& state, Machine& machine, Size size, int lanes, Prefetch prefetch,
                 int threads) {
  const auto rows = static_cast<std::size_t>(size.agents);
  run_in_arena(threads, [&] {
    benchmark::DoNotOptimize(
        machine.gather(rows, lanes, prefetch, Threads::one));  // draws the places
    for ([[maybe_unused]] auto iteration : state) {
      benchmark::DoNotOptimize(machine.gather(rows, lanes, prefetch, threads_of(threads)));
    }
  });
  state.counters["gathers/s"] = per_second(static_cast<double>(machine.gathers()));
}

void add_gathers(Machine& machine, Size size, int lanes, int threads) {
  for (const Prefetch prefetch : {Prefetch::no, Prefetch::yes}) {
    add_case(fmt::format("machine/gather/N:{}/L:{}/prefetch:{}", size.agents, lanes,
                         static_cast<int>(prefetch)),
             threads, [&machine, size, lanes, prefetch, threads](benchmark::State& state) {
               time_gather(state, machine, size, lanes, prefetch, threads);
             });
  }
}

}  // namespace

void register_machine(Workbench& workbench) {
  Machine& machine = workbench.machine();
  for (const int threads : workbench.thread_counts()) {
    add_case("machine/stream", threads, [&machine, threads](benchmark::State& state) {
      time_stream(state, machine, threads);
    });
    add_case("machine/fma", threads,
             [&machine, threads](benchmark::State& state) { time_fma(state, machine, threads); });
    for (const Size size : kSizes) {
      for (const int lanes : kLaneWidths) add_gathers(machine, size, lanes, threads);
    }
  }
}

}  // namespace needflow::bench
