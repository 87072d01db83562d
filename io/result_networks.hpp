// The network metrics of a result file (M4): a dataset each over the grid, and the shares of hops
// with a dimension of their own.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/h5.hpp"
#include "solver/graph_metrics.hpp"

namespace needflow {

/// One metric of a network as files name it; exactly one of the two is set.
struct NetworkMetric {
  const char* name;
  const char* long_name;
  const char* unit;
  double (*real)(const GraphMetrics&);
  std::int64_t (*integer)(const GraphMetrics&);  ///< −1: unknown
};

/// All of them in file order.
[[nodiscard]] std::span<const NetworkMetric> network_metrics();

/// Share of ordered pairs (a source of the measurement, another agent) that are `hops` apart; pairs
/// without a path count, so that the shares sum to 1 in a connected network only. 0 beyond the
/// farthest; NaN for a network of one agent.
[[nodiscard]] double hop_share(const GraphMetrics& metrics, std::size_t hops);

/// Writes all of them. `cells[i]` is the network of cell i of `shape` in C order, null where none
/// was measured: then fill values stand there. `scales` are those of shape's dimensions; the new
/// dimension `hops` goes from 1 to the farthest in any network, at least 1.
void write_network_metrics(hid_t where, const Shape& shape,
                           const std::vector<const H5Handle*>& scales,
                           std::span<const GraphMetrics* const> cells);

/// What only `needflow network` stores: sizes, loads of links, the spectral gap, and how many
/// agents have how many links (dimension `degree`, from 0 to the most in any network).
void write_network_details(hid_t where, const Shape& shape,
                           const std::vector<const H5Handle*>& scales,
                           std::span<const GraphMetrics* const> cells);

}  // namespace needflow
