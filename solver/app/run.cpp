// needflow run: one point, told round by round.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <ostream>

#include "io/error_list.hpp"
#include "io/results.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/run_tables.hpp"
#include "solver/error.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

struct RunOptions {
  ScenarioOptions scenario;
  std::optional<std::string> point;  ///< as typed
  OutputOptions output;
};

/// The scenario of the wanted point alone, and that point in words.
Scenario one_point(const RunOptions& options, std::string& description) {
  Scenario scenario = load(options.scenario);
  const std::size_t points = scenario.sweep.points();
  if (!options.point && points > 1) {
    throw ScenarioError(
        fmt::format("{} has {} points ({}); choose one with --point 0 … {}, or run them all with "
                    "needflow sweep",
                    options.scenario.file, points, grid_text(scenario.sweep), points - 1));
  }
  const std::string wanted = options.point.value_or("0");
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
  if (error != std::errc() || end != wanted.data() + wanted.size() || index >= points) {
    throw ScenarioError(fmt::format("--point {} is not among the {} points of {} (0 … {})",
                                    shown(wanted), points, options.scenario.file, points - 1));
  }
  if (scenario.sweep.excludes(index)) {
    throw ScenarioError(fmt::format("--point {} ({}) is left out by design.exclude", index,
                                    point_text(scenario.sweep, index)));
  }
  description = fmt::format("Point {}: {}", index, point_text(scenario.sweep, index));
  scenario.sweep = only_point(scenario.sweep, index);
  return scenario;
}

/// Prints rounds as they are computed.
PointObserver narrator(const Sweep& sweep, const Recognition& recognition, Cap cap,
                       std::ostream& out) {
  const bool small = recognition.provider_rows.entries() <= kSmallInstance;
  return [&sweep, &recognition, cap, &out, small](std::size_t type, std::span<const double> need,
                                                  const RoundSolver& solver) {
    if (solver.round() == 1 && sweep.types() > 1) out << fmt::format("Need type {}\n", type + 1);
    if (small) {
      print_full_round(sweep, recognition, cap, need, solver, out);
      return;
    }
    if (solver.round() == 1) print_round_header(out);
    print_round_line(solver.trace_row(), out);
  };
}

void print_summary(const Sweep& sweep, const OutcomeBatch& outcome, std::ostream& out) {
  for (std::size_t type = 0; type < outcome.outcomes.size(); ++type) {
    if (outcome.outcomes.size() > 1) out << fmt::format("\nNeed type {}\n", type + 1);
    out << '\n';
    if (sweep.instance->source != Source::generated) {
      print_recipients(*sweep.instance, outcome.agents[0], outcome.outcomes.size(), type, out);
      out << '\n';
    }
    print_outcome(outcome.outcomes[type], out);
  }
}

int run_one(const Context& context, const RunOptions& options) {
  const bool talk = effective_level(options.scenario) >= LogLevel::info;
  std::string scenario_point;
  const Scenario scenario = one_point(options, scenario_point);
  refuse_inputs_as_output(scenario, options.output);
  watch_interrupts();  // before there is a temporary that nobody would remove
  std::optional<AtomicFile> file;
  if (options.output.file) file.emplace(*options.output.file, options.output.if_exists());
  const int threads = chosen_threads(options.scenario);
  Provenance provenance = begin_provenance(context.command, threads);

  Sweep watched = scenario.sweep;
  watched.agents = true;  // the table of recipients needs them, whether the file keeps them or not
  if (talk && !watched.title.empty()) context.out << watched.title << "\n\n";
  if (talk && options.point) context.out << scenario_point << "\n\n";
  const Cap cap = watched.point(0).settings.round.cap;
  const auto tell = [&](const Recognition& recognition) -> PointObserver {
    const PointObserver narrate =
        talk ? narrator(watched, recognition, cap, context.out) : PointObserver{};
    return [narrate](std::size_t type, std::span<const double> need, const RoundSolver& solver) {
      if (interrupted()) throw Interrupted{};
      if (narrate) narrate(type, need, solver);
    };
  };
  NetworkTable networks(1);
  const auto measure = [&](const Network& network) {
    if (!file || watched.network_metrics == NetworkMetrics::none) return;
    networks.add(std::array{std::size_t{0}},
                 measure_network(network, metric_options(watched.network_metrics),
                                 watched.point(0).settings.seed, Threads::all));
  };
  OutcomeBatch outcome = run_only_point(watched, threads, tell, measure);
  const bool solved = outcome.messages.empty();
  if (!solved) {
    context.err << fmt::format("needflow: the point is {}: {}\n",
                               status_name(outcome.outcomes.front().status), outcome.messages[0]);
  } else if (talk) {
    print_summary(watched, outcome, context.out);
  }
  if (file) {
    provenance.end = utc_now();
    Outcomes outcomes(1, watched.types());
    outcomes.add(std::move(outcome));
    run_in_arena(threads,
                 [&] { publish_results(*file, scenario, outcomes, networks, provenance); });
    if (talk) context.out << fmt::format("results in {}\n", *options.output.file);
  }
  return solved ? kDone : kSomePointsFailed;
}

}  // namespace

Command add_run(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("run", "Run one point, print its rounds and a summary");
  command->footer(
      "Examples:\n"
      "  needflow run data/seed_round.toml\n"
      "  needflow run data/aid2022.toml -o aid.h5\n"
      "  needflow run data/mesh.toml --point 17 --set round.settlement=stream\n\n" +
      option_help());
  const auto options = std::make_shared<RunOptions>();
  add_scenario_options(*command, options->scenario);
  command->add_option("--point", options->point, "Which point of a grid, from 0 in C order");
  add_output_options(*command, options->output, options->scenario.overrides);
  return [options](const Context& context) { return run_one(context, *options); };
}

}  // namespace needflow::app
