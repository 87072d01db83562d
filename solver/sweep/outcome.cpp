#include "solver/sweep/outcome.hpp"

namespace needflow {

namespace {

using Real = double (*)(const Outcome&);
using Integer = std::int64_t (*)(const Outcome&);

constexpr Metric real(const char* name, const char* long_name, const char* unit, Real get) {
  return {name, long_name, unit, get, nullptr};
}
constexpr Metric integer(const char* name, const char* long_name, const char* unit, Integer get) {
  return {name, long_name, unit, nullptr, get};
}

constexpr Metric kMetrics[] = {
    integer("rounds", "rounds computed, the last included", "1",
            [](const Outcome& o) { return o.rounds; }),
    integer("cycle_period", "period of the recurrence that ended the run", "1",
            [](const Outcome& o) { return o.cycle_period; }),
    real("satisfied_fraction", "total satisfied need / total need", "1",
         [](const Outcome& o) { return o.satisfaction.satisfied_fraction; }),
    real("fully_met_fraction", "share of recipients with a need that is met within the tolerance",
         "1", [](const Outcome& o) { return o.satisfaction.fully_met_fraction; }),
    real("over_fraction", "over-allocation in the last round / total need", "1",
         [](const Outcome& o) { return o.satisfaction.over_fraction; }),
    real("wasted_fraction", "amount wasted over all rounds / total need", "1",
         [](const Outcome& o) { return o.satisfaction.wasted_fraction; }),
    real("residual_l1", "sum of unmet need", "amount",
         [](const Outcome& o) { return o.satisfaction.residual_l1; }),
    real("residual_max", "largest unmet need of a recipient", "amount",
         [](const Outcome& o) { return o.satisfaction.residual_max; }),
    real("jain_index", "Jain's fairness index of satisfied / need", "1",
         [](const Outcome& o) { return o.satisfaction.jain_index; }),
    real("gini", "Gini coefficient of satisfied / need", "1",
         [](const Outcome& o) { return o.satisfaction.gini; }),
    real("satisfaction_min", "smallest satisfied / need of a recipient", "1",
         [](const Outcome& o) { return o.satisfaction.satisfaction_min; }),
    real("satisfaction_p05", "5th percentile of satisfied / need", "1",
         [](const Outcome& o) { return o.satisfaction.satisfaction_p05; }),
    integer("messages_published", "ledger publications over the run", "1",
            [](const Outcome& o) { return o.messages.published; }),
    integer("messages_read", "ledger reads over the run", "1",
            [](const Outcome& o) { return o.messages.read; }),
    integer("messages_allocated", "nonzero allocations delivered over the run", "1",
            [](const Outcome& o) { return o.messages.allocated; }),
    integer("network_edges", "links of the network, each counted once", "1",
            [](const Outcome& o) { return o.network_edges; }),
    integer("recognised_pairs", "links with mutual recognition above 0", "1",
            [](const Outcome& o) { return o.recognised_pairs; }),
    real("network_mean_degree", "mean links of an agent", "1",
         [](const Outcome& o) { return o.network_mean_degree; }),
};

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

}  // namespace needflow
