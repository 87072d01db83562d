// Rows of a network that are built without the others (M4): those of the whole one.
#include <doctest/doctest.h>

#include <vector>

#include "solver/error.hpp"
#include "solver/network.hpp"

using namespace needflow;

namespace {

/// Rows [first, first + count) of a whole network.
Network cut(const Network& whole, std::size_t first, std::size_t count) {
  Network rows;
  for (std::size_t i = first; i < first + count; ++i) {
    for (Offset e = whole.offsets[i]; e < whole.offsets[i + 1]; ++e) {
      rows.columns.push_back(whole.columns[static_cast<std::size_t>(e)]);
    }
    rows.offsets.push_back(static_cast<Offset>(rows.columns.size()));
  }
  return rows;
}

void check_rows(const NetworkSettings& settings, Threads threads = Threads::one) {
  const Network whole = build_network(settings, 11, 3);
  const auto agents = static_cast<std::size_t>(settings.agents);
  std::int64_t bridges = 0;
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, agents / 2 + 1, agents}) {
    bridges = 0;
    for (std::size_t first = 0; first < agents; first += step) {
      const std::size_t count = std::min(step, agents - first);
      const auto rows = network_rows(settings, 11, 3, first, count, threads);
      REQUIRE(rows.has_value());
      const Network wanted = cut(whole, first, count);
      CHECK(rows->offsets == wanted.offsets);
      CHECK(rows->columns == wanted.columns);
      bridges += rows->bridges;
    }
    CHECK(bridges == whole.bridges);
  }
  const auto none = network_rows(settings, 11, 3, agents / 2, 0, threads);
  REQUIRE(none.has_value());
  CHECK(none->offsets == std::vector<Offset>{0});
}

}  // namespace

TEST_CASE("rows of networks without a draw are those of the whole") {
  for (const std::int64_t agents : {1, 2, 3, 4, 9, 50}) {
    for (const NetworkKind kind : {NetworkKind::ring, NetworkKind::full_mesh}) {
      NetworkSettings settings;
      settings.kind = kind;
      settings.agents = agents;
      check_rows(settings);
    }
    for (const std::int64_t hub : {std::int64_t{0}, agents / 2, agents - 1}) {
      NetworkSettings settings;
      settings.kind = NetworkKind::hub_spoke;
      settings.agents = agents;
      settings.hub = hub;
      check_rows(settings);
    }
    NetworkSettings everybody;
    everybody.agents = agents;
    everybody.neighbors = agents + 5;
    check_rows(everybody);
  }
}

TEST_CASE("rows of shards are those of the whole, wherever the shards are cut") {
  // Shards of full meshes, of meshes, of k = 1 that are bridged, of one agent, more than 256 of
  // them.
  for (const auto& [agents, size, k] : std::vector<std::array<std::int64_t, 3>>{
           {100, 30, 50}, {103, 25, 6}, {90, 20, 1}, {9, 2, 3}, {57, 57, 4}, {900, 3, 2}}) {
    NetworkSettings settings;
    settings.kind = NetworkKind::sharded;
    settings.agents = agents;
    settings.shard_size = size;
    settings.neighbors = k;
    CAPTURE(agents);
    check_rows(settings);
    check_rows(settings, Threads::all);
  }
}

TEST_CASE("kinds whose rows hang on each other give none alone") {
  for (const NetworkKind kind : {NetworkKind::partial_mesh, NetworkKind::small_world,
                                 NetworkKind::preferential, NetworkKind::geometric}) {
    NetworkSettings settings;
    settings.kind = kind;
    settings.agents = 40;
    settings.neighbors = 4;
    CHECK_FALSE(network_rows(settings, 1, 0, 0, 40).has_value());
  }
  NetworkSettings impossible;
  impossible.kind = NetworkKind::hub_spoke;
  impossible.agents = 20;
  impossible.hub = 50;
  CHECK_THROWS_AS((void)network_rows(impossible, 1, 0, 0, 20), InvalidPoint);
}
