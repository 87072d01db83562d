// M10. Expected values come from the definition: bottlenecks whose value can be read off.
#include "solver/optimum.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/random.hpp"
#include "solver/optimum_units.hpp"
#include "solver/population.hpp"
#include "solver/recognition.hpp"

using namespace needflow;

namespace {

/// Providers' rows of recipients, with amounts.
struct Case {
  std::vector<std::vector<Index>> rows;
  std::vector<double> need;
  std::vector<double> capacity;

  [[nodiscard]] CsrMatrix matrix() const {
    CsrMatrix matrix;
    matrix.column_count = need.size();
    for (const auto& row : rows) {
      matrix.columns.insert(matrix.columns.end(), row.begin(), row.end());
      matrix.offsets.push_back(static_cast<Offset>(matrix.columns.size()));
    }
    return matrix;
  }
};

double max_flow_of(const Case& c) {
  const CsrMatrix matrix = c.matrix();
  return max_flow_amount({matrix.view(), c.need, c.capacity});
}

Optimum optimum_of(const Case& c) {
  const CsrMatrix matrix = c.matrix();
  return find_optimum({matrix.view(), c.need, c.capacity});
}

std::vector<double> shares_of(const Case& c) {
  const CsrMatrix matrix = c.matrix();
  return fairest_optimum({matrix.view(), c.need, c.capacity}).share;
}

struct MeshCase {
  Recognition recognition;
  Amounts amounts;

  [[nodiscard]] StockProblem problem() const {
    return {recognition.by_provider(), amounts.need[0], amounts.capacity[0]};
  }
};

MeshCase mesh_case(std::int64_t agents, std::int64_t neighbors, double providers, double ratio) {
  NetworkSettings network;
  network.agents = agents;
  network.neighbors = neighbors;
  PopulationSettings population;
  population.provider_fraction = providers;
  MeshCase result{
      recognise(build_network(network, 1, 0), RecognitionSettings{}, 1, 0, Threads::one),
      draw_population(population, static_cast<std::size_t>(agents), 1, 0, 0)};
  apply_supply_ratio(result.amounts, ratio);
  return result;
}

/// Three providers, three recipients; recipient 2 hangs on provider 2 alone.
struct SmallTransport {
  std::vector<Offset> offsets{0, 2, 4, 5};
  std::vector<Index> columns{0, 1, 0, 1, 2};
  std::vector<Units> supply{5, 5, 1};
  std::vector<Units> demand{4, 4, 6};
  [[nodiscard]] Transport get() const { return {offsets, columns, supply, demand}; }
};

}  // namespace

TEST_CASE("a bottleneck of known value is the maximum flow") {
  // Ten units of need behind a provider of 3, beside a provider of 50 with a need of 7.
  CHECK(max_flow_of({{{0, 1}, {2}}, {6.0, 4.0, 7.0}, {3.0, 50.0}}) == 10.0);
}

TEST_CASE("what one provider gives away makes room for another") {
  // Provider 0 reaches both, provider 1 only recipient 0: all 20 flow only if 0 leaves 0 to 1.
  CHECK(max_flow_of({{{0, 1}, {0}}, {10.0, 10.0}, {10.0, 10.0}}) == 20.0);
}

TEST_CASE("a maximum flow that giving in proportion misses is found") {
  // The first provider's half for recipient 1 leaves provider 1's half without a taker.
  const Case c{{{0, 1}, {1, 2}, {2}}, {4.0, 4.0, 4.0}, {4.0, 4.0, 4.0}};
  CHECK(max_flow_of(c) == 12.0);
}

TEST_CASE("nothing to give or nobody in need makes a maximum of 0 and an efficiency of 1") {
  const Case nothing{{{0, 1}, {0}}, {10.0, 10.0}, {0.0, 0.0}};
  const Case nobody{{{0, 1}, {0}}, {0.0, 0.0}, {10.0, 10.0}};
  const Case apart{{{}, {}}, {10.0, 10.0}, {10.0, 10.0}};
  for (const Case& c : {nothing, nobody, apart}) {
    const Optimum optimum = optimum_of(c);
    CHECK(optimum.max_flow == 0.0);
    CHECK(efficiency(0.0, optimum) == 1.0);
    CHECK(efficiency(1.0, optimum) == 1.0);
  }
  CHECK(optimum_of(nobody).fairest_jain == 1.0);
  CHECK(optimum_of(nobody).fairest_min == 1.0);
  CHECK(optimum_of(nothing).fairest_jain == 1.0);  // M3: all have the same, nothing
  CHECK(optimum_of(nothing).fairest_min == 0.0);
}

