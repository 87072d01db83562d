// The records of the option table, section by section, in the order of the scenario file.
#include <algorithm>
#include <utility>

#include "io/option_setters.hpp"
#include "solver/acceleration.hpp"
#include "solver/sweep/samples.hpp"

namespace needflow {

namespace {

constexpr double kMostEpisodes = 10'000;  // a dimension of every metric
constexpr double kMaxSeed = 9223372036854775807.0;

void put_damping(Settings& settings, const Value& value) {
  RoundSettings& round = settings.round;
  if (const auto* factor = std::get_if<double>(&value)) {
    round.damping = DampingKind::constant;
    round.damping_factor = *factor;
    return;
  }
  const bool adaptive = std::get<std::string>(value) == "adaptive";
  round.damping = adaptive ? DampingKind::adaptive : DampingKind::none;
}

void add_general(std::vector<Option>& table) {
  table.push_back({"",
                   "title",
                   OptionType::text,
                   "",
                   {},
                   {},
                   Value{std::string()},
                   kAlways,
                   "A line about the sweep, stored with the results.",
                   {}});
  table.push_back({"",
                   "seed",
                   OptionType::integer,
                   "1",
                   {0, kMaxSeed},
                   {},
                   Value{std::int64_t{0}},
                   kAlways,
                   "Every draw is a function of the seed and of what is drawn.",
                   [](Settings& s, const Value& v) {
                     s.seed = static_cast<std::uint64_t>(std::get<std::int64_t>(v));
                   }});
}

void add_recognition(std::vector<Option>& table) {
  const Words kinds = {"equal", "uniform", "gamma"};
  const auto part = &Settings::recognition;
  using R = RecognitionSettings;
  table.push_back({"recognition",
                   "weights",
                   OptionType::word,
                   "",
                   {},
                   kinds,
                   Value{std::string("gamma")},
                   kGenerated,
                   "How an agent weighs its neighbours before normalising to shares.",
                   put_word(kinds, part, &R::weights)});
  table.push_back({"recognition",
                   "shape",
                   OptionType::real,
                   "1",
                   {0, 1e6, true},
                   {},
                   Value{1.0},
                   kGenerated,
                   "Shape of the gamma weights; small is uneven.",
                   put_real(part, &R::shape)});
}

Words amount_kinds() { return {"constant", "uniform", "lognormal", "pareto"}; }

void add_needs(std::vector<Option>& table) {
  const auto part = &Settings::population;
  using P = PopulationSettings;
  table.push_back({"population",
                   "need",
                   OptionType::word,
                   "",
                   {},
                   amount_kinds(),
                   Value{std::string("lognormal")},
                   kDrawn,
                   "Distribution of needs.",
                   put_word(amount_kinds(), part, &P::need)});
  table.push_back({"population",
                   "need_mean",
                   OptionType::real,
                   "amount",
                   {0, 1e100, true},
                   {},
                   Value{100.0},
                   kDrawn,
                   "Mean need.",
                   put_real(part, &P::need_mean)});
  table.push_back({"population",
                   "need_cv",
                   OptionType::real,
                   "1",
                   {0, 1e6},
                   {},
                   Value{0.7},
                   kDrawn,
                   "Standard deviation / mean of needs (uniform: at most 1/sqrt(3)).",
                   put_real(part, &P::need_cv)});
}

void add_capacities(std::vector<Option>& table) {
  const auto part = &Settings::population;
  using P = PopulationSettings;
  table.push_back({"population",
                   "capacity",
                   OptionType::word,
                   "",
                   {},
                   amount_kinds(),
                   Value{std::string("lognormal")},
                   kDrawn,
                   "Distribution of capacities; supply_ratio sets their level.",
                   put_word(amount_kinds(), part, &P::capacity)});
  table.push_back({"population",
                   "capacity_cv",
                   OptionType::real,
                   "1",
                   {0, 1e6},
                   {},
                   Value{0.7},
                   kDrawn,
                   "Standard deviation / mean of capacities (uniform: at most 1/sqrt(3)).",
                   put_real(part, &P::capacity_cv)});
  table.push_back(
      {"population",
       "supply_ratio",
       OptionType::real,
       "1",
       {0, 1e6},
       {},
       Value{1.0},
       kAlways,
       "Total capacity / total need, exactly. Instances with capacities of their own keep "
       "them unless it is given.",
       [](Settings& s, const Value& v) { s.population.supply_ratio = std::get<double>(v); }});
}

void add_population(std::vector<Option>& table) {
  const auto part = &Settings::population;
  using P = PopulationSettings;
  table.push_back({"population",
                   "replicates",
                   OptionType::integer,
                   "1",
                   {1, static_cast<double>(kReplicateLimit)},
                   {},
                   Value{std::int64_t{1}},
                   kDrawn,
                   "Draws of the population per network; above 1 an axis \"replicate\".",
                   {}});
  add_needs(table);
  add_capacities(table);
  table.push_back({"population",
                   "provider_fraction",
                   OptionType::real,
                   "1",
                   {0, 1},
                   {},
                   Value{1.0},
                   kDrawn,
                   "Share of agents with capacity, at least one agent.",
                   put_real(part, &P::provider_fraction)});
  table.push_back({"population",
                   "recipient_fraction",
                   OptionType::real,
                   "1",
                   {0, 1},
                   {},
                   Value{1.0},
                   kDrawn,
                   "Share of agents with need, at least one agent.",
                   put_real(part, &P::recipient_fraction)});
}

void add_runs_of_a_point(std::vector<Option>& table) {
  const auto part = &Settings::population;
  using P = PopulationSettings;
  table.push_back(
      {"population",
       "types",
       OptionType::integer,
       "1",
       {1, 1000},
       {},
       Value{std::int64_t{1}},
       kDrawn,
       "Need types, each a run of its own on the same recognition; above 1 every metric "
       "has a last dimension \"type\".",
       {}});
  table.push_back(
      {"population",
       "episodes",
       OptionType::integer,
       "1",
       {1, kMostEpisodes},
       {},
       Value{std::int64_t{1}},
       kAlways,
       "Runs with fresh stock, one after the other, in which trust lives on; above 1 every metric "
       "has a last dimension \"episode\".",
       put_integer(part, &P::episodes)});
  table.push_back({"population",
                   "redraw",
                   OptionType::boolean,
                   "",
                   {},
                   {},
                   Value{true},
                   kDrawn,
                   "Whether every episode draws needs and capacities anew; who has some stays.",
                   put_boolean(part, &P::redraw)});
}

void add_instance(std::vector<Option>& table) {
  const auto file = [&table](const char* name, unsigned applies, const char* help) {
    table.push_back({"instance", name, OptionType::file, "", {}, {}, {}, applies, help, {}});
  };
  file("providers", kBipartite, "CSV with columns id,capacity (capacity_1, … for several types).");
  file("recipients", kBipartite, "CSV with columns id,need (need_1, … for several types).");
  file("agents", kAgentFiles, "CSV with columns id,need,capacity.");
  file("edges", kBipartite | kAgentFiles,
       "CSV with columns provider,recipient,mr[,desire], or a,b,mr[,desire] beside agents.");
  file("ratings", kRatings,
       "CSV with columns source,target,rating; mutual recognition and the agents come from it.");
}

void add_round_rules(std::vector<Option>& table) {
  const auto part = &Settings::round;
  using R = RoundSettings;
  const Words settlements = {"stock", "stream", "reallocate"};
  table.push_back(
      {"round",
       "settlement",
       OptionType::word,
       "",
       {},
       settlements,
       Value{std::string("stock")},
       kAlways,
       "stock: capacity is used up; stream: renewed every round; reallocate: every round "
       "replaces the last.",
       put_word(settlements, part, &R::settlement)});
  table.push_back({"round",
                   "damping",
                   OptionType::real_or_word,
                   "1",
                   {0, 1, true},
                   {"adaptive", "none"},
                   Value{std::string("adaptive")},
                   kAlways,
                   "Factor on published needs: the seed's adaptive rule, none, or a constant.",
                   put_damping});
  const Words caps = {"none", "active_need"};
  table.push_back({"round",
                   "cap",
                   OptionType::word,
                   "",
                   {},
                   caps,
                   Value{std::string("none")},
                   kAlways,
                   "Whether an allocation is bounded by the active need it answers.",
                   put_word(caps, part, &R::cap)});
}

void add_round_limits(std::vector<Option>& table) {
  const auto part = &Settings::round;
  using R = RoundSettings;
  table.push_back({"round",
                   "tolerance",
                   OptionType::real,
                   "1",
                   {0, 1},
                   {},
                   Value{0.01},
                   kAlways,
                   "Share of a need within which it counts as met.",
                   put_real(part, &R::tolerance)});
  const Words stops = {"needs", "denominators", "either"};
  table.push_back({"round",
                   "stop",
                   OptionType::word,
                   "",
                   {},
                   stops,
                   Value{std::string("either")},
                   kAlways,
                   "Which tests may end a run; cycles and max_rounds always do.",
                   put_word(stops, part, &R::stop)});
  table.push_back({"round",
                   "max_rounds",
                   OptionType::integer,
                   "rounds",
                   {1, 1e9},
                   {},
                   Value{std::int64_t{200}},
                   kAlways,
                   "Rounds after which a run ends as round_limit.",
                   put_integer(part, &R::max_rounds)});
  table.push_back({"round",
                   "return_surplus",
                   OptionType::boolean,
                   "",
                   {},
                   {},
                   Value{true},
                   kAlways,
                   "stock: over-allocation goes back to its providers; false: it is wasted.",
                   put_boolean(part, &R::return_surplus)});
  table.push_back(
      {"round",
       "relaxation",
       OptionType::real,
       "1",
       {0, 1, true},
       {},
       Value{1.0},
       kAlways,
       "reallocate: weight of the new allocation against the last, from round 2. Below 1 a "
       "run may end as stable on a plateau: every need met and nothing asked for, while "
       "what is mixed in still decays and would let needs open again.",
       put_real(part, &R::relaxation)});
}

void add_acceleration(std::vector<Option>& table) {
  using R = RoundSettings;
  const auto part = &Settings::round;
  const Words accelerations = {"none", "anderson"};
  table.push_back(
      {"round",
       "acceleration",
       OptionType::word,
       "",
       {},
       accelerations,
       Value{std::string("none")},
       kAlways,
       "reallocate: anderson mixes earlier rounds in to reach a fixed point; not local.",
       put_word(accelerations, part, &R::acceleration)});
  table.push_back({"round",
                   "acceleration_depth",
                   OptionType::integer,
                   "rounds",
                   {1, static_cast<double>(kMostDepth)},
                   {},
                   Value{std::int64_t{3}},
                   kAlways,
                   "How many earlier rounds the acceleration looks at.",
                   put_integer(part, &R::acceleration_depth)});
}

void add_solver(std::vector<Option>& table) {
  const Words precisions = {"f64", "f32"};
  table.push_back(
      {"solver",
       "weights",
       OptionType::word,
       "",
       {},
       precisions,
       Value{std::string("f64")},
       kAlways,
       "How MR is stored: f32 rounds it (6e-8 relative) and streams a third fewer bytes.",
       put_word(precisions, &Settings::solver, &SolverSettings::weights)});
  table.push_back(
      {"solver",
       "state",
       OptionType::word,
       "",
       {},
       precisions,
       Value{std::string("f64")},
       kAlways,
       "How claims, providers' factors and returned shares are stored: f32 rounds each once a "
       "round, so that a provider gives its capacity within 6e-8 of it, unless they are below "
       "1e-38 "
       "and become 0; sums and all else stay in f64. Many runs on a large network take less time.",
       put_word(precisions, &Settings::round, &RoundSettings::state)});
}

void add_design(std::vector<Option>& table) {
  const auto add = [&table](const char* name, OptionType type, OptionRange range, Words words,
                            const char* help) {
    table.push_back({"design", name, type, "", range, std::move(words), {}, kAlways, help, {}});
  };
  add("zip", OptionType::structure, {},
      {"lists of axes: [[\"network.agents\", \"network.neighbors\"]]"},
      "Axes of one length that advance together, as one dimension named after the first.");
  add("exclude", OptionType::structure, {}, {"tables of options and values: [[design.exclude]]"},
      "Cells of the grid that have all the values of a table are left out; they stay pending.");
  add("points", OptionType::file, {}, {},
      "CSV of points in place of a grid: a column an option, by key; network and replicate too. "
      "\"needflow plan --points\" writes one.");
  add("method", OptionType::word, {}, {"latin_hypercube", "sobol"},
      "Draws samples from design.ranges in place of a grid.");
  add("samples", OptionType::integer, {1, static_cast<double>(kMostSamples)}, {},
      "How many; for sobol a power of two is balanced.");
  add("ranges", OptionType::structure, {},
      {"a table of options: [low, high], words, { low, high, log } or { values }"},
      "What is drawn: numbers evenly between low and high, or on a log scale; one of a list.");
  add("shift", OptionType::boolean, {}, {},
      "sobol: its digits are shifted by the seed unless this is false: then the sequence itself.");
}

std::vector<Option> make_table() {
  std::vector<Option> table;
  add_general(table);
  add_network_options(table);
  add_recognition(table);
  add_population(table);
  add_runs_of_a_point(table);
  add_instance(table);
  add_round_rules(table);
  add_round_limits(table);
  add_acceleration(table);
  add_trust_options(table);
  add_solver(table);
  add_output_options(table);
  add_design(table);
  return table;
}

}  // namespace

std::span<const Option> options() {
  static const std::vector<Option> table = make_table();
  return table;
}

std::string axis_name(const Option& option) {
  for (const Option& other : options()) {
    if (&other == &option || other.name != option.name) continue;
    return &other < &option ? option.section + "_" + option.name : option.name;
  }
  return option.name;
}

const Option* find_axis_option(std::string_view name) {
  if (const Option* option = find_option(name); option != nullptr) return option;
  for (const Option& option : options()) {
    if (axis_name(option) == name) return &option;
  }
  return nullptr;
}

const Option* find_option(std::string_view key) {
  for (const Option& option : options()) {
    if (option.key() == key) return &option;
  }
  return nullptr;
}

}  // namespace needflow
