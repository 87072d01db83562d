// Points of episodes side by side (solver/sweep/episode_lanes.hpp): the bits of points run alone.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "io/scenario.hpp"
#include "solver/sweep/episode_lanes.hpp"
#include "solver/sweep/tasks.hpp"
#include "tests/kernels/test_lanes_support.hpp"

using namespace needflow;

namespace {

Sweep sweep_of(const std::string& text) { return parse_scenario(text, "test.toml", ".", {}).sweep; }

/// Keeps outcomes by point, and how many points came at once at most.
class Keeper : public OutcomeSink {
 public:
  explicit Keeper(const Sweep& sweep) : outcomes(sweep.points(), sweep.runs_per_point()) {}
  void finished(OutcomeBatch batch) override {
    most = std::max(most, batch.points.size());
    done += batch.points.size();
    outcomes.add(std::move(batch));
  }
  [[nodiscard]] bool stop_requested() const override { return false; }

  Outcomes outcomes;
  std::size_t done = 0;
  std::size_t most = 0;
};

/// All of a sweep's points in so many lanes; `most` is how many were run together at least once.
Outcomes run_in(const Sweep& sweep, int lanes, int threads, std::size_t most) {
  Keeper keeper(sweep);
  run_plan(sweep, make_plan(sweep, lanes), threads, keeper);
  CHECK(keeper.done == sweep.points());
  CHECK(keeper.most == most);
  return std::move(keeper.outcomes);
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return tests::first_difference(a, b) == tests::kNone;
}

void check_same_rows(const AgentRows& a, const AgentRows& b) {
  for (const auto column :
       {&AgentRows::need, &AgentRows::satisfied, &AgentRows::damping, &AgentRows::residual,
        &AgentRows::capacity, &AgentRows::capacity_left, &AgentRows::exaggeration,
        &AgentRows::recipient_trust, &AgentRows::recipient_reputation}) {
    CHECK(same(a.*column, b.*column));
  }
  CHECK(a.flagged == b.flagged);
  CHECK(a.quarantined == b.quarantined);
  CHECK(a.strategy == b.strategy);
  CHECK(a.recipient_pretrusted == b.recipient_pretrusted);
}

void check_same(const Outcomes& one, const Outcomes& other) {
  REQUIRE(one.points() == other.points());
  CHECK(one.messages() == other.messages());
  REQUIRE(one.trust().size() == other.trust().size());
  for (std::size_t i = 0; i < one.trust().size(); ++i) {
    for (const TrustMetric& metric : trust_metrics()) {
      INFO(metric.name);
      const TrustFigures& a = one.trust()[i];
      const TrustFigures& b = other.trust()[i];
      if (metric.real != nullptr) CHECK(tests::same_bits(a.*metric.real, b.*metric.real));
      if (metric.integer != nullptr) CHECK(a.*metric.integer == b.*metric.integer);
    }
  }
  for (std::size_t point = 0; point < one.points(); ++point) {
    for (std::size_t run = 0; run < one.runs_per_point(); ++run) {
      const Outcome a = one.run(point, run);
      const Outcome b = other.run(point, run);
      CHECK(a.status == b.status);
      for (const Metric& metric : metrics()) {
        INFO(metric.name);
        if (metric.real != nullptr) CHECK(tests::same_bits(metric.real(a), metric.real(b)));
        if (metric.integer != nullptr) CHECK(metric.integer(a) == metric.integer(b));
      }
    }
    if (!one.agents().empty()) check_same_rows(one.agents()[point], other.agents()[point]);
  }
}

/// Alone, in eight lanes and in sixteen, on one thread and on three.
void check_lanes(const Sweep& sweep, std::size_t eight, std::size_t sixteen) {
  const Outcomes alone = run_in(sweep, 1, 1, 1);
  check_same(alone, run_in(sweep, 8, 1, eight));
  check_same(alone, run_in(sweep, 16, 1, sixteen));
  check_same(alone, run_in(sweep, 16, 3, sixteen));
}

// 37 is no multiple of a vector.
const std::string kBase =
    "seed = 4\n[network]\nagents = 37\nneighbors = 6\n[population]\nreplicates = 5\n"
    "supply_ratio = [0.4, 0.9]\nprovider_fraction = 0.8\nrecipient_fraction = 0.9\n";
const std::string kDeceit =
    "[strategies]\naggressive_fraction = 0.2\nstrategic_fraction = 0.2\nbias = [0.3, 1.0]\n";
const std::string kKeep = "[output]\nagents = true\n";

}  // namespace

