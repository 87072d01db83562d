#include "solver/app/reproduce/study.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <stdexcept>
#include <utility>

#include "io/scenario.hpp"
#include "solver/app/interrupts.hpp"
#include "solver/error.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class Gatherer : public OutcomeSink {
 public:
  Gatherer(std::size_t points, std::size_t runs) : outcomes_(points, runs) {}
  void finished(OutcomeBatch batch) override { outcomes_.add(std::move(batch)); }
  [[nodiscard]] bool stop_requested() const override { return interrupted(); }
  [[nodiscard]] Outcomes taken() { return std::move(outcomes_); }

 private:
  Outcomes outcomes_;
};

CellColumn column_of(const Axis& axis) {
  CellColumn column{axis.name, {}, {}};
  for (const Value& value : axis.values) {
    column.labels.push_back(plain_text(value));
    const double* real = std::get_if<double>(&value);
    const std::int64_t* whole = std::get_if<std::int64_t>(&value);
    column.numbers.push_back(real != nullptr    ? *real
                             : whole != nullptr ? static_cast<double>(*whole)
                                                : kNaN);
  }
  return column;
}

/// "1" finds the 1.0 of a real axis.
bool is_called(const CellColumn& column, std::size_t place, const std::string& wish) {
  if (column.labels[place] == wish) return true;
  double number = kNaN;
  const char* const end = wish.data() + wish.size();
  const auto [rest, problem] = std::from_chars(wish.data(), end, number);
  return problem == std::errc() && rest == end && column.numbers[place] == number;
}

}  // namespace

Study::Study(const std::string& text, const std::string& folder, int threads) : outcomes_(0, 1) {
  const Scenario scenario = parse_scenario(text, "needflow reproduce", folder, {});
  const Plan plan = make_plan(scenario.sweep);
  Gatherer gathered(plan.points, scenario.sweep.runs_per_point());
  run_plan(scenario.sweep, plan, threads, gathered);
  if (interrupted()) throw Interrupted{};
  outcomes_ = gathered.taken();
  for (const Axis& axis : scenario.sweep.axes) axes_.push_back(FieldAxis::of(column_of(axis)));
  if (scenario.sweep.networks > 1) {
    axes_.push_back(FieldAxis::of_networks(static_cast<std::size_t>(scenario.sweep.networks)));
  }
  if (scenario.sweep.replicates > 1) {
    axes_.push_back(FieldAxis::of_draws(static_cast<std::size_t>(scenario.sweep.replicates)));
  }
}

CellGrid Study::grid(const ByPoint& number) const {
  Field field;
  for (const FieldAxis& axis : axes_) field.axes.push_back(&axis);
  for (std::size_t i = 0; i < outcomes_.points(); ++i) field.values.push_back(number(i));
  return CellGrid(field);
}

CellGrid Study::cells(const Number& number) const {
  return grid([&](std::size_t point) { return number(outcomes_.run(point)); });
}

NestedValues Study::at(const Place& place, const Number& number) const {
  return cell_at(place, [&](std::size_t point) { return number(outcomes_.run(point)); });
}

NestedValues Study::at_end(const Place& place, const Number& number) const {
  const std::size_t last = outcomes_.runs_per_point() - 1;
  return cell_at(place, [&](std::size_t point) { return number(outcomes_.run(point, last)); });
}

NestedValues Study::at(const Place& place, double TrustFigures::*figure,
                       std::size_t episode) const {
  const std::size_t runs = outcomes_.runs_per_point();
  const std::size_t run = episode > 0 ? episode - 1 : runs - 1;
  return cell_at(place,
                 [&](std::size_t point) { return outcomes_.trust()[point * runs + run].*figure; });
}

NestedValues Study::first_flags(const Place& place) const {
  const std::size_t runs = outcomes_.runs_per_point();
  return cell_at(place, [&](std::size_t point) {
    const std::int64_t episode = outcomes_.trust()[(point + 1) * runs - 1].first_flag_episode;
    return episode > 0 ? static_cast<double>(episode) : kNaN;
  });
}

NestedValues Study::cell_at(const Place& place, const ByPoint& number) const {
  const CellGrid grid = this->grid(number);
  for (std::size_t cell = 0; cell < grid.size(); ++cell) {
    bool here = true;
    for (std::size_t a = 0; a < grid.axes().size(); ++a) {
      if (grid.axes()[a]->columns.empty()) continue;
      const CellColumn& column = grid.axes()[a]->columns.front();
      const auto wish = place.find(column.name);
      if (wish == place.end()) continue;
      here = here && is_called(column, grid.place(cell, a), wish->second);
    }
    if (here) return grid.values(cell);
  }
  std::string wishes;
  for (const auto& [axis, label] : place) wishes += fmt::format(" {} = {}", axis, label);
  throw std::logic_error("no cell at" + wishes);
}

bool at_rest(const Outcome& run) {
  return run.status == Status::needs_met || run.status == Status::stable;
}

double rest_percent(const Outcome& run) { return at_rest(run) ? 100.0 : 0.0; }

double cycle_percent(const Outcome& run) { return run.status == Status::cycle ? 100.0 : 0.0; }

double rounds_to_rest(const Outcome& run) {
  return at_rest(run) ? static_cast<double>(run.rounds) : kNaN;
}

double satisfied_percent(const Outcome& run) { return 100.0 * run.satisfaction.satisfied_fraction; }

}  // namespace needflow::app
