// How many shortest paths cross each edge of an undirected pattern (M4).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/parallel.hpp"

namespace needflow {

/// How the pair (s, t) counts on an edge that its paths cross: `whole`, or `by_position`, by twice
/// how far along the path (from 0 to 1) the middle of the edge is. With all nodes as sources both
/// are the same, for (t, s) counts the rest; from a sample, `whole` makes links near a source look
/// busy, and `by_position` does not (R. Geisberger, P. Sanders and D. Schultes, "Better
/// approximation of betweenness centrality", ALENEX 2008).
enum class PairWeight { whole, by_position };

/// For each edge (in the order of its entry i → j, i < j): over the ordered pairs (source, other),
/// the share of their shortest paths that cross it, added up. With every node as a source this is
/// edge betweenness over ordered pairs, twice what counts a pair once. U. Brandes, "A faster
/// algorithm for betweenness centrality", J. Math. Sociol. 25 (2001).
/// Path counts carry an exponent of their own: on a lattice they pass 2^1024.
/// Cost: every entry twice a source, 4 B column + 16 B gathered, and 8 B added to on one way.
/// Sources are divided into blocks by the size of the data alone, each block is summed in the order
/// of its sources and the blocks in theirs, so threads change no bit. Memory: 8 B an entry and 24 B
/// a node for each block, of which there are at most 8, and 256 MB for the entries.
/// Twin: kernels/reference/betweenness.hpp.
[[nodiscard]] std::vector<double> edge_loads(std::span<const Offset> offsets,
                                             std::span<const Index> columns,
                                             std::span<const Index> sources, PairWeight weight,
                                             Threads threads);

}  // namespace needflow
