// A sweep counts, indexes and runs its points; threads, order and duplicates.
#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>
#include <set>

#include "io/scenario.hpp"
#include "solver/sweep/lane_runs.hpp"
#include "solver/sweep/tasks.hpp"

using namespace needflow;

namespace {

Sweep sweep_of(const std::string& text) { return parse_scenario(text, "test.toml", ".", {}).sweep; }

/// Keeps outcomes by point; stops after `limit` of them.
class Keeper : public OutcomeSink {
 public:
  explicit Keeper(const Sweep& sweep, std::size_t limit = ~std::size_t{0})
      : outcomes(sweep.points(), sweep.runs_per_point()), limit_(limit) {}
  void finished(OutcomeBatch batch) override {
    done += batch.points.size();
    outcomes.add(std::move(batch));
  }
  [[nodiscard]] bool stop_requested() const override { return done >= limit_; }

  Outcomes outcomes;
  std::atomic<std::size_t> done = 0;

 private:
  std::size_t limit_;
};

template <class ThreadsOrArenas>
Outcomes run_all(const Sweep& sweep, const ThreadsOrArenas& threads) {
  Keeper keeper(sweep);
  run_plan(sweep, make_plan(sweep), threads, keeper);
  CHECK(keeper.done == sweep.points());
  return std::move(keeper.outcomes);
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

const char* kGrid = R"(
seed = 3
[network]
kind = ["partial_mesh", "ring"]
agents = [30, 8]
neighbors = [4, "table"]
count = 2
[population]
replicates = 2
supply_ratio = [0.5, 1.5]
[round]
settlement = ["stock", "reallocate"]
[output]
traces = true
agents = true
)";

}  // namespace

TEST_CASE("points are counted and numbered in C order, the last dimension fastest") {
  const Sweep sweep = sweep_of(kGrid);
  REQUIRE(sweep.points() == 2 * 2 * 2 * 2 * 2 * 2 * 2);
  CHECK(sweep.point(0).replicate == 0);
  CHECK(sweep.point(1).replicate == 1);
  CHECK(sweep.point(2).network == 1);
  CHECK(sweep.point(4).settings.round.settlement == SettlementKind::reallocate);
  CHECK(sweep.point(8).settings.population.supply_ratio == 1.5);
  CHECK(sweep.point(16).settings.network.neighbor_rule == NeighborRule::table);
  CHECK(sweep.point(32).settings.network.agents == 8);
  CHECK(sweep.point(64).settings.network.kind == NetworkKind::ring);
}

void check_same(const Outcomes& one, const Outcomes& many) {
  for (std::size_t i = 0; i < one.points(); ++i) {
    const Outcome a = one.run(i);
    const Outcome b = many.run(i);
    CHECK(a.status == b.status);
    CHECK(a.rounds == b.rounds);
    for (const Metric& metric : metrics()) {
      if (metric.real != nullptr) CHECK(same_bits(metric.real(a), metric.real(b)));
      if (metric.integer != nullptr) CHECK(metric.integer(a) == metric.integer(b));
    }
    CHECK(one.agents()[i].satisfied == many.agents()[i].satisfied);
    CHECK(one.traces()[i].size() == static_cast<std::size_t>(a.rounds));
  }
}

TEST_CASE("one thread and many give the same outcomes, number for number") {
  const Sweep sweep = sweep_of(kGrid);
  check_same(run_all(sweep, 1), run_all(sweep, 4));
}

TEST_CASE("arenas of one, two and three memory nodes give the same outcomes") {
  const Sweep sweep = sweep_of(kGrid);
  const auto one = run_all(sweep, 1);
  using Arenas = std::vector<NodeArena>;  // bound to no node: this machine may have one
  for (const Arenas& arenas : {Arenas{{-1, 2}}, Arenas{{-1, 1}, {-1, 1}}, Arenas{{-1, 3}, {-1, 1}},
                               Arenas{{-1, 1}, {-1, 2}, {-1, 1}}}) {
    check_same(one, run_all(sweep, std::span<const NodeArena>(arenas)));
  }
}

TEST_CASE("every hand works once, in the arena of its node, with no more threads than that has") {
  const std::vector<NodeArena> arenas{{-1, 2}, {-1, 1}, {-1, 3}};
  std::vector<std::atomic<int>> calls(6);
  std::vector<std::atomic<int>> widths(6);
  run_in_arenas(arenas, 6, [&](std::size_t hand) {
    ++calls[hand];
    widths[hand] = oneapi::tbb::this_task_arena::max_concurrency();
  });
  const std::vector<int> expected{2, 2, 1, 3, 3, 3};
  for (std::size_t hand = 0; hand < 6; ++hand) {
    CHECK(calls[hand] == 1);
    CHECK(widths[hand] == expected[hand]);
  }
}

