#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "solver/acceleration.hpp"
#include "solver/fits.hpp"
#include "solver/rounds.hpp"
#include "tests/solver/instances.hpp"

using namespace needflow;

namespace {

using Row = std::vector<double>;

/// y ↦ A y + b, of three amounts.
Row linear(const Row& y) {
  return {0.5 * y[0] + 0.2 * y[1] + 1.0, 0.1 * y[0] - 0.4 * y[1] + 0.3 * y[2] + 2.0,
          0.2 * y[1] + 0.6 * y[2] + 1.5};
}

double distance(const Row& a, const Row& b) {
  double squares = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

/// Anderson's next amounts from all of a run's history, by least squares on the differences
/// themselves: y_i and G(y_i), oldest first. Empty where the differences depend on each other.
std::vector<double> textbook(const std::vector<Row>& y, const std::vector<Row>& g,
                             std::size_t columns, double relaxation) {
  const std::size_t last = y.size() - 1;
  const std::size_t rows = y[last].size();
  const auto residual = [&](std::size_t t, std::size_t i) { return g[t][i] - y[t][i]; };
  Row design;
  Row rest;
  for (std::size_t i = 0; i < rows; ++i) {
    rest.push_back(residual(last, i));
    for (std::size_t j = 0; j < columns; ++j) {
      design.push_back(residual(last - j, i) - residual(last - j - 1, i));
    }
  }
  Row gamma;
  if (columns > 0) {
    const Regression fit = least_squares(design, columns, rest);
    if (fit.rank < columns) return {};
    gamma = fit.coefficients;
  }
  Row next;
  for (std::size_t i = 0; i < rows; ++i) {
    double value = y[last][i] + relaxation * rest[i];
    for (std::size_t j = 0; j < columns; ++j) {
      value -=
          gamma[j] * (y[last - j][i] - y[last - j - 1][i] + relaxation * design[i * columns + j]);
    }
    next.push_back(std::max(0.0, value));
  }
  return next;
}

RoundSettings accelerated(std::int64_t depth, double relaxation, std::int64_t rounds) {
  RoundSettings settings;
  settings.settlement = SettlementKind::reallocate;
  settings.damping = DampingKind::none;
  settings.stop = StopRule::needs;
  settings.max_rounds = rounds;
  settings.relaxation = relaxation;
  settings.acceleration = Acceleration::anderson;
  settings.acceleration_depth = depth;
  return settings;
}

/// |G(y) − y| after so many steps from the map of 0.
double residual_after(int steps, std::int64_t depth, double relaxation) {
  Accelerator accelerator(3, depth);
  Row y = linear({0, 0, 0});
  accelerator.advance(y, 1, relaxation, Threads::one, nullptr);
  for (int step = 0; step < steps; ++step) {
    y = linear(y);
    accelerator.advance(y, 1, relaxation, Threads::one, nullptr);
  }
  return distance(linear(y), y);
}

}  // namespace

TEST_CASE("mixing weights are those of least squares") {
  const Row columns = {1, 2, 0.5, 1, -1, 3, 2, 0, 1, 1, 1, 1};  // four rows of three columns
  const Row rest = {1, 2, 3, 5};
  Row gram(9);
  Row products(3);
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t i = 0; i < 3; ++i) {
      products[i] += columns[3 * row + i] * rest[row];
      for (std::size_t j = 0; j < 3; ++j) {
        gram[3 * i + j] += columns[3 * row + i] * columns[3 * row + j];
      }
    }
  }
  const Row expected = least_squares(columns, 3, rest).coefficients;
  const Row found = mixing_weights(gram, products);
  for (std::size_t i = 0; i < 3; ++i) CHECK(found[i] == doctest::Approx(expected[i]));
}

