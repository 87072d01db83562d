// [design]: what it makes of a scenario, and that its mistakes are named.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <map>

#include "folder.hpp"
#include "io/point_files.hpp"
#include "io/scenario.hpp"
#include "io/text_file.hpp"
#include "solver/error.hpp"

using namespace needflow;

namespace {

Scenario parse(const std::string& text, const std::vector<std::string>& settings = {},
               const std::filesystem::path& folder = ".") {
  Overrides overrides;
  overrides.settings = settings;
  return parse_scenario(text, "test.toml", folder, overrides);
}

std::string refusal(const std::string& text, const std::vector<std::string>& settings = {},
                    const std::filesystem::path& folder = ".") {
  try {
    (void)parse(text, settings, folder);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "accepted";
}

bool says(const std::string& message, const std::string& part) {
  CAPTURE(message);
  CAPTURE(part);
  const bool found = message.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

/// What of a point's settings the tests vary.
std::string facts(const Point& point) {
  const Settings& s = point.settings;
  return fmt::format("{} {} {} {} {} {} {}", s.network.agents, resolved_neighbors(s.network),
                     s.population.supply_ratio.value_or(-1.0), static_cast<int>(s.round.settlement),
                     s.round.damping_factor, point.network, point.replicate);
}

void check_reader(const Sweep& sweep) {
  PointReader reader(sweep);
  for (std::size_t step = 0; step < 2 * sweep.points(); ++step) {
    const std::size_t i = step < sweep.points() ? step : step * 7919 % sweep.points();
    REQUIRE(facts(reader.at(i)) == facts(sweep.point(i)));
    REQUIRE(facts(only_point(sweep, i).point(0)) == facts(sweep.point(i)));
  }
}

const std::string kZipped = R"(
[network]
agents = [30, 100, 300]
neighbors = [5, 10, 5]
[round]
settlement = ["stock", "stream"]
[population]
replicates = 2
[design]
zip = [["network.neighbors", "agents"]]
)";

const std::string kLatin = R"(
seed = 11
[population]
replicates = 2
[round]
cap = ["none", "active_need"]
[design]
method = "latin_hypercube"
samples = 40
[design.ranges]
population.supply_ratio = { low = 0.25, high = 4.0, log = true }
"network.agents" = [10, 13]
settlement = ["stock", "reallocate"]
round.damping = { values = ["none", 0.5] }
)";

}  // namespace

TEST_CASE("zipped axes are one dimension, named after the first, where that one stands") {
  const Sweep sweep = parse(kZipped).sweep;
  REQUIRE(sweep.axes.size() == 2);
  CHECK(sweep.axes[0].name == "neighbors");
  CHECK(sweep.axes[0].values ==
        std::vector<Value>{std::int64_t{5}, std::int64_t{10}, std::int64_t{5}});
  REQUIRE(sweep.axes[0].along.size() == 1);
  CHECK(sweep.axes[0].along[0].name == "agents");
  CHECK(sweep.axes[1].name == "settlement");
  CHECK(sweep.points() == 3 * 2 * 2);
  CHECK(facts(sweep.point(0)) == "30 5 1 0 1 0 0");
  CHECK(facts(sweep.point(7)) == "100 10 1 1 1 0 1");
  CHECK(facts(sweep.point(11)) == "300 5 1 1 1 0 1");
  check_reader(sweep);
}

TEST_CASE("excluded cells are those with all values of one of the tables") {
  const Sweep sweep = parse(kZipped + R"(
[[design.exclude]]
network.agents = [100, 300]
settlement = "stream"
[[design.exclude]]
"network.agents" = 300
)")
                          .sweep;
  std::size_t excluded = 0;
  for (std::size_t i = 0; i < sweep.points(); ++i) {
    const Settings s = sweep.point(i).settings;
    const bool expected = s.network.agents == 300 ||
                          (s.network.agents == 100 && s.round.settlement == SettlementKind::stream);
    CHECK(sweep.excludes(i) == expected);
    excluded += expected ? 1 : 0;
  }
  CHECK(excluded == 6);
  CHECK(sweep.excluded_points() == excluded);
  const Plan plan = make_plan(sweep);
  CHECK(plan.excluded == excluded);
  CHECK(plan.to_do() == 6);
  std::size_t in_tasks = 0;
  for (const NetworkTask& task : plan.tasks) {
    for (const std::size_t point : task.points) CHECK(!sweep.excludes(point));
    in_tasks += task.points.size();
  }
  CHECK(in_tasks == plan.to_do());
  CHECK(!only_point(sweep, 11).excludes(0));
}

