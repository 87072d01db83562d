// One step of a bit-parallel search: from what the last level found to what this one finds.
// kernels/bfs.cpp runs them; nothing else should.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/csr.hpp"

namespace needflow {

/// State of a search from up to 64 W sources: row v has a bit for each source that ...
/// Shapes: nodes × W words, one node's words side by side and aligned to their size (64 B at most).
struct BitRows {
  std::uint64_t* seen;      ///< ... has reached v
  std::uint64_t* frontier;  ///< ... reached v in the last level
  std::uint64_t* next;      ///< ... reaches v in this level; all 0 before a sparse level
};

struct LevelGraph {
  const Offset* offsets;
  const Index* columns;
  std::size_t nodes;
  const Index* component;      ///< number of each node's component
  const std::uint64_t* goals;  ///< components × W: the sources within each component
};

/// What a level found.
struct LevelResult {
  std::int64_t pairs = 0;         ///< bits set
  std::size_t active = 0;         ///< nodes with a bit set, listed in order of visiting
  Offset active_entries = 0;      ///< their links
  std::uint64_t sources[8] = {};  ///< the sources that found anything
};

/// Visits nodes that still miss a source and gathers from all of their neighbours. `found`: room
/// for every node.
using DenseLevel = LevelResult (*)(const LevelGraph&, const BitRows&, Index* found);

/// Visits the `active` nodes of the last level and scatters to their neighbours; clears `frontier`.
/// `flags`: a byte a node, all 0 before and after.
using SparseLevel = LevelResult (*)(const LevelGraph&, const BitRows&, const Index* active,
                                    std::size_t active_count, std::uint8_t* flags, Index* found);

struct BfsLevels {
  DenseLevel dense;
  SparseLevel sparse;
};

/// The steps for W words a node, W = 2, 4 or 8, for the SIMD target chosen at run time.
[[nodiscard]] BfsLevels bfs_levels(std::size_t words);

}  // namespace needflow
