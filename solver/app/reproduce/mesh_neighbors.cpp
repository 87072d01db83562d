// How many neighbours are enough? Seed 003 has a table of k by N and the formula k ≈ 2 ln N; here
// is what each k gives: connection, diameter, paths, clustering, rounds and satisfied need.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "io/scenario.hpp"
#include "solver/app/reproduce/mesh.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

/// What the networks of one (N, k) gave.
struct Cell {
  std::int64_t neighbors = 0;
  std::vector<GraphMetrics> networks;
  std::vector<double> rounds;
  std::vector<double> satisfied;
};

/// Collects rounds and satisfaction of the points and the metrics of their networks.
class Gatherer : public OutcomeSink {
 public:
  explicit Gatherer(std::size_t points) : outcomes_(points, 1), networks_(points) {}
  void finished(OutcomeBatch batch) override { outcomes_.add(std::move(batch)); }
  void measured(std::span<const std::size_t> points, GraphMetrics metrics) override {
    networks_.add(points, std::move(metrics));
  }
  [[nodiscard]] bool stop_requested() const override { return false; }
  [[nodiscard]] const Outcomes& outcomes() const { return outcomes_; }
  [[nodiscard]] const NetworkTable& networks() const { return networks_; }

 private:
  Outcomes outcomes_;
  NetworkTable networks_;
};

/// A run of M2's defaults on each network of a size with each k.
std::vector<Cell> cells_of(std::int64_t agents, const std::vector<std::string>& neighbors,
                           std::int64_t networks, std::uint64_t seed, int threads) {
  std::string list;
  for (const std::string& k : neighbors) list += (list.empty() ? "" : ", ") + k;
  const Scenario scenario = parse_scenario(
      fmt::format("seed = {}\n[network]\nagents = {}\nneighbors = [{}]\ncount = {}\n", seed, agents,
                  list, networks),
      "reproduce mesh", ".", {});
  const Plan plan = make_plan(scenario.sweep);
  Gatherer gathered(plan.points);
  run_plan(scenario.sweep, plan, threads, gathered);
  std::vector<Cell> cells(neighbors.size());
  for (std::size_t i = 0; i < plan.points; ++i) {
    Cell& cell = cells[i / static_cast<std::size_t>(networks)];
    const Point point = scenario.sweep.point(i);
    const Outcome run = gathered.outcomes().run(i);
    cell.neighbors = resolved_neighbors(point.settings.network);
    cell.rounds.push_back(static_cast<double>(run.rounds));
    cell.satisfied.push_back(run.satisfaction.satisfied_fraction);
    if (const GraphMetrics* metrics = gathered.networks().of(i)) cell.networks.push_back(*metrics);
  }
  return cells;
}

void add_cell(std::int64_t agents, const Cell& cell, FindingTable& table) {
  const auto name = [&](const char* what) {
    return fmt::format("N = {}, k = {}, {}", agents, cell.neighbors, what);
  };
  const auto add = [&](const char* what, const char* unit,
                       const std::function<double(const GraphMetrics&)>& number) {
    table.findings.push_back(unasked(name(what), over(cell.networks, number), unit));
  };
  add("connected without a bridge", "",
      [](const GraphMetrics& m) { return m.bridges == 0 ? 1.0 : 0.0; });
  add("diameter at least", "hops",
      [](const GraphMetrics& m) { return static_cast<double>(m.diameter_at_least); });
  add("mean path", "hops", [](const GraphMetrics& m) { return m.mean_path.value; });
  add("clustering", "", [](const GraphMetrics& m) { return m.clustering.value; });
  table.findings.push_back(unasked(name("rounds"), measured(cell.rounds), ""));
  table.findings.push_back(unasked(name("satisfied"), measured(cell.satisfied), ""));
}

