#include "solver/cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace needflow {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

FieldAxis in_one_cell(const char* name, std::size_t length) {
  FieldAxis axis;
  axis.name = name;
  axis.length = length;
  axis.cells = 1;
  axis.cell.assign(length, 0);
  return axis;
}

std::vector<std::size_t> counting(std::size_t length) {
  std::vector<std::size_t> numbers(length);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

void put(NestedValues& cell, std::size_t network, std::size_t draw, double value) {
  if (cell.size() <= network) cell.resize(network + 1);
  if (cell[network].size() <= draw) cell[network].resize(draw + 1, kNaN);
  cell[network][draw] = value;
}

bool has_words(const FieldAxis& axis) {
  const CellColumn& own = axis.columns.front();
  return std::any_of(own.numbers.begin(), own.numbers.end(),
                     [](double number) { return std::isnan(number); });
}

/// The axis of a column, and which of its columns.
std::optional<std::pair<std::size_t, const CellColumn*>> find_column(const CellGrid& grid,
                                                                     const std::string& name) {
  for (std::size_t a = 0; a < grid.axes().size(); ++a) {
    if (!grid.axes()[a]->ordered) continue;
    for (const CellColumn& column : grid.axes()[a]->columns) {
      if (column.name == name) return std::pair{a, &column};
    }
  }
  return {};
}

bool has_three_numbers(const CellColumn& column) {
  std::set<double> seen;
  for (const double number : column.numbers) {
    if (!std::isnan(number)) seen.insert(number);
  }
  return seen.size() >= 3;
}

}  // namespace

FieldAxis FieldAxis::of(CellColumn column) {
  FieldAxis axis;
  axis.name = column.name;
  axis.length = axis.cells = column.labels.size();
  axis.cell = counting(axis.length);
  axis.columns.push_back(std::move(column));
  return axis;
}

FieldAxis FieldAxis::of_networks(std::size_t length) {
  FieldAxis axis = in_one_cell("network", length);
  axis.network = counting(length);
  return axis;
}

FieldAxis FieldAxis::of_draws(std::size_t length) {
  FieldAxis axis = in_one_cell("replicate", length);
  axis.draw = counting(length);
  return axis;
}

CellGrid::CellGrid(const Field& field) : axes_(field.axes), strides_(field.axes.size(), 1) {
  std::size_t cells = 1;
  for (std::size_t a = axes_.size(); a-- > 0;) {
    strides_[a] = cells;
    cells *= axes_[a]->cells;
  }
  cells_.resize(cells);
  std::vector<std::size_t> at(axes_.size(), 0);
  for (const double value : field.values) {
    std::size_t cell = 0;
    std::size_t network = 0;
    std::size_t draw = 0;
    for (std::size_t a = 0; a < at.size(); ++a) {
      const FieldAxis& axis = *axes_[a];
      cell += axis.cell[at[a]] * strides_[a];
      if (!axis.network.empty()) network = axis.network[at[a]];
      if (!axis.draw.empty()) draw = axis.draw[at[a]];
    }
    put(cells_[cell], network, draw, value);
    for (std::size_t a = at.size(); a-- > 0;) {
      if (++at[a] < axes_[a]->length) break;
      at[a] = 0;
    }
  }
}

std::size_t CellGrid::moved(std::size_t cell, std::size_t a, std::size_t place) const {
  return cell - this->place(cell, a) * strides_[a] + place * strides_[a];
}

std::vector<Step> steps_of(const CellGrid& grid) {
  std::vector<Step> steps;
  for (std::size_t a = 0; a < grid.axes().size(); ++a) {
    const FieldAxis& axis = *grid.axes()[a];
    if (axis.cells < 2 || !axis.ordered || axis.columns.empty()) continue;
    const bool words = has_words(axis);
    for (std::size_t cell = 0; cell < grid.size(); ++cell) {
      const std::size_t from = grid.place(cell, a);
      const std::size_t last = words ? axis.cells : std::min(axis.cells, from + 2);
      for (std::size_t to = from + 1; to < last; ++to) {
        const std::size_t other = grid.moved(cell, a, to);
        steps.push_back({a, cell, other, difference(grid.values(cell), grid.values(other))});
      }
    }
  }
  return steps;
}

std::vector<CellFit> fits_against(const CellGrid& grid, const std::string& name) {
  std::vector<CellFit> result;
  const auto found = find_column(grid, name);
  if (!found || !has_three_numbers(*found->second)) return result;
  const auto [axis, column] = *found;
  for (std::size_t cell = 0; cell < grid.size(); ++cell) {
    if (grid.place(cell, axis) != 0) continue;
    std::vector<double> x;
    std::vector<double> y;
    for (std::size_t i = 0; i < column->numbers.size(); ++i) {
      for (const std::vector<double>& network : grid.values(grid.moved(cell, axis, i))) {
        const double mean = nested_mean({network}).mean;
        if (std::isnan(column->numbers[i]) || std::isnan(mean)) continue;
        x.push_back(column->numbers[i]);
        y.push_back(mean);
      }
    }
    if (std::set<double>(x.begin(), x.end()).size() < 3) continue;
    CellFit made{axis, cell, fit_curves(x, y)};
    if (!made.fits.empty()) result.push_back(std::move(made));
  }
  return result;
}

}  // namespace needflow
