// Plans dealt out to shards and ranks: every point goes to exactly one, and all have as much to do.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "io/scenario.hpp"
#include "solver/sweep/shards.hpp"

using namespace needflow;

namespace {

Sweep sweep_of(const std::string& text) { return parse_scenario(text, "test", ".", {}).sweep; }

// Many small networks, some points invalid (a small world wants an even number of links), points of
// unequal cost.
const char* const kMany = R"(
[network]
kind = "small_world"
agents = [7, 100, 300]
neighbors = [2, 4, 5]
count = 6
[population]
replicates = 5
[round]
settlement = ["stock", "stream", "reallocate"]
)";

// One network, all points on it.
const char* const kOne = R"(
[network]
agents = 200
[population]
replicates = 40
supply_ratio = [0.5, 1.0, 2.0]
[round]
settlement = ["stock", "reallocate"]
)";

// One large network beside small ones.
const char* const kUneven = R"(
[network]
agents = [20, 50, 5000]
[population]
replicates = 30
)";

/// How often each point is in these plans, invalid ones included.
std::vector<int> counts(const std::vector<Plan>& plans, std::size_t points) {
  std::vector<int> times(points, 0);
  for (const Plan& plan : plans) {
    CHECK(plan.points == points);
    for (const InvalidEntry& entry : plan.invalid) ++times[entry.point];
    for (const NetworkTask& task : plan.tasks) {
      CHECK(std::is_sorted(task.points.begin(), task.points.end()));
      CHECK(!task.points.empty());
      for (const std::size_t point : task.points) ++times[point];
    }
  }
  return times;
}

std::vector<Plan> shards_of(const Sweep& sweep, const Plan& plan, std::size_t count) {
  std::vector<Plan> shares;
  for (std::size_t i = 1; i <= count; ++i) shares.push_back(share_of(sweep, plan, {i, count}));
  return shares;
}

double cost(const Sweep& sweep, const Plan& plan, bool with_networks) {
  double all = 0.0;
  for (const NetworkTask& task : plan.tasks) {
    const TaskCost cost = cost_of(sweep, task);
    all += cost.total() - (with_networks ? 0.0 : cost.build);
  }
  return all;
}

}  // namespace

TEST_CASE("every point is in exactly one shard") {
  for (const char* text : {kMany, kOne, kUneven}) {
    const Sweep sweep = sweep_of(text);
    const Plan plan = make_plan(sweep);
    for (const std::size_t count : {1, 2, 3, 7, 64, 500}) {
      CAPTURE(text);
      CAPTURE(count);
      const std::vector<int> times = counts(shards_of(sweep, plan, count), plan.points);
      CHECK(std::count(times.begin(), times.end(), 1) == static_cast<long>(plan.points));
    }
  }
}

TEST_CASE("every point is in exactly one bundle, for any number of workers") {
  for (const char* text : {kMany, kOne, kUneven}) {
    const Sweep sweep = sweep_of(text);
    const Plan plan = make_plan(sweep);
    for (const std::size_t workers : {1, 2, 3, 50}) {
      CAPTURE(text);
      CAPTURE(workers);
      const std::vector<int> times = counts(bundles_of(sweep, plan, workers), plan.points);
      CHECK(std::count(times.begin(), times.end(), 1) == static_cast<long>(plan.points));
    }
  }
}

TEST_CASE("shards of one network and of many cost nearly the same") {
  for (const char* text : {kMany, kOne, kUneven}) {
    const Sweep sweep = sweep_of(text);
    const Plan plan = make_plan(sweep);
    for (const std::size_t count : {2, 3, 7}) {
      CAPTURE(text);
      CAPTURE(count);
      const double fair = cost(sweep, plan, false) / static_cast<double>(count);
      for (const Plan& share : shards_of(sweep, plan, count)) {
        CHECK(cost(sweep, share, false) < 1.25 * fair);
        CHECK(cost(sweep, share, false) > 0.75 * fair);
      }
    }
  }
}

TEST_CASE("a network is not built by more shards than it takes") {
  const Sweep sweep = sweep_of(kMany);
  const Plan plan = make_plan(sweep);
  for (const std::size_t count : {2, 3, 7}) {
    std::size_t built = 0;
    for (const Plan& share : shards_of(sweep, plan, count)) built += share.tasks.size();
    CHECK(built <= plan.tasks.size() + count - 1);
  }
}

TEST_CASE("the points of a divided network that are dear and cheap go to all shards alike") {
  const Sweep sweep = sweep_of(kOne);
  const Plan plan = make_plan(sweep);
  for (const Plan& share : shards_of(sweep, plan, 4)) {
    std::size_t dear = 0;
    for (const NetworkTask& task : share.tasks) {
      for (const std::size_t point : task.points) {
        dear += sweep.point(point).settings.round.settlement == SettlementKind::reallocate ? 1 : 0;
      }
    }
    CHECK(dear >= 29);  // a quarter of 120
    CHECK(dear <= 31);
  }
}

TEST_CASE("a shard is two whole numbers, the first not above the second") {
  const auto second = parse_shard("2/7");
  REQUIRE(second);
  CHECK(second->index == 2);
  CHECK(second->count == 7);
  CHECK(parse_shard("7/7"));
  for (const char* wrong : {"", "/", "1", "0/3", "4/3", "1/0", "a/b", "1/3/5", "-1/3", "1/ 3",
                            "+1/3", "1/99999999999999999999", "1/1000001", "1.0/3"}) {
    CAPTURE(wrong);
    CHECK(!parse_shard(wrong));
  }
}

TEST_CASE("invalid points are the first shard's") {
  const Sweep sweep = sweep_of(kMany);
  const Plan plan = make_plan(sweep);
  REQUIRE(!plan.invalid.empty());
  CHECK(share_of(sweep, plan, {1, 3}).invalid.size() == plan.invalid.size());
  CHECK(share_of(sweep, plan, {2, 3}).invalid.empty());
}

TEST_CASE("bundles become smaller and none keeps a worker busy for long") {
  const Sweep sweep = sweep_of(kMany);
  const Plan plan = make_plan(sweep);
  const std::vector<Plan> bundles = bundles_of(sweep, plan, 3);
  REQUIRE(bundles.size() > 12);
  const double fair = cost(sweep, plan, true) / 3.0;
  for (const Plan& bundle : bundles) CHECK(cost(sweep, bundle, true) < 0.25 * fair);
  CHECK(cost(sweep, bundles.back(), true) < cost(sweep, bundles.front(), true));
}
