// Tables that the tests of the CSV reader share.
#pragma once

#include <string>
#include <vector>

#include "io/csv.hpp"

namespace needflow::test {

inline const CsvColumns& edge_columns() {
  static const CsvColumns kColumns = {.required = {"provider", "recipient", "mr"},
                                      .optional = {"desire"}};
  return kColumns;
}

inline CsvTable edges(const std::string& text) {
  return CsvTable("edges.csv", text, edge_columns());
}

inline const Range& needs() {
  static const Range kRange = {.low = 0, .rule = "needs are 0 or more"};
  return kRange;
}

using Rows = std::vector<std::vector<std::string>>;

inline Rows all_fields(const CsvTable& table) {
  Rows rows(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row)
    for (std::size_t column = 0; column < table.columns().size(); ++column)
      rows[row].push_back(table.field(row, column));
  return rows;
}

}  // namespace needflow::test
