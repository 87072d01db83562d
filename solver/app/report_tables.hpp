// The tables of `needflow report`: a result file's cells with their errors, what changes along each
// axis, and the curves over size and degree.
//
// cells.csv        metric, a column a cell's coordinate, mean, se, lo, hi, network_share, networks,
// n differences.csv  metric, axis, from, to, the other coordinates, difference, se, lo, hi,
// networks, n,
//                  verdict (same, within noise, higher, lower, unknown)
// fits.csv         metric, against, the other coordinates, rank (1: best), curve, errors, a, a_se,
// b,
//                  b_se, b_lo, b_hi, r_squared, aic, n
//
// se, lo and hi are those of solver/uncertainty.hpp: 95 %, replicates nested in networks;
// network_share is the share of the variance that lies between networks. An empty field is a number
// that the values do not tell, or a coordinate that the metric does not have.
#pragma once

#include <filesystem>
#include <string>

#include "io/atomic_file.hpp"
#include "io/result_fields.hpp"

namespace needflow::app {

struct ReportTables {
  std::string cells;
  std::string differences;
  std::string fits;
};

/// Of every metric of the file; the runs' messages together are the metric `messages`, and the
/// shares of points that ended in each way are `ended_needs_met`, `ended_stable`, `ended_cycle` and
/// `ended_round_limit`.
[[nodiscard]] ReportTables report_tables(const ResultFields& results);

/// Into the folder, which is made; throws IoError.
void write_report_tables(const ReportTables& tables, const std::filesystem::path& folder,
                         IfExists if_exists);

}  // namespace needflow::app
