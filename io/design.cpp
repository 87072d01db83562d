#include "io/design.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "io/point_files.hpp"
#include "solver/sweep/samples.hpp"

namespace needflow {

namespace {

/// The one value of an option that is no axis; nothing when the scenario is silent.
const Value* single(const GivenOptions& given, const char* key) {
  const auto entry = given.find(find_option(key));
  return entry == given.end() || entry->second.values.empty() ? nullptr
                                                              : &entry->second.values.front();
}

std::string where_of(const GivenOptions& given, const char* key) {
  const auto entry = given.find(find_option(key));
  return entry == given.end() ? std::string() : entry->second.where;
}

/// Makes a column's values the option's own.
void put_column(const Option& option, std::vector<Value> values, const std::string& where,
                GivenOptions& given, Design& design) {
  given[&option] = {std::move(values), true, where, false, true};
  design.columns.push_back(&option);
}

/// A column wins over the option's section, so that a plan that was written from a scenario is read
/// back by the same scenario; it does not win over the command line.
void take_points(const std::string& file, const std::filesystem::path& folder, GivenOptions& given,
                 Design& design, ErrorList& errors) {
  design.files.push_back(folder / file);
  const std::size_t before = errors.count();
  PointList list = read_points(design.files.back(), errors);
  if (errors.count() > before) return;
  design.samples = list.rows;
  design.sample_name = "row of " + file;
  design.networks = std::move(list.networks);
  design.replicates = std::move(list.replicates);
  design.left_out = std::move(list.left_out);
  for (PointList::Column& column : list.columns) {
    const auto entry = given.find(column.option);
    if (entry != given.end() && entry->second.command_line) {
      errors.add(fmt::format("{}: {} is a column of {}; leave out one of them", entry->second.where,
                             column.option->key(), file));
    }
    put_column(*column.option, std::move(column.values), file, given, design);
  }
}

Value value_at(const RangeWish& range, double u) {
  if (range.ends.empty()) {
    const auto count = static_cast<std::int64_t>(range.list.size());
    return range.list[static_cast<std::size_t>(whole_between(u, 0, count - 1, false))];
  }
  if (const auto* low = std::get_if<std::int64_t>(&range.ends[0]); low != nullptr) {
    return whole_between(u, *low, std::get<std::int64_t>(range.ends[1]), range.log_scale);
  }
  return real_between(u, std::get<double>(range.ends[0]), std::get<double>(range.ends[1]),
                      range.log_scale);
}

/// Numbers in [0, 1), a column a range.
std::vector<std::vector<double>> unit_columns(const std::vector<RangeWish>& ranges, bool sobol,
                                              bool shift, std::size_t samples, std::uint64_t seed) {
  std::vector<std::vector<double>> columns;
  std::vector<std::uint64_t> shifts;
  for (const RangeWish& range : ranges) {
    const std::string key = range.option->key();
    shifts.push_back(shift ? digital_shift(seed, key) : 0);
    if (!sobol) columns.push_back(latin_column(samples, seed, key));
  }
  return sobol ? sobol_columns(samples, shifts) : columns;
}

void draw_samples(const DesignWishes& wishes, GivenOptions& given, Design& design,
                  ErrorList& errors) {
  std::set<const Option*> drawn;
  for (const RangeWish& range : wishes.ranges) {
    const auto entry = given.find(range.option);
    if (!drawn.insert(range.option).second) {
      errors.add(fmt::format("{}: design.ranges has {} twice", range.where, range.option->key()));
    } else if (entry != given.end()) {
      errors.add(fmt::format("{}: {} is drawn by design.ranges; leave out one of them",
                             entry->second.where, range.option->key()));
    }
  }
  if (!errors.empty()) return;
  const bool sobol = *single(given, "design.method") == Value{std::string("sobol")};
  const Value* shift = single(given, "design.shift");
  const bool shifted = sobol && (shift == nullptr || std::get<bool>(*shift));
  if (sobol) given[find_option("design.shift")].values = {Value{shifted}};
  const Value* seed = single(given, "seed");  // the first one where it is an axis
  design.samples =
      static_cast<std::size_t>(std::get<std::int64_t>(*single(given, "design.samples")));
  design.sample_name = sobol ? "point of Sobol's sequence" : "sample of a Latin hypercube";
  const auto columns =
      unit_columns(wishes.ranges, sobol, shifted, design.samples,
                   seed == nullptr ? 0 : static_cast<std::uint64_t>(std::get<std::int64_t>(*seed)));
  for (std::size_t r = 0; r < columns.size(); ++r) {
    std::vector<Value> values;
    for (const double u : columns[r]) values.push_back(value_at(wishes.ranges[r], u));
    put_column(*wishes.ranges[r].option, std::move(values), wishes.ranges[r].where, given, design);
  }
}

/// Which of the forms of a list of points the keys make; mixtures and gaps are mistakes.
void check_forms(const std::string& name, const GivenOptions& given, ErrorList& errors) {
  const auto has = [&given](const char* key) { return given.contains(find_option(key)); };
  const auto idle = [&](const char* key, const char* with) {
    if (!has(key)) return;
    errors.add(fmt::format("{}: {} means nothing {}", where_of(given, key), key, with));
  };
  if (has("design.points") && has("design.method")) {
    errors.add(
        fmt::format("{}: [design] mixes its forms; give points, or method, samples and "
                    "ranges",
                    name));
  }
  if (!has("design.method")) {
    idle("design.samples", "without design.method");
    idle("design.ranges", "without design.method");
  } else {
    for (const char* key : {"design.samples", "design.ranges"}) {
      if (!has(key)) errors.add(fmt::format("{}: {} is missing", name, key));
    }
  }
  const Value* method = single(given, "design.method");
  if (method == nullptr || *method != Value{std::string("sobol")}) {
    idle("design.shift", "without design.method = \"sobol\"");
  }
}

bool is_axis(const GivenOptions& given, const Option* option) {
  const auto entry = given.find(option);
  return entry != given.end() && entry->second.is_array;
}

void check_zip(const ZipWish& zip, const GivenOptions& given, std::set<const Option*>& used,
               ErrorList& errors) {
  std::size_t length = 0;
  for (const Option* option : zip.options) {
    const std::string key = option->key();
    if (!used.insert(option).second) {
      errors.add(fmt::format("{}: design.zip has {} twice", zip.where, key));
    } else if (!is_axis(given, option)) {
      errors.add(fmt::format("{}: design.zip has {}, which is no axis here; give it an array",
                             zip.where, key));
    } else if (given.at(option).designed) {
      errors.add(fmt::format("{}: design.zip has {}, which the list of points varies already",
                             zip.where, key));
    } else if (length != 0 && given.at(option).values.size() != length) {
      errors.add(fmt::format(
          "{}: design.zip joins {} with {} values and {} with {}; expected as "
          "many",
          zip.where, zip.options.front()->key(), length, key, given.at(option).values.size()));
    } else {
      length = given.at(option).values.size();
    }
  }
}

/// A step at which no zipped axis has another value than at an earlier one would be computed twice.
void check_steps(const ZipWish& zip, const GivenOptions& given, ErrorList& errors) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < given.at(zip.options.front()).values.size(); ++i) {
    std::vector<std::string> step;
    for (const Option* option : zip.options) {
      step.push_back(toml_text(given.at(option).values[i]));
    }
    const std::string text = fmt::format("{}", fmt::join(step, ", "));
    if (!seen.insert(text).second) {
      errors.add(fmt::format("{}: design.zip makes {} twice; the steps of an axis differ",
                             zip.where, text));
    }
  }
}

