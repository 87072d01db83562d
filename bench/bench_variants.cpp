// Rounds in other dress:
//   round/N:1000000/k:30/L:1/weights:f32/threads:2   MR stored in 32 bits
//   batches/N:100/k:20/threads:2                     batches of 16 lanes, one a thread, nothing
//   shared
// The time of a line is that of one round; in `batches` of one round of one batch, so that two
// threads at their best halve it.
#include <oneapi/tbb/partitioner.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/workbench.hpp"
#include "solver/lane_rounds.hpp"
#include "solver/rounds.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

/// Narrow weights must give what doubles of the same values give.
std::string narrow_difference(const Recognition& narrow, const Recognition& wide,
                              const Amounts& amounts, Threads threads) {
  Recognition rounded = wide;
  for (double& weight : rounded.provider_rows.weights) {
    weight = static_cast<double>(static_cast<float>(weight));
  }
  RoundSolver one(narrow, endless_rounds(kRounds), threads);
  RoundSolver other(rounded, endless_rounds(kRounds), threads);
  (void)one.run(amounts.need[0], amounts.capacity[0]);
  (void)other.run(amounts.need[0], amounts.capacity[0]);
  const bool same = same_bits(one.satisfied(), other.satisfied()) &&
                    same_bits(one.denominator(), other.denominator());
  return same ? "" : "weights in 32 bits differ from the same numbers in 64";
}

void time_narrow_round(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  const auto wide = workbench.recognition(size);
  Recognition narrow = *wide;
  narrow_recognition(narrow);
  const Amounts amounts = amounts_of(size, 0);
  run_in_arena(threads, [&] {
    const Threads inside = threads_of(threads);
    if (!workbench.accept(state, narrow_difference(narrow, *wide, amounts, inside))) return;
    RoundSolver solver(narrow, endless_rounds(kRounds), inside);
    while (state.KeepRunningBatch(kRounds)) {
      (void)solver.run(amounts.need[0], amounts.capacity[0]);
    }
    state.counters["edges/s"] = per_second(static_cast<double>(narrow.provider_rows.entries()));
  });
}

void time_batches(benchmark::State& state, Workbench& workbench, Size size, int threads) {
  constexpr int kLanes = 16;
  const auto recognition = workbench.recognition(size);
  std::vector<Amounts> amounts;
  for (std::uint32_t l = 0; l < kLanes; ++l) amounts.push_back(amounts_of(size, l));
  const auto batches = static_cast<std::size_t>(threads);
  // Many rounds a piece of work, or handing it out would be felt.
  constexpr std::int64_t kRuns = 64;
  run_in_arena(threads, [&] {
    std::vector<std::unique_ptr<LaneRounds<kLanes>>> crews(batches);
    for (auto& crew : crews) {
      crew = std::make_unique<LaneRounds<kLanes>>(*recognition, BatchTraits{}, Threads::one);
    }
    const auto work = [&](std::size_t i) {
      LaneRounds<kLanes>& rounds = *crews[i];
      for (std::int64_t run = 0; run < kRuns; ++run) {
        for (std::size_t l = 0; l < kLanes; ++l) {
          rounds.start(l, endless_rounds(kRounds), amounts[l].need[0], amounts[l].capacity[0]);
        }
        for (std::int64_t round = 0; round < kRounds; ++round) rounds.round();
      }
    };
    const auto one_batch = static_cast<benchmark::IterationCount>(kRuns * kRounds);
    while (state.KeepRunningBatch(one_batch * static_cast<benchmark::IterationCount>(batches))) {
      parallel_indices(batches, work, oneapi::tbb::simple_partitioner());
    }
    for (const auto& crew : crews) {
      if (!workbench.accept(state,
                            same_bits(crew->satisfied().values(), crews[0]->satisfied().values())
                                ? ""
                                : "batches of the same runs differ")) {
        return;
      }
    }
  });
}

}  // namespace

void register_variants(Workbench& workbench) {
  for (const int threads : workbench.thread_counts()) {
    for (const Size size : kSizes) {
      add_case("round/" + size_name(size) + "/L:1/weights:f32", threads,
               [&workbench, size, threads](benchmark::State& state) {
                 time_narrow_round(state, workbench, size, threads);
               });
    }
    add_case("batches/" + size_name(kSizes[0]), threads,
             [&workbench, threads](benchmark::State& state) {
               time_batches(state, workbench, kSizes[0], threads);
             });
  }
}

}  // namespace needflow::bench
