#include "io/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>

#include "io/h5.hpp"
#include "io/network_files.hpp"
#include "io/result_agents.hpp"
#include "io/result_networks.hpp"
#include "solver/error.hpp"
#include "solver/sweep/optima.hpp"

namespace needflow {

namespace {

template <class T>
std::vector<T> all_as(const std::vector<Value>& values) {
  std::vector<T> result;
  result.reserve(values.size());
  for (const Value& value : values) result.push_back(std::get<T>(value));
  return result;
}

std::vector<std::string> as_words(const std::vector<Value>& values) {
  std::vector<std::string> words;
  words.reserve(values.size());
  for (const Value& value : values) words.push_back(plain_text(value));
  return words;
}

/// An axis that holds a word is stored as words throughout; otherwise numbers of one type.
H5Handle write_values(hid_t root, const Axis& axis) {
  const Described what{axis.name, axis.unit, axis.long_name, false};
  const Shape shape{axis.values.size()};
  H5Handle dataset = [&] {
    if (axis.words) {
      return write_dataset(root, {axis.name, "", axis.long_name}, shape,
                           std::span<const std::string>(as_words(axis.values)));
    }
    if (std::holds_alternative<std::int64_t>(axis.values.front())) {
      return write_dataset(root, what, shape,
                           std::span<const std::int64_t>(all_as<std::int64_t>(axis.values)));
    }
    return write_dataset(root, what, shape, std::span<const double>(all_as<double>(axis.values)));
  }();
  if (!axis.key.empty()) write_attribute(dataset.get(), "option", axis.key);
  return dataset;
}

/// The axis as a dimension's scale; what advances with it as variables over that dimension.
H5Handle write_axis(hid_t root, const Axis& axis) {
  H5Handle scale = write_values(root, axis);
  make_scale(scale, axis.name);
  for (const Axis& other : axis.along) {
    attach_scales(write_values(root, other), std::array<const H5Handle*, 1>{&scale});
  }
  return scale;
}

/// The dimensions of every metric and their scales.
struct Grid {
  Shape shape;      ///< of the points
  Shape run_shape;  ///< of the metrics: with types and episodes where there are several
  std::vector<H5Handle>
      scales;               ///< one a dimension of run_shape, and the episode's where one has it
  std::string coordinates;  ///< names of what advances with axes, for CF's attribute
  std::size_t runs_per_point;
  RunScales of_runs;  ///< those of types and episodes

  [[nodiscard]] std::vector<const H5Handle*> point_scales() const {
    return first_scales(shape.size());
  }
  [[nodiscard]] std::vector<const H5Handle*> metric_scales() const {
    return first_scales(run_shape.size());
  }
  /// Of strategies and trust, whose last dimension is the episode even where there is one.
  [[nodiscard]] std::vector<const H5Handle*> trust_scales() const {
    return first_scales(scales.size());
  }
  [[nodiscard]] Shape trust_shape() const {
    Shape result = run_shape;
    if (scales.size() > run_shape.size()) result.push_back(1);
    return result;
  }

 private:
  [[nodiscard]] std::vector<const H5Handle*> first_scales(std::size_t count) const {
    std::vector<const H5Handle*> result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(&scales[i]);
    return result;
  }
};

Grid write_grid(hid_t root, const Sweep& sweep) {
  Grid grid;
  grid.runs_per_point = sweep.runs_per_point();
  grid.scales.reserve(sweep.axes.size() + 4);  // of_runs points into them
  for (const Axis& axis : sweep.axes) {
    grid.shape.push_back(axis.values.size());
    grid.scales.push_back(write_axis(root, axis));
    for (const Axis& other : axis.along) {
      grid.coordinates += (grid.coordinates.empty() ? "" : " ") + other.name;
    }
  }
  const auto count_from = [&](std::int64_t length, std::int64_t first, const char* name,
                              const char* long_name) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(length));
    std::iota(numbers.begin(), numbers.end(), first);
    grid.scales.push_back(write_counting_scale(root, {name, "1", long_name}, numbers));
  };
  if (sweep.networks > 1) {
    grid.shape.push_back(static_cast<hsize_t>(sweep.networks));
    count_from(sweep.networks, 0, "network", "index of the network");
  }
  if (sweep.replicates > 1) {
    grid.shape.push_back(static_cast<hsize_t>(sweep.replicates));
    count_from(sweep.replicates, 0, "replicate", "index of the population draw");
  }
  grid.run_shape = grid.shape;
  grid.of_runs.types = sweep.types();
  grid.of_runs.episodes = sweep.episodes();
  if (grid.of_runs.types > 1) {
    grid.run_shape.push_back(grid.of_runs.types);
    count_from(static_cast<std::int64_t>(grid.of_runs.types), 1, "type", "need type");
    grid.of_runs.type = &grid.scales.back();
  }
  if (sweep.is_episodic()) {
    if (grid.of_runs.episodes > 1) grid.run_shape.push_back(grid.of_runs.episodes);
    count_from(static_cast<std::int64_t>(grid.of_runs.episodes), 1, "episode",
               "episode, a run with fresh stock each");
    grid.of_runs.episode = &grid.scales.back();
  }
  return grid;
}

