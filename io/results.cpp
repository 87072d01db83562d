#include "io/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "io/h5.hpp"
#include "io/result_agents.hpp"
#include "solver/error.hpp"

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
H5Handle write_axis(hid_t root, const Axis& axis) {
  const Described what{axis.name, axis.unit, axis.long_name, false};
  const Shape shape{axis.values.size()};
  H5Handle scale = [&] {
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
  write_attribute(scale.get(), "option", axis.key);
  make_scale(scale, axis.name);
  return scale;
}

/// The dimensions of every metric and their scales.
struct Grid {
  Shape shape;                   ///< of the points
  Shape shape_with_types;        ///< of the metrics
  std::vector<H5Handle> scales;  ///< one a dimension of shape_with_types
  std::size_t types;

  [[nodiscard]] std::vector<const H5Handle*> point_scales() const {
    return first_scales(shape.size());
  }
  [[nodiscard]] std::vector<const H5Handle*> metric_scales() const {
    return first_scales(scales.size());
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
  grid.types = sweep.types();
  for (const Axis& axis : sweep.axes) {
    grid.shape.push_back(axis.values.size());
    grid.scales.push_back(write_axis(root, axis));
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
  grid.shape_with_types = grid.shape;
  if (grid.types > 1) {
    grid.shape_with_types.push_back(grid.types);
    count_from(static_cast<std::int64_t>(grid.types), 1, "type", "need type");
  }
  return grid;
}

/// get(outcome) for every point and type, in file order.
template <class T, class Get>
std::vector<T> column(const std::vector<PointOutcome>& outcomes, std::size_t types,
                      const Get& get) {
  static const Outcome kPending;
  std::vector<T> values;
  values.reserve(outcomes.size() * types);
  for (const PointOutcome& point : outcomes) {
    for (std::size_t type = 0; type < types; ++type) {
      values.push_back(get(type < point.types.size() ? point.types[type] : kPending));
    }
  }
  return values;
}

void write_status(hid_t root, const Grid& grid, const std::vector<PointOutcome>& outcomes) {
  const auto values = column<std::uint8_t>(outcomes, grid.types, [](const Outcome& outcome) {
    return static_cast<std::uint8_t>(outcome.status);
  });
  const H5Handle dataset =
      write_dataset(root, {"status", "", "how the run ended"}, grid.shape_with_types,
                    std::span<const std::uint8_t>(values));
  std::vector<std::uint8_t> codes;
  std::string meanings;
  for (std::uint8_t code = 0; code <= static_cast<std::uint8_t>(Status::invalid); ++code) {
    codes.push_back(code);
    meanings += (code == 0 ? "" : " ") + std::string(status_name(static_cast<Status>(code)));
  }
  write_attribute(dataset.get(), "flag_values", std::span<const std::uint8_t>(codes));
  write_attribute(dataset.get(), "flag_meanings", meanings);
  attach_scales(dataset, grid.metric_scales());
}

void write_metrics(hid_t root, const Grid& grid, const std::vector<PointOutcome>& outcomes) {
  write_status(root, grid, outcomes);
  for (const Metric& metric : metrics()) {
    const Described what{metric.name, metric.unit, metric.long_name};
    const H5Handle dataset =
        metric.real != nullptr
            ? write_dataset(
                  root, what, grid.shape_with_types,
                  std::span<const double>(column<double>(outcomes, grid.types, metric.real)))
            : write_dataset(root, what, grid.shape_with_types,
                            std::span<const std::int64_t>(
                                column<std::int64_t>(outcomes, grid.types, metric.integer)));
    attach_scales(dataset, grid.metric_scales());
  }
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
    write_attribute(root, "point_network", std::int64_t{scenario.sweep.first_network});
    write_attribute(root, "point_replicate", std::int64_t{scenario.sweep.first_replicate});
  }
  write_attribute(root, "scenario", scenario.text);
  write_attribute(root, "plan_hash", fmt::format("{:016x}", scenario.plan_hash));
}

void write_settings(const H5Builder& file, const Scenario& scenario) {
  const H5Handle group = file.group("settings");
  for (const ResolvedOption& entry : scenario.resolved) write_setting(group.get(), entry);
}

/// Points that failed or have no solution, with the reason. Only written when there are some.
void write_failures(const H5Builder& file, const std::vector<PointOutcome>& outcomes) {
  std::vector<std::int64_t> points;
  std::vector<std::string> messages;
  for (const PointOutcome& outcome : outcomes) {
    if (outcome.message.empty()) continue;
    points.push_back(static_cast<std::int64_t>(outcome.point));
    messages.push_back(outcome.message);
  }
  if (points.empty()) return;
  const H5Handle group = file.group("failures");
  const H5Handle scale = write_counting_scale(
      group.get(), {"point", "1", "index of the point in the grid, C order"}, points);
  const H5Handle texts = write_dataset(group.get(), {"message", "", "why the point has no result"},
                                       {points.size()}, std::span<const std::string>(messages));
  attach_scales(texts, std::array{&scale});
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
  put("start", provenance.start);
  put("end", provenance.end);
  put("command_line", provenance.command_line);
}

void write_timing(const H5Builder& file, const Grid& grid,
                  const std::vector<PointOutcome>& outcomes) {
  std::vector<double> seconds;
  std::vector<double> rates;
  for (const PointOutcome& outcome : outcomes) {
    double rounds = 0.0;
    for (const Outcome& type : outcome.types) {
      rounds += static_cast<double>(std::max<std::int64_t>(0, type.rounds));
    }
    seconds.push_back(outcome.seconds);
    rates.push_back(outcome.seconds > 0.0 ? rounds / outcome.seconds : 0.0);
  }
  const H5Handle group = file.group("timing");
  const auto put = [&](const Described& what, const std::vector<double>& values) {
    attach_scales(write_dataset(group.get(), what, grid.shape, std::span<const double>(values)),
                  grid.point_scales());
  };
  put({"seconds", "s", "wall time of the point: draws, rounds and statistics"}, seconds);
  put({"rounds_per_second", "s-1", "rounds of all need types / seconds"}, rates);
}

}  // namespace

std::vector<std::byte> result_image(const Scenario& scenario,
                                    const std::vector<PointOutcome>& outcomes,
                                    const Provenance& provenance) {
  const Sweep& sweep = scenario.sweep;
  const H5Builder file;
  write_root_attributes(file.root(), scenario);
  const Grid grid = write_grid(file.root(), sweep);
  write_metrics(file.root(), grid, outcomes);
  const H5Handle* types = grid.types > 1 ? &grid.scales.back() : nullptr;
  if (sweep.traces) write_traces(file, outcomes, grid.types);
  if (sweep.agents) write_agents(file, sweep, outcomes, types);
  write_settings(file, scenario);
  write_failures(file, outcomes);
  write_provenance(file, provenance);
  write_timing(file, grid, outcomes);
  return file.image();
}

void publish_results(AtomicFile& file, const Scenario& scenario,
                     const std::vector<PointOutcome>& outcomes, const Provenance& provenance) {
  file.write(result_image(scenario, outcomes, provenance));
  hsize_t expected = outcomes.size() * scenario.sweep.types();
  for (const hsize_t length : dataset_shape(file.path(), "status")) {
    expected = length == 0 ? 0 : expected / length;
  }
  if (expected != 1) throw IoError("the result file does not read back as it was written");
  file.publish();
}

}  // namespace needflow
