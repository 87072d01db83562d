// What a point leaves behind, and the table of metrics that names its columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "solver/rounds.hpp"
#include "solver/statistics.hpp"

namespace needflow {

/// One run: a point and a need type. Unknown numbers are NaN and −1, which files use as fill.
struct Outcome {
  Status status = Status::pending;
  std::int64_t rounds = -1;
  std::int64_t cycle_period = -1;
  Satisfaction satisfaction;
  MessageCounts messages{-1, -1, -1};
  std::int64_t network_edges = -1;
  std::int64_t recognised_pairs = -1;
  double network_mean_degree = std::numeric_limits<double>::quiet_NaN();
  std::vector<TraceRow> trace;  ///< empty unless asked for
};

/// Final state per agent, row-major (agent, type); degrees have no type. For an agent network the
/// two sides have the same length and one degree.
struct AgentRows {
  std::vector<double> need, satisfied, damping, residual;  ///< recipients × types
  std::vector<double> capacity, capacity_left;             ///< providers × types
  std::vector<std::int64_t> recipient_degree;
  std::vector<std::int64_t> provider_degree;
};

struct PointOutcome {
  std::size_t point = 0;
  std::vector<Outcome> types;  ///< one a need type
  AgentRows agents;            ///< empty unless asked for
  double seconds = 0.0;        ///< wall time of draws, rounds and statistics
  std::string message;         ///< why it failed or is invalid
};

/// One column of results.
struct Metric {
  const char* name;  ///< promised, see the result file's schema
  const char* long_name;
  const char* unit;
  double (*real)(const Outcome&);  ///< exactly one of the two is set
  std::int64_t (*integer)(const Outcome&);
};

/// All metrics in file order; `status` is not among them.
[[nodiscard]] std::span<const Metric> metrics();

}  // namespace needflow
