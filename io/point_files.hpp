// Lists of points as CSV: what `needflow plan --points` writes and [design] points reads. A column
// is an option by its key ("network.agents") or as its axis is called ("agents"); further columns
// say where a point comes from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/atomic_file.hpp"
#include "io/error_list.hpp"
#include "io/options.hpp"
#include "solver/sweep/plan.hpp"

namespace needflow {

/// A list of points, column by column.
struct PointList {
  struct Column {
    const Option* option;
    std::vector<Value> values;
  };
  std::size_t rows = 0;
  std::vector<Column> columns;           ///< in the file's order
  std::vector<std::int64_t> networks;    ///< column "network", or empty
  std::vector<std::int64_t> replicates;  ///< column "replicate", or empty
  std::vector<bool> left_out;            ///< status "excluded"; empty without that column
};

/// Reads a list; mistakes in it go to `errors`. Throws IoError.
[[nodiscard]] PointList read_points(const std::filesystem::path& file, ErrorList& errors);

/// Writes every point of the grid in C order: its number, each option that an axis gives, network
/// and replicate, and what becomes of it: status run, duplicate (of which point), invalid (why) or
/// excluded. About 0.5 µs a point.
void write_points(AtomicFile& file, const Sweep& sweep, const Plan& plan);

}  // namespace needflow