TEST_CASE("episodes without trust have the same bits side by side and alone") {
  check_lanes(sweep_of(kBase +
                       "episodes = 3\n[round]\nsettlement = [\"stock\", \"reallocate\"]\n"
                       "damping = [\"adaptive\", 0.5]\nmax_rounds = 30\n" +
                       kKeep),
              8, 16);
  check_lanes(sweep_of(kBase + "episodes = 3\nredraw = false\n" + kDeceit + kKeep), 8, 16);
}

TEST_CASE("episodes with trust have the same bits side by side and alone") {
  const std::string trust = "episodes = 5\n" + kDeceit + kKeep + "[trust]\nmode = \"on\"\n";
  SUBCASE("with powers and shares of their own") {
    check_lanes(sweep_of(kBase + trust + "gamma = [0, 0.5, 3]\nglobal_share = [0.3, 1.0]\n"), 8,
                16);
  }
  SUBCASE("with tiers and pre-trusted agents in some lanes") {
    check_lanes(sweep_of(kBase + trust +
                         "tiers = [0, 3]\npretrusted = [0.0, 0.2]\n"
                         "restart = [0.1, 0.4]\n"),
                8, 16);
  }
  SUBCASE("with noise, partial audits and detection") {
    check_lanes(sweep_of(kBase + trust +
                         "audit_noise = [0.0, 0.1]\naudit = [0.6, 1.0]\n"
                         "detection = [false, true]\nhits = 1\nquarantine = 2\n"
                         "decay = [0.5, 1.0]\n"),
                8, 16);
  }
}

TEST_CASE("several need types teach side by side what they teach alone") {
  check_lanes(sweep_of(kBase + "episodes = 3\ntypes = 2\n" + kDeceit + kKeep +
                       "[trust]\nmode = \"on\"\naudit_noise = 0.1\ndetection = true\n"),
              8, 16);
}

TEST_CASE("a lane whose numbers overflow leaves its neighbours alone") {
  Sweep sweep = sweep_of(kBase + "episodes = 3\nneed_mean = [100.0, 200.0]\n" + kDeceit +
                         "[trust]\nmode = \"on\"\n");
  for (Axis& axis : sweep.axes) {  // more than a scenario may ask for
    if (axis.key == "population.need_mean") axis.values.back() = 1e308;
  }
  const Outcomes alone = run_in(sweep, 1, 1, 1);
  CHECK(!alone.messages().empty());
  CHECK(alone.messages().size() < alone.points());
  check_same(alone, run_in(sweep, 8, 1, 8));
  check_same(alone, run_in(sweep, 16, 2, 16));
}

TEST_CASE("points that cannot go through their episodes together are in batches of their own") {
  Sweep sweep =
      sweep_of(kBase + "episodes = [2, 3]\n[round]\ncap = [\"none\", \"active_need\"]\n[trust]\n" +
               "mode = [\"off\", \"on\"]\naudit_noise = [0.0, 0.1]\ngamma = [1, 2]\n");
  sweep.networks = 2;  // as numbers of a network from a file
  std::vector<std::size_t> points(sweep.points());
  std::iota(points.begin(), points.end(), std::size_t{0});
  std::set<std::size_t> seen;
  for (const auto& batch : episode_batches(sweep, points, 8)) {
    CHECK(batch.size() <= 8);
    const Settings first = sweep.point(batch.front()).settings;
    for (const std::size_t point : batch) {
      CHECK(seen.insert(point).second);
      CHECK(sweep.point(point).network == sweep.point(batch.front()).network);
      const Settings settings = sweep.point(point).settings;
      CHECK(settings.round.cap == first.round.cap);
      CHECK(settings.population.episodes == first.population.episodes);
      CHECK(settings.trusts() == first.trusts());
      if (settings.trusts()) CHECK(settings.trust.audit_noise == first.trust.audit_noise);
    }
  }
  CHECK(seen.size() == points.size());
}

TEST_CASE("a batch of episodes under way is given up when the sink asks to stop") {
  // Each episode would go on for a hundred million rounds.
  const Sweep sweep = sweep_of(kBase +
                               "episodes = 2\n[round]\nsettlement = \"reallocate\"\n"
                               "relaxation = 0.37\nstop = \"needs\"\nmax_rounds = 100000000\n");
  class Impatient : public OutcomeSink {
   public:
    void finished(OutcomeBatch batch) override { done += batch.points.size(); }
    [[nodiscard]] bool stop_requested() const override { return ++asked > 30; }
    std::size_t done = 0;
    mutable std::atomic<int> asked = 0;
  };
  Impatient sink;
  run_plan(sweep, make_plan(sweep, 8), 1, sink);
  CHECK(sink.done == 0);
}