TEST_CASE("a column that others make up gets no weight, nor does one of zeros") {
  // Columns (1, 0), (2, 0), (0, 0), (0, 3); the rest (4, 6).
  const Row gram = {1, 2, 0, 0, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  const Row found = mixing_weights(gram, Row{4, 8, 0, 18});
  CHECK(found[0] == doctest::Approx(4.0));
  CHECK(found[1] == 0.0);
  CHECK(found[2] == 0.0);
  CHECK(found[3] == doctest::Approx(2.0));
}

TEST_CASE("a linear map of three amounts ends within one step a direction") {
  CHECK(residual_after(6, 3, 1.0) < 1e-9);
  CHECK(residual_after(6, 3, 0.5) < 1e-9);
  CHECK(residual_after(6, 1, 1.0) > 1e-9);  // one column is not enough
  CHECK(residual_after(1, 3, 1.0) > 1e-3);
}

TEST_CASE("without a history the step is the plain one") {
  Accelerator accelerator(2, 3);
  Row y = {1, 2};
  accelerator.advance(y, 1, 0.25, Threads::one, nullptr);
  CHECK(y == Row{1, 2});
  y = {3, 10};
  accelerator.advance(y, 1, 0.25, Threads::one, nullptr);
  CHECK(y[0] == 0.75 * 1 + 0.25 * 3);
  CHECK(y[1] == 0.75 * 2 + 0.25 * 10);
}

TEST_CASE("where the residual has grown the step is the plain one and the history is forgotten") {
  Accelerator accelerator(2, 3);
  Row y = {1, 1};
  accelerator.advance(y, 1, 1.0, Threads::one, nullptr);
  y = {2, 1};  // residual (1, 0); y = (2, 1)
  accelerator.advance(y, 1, 1.0, Threads::one, nullptr);
  y = {2, 4};  // residual (0, 3)
  accelerator.advance(y, 1, 1.0, Threads::one, nullptr);
  CHECK(accelerator.fallbacks() == 1);
  CHECK(y == Row{2, 4});
  accelerator.restart();
  CHECK(accelerator.fallbacks() == 0);
}

TEST_CASE("an amount never falls below nothing") {
  Accelerator accelerator(1, 1);
  Row y = {1};
  accelerator.advance(y, 1, 1.0, Threads::one, nullptr);
  y = {0.5};
  accelerator.advance(y, 1, 1.0, Threads::one, nullptr);
  y = {0.1};  // residuals −0.5 and −0.4: the secant leads to 0.5 − 2.0
  accelerator.advance(y, 1, 1.0, Threads::one, nullptr);
  CHECK(y == Row{0});
}

TEST_CASE("a lane's numbers are those of a run alone") {
  Accelerator alone(3, 2);
  Accelerator lane(3, 2);
  Row y = {1, 2, 3};
  for (int step = 0; step < 6; ++step) {
    Row strided(12, -7.0);
    for (std::size_t i = 0; i < 3; ++i) strided[4 * i] = y[i];
    alone.advance(y, 1, 0.75, Threads::one, nullptr);
    lane.advance(strided, 4, 0.75, Threads::one, nullptr);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(strided[4 * i] == y[i]);
      CHECK(strided[4 * i + 1] == -7.0);
    }
    y = linear(y);
  }
}

