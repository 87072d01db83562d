// M10 in a sweep: which optima are wanted, and those of one network, each computed once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "solver/optimum.hpp"
#include "solver/recognition.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// Stored entries over which `automatic` computes the maximum flow, summed over all runs of the
/// sweep: 25 to 50 ns each where it takes a library, so about as long as the program takes to start
/// and to write its file. A limit on the size of each network would not do: a run of short rounds
/// in lanes takes 1 ns an entry, so the optimum of a sweep of 100-agent networks takes 3 to 30
/// times as long as the sweep.
inline constexpr std::int64_t kAutomaticOptimum = std::int64_t{1} << 20;
/// The same for the fairest optimum, which takes a flow for each level and more.
inline constexpr std::int64_t kAutomaticFairest = std::int64_t{1} << 16;

/// Entries summed over all runs, or `most` + 1 if that is less. Follows from the scenario alone:
/// shards, ranks and what a resume finds done see the same.
[[nodiscard]] std::int64_t entries_of_runs(const Sweep& sweep, std::int64_t most);

/// Turns the sweep's wishes into what is computed. Once, of the whole sweep: a point that is taken
/// out of it keeps what was decided.
void decide_optima(Sweep& sweep);

/// The optima of the points on one network. Thread-safe.
class OptimumTable {
 public:
  OptimumTable(const Sweep& sweep, const Recognition& recognition);

  /// Of one run, or nothing where none is wanted. Points that differ in how rounds go share theirs;
  /// who comes second waits for the first. `need`, `capacity` and its factor are the run's. Throws
  /// std::runtime_error where the optimum is not proven.
  [[nodiscard]] Optimum of(const Point& point, std::size_t type, std::span<const double> need,
                           std::span<const double> capacity, double capacity_factor,
                           std::size_t episode = 0);

 private:
  struct Key {
    Identity amounts;  ///< of settings without those of rounds
    std::uint32_t replicate;
    std::size_t type;
    std::size_t episode;  ///< 0 where all episodes have the same amounts
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    std::mutex mutex;
    std::optional<Optimum> optimum;
  };

  const Sweep& sweep_;
  const Recognition& recognition_;
  bool shared_;  ///< some points differ in nothing that amounts follow from
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
};

/// Whether the sweep's file has this metric.
[[nodiscard]] bool is_kept(const Metric& metric, const Sweep& sweep);

/// Puts the figures into the outcome of a run with the same amounts, its satisfaction measured.
void put_optimum(const Optimum& optimum, SettlementKind settlement, Outcome& outcome);

}  // namespace needflow
