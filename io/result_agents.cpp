#include "io/result_agents.hpp"

#include <algorithm>
#include <numeric>

namespace needflow {

namespace {

/// A group of ragged arrays: its scales and row sizes are written when it is made.
class RaggedGroup {
 public:
  RaggedGroup(const H5Builder& file, const std::string& name,
              const std::vector<std::int64_t>& row_sizes, const RunScales& runs,
              const char* point_means = "index of the point, C order")
      : group_(file.group(name)),
        rows_(std::accumulate(row_sizes.begin(), row_sizes.end(), std::int64_t{0})),
        point_(write_counting_scale(group_.get(), {"point", "1", point_means},
                                    counting(static_cast<std::int64_t>(row_sizes.size())))),
        obs_(write_counting_scale(group_.get(), {"obs", "1", "row of the ragged arrays"},
                                  counting(rows_))),
        runs_(runs) {
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

  /// A variable over obs, type and episode, without those of which there is one.
  void put_by_run(const Described& what, const std::vector<double>& values) const {
    Shape shape{static_cast<hsize_t>(rows_)};
    std::vector<const H5Handle*> scales{&obs_};
    if (runs_.types > 1) {
      shape.push_back(runs_.types);
      scales.push_back(runs_.type);
    }
    if (runs_.episodes > 1) {
      shape.push_back(runs_.episodes);
      scales.push_back(runs_.episode);
    }
    attach_scales(write_dataset(group_.get(), what, shape, std::span<const double>(values)),
                  scales);
  }

  /// A variable over obs × episode, even of one.
  template <class T>
  [[nodiscard]] H5Handle put_by_episode(const Described& what, const std::vector<T>& values) const {
    H5Handle dataset =
        write_dataset(group_.get(), what, {static_cast<hsize_t>(rows_), runs_.episodes},
                      std::span<const T>(values));
    attach_scales(dataset, std::array{&obs_, runs_.episode});
    return dataset;
  }

  /// Codes 0, 1 … and what each means, over obs.
  void put_codes(const Described& what, const std::vector<std::uint8_t>& values,
                 const std::string& meanings) const {
    const H5Handle dataset = write_dataset(group_.get(), what, {static_cast<hsize_t>(rows_)},
                                           std::span<const std::uint8_t>(values));
    attach_scales(dataset, std::array{&obs_});
    describe_codes(dataset, meanings);
  }
  void put_codes_by_episode(const Described& what, const std::vector<std::uint8_t>& values,
                            const std::string& meanings) const {
    describe_codes(put_by_episode(what, values), meanings);
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
  static void describe_codes(const H5Handle& dataset, const std::string& meanings) {
    std::vector<std::uint8_t> codes(
        1 + static_cast<std::size_t>(std::count(meanings.begin(), meanings.end(), ' ')));
    std::iota(codes.begin(), codes.end(), std::uint8_t{0});
    write_attribute(dataset.get(), "flag_values", std::span<const std::uint8_t>(codes));
    write_attribute(dataset.get(), "flag_meanings", meanings);
  }

  static std::vector<std::int64_t> counting(std::int64_t length) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(length));
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
    return numbers;
  }

