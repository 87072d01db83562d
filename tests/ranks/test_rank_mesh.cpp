// A network's rows on each of the ranks are those of the network that one process builds.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "solver/error.hpp"
#include "solver/partial_mesh.hpp"
#include "solver/ranks/halo.hpp"
#include "solver/ranks/rank_mesh.hpp"
#include "solver/ranks/rank_pattern.hpp"
#include "solver/ranks/reach.hpp"
#include "solver/ranks/together.hpp"
#include "tests/ranks/ranks.hpp"

namespace needflow {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

Network cut(const Network& whole, RankPart part) {
  Network rows;
  for (std::size_t i = part.first; i < part.first + part.count; ++i) {
    rows.columns.insert(rows.columns.end(), whole.columns.begin() + whole.offsets[i],
                        whole.columns.begin() + whole.offsets[i + 1]);
    rows.offsets.push_back(static_cast<Offset>(rows.columns.size()));
  }
  return rows;
}

RankPart own_of(std::span<const RankPart> parts) { return parts[at(ranks().rank())]; }

/// Uneven parts that pay no heed to blocks; with many ranks one has no agent.
std::vector<RankPart> uneven(std::size_t agents, int count) {
  std::vector<RankPart> parts;
  std::size_t first = 0;
  for (int r = 0; r < count; ++r) {
    const std::size_t left = agents - first;
    const std::size_t own = r + 1 == count ? left : r == 1 ? 0 : left / 3 + 1;
    parts.push_back({first, own});
    first += own;
  }
  return parts;
}

void check_same(const Network& rows, const Network& whole, std::span<const RankPart> parts) {
  const Network wanted = cut(whole, own_of(parts));
  CHECK(rows.offsets == wanted.offsets);
  CHECK((rows.columns == wanted.columns));  // megabytes are nothing to print
}

void check_mesh(Index agents, Index k, std::uint64_t seed, std::uint32_t index,
                std::size_t copies = kSwapCopies) {
  CAPTURE(agents);
  CAPTURE(k);
  CAPTURE(seed);
  const Network whole = partial_mesh(agents, k, seed, index);
  const auto count = static_cast<std::size_t>(agents);
  for (const auto& parts : {split_rows(count, ranks().size()), uneven(count, ranks().size())}) {
    const auto rows = mesh_rows(ranks(), parts, k, seed, index, Threads::all, copies);
    CHECK(rows.has_value() == (whole.bridges == 0));
    if (rows) check_same(*rows, whole, parts);
  }
}

// The sizes are few: MPICH's ranks, more of them than processors, take a time slice a message.
TEST_CASE("a mesh over ranks is the mesh of one process, in one bucket and in many") {
  std::uint32_t index = 0;
  for (const auto& [agents, k] : std::vector<std::pair<Index, Index>>{
           {200, 3}, {513, 30}, {1100, 29}, {3000, 30}, {9001, 21}, {40'000, 12}}) {
    check_mesh(agents, k, 5 + index, index % 3);
    ++index;
  }
}

TEST_CASE(
    "meshes with so many bad pairs that swaps meet each other, and are refused, are the same") {
  check_mesh(300, 149, 1, 0);
  check_mesh(301, 60, 2, 1);
  check_mesh(1100, 300, 3, 0);
}

TEST_CASE("copies that are given back and fetched again at every step change nothing") {
  check_mesh(100, 7, 7, 0, 4);
  check_mesh(700, 40, 8, 0, 20'000);
}

TEST_CASE("meshes in several components are left to who can bridge them") {
  check_mesh(257, 2, 9, 0);
  for (std::uint32_t index = 0; index < 5; ++index) check_mesh(600, 1, 9, index);
}

/// The rows of several circles of agents, agent i linked to i ± step.
Network circles(Index agents, Index step, RankPart part) {
  Network rows;
  for (std::size_t i = part.first; i < part.first + part.count; ++i) {
    const auto agent = static_cast<Index>(i);
    const Index ends[]{(agent + step) % agents, (agent + agents - step) % agents};
    rows.columns.insert(rows.columns.end(),
                        {std::min(ends[0], ends[1]), std::max(ends[0], ends[1])});
    rows.offsets.push_back(static_cast<Offset>(rows.columns.size()));
  }
  return rows;
}

TEST_CASE("one circle is connected and two are not, on however many ranks they lie") {
  for (const Index agents : {Index{1500}, Index{1536}}) {
    const auto parts = split_rows(static_cast<std::size_t>(agents), ranks().size());
    const RankPart own = own_of(parts);
    CHECK(is_connected(ranks(), parts, circles(agents, 1, own)));
    CHECK_FALSE(is_connected(ranks(), parts, circles(agents, 2, own)));
    CHECK_FALSE(is_connected(ranks(), parts, circles(agents, agents / 12, own)));
  }
}

void check_pattern(const NetworkSettings& network, bool looked_at) {
  Sweep sweep;
  sweep.instance = std::make_shared<Instance>();
  sweep.base.seed = 3;
  sweep.base.network = network;
  const Point point = sweep.point(0);
  const Network whole = build_network(network, 3, point.network);
  const std::vector<RankPart> parts =
      split_rows(static_cast<std::size_t>(network.agents), ranks().size());
  std::int64_t looks = 0;
  NetworkObserver observer;
  if (looked_at) {
    observer = [&](const Network& shown) {
      ++looks;
      CHECK((shown.columns == whole.columns));
    };
  }
  check_same(pattern_of_rank(ranks(), parts, sweep, point, Threads::all, observer), whole, parts);
  CHECK(sum_over_ranks(ranks(), looks) == (looked_at ? 1 : 0));
}

TEST_CASE("every kind of network is the same on ranks, looked at or not") {
  for (const NetworkKind kind :
       {NetworkKind::partial_mesh, NetworkKind::full_mesh, NetworkKind::ring,
        NetworkKind::hub_spoke, NetworkKind::small_world, NetworkKind::sharded,
        NetworkKind::preferential, NetworkKind::geometric}) {
    NetworkSettings network;
    network.kind = kind;
    network.agents = 1700;
    network.neighbors = 6;
    network.shard_size = 90;
    for (const bool looked_at : {false, true}) check_pattern(network, looked_at);
  }
  for (const std::int64_t neighbors : {1, 2, 41, 42, 900, 1695, 1699}) {
    NetworkSettings network;
    network.agents = 1700;
    network.neighbors = neighbors;
    CAPTURE(neighbors);
    check_pattern(network, false);
  }
}

TEST_CASE("only meshes that are sparse, hold together and are not mixed are made over ranks") {
  CHECK(is_mesh_for_ranks(1'000'000, 30));
  CHECK(is_mesh_for_ranks(1600, 40));
  CHECK_FALSE(is_mesh_for_ranks(1600, 41));
  CHECK_FALSE(is_mesh_for_ranks(1600, 2));
  CHECK_FALSE(is_mesh_for_ranks(100, 5));  // 500 entries
  CHECK(is_mesh_for_ranks(103, 5));        // 515
}

TEST_CASE("what no network has is told on all ranks, whoever would have built it") {
  for (const NetworkKind kind : {NetworkKind::hub_spoke, NetworkKind::small_world}) {
    Sweep sweep;
    sweep.instance = std::make_shared<Instance>();
    sweep.base.network.kind = kind;
    sweep.base.network.agents = 20;
    sweep.base.network.hub = 50;
    sweep.base.network.neighbors = 3;
    const std::vector<RankPart> parts = split_rows(20, ranks().size());
    CHECK_THROWS_AS((void)pattern_of_rank(ranks(), parts, sweep, sweep.point(0), Threads::one, {}),
                    InvalidPoint);
  }
}

}  // namespace
}  // namespace needflow
