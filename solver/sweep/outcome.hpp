// What points leave behind, how a sweep collects it, and the table of metrics that names its
// columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernels/large_pages.hpp"
#include "solver/rounds.hpp"
#include "solver/statistics.hpp"
#include "solver/trust_figures.hpp"

namespace needflow {

/// One run: a point, a need type and an episode. Unknown numbers are NaN and −1, which files use as
/// fill.
struct Outcome {
  Status status = Status::pending;
  std::int64_t rounds = -1;
  std::int64_t cycle_period = -1;
  Satisfaction satisfaction;
  MessageCounts messages{-1, -1, -1};
  std::int64_t network_edges = -1;
  std::int64_t recognised_pairs = -1;
  double network_mean_degree = std::numeric_limits<double>::quiet_NaN();
  // M10, where they are computed; efficiency in `stock` alone.
  double max_flow = std::numeric_limits<double>::quiet_NaN();
  double efficiency = std::numeric_limits<double>::quiet_NaN();
  double fairest_jain = std::numeric_limits<double>::quiet_NaN();
  double fairest_min = std::numeric_limits<double>::quiet_NaN();
};
static_assert(std::is_trivially_copyable_v<Outcome>, "a batch of them is one copy");

/// Final state per agent, row-major (agent, type, episode); degrees have neither. For an agent
/// network the two sides have the same length and one degree.
struct AgentRows {
  std::vector<double> need, satisfied, damping, residual;  ///< recipients × runs
  std::vector<double> capacity, capacity_left;             ///< providers × runs
  std::vector<std::int64_t> recipient_degree;
  std::vector<std::int64_t> provider_degree;
  // M6, empty in sweeps without strategies and trust.
  std::vector<double> exaggeration;                           ///< recipients × runs
  std::vector<double> recipient_trust, recipient_reputation;  ///< recipients × episodes
  std::vector<double> provider_trust, provider_reputation;    ///< bipartite: providers × episodes
  std::vector<std::uint8_t> flagged, quarantined;             ///< recipients × episodes
  std::vector<std::uint8_t> strategy, recipient_pretrusted;   ///< recipients
  std::vector<std::uint8_t> provider_pretrusted;              ///< bipartite: providers
};

/// Points that finished together. What is not a number a run is as long as said here or empty; one
/// empty entry among others says that this point has none. Runs are types × episodes; those of
/// episodes that a point does not have stay as they are made, `pending`.
struct OutcomeBatch {
  std::vector<std::size_t> points;            ///< indices in the sweep, in any order
  std::vector<Outcome> outcomes;              ///< points × runs, row-major
  std::vector<double> seconds;                ///< a point: wall time of draws, rounds, statistics
  std::vector<std::vector<TraceRow>> traces;  ///< points × runs
  std::vector<TrustFigures> trust;      ///< points × runs, in sweeps with strategies or trust
  std::vector<AgentRows> agents;        ///< a point
  std::vector<std::string> messages;    ///< a point: why it failed or is invalid
  std::vector<std::uint32_t> attempts;  ///< a point: how often it was tried; 0 or empty: once
};

/// What a whole sweep leaves behind, every point at its own place, whatever order they came in. One
/// column a metric, as the file holds them: nothing is copied again before it is packed. Memory:
/// 177 bytes a run and 8 a point, and what traces, agents and messages take. Not thread-safe while
/// it is added to.
class Outcomes {
 public:
  /// All `points` × `runs_per_point` runs are `pending`, of no duration and without numbers.
  Outcomes(std::size_t points, std::size_t runs_per_point);

  /// Takes over what the batch holds; a point that comes again is replaced. Throws std::logic_error
  /// for a point beyond the sweep or a part of the wrong length. About 40 ns a point in batches
  /// of 16.
  void add(OutcomeBatch&& batch);

  /// The same for outcomes out of several journals, whose order means nothing: of a point that
  /// comes again, a result stays before a failure and the later try before the earlier.
  void add_unless_worse(OutcomeBatch&& batch);

  [[nodiscard]] std::size_t points() const { return seconds_.size(); }
  [[nodiscard]] std::size_t runs_per_point() const { return runs_; }

  // Columns: points × runs, row-major.
  [[nodiscard]] std::span<const Status> statuses() const { return statuses_; }
  /// Of metrics()[metric], which must be of that type.
  [[nodiscard]] std::span<const double> reals(std::size_t metric) const;
  [[nodiscard]] std::span<const std::int64_t> integers(std::size_t metric) const;
  /// Empty where no point has a trace.
  [[nodiscard]] std::span<const std::vector<TraceRow>> traces() const { return traces_; }
  /// Empty where no point has any.
  [[nodiscard]] std::span<const TrustFigures> trust() const { return trust_; }

  // A point each.
  [[nodiscard]] std::span<const double> seconds() const { return seconds_; }
  /// Empty where no point has rows of agents.
  [[nodiscard]] std::span<const AgentRows> agents() const { return agents_; }

  /// Why points failed or are invalid, by point.
  [[nodiscard]] const std::map<std::size_t, std::string>& messages() const { return messages_; }
  /// How often a point with a message was tried.
  [[nodiscard]] std::uint32_t attempts(std::size_t point) const;

  /// One run put together again.
  [[nodiscard]] Outcome run(std::size_t point, std::size_t number = 0) const;

 private:
  void keep_troubles(OutcomeBatch& batch);
  [[nodiscard]] bool is_worse(const OutcomeBatch& batch, std::size_t i) const;

  std::size_t runs_;  ///< a point
  std::vector<Status> statuses_;
  // Of 4 KiB pages, half the page faults of a sweep of short runs were theirs.
  std::vector<double, LargePageAllocator<double>> reals_;  ///< real metrics × runs
  std::vector<std::int64_t, LargePageAllocator<std::int64_t>> integers_;
  std::vector<double> seconds_;
  std::vector<std::vector<TraceRow>> traces_;
  std::vector<TrustFigures> trust_;
  std::vector<AgentRows> agents_;
  std::map<std::size_t, std::string> messages_;
  std::map<std::size_t, std::uint32_t> attempts_;  ///< where more than one
};

/// When a metric is written.
enum class MetricGroup { always, optimum, fairest };

/// One column of results.
struct Metric {
  const char* name;  ///< promised, see the result file's schema
  const char* long_name;
  const char* unit;
  double (*real)(const Outcome&);  ///< exactly one of the two is set
  std::int64_t (*integer)(const Outcome&);
  MetricGroup group = MetricGroup::always;
};

/// All metrics in file order; `status` is not among them.
[[nodiscard]] std::span<const Metric> metrics();

/// Where a metric stands among them. Throws std::logic_error for a name that none has.
[[nodiscard]] std::size_t metric_index(std::string_view name);

}  // namespace needflow