TEST_CASE("rounds settle what Anderson's formula says, from what was received") {
  int compared = 0;
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    const test::RandomInstance instance(seed);
    if (instance.need.size() < 6) continue;  // three columns of few numbers nearly always depend
    const Recognition recognition = instance.recognition();
    for (const double relaxation : {1.0, 0.5}) {
      RoundSolver solver(recognition, accelerated(3, relaxation, 7), Threads::one);
      std::vector<Row> y;
      std::vector<Row> g;
      std::size_t columns = 0;
      double before = 0.0;
      (void)solver.run(instance.need, instance.capacity, [&](const RoundSolver& run) {
        Row settled;
        for (std::size_t r = 0; r < instance.need.size(); ++r) {
          settled.push_back(run.satisfied()[r] + run.over()[r]);
        }
        g.emplace_back(run.received().begin(), run.received().end());
        if (!y.empty()) {
          g.erase(g.begin(), g.end() - static_cast<std::ptrdiff_t>(y.size()));
          const double residual = distance(g.back(), y.back());
          columns = y.size() < 2 || residual > before ? 0 : std::min<std::size_t>(3, columns + 1);
          before = residual;
          // All but at rest, or columns that depend on each other: nothing to compare.
          const bool told = residual > 1e-3 * distance(g.front(), y.front());
          const Row expected = told ? textbook(y, g, columns, relaxation) : Row();
          for (std::size_t r = 0; r < expected.size(); ++r) {
            CHECK(settled[r] == doctest::Approx(expected[r]).epsilon(1e-6));
          }
          compared += columns > 0 && !expected.empty() ? 1 : 0;
        } else {
          CHECK(settled == g.back());
        }
        y.push_back(settled);
      });
    }
  }
  CHECK(compared > 20);
}

TEST_CASE("accelerated rounds give away every capacity exactly") {
  const test::RandomInstance instance(5);
  const Recognition recognition = instance.recognition();
  RoundSolver solver(recognition, accelerated(3, 1.0, 30), Threads::one);
  (void)solver.run(instance.need, instance.capacity, [&](const RoundSolver& run) {
    double given = 0.0;
    double available = 0.0;
    for (std::size_t p = 0; p < instance.capacity.size(); ++p) {
      if (run.denominator()[p] > 0.0) available += instance.capacity[p];
    }
    for (const double amount : run.received()) given += amount;
    CHECK(given == doctest::Approx(available));
  });
}

TEST_CASE("where a fixed point exists acceleration finds it in fewer rounds") {
  // One provider, two recipients, half of all need: y = n / 2 each repeats itself.
  const Recognition recognition = test::bipartite({{0.3, 0.6}});
  const Row need = {100, 100};
  const Row capacity = {100};
  RoundSettings settings = accelerated(2, 0.3, 200);
  settings.stop = StopRule::either;
  RoundSolver fast(recognition, settings, Threads::one);
  const RunReport accelerated_end = fast.run(need, capacity);
  settings.acceleration = Acceleration::none;
  RoundSolver slow(recognition, settings, Threads::one);
  const RunReport plain_end = slow.run(need, capacity);
  CHECK(accelerated_end.status == Status::stable);
  CHECK(plain_end.status == Status::stable);
  CHECK(accelerated_end.rounds < plain_end.rounds);
  for (std::size_t r = 0; r < 2; ++r) {
    CHECK(fast.satisfied()[r] == doctest::Approx(slow.satisfied()[r]).epsilon(0.01));
  }
}

TEST_CASE("acceleration changes nothing outside reallocate") {
  const test::RandomInstance instance(3);
  const Recognition recognition = instance.recognition();
  for (const SettlementKind settlement : {SettlementKind::stock, SettlementKind::stream}) {
    RoundSettings settings = accelerated(3, 1.0, 20);
    settings.settlement = settlement;
    RoundSettings plain = settings;
    plain.acceleration = Acceleration::none;
    CHECK(test::satisfied_after(recognition, settings, instance.need, instance.capacity) ==
          test::satisfied_after(recognition, plain, instance.need, instance.capacity));
  }
}

TEST_CASE("accelerated rounds have the same bits on any number of threads") {
  const test::RandomInstance instance(9);
  const Recognition recognition = instance.recognition();
  const RoundSettings settings = accelerated(3, 0.8, 40);
  RoundSolver one(recognition, settings, Threads::one);
  RoundSolver all(recognition, settings, Threads::all);
  CHECK(one.run(instance.need, instance.capacity).rounds ==
        all.run(instance.need, instance.capacity).rounds);
  CHECK(Row(one.satisfied().begin(), one.satisfied().end()) ==
        Row(all.satisfied().begin(), all.satisfied().end()));
}
