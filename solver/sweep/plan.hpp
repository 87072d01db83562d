// From a sweep to tasks: which points share a network, which cannot be solved, what it will cost.
// Everything here follows from sizes and settings, never from timings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "solver/sweep/layout.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// All points that allocate over the same recognition matrix.
struct NetworkTask {
  std::vector<std::size_t> points;  ///< ascending
  std::size_t number = 0;           ///< its first point in the whole plan: names the network
  Point example;                    ///< any of them: the network settings are the same
  std::int64_t providers = 0;
  std::int64_t recipients = 0;
  std::int64_t entries = 0;  ///< stored entries of the matrix, expected
  Layout layout = {};
  std::int64_t rounds = 0;        ///< Σ over its runs of assumed_rounds()
  std::int64_t episodes = 0;      ///< Σ over its points
  std::int64_t trust_rounds = 0;  ///< episodes that end with one
};

struct InvalidEntry {
  std::size_t point;
  std::string reason;
};

struct Plan {
  std::size_t points = 0;             ///< cells of the grid
  std::size_t excluded = 0;           ///< of which the design leaves out: they stay pending
  std::vector<NetworkTask> tasks;     ///< network 0 of all settings first, biggest first among them
  std::vector<InvalidEntry> invalid;  ///< points that are known to have no solution, ascending
  std::size_t duplicates = 0;         ///< points that compute what an earlier point computes
  std::vector<std::size_t> duplicate_examples;  ///< the first few of them

  std::int64_t largest_task_bytes = 0;  ///< a matrix and the state of one batch on it, at most
  std::int64_t outcome_bytes = 0;       ///< numbers that will be kept until the file is written

  /// Points that a sweep delivers outcomes of, invalid ones among them.
  [[nodiscard]] std::size_t to_do() const { return points - excluded; }
};

/// Rounds assumed for a run when its cost is estimated: stream and stock end in a few, `reallocate`
/// goes on to the limit more often than not.
inline constexpr std::int64_t kFewRounds = 4;
/// A link in the trust round that ends an episode, in visits of a matrix entry by a round of one
/// lane: two updates, ten sweeps of EigenTrust, two weights and their copies.
inline constexpr double kTrustRoundVisits = 20.0;
[[nodiscard]] std::int64_t assumed_rounds(const RoundSettings& settings);

/// What the layout of a task is chosen from.
[[nodiscard]] RunSizes run_sizes(const Sweep& sweep, const NetworkTask& task);

/// `forced_lanes` overrules the layout's width; see choose_layout().
[[nodiscard]] Plan make_plan(const Sweep& sweep, std::optional<int> forced_lanes = {});

/// For each point the first that computes the same numbers: itself for most, and for points that
/// are invalid or left out. 8 bytes a point.
[[nodiscard]] std::vector<std::size_t> first_of_same(const Sweep& sweep, const Plan& plan);

}  // namespace needflow