TEST_CASE("threads are shared out in proportion to processors, to the last one") {
  const auto shares = [](int threads, std::vector<int> processors) {
    return share_threads(threads, processors);
  };
  CHECK(shares(8, {4, 4}) == std::vector<int>{4, 4});
  CHECK(shares(3, {4, 4}) == std::vector<int>{2, 1});
  CHECK(shares(1, {4, 4}) == std::vector<int>{1, 0});
  CHECK(shares(6, {1, 2, 3}) == std::vector<int>{1, 2, 3});
  CHECK(shares(100, {64, 0, 64}) == std::vector<int>{50, 0, 50});
}

TEST_CASE("optima are the same number for number in lanes and one by one, shared or not") {
  const std::string base =
      "[network]\nagents = 40\nneighbors = 4\n[output]\noptimum = \"on\"\n"
      "fairest = \"on\"\n";
  const std::string draws =
      "[population]\nreplicates = 3\ntypes = 2\nprovider_fraction = 0.4\n"
      "supply_ratio = [0.5, 1.0]\n[round]\n";
  const Sweep shared = sweep_of(base + draws + "damping = [\"adaptive\", \"none\"]\n");
  const auto in_lanes = run_all(shared, 2);
  Sweep watched = shared;
  watched.traces = true;
  const auto one_by_one = run_all(watched, 2);
  const auto not_shared = run_all(sweep_of(base + draws + "damping = \"none\"\n"), 1);
  for (std::size_t i = 0; i < shared.points(); ++i) {
    for (std::size_t type = 0; type < 2; ++type) {
      const Outcome a = in_lanes.run(i, type);
      const Outcome b = one_by_one.run(i, type);
      // Axes: supply_ratio, damping, replicate.
      const Outcome c = not_shared.run(i / 6 * 3 + i % 3, type);
      CHECK(a.efficiency > 0.0);
      CHECK(same_bits(a.efficiency, b.efficiency));
      for (const auto member :
           {&Outcome::max_flow, &Outcome::fairest_jain, &Outcome::fairest_min}) {
        CHECK(std::isfinite(a.*member));
        CHECK(same_bits(a.*member, b.*member));
        CHECK(same_bits(a.*member, c.*member));
      }
    }
  }
}

TEST_CASE("the one-point sweep of point i computes what point i computes") {
  const Sweep sweep = sweep_of(kGrid);
  const auto all = run_all(sweep, 2);
  for (const std::size_t i : {0U, 7U, 61U, 127U}) {
    const Sweep one = only_point(sweep, i);
    REQUIRE(one.points() == 1);
    const auto alone = run_all(one, 1);
    CHECK(alone.agents()[0].satisfied == all.agents()[i].satisfied);
  }
}

TEST_CASE("an axis value added changes no other point") {
  const std::string few = "[network]\nagents = [12, 30]\nneighbors = 4\n";
  const std::string more = "[network]\nagents = [12, 20, 30]\nneighbors = 4\n";
  const auto a = run_all(sweep_of(few), 1);
  const auto b = run_all(sweep_of(more), 1);
  CHECK(a.run(0).satisfaction.gini == b.run(0).satisfaction.gini);
  CHECK(a.run(1).satisfaction.gini == b.run(2).satisfaction.gini);
}

TEST_CASE("points that share a network are one task; network 0 comes first, biggest task first") {
  const Plan plan = make_plan(sweep_of(kGrid));
  for (std::size_t t = 1; t < plan.tasks.size(); ++t) {
    const NetworkTask& a = plan.tasks[t - 1];
    const NetworkTask& b = plan.tasks[t];
    CHECK(a.example.network <= b.example.network);
    if (a.example.network == b.example.network) CHECK(a.entries >= b.entries);
  }
  std::set<std::size_t> covered;
  for (const NetworkTask& task : plan.tasks) covered.insert(task.points.begin(), task.points.end());
  CHECK(covered.size() == plan.points);
}

TEST_CASE("duplicates are points whose settings cannot matter, not points that look alike") {
  // On a ring k means nothing: of two k values one is a duplicate. On 8 agents the table gives 7.
  const Plan ring = make_plan(sweep_of("[network]\nkind=\"ring\"\nneighbors=[3, 4, \"table\"]\n"));
  CHECK(ring.duplicates == 2);
  const Plan mesh = make_plan(sweep_of("[network]\nagents=8\nneighbors=[7, 9, \"table\", 5]\n"));
  CHECK(mesh.duplicates == 2);
  const Plan omega = make_plan(
      sweep_of("[round]\nsettlement=[\"stock\",\"reallocate\"]\nrelaxation=[0.5, 1.0]\n"));
  CHECK(omega.duplicates == 1);
}

