// needflow network: builds a scenario's networks, prints and stores what they look like.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <ostream>
#include <vector>

#include "io/results.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/network_tables.hpp"
#include "solver/error.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

struct NetworkOptions {
  ScenarioOptions scenario;
  OutputOptions output;
  std::string dot;
  std::string edges;
  std::string routes;
  bool exact = false;
  bool betweenness = false;
};

/// The same scenario with nothing varied but networks: axes of other sections do not matter here.
Sweep networks_alone(Sweep sweep) {
  sweep = keep_axes(std::move(sweep), [](const Axis& axis) {
    return axis.key.starts_with("network") || axis.key == "seed";  // or "network", of a list
  });
  sweep.replicates = 1;
  sweep.base.population.types = 1;
  sweep.base.population.episodes = 1;
  sweep.base.strategies = {};
  sweep.base.trust = {};
  return sweep;
}

/// Unless all is wanted: what takes some seconds on a thread, so 100,000 agents exactly.
MetricOptions wanted_metrics(const NetworkOptions& options, const Network& network) {
  constexpr std::int64_t kExactAgents = 100'000;
  constexpr std::int64_t kDiameterSearches = 64;  // more draw no bounds of a random mesh together
  MetricOptions wanted;
  wanted.exact_agents = kExactAgents;
  wanted.diameter_searches = kDiameterSearches;
  if (options.exact) wanted = metric_options(NetworkMetrics::exact);
  wanted.spectrum = options.exact || static_cast<std::int64_t>(network.agents()) <= kExactAgents;
  wanted.betweenness = options.betweenness;
  return wanted;
}

/// A whole file of text. Made before the work, so that a folder that cannot be written is found.
class TextOutput {
 public:
  TextOutput(const std::string& name, IfExists if_exists) : name_(name) {
    if (!name.empty()) file_.emplace(name, if_exists);
  }
  [[nodiscard]] bool wanted() const { return file_.has_value(); }
  void publish(const std::string& text, std::ostream* told) {
    file_->write(text);
    file_->publish();
    if (told != nullptr) *told << fmt::format("written {}\n", name_);
  }

 private:
  std::string name_;
  std::optional<AtomicFile> file_;
};

void require_one_network(const NetworkOptions& options, std::size_t networks) {
  if (networks == 1 || (options.dot.empty() && options.edges.empty() && options.routes.empty())) {
    return;
  }
  throw ScenarioError(
      fmt::format("--dot, --edges and --routes hold one network and the scenario has {}; expected "
                  "--set values that leave one",
                  networks));
}

/// Before anything is built: routes are a line a pair.
void require_routable(const NetworkOptions& options, const Sweep& sweep) {
  if (options.routes.empty()) return;
  const std::int64_t agents = network_agents(sweep.point(0).settings.network);
  if (agents <= static_cast<std::int64_t>(kMostRouted)) return;
  throw ScenarioError(fmt::format(
      "--routes writes a line a pair; expected {} agents at most, not {}", kMostRouted, agents));
}

std::string invalid_text(const Sweep& sweep, const Plan& plan) {
  const InvalidEntry& first = plan.invalid.front();
  return fmt::format("{} of {} networks cannot be built; {}: {}", plan.invalid.size(), plan.points,
                     point_text(sweep, first.point), first.reason);
}

bool is_invalid(const Plan& plan, std::size_t point) {
  return std::ranges::binary_search(plan.invalid, point, {}, &InvalidEntry::point);
}

/// Builds, measures and tells of each network in turn, all threads on one; the last is kept.
Network measure_each(const Sweep& sweep, const Plan& plan, const NetworkOptions& options,
                     int threads, std::ostream* told, NetworkTable& table) {
  std::size_t label_width = 7;
  if (told != nullptr && plan.points > 1) {
    for (std::size_t i = 0; i < plan.points; ++i) {
      label_width = std::max(label_width, point_text(sweep, i).size());
    }
    print_network_header(label_width, *told);
  }
  Network network;
  for (std::size_t i = 0; i < plan.points; ++i) {
    if (interrupted()) throw Interrupted{};
    if (is_invalid(plan, i) || sweep.excludes(i)) continue;
    run_in_arena(threads, [&] {
      const Point point = sweep.point(i);
      network = network_of(sweep, point, Threads::all);
      table.add(std::array{i}, measure_network(network, wanted_metrics(options, network),
                                               point.settings.seed, Threads::all));
    });
    if (told == nullptr) continue;
    const GraphMetrics& metrics = table.networks().back();
    if (plan.points > 1) {
      print_network_line(point_text(sweep, i), label_width, metrics, *told);
    } else {
      print_network(metrics, *told);
    }
  }
  return network;
}