TEST_CASE("efficiency is what was satisfied over the maximum flow") {
  Optimum optimum;
  optimum.total_need = 200.0;
  optimum.max_flow = 100.0;
  CHECK(efficiency(0.25, optimum) == 0.5);
  CHECK(efficiency(0.5 + 1e-12, optimum) == 1.0);           // rounding alone
  CHECK(efficiency(0.6, optimum) == doctest::Approx(1.2));  // a mistake is not hidden
}

TEST_CASE("amounts scale: the maximum flow of c times everything is c times the maximum flow") {
  MeshCase c = mesh_case(60, 4, 0.4, 1.0);
  const double before = max_flow_amount(c.problem());
  for (auto* amounts : {&c.amounts.need[0], &c.amounts.capacity[0]}) {
    for (double& amount : *amounts) amount *= 0x1p300;
  }
  CHECK(max_flow_amount(c.problem()) == before * 0x1p300);
}

TEST_CASE("a huge capacity beside small needs does not cost digits") {
  // Bounded by what it can meet, 1e100 is 7: otherwise a unit would be 1e82.
  CHECK(max_flow_of({{{0, 1}, {1, 2}}, {3.0, 4.0, 0.125}, {1e100, 0.0625}}) == 7.0625);
}

TEST_CASE("a factor on capacities is the same as scaled capacities") {
  MeshCase c = mesh_case(60, 4, 0.4, 1.0);
  StockProblem problem = c.problem();
  problem.capacity_factor = 0.3;
  const double by_factor = max_flow_amount(problem);
  for (double& amount : c.amounts.capacity[0]) amount *= 0.3;
  CHECK(max_flow_amount(c.problem()) == by_factor);
}

TEST_CASE("a maximum flow on meshes is proven, scarce or ample, with few providers or many") {
  for (const double ratio : {0.3, 0.9, 1.0, 1.1, 3.0}) {
    for (const double providers : {0.2, 0.5, 1.0}) {
      const MeshCase c = mesh_case(120, 4, providers, ratio);
      const double value = max_flow_amount(c.problem());  // throws where it is not
      double need = 0.0;
      double capacity = 0.0;
      for (const double n : c.amounts.need[0]) need += n;
      for (const double n : c.amounts.capacity[0]) capacity += n;
      CHECK(value > 0.0);
      CHECK(value <= std::min(need, capacity) * (1.0 + 1e-12));
    }
  }
}

TEST_CASE("the certificate of a maximum flow holds and an altered flow fails it") {
  const SmallTransport small;
  const MaxFlow flow = max_flow(small.get());
  CHECK(flow.value == 9);
  CHECK(certificate_problem(small.get(), flow).empty());
  for (std::size_t e = 0; e < flow.given.size(); ++e) {
    for (const Units change : {Units{-1}, Units{1}}) {
      MaxFlow altered = flow;
      altered.given[e] += change;
      CHECK_FALSE(certificate_problem(small.get(), altered).empty());
      altered.value += change;  // and one that says so
      CHECK_FALSE(certificate_problem(small.get(), altered).empty());
    }
  }
}

TEST_CASE("a flow that is possible but smaller fails the certificate") {
  const SmallTransport small;
  MaxFlow flow = max_flow(small.get());
  flow.given[4] = 0;
  flow.value = 8;
  CHECK(certificate_problem(small.get(), flow) == "8 units flow, the cut lets 9 pass");
}

TEST_CASE("an altered cut fails the certificate") {
  const SmallTransport small;
  const MaxFlow flow = max_flow(small.get());
  for (std::size_t p = 0; p < flow.near_providers.size(); ++p) {
    MaxFlow altered = flow;
    altered.near_providers[p] ^= 1U;
    CHECK_FALSE(certificate_problem(small.get(), altered).empty());
  }
  for (std::size_t r = 0; r < flow.near_recipients.size(); ++r) {
    MaxFlow altered = flow;
    altered.near_recipients[r] ^= 1U;
    CHECK_FALSE(certificate_problem(small.get(), altered).empty());
  }
  MaxFlow short_cut = flow;
  short_cut.near_recipients.pop_back();
  CHECK(certificate_problem(small.get(), short_cut) == "the flow is of another network");
}

