// Scenario files: what they mean, and that any text is either understood or refused with a reason.
#include <doctest/doctest.h>

#include <random>

#include "io/scenario.hpp"
#include "io/text_file.hpp"
#include "solver/error.hpp"

using namespace needflow;

namespace {

Scenario parse(const std::string& text, const Overrides& overrides = {}) {
  return parse_scenario(text, "test.toml", NEEDFLOW_SOURCE_DIR "/data", overrides);
}

std::string refusal(const std::string& text, const Overrides& overrides = {}) {
  try {
    (void)parse(text, overrides);
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "accepted";
}

bool says(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an empty scenario is one point with the defaults of the table") {
  const Scenario scenario = parse("");
  CHECK(scenario.sweep.points() == 1);
  CHECK(scenario.sweep.base.network.agents == 100);
  CHECK(scenario.sweep.base.network.neighbors == 20);
  CHECK(scenario.sweep.base.population.supply_ratio == 1.0);
  CHECK(scenario.sweep.base.round.max_rounds == 200);
}

TEST_CASE("an array is an axis even with one value, in the order of the option table") {
  const Sweep sweep =
      parse("[round]\ntolerance=[0.1]\n[network]\nneighbors=[5]\nagents=[9,8]\n").sweep;
  REQUIRE(sweep.axes.size() == 3);
  CHECK(sweep.axes[0].name == "agents");
  CHECK(sweep.axes[1].name == "neighbors");
  CHECK(sweep.axes[2].name == "tolerance");
  CHECK(sweep.axes[0].values == std::vector<Value>{std::int64_t{9}, std::int64_t{8}});
}

TEST_CASE("every default survives its own check, and so does the resolved text") {
  for (const Option& option : options()) {
    if (!option.fallback) continue;
    Value value = *option.fallback;
    CHECK(check_value(option, value).empty());
    CHECK(value == *option.fallback);
  }
  const Scenario first = parse("title = \"a \\\"b\\\" \\n\"\n[network]\nneighbors=[5,\"table\"]\n");
  const Scenario again = parse(first.text);
  CHECK(again.text == first.text);
  CHECK(again.plan_hash == first.plan_hash);
}

TEST_CASE("values are written as TOML reads them: reals never look like integers") {
  CHECK(toml_text(Value{1.0}) == "1.0");
  CHECK(toml_text(Value{0.1}) == "0.1");
  CHECK(toml_text(Value{1e300}) == "1e+300");
  CHECK(toml_text(Value{std::int64_t{7}}) == "7");
  CHECK(toml_text(Value{std::string("a\"b")}) == "\"a\\\"b\"");
  CHECK(plain_text(Value{std::string("a b")}) == "a b");
}

TEST_CASE("the command line wins over the file, with bare words and arrays") {
  Overrides overrides;
  overrides.settings = {"round.settlement=stream", "network.agents=[10, 20]", "round.damping=0.5",
                        "network.neighbors=2lnN"};
  overrides.seed = "77";
  const Sweep sweep = parse("seed = 1\n[round]\nsettlement=\"stock\"\n", overrides).sweep;
  CHECK(sweep.base.seed == 77);
  CHECK(sweep.base.round.settlement == SettlementKind::stream);
  CHECK(sweep.base.round.damping == DampingKind::constant);
  CHECK(sweep.base.network.neighbor_rule == NeighborRule::two_log);
  CHECK(sweep.points() == 2);
}

TEST_CASE("mistakes are all listed at once, each with file, line, key and what would be right") {
  const std::string message = refusal(
      "[network]\nagnets = 5\nagents = 0\nneighbors = \"tabel\"\n[round]\nmax_rounds = 1.5\n");
  CHECK(
      says(message, "test.toml line 2: unknown key network.agnets; did you mean network.agents?"));
  CHECK(says(message,
             "test.toml line 3: network.agents = 0 is out of range; expected an integer in"));
  CHECK(says(message, "test.toml line 4: network.neighbors = \"tabel\" is not known"));
  CHECK(says(message, "test.toml line 6: round.max_rounds = 1.5 is a number; expected an integer"));
}

TEST_CASE("what cannot mean anything here is refused, not ignored") {
  CHECK(says(refusal("[instance]\nratings=\"r.csv\"\n[network]\nagents=5\n"),
             "network.agents means nothing with [instance] ratings"));
  CHECK(says(refusal("[instance]\nratings=\"r.csv\"\nedges=\"e.csv\"\n"), "mixes its forms"));
  CHECK(says(refusal("[instance]\nedges=\"e.csv\"\n"), "instance.providers is missing"));
  CHECK(says(refusal("[network]\ncount=[1,2]\n"), "network.count cannot be an axis"));
  CHECK(says(refusal("[network]\nagents=[]\n"), "has no values"));
  CHECK(says(refusal("[network]\nagents=[5,5]\n"), "lists 5 twice"));
  CHECK(says(refusal("[population]\nepisodes=0\n"), "population.episodes = 0 is out of range"));
  CHECK(says(refusal("network = 5\n"), "network is a section; write [network]"));
  CHECK(says(refusal("[netwrok]\nagents = 5\n"), "did you mean [network]?"));
  CHECK(says(refusal("agents = 5\n"), "did you mean network.agents?"));
}

TEST_CASE("the interface's example scenario is understood") {
  const Scenario scenario = parse(R"(
title = "Satisfaction over size and degree"
seed = 42
[network]
kind = "partial_mesh"
agents = [100, 300, 1000]
neighbors = [5, 10, 20, "table", "2lnN"]
count = 4
[recognition]
weights = "gamma"
shape = 1.0
[population]
replicates = 16
need = "lognormal"
need_mean = 100.0
need_cv = 0.7
capacity = "lognormal"
capacity_cv = 0.7
supply_ratio = [0.5, 0.8, 1.0, 1.25, 2.0]
provider_fraction = 1.0
recipient_fraction = 1.0
types = 1
episodes = 1
[round]
settlement = "stock"
damping = "adaptive"
cap = "none"
tolerance = 0.01
stop = "either"
max_rounds = 200
return_surplus = true
relaxation = 1.0
[output]
traces = false
agents = false
)");
  CHECK(scenario.sweep.points() == 3 * 5 * 5 * 4 * 16);
}

TEST_CASE("an instance without a ratio keeps its capacities; with one they are scaled") {
  const std::string files =
      "[instance]\nproviders=\"seed_round/providers.csv\"\nrecipients=\"seed_round/"
      "recipients.csv\"\n"
      "edges=\"seed_round/edges.csv\"\n";
  CHECK_FALSE(parse(files).sweep.base.population.supply_ratio.has_value());
  CHECK(parse(files + "[population]\nsupply_ratio=2\n").sweep.base.population.supply_ratio == 2.0);
}

TEST_CASE("any mutilated scenario is understood or refused with a reason, never worse") {
  const std::string whole =
      "title = \"x\"\nseed = 4\n[network]\nkind = \"ring\"\nagents = [5, 6]\n[population]\nneed_cv "
      "= "
      "0.5\n[round]\ndamping = [\"none\", 0.25]\nreturn_surplus = false\n";
  std::mt19937 engine(11);
  for (int trial = 0; trial < 3000; ++trial) {
    std::string text = whole;
    for (std::uint32_t change = 0; change <= engine() % 4; ++change) {
      const std::size_t at = engine() % text.size();
      switch (engine() % 3) {
        case 0:
          text[at] = static_cast<char>(engine() % 256);
          break;
        case 1:
          text.erase(at, 1 + engine() % 5);
          break;
        default:
          text.insert(at, text.substr(engine() % text.size(), engine() % 9));
      }
      if (text.empty()) text = "[";
    }
    try {
      (void)parse(text);
    } catch (const ScenarioError& error) {
      CHECK_FALSE(std::string(error.what()).empty());
    } catch (const IoError& error) {  // a mutation that names a file
      CHECK_FALSE(std::string(error.what()).empty());
    }
  }
}
