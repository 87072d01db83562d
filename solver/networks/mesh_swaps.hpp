// How the multigraph of a random pairing becomes simple: what a partial mesh in one piece
// (solver/partial_mesh.cpp) and one over ranks (solver/ranks/rank_mesh.cpp) share. Ends of bad
// pairs are swapped with random other edges (McKay & Wormald 1990); degrees stay.
//
// Rows are reached through `Rows`, a function from an agent to its row as std::span<Index>: a rank
// has its own and copies of a few others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/random.hpp"

namespace needflow {

/// Swaps tried for one bad pair before the mesh is drawn anew.
inline constexpr std::uint32_t kSwapTries = 2000;
inline constexpr std::uint32_t kMaxMeshDraws = 1000;
inline constexpr const char* kNoMesh = "partial_mesh: no simple graph with these degrees was found";
inline constexpr const char* kMeshSwapStream = "network swap";
/// Meshes of so few links are mixed afterwards (solver/partial_mesh.cpp).
inline constexpr std::uint32_t kMixedLinks = 256;

/// The degrees of a mesh's random graph: all the same, but for one agent where agents · degree is
/// odd.
class MeshDegrees {
 public:
  MeshDegrees(Index agents, Index degree, std::size_t odd_agent, Offset change)
      : agents_(static_cast<std::size_t>(agents)),
        degree_(degree),
        odd_agent_(odd_agent),
        change_(change) {}

  [[nodiscard]] std::size_t agents() const { return agents_; }
  [[nodiscard]] Offset entries() const { return begin(agents_); }
  /// Entries of the agents before this one.
  [[nodiscard]] Offset begin(std::size_t agent) const {
    return static_cast<Offset>(agent) * degree_ + (agent > odd_agent_ ? change_ : 0);
  }
  [[nodiscard]] std::vector<Offset> offsets(std::size_t first, std::size_t count) const {
    std::vector<Offset> all(count + 1);
    for (std::size_t i = 0; i <= count; ++i) all[i] = begin(first + i);
    return all;
  }
  /// Whose row a stored entry is in.
  [[nodiscard]] Index row_of(std::uint32_t entry) const {
    std::size_t row = agents_ * entry / static_cast<std::size_t>(entries());  // right or next to it
    while (begin(row + 1) <= Offset{entry}) ++row;
    while (begin(row) > Offset{entry}) --row;
    return static_cast<Index>(row);
  }

 private:
  std::size_t agents_;
  Offset degree_;
  std::size_t odd_agent_;  ///< `agents` and more: nobody
  Offset change_;
};

/// Whether the mesh is made as the complement of a sparse one.
[[nodiscard]] bool is_dense_mesh(Index agents, Index k);

/// Of the mesh's random graph, which is the mesh or, of a dense one, its complement.
[[nodiscard]] MeshDegrees mesh_degrees(Index agents, Index k, std::uint64_t seed,
                                       std::uint32_t index);

using Edge = std::pair<Index, Index>;

template <class Rows>
class Swaps {
 public:
  Swaps(const MeshDegrees& degrees, Rows rows) : degrees_(degrees), rows_(std::move(rows)) {}

  /// Pairs to be swapped away: of each set of equal edges all but one, and every self-loop.
  [[nodiscard]] std::vector<Edge> bad_pairs(const std::vector<Index>& not_simple) const {
    std::vector<Edge> bad;
    for (const Index a : not_simple) {
      const std::span<const Index> row = rows_(a);
      bad.insert(bad.end(), std::count(row.begin(), row.end(), a) / 2, {a, a});
      for (std::size_t e = 1; e < row.size(); ++e) {
        if (row[e] > a && row[e] == row[e - 1]) bad.emplace_back(a, row[e]);
      }
    }
    return bad;
  }

