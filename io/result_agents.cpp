#include "io/result_agents.hpp"

#include <algorithm>
#include <numeric>

namespace needflow {

namespace {

/// A group of ragged arrays: its scales and row sizes are written when it is made.
class RaggedGroup {
 public:
  RaggedGroup(const H5Builder& file, const std::string& name,
              const std::vector<std::int64_t>& row_sizes, std::size_t types,
              const H5Handle* type_scale, const char* point_means = "index of the point, C order")
      : group_(file.group(name)),
        rows_(std::accumulate(row_sizes.begin(), row_sizes.end(), std::int64_t{0})),
        point_(write_counting_scale(group_.get(), {"point", "1", point_means},
                                    counting(static_cast<std::int64_t>(row_sizes.size())))),
        obs_(write_counting_scale(group_.get(), {"obs", "1", "row of the ragged arrays"},
                                  counting(rows_))),
        types_(types),
        type_(type_scale) {
    const H5Handle sizes =
        write_dataset(group_.get(), {"row_size", "1", "rows of the point", false},
                      {row_sizes.size()}, std::span<const std::int64_t>(row_sizes));
    write_attribute(sizes.get(), "sample_dimension", "obs");
    attach_scales(sizes, std::array{&point_});
  }

  /// A variable over obs.
  template <class T>
  void put(const Described& what, const std::vector<T>& values) const {
    attach_scales(write_dataset(group_.get(), what, {static_cast<hsize_t>(rows_)},
                                std::span<const T>(values)),
                  std::array{&obs_});
  }

  /// A variable over obs × type, or over obs when there is one type.
  void put_by_type(const Described& what, const std::vector<double>& values) const {
    if (type_ == nullptr) return put(what, values);
    attach_scales(write_dataset(group_.get(), what, {static_cast<hsize_t>(rows_), types_},
                                std::span<const double>(values)),
                  std::array{&obs_, type_});
  }

  /// The agents' names, once: a coordinate of its own, since every point has the same agents.
  void put_ids(const std::vector<std::string>& ids) const {
    if (ids.empty()) return;
    const H5Handle scale =
        write_dataset(group_.get(), {"id", "", "names, in the order of the rows"}, {ids.size()},
                      std::span<const std::string>(ids));
    make_scale(scale, "id");
  }

 private:
  static std::vector<std::int64_t> counting(std::int64_t length) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(length));
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    return numbers;
  }

  H5Handle group_;
  std::int64_t rows_;
  H5Handle point_;
  H5Handle obs_;
  hsize_t types_;
  const H5Handle* type_;
};

template <class T>
std::vector<T> trace_column(const Outcomes& outcomes, T TraceRow::*field) {
  std::vector<T> values;
  for (const std::vector<TraceRow>& trace : outcomes.traces()) {
    for (const TraceRow& row : trace) values.push_back(row.*field);
  }
  return values;
}

/// One column of all points' agents, joined.
template <class T>
std::vector<T> joined(const Outcomes& outcomes, std::vector<T> AgentRows::*column) {
  std::vector<T> values;
  for (const AgentRows& rows : outcomes.agents()) {
    const std::vector<T>& part = rows.*column;
    values.insert(values.end(), part.begin(), part.end());
  }
  return values;
}

std::vector<std::int64_t> row_sizes(const Outcomes& outcomes,
                                    std::vector<std::int64_t> AgentRows::*degree) {
  std::vector<std::int64_t> sizes(outcomes.points());
  for (std::size_t point = 0; point < outcomes.agents().size(); ++point) {
    sizes[point] = static_cast<std::int64_t>((outcomes.agents()[point].*degree).size());
  }
  return sizes;
}

void put_recipients(const RaggedGroup& group, const Outcomes& outcomes) {
  group.put_by_type({"satisfied", "amount", "satisfied need"},
                    joined(outcomes, &AgentRows::satisfied));
  group.put_by_type({"damping", "1", "damping factor at the end"},
                    joined(outcomes, &AgentRows::damping));
  group.put_by_type({"residual", "amount", "unmet need"}, joined(outcomes, &AgentRows::residual));
}

/// The agents' names where all points have the same: of an instance, or of the one network file.
const std::vector<std::string>& agent_ids(const Sweep& sweep) {
  const bool one_file = sweep.network_files.size() == 1 && !sweep.varies("network.kind");
  return one_file ? sweep.network_files.front()->ids : sweep.instance->provider_ids;
}

}  // namespace

