// M1: generated amounts, fractions of agents, supply ratio.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "solver/error.hpp"
#include "solver/population.hpp"

using namespace needflow;

namespace {

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::size_t positive(const std::vector<double>& values) {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [](double value) { return value > 0.0; }));
}

}  // namespace

TEST_CASE("draws depend on agent, network and replicate alone, not on how many agents there are") {
  const Amounts few = draw_population({}, 10, 1, 2, 3);
  const Amounts many = draw_population({}, 1000, 1, 2, 3);
  CHECK(std::equal(few.need[0].begin(), few.need[0].end(), many.need[0].begin()));
  CHECK(std::equal(few.capacity[0].begin(), few.capacity[0].end(), many.capacity[0].begin()));
  CHECK(few.need != draw_population({}, 10, 1, 2, 4).need);
  CHECK(few.need != draw_population({}, 10, 1, 3, 3).need);
  CHECK(few.need != draw_population({}, 10, 2, 2, 3).need);
  CHECK(few.need[0][0] != few.capacity[0][0] * 100.0);
}

TEST_CASE(
    "fractions keep max(1, floor(f N + 1/2)) agents, providers and recipients independently") {
  PopulationSettings settings;
  for (const auto& [fraction, kept] :
       {std::pair{0.0, 1U}, {0.25, 5U}, {0.124, 2U}, {0.125, 3U}, {1.0, 20U}}) {
    settings.provider_fraction = fraction;
    settings.recipient_fraction = 1.0;
    const Amounts amounts = draw_population(settings, 20, 1, 0, 0);
    CHECK(positive(amounts.capacity[0]) == kept);
    CHECK(positive(amounts.need[0]) == 20);
  }
  settings.provider_fraction = settings.recipient_fraction = 0.5;
  const Amounts both = draw_population(settings, 100, 1, 0, 0);
  std::size_t same = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    same += (both.need[0][i] > 0.0) == (both.capacity[0][i] > 0.0) ? 1 : 0;
  }
  CHECK(same > 20);  // neither the same choice nor its opposite
  CHECK(same < 80);
}

TEST_CASE("a larger fraction keeps the agents of a smaller one") {
  PopulationSettings settings;
  settings.provider_fraction = 0.2;
  const Amounts few = draw_population(settings, 50, 1, 0, 0);
  settings.provider_fraction = 0.6;
  const Amounts more = draw_population(settings, 50, 1, 0, 0);
  for (std::size_t i = 0; i < 50; ++i) {
    if (few.capacity[0][i] > 0.0) CHECK(few.capacity[0][i] == more.capacity[0][i]);
  }
}

TEST_CASE("types have draws of their own and the same providers") {
  PopulationSettings settings;
  settings.types = 3;
  settings.provider_fraction = 0.3;
  const Amounts amounts = draw_population(settings, 40, 1, 0, 0);
  REQUIRE(amounts.types() == 3);
  CHECK(amounts.need[0] != amounts.need[1]);
  for (std::size_t i = 0; i < 40; ++i) {
    CHECK((amounts.capacity[0][i] > 0.0) == (amounts.capacity[2][i] > 0.0));
  }
}

TEST_CASE("the supply ratio holds for each type by one factor") {
  PopulationSettings settings;
  settings.types = 2;
  Amounts amounts = draw_population(settings, 300, 1, 0, 0);
  const Amounts before = amounts;
  apply_supply_ratio(amounts, 0.8);
  for (std::size_t type = 0; type < 2; ++type) {
    CHECK(sum(amounts.capacity[type]) ==
          doctest::Approx(0.8 * sum(amounts.need[type])).epsilon(1e-13));
    const double factor = amounts.capacity[type][0] / before.capacity[type][0];
    for (std::size_t i = 0; i < 300; ++i) {
      CHECK(amounts.capacity[type][i] ==
            doctest::Approx(factor * before.capacity[type][i]).epsilon(1e-15));
    }
  }
}

TEST_CASE("a ratio above zero needs need and capacity; a ratio of zero needs neither") {
  Amounts no_capacity{{{1.0}}, {{0.0}}};
  CHECK_THROWS_AS(apply_supply_ratio(no_capacity, 0.5), InvalidPoint);
  Amounts no_need{{{0.0}}, {{1.0}}};
  CHECK_THROWS_AS(apply_supply_ratio(no_need, 0.5), InvalidPoint);
  apply_supply_ratio(no_need, 0.0);
  CHECK(no_need.capacity[0][0] == 0.0);
}

TEST_CASE("constant ignores cv, and uniform refuses one that would make amounts negative") {
  PopulationSettings settings;
  settings.need = AmountKind::constant;
  settings.need_cv = 5.0;
  CHECK(draw_population(settings, 3, 1, 0, 0).need[0] == std::vector<double>{100.0, 100.0, 100.0});
  settings.need = AmountKind::uniform;
  settings.need_cv = 0.58;
  CHECK_THROWS_WITH_AS(draw_population(settings, 3, 1, 0, 0),
                       doctest::Contains("population.need_cv"), InvalidPoint);
}
