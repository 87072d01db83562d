// How runs are laid out (solver/sweep/layout.hpp): by sizes alone.
#include <doctest/doctest.h>

#include "io/scenario.hpp"
#include "solver/sweep/plan.hpp"

using namespace needflow;

namespace {

Layout layout_of(std::int64_t agents, std::int64_t entries, std::int64_t runs) {
  return choose_layout({agents, agents, entries, runs, false});
}

}  // namespace

TEST_CASE("few runs go one by one, more in eight lanes, many on small networks in sixteen") {
  CHECK(layout_of(100, 2000, 1).lanes == 1);
  CHECK(layout_of(100, 2000, 2).lanes == 1);
  CHECK(layout_of(100, 2000, 3).lanes == 8);
  CHECK(layout_of(100, 2000, 11).lanes == 8);
  CHECK(layout_of(100, 2000, 12).lanes == 16);
  CHECK(layout_of(100'000, 2'000'000, 100).lanes == 8);
}

TEST_CASE("runs that store floats take sixteen lanes on large networks too") {
  const auto lanes_of = [](std::int64_t agents, std::int64_t runs) {
    return choose_layout({agents, agents, 30 * agents, runs, false, false, StatePrecision::f32})
        .lanes;
  };
  CHECK(lanes_of(100'000, 100) == 16);
  CHECK(lanes_of(1'000'000, 12) == 16);
  CHECK(lanes_of(1'000'000, 11) == 8);
  CHECK(lanes_of(2'000'000, 100) == 8);  // sixteen would not fit
  CHECK(lanes_of(10'000'000, 100) == 1);
}

TEST_CASE("a batch that would not fit in memory is not made") {
  CHECK(layout_of(1'000'000, 30'000'000, 100).lanes == 8);
  CHECK(layout_of(10'000'000, 300'000'000, 100).lanes == 1);
}

TEST_CASE("threads share the rows of large batches, and of a batch that is alone") {
  CHECK_FALSE(layout_of(100, 2000, 1).shares_rows);
  CHECK_FALSE(layout_of(100, 2000, 1000).shares_rows);
  CHECK_FALSE(layout_of(9999, 199'980, 1).shares_rows);
  CHECK(layout_of(10'000, 200'000, 1).shares_rows);
  CHECK(layout_of(10'000, 200'000, 8).shares_rows);
  CHECK_FALSE(layout_of(10'000, 200'000, 100).shares_rows);
  CHECK(layout_of(100'000, 2'000'000, 100).shares_rows);
}

TEST_CASE("runs whose every round is kept go one by one, whatever is asked for") {
  CHECK(choose_layout({100, 100, 2000, 100, true}).lanes == 1);
  CHECK(choose_layout({100, 100, 2000, 100, true}, 16).lanes == 1);
  CHECK(choose_layout({100, 100, 2000, 1, false}, 16).lanes == 16);
}

TEST_CASE("points with trust go in eight lanes, and one by one where their counts are many") {
  const auto lanes_of = [](std::int64_t agents, std::int64_t runs, std::optional<int> forced = {}) {
    RunSizes sizes{agents, agents, 20 * agents, runs, false};
    sizes.trusts = true;
    return choose_layout(sizes, forced).lanes;
  };
  CHECK(lanes_of(100, 2) == 1);
  CHECK(lanes_of(100, 3) == 8);
  CHECK(lanes_of(100, 100) == 8);
  CHECK(lanes_of(100, 100, 16) == 16);
  CHECK(lanes_of(20'000, 100) == 1);
}

TEST_CASE("a batch with few runs is as narrow as they allow") {
  CHECK(batch_lanes(2, 16) == 1);
  CHECK(batch_lanes(3, 16) == 8);
  CHECK(batch_lanes(8, 16) == 8);
  CHECK(batch_lanes(9, 16) == 16);
  CHECK(batch_lanes(5, 8) == 8);
}

TEST_CASE("a point of episodes is one lane, whatever its need types") {
  const auto lanes_of = [](const std::string& population) {
    const std::string text = "[network]\nagents = 20\n[population]\nepisodes = 2\n";
    return make_plan(parse_scenario(text + population, "test.toml", ".", {}).sweep)
        .tasks.front()
        .layout.lanes;
  };
  CHECK(lanes_of("types = 3\n") == 1);
  CHECK(lanes_of("types = 3\nreplicates = 3\n") == 8);
  CHECK(lanes_of("replicates = 12\n") == 16);
}

TEST_CASE("need types count as runs of a plan's tasks") {
  const auto lanes_of = [](const char* text) {
    return make_plan(parse_scenario(text, "test.toml", ".", {}).sweep).tasks.front().layout.lanes;
  };
  CHECK(lanes_of("[network]\nagents = 20\n") == 1);
  CHECK(lanes_of("[network]\nagents = 20\n[population]\ntypes = 3\n") == 8);
  CHECK(lanes_of("[network]\nagents = 20\n[population]\ntypes = 3\nreplicates = 4\n") == 16);
}

TEST_CASE("a layout is told in words") {
  CHECK(layout_text({1, false}) == "one lane, a batch a thread");
  CHECK(layout_text({8, true}) == "8 lanes, rows shared by all threads");
}