TEST_CASE("a design that leaves nothing is refused before any work") {
  says(refusal("[network]\nagents=[5,6]\n[[design.exclude]]\nagents=[5,6]\n"),
       "test.toml: design.exclude leaves out every point");
}
TEST_CASE("what is drawn lies in its range, on its scale, the same for the same seed") {
  const Scenario scenario = parse(kLatin);
  const Sweep& sweep = scenario.sweep;
  REQUIRE(sweep.axes.size() == 2);
  CHECK(sweep.axes[0].name == "sample");
  CHECK(sweep.axes[0].values.size() == 40);
  CHECK(sweep.axes[1].name == "cap");
  REQUIRE(sweep.axes[0].along.size() == 4);
  CHECK(sweep.axes[0].along[0].name == "agents");
  CHECK(sweep.axes[0].along[3].name == "damping");
  CHECK(sweep.axes[0].along[3].words);
  CHECK(sweep.points() == 40 * 2 * 2);
  std::map<std::int64_t, int> agents;
  std::vector<int> quarters(4);
  for (std::size_t i = 0; i < sweep.points(); i += 4) {
    const Settings s = sweep.point(i).settings;
    ++agents[s.network.agents];
    ++quarters.at(static_cast<std::size_t>(std::log2(*s.population.supply_ratio / 0.25)));
  }
  CHECK(agents == std::map<std::int64_t, int>{{10, 10}, {11, 10}, {12, 10}, {13, 10}});
  CHECK(quarters == std::vector<int>{10, 10, 10, 10});
  check_reader(sweep);
  CHECK(parse(kLatin).plan_hash == scenario.plan_hash);
  CHECK(parse(kLatin, {"seed=12"}).plan_hash != scenario.plan_hash);
  CHECK(facts(parse(kLatin, {"seed=12"}).sweep.point(0)) != facts(sweep.point(0)));
}

TEST_CASE("an option's Latin hypercube column does not depend on what else is drawn") {
  const Sweep both = parse(kLatin).sweep;
  const Sweep one = parse(
                        "seed=11\n[design]\nmethod=\"latin_hypercube\"\nsamples=40\n"
                        "ranges={agents=[10,13]}\n")
                        .sweep;
  CHECK(one.axes[0].along[0].values == both.axes[0].along[0].values);
}

TEST_CASE("Sobol's samples are the sequence, shifted by the seed unless that is switched off") {
  const std::string text =
      "[design]\nmethod=\"sobol\"\nsamples=4\nranges={supply_ratio=[0.0,8.0],damping=[0.5,0.9]}\n";
  const Sweep plain = parse(text, {"design.shift=false"}).sweep;
  CHECK(plain.axes[0].along[0].values == std::vector<Value>{0.0, 4.0, 6.0, 2.0});
  CHECK(std::get<double>(plain.axes[0].along[1].values[2]) == doctest::Approx(0.6));
  const Scenario shifted = parse(text);
  CHECK(shifted.sweep.axes[0].along[0].values != plain.axes[0].along[0].values);
  CHECK(parse(text, {"seed=1"}).sweep.axes[0].along[0].values !=
        shifted.sweep.axes[0].along[0].values);
  CHECK(says(shifted.text, "shift = true"));
}

TEST_CASE("the resolved text makes the same design") {
  const test::Folder folder;
  std::ofstream(folder / "p.csv") << "agents,round.settlement\n30,stock\n40,stream\n";
  const std::string exclude = "[[design.exclude]]\nagents = 30\n";
  for (const std::string& text : {kZipped + exclude, kLatin, kLatin + "[output]\ntraces=true\n",
                                  std::string("[design]\npoints = \"p.csv\"\n") + exclude}) {
    const Scenario first = parse(text, {}, folder.path());
    const Scenario again = parse(first.text, {}, folder.path());
    CHECK(again.text == first.text);
    CHECK(again.plan_hash == first.plan_hash);
    REQUIRE(again.sweep.points() == first.sweep.points());
    for (std::size_t i = 0; i < first.sweep.points(); ++i) {
      CHECK(facts(again.sweep.point(i)) == facts(first.sweep.point(i)));
      CHECK(again.sweep.excludes(i) == first.sweep.excludes(i));
    }
  }
}

TEST_CASE("a scenario without a design has the text and hash it always had") {
  const Scenario plain = parse("[network]\nagents=[5,6]\n");
  CHECK(plain.text.find("design") == std::string::npos);
  CHECK(parse("[network]\nagents=[5,6]\n[design]\n").plan_hash == plain.plan_hash);
}

