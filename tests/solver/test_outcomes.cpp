// The store of a sweep's outcomes: every point at its own place, whatever order it came in.
#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "solver/sweep/outcome.hpp"

using namespace needflow;

namespace {

/// An outcome whose every number says which run it is of and which metric.
Outcome numbered(std::size_t run) {
  const double n = static_cast<double>(run) * 100.0;
  const auto whole = static_cast<std::int64_t>(run) * 100;
  Outcome outcome;
  outcome.status = run % 2 == 0 ? Status::needs_met : Status::stable;
  outcome.rounds = whole + 1;
  outcome.cycle_period = whole + 2;
  outcome.satisfaction = {n + 3, n + 4, n + 5, n + 6, n + 7, n + 8, n + 9, n + 10, n + 11, n + 12};
  outcome.messages = {whole + 13, whole + 14, whole + 15};
  outcome.network_edges = whole + 16;
  outcome.recognised_pairs = whole + 17;
  outcome.network_mean_degree = n + 18;
  outcome.max_flow = n + 19;
  outcome.efficiency = n + 20;
  outcome.fairest_jain = n + 21;
  outcome.fairest_min = n + 22;
  return outcome;
}

OutcomeBatch batch_of(const std::vector<std::size_t>& points, std::size_t types) {
  OutcomeBatch batch;
  batch.points = points;
  for (const std::size_t point : points) {
    for (std::size_t t = 0; t < types; ++t) batch.outcomes.push_back(numbered(point * types + t));
    batch.seconds.push_back(0.5 * static_cast<double>(point));
  }
  return batch;
}

double number(const Metric& metric, const Outcome& outcome) {
  return metric.real != nullptr ? metric.real(outcome)
                                : static_cast<double>(metric.integer(outcome));
}

}  // namespace

TEST_CASE("batches in any order put every number where its point and type belong") {
  Outcomes outcomes(6, 2);
  outcomes.add(batch_of({5, 0}, 2));
  outcomes.add(batch_of({3}, 2));
  outcomes.add(batch_of({}, 2));
  outcomes.add(batch_of({1, 4}, 2));
  for (const std::size_t point : {0U, 1U, 3U, 4U, 5U}) {
    for (std::size_t type = 0; type < 2; ++type) {
      const Outcome expected = numbered(point * 2 + type);
      const Outcome found = outcomes.run(point, type);
      CHECK(found.status == expected.status);
      for (std::size_t m = 0; m < metrics().size(); ++m) {
        const Metric& metric = metrics()[m];
        CAPTURE(metric.name);
        CHECK(number(metric, found) == number(metric, expected));
        const std::size_t run = point * 2 + type;
        if (metric.real != nullptr) CHECK(outcomes.reals(m)[run] == metric.real(expected));
        if (metric.integer != nullptr) CHECK(outcomes.integers(m)[run] == metric.integer(expected));
      }
    }
    CHECK(outcomes.seconds()[point] == 0.5 * static_cast<double>(point));
  }
}

TEST_CASE("of several journals' tries of a point a result stays before a failure, in any order") {
  const auto failure = [](std::uint32_t tries) {
    OutcomeBatch batch = batch_of({1, 2}, 2);
    batch.outcomes[0].status = Status::failed;  // point 1, the first type
    batch.messages = {"try " + std::to_string(tries), ""};
    batch.attempts = {tries, 1};
    return batch;
  };
  for (const bool result_first : {false, true}) {
    Outcomes outcomes(3, 2);
    if (result_first) outcomes.add_unless_worse(batch_of({1}, 2));
    outcomes.add_unless_worse(failure(2));
    outcomes.add_unless_worse(failure(1));
    if (!result_first) {
      CHECK(outcomes.messages().at(1) == "try 2");
      CHECK(outcomes.attempts(1) == 2);
      outcomes.add_unless_worse(batch_of({1}, 2));
    }
    CHECK(outcomes.run(1, 0).status == numbered(2).status);
    CHECK(outcomes.run(1, 1).rounds == numbered(3).rounds);
    CHECK(outcomes.run(2, 0).rounds == numbered(4).rounds);
    CHECK(outcomes.messages().empty());
  }
}

TEST_CASE("a point that never came is pending and has no numbers") {
  Outcomes outcomes(3, 1);
  outcomes.add(batch_of({0, 2}, 1));
  CHECK(outcomes.statuses()[1] == Status::pending);
  CHECK(outcomes.seconds()[1] == 0.0);
  for (std::size_t m = 0; m < metrics().size(); ++m) {
    if (metrics()[m].real != nullptr) CHECK(std::isnan(outcomes.reals(m)[1]));
    if (metrics()[m].integer != nullptr) CHECK(outcomes.integers(m)[1] == -1);
  }
}

TEST_CASE("columns that fill large pages begin without numbers as well") {
  constexpr std::size_t kPoints = 200'000;
  const Outcomes outcomes(kPoints, 1);
  for (std::size_t m = 0; m < metrics().size(); ++m) {
    for (std::size_t point = 0; point < kPoints; point += 997) {
      const bool none = metrics()[m].real != nullptr ? std::isnan(outcomes.reals(m)[point])
                                                     : outcomes.integers(m)[point] == -1;
      CHECK(none);
    }
  }
}

TEST_CASE("traces, agents and messages are kept for the points that have some") {
  Outcomes outcomes(3, 2);
  outcomes.add(batch_of({1}, 2));
  CHECK(outcomes.traces().empty());
  CHECK(outcomes.agents().empty());
  CHECK(outcomes.messages().empty());
  OutcomeBatch batch = batch_of({2, 0}, 2);
  batch.traces = {{TraceRow{1}}, {}, {TraceRow{1}, TraceRow{2}}, {}};
  batch.agents.resize(2);
  batch.agents[0].need = {7.0};
  batch.messages = {"", "too much"};
  outcomes.add(std::move(batch));
  REQUIRE(outcomes.traces().size() == 6);
  CHECK(outcomes.traces()[4].size() == 1);
  CHECK(outcomes.traces()[0].size() == 2);
  CHECK(outcomes.traces()[2].empty());
  REQUIRE(outcomes.agents().size() == 3);
  CHECK(outcomes.agents()[2].need == std::vector<double>{7.0});
  CHECK(outcomes.agents()[1].need.empty());
  CHECK(outcomes.messages() == std::map<std::size_t, std::string>{{0, "too much"}});
}

TEST_CASE("a batch that does not fit is refused") {
  Outcomes outcomes(2, 1);
  CHECK_THROWS_AS(outcomes.add(batch_of({2}, 1)), std::logic_error);
  CHECK_THROWS_AS(outcomes.add(batch_of({1}, 2)), std::logic_error);
  OutcomeBatch batch = batch_of({0, 1}, 1);
  batch.messages = {"one for two points"};
  CHECK_THROWS_AS(outcomes.add(std::move(batch)), std::logic_error);
  CHECK_THROWS_AS((void)metric_index("happiness"), std::logic_error);
}