/// Places of episodes that their points do not have: pending for ever, and not waited for.
std::size_t absent_runs(const Outcomes& outcomes) {
  const std::span<const Status> statuses = outcomes.statuses();
  const std::size_t each = outcomes.runs_per_point();
  std::size_t absent = 0;
  for (std::size_t first = 0; first < statuses.size() && each > 1; first += each) {
    const auto runs = statuses.subspan(first, each);
    if (runs.front() == Status::pending) continue;
    absent += static_cast<std::size_t>(std::count(runs.begin(), runs.end(), Status::pending));
  }
  return absent;
}

/// Statuses with their meanings; the dataset itself is written with the metrics. Points that the
/// design leaves out are `pending` for ever: the attribute `excluded` says how many there are, and
/// `absent` how many runs of episodes that their points do not have.
void describe_status(const H5Handle& dataset) {
  std::vector<std::uint8_t> codes;
  std::string meanings;
  for (std::uint8_t code = 0; code <= static_cast<std::uint8_t>(Status::invalid); ++code) {
    codes.push_back(code);
    meanings += (code == 0 ? "" : " ") + std::string(status_name(static_cast<Status>(code)));
  }
  write_attribute(dataset.get(), "flag_values", std::span<const std::uint8_t>(codes));
  write_attribute(dataset.get(), "flag_meanings", meanings);
}

/// Binds a metric to its dimensions and names the coordinates that are no dimensions: readers that
/// know CF, xarray among them, then take these for coordinates and not for results.
void bind_to_grid(const H5Handle& dataset, const Grid& grid,
                  const std::vector<const H5Handle*>& scales) {
  attach_scales(dataset, scales);
  if (!grid.coordinates.empty()) write_attribute(dataset.get(), "coordinates", grid.coordinates);
}

void write_metrics(hid_t root, const Grid& grid, const Sweep& sweep, const Outcomes& outcomes) {
  static_assert(sizeof(Status) == 1);
  const std::span<const Status> statuses = outcomes.statuses();
  const std::span codes(reinterpret_cast<const std::uint8_t*>(statuses.data()), statuses.size());
  std::vector<Numbers> columns;
  columns.push_back({{"status", "", "how the run ended"}, grid.run_shape, codes});
  for (std::size_t m = 0; m < metrics().size(); ++m) {
    const Metric& metric = metrics()[m];
    if (!is_kept(metric, sweep)) continue;
    Numbers& column = columns.emplace_back(
        Numbers{{metric.name, metric.unit, metric.long_name}, grid.run_shape, {}});
    if (metric.real != nullptr) {
      column.values = outcomes.reals(m);
    } else {
      column.values = outcomes.integers(m);
    }
  }
  const std::vector<H5Handle> datasets = write_datasets(root, columns);
  describe_status(datasets.front());
  if (const std::size_t absent = absent_runs(outcomes); absent > 0) {
    write_attribute(datasets.front().get(), "absent", static_cast<std::int64_t>(absent));
  }
  if (const std::size_t excluded = sweep.excluded_points(); excluded > 0) {
    write_attribute(datasets.front().get(), "excluded", static_cast<std::int64_t>(excluded));
  }
  for (const H5Handle& dataset : datasets) bind_to_grid(dataset, grid, grid.metric_scales());
}

/// One column of the figures of strategies and trust.
template <class T>
std::vector<T> trust_column(std::span<const TrustFigures> figures, T TrustFigures::*field) {
  std::vector<T> values;
  values.reserve(figures.size());
  for (const TrustFigures& run : figures) values.push_back(run.*field);
  return values;
}

void write_trust(hid_t root, const Grid& grid, const Outcomes& outcomes) {
  // Where no point came to an end there are none.
  std::vector<TrustFigures> none;
  std::span<const TrustFigures> figures = outcomes.trust();
  if (figures.empty()) {
    none.resize(outcomes.statuses().size());
    figures = none;
  }
  for (const TrustMetric& metric : trust_metrics()) {
    const Described what{metric.name, metric.unit, metric.long_name};
    const H5Handle dataset = [&] {
      if (metric.real != nullptr) {
        const std::vector<double> values = trust_column(figures, metric.real);
        return write_dataset(root, what, grid.trust_shape(), std::span<const double>(values));
      }
      const std::vector<std::int64_t> values = trust_column(figures, metric.integer);
      return write_dataset(root, what, grid.trust_shape(), std::span<const std::int64_t>(values));
    }();
    bind_to_grid(dataset, grid, grid.trust_scales());
  }
}