TEST_CASE("a list of points is one dimension, crossed with the axes that it does not hold") {
  const test::Folder folder;
  std::ofstream(folder / "p.csv") << "round.settlement,agents,neighbors\n"
                                     "stock,30,5\nstream, 40.0 ,2lnN\nstock,30,5\n";
  const std::string text =
      "[network]\nagents=[1,2,3]\n[round]\ndamping=[0.5,0.25]\n[design]\n"
      "points=\"p.csv\"\n";
  const Scenario scenario = parse(text, {}, folder.path());
  const Sweep& sweep = scenario.sweep;
  CHECK(sweep.dimensions().size() == 2);
  CHECK(sweep.points() == 6);
  REQUIRE(sweep.axes[0].along.size() == 3);
  CHECK(sweep.axes[0].along[1].name == "neighbors");  // the option table's order
  CHECK(sweep.axes[0].along[1].words);
  CHECK(facts(sweep.point(0)) == "30 5 1 0 0.5 0 0");
  CHECK(facts(sweep.point(3)) == "40 7 1 1 0.25 0 0");
  CHECK(make_plan(sweep).duplicates == 2);
  CHECK(first_of_same(sweep, make_plan(sweep)) == std::vector<std::size_t>{0, 1, 2, 3, 0, 1});
  std::ofstream(folder / "p.csv") << "round.settlement,agents,neighbors\n"
                                     "stock,30,5\nstream,40,2lnN\nstock,31,5\n";
  CHECK(parse(text, {}, folder.path()).plan_hash != scenario.plan_hash);
}

TEST_CASE("points that name their network and draw have these and no such axes") {
  const test::Folder folder;
  std::ofstream(folder / "p.csv") << "network,replicate,network.agents,status\n"
                                     "3,1,30,run\n0,2,30,excluded\n3,1,30,duplicate\n0,1,30,\n";
  const Sweep sweep =
      parse("[network]\ncount=9\n[population]\nreplicates=5\n[design]\npoints=\"p.csv\"\n", {},
            folder.path())
          .sweep;
  CHECK(sweep.points() == 4);
  CHECK(facts(sweep.point(0)) == "30 20 1 0 1 3 1");
  CHECK(facts(sweep.point(1)) == "30 20 1 0 1 0 2");
  check_reader(sweep);
  const Plan plan = make_plan(sweep);
  CHECK(plan.excluded == 1);
  CHECK(sweep.excludes(1));
  CHECK(plan.tasks.size() == 2);
  CHECK(plan.duplicates == 1);
  CHECK(first_of_same(sweep, plan)[2] == 0);
}

TEST_CASE("a plan written from a grid is read back as the same points") {
  const test::Folder folder;
  const std::string text = kZipped + "[[design.exclude]]\nagents = 30\nsettlement = \"stock\"\n";
  const Sweep grid = parse(text, {"network.count=2"}).sweep;
  AtomicFile file(folder / "points.csv");
  write_points(file, grid, make_plan(grid));
  file.publish();
  // By the same scenario, and by one that has nothing but the list.
  for (const std::string& reader : {text, std::string()}) {
    const Sweep list = parse(reader, {"design.points=points.csv"}, folder.path()).sweep;
    REQUIRE(list.dimensions().size() == 1);
    REQUIRE(list.points() == grid.points());
    for (std::size_t i = 0; i < grid.points(); ++i) {
      CHECK(facts(list.point(i)) == facts(grid.point(i)));
      CHECK(list.excludes(i) == grid.excludes(i));
    }
  }
}

TEST_CASE("mistakes in a list of points have file, line, column, value and what is right") {
  const test::Folder folder;
  std::ofstream(folder / "p.csv") << "network.agents,settlement,damping,replicate\n30,stok,0.5,"
                                     "0\n5.5,stock,2,1.5\n,stock,x,-1\n";
  const std::string message = refusal("[design]\npoints=\"p.csv\"\n", {}, folder.path());
  says(message, "p.csv line 2, column settlement: \"stok\" is not known; expected one of stock");
  says(message, "p.csv line 3, column network.agents: 5.5 is a number; expected an integer");
  says(message, "p.csv line 3, column damping: 2.0 is out of range; expected a number in (0, 1]");
  says(message, "p.csv line 3, column replicate: 1.5 is out of range; a replicate is a whole");
  says(message, "p.csv line 4, column network.agents: no value; expected an integer");
  says(message, "p.csv line 4, column damping: \"x\" is not known");
  says(message, "p.csv line 4, column replicate: ");
  std::ofstream(folder / "p.csv") << "network.agnets\n5\n";
  says(refusal("[design]\npoints=\"p.csv\"\n", {}, folder.path()), "perhaps network.agents");
  std::ofstream(folder / "p.csv") << "agents,network.agents,status\n5,6,gone\n";
  const std::string twice = refusal("[design]\npoints=\"p.csv\"\n", {}, folder.path());
  says(twice, "two columns hold network.agents");
  says(twice, "p.csv line 2, column status: 'gone' is not known");
  std::ofstream(folder / "p.csv") << "agents\n";
  says(refusal("[design]\npoints=\"p.csv\"\n", {}, folder.path()), "holds no points");
  std::ofstream(folder / "p.csv") << "agents\n5\n";
  says(refusal("[design]\npoints=\"p.csv\"\n", {"network.agents=7"}, folder.path()),
       "--set 'network.agents=7': network.agents is a column of p.csv");
}