int measure_networks(const Context& context, const NetworkOptions& options) {
  Scenario scenario = load(options.scenario);
  refuse_inputs_as_output(scenario, options.output);
  if (scenario.sweep.instance->source != Source::generated) {
    throw ScenarioError(
        "[instance] brings its own links; expected a scenario with [network] (kind = \"file\" "
        "reads "
        "an edge list)");
  }
  scenario.sweep = networks_alone(std::move(scenario.sweep));
  const Plan plan = make_plan(scenario.sweep);
  require_one_network(options, plan.points);
  require_routable(options, scenario.sweep);
  watch_interrupts();
  std::optional<AtomicFile> file;
  if (options.output.file) file.emplace(*options.output.file, options.output.if_exists());
  TextOutput dot(options.dot, options.output.if_exists());
  TextOutput edges(options.edges, options.output.if_exists());
  TextOutput routes(options.routes, options.output.if_exists());
  const int threads = chosen_threads(options.scenario);
  Provenance provenance = begin_provenance(context.command, threads);

  const bool talk = effective_level(options.scenario) >= LogLevel::info;
  std::ostream* told = talk ? &context.out : nullptr;
  NetworkTable table(plan.points);
  const Network last = measure_each(scenario.sweep, plan, options, threads, told, table);
  if (!plan.invalid.empty()) {
    context.err << fmt::format("needflow: {}\n", invalid_text(scenario.sweep, plan));
    if (plan.invalid.size() == plan.points) return kSomePointsFailed;
  }
  if (dot.wanted()) dot.publish(dot_text(last), told);
  if (edges.wanted()) edges.publish(edges_text(last), told);
  if (routes.wanted()) routes.publish(routes_text(last), told);
  if (file) {
    provenance.end = utc_now();
    publish_networks(*file, scenario, table, plan.points == 1 ? &last : nullptr, provenance);
    if (talk) context.out << fmt::format("results in {}\n", *options.output.file);
  }
  return plan.invalid.empty() ? kDone : kSomePointsFailed;
}

}  // namespace

Command add_network(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "network", "Build a scenario's networks, print and store what they look like");
  command->footer(
      "Examples:\n"
      "  needflow network data/mesh.toml -o networks.h5\n"
      "  needflow network data/seed_mesh.toml --dot mesh.dot --edges mesh.csv\n"
      "  needflow network data/mesh.toml --set network.agents=100000 --set network.neighbors=20 "
      "--set network.count=1 --exact\n\n"
      "Up to 100,000 agents all distances are measured, above those from 256 agents and no "
      "spectral "
      "gap;\n--exact measures all whatever it costs. --edges writes what kind = \"file\" "
      "reads.\n\n" +
      option_help());
  const auto options = std::make_shared<NetworkOptions>();
  add_scenario_options(*command, options->scenario);
  command->add_option("-o,--output", options->output.file, "Result file (HDF5)");
  command->add_flag("--overwrite", options->output.overwrite, "Replace files that exist");
  command->add_option("--dot", options->dot, "Write the network for Graphviz");
  command->add_option("--edges", options->edges, "Write the links as CSV");
  command->add_option("--routes", options->routes,
                      "Write the routing tables as CSV (least latency where links have one)");
  command->add_flag("--exact", options->exact, "No samples: every distance, every triangle");
  command->add_flag("--betweenness", options->betweenness,
                    "How many shortest paths cross a link (slow above 2,000 agents)");
  return [options](const Context& context) { return measure_networks(context, *options); };
}

}  // namespace needflow::app
