// A plan against one made naively: every point on its own, what decides its numbers as a text.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "io/scenario.hpp"
#include "solver/sweep/plan.hpp"

using namespace needflow;

namespace {

std::string network_text(const Sweep& sweep, const Point& point) {
  if (sweep.instance->source != Source::generated) return "files";
  const NetworkSettings& n = point.settings.network;
  const RecognitionSettings& r = point.settings.recognition;
  const std::int64_t k = resolved_neighbors(n);
  NetworkKind kind = n.kind;
  if (kind == NetworkKind::partial_mesh && k >= n.agents - 1) kind = NetworkKind::full_mesh;
  std::string text = fmt::format("{} {} {} {} {}", point.settings.seed, point.network,
                                 static_cast<int>(kind), n.agents, static_cast<int>(r.weights));
  const bool simple =
      kind == NetworkKind::full_mesh || kind == NetworkKind::ring || kind == NetworkKind::hub_spoke;
  if (!simple) text += fmt::format(" k {}", k);
  if (kind == NetworkKind::small_world) text += fmt::format(" beta {}", n.beta);
  if (kind == NetworkKind::sharded) text += fmt::format(" shards {}", shard_count(n));
  if (kind == NetworkKind::hub_spoke) text += fmt::format(" hub {}", n.hub);
  if (r.weights == WeightKind::gamma) text += fmt::format(" shape {}", r.shape);
  return text;
}

std::string amount_text(AmountKind kind, double mean, double cv) {
  return fmt::format(" {} {} {}", static_cast<int>(kind), mean,
                     kind == AmountKind::constant ? 0.0 : cv);
}

std::string run_text(const Sweep& sweep, const Point& point) {
  const RoundSettings& r = point.settings.round;
  const PopulationSettings& p = point.settings.population;
  std::string text =
      fmt::format("{} {} {} {} {} {}", static_cast<int>(r.settlement), static_cast<int>(r.damping),
                  static_cast<int>(r.cap), r.tolerance, static_cast<int>(r.stop), r.max_rounds);
  if (r.damping == DampingKind::constant) text += fmt::format(" factor {}", r.damping_factor);
  if (r.settlement == SettlementKind::stock) text += fmt::format(" returns {}", r.return_surplus);
  if (r.settlement == SettlementKind::reallocate) text += fmt::format(" omega {}", r.relaxation);
  if (r.accelerates()) text += fmt::format(" depth {}", r.acceleration_depth);
  if (p.supply_ratio) text += fmt::format(" ratio {}", *p.supply_ratio);
  if (sweep.instance->has_amounts()) return text;
  return text + amount_text(p.need, p.need_mean, p.need_cv) +
         amount_text(p.capacity, 1.0, p.capacity_cv) +
         fmt::format(" {} {} {} {} {} {}", p.provider_fraction, p.recipient_fraction, p.types,
                     point.settings.seed, point.network, point.replicate);
}

/// Tasks in the order of their first points, duplicates and costs, point by point.
struct NaivePlan {
  std::vector<std::vector<std::size_t>> tasks;
  std::vector<std::size_t> duplicates;
  std::vector<std::size_t> first_of_same;  ///< a point
  std::vector<std::size_t> invalid;

  explicit NaivePlan(const Sweep& sweep) {
    std::map<std::string, std::size_t> task_of;
    std::map<std::string, std::size_t> seen;
    const bool generated = sweep.instance->source == Source::generated;
    for (std::size_t i = 0; i < sweep.points(); ++i) {
      const Point point = sweep.point(i);
      first_of_same.push_back(i);
      if ((generated && !network_problem(point.settings.network).empty()) ||
          (!sweep.instance->has_amounts() &&
           !population_problem(point.settings.population).empty())) {
        invalid.push_back(i);
        continue;
      }
      const std::string network = network_text(sweep, point);
      first_of_same[i] =
          seen.try_emplace(network + " | " + run_text(sweep, point), i).first->second;
      if (first_of_same[i] != i) duplicates.push_back(i);
      const auto [entry, is_new] = task_of.try_emplace(network, tasks.size());
      if (is_new) tasks.emplace_back();
      tasks[entry->second].push_back(i);
    }
  }
};

void check_against_naive(const Sweep& sweep) {
  const Plan plan = make_plan(sweep);
  const NaivePlan naive(sweep);
  CHECK(plan.points == sweep.points());
  std::vector<std::size_t> invalid;
  for (const InvalidEntry& entry : plan.invalid) invalid.push_back(entry.point);
  CHECK(invalid == naive.invalid);
  CHECK(plan.duplicates == naive.duplicates.size());
  CHECK(first_of_same(sweep, plan) == naive.first_of_same);
  const auto shown = std::min<std::size_t>(5, naive.duplicates.size());
  CHECK(plan.duplicate_examples ==
        std::vector<std::size_t>(naive.duplicates.begin(),
                                 naive.duplicates.begin() + static_cast<std::ptrdiff_t>(shown)));
  REQUIRE(plan.tasks.size() == naive.tasks.size());
  std::map<std::size_t, std::size_t> place;  // of the naive task with that first point
  for (std::size_t t = 0; t < naive.tasks.size(); ++t) place[naive.tasks[t].front()] = t;
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    const NetworkTask& task = plan.tasks[t];
    const std::size_t same = place.at(task.points.front());
    CHECK(task.points == naive.tasks[same]);
    CHECK(network_text(sweep, task.example) ==
          network_text(sweep, sweep.point(task.points.front())));
    std::int64_t rounds = 0;
    for (const std::size_t point : task.points) {
      rounds += static_cast<std::int64_t>(sweep.types()) *
                assumed_rounds(sweep.point(point).settings.round);
    }
    CHECK(task.rounds == rounds);
    if (t == 0) continue;
    const NetworkTask& before = plan.tasks[t - 1];
    // Network 0 of all settings first, then the biggest, then the first point.
    CHECK(std::tuple(before.example.network, -before.entries, place.at(before.points.front())) <
          std::tuple(task.example.network, -task.entries, same));
  }
}

