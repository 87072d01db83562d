// How: the literal algorithm (each agent in turn takes random peers with room) ends with late
// agents that find only each other. A random pairing of "stubs", k an agent, has the same outcome
// without that bias (kernels/pairing.hpp), and its few self-loops and double edges, about k²/4
// whatever the size, are resolved by swapping ends with random other edges (McKay & Wormald 1990).
// tests/network/test_mesh_statistics.py compares the outcome with random graphs of the same degrees
// and with the literal algorithm. Meshes denser than half are the complement of a sparse one, which
// keeps the swaps rare.
//
// Tried: pairing along one Fisher–Yates order of all stubs, with prefetch, is bound by the latency
// of random places: the whole mesh takes three times as long at N = 1e6, k = 30.
#include "solver/partial_mesh.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>

#include "kernels/pairing.hpp"
#include "solver/networks/links.hpp"

namespace needflow {

namespace {

using Edge = std::pair<Index, Index>;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Swaps tried for one bad pair before the mesh is drawn anew.
constexpr std::uint32_t kSwapTries = 2000;
constexpr std::uint32_t kMaxDraws = 1000;

/// The multigraph of a pairing, its rows ascending, while it is made simple. Degrees stay.
class Swaps {
 public:
  Swaps(const std::vector<Offset>& offsets, std::vector<Index>& columns)
      : offsets_(offsets), columns_(columns) {}

  /// Pairs to be swapped away: of each set of equal edges all but one, and every self-loop.
  [[nodiscard]] std::vector<Edge> bad_pairs(const std::vector<Index>& rows) const {
    std::vector<Edge> bad;
    for (const Index a : rows) {
      const std::span<const Index> row = row_of(a);
      bad.insert(bad.end(), std::count(row.begin(), row.end(), a) / 2, {a, a});
      for (std::size_t e = 1; e < row.size(); ++e) {
        if (row[e] > a && row[e] == row[e - 1]) bad.emplace_back(a, row[e]);
      }
    }
    return bad;
  }

  /// The two ends of a stored entry: the row's agent and its neighbour.
  [[nodiscard]] Edge ends(std::uint32_t entry) const {
    const std::size_t agents = offsets_.size() - 1;
    std::size_t row = agents * entry / columns_.size();  // degrees are alike: right or next to it
    while (offsets_[row + 1] <= Offset{entry}) ++row;
    while (offsets_[row] > Offset{entry}) --row;
    return {static_cast<Index>(row), columns_[entry]};
  }

