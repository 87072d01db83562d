#include "solver/sweep/outcome.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace needflow {

namespace {

/// A metric and how its column is filled and read; `column` is of the metric's type.
struct Column {
  Metric metric;
  /// Puts `count` points' numbers at their places.
  void (*put)(const Outcome* runs, const std::size_t* points, std::size_t count, std::size_t types,
              void* column);
  void (*take)(const void* column, std::size_t run, Outcome& outcome);
};

/// `at` gives the number's place in an outcome; the loops are made from it, since a call a number
/// costs more than the number.
template <auto at>
constexpr Column column(const char* name, const char* long_name, const char* unit,
                        MetricGroup group = MetricGroup::always) {
  using T = std::remove_cvref_t<decltype(at(std::declval<Outcome&>()))>;
  Column result{{name, long_name, unit, nullptr, nullptr, group}, nullptr, nullptr};
  const auto get = [](const Outcome& outcome) -> T { return at(outcome); };
  if constexpr (std::is_same_v<T, double>) {
    result.metric.real = get;
  } else {
    result.metric.integer = get;
  }
  result.put = [](const Outcome* runs, const std::size_t* points, std::size_t count,
                  std::size_t types, void* values) {
    for (std::size_t i = 0; i < count; ++i) {
      T* out = static_cast<T*>(values) + points[i] * types;
      for (std::size_t type = 0; type < types; ++type) out[type] = at(*runs++);
    }
  };
  result.take = [](const void* values, std::size_t run, Outcome& outcome) {
    at(outcome) = static_cast<const T*>(values)[run];
  };
  return result;
}

constexpr Column kColumns[] = {column < [](auto& o) -> auto& {return o.rounds;
}  // namespace
> ("rounds", "rounds computed, the last included", "1"), column < [](auto& o) -> auto& {
  return o.cycle_period;
}
> ("cycle_period", "period of the recurrence that ended the run", "1"), column < [
](auto& o) -> auto& {
  return o.satisfaction.satisfied_fraction;
}
> ("satisfied_fraction", "total satisfied need / total need", "1"), column < [](auto& o) -> auto& {
  return o.satisfaction.fully_met_fraction;
}
> ("fully_met_fraction", "share of recipients with a need that is met within the tolerance", "1"),
    column < [](auto& o) -> auto& {
  return o.satisfaction.over_fraction;
}
> ("over_fraction", "over-allocation in the last round / total need", "1"), column < [
](auto& o) -> auto& {
  return o.satisfaction.wasted_fraction;
}
> ("wasted_fraction", "amount wasted over all rounds / total need", "1"), column < [
](auto& o) -> auto& {
  return o.satisfaction.residual_l1;
}
> ("residual_l1", "sum of unmet need", "amount"), column < [](auto& o) -> auto& {
  return o.satisfaction.residual_max;
}
> ("residual_max", "largest unmet need of a recipient", "amount"), column < [](auto& o) -> auto& {
  return o.satisfaction.jain_index;
}
> ("jain_index", "Jain's fairness index of satisfied / need", "1"), column < [](auto& o) -> auto& {
  return o.satisfaction.gini;
}
> ("gini", "Gini coefficient of satisfied / need", "1"), column < [](auto& o) -> auto& {
  return o.satisfaction.satisfaction_min;
}
> ("satisfaction_min", "smallest satisfied / need of a recipient", "1"), column < [
](auto& o) -> auto& {
  return o.satisfaction.satisfaction_p05;
}
> ("satisfaction_p05", "5th percentile of satisfied / need", "1"), column < [](auto& o) -> auto& {
  return o.messages.published;
}
> ("messages_published", "ledger publications over the run", "1"), column < [](auto& o) -> auto& {
  return o.messages.read;
}
> ("messages_read", "ledger reads over the run", "1"), column < [](auto& o) -> auto& {
  return o.messages.allocated;
}
> ("messages_allocated", "nonzero allocations delivered over the run", "1"), column < [
](auto& o) -> auto& {
  return o.network_edges;
}
> ("network_edges", "links of the network, each counted once", "1"), column < [](auto& o) -> auto& {
  return o.recognised_pairs;
}
> ("recognised_pairs", "links with mutual recognition above 0", "1"), column < [
](auto& o) -> auto& {
  return o.network_mean_degree;
}
> ("network_mean_degree", "mean links of an agent", "1"), column < [](auto& o) -> auto& {
  return o.max_flow;
}
> ("max_flow", "most need that any allocation of the stock can satisfy", "amount",
   MetricGroup::optimum),
    column < [](auto& o) -> auto& {
  return o.efficiency;
}
> ("efficiency", "total satisfied need / max_flow, in stock", "1", MetricGroup::optimum), column < [
](auto& o) -> auto& {
  return o.fairest_jain;
}
> ("fairest_jain",
   "Jain's fairness index of satisfied / need in the fairest allocation that reaches max_flow", "1",
   MetricGroup::fairest),
    column < [](auto& o) -> auto& {
  return o.fairest_min;
}
> ("fairest_min",
   "smallest satisfied / need of a recipient in the fairest allocation that reaches max_flow", "1",
   MetricGroup::fairest),
};  // namespace needflow

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// Moves each part to its point's place; the place is made when the first batch brings some.
template <class Part>
void place(std::vector<Part>& all, std::size_t all_count, std::vector<Part>& parts,
           const std::vector<std::size_t>& points, std::size_t each) {
  if (parts.empty()) return;
  require(parts.size() == points.size() * each,
          "a batch's traces, trust or agents do not fit its points");
  all.resize(all_count);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = 0; j < each; ++j) {
      all[points[i] * each + j] = std::move(parts[i * each + j]);
    }
  }
}