Sweep sweep_of(const std::string& text) { return parse_scenario(text, "test.toml", ".", {}).sweep; }

const char* kEveryAxis = R"(
seed = [1, 2]
[network]
kind = ["partial_mesh", "ring", "hub_spoke"]
agents = [5, 12]
neighbors = [4, 11, "table"]
hub = [0, 7]
count = 2
[recognition]
weights = ["gamma", "equal"]
shape = [1.0, 2.0]
[population]
replicates = 3
supply_ratio = [0.5, 1.5]
)";

const char* kEveryKind = R"(
[network]
kind = ["partial_mesh", "full_mesh", "ring", "small_world", "sharded", "preferential", "geometric"]
agents = [9, 12]
neighbors = [3, 4, 8, 11, "table"]
beta = [0.1, 0.5]
shard_size = [3, 6, 7, 20]
)";

const char* kEveryRound = R"(
[population]
need = ["uniform", "constant"]
need_cv = [0.3, 0.9]
replicates = 2
[round]
settlement = ["stock", "stream", "reallocate"]
damping = ["adaptive", "none", 0.5, 0.8]
relaxation = [0.5, 1.0]
return_surplus = [true, false]
tolerance = [0.0, 0.01]
)";

}  // namespace

TEST_CASE("a plan is the naive plan: tasks, their order, invalid points, duplicates, costs") {
  check_against_naive(sweep_of(kEveryAxis));
  check_against_naive(sweep_of(kEveryKind));
  check_against_naive(sweep_of(kEveryRound));
  check_against_naive(sweep_of(""));
  for (const char* name : {"mesh", "aid2022_sweep", "bitcoin_otc", "trade2006"}) {
    CAPTURE(name);
    check_against_naive(
        load_scenario(std::string(NEEDFLOW_SOURCE_DIR) + "/data/" + name + ".toml", {}).sweep);
  }
}

TEST_CASE("files with their own amounts have one result whatever the network and replicate") {
  Sweep sweep = load_scenario(NEEDFLOW_SOURCE_DIR "/data/aid2022_sweep.toml", {}).sweep;
  sweep.networks = 2;
  sweep.replicates = 3;
  check_against_naive(sweep);
  CHECK(make_plan(sweep).duplicates == sweep.points() / 6 * 5);
}

TEST_CASE("settings that cannot matter make no other identity, those that can do") {
  const Sweep sweep = sweep_of("");
  Settings a;
  Settings b;
  b.round.damping_factor = 0.5;
  b.round.relaxation = 0.5;
  b.recognition.weights = a.recognition.weights = WeightKind::equal;
  b.recognition.shape = 3.0;
  b.network.hub = 4;
  CHECK(run_identity(sweep, a) == run_identity(sweep, b));
  CHECK(network_identity(sweep, a) == network_identity(sweep, b));
  a.round.damping = b.round.damping = DampingKind::constant;
  CHECK(run_identity(sweep, a) != run_identity(sweep, b));
  b.seed = 1;
  CHECK(network_identity(sweep, a) != network_identity(sweep, b));
}

TEST_CASE("points read in any order are the points asked for one by one") {
  for (const char* text : {kEveryAxis, kEveryRound}) {
    const Sweep sweep = sweep_of(text);
    PointReader reader(sweep);
    for (std::size_t step = 0; step < 2 * sweep.points(); ++step) {
      const std::size_t i = step < sweep.points() ? step : step * 7919 % sweep.points();
      const Point expected = sweep.point(i);
      const Point& found = reader.at(i);
      REQUIRE(found.network == expected.network);
      REQUIRE(found.replicate == expected.replicate);
      REQUIRE(network_text(sweep, found) == network_text(sweep, expected));
      REQUIRE(run_text(sweep, found) == run_text(sweep, expected));
    }
  }
}
