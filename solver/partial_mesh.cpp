// How: the literal algorithm (each agent in turn takes random peers with room) ends with late
// agents that find only each other. Pairing a random permutation of "stubs", k an agent, has the
// same outcome without that bias (Bollobás 1980), and its few self-loops and double edges, about
// k²/4 whatever the size, are resolved by swapping ends with random other edges (McKay & Wormald
// 1990). Meshes denser than half are the complement of a sparse one, which keeps the swaps rare.
#include "solver/partial_mesh.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

#include "kernels/graph.hpp"

namespace needflow {

namespace {

using Edge = std::pair<Index, Index>;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Which agent's degree differs by one when agents · k is odd.
constexpr std::uint32_t kOddAgentDraw = 0xffffffff;
// Swaps tried for one bad pair before the mesh is drawn anew.
constexpr int kSwapTries = 2000;
constexpr std::uint32_t kMaxDraws = 1000;

/// Flat adjacency with room for each agent's wanted degree.
class Slots {
 public:
  explicit Slots(const std::vector<Index>& wanted) : begin_(wanted.size() + 1, 0) {
    for (std::size_t i = 0; i < wanted.size(); ++i) begin_[i + 1] = begin_[i] + wanted[i];
    used_.assign(wanted.size(), 0);
    peers_.resize(static_cast<std::size_t>(begin_.back()));
  }

  // Both pull what linked() and link() will read: where a row begins, then the row.
  void expect(Index a) const {
    __builtin_prefetch(&begin_[at(a)]);
    __builtin_prefetch(&used_[at(a)], 1);
  }
  void expect_row(Index a) const {
    const Index* row = peers_.data() + begin_[at(a)];
    __builtin_prefetch(row, 1);
    __builtin_prefetch(row + kLineEntries, 1);
  }

  [[nodiscard]] bool linked(Index a, Index b) const {
    const auto row = peers_.begin() + begin_[at(a)];
    return std::find(row, row + used_[at(a)], b) != row + used_[at(a)];
  }
  void link(Index a, Index b) {
    put(a, b);
    put(b, a);
  }
  void unlink(Index a, Index b) {
    take(a, b);
    take(b, a);
  }

 private:
  void put(Index a, Index b) {
    peers_[static_cast<std::size_t>(begin_[at(a)]) + at(used_[at(a)]++)] = b;
  }
  void take(Index a, Index b) {
    const auto row = peers_.begin() + begin_[at(a)];
    *std::find(row, row + used_[at(a)], b) = *(row + used_[at(a)] - 1);
    --used_[at(a)];
  }

  static constexpr std::size_t kLineEntries = 64 / sizeof(Index);

  std::vector<Offset> begin_;
  std::vector<Index> used_;
  std::vector<Index> peers_;
};

/// A random order of all stubs (Fisher and Yates). Partners are drawn some steps ahead and their
/// cache lines asked for: the walk is bound by the latency of random places, and without this the
/// whole mesh takes twice as long at N = 1e6, k = 30.
void shuffle(std::vector<Index>& stubs, const RandomStream& stream, DrawKey key) {
  constexpr std::size_t kAhead = 32;
  std::array<std::uint32_t, kAhead> partner{};
  const auto draw = [&](std::size_t i) {
    key.agent = static_cast<std::uint32_t>(i);
    partner[i % kAhead] = below(stream, key, static_cast<std::uint32_t>(i));
    __builtin_prefetch(&stubs[partner[i % kAhead]], 1);
  };
  for (std::size_t i = stubs.size(); i > 1 && i + kAhead > stubs.size(); --i) draw(i);
  for (std::size_t i = stubs.size(); i > 1; --i) {
    std::swap(stubs[i - 1], stubs[partner[i % kAhead]]);
    if (i > kAhead + 1) draw(i - kAhead);
  }
}

/// One attempt: pairs the stubs, then swaps the bad pairs away. Empty if a pair resisted.
std::vector<Edge> try_pairing(const std::vector<Index>& wanted, const RandomStream& stream,
                              DrawKey key) {
  std::vector<Index> stubs;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    stubs.insert(stubs.end(), at(wanted[i]), static_cast<Index>(i));
  }
  shuffle(stubs, stream, key);

  Slots slots(wanted);
  std::vector<Edge> edges;
  std::vector<Edge> bad;
  edges.reserve(stubs.size() / 2);
  constexpr std::size_t kAhead = 32;
  for (std::size_t i = 0; i + 1 < stubs.size(); i += 2) {
    for (const std::size_t end : {std::size_t{0}, std::size_t{1}}) {
      if (i + 2 * kAhead + end < stubs.size()) slots.expect(stubs[i + 2 * kAhead + end]);
      if (i + kAhead + end < stubs.size()) slots.expect_row(stubs[i + kAhead + end]);
    }
    const Edge edge{stubs[i], stubs[i + 1]};
    if (edge.first == edge.second || slots.linked(edge.first, edge.second)) {
      bad.push_back(edge);
      continue;
    }
    slots.link(edge.first, edge.second);
    edges.push_back(edge);
  }

