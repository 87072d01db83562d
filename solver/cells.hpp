// The grid of a sweep as cells: what each holds over networks and draws, what changes along an
// axis, and the curve that a metric follows. Pure functions of one metric's values;
// io/result_fields reads these from a result file, `needflow report` writes them as tables.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "solver/fits.hpp"
#include "solver/uncertainty.hpp"

namespace needflow {

/// What a cell is called in one column: a value of an axis, or of what advances along with it.
struct CellColumn {
  std::string name;
  std::vector<std::string> labels;  ///< a cell of the axis
  std::vector<double> numbers;      ///< the same; NaN where a label is a word
};

/// One dimension of a metric. Each of its indices belongs to a cell; `network` and `replicate` are
/// dimensions whose indices are all one cell's, and a list of points may name its draws itself.
struct FieldAxis {
  std::string name;
  std::size_t length = 0;            ///< indices
  std::size_t cells = 0;             ///< 1 for network and replicate
  std::vector<CellColumn> columns;   ///< none for network and replicate
  std::vector<std::size_t> cell;     ///< of each index
  std::vector<std::size_t> network;  ///< of each index, or empty
  std::vector<std::size_t> draw;     ///< likewise
  bool ordered = true;               ///< neighbours may be compared; the samples of a list may not

  /// Of values in order: cell i is index i.
  [[nodiscard]] static FieldAxis of(CellColumn column);
  /// All indices in one cell.
  [[nodiscard]] static FieldAxis of_networks(std::size_t length);
  [[nodiscard]] static FieldAxis of_draws(std::size_t length);
};

/// A metric: values row-major over its axes; NaN where there is none.
struct Field {
  std::string name;
  std::vector<const FieldAxis*> axes;
  std::vector<double> values;
};

/// Cells of a field, row-major over the cells of its axes.
class CellGrid {
 public:
  /// Keeps pointers to the axes. values: as many as the axes' indices together.
  explicit CellGrid(const Field& field);

  [[nodiscard]] std::size_t size() const { return cells_.size(); }
  [[nodiscard]] const NestedValues& values(std::size_t cell) const { return cells_[cell]; }
  [[nodiscard]] const std::vector<const FieldAxis*>& axes() const { return axes_; }
  /// The cell's place on axis a.
  [[nodiscard]] std::size_t place(std::size_t cell, std::size_t a) const {
    return cell / strides_[a] % axes_[a]->cells;
  }
  /// The cell that lies elsewhere on axis a.
  [[nodiscard]] std::size_t moved(std::size_t cell, std::size_t a, std::size_t place) const;

 private:
  std::vector<const FieldAxis*> axes_;
  std::vector<std::size_t> strides_;
  std::vector<NestedValues> cells_;
};

/// A step along one axis, everything else equal.
struct Step {
  std::size_t axis = 0;  ///< of the grid
  std::size_t from = 0;  ///< cells of the grid
  std::size_t to = 0;
  Difference difference;
};

/// From each value of an axis to the next, and between every two where values are words: words have
/// no order. Axes whose samples are a list are left out.
[[nodiscard]] std::vector<Step> steps_of(const CellGrid& grid);

/// The curves of a metric against one column, in one combination of the other axes.
struct CellFit {
  std::size_t axis = 0;
  std::size_t cell = 0;        ///< one of the cells: its places on the other axes hold for all
  std::vector<CurveFit> fits;  ///< best first, at least one
};

/// Against a column with at least three different numbers; empty where there is none. A value of
/// the fit is the mean of one network, not of a cell: networks are what is independent.
[[nodiscard]] std::vector<CellFit> fits_against(const CellGrid& grid, const std::string& column);

}  // namespace needflow
