// The records of [output]: what a sweep keeps and computes beside its runs.
#include "io/option_setters.hpp"

namespace needflow {

namespace {

Option option(const char* name, OptionType type, Words words, Value fallback, unsigned applies,
              const char* help) {
  return {"output", name, type, "", {}, std::move(words), std::move(fallback), applies, help, {}};
}

}  // namespace

void add_output_options(std::vector<Option>& table) {
  const Words wishes = {"auto", "on", "off"};
  table.push_back(option("traces", OptionType::boolean, {}, false, kAlways,
                         "Keep every round of every point (group trace)."));
  table.push_back(option("agents", OptionType::boolean, {}, false, kAlways,
                         "Keep the final state of every agent of every point (group agents)."));
  table.push_back(
      option("network_metrics", OptionType::word, {"auto", "exact", "none"}, std::string("auto"),
             kGenerated,
             "Diameter, paths, clustering of each network: \"auto\" measures all of it up to "
             "2,000 agents and a sample above, \"exact\" all of it whatever it costs. A run over "
             "ranks builds a network that is measured whole on its first rank."));
  table.push_back(
      option("optimum", OptionType::word, wishes, std::string("auto"), kAlways,
             "The most need that any allocation of the stock could satisfy (max_flow) and what the "
             "run satisfies of it (efficiency): \"auto\" computes it up to 1,048,576 stored edges, "
             "summed over all points and types of the scenario, \"on\" whatever it costs."));
  table.push_back(option(
      "fairest", OptionType::word, wishes, std::string("auto"), kAlways,
      "Fairness of the fairest allocation that satisfies so much (fairest_jain, fairest_min): "
      "\"auto\" computes it up to 65,536 stored edges in all, \"on\" whatever it costs."));
}

}  // namespace needflow
