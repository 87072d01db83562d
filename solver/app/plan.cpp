// needflow plan: what a sweep would do and cost, without doing it. Writes nothing.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>

#include "io/point_files.hpp"
#include "io/text_file.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/plan_costs.hpp"
#include "solver/app/sweep_journal.hpp"
#include "solver/sweep/optima.hpp"
#include "solver/sweep/outcome.hpp"

namespace needflow::app {

namespace {

constexpr std::size_t kShownProblems = 10;

/// A file's data before compression; deflate leaves less.
std::size_t result_bytes(const Sweep& sweep, const Plan& plan) {
  auto columns = static_cast<std::size_t>(std::count_if(
      metrics().begin(), metrics().end(), [&](const Metric& m) { return is_kept(m, sweep); }));
  if (sweep.has_trust()) columns += trust_metrics().size();
  const std::size_t numbers = columns * plan.points * sweep.runs_per_point() * sizeof(double);
  return numbers + static_cast<std::size_t>(sweep.traces || sweep.agents ? plan.outcome_bytes : 0);
}

std::string listed(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) text += (text.empty() ? "" : ", ") + plain_text(value);
  return text;
}

/// The different values where they are few or words, else the span of the numbers.
std::string summed_up(const Axis& column) {
  constexpr std::size_t kFew = 8;
  std::vector<Value> different = column.values;
  std::sort(different.begin(), different.end());
  different.erase(std::unique(different.begin(), different.end()), different.end());
  if (column.words || different.size() <= kFew) return listed(different);
  return fmt::format("{:.6g} to {:.6g}", number_of(different.front()), number_of(different.back()));
}

void print_axes(const Sweep& sweep, std::ostream& out) {
  for (const Axis& axis : sweep.axes) {
    const bool samples = axis.key.empty();
    out << fmt::format("  {:<18} {:>5}  {}\n", axis.name, axis.values.size(),
                       samples ? "each a " + axis.long_name : listed(axis.values));
    for (const Axis& other : axis.along) {
      out << fmt::format("    {:<16} {:>5}  {}\n", other.name, "with",
                         samples ? summed_up(other) : listed(other.values));
    }
  }
  const auto index = [&out](const char* name, std::int64_t length) {
    if (length > 1) out << fmt::format("  {:<18} {:>5}  0 to {}\n", name, length, length - 1);
  };
  index("network", sweep.networks);
  index("replicate", sweep.replicates);
  if (sweep.types() > 1) {
    out << fmt::format("  {:<18} {:>5}  need types, a run each\n", "type", sweep.types());
  }
  if (sweep.episodes() > 1) {
    out << fmt::format("  {:<18} {:>5}  episodes, a run of every need type each\n", "episode",
                       sweep.episodes());
  }
}

void print_network_file(const NetworkFile& file, std::ostream& out) {
  out << fmt::format("network      {}: {} agents, {} links\n", file.name, file.network.agents(),
                     file.network.edges());
  const NetworkRepairs& repairs = file.repairs;
  if (repairs.total() == 0) return;
  out << fmt::format(
      "             repaired: {} self-loops and {} duplicates left out, {} directions added\n",
      repairs.self_loops, repairs.duplicates, repairs.one_way);
}

void print_source(const Sweep& sweep, std::ostream& out) {
  for (const auto& file : sweep.network_files) print_network_file(*file, out);
  if (sweep.instance->source == Source::generated) return;
  const Recognition& r = sweep.instance->recognition;
  out << fmt::format("instance     {} providers, {} recipients, {} links, {} with MR > 0\n",
                     r.providers(), r.recipients(), r.network_edges, r.recognised_pairs);
}

void print_problems(const Sweep& sweep, const Plan& plan, std::ostream& out) {
  if (plan.excluded > 0) {
    out << fmt::format("excluded     {} points by the design, {} are left\n", plan.excluded,
                       plan.to_do());
  }
  out << fmt::format("invalid      {} points\n", plan.invalid.size());
  for (std::size_t i = 0; i < std::min(plan.invalid.size(), kShownProblems); ++i) {
    const InvalidEntry& entry = plan.invalid[i];
    out << fmt::format("             point {} ({}): {}\n", entry.point,
                       point_text(sweep, entry.point), entry.reason);
  }
  if (plan.invalid.size() > kShownProblems) {
    out << fmt::format("             … and {} more\n", plan.invalid.size() - kShownProblems);
  }
  out << fmt::format("duplicates   {} points compute what an earlier one computes{}\n",
                     plan.duplicates, plan.duplicates > 0 ? ", such as" : "");
  for (const std::size_t point : plan.duplicate_examples) {
    out << fmt::format("             point {} ({})\n", point, point_text(sweep, point));
  }
}

/// How many networks are run in which way (solver/sweep/layout.hpp).
void print_layouts(const Plan& plan, std::ostream& out) {
  std::map<std::string, std::size_t> networks;
  for (const NetworkTask& task : plan.tasks) ++networks[layout_text(task.layout)];
  const char* title = "layout";
  for (const auto& [text, count] : networks) {
    out << fmt::format("{:<13}{} for {} networks\n", title, text, count);
    title = "";
  }
}

/// What optima there will be (M10), or what they would take.
void print_optima(const Sweep& sweep, const Plan& plan, int threads, CostTrials& trials,
                  std::ostream& out) {
  const auto line = [&](const char* title, bool computed, OptimumWish wish, std::int64_t most,
                        const char* metrics, OptimumParts parts) {
    if (computed) {
      out << fmt::format("{:<13}{} of every run\n", title, metrics);
    } else if (wish == OptimumWish::automatic) {
      out << fmt::format("{:<13}none, for more than {} edges in all runs\n", title, most);
      out << fmt::format("time         about {} more with output.{}=on\n",
                         readable_duration(trials.optimum_seconds(sweep, plan, parts) / threads),
                         title);
    } else {
      out << fmt::format("{:<13}none\n", title);
    }
  };
  line("optimum", sweep.optimum, sweep.optimum_wish, kAutomaticOptimum, "max_flow and efficiency",
       {true, false});
  line("fairest", sweep.fairest, sweep.fairest_wish, kAutomaticFairest,
       "fairest_jain and fairest_min", {false, true});
}

void print_costs(const Sweep& sweep, const Plan& plan, int threads, std::ostream& out) {
  CostTrials trials;
  const double seconds = trials.seconds(sweep, plan) / threads;
  out << fmt::format("networks     {}, each built once\n", plan.tasks.size());
  print_layouts(plan, out);
  out << fmt::format(
      "memory       {} for the largest network and its batch, {} of outcomes kept until the end\n",
      readable_size(static_cast<std::uint64_t>(plan.largest_task_bytes)),
      readable_size(static_cast<std::uint64_t>(plan.outcome_bytes)));
  out << fmt::format("output       {} before compression\n",
                     readable_size(result_bytes(sweep, plan)));
  out << fmt::format(
      "time         about {} on {} threads, by trials on this machine now; reallocate counted at "
      "max_rounds, stock and stream at {} rounds\n",
      readable_duration(seconds), threads, kFewRounds);
  print_optima(sweep, plan, threads, trials, out);
}

/// What a sweep of so many points writes on its way, and what of it is there.
void print_journal(const Scenario& scenario, const Plan& plan,
                   const std::optional<std::string>& output, std::ostream& out) {
  // Columns of small or equal numbers are packed; twice as much where there is nothing to pack.
  constexpr std::size_t kBytesARun = 85;
  const std::size_t kept = scenario.sweep.traces || scenario.sweep.agents
                               ? static_cast<std::size_t>(plan.outcome_bytes)
                               : plan.points * scenario.sweep.runs_per_point() * kBytesARun;
  out << fmt::format("journal      about {} beside the output, removed when all is done\n",
                     readable_size(kept));
  if (!output) {
    out << "resume       starts afresh where there is no journal; -o FILE tells what FILE's "
           "holds\n";
    return;
  }
  const auto journals = journals_of(*output);
  if (journals.empty()) {
    out << fmt::format("resume       {} has no journal: a sweep starts afresh\n", *output);
    return;
  }
  const JournalContents contents = read_journals(journals);
  const std::string difference = journal_difference(contents.header, journal_header(scenario));
  if (!difference.empty()) {
    out << fmt::format("resume       refused, {} is of another sweep:\n{}\n",
                       journals.front().string(), difference);
    return;
  }
  std::vector<bool> done(plan.points, false);
  for (const OutcomeBatch& batch : contents.batches) {
    for (const std::size_t point : batch.points) done[point] = true;
  }
  out << fmt::format("resume       skips {} of {} points, which are in {}\n",
                     std::count(done.begin(), done.end(), true), plan.points,
                     journals.front().string());
}

}  // namespace

