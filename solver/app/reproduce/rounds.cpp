// Whether rounds come to rest, when, and what would make the literal rule rest.
#include "solver/app/reproduce/rounds.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <filesystem>

#include "solver/app/reproduce/study.hpp"

namespace needflow::app {

namespace {

constexpr std::array kSettlements = {"stock", "stream", "reallocate"};
constexpr const char* kTypical = "5-10";

/// The mesh that most tables are about, as the beginning of a scenario.
std::string mesh_text(const RoundsStudy& study, const std::string& agents,
                      const std::string& neighbors, std::int64_t networks,
                      std::int64_t replicates) {
  return fmt::format(
      "seed = {}\n[network]\nagents = {}\nneighbors = {}\ncount = {}\n[population]\nreplicates = "
      "{}\n",
      study.seed, agents, neighbors, networks, replicates);
}

void add_rest(const Study& runs, const std::string& name, const Study::Place& place,
              FindingTable& table) {
  table.findings.push_back(throughout(name + ": at rest", "100 %", 100, 100,
                                      measured(runs.at(place, rest_percent)), "%"));
  table.findings.push_back(within(name + ": rounds to rest", kTypical, 5, 10,
                                  measured(runs.at(place, rounds_to_rest)), ""));
}

}  // namespace

FindingTable convergence(const RoundsStudy& study) {
  const std::array supplies = {"0.25", "0.5", "1", "2", "4"};
  const Study runs(mesh_text(study, "100", "20", study.networks, 4) +
                       fmt::format("supply_ratio = [{}]\n[round]\nsettlement = {}\n",
                                   fmt::join(supplies, ", "), kSettlements),
                   ".", study.threads);
  FindingTable table{
      "convergence", "Convergence (N = 100, k = 20): all runs, in 5 to 10 rounds", {}, {}};
  for (const char* settlement : kSettlements) {
    for (const char* supply : supplies) {
      add_rest(runs, fmt::format("{}, supply {}", settlement, supply),
               {{"settlement", settlement}, {"supply_ratio", supply}}, table);
    }
  }
  table.remarks = {
      "At rest: needs met, or no amount moves any more. Rounds are those of runs that come to "
      "rest.",
      "Resting is no proof of a good end: a used-up stock rests with needs unmet."};
  return table;
}

FindingTable convergence_by_size(const RoundsStudy& study) {
  std::vector<std::string> sizes = {"30", "100", "300", "1000"};
  if (study.large) sizes.insert(sizes.end(), {"10000", "100000"});
  const Study runs(mesh_text(study, fmt::format("[{}]", fmt::join(sizes, ", ")), "20",
                             std::min<std::int64_t>(study.networks, 5), 2) +
                       fmt::format("[round]\nsettlement = {}\n", kSettlements),
                   ".", study.threads);
  FindingTable table{"convergence_by_size",
                     "Convergence over size (k = 20, supply ratio 1)",
                     {},
                     {"Sizes have five networks of two draws each at most."}};
  for (const char* settlement : kSettlements) {
    for (const std::string& size : sizes) {
      add_rest(runs, fmt::format("{}, N = {}", settlement, size),
               {{"settlement", settlement}, {"agents", size}}, table);
    }
  }
  return table;
}

FindingTable what_brings_rest(const RoundsStudy& study) {
  const std::array supplies = {"0.5", "1", "2"};
  const std::array relaxations = {"1", "0.5", "0.2", "0.05"};
  const Study runs(
      mesh_text(study, "100", "20", study.networks, 2) +
          fmt::format("supply_ratio = [{}]\n[round]\nsettlement = \"reallocate\"\ndamping = "
                      "[\"none\", \"adaptive\"]\ncap = [\"none\", \"active_need\"]\nrelaxation = "
                      "[{}]\nacceleration = [\"none\", \"anderson\"]\n",
                      fmt::join(supplies, ", "), fmt::join(relaxations, ", ")),
      ".", study.threads);
  FindingTable table{
      "what_brings_rest",
      "What brings the literal rule to rest (reallocate, N = 100, k = 20)",
      {},
      {"Plain: y moves by omega of the way to what is received; anderson mixes the "
       "last three steps in.",
       "Limit 200 rounds. Damping none and adaptive differ through history alone.",
       "With omega < 1 rest may be a plateau: the stop rule (M2) looks at x and d, "
       "and where all",
       "needs are met both stand still while y decays towards needs that open again."}};
  for (const char* cap : {"none", "active_need"}) {
    for (const char* acceleration : {"none", "anderson"}) {
      for (const char* damping : {"none", "adaptive"}) {
        for (const char* relaxation : relaxations) {
          for (const char* supply : supplies) {
            const Study::Place place = {{"cap", cap},
                                        {"acceleration", acceleration},
                                        {"damping", damping},
                                        {"relaxation", relaxation},
                                        {"supply_ratio", supply}};
            const std::string name =
                fmt::format("cap {}, {}, damping {}, omega {}, supply {}", cap,
                            std::string(acceleration) == "none" ? "plain" : acceleration, damping,
                            relaxation, supply);
            table.findings.push_back(
                unasked(name + ": at rest", measured(runs.at(place, rest_percent)), "%"));
            const Measured rounds = measured(runs.at(place, rounds_to_rest));
            if (rounds.count > 0) table.findings.push_back(unasked(name + ": rounds", rounds, ""));
          }
        }
      }
    }
  }
  return table;
}

FindingTable cycle_share(const RoundsStudy& study) {
  const std::array supplies = {"0.25", "0.5", "0.8", "1", "1.25", "2", "4"};
  const std::array neighbors = {"2", "4", "8", "12", "20", "40"};
  const Study runs(
      mesh_text(study, "100", fmt::format("[{}]", fmt::join(neighbors, ", ")), study.networks, 2) +
          fmt::format("supply_ratio = [{}]\n[round]\nsettlement = \"reallocate\"\n",
                      fmt::join(supplies, ", ")),
      ".", study.threads);
  FindingTable table{"cycle_share",
                     "Runs of the literal rule that end in a cycle, by supply and k (N = 100)",
                     {},
                     {"The rest mostly meets the limit of 200 rounds without repeating itself."}};
  for (const char* supply : supplies) {
    for (const char* k : neighbors) {
      table.findings.push_back(unasked(
          fmt::format("supply {}, k = {}", supply, k),
          measured(runs.at({{"supply_ratio", supply}, {"neighbors", k}}, cycle_percent)), "%"));
    }
  }
  return table;
}

FindingTable real_data(const RoundsStudy& study) {
  struct Instance {
    const char* name;
    const char* text;
  };
  FindingTable table{"real_data", "Real data: the three settlements, supply as it is", {}, {}};
  for (const Instance& instance :
       {Instance{"aid 2022",
                 "[instance]\nproviders = \"aid2022/providers.csv\"\nrecipients = "
                 "\"aid2022/recipients.csv\"\nedges = \"aid2022/edges.csv\"\n"},
        Instance{"trade 2006",
                 "[instance]\nagents = \"trade2006/agents.csv\"\nedges = "
                 "\"trade2006/edges.csv\"\n"},
        Instance{"Bitcoin OTC",
                 "[instance]\nratings = \"bitcoin_otc/ratings.csv.gz\"\n[population]\nreplicates "
                 "= 4\n"}}) {
    if (!std::filesystem::is_directory(study.data)) continue;
    const Study runs(fmt::format("seed = {}\n{}[round]\nsettlement = {}\n", study.seed,
                                 instance.text, kSettlements),
                     study.data, study.threads);
    for (const char* settlement : kSettlements) {
      const std::string name = fmt::format("{}, {}", instance.name, settlement);
      add_rest(runs, name, {{"settlement", settlement}}, table);
      table.findings.push_back(
          unasked(name + ": satisfied",
                  measured(runs.at({{"settlement", settlement}}, satisfied_percent)), "%"));
    }
  }
  if (table.findings.empty()) {
    table.remarks = {
        fmt::format("There is no folder {} with the instances; --data names it.", study.data)};
  }
  return table;
}

}  // namespace needflow::app
