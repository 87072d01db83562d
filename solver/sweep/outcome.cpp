#include "solver/sweep/outcome.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace needflow {

namespace {

template <auto get>
constexpr Metric real(const char* name, const char* long_name, const char* unit) {
  return {name,
          long_name,
          unit,
          get,
          nullptr,
          [](std::span<const Outcome> runs, double* out) {
            for (const Outcome& run : runs) *out++ = get(run);
          },
          nullptr};
}
template <auto get>
constexpr Metric integer(const char* name, const char* long_name, const char* unit) {
  return {name,
          long_name,
          unit,
          nullptr,
          get,
          nullptr,
          [](std::span<const Outcome> runs, std::int64_t* out) {
            for (const Outcome& run : runs) *out++ = get(run);
          }};
}

constexpr Metric kMetrics[] = {
    integer<[](const Outcome& o) { return o.rounds; }>("rounds",
                                                       "rounds computed, the last included", "1"),
    integer<[](const Outcome& o) { return o.cycle_period; }>(
        "cycle_period", "period of the recurrence that ended the run", "1"),
    real<[](const Outcome& o) { return o.satisfaction.satisfied_fraction; }>(
        "satisfied_fraction", "total satisfied need / total need", "1"),
    real<[](const Outcome& o) { return o.satisfaction.fully_met_fraction; }>(
        "fully_met_fraction", "share of recipients with a need that is met within the tolerance",
        "1"),
    real<[](const Outcome& o) { return o.satisfaction.over_fraction; }>(
        "over_fraction", "over-allocation in the last round / total need", "1"),
    real<[](const Outcome& o) { return o.satisfaction.wasted_fraction; }>(
        "wasted_fraction", "amount wasted over all rounds / total need", "1"),
    real<[](const Outcome& o) { return o.satisfaction.residual_l1; }>(
        "residual_l1", "sum of unmet need", "amount"),
    real<[](const Outcome& o) { return o.satisfaction.residual_max; }>(
        "residual_max", "largest unmet need of a recipient", "amount"),
    real<[](const Outcome& o) { return o.satisfaction.jain_index; }>(
        "jain_index", "Jain's fairness index of satisfied / need", "1"),
    real<[](const Outcome& o) { return o.satisfaction.gini; }>(
        "gini", "Gini coefficient of satisfied / need", "1"),
    real<[](const Outcome& o) { return o.satisfaction.satisfaction_min; }>(
        "satisfaction_min", "smallest satisfied / need of a recipient", "1"),
    real<[](const Outcome& o) { return o.satisfaction.satisfaction_p05; }>(
        "satisfaction_p05", "5th percentile of satisfied / need", "1"),
    integer<[](const Outcome& o) { return o.messages.published; }>(
        "messages_published", "ledger publications over the run", "1"),
    integer<[](const Outcome& o) { return o.messages.read; }>("messages_read",
                                                              "ledger reads over the run", "1"),
    integer<[](const Outcome& o) { return o.messages.allocated; }>(
        "messages_allocated", "nonzero allocations delivered over the run", "1"),
    integer<[](const Outcome& o) { return o.network_edges; }>(
        "network_edges", "links of the network, each counted once", "1"),
    integer<[](const Outcome& o) { return o.recognised_pairs; }>(
        "recognised_pairs", "links with mutual recognition above 0", "1"),
    real<[](const Outcome& o) { return o.network_mean_degree; }>("network_mean_degree",
                                                                 "mean links of an agent", "1"),
};

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// Moves each part to its point's place; the place is made when the first batch brings some.
template <class Part>
void place(std::vector<Part>& all, std::size_t all_count, std::vector<Part>& parts,
           const std::vector<std::size_t>& points, std::size_t each) {
  if (parts.empty()) return;
  require(parts.size() == points.size() * each, "a batch's traces or agents do not fit its points");
  all.resize(all_count);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = 0; j < each; ++j) {
      all[points[i] * each + j] = std::move(parts[i * each + j]);
    }
  }
}

}  // namespace

Outcomes::Outcomes(std::size_t points, std::size_t types)
    : types_(types), runs_(points * types), seconds_(points) {}

void Outcomes::add(OutcomeBatch&& batch) {
  const std::size_t count = batch.points.size();
  require(batch.outcomes.size() == count * types_ && batch.seconds.size() == count,
          "a batch's outcomes do not fit its points");
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t point = batch.points[i];
    require(point < points(), "an outcome of a point that the sweep does not have");
    std::copy_n(&batch.outcomes[i * types_], types_, &runs_[point * types_]);
    seconds_[point] = batch.seconds[i];
  }
  place(traces_, points() * types_, batch.traces, batch.points, types_);
  place(agents_, points(), batch.agents, batch.points, 1);
  if (batch.messages.empty()) return;
  require(batch.messages.size() == count, "a batch's messages do not fit its points");
  for (std::size_t i = 0; i < count; ++i) {
    if (!batch.messages[i].empty()) messages_[batch.points[i]] = std::move(batch.messages[i]);
  }
}

std::span<const Metric> metrics() { return kMetrics; }

}  // namespace needflow
