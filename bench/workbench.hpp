// What all benchmarks share: the sizes, the instances built once, the machine's limits, and the
// answers that turned out wrong.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/kernel_case.hpp"
#include "bench/machine.hpp"
#include "solver/population.hpp"
#include "solver/recognition.hpp"
#include "solver/settings.hpp"

namespace needflow::bench {

/// A partial mesh of `agents` with `neighbors` each.
struct Size {
  std::int64_t agents;
  std::int64_t neighbors;
  bool operator==(const Size&) const = default;
};

/// In the first-level cache with all that belongs to it, in the second, beyond it, and in memory.
inline constexpr Size kSizes[] = {{100, 20}, {1'000, 20}, {100'000, 20}, {1'000'000, 30}};

/// The default scenario at this size: gamma weights of shape 1, lognormal amounts, four units of
/// capacity for five of need, so that no run ends for want of need.
[[nodiscard]] Settings settings_of(Size size);

/// Rounds of a timed run: enough that its preparations disappear behind them.
inline constexpr std::int64_t kRounds = 16;

/// `reallocate` under `needs` goes on to its limit when there is less supply than need.
[[nodiscard]] RoundSettings endless_rounds(std::int64_t rounds,
                                           StatePrecision state = StatePrecision::f64);

/// The population of one lane.
[[nodiscard]] Amounts amounts_of(Size size, std::size_t lane);

[[nodiscard]] bool same_bits(std::span<const double> a, std::span<const double> b);

class Workbench {
 public:
  Workbench();

  /// 1, and as many as this process may use where that is more.
  [[nodiscard]] const std::vector<int>& thread_counts() const { return thread_counts_; }
  [[nodiscard]] Machine& machine() { return machine_; }

  /// The recognition of the size asked for last is kept, for benchmarks come size by size.
  [[nodiscard]] std::shared_ptr<const Recognition> recognition(Size size);
  template <int L>
  [[nodiscard]] KernelCase<L>& kernel_case(Size size);

  /// Refuses to time a wrong answer. An empty `difference` is a right one.
  /// Returns whether the answer was right.
  bool accept(benchmark::State& state, const std::string& difference);
  [[nodiscard]] bool all_right() const { return all_right_; }

 private:
  template <int L>
  struct Kept {
    Size size{};
    std::unique_ptr<KernelCase<L>> made;
  };

  std::vector<int> thread_counts_;
  Machine machine_;
  Size size_{};
  std::shared_ptr<const Recognition> recognition_;
  Kept<1> one_lane_;
  Kept<8> eight_lanes_;
  Kept<16> sixteen_lanes_;
  bool all_right_ = true;
};

[[nodiscard]] inline Threads threads_of(int count) {
  return count == 1 ? Threads::one : Threads::all;
}

/// Registers name/threads:N; one thread counts its CPU time, several wall time.
void add_case(const std::string& name, int threads, std::function<void(benchmark::State&)> work);

/// "N:1000/k:20".
[[nodiscard]] std::string size_name(Size size);

/// A counter that is `count` for one iteration, shown per second.
[[nodiscard]] benchmark::Counter per_second(double count);

// Each file of benchmarks adds its own.
void register_machine(Workbench& workbench);
void register_rounds(Workbench& workbench);
void register_networks(Workbench& workbench);
void register_routing(Workbench& workbench);
void register_graphs(Workbench& workbench);
void register_sweeps(Workbench& workbench);
void register_trust(Workbench& workbench);
void register_variants(Workbench& workbench);

}  // namespace needflow::bench
