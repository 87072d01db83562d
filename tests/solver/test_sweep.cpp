// A sweep counts, indexes and runs its points; threads, order and duplicates.
#include <doctest/doctest.h>

#include <atomic>
#include <set>

#include "io/scenario.hpp"
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

Outcomes run_all(const Sweep& sweep, int threads) {
  Keeper keeper(sweep);
  run_plan(sweep, make_plan(sweep), threads, keeper);
  CHECK(keeper.done == sweep.points());
  return std::move(keeper.outcomes);
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

TEST_CASE("one thread and many give the same outcomes, number for number") {
  const Sweep sweep = sweep_of(kGrid);
  const auto one = run_all(sweep, 1);
  const auto many = run_all(sweep, 4);
  for (std::size_t i = 0; i < one.points(); ++i) {
    const Outcome a = one.run(i);
    const Outcome b = many.run(i);
    CHECK(a.status == b.status);
    CHECK(a.rounds == b.rounds);
    for (const Metric& metric : metrics()) {
      if (metric.real != nullptr) CHECK(metric.real(a) == metric.real(b));
      if (metric.integer != nullptr) CHECK(metric.integer(a) == metric.integer(b));
    }
    CHECK(one.agents()[i].satisfied == many.agents()[i].satisfied);
    CHECK(one.traces()[i].size() == static_cast<std::size_t>(a.rounds));
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