/// A value that the axis does not have would leave out nothing, in silence.
void check_exclusion(const ExcludeWish& exclusion, const GivenOptions& given, ErrorList& errors) {
  for (const auto& [option, values] : exclusion.conditions) {
    const auto entry = given.find(option);
    if (entry != given.end() && (entry->second.command_line || entry->second.designed)) continue;
    if (!is_axis(given, option)) {
      errors.add(fmt::format("{}: design.exclude has {}, which is no axis here", exclusion.where,
                             option->key()));
      continue;
    }
    const std::vector<Value>& axis = entry->second.values;
    for (const Value& value : values) {
      if (std::find(axis.begin(), axis.end(), value) != axis.end()) continue;
      errors.add(fmt::format("{}: design.exclude has {} = {}, which is not on that axis",
                             exclusion.where, option->key(), toml_text(value)));
    }
  }
}

// ---- axes
// -----------------------------------------------------------------------------------------

std::vector<Value> as_values(const std::vector<std::int64_t>& numbers) {
  return {numbers.begin(), numbers.end()};
}

std::optional<std::size_t> axis_of(const Sweep& sweep, const Option* option) {
  for (std::size_t d = 0; d < sweep.axes.size(); ++d) {
    if (sweep.axes[d].key == option->key()) return d;
    for (const Axis& other : sweep.axes[d].along) {
      if (other.key == option->key()) return d;
    }
  }
  return {};
}

Axis take_axis(const Option* option, Sweep& sweep) {
  const auto at = sweep.axes.begin() + static_cast<std::ptrdiff_t>(axis_of(sweep, option).value());
  Axis axis = std::move(*at);
  sweep.axes.erase(at);
  return axis;
}