Command add_plan(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("plan", "What a sweep would do and cost; computes nothing");
  command->footer(
      "Examples:\n"
      "  needflow plan data/mesh.toml --set network.count=8\n"
      "  needflow plan data/mesh.toml -o mesh.h5     what --resume would skip\n"
      "  needflow plan data/mesh.toml --points points.csv\n\n"
      "--points writes every point with its values and what becomes of it; [design] points = "
      "\"points.csv\"\nreads it back, whole or in part.\n\n" +
      option_help());
  const auto options = std::make_shared<ScenarioOptions>();
  const auto points = std::make_shared<OutputOptions>();
  command->add_option("--points", points->file, "Write the points as CSV")->type_name("FILE");
  command->add_flag("--overwrite", points->overwrite, "Replace that file if it exists");
  const auto lanes = std::make_shared<std::optional<int>>();
  add_scenario_options(*command, *options);
  const auto output = std::make_shared<std::optional<std::string>>();
  command->add_option("-o,--output", *output,
                      "Result file of the sweep: tells what --resume would skip");
  add_lanes_option(*command, *lanes);
  return [options, output, lanes, points](const Context& context) {
    const Scenario scenario = load(*options);
    refuse_inputs_as_output(scenario, *points);
    const Sweep& sweep = scenario.sweep;
    const Plan plan = make_plan(sweep, *lanes);
    if (points->file) {
      AtomicFile file(*points->file, points->if_exists());
      write_points(file, sweep, plan);
      file.publish();
    }
    if (effective_level(*options) < LogLevel::info) return int{kDone};
    const int threads = chosen_threads(*options);
    context.out << fmt::format("{}\n", sweep.title.empty() ? options->file : sweep.title);
    context.out << fmt::format("points       {} ({})\n", plan.points, grid_text(sweep));
    print_axes(sweep, context.out);
    print_source(sweep, context.out);
    print_problems(sweep, plan, context.out);
    print_costs(sweep, plan, threads, context.out);
    context.out << fmt::format("threads      {}, one process\n", threads);
    print_journal(scenario, plan, *output, context.out);
    context.out << fmt::format("plan hash    {}\n", scenario.hash_text());
    if (points->file) context.out << fmt::format("written      {}\n", *points->file);
    return int{kDone};
  };
}

}  // namespace needflow::app
