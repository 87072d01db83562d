// The section [design] of a scenario: axes that advance together, cells of the grid that are left
// out, and lists of points – from a file, a Latin hypercube, Sobol's sequence – in place of a grid.
// A list becomes the axis "sample"; what it does not vary may still be an axis beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/error_list.hpp"
#include "io/given_options.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// The dimension of a list of points. Not "point": that counts the cells of the whole grid, network
/// and replicate included, in the groups of a result file and in `run --point`.
inline constexpr const char* kSampleAxis = "sample";

/// Options that advance together, as design.zip lists them; the first names the axis.
struct ZipWish {
  std::vector<const Option*> options;
  std::string where;
};

/// Values that together make a cell be left out.
struct ExcludeWish {
  struct Condition {
    const Option* option;
    std::vector<Value> values;
  };
  std::vector<Condition> conditions;
  std::string where;
};

/// What is drawn for an option: a number between two, or one of a list.
struct RangeWish {
  const Option* option = nullptr;
  std::vector<Value> ends;  ///< low and high; empty: a list
  bool log_scale = false;
  std::vector<Value> list;
  std::string where;
};

/// [design], read and checked by itself.
struct DesignWishes {
  std::vector<ZipWish> zips;
  std::vector<ExcludeWish> exclusions;
  std::vector<RangeWish> ranges;
};

/// Reads design.zip, design.exclude or design.ranges; a later one replaces an earlier one.
void take_design(const Option& option, const toml::node& node, const Place& place,
                 DesignWishes& wishes, GivenOptions& given, ErrorList& errors);

/// What the wishes and the given options make: the axes that a sweep's are joined to.
struct Design {
  std::vector<ZipWish> zips;
  std::vector<ExcludeWish> exclusions;
  std::size_t samples = 0;               ///< 0: a grid
  std::string sample_name;               ///< what a sample is: "row of points.csv"
  std::vector<const Option*> columns;    ///< of the samples, in the option table's order
  std::vector<std::int64_t> networks;    ///< a sample; empty: the axis or the only one
  std::vector<std::int64_t> replicates;  ///< likewise
  std::vector<bool> left_out;            ///< a sample that the file says is excluded; or empty
  std::vector<std::filesystem::path> files;
};

/// Reads or draws the list of points, puts its columns among the given options, and checks all that
/// can be known before the axes are made. Throws IoError when the list cannot be read.
[[nodiscard]] Design make_design(const DesignWishes& wishes, const std::string& name,
                                 const std::filesystem::path& folder, GivenOptions& given,
                                 ErrorList& errors);

/// Joins the sweep's axes as the design says and marks what is left out.
void apply_design(const Design& design, const GivenOptions& given, Sweep& sweep);

/// Names the contents of the list of points for the plan's identity; `start` where there is none.
[[nodiscard]] std::uint64_t design_fingerprint(const Design& design, const GivenOptions& given,
                                               std::uint64_t start);

}  // namespace needflow