void join_samples(const Design& design, Sweep& sweep) {
  Axis samples{kSampleAxis, "", "1", design.sample_name, {}, false, {}};
  for (std::size_t i = 0; i < design.samples; ++i) {
    samples.values.emplace_back(static_cast<std::int64_t>(i));
  }
  std::vector<const Option*> columns = design.columns;
  std::sort(columns.begin(), columns.end());  // records of one table: its order
  for (const Option* option : columns) samples.along.push_back(take_axis(option, sweep));
  if (!design.networks.empty()) {
    sweep.networks = 1;
    samples.along.push_back({"network", "network", "1", "index of the network",
                             as_values(design.networks), false, [](Settings& s, const Value& v) {
                               s.first.network =
                                   static_cast<std::uint32_t>(std::get<std::int64_t>(v));
                             }});
  }
  if (!design.replicates.empty()) {
    sweep.replicates = 1;
    samples.along.push_back({"replicate", "replicate", "1", "index of the population draw",
                             as_values(design.replicates), false, [](Settings& s, const Value& v) {
                               s.first.replicate =
                                   static_cast<std::uint32_t>(std::get<std::int64_t>(v));
                             }});
  }
  sweep.axes.insert(sweep.axes.begin(), std::move(samples));
  if (std::find(design.left_out.begin(), design.left_out.end(), true) != design.left_out.end()) {
    sweep.exclusions.push_back({{{0, design.left_out}}});
  }
}

/// The option of an axis by its record's key.
const Axis& option_on(const Axis& axis, const Option* option) {
  if (axis.key == option->key()) return axis;
  return *std::find_if(axis.along.begin(), axis.along.end(),
                       [option](const Axis& other) { return other.key == option->key(); });
}

void add_exclusion(const ExcludeWish& wish, const GivenOptions& given, Sweep& sweep) {
  Exclusion exclusion;
  for (const auto& [option, values] : wish.conditions) {
    const auto is_listed = [&values = values](const Value& value) {
      return std::find(values.begin(), values.end(), value) != values.end();
    };
    const std::optional<std::size_t> d = axis_of(sweep, option);
    if (!d) {  // fixed on the command line
      if (!is_listed(given.at(option).values.front())) return;
      continue;
    }
    const std::vector<Value>& on_axis = option_on(sweep.axes[*d], option).values;
    std::vector<bool> positions;
    for (const Value& value : on_axis) positions.push_back(is_listed(value));
    exclusion.where.push_back({*d, std::move(positions)});
  }
  sweep.exclusions.push_back(std::move(exclusion));
}

}  // namespace

Design make_design(const DesignWishes& wishes, const std::string& name,
                   const std::filesystem::path& folder, GivenOptions& given, ErrorList& errors) {
  Design design;
  check_forms(name, given, errors);
  const std::size_t before = errors.count();
  const Value* file = single(given, "design.points");
  const bool draws = given.contains(find_option("design.method"));
  if (file != nullptr && !draws) {
    take_points(std::get<std::string>(*file), folder, given, design, errors);
  } else if (draws && file == nullptr) {
    draw_samples(wishes, given, design, errors);
  }
  if (errors.count() > before) return design;  // what follows would speak of missing columns
  std::set<const Option*> zipped;
  for (const ZipWish& zip : wishes.zips) {
    const bool listed =
        std::all_of(zip.options.begin(), zip.options.end(), [&given](const Option* option) {
          return is_axis(given, option) && given.at(option).designed;
        });
    if (listed) continue;  // columns of the list advance together anyway
    design.zips.push_back(zip);
    const std::size_t so_far = errors.count();
    check_zip(zip, given, zipped, errors);
    if (errors.count() == so_far && zip.options.size() > 1) check_steps(zip, given, errors);
  }
  for (const ExcludeWish& exclusion : wishes.exclusions) {
    check_exclusion(exclusion, given, errors);
  }
  design.exclusions = wishes.exclusions;
  return design;
}

void apply_design(const Design& design, const GivenOptions& given, Sweep& sweep) {
  for (const ZipWish& zip : design.zips) {
    std::vector<Axis> along;
    for (std::size_t i = 1; i < zip.options.size(); ++i) {
      along.push_back(take_axis(zip.options[i], sweep));
    }
    sweep.axes[axis_of(sweep, zip.options.front()).value()].along = std::move(along);
  }
  if (design.samples > 0) join_samples(design, sweep);
  for (const ExcludeWish& exclusion : design.exclusions) add_exclusion(exclusion, given, sweep);
}

std::uint64_t design_fingerprint(const Design& design, const GivenOptions& given,
                                 std::uint64_t start) {
  if (design.samples == 0) return start;
  std::uint64_t hash = fingerprint(fmt::format("{} samples", design.samples), start);
  for (const Option* option : design.columns) {
    hash = fingerprint("\n" + option->key(), hash);
    for (const Value& value : given.at(option).values) {
      hash = fingerprint("," + toml_text(value), hash);
    }
  }
  const auto add = [&hash](const auto& numbers) {
    hash = fingerprint("\n", hash);
    for (const std::int64_t number : numbers) hash = fingerprint(fmt::format(",{}", number), hash);
  };
  add(design.networks);
  add(design.replicates);
  add(design.left_out);
  return hash;
}

}  // namespace needflow
