// M4: who is connected to whom.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/parallel.hpp"
#include "solver/settings.hpp"

namespace needflow {

/// A simple undirected graph. Each edge is stored from both ends; rows ascend; no self-loops.
struct Network {
  std::vector<Offset> offsets{0};  ///< agents + 1
  std::vector<Index> columns;      ///< 2 × edges
  /// Of each entry, both ends the same, in the unit of its source; empty: one hop is a hop.
  std::vector<float> latency = {};
  std::int64_t bridges = 0;  ///< links that were added so that no component stands alone

  [[nodiscard]] std::size_t agents() const { return offsets.size() - 1; }
  [[nodiscard]] std::int64_t edges() const { return offsets.back() / 2; }
  [[nodiscard]] std::int64_t degree(std::size_t i) const { return offsets[i + 1] - offsets[i]; }
};

/// What was wrong with a network file and could be put right.
struct NetworkRepairs {
  std::int64_t self_loops = 0;  ///< left out
  std::int64_t duplicates =
      0;                     ///< links given again, in the same direction or the other: kept once
  std::int64_t one_way = 0;  ///< links of a directed file that lack their other direction: added

  [[nodiscard]] std::int64_t total() const { return self_loops + duplicates + one_way; }
  bool operator==(const NetworkRepairs&) const = default;
};

/// A network somebody else brought (kind `file`). io/network_files reads it.
struct NetworkFile {
  std::string name;  ///< as the scenario gives it
  Network network;
  std::vector<std::string>
      ids;  ///< the file's names of the agents; empty where it only counts them
  NetworkRepairs repairs;
  std::uint64_t content_hash = 0;  ///< of offsets, columns and latencies
};

/// Most stored entries (twice the edges) a network may have: draws address them with 32 bits.
inline constexpr std::int64_t kMaxEntries = (std::int64_t{1} << 32) - 1;
inline constexpr std::int64_t kMaxAgents = (std::int64_t{1} << 31) - 1;

/// N: the file's for kind `file`, else as set.
[[nodiscard]] std::int64_t network_agents(const NetworkSettings& settings);

/// k after the rules "table" and "2lnN" (M4): of N, of a shard's size for `sharded`. At most
/// agents − 1 where k ≥ agents − 1 means the full mesh; small_world and preferential take an even
/// k, so what a rule gives them is rounded down to one, and a k that was given is left as it is.
[[nodiscard]] std::int64_t resolved_neighbors(const NetworkSettings& settings);

/// Shards of `sharded`: as few as hold at most shard_size agents each. Sizes differ by at most one,
/// the larger ones first.
[[nodiscard]] std::int64_t shard_count(const NetworkSettings& settings);

/// Entries the network will have, without building it; bridges of a disconnected one not counted,
/// and for `geometric` the mean.
[[nodiscard]] std::int64_t expected_entries(const NetworkSettings& settings);

/// Why no such network exists, or an empty text.
[[nodiscard]] std::string network_problem(const NetworkSettings& settings);

/// Builds network number `index` of a scenario, not of kind `file` (see network_of() in
/// solver/sweep/sweep.hpp). A pure function of its arguments but `threads`, which says whether the
/// threads of the caller's arena may help. Throws InvalidPoint where network_problem() has
/// something to say.
[[nodiscard]] Network build_network(const NetworkSettings& settings, std::uint64_t seed,
                                    std::uint32_t index, Threads threads = Threads::one);

/// Rows [first, first + count) of that network alone, of kinds of which each row can be had without
/// the others: offsets begin at 0, columns name all agents. Nothing for other kinds; throws as
/// build_network() does for all.
[[nodiscard]] std::optional<Network> network_rows(const NetworkSettings& settings,
                                                  std::uint64_t seed, std::uint32_t index,
                                                  std::size_t first, std::size_t count,
                                                  Threads threads = Threads::one);

/// The graph of the given edges; duplicates and self-loops must not be among them.
[[nodiscard]] Network network_from_edges(std::size_t agents,
                                         const std::vector<std::pair<Index, Index>>& edges);

}  // namespace needflow
