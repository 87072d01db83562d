// Maximum flows of M10 by several libraries, side by side: what solver/max_flow.hpp tells.
//
// usage: compare_flows [SCENARIO …]. Meshes of 100, 1e3 and 1e4 agents, dense and thin, scarce,
// even and ample; then the first point of each scenario. Values must be equal; times are the best
// of some, in times of Boost's push-relabel with its graph built from the same rows.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>

#include "bench/peers/flow/flows.hpp"
#include "io/scenario.hpp"
#include "solver/max_flow.hpp"
#include "solver/sweep/tasks.hpp"

using namespace needflow;

namespace {

constexpr double kSecondsEach = 0.3;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t our_own(const FlowCase& flow, double& /*seconds_building*/) {
  return proven_max_flow({flow.offsets, flow.columns, flow.supply, flow.demand}).value;
}

struct Contender {
  const char* name;
  std::int64_t (*solve)(const FlowCase&, double&);
};
constexpr std::array kContenders = {
    Contender{"push-relabel", boost_push_relabel},
    Contender{"Boykov-K.", boost_boykov_kolmogorov},
#ifdef NEEDFLOW_LEMON
    Contender{"LEMON", lemon_preflow},
#endif
    Contender{"needflow", our_own},
};

FlowCase flow_case(const Recognition& recognition, const Amounts& amounts) {
  FlowCase flow;
  flow.offsets = recognition.provider_rows.offsets;
  flow.columns = recognition.provider_rows.columns;
  double supply = 0.0;
  double demand = 0.0;
  for (const double amount : amounts.capacity[0]) supply += amount;
  for (const double amount : amounts.need[0]) demand += amount;
  const int exponent = 60 - std::ilogb(std::max(supply, demand));
  const auto units = [exponent](double amount) {
    return std::llrint(std::ldexp(amount, exponent));
  };
  for (const double amount : amounts.capacity[0]) flow.supply.push_back(units(amount));
  for (const double amount : amounts.need[0]) flow.demand.push_back(units(amount));
  return flow;
}

/// A round of all, then another, until each has had its time.
void compare(const std::string& name, const FlowCase& flow) {
  std::array<double, kContenders.size()> best;
  best.fill(1e30);
  std::int64_t value = -1;
  const double start = now();
  do {
    for (std::size_t i = 0; i < kContenders.size(); ++i) {
      double building = 0.0;
      const double before = now();
      const std::int64_t found = kContenders[i].solve(flow, building);
      best[i] = std::min(best[i], now() - before);
      if (value >= 0 && found != value) fmt::print("{} is wrong: ", kContenders[i].name);
      value = found;
    }
  } while (now() - start < kSecondsEach * static_cast<double>(kContenders.size()));
  fmt::print("{:<34}{:>12.1f}", name, best[0] * 1e6);
  for (std::size_t i = 1; i < best.size(); ++i) fmt::print("{:>12.2f}", best[i] / best[0]);
  fmt::print("{:>12.1f}\n", best[0] * 1e9 / static_cast<double>(flow.columns.size()));
}

void compare_meshes(std::int64_t agents, std::int64_t neighbors, double providers) {
  NetworkSettings network;
  network.agents = agents;
  network.neighbors = neighbors;
  PopulationSettings population;
  population.provider_fraction = providers;
  const Recognition recognition =
      recognise(build_network(network, 1, 0), RecognitionSettings{}, 1, 0, Threads::one);
  for (const double ratio : {0.5, 1.0, 2.0}) {
    Amounts amounts = draw_population(population, recognition.recipients(), 1, 0, 0);
    apply_supply_ratio(amounts, ratio);
    compare(fmt::format("N={} k={} providers={} ratio={}", agents, neighbors, providers, ratio),
            flow_case(recognition, amounts));
  }
}

void compare_scenario(const char* file) {
  const Scenario scenario = load_scenario(file, {});
  const Point point = scenario.sweep.point(0);
  const auto recognition = recognition_of(scenario.sweep, point, Threads::one);
  const PopulationSettings& population = point.settings.population;
  Amounts amounts = scenario.sweep.instance->has_amounts()
                        ? scenario.sweep.instance->amounts
                        : draw_population(population, recognition->recipients(),
                                          point.settings.seed, point.network, point.replicate);
  if (population.supply_ratio) apply_supply_ratio(amounts, *population.supply_ratio);
  compare(file, flow_case(*recognition, amounts));
}

}  // namespace

int main(int argc, char** argv) {
  fmt::print("{:<34}{:>12}", "", "p-r µs");
  for (std::size_t i = 1; i < kContenders.size(); ++i) fmt::print("{:>12}", kContenders[i].name);
  fmt::print("{:>12}\n", "p-r ns/edge");
  for (const std::int64_t agents : {100, 1000, 10'000}) {
    compare_meshes(agents, 20, 1.0);
    if (agents < 10'000) compare_meshes(agents, 4, 0.3);
  }
  for (int i = 1; i < argc; ++i) compare_scenario(argv[i]);
}
