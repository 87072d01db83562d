// Whom which strategy pays: deceivers who always exaggerate beside those who do so only after they
// went short (M6), with little supply and ample, without trust and with trust of several strengths.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "solver/app/reproduce/study.hpp"
#include "solver/app/reproduce/trust.hpp"

namespace needflow::app {

namespace {

using F = TrustFigures;

constexpr std::array kSupplies = {"0.7", "1", "1.3"};
constexpr std::array kGammas = {"0", "1", "2"};

/// Three of ten agents deceive, in one way.
struct Crowd {
  const char* name;
  const char* aggressive;
  const char* strategic;
  double F::*satisfied;
};
constexpr Crowd kCrowds[] = {{"aggressive", "0.3", "0", &F::satisfied_aggressive},
                             {"strategic", "0", "0.3", &F::satisfied_strategic}};

Study one_crowd(const TrustStudy& study, const Crowd& crowd) {
  return {fmt::format("seed = {}\n[network]\nagents = 100\nneighbors = 20\ncount = {}\n"
                      "[population]\nreplicates = 2\nsupply_ratio = [{}]\nepisodes = 8\n"
                      "[strategies]\naggressive_fraction = {}\nstrategic_fraction = {}\n"
                      "bias = 1\n[trust]\nmode = \"on\"\ngamma = [{}]\n",
                      study.seed, std::min<std::int64_t>(study.networks, 20),
                      fmt::join(kSupplies, ", "), crowd.aggressive, crowd.strategic,
                      fmt::join(kGammas, ", ")),
          ".", study.threads};
}

void add_rows(const std::string& name, const Study& runs, const Study::Place& place,
              const Crowd& crowd, FindingTable& table) {
  const auto add = [&](const char* what, double F::*figure) {
    table.findings.push_back(unasked(name + ": " + what, measured(runs.at(place, figure)), ""));
  };
  add("honest satisfied", &F::satisfied_cooperative);
  add("deceivers satisfied", crowd.satisfied);
  add("gain of deceiving", &F::deception_gain);
  add("AUC", &F::trust_auc);
}

}  // namespace

FindingTable whom_strategy_pays(const TrustStudy& study) {
  FindingTable table{
      "strategies",
      "What each strategy gains (N = 100, k = 20, 3 of 10 deceive with bias 1, episode 8)",
      {},
      {"Aggressive ones always claim twice their need, strategic ones half as much again, and only "
       "after an episode that left them short.",
       "γ = 0: weights as without trust. Gain: what deceivers get of their need less what the "
       "honest get.",
       "Where supply is ample nobody gains: strategic ones then have no cause to exaggerate, and "
       "trust cannot tell them from the honest (AUC 0.5).",
       "The seed names the three strategies and claims nothing of what each gains."}};
  for (const Crowd& crowd : kCrowds) {
    const Study runs = one_crowd(study, crowd);
    for (const char* supply : kSupplies) {
      for (const char* gamma : kGammas) {
        add_rows(fmt::format("{}, supply {}, γ = {}", crowd.name, supply, gamma), runs,
                 {{"supply_ratio", supply}, {"gamma", gamma}}, crowd, table);
      }
    }
  }
  return table;
}

}  // namespace needflow::app