  /// Swaps the bad pairs away, the last one first. False if one resists. need(left, {a, b …}) is
  /// called before the rows of these agents are looked at, `left` pairs being left.
  template <class Need>
  bool make_simple(const std::vector<Edge>& bad, const RandomStream& stream, DrawKey key,
                   const Need& need) {
    for (std::size_t left = bad.size(); left > 0; --left) {
      const auto [u, v] = bad[left - 1];
      need(left, {u, v});
      if (!still_bad(bad[left - 1])) continue;
      key.agent = static_cast<std::uint32_t>(left);
      for (key.other = 1;; ++key.other) {
        if (key.other > kSwapTries) return false;
        const std::uint32_t entry = drawn_entry(stream, key);
        const Index x = degrees_.row_of(entry);
        need(left, {u, v, x});
        const Edge other = ends(entry);
        need(left, {u, v, x, other.second});
        if (swap(bad[left - 1], other)) break;
      }
    }
    return true;
  }

  [[nodiscard]] std::uint32_t drawn_entry(const RandomStream& stream, const DrawKey& key) const {
    return below(stream, key, static_cast<std::uint32_t>(degrees_.entries()));
  }

  /// The two ends of a stored entry: the row's agent and its neighbour.
  [[nodiscard]] Edge ends(std::uint32_t entry) const {
    const Index row = degrees_.row_of(entry);
    const Offset place = Offset{entry} - degrees_.begin(static_cast<std::size_t>(row));
    return {row, rows_(row)[static_cast<std::size_t>(place)]};
  }

  /// (u, v) and (x, y) become (u, x) and (v, y), if both are new. (x, y) may be bad itself: were it
  /// refused, a graph with a triangle or four-cycle could come from fewer pairings than others, and
  /// small meshes had 1 % fewer of them than chance gives.
  bool swap(Edge pair, Edge other) {
    const auto [u, v] = pair;
    const auto [x, y] = other;
    if (u == x || v == y || (u == v && x == y)) return false;
    if (linked(u, x) || linked(v, y)) return false;
    replace(u, v, x);
    replace(v, u, y);
    replace(x, y, u);
    replace(y, x, v);
    return true;
  }

 private:
  /// Whether a pair is still a self-loop or double: it may have been the other one of a swap.
  [[nodiscard]] bool still_bad(Edge pair) const {
    return linked(pair.first, pair.second, pair.first == pair.second ? 1 : 2);
  }

  /// Entries of the row below b. Counting has no branch to mispredict: in short rows it takes half
  /// the time of a search.
  [[nodiscard]] static std::size_t below_in(std::span<const Index> row, Index b) {
    constexpr std::size_t kShort = 64;
    if (row.size() > kShort) {
      return static_cast<std::size_t>(std::lower_bound(row.begin(), row.end(), b) - row.begin());
    }
    Index count = 0;
    for (const Index entry : row) count += entry < b ? 1 : 0;
    return static_cast<std::size_t>(count);
  }

  /// Whether a and b are linked at least so many times.
  [[nodiscard]] bool linked(Index a, Index b, std::size_t times = 1) const {
    const std::span<const Index> row = rows_(a);
    const std::size_t place = below_in(row, b) + times - 1;
    return place < row.size() && row[place] == b;
  }

  void replace(Index a, Index old, Index with) {
    const std::span<Index> row = rows_(a);
    const auto from = row.begin() + static_cast<std::ptrdiff_t>(below_in(row, old));
    const auto to = row.begin() + static_cast<std::ptrdiff_t>(below_in(row, with));
    if (from < to) {
      *std::move(from + 1, to, from) = with;
    } else {
      std::move_backward(to, from, from + 1);
      *to = with;
    }
  }

  const MeshDegrees& degrees_;
  Rows rows_;
};

/// In a random order, so that no agent's pairs come first.
inline void shuffle_pairs(std::vector<Edge>& pairs, const RandomStream& stream, DrawKey key) {
  key.other = 0;
  for (auto left = static_cast<std::uint32_t>(pairs.size()); left > 0; --left) {
    key.agent = left;
    std::swap(pairs[below(stream, key, left)], pairs[left - 1]);
  }
}

}  // namespace needflow
