#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "solver/cells.hpp"

using namespace needflow;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

FieldAxis sizes() { return FieldAxis::of({"agents", {"10", "100", "1000"}, {10, 100, 1'000}}); }
FieldAxis rules() { return FieldAxis::of({"rule", {"a", "b", "c"}, {kNaN, kNaN, kNaN}}); }

}  // namespace

TEST_CASE("networks and draws are gathered in the cells of the other axes, wherever they stand") {
  const FieldAxis agents = sizes();
  const FieldAxis networks = FieldAxis::of_networks(2);
  const FieldAxis draws = FieldAxis::of_draws(2);
  Field field{"y", {&agents, &networks, &draws}, {}};
  for (int i = 0; i < 12; ++i) field.values.push_back(i);
  const CellGrid grid(field);
  REQUIRE(grid.size() == 3);
  CHECK(grid.values(1) == NestedValues{{4, 5}, {6, 7}});
  const Field turned{"y", {&draws, &agents, &networks}, field.values};
  CHECK(CellGrid(turned).values(1) == NestedValues{{2, 8}, {3, 9}});
}

TEST_CASE("a dimension behind the draws makes cells of its own") {
  const FieldAxis networks = FieldAxis::of_networks(2);
  const FieldAxis types = FieldAxis::of({"type", {"1", "2", "3"}, {1, 2, 3}});
  const Field field{"y", {&networks, &types}, {1, 2, 3, 4, 5, 6}};
  const CellGrid grid(field);
  REQUIRE(grid.size() == 3);
  CHECK(grid.values(2) == NestedValues{{3}, {6}});
}

TEST_CASE("without networks and draws a cell is one value") {
  const FieldAxis agents = sizes();
  const CellGrid grid(Field{"y", {&agents}, {1, 2, 3}});
  CHECK(grid.values(2) == NestedValues{{3}});
  CHECK(CellGrid(Field{"y", {}, {7}}).values(0) == NestedValues{{7}});
}

TEST_CASE("samples that name their network and draw are gathered, whatever their order") {
  FieldAxis samples = FieldAxis::of({"sample", {"0", "1", "2", "3"}, {0, 1, 2, 3}});
  samples.cells = 2;
  samples.columns[0].labels = {"0", "2"};
  samples.cell = {0, 0, 1, 0};
  samples.network = {1, 0, 0, 1};
  samples.draw = {1, 0, 0, 0};
  const CellGrid grid(Field{"y", {&samples}, {10, 20, 30, 40}});
  REQUIRE(grid.size() == 2);
  REQUIRE(grid.values(0).size() == 2);
  CHECK(grid.values(0)[0] == std::vector<double>{20});
  CHECK(grid.values(0)[1] == std::vector<double>{40, 10});
}

TEST_CASE("numbers are compared with the next, words with every other, samples not at all") {
  const FieldAxis agents = sizes();
  const FieldAxis rule = rules();
  Field field{"y", {&agents, &rule}, {1, 2, 3, 4, 5, 6, 7, 8, 10}};
  int along_agents = 0;
  int along_rule = 0;
  for (const Step& step : steps_of(CellGrid(field))) {
    (step.axis == 0 ? along_agents : along_rule) += 1;
    if (step.axis == 0 && step.from == 5) {
      CHECK(step.to == 8);
      CHECK(step.difference.of.mean == 4.0);
    }
  }
  CHECK(along_agents == 2 * 3);
  CHECK(along_rule == 3 * 3);
  FieldAxis samples = sizes();
  samples.ordered = false;
  CHECK(steps_of(CellGrid(Field{"y", {&samples}, {1, 2, 3}})).empty());
}

TEST_CASE("a fit is of the networks' means, in every combination of the other axes") {
  const FieldAxis agents = sizes();
  const FieldAxis rule = FieldAxis::of({"rule", {"a", "b"}, {kNaN, kNaN}});
  const FieldAxis networks = FieldAxis::of_networks(2);
  const FieldAxis draws = FieldAxis::of_draws(2);
  Field field{"y", {&agents, &rule, &networks, &draws}, {}};
  for (const double size : agents.columns[0].numbers) {
    for (const double slope : {2.0, 5.0}) {
      for (int network = 0; network < 2; ++network) {
        // The draws are one apart from their network's mean.
        field.values.push_back(slope * size + network - 1);
        field.values.push_back(slope * size + network + 1);
      }
    }
  }
  const CellGrid grid(field);
  const std::vector<CellFit> fits = fits_against(grid, "agents");
  REQUIRE(fits.size() == 2);
  CHECK(fits[0].fits.front().count == 6);
  CHECK(grid.place(fits[1].cell, 1) == 1);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto line = *fit_curve(Curve::linear, ErrorModel::additive,
                                 std::vector<double>{10, 10, 100, 100, 1'000, 1'000},
                                 i == 0 ? std::vector<double>{20, 21, 200, 201, 2'000, 2'001}
                                        : std::vector<double>{50, 51, 500, 501, 5'000, 5'001});
    bool seen = false;
    for (const CurveFit& fit : fits[i].fits) {
      if (fit.curve != Curve::linear) continue;
      seen = true;
      CHECK(fit.b == doctest::Approx(line.b));
      CHECK(fit.b_error == doctest::Approx(line.b_error));
    }
    CHECK(seen);
  }
}

TEST_CASE("a column of words is fitted by the numbers in it, if there are three") {
  const auto fits = [](std::vector<std::string> labels, std::vector<double> numbers) {
    const FieldAxis axis = FieldAxis::of({"neighbors", std::move(labels), std::move(numbers)});
    return fits_against(CellGrid(Field{"y", {&axis}, {1, 2, 3, 9}}), "neighbors");
  };
  REQUIRE(fits({"5", "10", "15", "table"}, {5, 10, 15, kNaN}).size() == 1);
  CHECK(fits({"5", "10", "15", "table"}, {5, 10, 15, kNaN})[0].fits[0].count == 3);
  CHECK(fits({"5", "10", "table", "2lnN"}, {5, 10, kNaN, kNaN}).empty());
  CHECK(fits({"5", "5", "10", "10"}, {5, 5, 10, 10}).empty());
}

TEST_CASE("what advances along with an axis can be fitted against, and a missing column cannot") {
  FieldAxis axis = sizes();
  axis.columns.push_back({"neighbors", {"4", "8", "16"}, {4, 8, 16}});
  const CellGrid grid(Field{"y", {&axis}, {4, 8, 16}});
  REQUIRE(fits_against(grid, "neighbors").size() == 1);
  CHECK(fits_against(grid, "neighbors")[0].fits[0].curve == Curve::linear);
  CHECK(fits_against(grid, "hub").empty());
}
