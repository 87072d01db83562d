// What a plan says a sweep will take: that it grows with the work, never how long anything takes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "io/scenario.hpp"
#include "solver/app/plan_costs.hpp"

using namespace needflow;
using namespace needflow::app;

namespace {

double seconds_of(CostTrials& trials, const std::string& scenario) {
  const Scenario made = parse_scenario("seed = 1\n" + scenario, "test", ".", {});
  return trials.seconds(made.sweep, make_plan(made.sweep));
}

std::string episodes(int count, const std::string& more) {
  return fmt::format(
      "[network]\nagents = 300\n[population]\nepisodes = {}\n[output]\noptimum = \"off\"\n"
      "fairest = \"off\"\n{}",
      count, more);
}

}  // namespace

TEST_CASE("the estimated time grows by the same with every episode, with trust and without") {
  for (const char* more : {"", "[strategies]\naggressive_fraction = 0.3\n",
                           "[trust]\nmode = \"on\"\n", "[trust]\nmode = [\"off\", \"on\"]\n"}) {
    CAPTURE(more);
    CostTrials trials;  // what is measured once serves all three
    const double ten = seconds_of(trials, episodes(10, more));
    const double twenty = seconds_of(trials, episodes(20, more));
    const double forty = seconds_of(trials, episodes(40, more));
    CHECK(twenty > ten);
    CHECK(forty - twenty == doctest::Approx(2.0 * (twenty - ten)).epsilon(1e-9));
  }
}

TEST_CASE("points with trust and points without are counted each with their own episodes") {
  CostTrials trials;
  const double off = seconds_of(trials, episodes(1000, "[strategies]\nbias = 0.4\n"));
  const double on = seconds_of(trials, episodes(1000, "[trust]\nmode = \"on\"\n"));
  const double both = seconds_of(trials, episodes(1000, "[trust]\nmode = [\"off\", \"on\"]\n"));
  const double nothing = seconds_of(trials, episodes(1, ""));
  CHECK(both == doctest::Approx(off + on).epsilon(2.0 * nothing / both + 1e-9));
}

TEST_CASE("an episode with trust counts as one with trust alone") {
  CostTrials trials;
  const std::string trusting = "[trust]\nmode = \"on\"\n";
  const double more =
      seconds_of(trials, episodes(40, trusting)) - seconds_of(trials, episodes(20, trusting));
  const Scenario made = parse_scenario("seed = 1\n" + episodes(40, trusting), "test", ".", {});
  const NetworkTask task = make_plan(made.sweep).tasks.front();
  const double entry = trials.episode_entry(made.sweep, task, true, false);
  CHECK(more == doctest::Approx(20.0 * static_cast<double>(task.entries) * entry).epsilon(1e-9));
}

TEST_CASE("rounds beyond the few that stock and stream take are counted in episodes as well") {
  CostTrials trials;
  const auto reallocate = [](int rounds) {
    return fmt::format("[round]\nsettlement = \"reallocate\"\nmax_rounds = {}\n", rounds);
  };
  const double few = seconds_of(trials, episodes(20, reallocate(4)));
  const double some = seconds_of(trials, episodes(20, reallocate(104)));
  const double many = seconds_of(trials, episodes(20, reallocate(204)));
  CHECK(few == seconds_of(trials, episodes(20, "")));
  CHECK(many - some == doctest::Approx(some - few).epsilon(1e-9));
  CHECK(some > few);
}
