// Trust among few agents, seed 000's range: how far it tells agents apart, and what it costs.
#include "solver/app/reproduce/trust.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "solver/app/reproduce/study.hpp"

namespace needflow::app {

namespace {

constexpr std::array kNoises = {"0", "0.3", "1"};
constexpr std::array kFew = {"3", "4", "5", "6", "7", "8", "9", "10", "11", "12"};

std::string name_of(const std::string& agents, const std::string& noise, const char* what) {
  return fmt::format("N = {}, noise {}: {}", agents, noise, what);
}

Study few_agents(const TrustStudy& study) {
  return {trust_scenario(
              study, fmt::format("kind = \"full_mesh\"\nagents = [{}]\n", fmt::join(kFew, ", ")),
              study.networks, fmt::format("audit_noise = [{}]\n", fmt::join(kNoises, ", "))),
          ".", study.threads};
}

double edges_of(const Outcome& run) { return static_cast<double>(run.network_edges); }

}  // namespace

Finding falls(std::string quantity, const NestedValues& from, const NestedValues& to) {
  const NestedMean change = difference(from, to).of;
  Finding made = unasked(std::move(quantity),
                         fitted(change.mean, change.error, change.freedom, change.count), "");
  made.seed = "falls";
  made.verdict = made.ours.high < 0.0 ? Verdict::agrees : Verdict::differs;
  return made;
}

std::string trust_scenario(const TrustStudy& study, const std::string& network,
                           std::int64_t networks, const std::string& trust) {
  return fmt::format(
      "seed = {}\n[network]\n{}count = {}\n[population]\nreplicates = 2\nsupply_ratio = 0.7\n"
      "episodes = 8\n[strategies]\naggressive_fraction = 0.3\nbias = 0.5\n[trust]\nmode = "
      "\"on\"\n{}",
      study.seed, network, networks, trust);
}

FindingTable trust_variance(const TrustStudy& study) {
  constexpr std::array kSeed = {0.52, 0.48, 0.44, 0.38, 0.34};
  const Study runs = few_agents(study);
  FindingTable table{
      "variance",
      "Trust differentiation variance (full mesh, 3 of 10 exaggerate by half, episode 8)",
      {},
      {"Variance over agents of the mean trust they receive.",
       "An audit sees 1/3 of a deceiver's claim as exaggerated, so trust differs by at most 1/3."}};
  for (const char* noise : kNoises) {
    for (std::size_t i = 0; i < kFew.size(); ++i) {
      const Study::Place place = {{"agents", kFew[i]}, {"audit_noise", noise}};
      const std::string name = name_of(kFew[i], noise, "variance");
      const Measured ours = measured(runs.at(place, &TrustFigures::trust_variance));
      table.findings.push_back(
          i < kSeed.size()
              ? ruled_out(finding(name, fmt::format("{}", kSeed[i]), kSeed[i], 0.005, ours, ""),
                          "no numbers in [0, 1] have a variance above 1/4")
              : unasked(name, ours, ""));
    }
    table.findings.push_back(
        falls(fmt::format("noise {}: from N = 3 to N = 7", noise),
              runs.at({{"agents", "3"}, {"audit_noise", noise}}, &TrustFigures::trust_variance),
              runs.at({{"agents", "7"}, {"audit_noise", noise}}, &TrustFigures::trust_variance)));
    table.findings.back().reason =
        "of 3 agents 1 deceives, of 7 agents 2, and shares of 1/3 and 2/7 differ in variance: at "
        "N = 9 it is back";
  }
  return table;
}

FindingTable trust_relationships(const TrustStudy& study) {
  const Study full(fmt::format("seed = {}\n[network]\nkind = \"full_mesh\"\nagents = [3, 4, 5, 6, "
                               "7, 100, 1000]\n",
                               study.seed),
                   ".", study.threads);
  const Study mesh(
      fmt::format("seed = {}\n[network]\nagents = [100, 1000]\nneighbors = 20\n", study.seed), ".",
      study.threads);
  const auto pairs = [](const Study& runs, const char* agents) {
    return runs.at({{"agents", agents}}, edges_of).front().front();
  };
  FindingTable table{"relationships", "Trust relationships and updates", {}, {}};
  for (const char* agents : {"3", "4", "5", "6", "7"}) {
    const double n = std::stod(agents);
    table.findings.push_back(finding(fmt::format("N = {}, full mesh: pairs", agents),
                                     fmt::format("{}", n * (n - 1.0) / 2.0), n * (n - 1.0) / 2.0, 0,
                                     measured(std::array{pairs(full, agents)}), ""));
  }
  const auto growth = [&](const Study& runs) {
    return measured(std::array{std::log10(pairs(runs, "1000") / pairs(runs, "100"))});
  };
  table.findings.push_back(finding("full mesh: exponent of updates a round, N = 100 to 1000",
                                   "O(n²)", 2.0, 0.05, growth(full), ""));
  table.findings.push_back(finding("k = 20: exponent of updates a round, N = 100 to 1000", "O(n²)",
                                   2.0, 0.05, growth(mesh), ""));
  table.findings.back().reason =
      "who is linked to k others updates k numbers: O(n k) in all, whatever n is";
  table.findings.push_back(finding("full mesh, N = 1000: updates an agent", "O(n)", 999, 0,
                                   measured(std::array{pairs(full, "1000") / 500.0}), ""));
  table.findings.push_back(unasked("k = 20, N = 1000: updates an agent",
                                   measured(std::array{pairs(mesh, "1000") / 500.0}), ""));
  return table;
}

FindingTable signal_by_size(const TrustStudy& study) {
  const Study runs = few_agents(study);
  FindingTable table{"signal_by_size",
                     "Trust signal by size (full mesh, everybody audits everybody, episode 8)",
                     {},
                     {"The seed: clear up to 5, noisy from 9, breakdown above 12.",
                      "AUC: the chance that an honest agent receives more trust than a deceiver.",
                      "Gap: mean trust received by the honest less that of deceivers."}};
  for (const char* noise : kNoises) {
    for (const char* agents : kFew) {
      const Study::Place place = {{"agents", agents}, {"audit_noise", noise}};
      table.findings.push_back(unasked(name_of(agents, noise, "AUC"),
                                       measured(runs.at(place, &TrustFigures::trust_auc)), ""));
      table.findings.push_back(unasked(name_of(agents, noise, "gap"),
                                       measured(runs.at(place, &TrustFigures::trust_gap)), ""));
    }
    for (const auto& [from, to] : {std::pair{"3", "9"}, std::pair{"5", "12"}}) {
      table.findings.push_back(
          falls(fmt::format("noise {}: AUC from N = {} to N = {}", noise, from, to),
                runs.at({{"agents", from}, {"audit_noise", noise}}, &TrustFigures::trust_auc),
                runs.at({{"agents", to}, {"audit_noise", noise}}, &TrustFigures::trust_auc)));
      table.findings.back().reason =
          "more agents are more auditors of each: their noise averages out";
    }
  }
  return table;
}

}  // namespace needflow::app
