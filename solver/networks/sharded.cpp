// Seed 003's advice for more than 500 agents: shards of 200 to 300, a partial mesh in each, hub and
// spoke between them.
//
// Tried on paper: a gateway drawn at random says nothing more, for agents of a shard are alike.
#include <algorithm>

#include "kernels/random.hpp"
#include "solver/networks/kinds.hpp"
#include "solver/partial_mesh.hpp"

namespace needflow {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

// Shards built side by side before they are copied to their places.
constexpr Index kShardsAtOnce = 256;

/// Where the agents of each shard begin.
class Shards {
 public:
  Shards(Index agents, Index shards) : size_(agents / shards), larger_(agents % shards) {}
  [[nodiscard]] Index first(Index shard) const { return shard * size_ + std::min(shard, larger_); }
  [[nodiscard]] Index size(Index shard) const { return size_ + (shard < larger_ ? 1 : 0); }
  /// The shard that an agent is in.
  [[nodiscard]] Index of(Index agent) const {
    const Index in_larger = larger_ * (size_ + 1);
    return agent < in_larger ? agent / (size_ + 1) : larger_ + (agent - in_larger) / size_;
  }

 private:
  Index size_;
  Index larger_;
};

Network shard_mesh(Index size, Index k, NetworkDraw draw, Index shard) {
  if (k >= size - 1) return full_mesh(size, {0, size});
  // A seed of its own: the mesh's draws are addressed by agents that count from 0 in every shard.
  const RandomStream stream(draw.seed, "network shard");
  return partial_mesh(size, k, stream.bits({draw.index, 0, static_cast<std::uint32_t>(shard), 0}),
                      draw.index);
}

/// Appends the rows of the shard's agents that are in the range.
void append(const Network& mesh, Index number, const Shards& shard, Index shards, AgentRange range,
            Network& rows) {
  const Index base = shard.first(number);
  const Index end = std::min(range.end - base, shard.size(number));
  if (range.has(base)) rows.bridges += mesh.bridges;
  for (Index i = std::max(0, range.begin - base); i < end; ++i) {
    if (i == 0 && base > 0) rows.columns.push_back(0);  // the hub, lower than all of them
    for (Offset e = mesh.offsets[at(i)]; e < mesh.offsets[at(i) + 1]; ++e) {
      rows.columns.push_back(base + mesh.columns[static_cast<std::size_t>(e)]);
    }
    for (Index s = 1; i == 0 && base == 0 && s < shards; ++s) {
      rows.columns.push_back(shard.first(s));
    }
    rows.offsets.push_back(static_cast<Offset>(rows.columns.size()));
  }
}

}  // namespace

Network sharded(Index agents, Index shards, Index k, NetworkDraw draw, AgentRange range,
                Threads threads) {
  const Shards shard(agents, shards);
  Network rows;
  if (range.count() == 0) return rows;
  const Index first = shard.of(range.begin);
  const Index last = shard.of(range.end - 1) + 1;
  rows.offsets.reserve(at(range.count()) + 1);
  rows.columns.reserve(at(range.count()) * at(std::min(k, shard.size(0) - 1)) +
                       3 * at(last - first) + (range.has(0) ? at(shards) : 0));
  for (Index from = first; from < last; from += kShardsAtOnce) {
    std::vector<Network> meshes(at(std::min(kShardsAtOnce, last - from)));
    const auto build = [&](std::size_t m) {
      const Index number = from + static_cast<Index>(m);
      meshes[m] = shard_mesh(shard.size(number), k, draw, number);
    };
    if (threads == Threads::all) {
      parallel_indices(meshes.size(), build, oneapi::tbb::auto_partitioner());
    } else {
      for (std::size_t m = 0; m < meshes.size(); ++m) build(m);
    }
    for (std::size_t m = 0; m < meshes.size(); ++m) {
      append(meshes[m], from + static_cast<Index>(m), shard, shards, range, rows);
    }
  }
  return rows;
}

}  // namespace needflow
