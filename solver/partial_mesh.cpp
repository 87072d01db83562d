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

#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>

#include "kernels/pairing.hpp"
#include "solver/networks/links.hpp"
#include "solver/networks/mesh_swaps.hpp"

namespace needflow {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Rows that are all here.
struct WholeRows {
  const std::vector<Offset>& offsets;
  std::vector<Index>& columns;
  [[nodiscard]] std::span<Index> operator()(Index a) const {
    return {columns.data() + offsets[at(a)], columns.data() + offsets[at(a) + 1]};
  }
};

/// Swaps random links of a small mesh, twice as often as it has links: there the swaps of bad pairs
/// touch a tenth of them, and leave 2 % fewer triangles than chance gives at N = 20, k = 4. Above
/// kMixedLinks thousands of meshes show nothing in triangles, clustering and path lengths; their
/// four-cycles may be 0.05 % too few at N = 100, k = 20, a tenth of one mesh's deviation; mixing
/// those would make their building take seven times as long.
void mix(Swaps<WholeRows>& swaps, std::uint32_t entries, const RandomStream& stream, DrawKey key) {
  if (entries > 2 * kMixedLinks) return;
  key.agent = 0;
  for (key.other = 0; key.other < 2 * entries; key.other += 2) {
    const Edge one = swaps.ends(swaps.drawn_entry(stream, key));
    const DrawKey second{key.network, key.replicate, key.agent, key.other + 1};
    (void)swaps.swap(one, swaps.ends(swaps.drawn_entry(stream, second)));
  }
}

/// Swaps the bad pairs of the given rows away. False if one resists.
bool make_simple(const MeshDegrees& degrees, const std::vector<Offset>& offsets,
                 std::vector<Index>& columns, const std::vector<Index>& not_simple,
                 const RandomStream& stream, const DrawKey& key) {
  Swaps<WholeRows> swaps(degrees, {offsets, columns});
  std::vector<Edge> bad = swaps.bad_pairs(not_simple);
  shuffle_pairs(bad, stream, key);
  const auto all_here = [](std::size_t, std::initializer_list<Index>) {};
  if (!swaps.make_simple(bad, stream, key, all_here)) return false;
  mix(swaps, static_cast<std::uint32_t>(columns.size()), stream, key);
  return true;
}

/// A random simple graph with these degrees, none above half of the agents.
Network random_graph(const MeshDegrees& degrees, std::uint64_t seed, std::uint32_t index) {
  const PairingStreams streams(seed);
  const RandomStream swap_stream(seed, kMeshSwapStream);
  std::vector<Offset> offsets = degrees.offsets(0, degrees.agents());
  const auto stubs = static_cast<std::size_t>(offsets.back());
  const PairingShape shape = pairing_shape(degrees.agents(), offsets.back());
  const std::unique_ptr<std::uint32_t[]> messages(new std::uint32_t[stubs]);
  for (std::uint32_t draw = 0; draw < kMaxMeshDraws; ++draw) {
    const DrawKey key{index, draw, 0, 0};
    std::vector<Index> columns(pairing_columns(offsets.back(), shape));
    std::vector<Index> not_simple;
    const bool paired =
        random_pairing(offsets, streams, key, shape, columns, {messages.get(), stubs}, not_simple);
    columns.resize(stubs);
    if (paired && make_simple(degrees, offsets, columns, not_simple, swap_stream, key)) {
      return {std::move(offsets), std::move(columns)};
    }
  }
  throw std::logic_error(kNoMesh);
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

bool is_dense_mesh(Index agents, Index k) { return 2 * Offset{k} > Offset{agents} - 1; }

MeshDegrees mesh_degrees(Index agents, Index k, std::uint64_t seed, std::uint32_t index) {
  const bool dense = is_dense_mesh(agents, k);
  const Index degree = dense ? agents - 1 - k : k;
  if (Offset{agents} * degree % 2 == 0) return {agents, degree, at(agents), 0};
  const auto odd = below(RandomStream(seed, "network odd agent"), {index, 0, 0, 0},
                         static_cast<std::uint32_t>(agents));
  return {agents, degree, odd, dense ? -1 : 1};  // k + 1 in the mesh either way
}

Network partial_mesh(Index agents, Index k, std::uint64_t seed, std::uint32_t index) {
  Network network = random_graph(mesh_degrees(agents, k, seed, index), seed, index);
  return connected(is_dense_mesh(agents, k) ? complement(network) : std::move(network));
}

}  // namespace needflow
