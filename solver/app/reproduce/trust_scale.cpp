// Trust among many agents: what attention, noise and tiers do to it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "solver/app/reproduce/study.hpp"
#include "solver/app/reproduce/trust.hpp"

namespace needflow::app {

namespace {

using F = TrustFigures;

constexpr double kAttention = 25.0;  ///< the seed's limit on messages a round
constexpr std::array kNoises = {"0", "0.3"};

struct Column {
  const char* name;
  double F::*figure;
};

void add_columns(const Study& runs, const std::string& name, const Study::Place& place,
                 std::initializer_list<Column> columns, FindingTable& table) {
  for (const Column& column : columns) {
    table.findings.push_back(unasked(fmt::format("{}: {}", name, column.name),
                                     measured(runs.at(place, column.figure)), ""));
  }
}

/// Full meshes of the sizes, an audit probability each.
Study full_meshes(const TrustStudy& study, const std::vector<std::int64_t>& sizes,
                  std::int64_t networks) {
  std::vector<double> audits;
  for (const std::int64_t n : sizes) {
    audits.push_back(std::min(1.0, kAttention / static_cast<double>(n - 1)));
  }
  return {trust_scenario(
              study, fmt::format("kind = \"full_mesh\"\nagents = [{}]\n", fmt::join(sizes, ", ")),
              networks,
              fmt::format("audit = [{}]\naudit_noise = [{}]\n[design]\nzip = "
                          "[[\"network.agents\", \"trust.audit\"]]\n",
                          fmt::join(audits, ", "), fmt::join(kNoises, ", "))),
          ".", study.threads};
}

}  // namespace

FindingTable bounded_attention(const TrustStudy& study) {
  FindingTable table{
      "bounded_attention",
      "Bounded attention (full mesh, each agent audits 25 others a round, episode 8)",
      {},
      {"Audits an agent undergoes do not depend on N, and so the order of agents by trust (AUC) "
       "does not.",
       "But of its N - 1 neighbours ever fewer know it, the others' trust stays at 1/2: the gap "
       "falls as 1/N,",
       "and with it what trust does to allocations."}};
  const auto add = [&](const std::vector<std::int64_t>& sizes, std::int64_t networks) {
    const Study runs = full_meshes(study, sizes, std::min(study.networks, networks));
    for (const char* noise : kNoises) {
      for (const std::int64_t n : sizes) {
        add_columns(runs, fmt::format("N = {}, noise {}", n, noise),
                    {{"agents", fmt::format("{}", n)}, {"audit_noise", noise}},
                    {{"AUC", &F::trust_auc},
                     {"gap", &F::trust_gap},
                     {"variance", &F::trust_variance},
                     {"honest satisfied", &F::satisfied_cooperative},
                     {"deceivers satisfied", &F::satisfied_aggressive}},
                    table);
      }
    }
  };
  for (const char* noise : kNoises) {
    const Study runs = full_meshes(study, {26, 300}, std::min<std::int64_t>(study.networks, 10));
    table.findings.push_back(
        falls(fmt::format("noise {}: gap from N = 26 to N = 300", noise),
              runs.at({{"agents", "26"}, {"audit_noise", noise}}, &F::trust_gap),
              runs.at({{"agents", "300"}, {"audit_noise", noise}}, &F::trust_gap)));
  }
  add({6, 12, 26, 50, 100, 300}, 10);
  if (study.large) add({1000, 2000}, 3);
  return table;
}

FindingTable what_blurs(const TrustStudy& study) {
  const std::array<const char*, 4> noises = {"0.1", "0.3", "1", "3"};
  FindingTable table{
      "what_blurs",
      "What blurs the signal: noise of an audit against the number of audits (episode 8)",
      {},
      {"Audits an agent undergoes in an episode: k times the probability of one.",
       "The same audits give the same AUC at any size and with any number of neighbours: it is "
       "their number",
       "that counts against their noise."}};
  const auto at = [&](std::int64_t agents, std::int64_t k, const std::vector<double>& audits) {
    std::vector<double> probabilities;
    for (const double number : audits) probabilities.push_back(number / static_cast<double>(k));
    const Study runs(
        trust_scenario(study, fmt::format("agents = {}\nneighbors = {}\n", agents, k),
                       std::min<std::int64_t>(study.networks, 10),
                       fmt::format("audit = [{}]\naudit_noise = [{}]\n",
                                   fmt::join(probabilities, ", "), fmt::join(noises, ", "))),
        ".", study.threads);
    for (const char* noise : noises) {
      for (std::size_t i = 0; i < audits.size(); ++i) {
        add_columns(runs,
                    fmt::format("noise {}, audits {}, N = {}, k = {}", noise, audits[i], agents, k),
                    {{"audit", fmt::format("{}", probabilities[i])}, {"audit_noise", noise}},
                    {{"AUC", &F::trust_auc}}, table);
      }
    }
  };
  at(100, 20, {1, 2, 5, 10, 20});
  at(100, 80, {5, 20});
  at(1000, 20, {5, 20});
  return table;
}

FindingTable trust_at_scale(const TrustStudy& study) {
  FindingTable table{"at_scale",
                     "Trust on partial meshes (k = 20, everybody audits its neighbours, episode 8)",
                     {},
                     {"Detection: flags of all episodes; who is flagged is served by nobody for "
                      "three episodes.",
                      "No figure falls with N: what an agent knows of its k neighbours does not "
                      "depend on how many others there are."}};
  const auto add = [&](const char* agents, std::int64_t networks) {
    const std::string network = fmt::format("agents = [{}]\nneighbors = 20\n", agents);
    const std::int64_t count = std::min(study.networks, networks);
    const std::string noises = fmt::format("audit_noise = [{}]\n", fmt::join(kNoises, ", "));
    const Study off(trust_scenario(study, network, count, "gamma = 0\n"), ".", study.threads);
    const Study on(trust_scenario(study, network, count, noises), ".", study.threads);
    const Study found(trust_scenario(study, network, count, noises + "detection = true\n"), ".",
                      study.threads);
    add_columns(off, fmt::format("N = {}, without trust", agents), {},
                {{"honest satisfied", &F::satisfied_cooperative},
                 {"deceivers satisfied", &F::satisfied_aggressive}},
                table);
    for (const char* noise : kNoises) {
      const std::string name = fmt::format("N = {}, noise {}", agents, noise);
      const Study::Place place = {{"audit_noise", noise}};
      add_columns(on, name, place,
                  {{"AUC", &F::trust_auc},
                   {"gap", &F::trust_gap},
                   {"variance", &F::trust_variance},
                   {"honest satisfied", &F::satisfied_cooperative},
                   {"deceivers satisfied", &F::satisfied_aggressive}},
                  table);
      add_columns(found, name + ", detection", place,
                  {{"precision", &F::flag_precision}, {"recall", &F::flag_recall}}, table);
      table.findings.push_back(
          unasked(name + ", detection: first flag", measured(found.first_flags(place)), "episode"));
    }
  };
  add("30", 20);
  add("100", 20);
  add("1000", 10);
  if (study.large) {
    add("10000", 5);
    add("100000", 3);
  }
  return table;
}

FindingTable trust_tiers(const TrustStudy& study) {
  const std::array<const char*, 5> tiers = {"0", "2", "3", "5", "10"};
  FindingTable table{
      "tiers",
      "Trust by tiers in place of pairs (episode 8; tiers 0: pairs)",
      {},
      {"The seed expects +15 % effectiveness at 6 to 8 agents: beside it the change in what the "
       "honest get.",
       "A tier a agent is n numbers and a mean each; who fills the tiers still audits pairs."}};
  const auto add = [&](const std::string& name, const std::string& network, std::int64_t networks) {
    const Study runs(trust_scenario(study, network, std::min(study.networks, networks),
                                    fmt::format("tiers = [{}]\naudit_noise = [{}]\n",
                                                fmt::join(tiers, ", "), fmt::join(kNoises, ", "))),
                     ".", study.threads);
    for (const char* noise : kNoises) {
      for (const char* count : tiers) {
        const Study::Place place = {{"tiers", count}, {"audit_noise", noise}};
        const std::string row = fmt::format("{}, noise {}, tiers {}", name, noise, count);
        add_columns(runs, row, place,
                    {{"honest satisfied", &F::satisfied_cooperative},
                     {"deceivers satisfied", &F::satisfied_aggressive},
                     {"AUC", &F::trust_auc}},
                    table);
        if (std::string(count) == "0") continue;
        const NestedMean gain =
            difference(runs.at({{"tiers", "0"}, {"audit_noise", noise}}, &F::satisfied_cooperative),
                       runs.at(place, &F::satisfied_cooperative))
                .of;
        Finding change = finding(row + ": honest, change", "+15 %", 0.15, 0.005,
                                 fitted(gain.mean, gain.error, gain.freedom, gain.count), "");
        if (name.find("full") == std::string::npos) {
          change.seed.clear();
          change.verdict = Verdict::none;
        }
        table.findings.push_back(change);
      }
    }
  };
  add("N = 7, full mesh", "kind = \"full_mesh\"\nagents = 7\n", 20);
  add("N = 100, k = 20", "agents = 100\nneighbors = 20\n", 20);
  add("N = 1000, k = 20", "agents = 1000\nneighbors = 20\n", 5);
  const auto state = [](double numbers) { return measured(std::array{numbers}); };
  table.findings.push_back(
      unasked("numbers to act on, pairs, N = 1000, k = 20", state(20'000), ""));
  table.findings.push_back(ruled_out(finding("numbers to act on, 5 tiers, N = 1000", "O(log n)",
                                             std::nan(""), 0, state(1'005), ""),
                                     "which tier each of n agents is in takes n numbers"));
  return table;
}

}  // namespace needflow::app