/// Networks have no need types or episodes; their metrics have the dimensions like all others.
void write_networks(hid_t root, const Grid& grid, const NetworkTable& networks) {
  if (networks.networks().empty()) return;
  std::vector<const GraphMetrics*> cells(networks.points() * grid.runs_per_point);
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = networks.of(i / grid.runs_per_point);
  write_network_metrics(root, grid.run_shape, grid.metric_scales(), cells);
}

/// A setting as an attribute of its own type; an axis as an array.
void write_setting(hid_t group, const ResolvedOption& entry) {
  const std::string key = entry.option->key();
  if (has_words(entry.values)) {
    if (entry.is_axis) {
      write_attribute(group, key, std::span<const std::string>(as_words(entry.values)));
    } else {
      write_attribute(group, key, plain_text(entry.values.front()));
    }
    return;
  }
  const bool whole = std::holds_alternative<std::int64_t>(entry.values.front());
  if (entry.is_axis && whole) {
    write_attribute(group, key, std::span<const std::int64_t>(all_as<std::int64_t>(entry.values)));
  } else if (entry.is_axis) {
    write_attribute(group, key, std::span<const double>(all_as<double>(entry.values)));
  } else if (whole) {
    write_attribute(group, key, std::get<std::int64_t>(entry.values.front()));
  } else {
    write_attribute(group, key, std::get<double>(entry.values.front()));
  }
}

void write_root_attributes(hid_t root, const Scenario& scenario) {
  write_attribute(root, "Conventions", "CF-1.8");
  write_attribute(root, "schema_version", kSchemaVersion);
  write_attribute(root, "needflow_version", build_info().version);
  write_attribute(root, "title", scenario.sweep.title);
  const auto seed = std::find_if(scenario.resolved.begin(), scenario.resolved.end(),
                                 [](const auto& entry) { return entry.option->name == "seed"; });
  write_setting(root, *seed);
  if (scenario.sweep.point_of_whole) {  // `run --point`: which draw of the whole scenario this is
    write_attribute(root, "point", static_cast<std::int64_t>(*scenario.sweep.point_of_whole));
    const Point point = scenario.sweep.point(0);  // a list of points may name its draws itself
    write_attribute(root, "point_network", std::int64_t{point.network});
    write_attribute(root, "point_replicate", std::int64_t{point.replicate});
  }
  write_attribute(root, "scenario", scenario.text);
  write_attribute(root, "plan_hash", scenario.hash_text());
}

void write_settings(const H5Builder& file, const Scenario& scenario) {
  const H5Handle group = file.group("settings");
  for (const ResolvedOption& entry : scenario.resolved) {
    if (!entry.is_designed) write_setting(group.get(), entry);  // those are variables at the root
  }
}

/// Points that failed or have no solution, with the reason. Only written when there are some.
void write_failures(const H5Builder& file, const Outcomes& outcomes) {
  std::vector<std::int64_t> points;
  std::vector<std::string> messages;
  std::vector<std::int64_t> attempts;
  for (const auto& [point, message] : outcomes.messages()) {
    points.push_back(static_cast<std::int64_t>(point));
    messages.push_back(message);
    attempts.push_back(outcomes.attempts(point));
  }
  if (points.empty()) return;
  const H5Handle group = file.group("failures");
  const H5Handle scale = write_counting_scale(
      group.get(), {"point", "1", "index of the point in the grid, C order"}, points);
  const H5Handle texts = write_dataset(group.get(), {"message", "", "why the point has no result"},
                                       {points.size()}, std::span<const std::string>(messages));
  attach_scales(texts, std::array{&scale});
  const H5Handle tries =
      write_dataset(group.get(), {"attempts", "1", "how often the point was tried", false},
                    {points.size()}, std::span<const std::int64_t>(attempts));
  attach_scales(tries, std::array{&scale});
}