  // (u, v) and a random edge (x, y) become (u, x) and (v, y).
  key.agent = 0;
  for (const auto& [u, v] : bad) {
    int tries = 0;
    for (bool done = false; !done; ++tries) {
      if (tries == kSwapTries || edges.empty()) return {};
      key.other = 1 + key.other;
      const std::uint64_t bits = stream.bits(key);
      auto& [first, second] = edges[bounded(bits, static_cast<std::uint32_t>(edges.size()))];
      const bool turn = (bits & 1) != 0;
      const Index x = turn ? second : first;
      const Index y = turn ? first : second;
      if (u == x || v == y || slots.linked(u, x) || slots.linked(v, y)) continue;
      slots.unlink(x, y);
      slots.link(u, x);
      slots.link(v, y);
      first = u;
      second = x;
      edges.emplace_back(v, y);
      done = true;
    }
  }
  return edges;
}

/// A random simple graph with the wanted degrees, none above half of the agents.
std::vector<Edge> random_graph(const std::vector<Index>& wanted, const RandomStream& stream,
                               std::uint32_t index) {
  const auto total = std::accumulate(wanted.begin(), wanted.end(), Offset{0});
  if (total == 0) return {};
  for (std::uint32_t draw = 0; draw < kMaxDraws; ++draw) {
    std::vector<Edge> edges = try_pairing(wanted, stream, {index, draw, 0, 0});
    if (!edges.empty()) return edges;
  }
  throw std::logic_error("partial_mesh: no simple graph with these degrees was found");
}

std::vector<Edge> complement(Index agents, const std::vector<Edge>& edges) {
  const Network sparse = network_from_edges(at(agents), edges);
  std::vector<Edge> result;
  for (Index i = 0; i < agents; ++i) {
    auto next = sparse.columns.begin() + sparse.offsets[at(i)];
    const auto end = sparse.columns.begin() + sparse.offsets[at(i) + 1];
    next = std::upper_bound(next, end, i);
    for (Index j = i + 1; j < agents; ++j) {
      if (next != end && *next == j) {
        ++next;
      } else {
        result.emplace_back(i, j);
      }
    }
  }
  return result;
}

/// Joins the components in the order of their smallest agent, each link between members of least
/// degree (ties to the smaller id), so no degree rises by more than one in a component of two or
/// more.
void bridge_components(const Network& network, std::vector<Edge>& edges) {
  const auto agents = static_cast<Index>(network.agents());
  const std::vector<Index> label = component_labels(network.offsets, network.columns);
  std::vector<std::vector<Index>> members;
  std::vector<std::size_t> component_of(at(agents));
  for (Index i = 0; i < agents; ++i) {
    if (label[at(i)] == i) {
      component_of[at(i)] = members.size();
      members.emplace_back();
    }
    members[component_of[at(label[at(i)])]].push_back(i);
  }
  if (members.size() < 2) return;
  for (auto& list : members) {  // its one or two members of least degree come first
    const auto fewer = [&network](Index a, Index b) {
      return std::pair(network.degree(at(a)), a) < std::pair(network.degree(at(b)), b);
    };
    std::partial_sort(list.begin(), list.begin() + (list.size() > 1 ? 2 : 1), list.end(), fewer);
  }
  for (std::size_t c = 1; c < members.size(); ++c) {
    const auto& before = members[c - 1];
    edges.emplace_back(before[before.size() > 1 && c > 1 ? 1 : 0], members[c][0]);
  }
}

}  // namespace

Network partial_mesh(Index agents, Index k, std::uint64_t seed, std::uint32_t index) {
  const RandomStream stream(seed, "network");
  const bool dense = 2 * Offset{k} > Offset{agents} - 1;
  const Index degree = dense ? agents - 1 - k : k;
  std::vector<Index> wanted(at(agents), degree);
  if ((Offset{agents} * degree) % 2 != 0) {
    const auto odd =
        below(stream, {index, 0, kOddAgentDraw, 0}, static_cast<std::uint32_t>(agents));
    wanted[odd] += dense ? -1 : 1;  // k + 1 in the mesh either way
  }
  std::vector<Edge> edges = random_graph(wanted, stream, index);
  if (dense) edges = complement(agents, edges);
  Network network = network_from_edges(at(agents), edges);
  const std::size_t before = edges.size();
  bridge_components(network, edges);
  return edges.size() == before ? network : network_from_edges(at(agents), edges);
}

}  // namespace needflow
