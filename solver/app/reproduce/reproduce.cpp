// needflow reproduce: what the seeds claim, beside what is measured, with a verdict a figure.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <system_error>
#include <vector>

#include "io/processors.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/reproduce/finding_tables.hpp"
#include "solver/app/reproduce/mesh.hpp"
#include "solver/app/reproduce/rounds.hpp"
#include "solver/app/reproduce/trust.hpp"
#include "solver/error.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

struct ReproduceOptions {
  std::string topic = "mesh";
  std::string folder;
  bool overwrite = false;
  bool quick = false;
  bool quiet = false;
  int threads = 0;
  MeshStudy study;
  std::string data = "data";
};

using Tables = std::function<std::vector<FindingTable>()>;

std::vector<Tables> mesh_topic(const MeshStudy& study, int threads) {
  const auto one = [&study](FindingTable (*table)(const MeshStudy&)) {
    return [&study, table] { return std::vector<FindingTable>{table(study)}; };
  };
  return {
      one(graph_properties),    one(degree_distribution),
      one(connection_scaling),  one(hop_distribution),
      one(topology_comparison), one(links_an_agent),
      one(routing_efficiency),  [&study, threads] { return neighbors_by_size(study, threads); }};
}

std::vector<Tables> rounds_topic(const RoundsStudy& study) {
  std::vector<Tables> topic;
  for (FindingTable (*table)(const RoundsStudy&) :
       {convergence, convergence_by_size, contraction, what_brings_rest, cycle_share, nash, privacy,
        optimum, message_counts, self_healing, real_data}) {
    topic.emplace_back([&study, table] { return std::vector<FindingTable>{table(study)}; });
  }
  return topic;
}

std::vector<Tables> trust_topic(const TrustStudy& study) {
  std::vector<Tables> topic;
  for (FindingTable (*table)(const TrustStudy&) :
       {trust_variance, trust_relationships, signal_by_size, bounded_attention, what_blurs,
        trust_at_scale, trust_tiers, whom_strategy_pays, ratings_as_trust}) {
    topic.emplace_back([&study, table] { return std::vector<FindingTable>{table(study)}; });
  }
  return topic;
}

void write_table(const ReproduceOptions& options, const FindingTable& table) {
  const std::filesystem::path path =
      std::filesystem::path(options.folder) / (options.topic + "_" + table.name + ".csv");
  AtomicFile file(path, options.overwrite ? IfExists::kReplace : IfExists::kRefuse);
  file.write(findings_csv(table));
  file.publish();
}

void make_folder(const std::string& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) throw IoError(fmt::format("cannot make folder {}: {}", folder, problem.message()));
}

void count_verdicts(const std::vector<Finding>& findings, std::array<int, 4>& counts) {
  for (const Finding& row : findings) ++counts[static_cast<std::size_t>(row.verdict)];
}

int reproduce(const Context& context, const ReproduceOptions& options) {
  if (options.topic != "mesh" && options.topic != "rounds" && options.topic != "trust") {
    throw ScenarioError(
        fmt::format("topic {} is not one that can be reproduced; expected mesh, rounds or trust",
                    options.topic));
  }
  if (!options.folder.empty()) make_folder(options.folder);
  const int threads = options.threads > 0 ? options.threads : usable_processors().count;
  MeshStudy study = options.study;
  study.large = !options.quick;
  const RoundsStudy rounds{study.networks, study.seed, study.large, options.data, threads};
  const TrustStudy trust{study.networks, study.seed, study.large, options.data, threads};
  watch_interrupts();
  std::array<int, 4> counts{};
  const std::vector<Tables> topic = options.topic == "mesh"     ? mesh_topic(study, threads)
                                    : options.topic == "rounds" ? rounds_topic(rounds)
                                                                : trust_topic(trust);
  for (const Tables& make : topic) {
    if (interrupted()) throw Interrupted{};
    std::vector<FindingTable> tables;
    run_in_arena(threads, [&] { tables = make(); });
    for (const FindingTable& table : tables) {
      count_verdicts(table.findings, counts);
      if (!options.quiet) print_findings(table, context.out);
      if (!options.folder.empty()) write_table(options, table);
    }
  }
  const auto count = [&counts](Verdict verdict) {
    return counts[static_cast<std::size_t>(verdict)];
  };
  if (!options.quiet) {
    context.out << "measured: mean ± half its 95 % interval [least … most]\n";
    context.out << fmt::format("{} figures of the seed agree, {} differ, {} cannot be\n",
                               count(Verdict::agrees), count(Verdict::differs),
                               count(Verdict::cannot_be));
    if (!options.folder.empty()) context.out << fmt::format("tables in {}\n", options.folder);
  }
  return kDone;
}

}  // namespace

Command add_reproduce(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "reproduce", "Measure what the seeds claim: their value, ours with its spread, a verdict");
  command->footer(
      "Topics: mesh (seed 003: graph, degrees, scaling, hops, topologies, routing, optimal k)\n"
      "        rounds (seed 002: convergence, contraction, Nash, privacy, optimum, messages)\n"
      "        trust (seed 000: differentiation, signal by size, noise and audits, tiers,\n"
      "              strategies)\n"
      "Examples:\n"
      "  needflow reproduce mesh\n"
      "  needflow reproduce mesh -o tables --networks 100\n"
      "  needflow reproduce rounds --quick\n"
      "  needflow reproduce trust --quick");
  const auto options = std::make_shared<ReproduceOptions>();
  command->add_option("TOPIC", options->topic,
                      "What to reproduce: mesh (default), rounds or trust");
  command->add_option("-o,--output", options->folder, "Folder for the tables as CSV");
  command->add_flag("--overwrite", options->overwrite, "Replace tables that exist");
  command
      ->add_option("--networks", options->study.networks,
                   "Independent networks a figure (default 20)")
      ->check(CLI::Range(std::int64_t{2}, std::int64_t{100'000}));
  command->add_option("--seed", options->study.seed, "Seed of all draws (default 1)");
  command->add_option("--threads", options->threads, "Threads (default: all that are usable)")
      ->check(CLI::Range(1, 4096));
  command->add_option("--data", options->data,
                      "Folder of the real instances that rounds and trust take in (default data)");
  command->add_flag("--quick", options->quick, "Leave out the largest N");
  command->add_flag("-q,--quiet", options->quiet, "Print nothing but errors");
  return [options](const Context& context) { return reproduce(context, *options); };
}

}  // namespace needflow::app