void write_provenance(const H5Builder& file, const Provenance& provenance) {
  const BuildInfo build = build_info();
  const H5Handle group = file.group("provenance");
  const auto put = [&](const char* name, const std::string& text) {
    write_attribute(group.get(), name, text);
  };
  put("commit", build.commit);
  write_attribute(group.get(), "dirty", static_cast<std::uint8_t>(build.dirty ? 1 : 0));
  put("compiler", build.compiler);
  put("flags", build.flags);
  put("libraries", libraries_text(build));
  put("simd_target", provenance.simd_target);
  put("host", provenance.host);
  write_attribute(group.get(), "threads", std::int64_t{provenance.threads});
  write_attribute(group.get(), "ranks", std::int64_t{provenance.ranks});
  put("processors", provenance.processors);
  write_attribute(group.get(), "numa_nodes", std::int64_t{provenance.numa_nodes});
  write_attribute(group.get(), "numa_arenas", std::int64_t{provenance.arenas});
  put("start", provenance.start);
  put("end", provenance.end);
  put("command_line", provenance.command_line);
}

/// A duration or a rate to four digits, for a clock shared by lanes tells no more: 12 bits of
/// mantissa. All 52 would be noise, which takes as long to pack as five metrics and a tenth of the
/// file.
double to_four_digits(double value) {
  constexpr std::uint64_t kDropped = std::uint64_t{1} << 40U;
  const std::uint64_t rounded = std::bit_cast<std::uint64_t>(value) + kDropped / 2;
  return std::bit_cast<double>(rounded & ~(kDropped - 1));
}

void write_timing(const H5Builder& file, const Grid& grid, const Outcomes& outcomes) {
  const std::span<const std::int64_t> rounds = outcomes.integers(metric_index("rounds"));
  std::vector<double> durations(outcomes.points());
  std::vector<double> rates(outcomes.points());
  for (std::size_t point = 0; point < outcomes.points(); ++point) {
    double all = 0.0;
    for (const std::int64_t run :
         rounds.subspan(point * outcomes.runs_per_point(), outcomes.runs_per_point())) {
      all += static_cast<double>(std::max<std::int64_t>(0, run));
    }
    const double seconds = outcomes.seconds()[point];
    durations[point] = to_four_digits(seconds);
    rates[point] = to_four_digits(seconds > 0.0 ? all / seconds : 0.0);
  }
  const H5Handle group = file.group("timing");
  const Numbers both[] = {
      {{"seconds", "s", "time of the point: its share of the rounds and statistics of its batch"},
       grid.shape,
       std::span<const double>(durations)},
      {{"rounds_per_second", "s-1", "rounds of all need types / seconds"},
       grid.shape,
       std::span<const double>(rates)}};
  for (const H5Handle& dataset : write_datasets(group.get(), both)) {
    attach_scales(dataset, grid.point_scales());
  }
}

/// What was written can be read: one number a cell of the grid.
void check_written(const AtomicFile& file, const std::string& dataset, std::size_t cells) {
  hsize_t expected = cells;
  for (const hsize_t length : dataset_shape(file.path(), dataset)) {
    expected = length == 0 ? 0 : expected / length;
  }
  if (expected != 1) throw IoError("the result file does not read back as it was written");
}

}  // namespace

void publish_results(AtomicFile& file, const Scenario& scenario, const Outcomes& outcomes,
                     const NetworkTable& networks, const Provenance& provenance,
                     const ShardRecord* shard) {
  const Sweep& sweep = scenario.sweep;
  {
    const H5Builder image;
    write_root_attributes(image.root(), scenario);
    const Grid grid = write_grid(image.root(), sweep);
    write_metrics(image.root(), grid, sweep, outcomes);
    if (sweep.has_trust()) write_trust(image.root(), grid, outcomes);
    write_networks(image.root(), grid, networks);
    if (sweep.traces) write_traces(image, outcomes, grid.of_runs);
    if (sweep.agents) write_agents(image, sweep, outcomes, grid.of_runs);
    write_settings(image, scenario);
    write_failures(image, outcomes);
    write_provenance(image, provenance);
    write_timing(image, grid, outcomes);
    if (shard != nullptr) write_shard(image, *shard);
    file.write(image.image());
  }
  check_written(file, "status", outcomes.statuses().size());
  file.publish();
}

void publish_networks(AtomicFile& file, const Scenario& scenario, const NetworkTable& networks,
                      const Network* alone, const Provenance& provenance) {
  {
    const H5Builder image;
    write_root_attributes(image.root(), scenario);
    const Grid grid = write_grid(image.root(), scenario.sweep);
    std::vector<const GraphMetrics*> cells(networks.points());
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = networks.of(i);
    write_network_metrics(image.root(), grid.shape, grid.point_scales(), cells);
    write_network_details(image.root(), grid.shape, grid.point_scales(), cells);
    if (alone != nullptr) write_network(image.group("network").get(), *alone);
    write_settings(image, scenario);
    write_provenance(image, provenance);
    file.write(image.image());
  }
  check_written(file, "network_components", networks.points());
  file.publish();
}

}  // namespace needflow
