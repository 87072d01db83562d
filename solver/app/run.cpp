// needflow run: one point, told round by round.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <ostream>

#include "io/error_list.hpp"
#include "io/processors.hpp"
#include "io/results.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/run_tables.hpp"
#include "solver/error.hpp"
#include "solver/ranks/rank_run.hpp"
#include "solver/ranks/together.hpp"
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
PointObserver narrator(const Sweep& sweep, const Recognition& recognition, Cap cap, bool many_ranks,
                       std::ostream& out) {
  // A rank knows its own agents: many tell of all of them what they add up to.
  const bool small = !many_ranks && recognition.provider_rows.entries() <= kSmallInstance;
  return [&sweep, cap, &out, small](const WatchedRun& run, const RoundSolver& solver) {
    if (solver.round() == 1) print_run_header(sweep, run, out);
    if (small) {
      print_full_round(sweep, solver.recognition(), cap, run.need, solver, out);
      return;
    }
    if (solver.round() == 1) print_round_header(out);
    print_round_line(solver.trace_row(), out);
  };
}

/// Of several episodes a line each, and the last one whole.
void print_summary(const Sweep& sweep, const OutcomeBatch& outcome, std::ostream& out) {
  const std::size_t episodes = sweep.episodes();
  for (std::size_t type = 0; type < sweep.types(); ++type) {
    if (sweep.types() > 1) out << fmt::format("\nNeed type {}\n", type + 1);
    out << '\n';
    const std::size_t last = type * episodes + episodes - 1;
    if (sweep.is_episodic()) print_episodes(outcome, type * episodes, last + 1, out);
    if (episodes > 1) out << "Last episode\n";
    if (sweep.instance->source != Source::generated) {
      print_recipients(*sweep.instance, outcome.agents[0], outcome.outcomes.size(), last, out);
      out << '\n';
    }
    print_outcome(outcome.outcomes[last], out);
  }
}

/// One line a rank: how the work was split, what the exchange took.
void print_ranks(Communicator& ranks, const RankLoad& load, std::ostream& out) {
  if (ranks.size() == 1) return;
  const std::string line = fmt::format(
      "  {:<6}{:>12}{:>16}{:>12}{:>8}{:>10.3f}{:>10.3f}{:>10.1f}\n", ranks.rank(), load.providers,
      load.entries, load.seen, load.gets_all ? "all" : "lists", load.round_seconds,
      load.exchange_seconds, static_cast<double>(peak_memory()) / 1e6);
  const auto lines = ranks.collect_bytes(std::as_bytes(std::span(line)));
  out << fmt::format("\n  {:<6}{:>12}{:>16}{:>12}{:>8}{:>10}{:>10}{:>10}\n", "rank", "agents",
                     "entries", "seen", "sent", "rounds s", "thereof x", "peak MB");
  for (const auto& text : lines) {
    out << std::string_view(reinterpret_cast<const char*>(text.data()), text.size());
  }
}

void refuse_episodes_on_ranks(const Sweep& sweep, const Communicator& ranks) {
  if (ranks.size() == 1 || !sweep.is_episodic()) return;
  throw ScenarioError(
      "a point of episodes, strategies or trust runs in one process; start needflow run without "
      "mpirun (needflow sweep deals such points out to ranks)");
}

/// Measures the network; nothing on all ranks where that is not wanted, so that none need hold it
/// whole.
NetworkObserver measurer(const Sweep& sweep, NetworkTable& networks) {
  if (sweep.network_metrics == NetworkMetrics::none) return {};
  return [&](const Network& network) {
    networks.add(std::array{std::size_t{0}},
                 measure_network(network, metric_options(sweep.network_metrics),
                                 sweep.point(0).settings.seed, Threads::all));
  };
}

int run_one(const Context& context, const RunOptions& options) {
  Communicator& ranks = context.ranks;
  const bool talk = effective_level(options.scenario) >= LogLevel::info;
  std::string scenario_point;
  const Scenario scenario = one_point(options, scenario_point);
  refuse_inputs_as_output(scenario, options.output);
  watch_interrupts();  // before there is a temporary that nobody would remove
  std::optional<AtomicFile> file;
  on_first_rank(ranks, [&] {
    if (options.output.file) file.emplace(*options.output.file, options.output.if_exists());
  });
  refuse_episodes_on_ranks(scenario.sweep, ranks);
  const int threads = chosen_threads(options.scenario, ranks.ranks_on_node());
  Provenance provenance = begin_provenance(context.command, threads);

  Sweep watched = scenario.sweep;
  // The table of recipients needs them, whether the file keeps them or not.
  watched.agents = watched.agents || watched.instance->source != Source::generated;
  if (talk && !watched.title.empty()) context.out << watched.title << "\n\n";
  if (talk && options.point) context.out << scenario_point << "\n\n";
  const Cap cap = watched.point(0).settings.round.cap;
  const auto tell = [&](const Recognition& recognition) -> PointObserver {
    const PointObserver narrate =
        talk ? narrator(watched, recognition, cap, ranks.size() > 1, context.out) : PointObserver{};
    return [narrate, &ranks](const WatchedRun& run, const RoundSolver& solver) {
      // A signal reaches ranks at different rounds; they stop in the same.
      if (sum_over_ranks(ranks, interrupted() ? 1 : 0) > 0) throw Interrupted{};
      if (narrate) narrate(run, solver);
    };
  };
  NetworkTable networks(1);
  const NetworkObserver measure =
      options.output.file ? measurer(watched, networks) : NetworkObserver{};
  RankLoad load;
  OutcomeBatch outcome = ranks.size() > 1
                             ? run_on_ranks(watched, ranks, threads, tell, measure, load)
                             : run_only_point(watched, threads, tell, measure);
  const bool solved = outcome.messages.empty();
  if (!solved) {
    context.err << fmt::format("needflow: the point is {}: {}\n",
                               status_name(outcome.outcomes.front().status), outcome.messages[0]);
  } else if (talk) {
    if (ranks.first()) print_summary(watched, outcome, context.out);
    print_ranks(ranks, load, context.out);
  }
  if (file) {
    provenance.end = utc_now();
    Outcomes outcomes(1, watched.runs_per_point());
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