TEST_CASE("mistakes in a design are all listed, with line and what would be right") {
  const std::string message = refusal(R"(
[network]
agents = [5, 6]
neighbors = [3, 4, 5]
[design]
zip = [["network.agents", "network.neighbors"], ["agents"], ["network.agnets", "round.cap"], 5]
samples = 4
[[design.exclude]]
network.agents = [7, "x"]
hub = 1
[[design.exclude]]
)");
  says(message,
       "test.toml line 6: design.zip joins network.agents with 2 values and "
       "network.neighbors with 3; expected as many");
  says(message, "line 6: design.zip: expected two axes or more");
  says(message, "unknown key network.agnets; did you mean network.agents?");
  says(message, "design.zip has round.cap, which is no axis here");
  says(message, "line 6: design.zip: expected lists of axes");
  says(message, "line 7: design.samples means nothing without design.method");
  says(message, "line 9: design.exclude: network.agents = \"x\" is a string");
  says(message, "design.exclude has network.agents = 7, which is not on that axis");
  says(message, "design.exclude has network.hub, which is no axis here");
  says(message, "line 11: design.exclude: an empty table would leave out every point");
}

TEST_CASE("ranges that cannot be drawn from are refused") {
  const auto with = [](const std::string& ranges) {
    return refusal("[round]\ndamping = 0.5\n[design]\nmethod = \"sobol\"\nsamples = 4\nranges = {" +
                   ranges + "}\n");
  };
  says(with("agents=[9,5]"), "network.agents: low = 9 is not below high = 5");
  says(with("agents=[0,5]"), "network.agents = 0 is out of range");
  says(with("agents=[1,2,3]"), "expected [low, high], a list of words");
  says(with("agents={low=5}"), "expected low and high, or values");
  says(with("agents={low=5,hihg=9}"), "unknown part 'hihg'; did you mean high?");
  says(with("agents={values=[5],log=true}"), "values go without low, high and log");
  says(with("supply_ratio={low=0,high=1,log=true}"), "low = 0.0 has no logarithm");
  says(with("neighbors=[5,\"tabel\"]"), "\"tabel\" is not known");
  says(with("seed=[1,9]"), "seed decides what is drawn");
  says(with("title=[\"a\"]"), "title cannot be varied");
  says(with("round.damping=[0.5,0.9]"),
       "line 2: round.damping is drawn by design.ranges; leave out one of them");
  says(with("agents=[5,9],network.agents=[5,9]"), "design.ranges has network.agents twice");
  says(with("settlement={low=\"stock\",high=\"stream\"}"), "the ends of a range are numbers");
}

TEST_CASE("forms of a design that do not go together are refused") {
  says(refusal("[design]\npoints=\"p.csv\"\nmethod=\"sobol\"\n"), "[design] mixes its forms");
  says(refusal("[design]\nmethod=\"sobol\"\n"), "design.samples is missing");
  says(refusal("[design]\nmethod=\"latin_hypercube\"\nsamples=4\nshift=true\n"
               "ranges={agents=[5,9]}\n"),
       "design.shift means nothing without");
  says(refusal("[design]\nzpi=1\n"), "unknown key design.zpi; did you mean design.zip?");
  says(refusal(kZipped, {"network.agents=[30,100,300,5]"}),
       "with 3 values and network.agents with 4");
  says(refusal("[network]\nagents=[5,6,5]\nneighbors=[3,4,3]\n[design]\nzip=[[\"agents\","
               "\"neighbors\"]]\n"),
       "design.zip makes 5, 3 twice");
  says(refusal("[network]\nagents=[5,6]\n[[design.exclude]]\nagents=5\n", {"network.agents=6"}),
       "accepted");
}