  /// Whether a pair is still a self-loop or double: it may have been the other one of a swap.
  [[nodiscard]] bool bad(Edge pair) const {
    return linked(pair.first, pair.second, pair.first == pair.second ? 1 : 2);
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
  [[nodiscard]] std::span<Index> row_of(Index a) const {
    return {columns_.data() + offsets_[at(a)], columns_.data() + offsets_[at(a) + 1]};
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
    return at(count);
  }

  /// Whether a and b are linked at least so many times.
  [[nodiscard]] bool linked(Index a, Index b, std::size_t times = 1) const {
    const std::span<const Index> row = row_of(a);
    const std::size_t place = below_in(row, b) + times - 1;
    return place < row.size() && row[place] == b;
  }

  void replace(Index a, Index old, Index with) {
    const std::span<Index> row = row_of(a);
    const auto from = row.begin() + static_cast<std::ptrdiff_t>(below_in(row, old));
    const auto to = row.begin() + static_cast<std::ptrdiff_t>(below_in(row, with));
    if (from < to) {
      *std::move(from + 1, to, from) = with;
    } else {
      std::move_backward(to, from, from + 1);
      *to = with;
    }
  }

  const std::vector<Offset>& offsets_;
  std::vector<Index>& columns_;
};

/// Swaps random links of a small mesh, twice as often as it has links: there the swaps of bad pairs
/// touch a tenth of them, and leave 2 % fewer triangles than chance gives at N = 20, k = 4. Above
/// kMixed links thousands of meshes show nothing in triangles, clustering and path lengths; their
/// four-cycles may be 0.05 % too few at N = 100, k = 20, a tenth of one mesh's deviation; mixing
/// those would make their building take seven times as long.
void mix(Swaps& swaps, std::uint32_t entries, const RandomStream& stream, DrawKey key) {
  constexpr std::uint32_t kMixed = 256;
  if (entries > 2 * kMixed) return;
  key.agent = 0;
  for (key.other = 0; key.other < 2 * entries; key.other += 2) {
    const Edge one = swaps.ends(below(stream, key, entries));
    const DrawKey second{key.network, key.replicate, key.agent, key.other + 1};
    (void)swaps.swap(one, swaps.ends(below(stream, second, entries)));
  }
}

/// Swaps the bad pairs of the given rows away, in a random order so that no agent's pairs come
/// first. False if one resists.
bool make_simple(const std::vector<Offset>& offsets, std::vector<Index>& columns,
                 const std::vector<Index>& not_simple, const RandomStream& stream, DrawKey key) {
  Swaps swaps(offsets, columns);
  std::vector<Edge> bad = swaps.bad_pairs(not_simple);
  const auto entries = static_cast<std::uint32_t>(columns.size());
  for (auto left = static_cast<std::uint32_t>(bad.size()); left > 0; --left) {
    key.agent = left;
    key.other = 0;
    std::swap(bad[below(stream, key, left)], bad[left - 1]);
    if (!swaps.bad(bad[left - 1])) continue;
    do {
      if (++key.other > kSwapTries) return false;
    } while (!swaps.swap(bad[left - 1], swaps.ends(below(stream, key, entries))));
  }
  mix(swaps, entries, stream, key);
  return true;
}

/// A random simple graph with the degrees that the offsets say, none above half of the agents.
Network random_graph(std::vector<Offset> offsets, std::uint64_t seed, std::uint32_t index) {
  const PairingStreams streams(seed);
  const RandomStream swap_stream(seed, "network swap");
  const auto stubs = static_cast<std::size_t>(offsets.back());
  const PairingShape shape = pairing_shape(offsets.size() - 1, offsets.back());
  const std::unique_ptr<std::uint32_t[]> messages(new std::uint32_t[stubs]);
  for (std::uint32_t draw = 0; draw < kMaxDraws; ++draw) {
    const DrawKey key{index, draw, 0, 0};
    std::vector<Index> columns(pairing_columns(offsets.back(), shape));
    std::vector<Index> not_simple;
    const bool paired =
        random_pairing(offsets, streams, key, shape, columns, {messages.get(), stubs}, not_simple);
    columns.resize(stubs);
    if (paired && make_simple(offsets, columns, not_simple, swap_stream, key)) {
      return {std::move(offsets), std::move(columns)};
    }
  }
  throw std::logic_error("partial_mesh: no simple graph with these degrees was found");
}

/// Links where `sparse` has none.
Network complement(const Network& sparse) {
  const auto agents = static_cast<Index>(sparse.agents());
  Network result;
  result.offsets.reserve(sparse.offsets.size());
  result.columns.reserve(at(agents) * at(agents - 1) - sparse.columns.size());
  auto next = sparse.columns.begin();
  for (Index i = 0; i < agents; ++i) {
    const auto end = sparse.columns.begin() + sparse.offsets[at(i) + 1];
    for (Index j = 0; j < agents; ++j) {
      if (next != end && *next == j) {
        ++next;
      } else if (j != i) {
        result.columns.push_back(j);
      }
    }
    result.offsets.push_back(static_cast<Offset>(result.columns.size()));
  }
  return result;
}

}  // namespace

Network partial_mesh(Index agents, Index k, std::uint64_t seed, std::uint32_t index) {
  const bool dense = 2 * Offset{k} > Offset{agents} - 1;
  const Index degree = dense ? agents - 1 - k : k;
  std::vector<Offset> offsets(at(agents) + 1);
  for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] = static_cast<Offset>(i) * degree;
  if (offsets.back() % 2 != 0) {
    const auto odd = below(RandomStream(seed, "network odd agent"), {index, 0, 0, 0},
                           static_cast<std::uint32_t>(agents));
    for (std::size_t i = odd + 1; i < offsets.size(); ++i) {
      offsets[i] += dense ? -1 : 1;  // k + 1 in the mesh either way
    }
  }
  Network network = random_graph(std::move(offsets), seed, index);
  return connected(dense ? complement(network) : std::move(network));
}

}  // namespace needflow