H5Handle write_counting_scale(hid_t where, const Described& what,
                              const std::vector<std::int64_t>& values) {
  H5Handle scale = write_dataset(where, {what.name, what.units, what.long_name, false},
                                 {values.size()}, std::span<const std::int64_t>(values));
  make_scale(scale, what.name);
  return scale;
}

void write_traces(const H5Builder& file, const Outcomes& outcomes) {
  std::vector<std::int64_t> sizes(outcomes.statuses().size());
  for (std::size_t run = 0; run < outcomes.traces().size(); ++run) {
    sizes[run] = static_cast<std::int64_t>(outcomes.traces()[run].size());
  }
  const RaggedGroup group(file, "trace", sizes, 1, nullptr,
                          outcomes.types() == 1
                              ? "index of the point, C order"
                              : "index of the run, over points and then need types, C order");
  const auto whole = [&](Described what, std::int64_t TraceRow::*field) {
    what.may_be_missing = false;
    group.put(what, trace_column(outcomes, field));
  };
  const auto real = [&](const Described& what, double TraceRow::*field) {
    group.put(what, trace_column(outcomes, field));
  };
  whole({"round", "1", "round, from 1"}, &TraceRow::round);
  real({"residual_l1", "amount", "sum of unmet need"}, &TraceRow::residual_l1);
  real({"satisfied_fraction", "1", "total satisfied need / total need"},
       &TraceRow::satisfied_fraction);
  real({"over", "amount", "sum of over-allocation in the round"}, &TraceRow::over);
  whole({"converged", "1", "recipients that report convergence"}, &TraceRow::converged);
  real({"denominator_change", "1", "largest |change of d| / d of round 1"},
       &TraceRow::denominator_change);
  real({"mean_damping", "1", "mean damping factor"}, &TraceRow::mean_damping);
  whole({"oscillating", "1", "recipients damped for oscillating"}, &TraceRow::oscillating);
  whole({"active_providers", "1", "providers with capacity left and somebody to serve"},
        &TraceRow::active_providers);
}

void write_agents(const H5Builder& file, const Sweep& sweep, const Outcomes& outcomes,
                  const H5Handle* type_scale) {
  const Instance& instance = *sweep.instance;
  const auto put_need = [&](const RaggedGroup& group) {
    group.put_by_type({"need", "amount", "stated need"}, joined(outcomes, &AgentRows::need));
  };
  const auto put_capacity = [&](const RaggedGroup& group) {
    group.put_by_type({"capacity", "amount", "capacity at the start"},
                      joined(outcomes, &AgentRows::capacity));
  };
  const auto put_left = [&](const RaggedGroup& group) {
    group.put_by_type({"capacity_left", "amount", "capacity available at the end"},
                      joined(outcomes, &AgentRows::capacity_left));
  };
  const auto put_degree = [&](const RaggedGroup& group,
                              std::vector<std::int64_t> AgentRows::*column) {
    group.put({"degree", "1", "links in the network", false}, joined(outcomes, column));
  };
  if (instance.source == Source::bipartite) {
    const RaggedGroup recipients(file, "recipients",
                                 row_sizes(outcomes, &AgentRows::recipient_degree), sweep.types(),
                                 type_scale);
    recipients.put_ids(instance.recipient_ids);
    put_need(recipients);
    put_recipients(recipients, outcomes);
    put_degree(recipients, &AgentRows::recipient_degree);
    const RaggedGroup providers(file, "providers", row_sizes(outcomes, &AgentRows::provider_degree),
                                sweep.types(), type_scale);
    providers.put_ids(instance.provider_ids);
    put_capacity(providers);
    put_left(providers);
    put_degree(providers, &AgentRows::provider_degree);
    return;
  }
  bool taken = false;
  for_each_option(sweep.axes,
                  [&taken](const Axis& axis) { taken = taken || axis.name == "agents"; });
  const RaggedGroup agents(file, taken ? "agent_rows" : "agents",
                           row_sizes(outcomes, &AgentRows::provider_degree), sweep.types(),
                           type_scale);
  agents.put_ids(agent_ids(sweep));
  put_need(agents);
  put_capacity(agents);
  put_recipients(agents, outcomes);
  put_left(agents);
  put_degree(agents, &AgentRows::provider_degree);
}

}  // namespace needflow
