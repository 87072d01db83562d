// Networks of a sweep and what they look like: measured once each, known to every point on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "solver/graph_metrics.hpp"

namespace needflow {

/// How much of each network a sweep measures (`[output] network_metrics`).
enum class NetworkMetrics {
  none,
  automatic,  ///< exact for small networks, samples above: a few rounds' time
  exact,      ///< all distances and triangles, whatever they cost
};

/// What a wish means for the measurements. `automatic` measures distances from every agent up to
/// 2,000 of them and from 128 above: a network of any size costs no more than about ten rounds.
[[nodiscard]] MetricOptions metric_options(NetworkMetrics wish);

/// Metrics by point. Not thread-safe while it is added to.
class NetworkTable {
 public:
  explicit NetworkTable(std::size_t points) : of_point_(points, 0) {}

  void add(std::span<const std::size_t> points, GraphMetrics metrics);

  [[nodiscard]] std::size_t points() const { return of_point_.size(); }
  [[nodiscard]] std::span<const GraphMetrics> networks() const { return networks_; }
  /// Null for a point whose network was not measured.
  [[nodiscard]] const GraphMetrics* of(std::size_t point) const {
    const std::uint32_t at = of_point_[point];
    return at == 0 ? nullptr : &networks_[at - 1];
  }

 private:
  std::vector<GraphMetrics> networks_;
  std::vector<std::uint32_t> of_point_;  ///< 1 + its place among the networks, 0: none
};

}  // namespace needflow