constexpr std::size_t kCount = std::size(kColumns);

constexpr std::array<Metric, kCount> kMetrics = [] {
  std::array<Metric, kCount> all{};
  for (std::size_t m = 0; m < kCount; ++m) all[m] = kColumns[m].metric;
  return all;
}();

/// A metric's place among those of its type.
constexpr std::array<std::size_t, kCount> kSlots = [] {
  std::array<std::size_t, kCount> slots{};
  std::size_t reals = 0;
  std::size_t integers = 0;
  for (std::size_t m = 0; m < kCount; ++m) {
    slots[m] = kMetrics[m].real != nullptr ? reals++ : integers++;
  }
  return slots;
}();

constexpr std::size_t kReals = static_cast<std::size_t>(std::count_if(
    kMetrics.begin(), kMetrics.end(), [](const Metric& metric) { return metric.real != nullptr; }));

}  // namespace

Outcomes::Outcomes(std::size_t points, std::size_t runs_per_point)
    : runs_(runs_per_point),
      statuses_(points * runs_per_point, Status::pending),
      reals_(kReals * points * runs_per_point, std::numeric_limits<double>::quiet_NaN()),
      integers_((kCount - kReals) * points * runs_per_point, -1),
      seconds_(points, 0.0) {}

void Outcomes::add(OutcomeBatch&& batch) {
  const std::size_t count = batch.points.size();
  require(batch.outcomes.size() == count * runs_ && batch.seconds.size() == count,
          "a batch's outcomes do not fit its points");
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t point = batch.points[i];
    require(point < points(), "an outcome of a point that the sweep does not have");
    seconds_[point] = batch.seconds[i];
    for (std::size_t run = 0; run < runs_; ++run) {
      statuses_[point * runs_ + run] = batch.outcomes[i * runs_ + run].status;
    }
  }
  for (std::size_t m = 0; m < kCount; ++m) {
    const std::size_t begin = kSlots[m] * statuses_.size();
    void* values = kMetrics[m].real != nullptr ? static_cast<void*>(&reals_[begin])
                                               : static_cast<void*>(&integers_[begin]);
    kColumns[m].put(batch.outcomes.data(), batch.points.data(), count, runs_, values);
  }
  place(traces_, points() * runs_, batch.traces, batch.points, runs_);
  place(trust_, points() * runs_, batch.trust, batch.points, runs_);
  place(agents_, points(), batch.agents, batch.points, 1);
  keep_troubles(batch);
}