TEST_CASE("a point without a solution is a row; the others finish") {
  const Sweep sweep = sweep_of("[network]\nkind=\"hub_spoke\"\nagents=[5, 20]\nhub=[0, 10]\n");
  const Plan plan = make_plan(sweep);
  REQUIRE(plan.invalid.size() == 1);
  CHECK(plan.invalid[0].point == 1);
  const auto outcomes = run_all(sweep, 2);
  CHECK(outcomes.run(1).status == Status::invalid);
  CHECK(outcomes.messages().at(1).find("network.hub = 10") != std::string::npos);
  CHECK(outcomes.run(3).status != Status::invalid);
}

TEST_CASE("a sink that asks to stop leaves the rest pending") {
  const Sweep sweep = sweep_of(kGrid);
  Keeper keeper(sweep, 3);
  run_plan(sweep, make_plan(sweep), 1, keeper);
  CHECK(keeper.done == 3);
}

TEST_CASE(
    "a network's runs come replicate by replicate, small ones as many at once as fill lanes") {
  const auto check = [](const std::string& ratios, std::size_t replicates, std::size_t block) {
    const Sweep sweep =
        sweep_of("[network]\nagents=9\n[population]\nreplicates=" + std::to_string(replicates) +
                 "\nsupply_ratio=[" + ratios +
                 "]\n[round]\nsettlement=[\"stream\",\"reallocate\",\"stock\"]\n");
    std::vector<std::size_t> points(sweep.points());
    std::iota(points.begin(), points.end(), std::size_t{0});
    RunQueue queue(sweep, points);
    const std::size_t settings = sweep.points() / replicates;
    std::vector<bool> seen(sweep.points());
    for (std::size_t i = 0; i < points.size(); ++i) {
      const std::size_t point = queue.next()->point;
      seen[point] = true;
      // Every setting has its turn within a block of replicates, before the next one begins.
      REQUIRE(point % replicates / block == i / (settings * block));
    }
    CHECK(!queue.next());
    CHECK(std::count(seen.begin(), seen.end(), true) == static_cast<long>(points.size()));
    const std::vector<std::size_t> alone = by_replicate(sweep, points);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      REQUIRE(alone[i] == i % settings * replicates + i / settings);
    }
  };
  std::string many = "0.01";
  for (int i = 2; i <= 600; ++i) many += "," + std::to_string(0.01 * i);
  check(many, 4, 1);                   // 600 runs of a settlement in one replicate
  check("0.5,0.6,0.7,0.8", 300, 128);  // 4 of them: 128 replicates have 512
  check("0.5,1.5", 10, 10);            // too few altogether
}

TEST_CASE("runs under way are given up when the sink asks to stop") {
  // Each would go on for a hundred million rounds.
  const Sweep sweep = sweep_of(
      "[network]\nagents=60\nneighbors=8\n[population]\nreplicates=40\nsupply_ratio=0.5\n"
      "[round]\nsettlement=\"reallocate\"\nrelaxation=0.37\nstop=\"needs\"\n"
      "max_rounds=100000000\n");
  class Impatient : public OutcomeSink {
   public:
    void finished(OutcomeBatch batch) override { done += batch.points.size(); }
    [[nodiscard]] bool stop_requested() const override { return ++asked > 30; }
    std::size_t done = 0;
    mutable std::atomic<int> asked = 0;
  };
  Impatient sink;
  run_plan(sweep, make_plan(sweep), 1, sink);
  CHECK(sink.done < sweep.points());
}

TEST_CASE("rows shared by threads give the bits of one thread") {
  const Sweep sweep = sweep_of("[network]\nagents=3000\nneighbors=10\n[output]\nagents=true\n");
  const auto recognition = recognition_of(sweep, sweep.point(0), Threads::all);
  const OutcomeBatch one = run_point(sweep, 0, *recognition, nullptr, Threads::one);
  OutcomeBatch all;
  run_in_arena(4, [&] { all = run_point(sweep, 0, *recognition, nullptr, Threads::all); });
  CHECK(one.agents[0].satisfied == all.agents[0].satisfied);
  CHECK(one.outcomes[0].satisfaction.gini == all.outcomes[0].satisfaction.gini);
}
