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

 private:
  Index size_;
  Index larger_;
};

Network shard_mesh(Index size, Index k, NetworkDraw draw, Index shard) {
  if (k >= size - 1) return full_mesh(size);
  // A seed of its own: the mesh's draws are addressed by agents that count from 0 in every shard.
  const RandomStream stream(draw.seed, "network shard");
  return partial_mesh(size, k, stream.bits({draw.index, 0, static_cast<std::uint32_t>(shard), 0}),
                      draw.index);
}

}  // namespace

Network sharded(Index agents, Index shards, Index k, NetworkDraw draw, Threads threads) {
  const Shards shard(agents, shards);
  Network network;
  network.offsets.reserve(at(agents) + 1);
  network.columns.reserve(at(agents) * at(std::min(k, shard.size(0) - 1)) + 4 * at(shards));
  for (Index from = 0; from < shards; from += kShardsAtOnce) {
    std::vector<Network> meshes(at(std::min(kShardsAtOnce, shards - from)));
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
      const Index base = shard.first(from + static_cast<Index>(m));
      network.bridges += meshes[m].bridges;
      for (std::size_t i = 0; i < meshes[m].agents(); ++i) {
        if (i == 0 && base > 0) network.columns.push_back(0);  // the hub, lower than all of them
        for (Offset e = meshes[m].offsets[i]; e < meshes[m].offsets[i + 1]; ++e) {
          network.columns.push_back(base + meshes[m].columns[static_cast<std::size_t>(e)]);
        }
        for (Index s = 1; i == 0 && base == 0 && s < shards; ++s) {
          network.columns.push_back(shard.first(s));
        }
        network.offsets.push_back(static_cast<Offset>(network.columns.size()));
      }
    }
  }
  return network;
}

}  // namespace needflow
