#include "solver/app/report_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <system_error>
#include <vector>

#include "io/csv.hpp"
#include "solver/cells.hpp"
#include "solver/error.hpp"
#include "solver/stopping.hpp"

namespace needflow::app {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kFitted = {"rounds",        "satisfied_fraction",
                                "messages",      "messages_published",
                                "messages_read", "messages_allocated"};
constexpr std::array kAgainst = {"agents", "neighbors"};

std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

/// The columns that name a cell, over all metrics: those of the points first, then what some
/// metrics have beside them (type, episode, hops).
class Coordinates {
 public:
  void take(const Field& field) {
    for (const FieldAxis* axis : field.axes) {
      for (const CellColumn& column : axis->columns) {
        if (std::find(names_.begin(), names_.end(), column.name) == names_.end()) {
          names_.push_back(column.name);
        }
      }
    }
  }

  [[nodiscard]] std::string header() const {
    std::string text;
    for (const std::string& name : names_) text += "," + csv_field(name);
    return text;
  }

  /// ",20,5,stock" of a cell; fields of the axis `without` are left empty.
  [[nodiscard]] std::string of(const CellGrid& grid, std::size_t cell,
                               const FieldAxis* without = nullptr) const {
    std::string text;
    for (const std::string& name : names_) text += "," + label(grid, cell, name, without);
    return text;
  }

 private:
  [[nodiscard]] static std::string label(const CellGrid& grid, std::size_t cell,
                                         const std::string& name, const FieldAxis* without) {
    for (std::size_t a = 0; a < grid.axes().size(); ++a) {
      if (grid.axes()[a] == without) continue;
      for (const CellColumn& column : grid.axes()[a]->columns) {
        if (column.name == name) return csv_field(column.labels[grid.place(cell, a)]);
      }
    }
    return {};
  }

  std::vector<std::string> names_;
};

/// The file's metrics and those made from them.
class Metrics {
 public:
  explicit Metrics(const ResultFields& results) : results_(results) {
    for (const std::string& name : results.metrics()) names_.push_back(name);
    if (has("messages_published") && has("messages_read") && has("messages_allocated")) {
      names_.emplace_back("messages");
    }
    for (const Status status :
         {Status::needs_met, Status::stable, Status::cycle, Status::round_limit}) {
      names_.push_back(std::string("ended_") + status_name(status));
    }
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  [[nodiscard]] Field field(const std::string& name) const {
    if (name == "messages") return all_messages();
    if (name.starts_with("ended_")) return ended(name);
    return results_.read(name);
  }

 private:
  [[nodiscard]] bool has(const char* name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  [[nodiscard]] Field all_messages() const {
    Field sum = results_.read("messages_published");
    sum.name = "messages";
    for (const char* name : {"messages_read", "messages_allocated"}) {
      const Field other = results_.read(name);
      for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += other.values[i];
    }
    return sum;
  }

  /// 1 where a point ended so, 0 where otherwise, nothing where it has not ended or failed.
  [[nodiscard]] Field ended(const std::string& name) const {
    Field field = results_.read("status");
    field.name = name;
    for (double& value : field.values) {
      const auto status = static_cast<Status>(static_cast<int>(value));
      const bool ran =
          status != Status::pending && status != Status::failed && status != Status::invalid;
      value = !ran ? kNaN : name == std::string("ended_") + status_name(status) ? 1.0 : 0.0;
    }
    return field;
  }

  const ResultFields& results_;
  std::vector<std::string> names_;
};

std::string interval(const NestedMean& of) {
  return fmt::format("{},{},{},{}", number(of.mean), number(of.error), number(of.low),
                     number(of.high));
}

void add_cells(const std::string& metric, const CellGrid& grid, const Coordinates& coordinates,
               std::string& text) {
  for (std::size_t cell = 0; cell < grid.size(); ++cell) {
    const NestedMean of = nested_mean(grid.values(cell));
    if (of.count == 0) continue;
    text += fmt::format("{}{},{},{},{},{}\n", metric, coordinates.of(grid, cell), interval(of),
                        number(of.network_share()), of.networks, of.count);
  }
}

void add_differences(const std::string& metric, const CellGrid& grid,
                     const Coordinates& coordinates, std::string& text) {
  for (const Step& step : steps_of(grid)) {
    const FieldAxis& axis = *grid.axes()[step.axis];
    const auto label = [&](std::size_t cell) {
      return csv_field(axis.columns.front().labels[grid.place(cell, step.axis)]);
    };
    const NestedMean& of = step.difference.of;
    if (of.count == 0) continue;
    text +=
        fmt::format("{},{},{},{}{},{},{},{},{}\n", metric, csv_field(axis.name), label(step.from),
                    label(step.to), coordinates.of(grid, step.from, &axis), interval(of),
                    of.networks, of.count, comparison_text(step.difference.comparison));
  }
}

void add_fits(const std::string& metric, const CellGrid& grid, const Coordinates& coordinates,
              std::string& text) {
  for (const char* against : kAgainst) {
    for (const CellFit& made : fits_against(grid, against)) {
      const std::string where = coordinates.of(grid, made.cell, grid.axes()[made.axis]);
      int rank = 0;
      for (const CurveFit& fit : made.fits) {
        const double half = fit.b_half_interval();
        text += fmt::format("{},{}{},{},{},{},{},{},{},{},{},{},{},{},{}\n", metric, against, where,
                            ++rank, curve_text(fit.curve), error_model_text(fit.errors),
                            number(fit.a), number(fit.a_error), number(fit.b), number(fit.b_error),
                            number(fit.b - half), number(fit.b + half), number(fit.r_squared),
                            number(fit.aic), fit.count);
      }
    }
  }
}

}  // namespace

ReportTables report_tables(const ResultFields& results) {
  const Metrics metrics(results);
  Coordinates coordinates;
  for (const std::string& name : metrics.names()) coordinates.take(metrics.field(name));
  ReportTables tables;
  const std::string header = coordinates.header();
  tables.cells = fmt::format("metric{},mean,se,lo,hi,network_share,networks,n\n", header);
  tables.differences =
      fmt::format("metric,axis,from,to{},difference,se,lo,hi,networks,n,verdict\n", header);
  tables.fits = fmt::format(
      "metric,against{},rank,curve,errors,a,a_se,b,b_se,b_lo,b_hi,r_squared,aic,n\n", header);
  for (const std::string& name : metrics.names()) {
    const Field field = metrics.field(name);
    const CellGrid grid(field);
    add_cells(name, grid, coordinates, tables.cells);
    add_differences(name, grid, coordinates, tables.differences);
    if (std::find(kFitted.begin(), kFitted.end(), name) != kFitted.end()) {
      add_fits(name, grid, coordinates, tables.fits);
    }
  }
  return tables;
}

void write_report_tables(const ReportTables& tables, const std::filesystem::path& folder,
                         IfExists if_exists) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) {
    throw IoError(fmt::format("cannot make folder {}: {}", folder.string(), problem.message()));
  }
  const std::pair<const char*, const std::string&> files[] = {
      {"cells.csv", tables.cells},
      {"differences.csv", tables.differences},
      {"fits.csv", tables.fits}};
  for (const auto& [name, text] : files) {
    AtomicFile file(folder / name, if_exists);
    file.write(text);
    file.publish();
  }
}

}  // namespace needflow::app
