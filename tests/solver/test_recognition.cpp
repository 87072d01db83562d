// M1: shares, mutual recognition, degrees.
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "tests/solver/instances.hpp"

using namespace needflow;
using namespace needflow::test;

namespace {

Network small_mesh(std::int64_t agents = 40, std::int64_t k = 7) {
  NetworkSettings settings;
  settings.agents = agents;
  settings.neighbors = k;
  return build_network(settings, 5, 0);
}

double weight_of(const CsrView& rows, std::size_t i, Index j) {
  const CsrRow row = rows.row(i);
  for (std::size_t e = 0; e < row.columns.size(); ++e) {
    if (row.columns[e] == j) return row.weights[e];
  }
  return 0.0;
}

}  // namespace

TEST_CASE("equal weights give MR = 1 / the larger degree of the two") {
  RecognitionSettings settings;
  settings.weights = WeightKind::equal;
  NetworkSettings star;
  star.kind = NetworkKind::hub_spoke;
  star.agents = 6;
  const Recognition r = recognise(build_network(star, 0, 0), settings, 0, 0, Threads::one);
  for (Index spoke = 1; spoke < 6; ++spoke) CHECK(weight_of(r.by_provider(), 0, spoke) == 0.2);
  CHECK(r.recognised_pairs == 5);
  CHECK(r.mean_degree() == doctest::Approx(10.0 / 6.0));
}

TEST_CASE("mutual recognition is the smaller of two shares drawn by definition") {
  const Network network = small_mesh();
  for (const WeightKind kind : {WeightKind::uniform, WeightKind::gamma}) {
    RecognitionSettings settings;
    settings.weights = kind;
    settings.shape = 0.5;
    const Recognition r = recognise(network, settings, 9, 3, Threads::one);
    const RandomStream stream(9, "recognition");
    const auto share = [&](std::size_t i, Index target) {
      double total = 0.0;
      double own = 0.0;
      for (Offset e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
        const Index j = network.columns[static_cast<std::size_t>(e)];
        const DrawKey key{3, 0, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j)};
        const double weight = kind == WeightKind::uniform
                                  ? uniform01(stream, key)
                                  : gamma(stream, key, GammaParameters(0.5));
        total += weight;
        if (j == target) own = weight;
      }
      return own / total;
    };
    for (std::size_t i = 0; i < network.agents(); ++i) {
      const CsrRow row = r.by_provider().row(i);
      for (std::size_t e = 0; e < row.columns.size(); ++e) {
        const Index j = row.columns[e];
        const double expected =
            std::min(share(i, j), share(static_cast<std::size_t>(j), static_cast<Index>(i)));
        CHECK(row.weights[e] == doctest::Approx(expected).epsilon(1e-14));
        CHECK(row.weights[e] ==
              weight_of(r.by_provider(), static_cast<std::size_t>(j), static_cast<Index>(i)));
      }
    }
  }
}

TEST_CASE("drawn pairs of which one share is 0 stay links and leave the matrix") {
  RecognitionSettings settings;
  settings.shape = 0.001;  // most weights underflow to 0
  const Network network = small_mesh();
  const Recognition r = recognise(network, settings, 9, 0, Threads::one);
  CHECK(r.network_edges == network.edges());
  CHECK(r.provider_rows.entries() == 2 * r.recognised_pairs);
  CHECK(r.recognised_pairs < r.network_edges);
  for (const double weight : r.provider_rows.weights) CHECK(weight > 0.0);
  for (std::size_t i = 0; i < network.agents(); ++i) {
    CHECK(r.recipient_links(i) == network.degree(i));
  }
}

TEST_CASE("shares drawn on many threads have the bits of one") {
  const Network network = small_mesh(3000, 9);
  const Recognition one = recognise(network, {}, 1, 0, Threads::one);
  const Recognition all = recognise(network, {}, 1, 0, Threads::all);
  CHECK(one.provider_rows.weights == all.provider_rows.weights);
}

TEST_CASE("ratings become shares of a source's positive ratings; others stay links") {
  // 0 rates 1 with 3 and 2 with 1: shares 3/4, 1/4. 1 rates 0 with 2: share 1. 2 distrusts 0.
  const std::vector<Rating> ratings{{0, 1, 3.0},  {0, 2, 1.0},  {1, 0, 2.0},
                                    {2, 0, -5.0}, {0, 3, -4.0}, {1, 1, 9.0}};
  const Recognition r = recognise_ratings(5, ratings);
  CHECK(r.agent_network);
  CHECK(r.network_edges == 3);
  CHECK(r.recognised_pairs == 1);
  CHECK(weight_of(r.by_provider(), 0, 1) == 0.75);
  CHECK(weight_of(r.by_provider(), 1, 0) == 0.75);
  CHECK(weight_of(r.by_provider(), 0, 2) == 0.0);
  CHECK(r.recipient_links(0) == 3);
  CHECK(r.recipient_links(4) == 0);
}

TEST_CASE("an edge with MR 0 stays a link and leaves the matrix") {
  CsrMatrix rows;
  rows.column_count = 2;
  rows.offsets = {0, 2};
  rows.columns = {0, 1};
  rows.weights = {0.5, 0.0};
  rows.desire = {7.0, 8.0};
  const Recognition r = bipartite_recognition(rows);
  CHECK(r.network_edges == 2);
  CHECK(r.recognised_pairs == 1);
  CHECK(r.provider_rows.desire == std::vector<double>{7.0});
  CHECK(r.recipient_links(1) == 1);
}

TEST_CASE("desires that are all infinite cost nothing: they are dropped") {
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(bipartite({{0.5}}, {{infinite}}).provider_rows.desire.empty());
  CHECK(bipartite({{0.5, 0.5}}, {{infinite, 1.0}}).provider_rows.desire.size() == 2);
}