bool Outcomes::is_worse(const OutcomeBatch& batch, std::size_t i) const {
  const auto failed = [](Status status) { return status == Status::failed; };
  const std::size_t point = batch.points[i];
  require(point < points(), "an outcome of a point that the sweep does not have");
  const auto before = std::span(statuses_).subspan(point * runs_, runs_);
  if (before.front() == Status::pending) return false;
  const auto now = std::span(batch.outcomes).subspan(i * runs_, runs_);
  const bool fails =
      std::any_of(now.begin(), now.end(), [&](const Outcome& run) { return failed(run.status); });
  if (!fails) return false;
  const bool failed_before = std::any_of(before.begin(), before.end(), failed);
  const std::uint32_t tries = batch.attempts.empty() ? 1 : std::max(1U, batch.attempts[i]);
  return !failed_before || attempts(point) > tries;
}

void Outcomes::add_unless_worse(OutcomeBatch&& batch) {
  require(batch.outcomes.size() == batch.points.size() * runs_,
          "a batch's outcomes do not fit its points");
  std::vector<bool> worse(batch.points.size());
  for (std::size_t i = 0; i < worse.size(); ++i) worse[i] = is_worse(batch, i);
  if (std::find(worse.begin(), worse.end(), true) != worse.end()) {
    const auto keep = [&worse](auto& parts, std::size_t each) {
      std::size_t i = 0;
      if (!parts.empty()) std::erase_if(parts, [&](const auto&) { return worse[i++ / each]; });
    };
    keep(batch.outcomes, runs_);
    keep(batch.seconds, 1);
    keep(batch.traces, runs_);
    keep(batch.trust, runs_);
    keep(batch.agents, 1);
    keep(batch.messages, 1);
    keep(batch.attempts, 1);
    keep(batch.points, 1);
  }
  add(std::move(batch));
}

void Outcomes::keep_troubles(OutcomeBatch& batch) {
  const std::size_t count = batch.points.size();
  if (!messages_.empty()) {  // of points that failed before and were tried again
    for (const std::size_t point : batch.points) messages_.erase(point);
  }
  if (!batch.messages.empty()) {
    require(batch.messages.size() == count, "a batch's messages do not fit its points");
    for (std::size_t i = 0; i < count; ++i) {
      if (!batch.messages[i].empty()) messages_[batch.points[i]] = std::move(batch.messages[i]);
    }
  }
  if (!batch.attempts.empty()) {
    require(batch.attempts.size() == count, "a batch's attempts do not fit its points");
    for (std::size_t i = 0; i < count; ++i) {
      if (batch.attempts[i] > 1) attempts_[batch.points[i]] = batch.attempts[i];
    }
  }
}

std::uint32_t Outcomes::attempts(std::size_t point) const {
  const auto entry = attempts_.find(point);
  return entry == attempts_.end() ? 1 : entry->second;
}

std::span<const double> Outcomes::reals(std::size_t metric) const {
  return std::span(reals_).subspan(kSlots.at(metric) * statuses_.size(), statuses_.size());
}

std::span<const std::int64_t> Outcomes::integers(std::size_t metric) const {
  return std::span(integers_).subspan(kSlots.at(metric) * statuses_.size(), statuses_.size());
}

Outcome Outcomes::run(std::size_t point, std::size_t number) const {
  const std::size_t run = point * runs_ + number;
  Outcome outcome;
  outcome.status = statuses_[run];
  for (std::size_t m = 0; m < kCount; ++m) {
    const void* values = kMetrics[m].real != nullptr ? static_cast<const void*>(reals(m).data())
                                                     : static_cast<const void*>(integers(m).data());
    kColumns[m].take(values, run, outcome);
  }
  return outcome;
}

std::span<const Metric> metrics() { return kMetrics; }

std::size_t metric_index(std::string_view name) {
  for (std::size_t m = 0; m < kCount; ++m) {
    if (kMetrics[m].name == name) return m;
  }
  throw std::logic_error("no metric is called " + std::string(name));
}

}  // namespace needflow
