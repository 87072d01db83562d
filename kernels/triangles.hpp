// Triangles of an undirected pattern, counted at each of their corners (M4: clustering).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/parallel.hpp"

namespace needflow {

/// Counts the triangles of a graph. Two ways, chosen by size and degree alone, both exact:
/// - `bits`: neighbourhoods as rows of N bits, the common neighbours of both ends of every link by
///   AND and population count. For small or dense graphs.
/// - `marks`: each link points to its end of higher degree (of higher number among equals), so each
///   triangle is met once and no node has many ends (N. Chiba and T. Nishizeki, "Arboricity and
///   subgraph listing algorithms", SIAM J. Comput. 14 (1985)); ends of ends are looked up in a
///   bitmap.
/// Twin: kernels/reference/triangles.hpp.
class TriangleCounter {
 public:
  enum class Way { fitting, bits, marks };

  /// Shapes as in kernels/graph.hpp. `way` other than `fitting` is for tests.
  TriangleCounter(std::span<const Offset> offsets, std::span<const Index> columns,
                  Way way = Way::fitting);

  /// What count() will cost: lookups in a bitmap, or words of 512 bits.
  [[nodiscard]] std::int64_t work() const { return work_; }

  /// The triangles that each node is a corner of. Integers, whatever the threads.
  [[nodiscard]] std::vector<std::int64_t> count(Threads threads) const;

 private:
  [[nodiscard]] std::vector<std::int64_t> by_bits(Threads threads) const;
  [[nodiscard]] std::vector<std::int64_t> by_marks(Threads threads) const;

  std::span<const Offset> offsets_;
  std::span<const Index> columns_;
  bool bits_;
  std::vector<Offset> out_offsets_;
  std::vector<Index> out_columns_;
  std::int64_t work_ = 0;
};

/// The triangles that each of `nodes` is a corner of: all neighbours of all of its neighbours are
/// looked up in a bitmap, a node at a time.
[[nodiscard]] std::vector<std::int64_t> triangles_at(std::span<const Offset> offsets,
                                                     std::span<const Index> columns,
                                                     std::span<const Index> nodes, Threads threads);

}  // namespace needflow