/// The seed's row for that size: its range of k.
struct SeedRange {
  std::int64_t agents, low, high;
};
constexpr SeedRange kSeedRanges[] = {{10, 9, 9},       {20, 19, 19},     {50, 10, 15},
                                     {100, 15, 20},    {500, 20, 25},    {1'000, 25, 30},
                                     {10'000, 30, 30}, {100'000, 30, 30}};

/// Smallest k whose mean satisfied share is within one per cent of the best's.
std::int64_t enough_neighbors(const std::vector<Cell>& cells) {
  double best = 0.0;
  for (const Cell& cell : cells) best = std::max(best, measured(cell.satisfied).mean);
  std::int64_t enough = std::numeric_limits<std::int64_t>::max();
  for (const Cell& cell : cells) {
    if (measured(cell.satisfied).mean >= 0.99 * best) enough = std::min(enough, cell.neighbors);
  }
  return enough;
}

const Cell& cell_of(const std::vector<Cell>& cells, std::int64_t neighbors) {
  return *std::find_if(cells.begin(), cells.end(),
                       [=](const Cell& cell) { return cell.neighbors == neighbors; });
}

std::int64_t formula_neighbors(std::int64_t agents) {
  NetworkSettings formula = mesh_of(agents, 1);
  formula.neighbor_rule = NeighborRule::two_log;
  return resolved_neighbors(formula);
}

/// The seed's table against its formula and against what is enough, at one size.
void add_choice(const SeedRange& seed, const std::vector<Cell>& cells, FindingTable& table) {
  const std::int64_t two_log = formula_neighbors(seed.agents);
  const std::string text = seed.low == seed.high ? fmt::format("{}", seed.low)
                                                 : fmt::format("{}-{}", seed.low, seed.high);
  const double middle = 0.5 * static_cast<double>(seed.low + seed.high);
  const double half = 0.5 * static_cast<double>(seed.high - seed.low);
  const auto add = [&](const char* what, std::int64_t k) {
    table.findings.push_back(finding(fmt::format("N = {}, {}", seed.agents, what), text, middle,
                                     half, measured(std::array{static_cast<double>(k)}), "links"));
  };
  add("2 ln N against the table", two_log);
  add("k for 99 % of the best satisfied share", enough_neighbors(cells));
  for (const std::int64_t k : {two_log, seed.high}) {
    const Cell& cell = cell_of(cells, k);
    const auto name = [&](const char* what) {
      return fmt::format("N = {}, k = {}, {}", seed.agents, k, what);
    };
    table.findings.push_back(unasked(
        name("diameter at least"),
        over(cell.networks,
             [](const GraphMetrics& m) { return static_cast<double>(m.diameter_at_least); }),
        "hops"));
    table.findings.push_back(unasked(name("satisfied"), measured(cell.satisfied), ""));
    if (two_log == seed.high) break;
  }
}

/// What the sizes say together, as far as the numbers do.
std::vector<std::string> choice_remarks(const FindingTable& table) {
  int formula_agrees = 0;
  int enough_agrees = 0;
  int sizes = 0;
  for (const Finding& row : table.findings) {
    if (row.seed.empty()) continue;
    const bool formula = row.quantity.find("2 ln N") != std::string::npos;
    sizes += formula ? 1 : 0;
    if (row.verdict == Verdict::agrees) ++(formula ? formula_agrees : enough_agrees);
  }
  return {
      fmt::format("The formula falls into the range of the seed's own table at {} of {} sizes.",
                  formula_agrees, sizes),
      fmt::format("The table's range holds the least k measured that satisfies 99 % of what the "
                  "best k does at {} of {}.",
                  enough_agrees, sizes),
      "Few links are enough for short paths; it is the satisfied share that asks for more, since "
      "a need",
      "can be met only by who recognises it."};
}

}  // namespace

std::vector<FindingTable> neighbors_by_size(const MeshStudy& study, int threads) {
  FindingTable choice{
      "optimal_k", "Optimal k: the seed's table, 2 ln N, and what is enough", {}, {}};
  FindingTable gives{
      "what_k_gives", "What k gives (defaults of M2: stock, supply ratio 1)", {}, {}};
  for (const SeedRange& seed : kSeedRanges) {
    if (!study.large && seed.agents > 1'000) break;
    const std::int64_t networks =
        seed.agents <= 1'000 ? study.networks : std::min<std::int64_t>(study.networks, 5);
    std::vector<std::string> neighbors = {"\"2lnN\""};
    for (const std::int64_t k : {2, 3, 5, 8, 10, 15, 20, 25, 30, 40}) {
      if (k < seed.agents) neighbors.push_back(fmt::format("{}", k));
    }
    if (seed.agents <= 20) neighbors.push_back(fmt::format("{}", seed.high));
    std::vector<Cell> cells = cells_of(seed.agents, neighbors, networks, study.seed, threads);
    std::sort(cells.begin(), cells.end(),
              [](const Cell& a, const Cell& b) { return a.neighbors < b.neighbors; });
    cells.erase(
        std::unique(cells.begin(), cells.end(),
                    [](const Cell& a, const Cell& b) { return a.neighbors == b.neighbors; }),
        cells.end());
    add_choice(seed, cells, choice);
    for (const Cell& cell : cells) add_cell(seed.agents, cell, gives);
  }
  choice.remarks = choice_remarks(choice);
  return {choice, gives};
}

}  // namespace needflow::app
