#include "solver/sweep/point_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace needflow {

namespace {

/// Vectors that are empty where no point has anything become as long as the points are many.
template <class T>
void append_optional(std::vector<T>& to, std::size_t before, std::vector<T>&& more,
                     std::size_t added) {
  if (to.empty() && more.empty()) return;
  to.resize(before);
  std::move(more.begin(), more.end(), std::back_inserter(to));
  to.resize(before + added);
}

}  // namespace

OutcomeBatch unsolved(const Sweep& sweep, std::size_t index, Status status, std::string message) {
  OutcomeBatch outcome;
  outcome.points = {index};
  outcome.outcomes.resize(sweep.runs_per_point());
  for (Outcome& run : outcome.outcomes) run.status = status;
  outcome.seconds = {0.0};
  outcome.messages = {std::move(message)};
  return outcome;
}

Outcome outcome_from(const RunReport& report, const Recognition& recognition) {
  Outcome outcome;
  outcome.status = report.status;
  outcome.network_edges = recognition.network_edges;
  outcome.recognised_pairs = recognition.recognised_pairs;
  outcome.network_mean_degree = recognition.mean_degree();
  outcome.rounds = report.rounds;
  if (report.status == Status::failed) return outcome;
  outcome.cycle_period = report.cycle_period;
  outcome.messages = report.messages;
  return outcome;
}

std::string trouble_of(const Outcome& outcome) {
  if (outcome.status != Status::failed) return {};
  return fmt::format("numbers overflowed in round {}", outcome.rounds);
}

void size_agent_rows(AgentRows& rows, const Recognition& recognition, std::size_t runs) {
  for (auto* column : {&rows.need, &rows.satisfied, &rows.damping, &rows.residual}) {
    column->resize(recognition.recipients() * runs);
  }
  for (auto* column : {&rows.capacity, &rows.capacity_left}) {
    column->resize(recognition.providers() * runs);
  }
  rows.provider_degree.assign(recognition.provider_degree.begin(),
                              recognition.provider_degree.end());
  rows.recipient_degree.assign(recognition.recipient_degree.begin(),
                               recognition.recipient_degree.end());
}

template <int L>
void keep_agent_rows(AgentRows& rows, const LaneRounds<L>& rounds, std::size_t lane) {
  for (std::size_t r = 0; r < rounds.need().rows(); ++r) {
    rows.need[r] = rounds.need()[r][lane];
    rows.satisfied[r] = rounds.satisfied()[r][lane];
    rows.damping[r] = rounds.damping()[r][lane];
    rows.residual[r] = std::max(0.0, rows.need[r] - rows.satisfied[r]);
  }
  for (std::size_t p = 0; p < rounds.capacity().rows(); ++p) {
    rows.capacity[p] = rounds.capacity()[p][lane];
    rows.capacity_left[p] = rounds.available()[p][lane];
  }
}

template void keep_agent_rows<1>(AgentRows&, const LaneRounds<1>&, std::size_t);
template void keep_agent_rows<8>(AgentRows&, const LaneRounds<8>&, std::size_t);
template void keep_agent_rows<16>(AgentRows&, const LaneRounds<16>&, std::size_t);

void interleave(const AgentRows& one, std::size_t run, std::size_t runs, AgentRows& all) {
  const auto spread = [&](std::vector<double> AgentRows::*column) {
    const std::vector<double>& from = one.*column;
    for (std::size_t i = 0; i < from.size(); ++i) (all.*column)[i * runs + run] = from[i];
  };
  for (const auto column :
       {&AgentRows::need, &AgentRows::satisfied, &AgentRows::damping, &AgentRows::residual,
        &AgentRows::capacity, &AgentRows::capacity_left}) {
    spread(column);
  }
}

void append(OutcomeBatch& batch, OutcomeBatch&& more) {
  const std::size_t before = batch.points.size();
  const std::size_t added = more.points.size();
  const std::size_t runs = added == 0 ? 0 : more.outcomes.size() / added;
  append_optional(batch.traces, before * runs, std::move(more.traces), added * runs);
  append_optional(batch.trust, before * runs, std::move(more.trust), added * runs);
  append_optional(batch.agents, before, std::move(more.agents), added);
  append_optional(batch.messages, before, std::move(more.messages), added);
  batch.points.insert(batch.points.end(), more.points.begin(), more.points.end());
  batch.outcomes.insert(batch.outcomes.end(), more.outcomes.begin(), more.outcomes.end());
  batch.seconds.insert(batch.seconds.end(), more.seconds.begin(), more.seconds.end());
}

}  // namespace needflow