  H5Handle group_;
  std::int64_t rows_;
  H5Handle point_;
  H5Handle obs_;
  RunScales runs_;
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
  group.put_by_run({"satisfied", "amount", "satisfied need"},
                   joined(outcomes, &AgentRows::satisfied));
  group.put_by_run({"damping", "1", "damping factor at the end"},
                   joined(outcomes, &AgentRows::damping));
  group.put_by_run({"residual", "amount", "unmet need"}, joined(outcomes, &AgentRows::residual));
}

/// What others think of agents once an episode's trust round is over.
void put_reputation(const RaggedGroup& group, const Outcomes& outcomes,
                    std::vector<double> AgentRows::*trust,
                    std::vector<double> AgentRows::*reputation,
                    std::vector<std::uint8_t> AgentRows::*pretrusted) {
  (void)group.put_by_episode(
      {"trust_received", "1",
       "mean trust of the neighbours in the agent, recognised or not, after the episode's update; "
       "missing where trust is off"},
      joined(outcomes, trust));
  (void)group.put_by_episode(
      {"reputation", "1",
       "global reputation G, EigenTrust over its largest value, after the episode's update: what "
       "the next episode's weights take (those of the first took 1); missing where trust is off"},
      joined(outcomes, reputation));
  group.put_codes(
      {"pretrusted", "", "whether EigenTrust restarts from the agent (trust.pretrusted)"},
      joined(outcomes, pretrusted), "no yes");
}

void put_trust(const RaggedGroup& group, const Outcomes& outcomes) {
  group.put_codes({"strategy", "", "how the recipient publishes its residual, in all episodes"},
                  joined(outcomes, &AgentRows::strategy), "cooperative aggressive strategic");
  group.put_by_run(
      {"exaggeration", "1", "what was published in the episode is the residual times 1 + this"},
      joined(outcomes, &AgentRows::exaggeration));
  put_reputation(group, outcomes, &AgentRows::recipient_trust, &AgentRows::recipient_reputation,
                 &AgentRows::recipient_pretrusted);
  group.put_codes_by_episode(
      {"flagged", "", "whether gaming detection flagged the recipient at the end of the episode"},
      joined(outcomes, &AgentRows::flagged), "no yes");
  group.put_codes_by_episode(
      {"quarantined", "", "whether nobody served the recipient in the episode, for it was flagged"},
      joined(outcomes, &AgentRows::quarantined), "no yes");
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

namespace {

std::vector<std::int64_t> trace_episodes(const Outcomes& outcomes, std::size_t episodes) {
  std::vector<std::int64_t> values;
  for (std::size_t run = 0; run < outcomes.traces().size(); ++run) {
    values.insert(values.end(), outcomes.traces()[run].size(),
                  static_cast<std::int64_t>(run % episodes) + 1);
  }
  return values;
}

}  // namespace

void write_traces(const H5Builder& file, const Outcomes& outcomes, const RunScales& runs) {
  std::vector<std::int64_t> sizes(outcomes.statuses().size());
  for (std::size_t run = 0; run < outcomes.traces().size(); ++run) {
    sizes[run] = static_cast<std::int64_t>(outcomes.traces()[run].size());
  }
  const RaggedGroup group(
      file, "trace", sizes, RunScales{},
      runs.episodes > 1 ? "index of the run, over points, then need types, then episodes, C order"
      : runs.types > 1  ? "index of the run, over points and then need types, C order"
                        : "index of the point, C order");
  if (runs.episodes > 1) {
    group.put({"episode", "1", "episode, from 1", false}, trace_episodes(outcomes, runs.episodes));
  }
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
                  const RunScales& runs) {
  const Instance& instance = *sweep.instance;
  const auto put_need = [&](const RaggedGroup& group) {
    group.put_by_run({"need", "amount", "stated need"}, joined(outcomes, &AgentRows::need));
  };
  const auto put_capacity = [&](const RaggedGroup& group) {
    group.put_by_run({"capacity", "amount", "capacity at the start"},
                     joined(outcomes, &AgentRows::capacity));
  };
  const auto put_left = [&](const RaggedGroup& group) {
    group.put_by_run({"capacity_left", "amount", "capacity available at the end"},
                     joined(outcomes, &AgentRows::capacity_left));
  };
  const auto put_degree = [&](const RaggedGroup& group,
                              std::vector<std::int64_t> AgentRows::*column) {
    group.put({"degree", "1", "links in the network", false}, joined(outcomes, column));
  };
  if (instance.source == Source::bipartite) {
    const RaggedGroup recipients(file, "recipients",
                                 row_sizes(outcomes, &AgentRows::recipient_degree), runs);
    recipients.put_ids(instance.recipient_ids);
    put_need(recipients);
    put_recipients(recipients, outcomes);
    put_degree(recipients, &AgentRows::recipient_degree);
    if (sweep.has_trust()) put_trust(recipients, outcomes);
    const RaggedGroup providers(file, "providers", row_sizes(outcomes, &AgentRows::provider_degree),
                                runs);
    providers.put_ids(instance.provider_ids);
    put_capacity(providers);
    put_left(providers);
    put_degree(providers, &AgentRows::provider_degree);
    if (sweep.has_trust()) {
      put_reputation(providers, outcomes, &AgentRows::provider_trust,
                     &AgentRows::provider_reputation, &AgentRows::provider_pretrusted);
    }
    return;
  }
  bool taken = false;
  for_each_option(sweep.axes,
                  [&taken](const Axis& axis) { taken = taken || axis.name == "agents"; });
  const RaggedGroup agents(file, taken ? "agent_rows" : "agents",
                           row_sizes(outcomes, &AgentRows::provider_degree), runs);
  agents.put_ids(agent_ids(sweep));
  put_need(agents);
  put_capacity(agents);
  put_recipients(agents, outcomes);
  put_left(agents);
  put_degree(agents, &AgentRows::provider_degree);
  if (sweep.has_trust()) put_trust(agents, outcomes);
}

}  // namespace needflow