TEST_CASE("amounts that would overflow a sum do not pass the certificate") {
  SmallTransport small;
  MaxFlow flow = max_flow(small.get());
  flow.given[0] = std::numeric_limits<Units>::max();
  CHECK_FALSE(certificate_problem(small.get(), flow).empty());
}

TEST_CASE("the fairest optimum of one provider gives everybody the same share") {
  const std::vector<double> shares = shares_of({{{0, 1, 2}}, {10.0, 20.0, 50.0}, {20.0}});
  for (const double share : shares) CHECK(share == doctest::Approx(0.25).epsilon(1e-15));
}

TEST_CASE("the fairest optimum has a level for each bottleneck") {
  // Provider 0 alone serves recipient 0: 2 of 10. The rest have 9 for 10 + 5: 0.6 each. Recipient 3
  // has more than it needs.
  const Case c{{{0}, {0, 1, 2}, {2}, {3}}, {20.0, 10.0, 5.0, 1.0}, {2.0, 13.0, 0.5, 9.0}};
  // Together recipients 0 to 2 have 15.5 for 35; recipient 2's own provider has less than that.
  const std::vector<double> shares = shares_of(c);
  for (std::size_t r = 0; r < 3; ++r) CHECK(shares[r] == doctest::Approx(15.5 / 35.0));
  CHECK(shares[3] == 1.0);
  const Case apart{{{0}, {1, 2}, {2}, {3}}, {20.0, 10.0, 5.0, 1.0}, {2.0, 6.0, 4.5, 9.0}};
  const std::vector<double> levels = shares_of(apart);
  CHECK(levels[0] == doctest::Approx(0.1));
  CHECK(levels[1] == doctest::Approx(0.6));
  CHECK(levels[2] == doctest::Approx(0.9));
  CHECK(levels[3] == 1.0);
}

TEST_CASE("whoever no provider reaches has a share of 0, and whoever needs nothing one of 1") {
  const std::vector<double> shares = shares_of({{{0}, {0}}, {4.0, 3.0, 0.0}, {1.0, 2.0}});
  CHECK(shares == std::vector<double>{0.75, 0.0, 1.0});
}

TEST_CASE("the fairest optimum satisfies as much as the maximum flow") {
  for (const double ratio : {0.4, 1.0, 1.6}) {
    const MeshCase c = mesh_case(150, 4, 0.3, ratio);
    const FairestOptimum fairest = fairest_optimum(c.problem());
    double satisfied = 0.0;
    for (std::size_t r = 0; r < fairest.share.size(); ++r) {
      satisfied += fairest.share[r] * c.amounts.need[0][r];
    }
    CHECK(satisfied == doctest::Approx(max_flow_amount(c.problem())).epsilon(1e-12));
    CHECK(fairest.levels > 1);
    CHECK(fairest.flows <= 2 * fairest.levels + 1);
  }
}

TEST_CASE("an allocation that is not the fairest is found out") {
  // Two recipients of one provider of 10, each in need of 10^6 units.
  const std::vector<Offset> offsets{0, 2};
  const std::vector<Index> columns{0, 1};
  const std::vector<Units> supply{1'000'000};
  const std::vector<Units> demand{1'000'000, 1'000'000};
  const Transport transport{offsets, columns, supply, demand};
  CHECK(fairness_problem(transport, std::vector<Units>{500'000, 500'000}).empty());
  CHECK(fairness_problem(transport, std::vector<Units>{500'001, 499'999}).empty());  // rounding
  CHECK_FALSE(fairness_problem(transport, std::vector<Units>{500'100, 499'900}).empty());
  CHECK_FALSE(fairness_problem(transport, std::vector<Units>{499'000, 499'000}).empty());
  CHECK_FALSE(fairness_problem(transport, std::vector<Units>{500'001, 500'000}).empty());
  CHECK_FALSE(fairness_problem(transport, std::vector<Units>{-1, 500'000}).empty());
}
