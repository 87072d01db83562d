// needflow sweep: the main job. Every point of the grid, in parallel, into one HDF5
// file; every finished point into a journal first.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <ostream>

#include "io/error_list.hpp"
#include "io/results.hpp"
#include "io/walltime.hpp"
#include "solver/app/collector.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/interrupts.hpp"
#include "solver/app/sweep_journal.hpp"
#include "solver/app/sweep_summary.hpp"
#include "solver/error.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

struct SweepOptions {
  ScenarioOptions scenario;
  OutputOptions output;
  ResumeOptions resume;
  std::optional<int> lanes;
  std::optional<std::string> walltime;
  bool fail_fast = false;
  std::optional<std::int64_t> max_failures;

  [[nodiscard]] std::optional<std::size_t> most_failures() const {
    if (fail_fast) return 0;
    if (max_failures) return static_cast<std::size_t>(*max_failures);
    return {};
  }
};

ProgressStyle progress_style(const Context& context, LogLevel level) {
  if (level < LogLevel::info) return ProgressStyle::none;
  return context.err_is_terminal ? ProgressStyle::bar : ProgressStyle::lines;
}

/// The sooner of the wish and the end of Slurm's job.
void watch_the_time(const std::optional<std::string>& wish) {
  std::optional<double> seconds;
  if (wish) {
    seconds = parse_walltime(*wish);
    if (!seconds) {
      throw ScenarioError(
          fmt::format("--max-walltime {} is no time; expected seconds, or a form such as 90s, 30m, "
                      "2h, 02:30:00 or 1-02:03:04",
                      shown(*wish)));
    }
  }
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  const auto slurm = slurm_walltime(std::getenv("SLURM_JOB_END_TIME"), now);
  if (slurm && (!seconds || *slurm < *seconds)) seconds = slurm;
  if (seconds) stop_after(*seconds);
}

/// What an earlier process left, taken over; the work that remains.
RemainingWork take_over(const Context& context, const SweepOptions& options,
                        const Scenario& scenario, const Plan& plan, Begin begin,
                        SweepJournal& journal, Collector& collector) {
  const LogLevel level = effective_level(options.scenario);
  const bool retry = options.resume.retry_failed;
  collector.restore(journal.take_contents());
  const std::vector<std::uint8_t> wanted = collector.wanted(retry);
  const CrashMarks crashes = journal.count_crashes(wanted, retry);
  if (begin == Begin::goes_on && level >= LogLevel::warning) {
    if (!journal.damage().empty()) context.err << journal.damage() << '\n';
    const std::string commit = journal_header(scenario).commit;
    if (journal.begun_by() != commit) {
      context.err << fmt::format("{} was begun by commit {}, this is {}\n",
                                 journal.writer().path().string(), journal.begun_by(), commit);
    }
  }
  if (begin == Begin::goes_on && level >= LogLevel::info) {
    context.err << fmt::format("resuming: {} of {} points are done\n", collector.done(),
                               plan.points);
  }
  return remaining_work(scenario.sweep, plan, wanted, crashes);
}

void do_work(const Sweep& sweep, const RemainingWork& work, int threads, Collector& collector) {
  for (const OutcomeBatch& batch : work.given_up) collector.finished(batch);
  run_plan(sweep, work.plan, threads, collector);
  for (const Plan& careful : work.careful) run_plan(sweep, careful, threads, collector);
  collector.rethrow();
}

/// The end of a sweep that was stopped from outside: everything is in the journal, nothing is
/// published.
int end_interrupted(const Context& context, const std::string& name, const Plan& plan,
                    const Collector& collector, JournalWriter& journal) {
  journal.sync();
  context.err << fmt::format(
      "needflow: interrupted ({}) after {} of {} points; {} keeps them, and the same command with "
      "--resume goes on to {}\n",
      interrupt_reason(), collector.done(), plan.points, journal.path().string(), name);
  return kInterrupted;
}

/// The journal goes once nothing can be gained from it.
void end_journal(const Context& context, LogLevel level, const Plan& plan,
                 const Collector& collector, SweepJournal& journal) {
  const std::size_t pending = plan.points - collector.done();
  const std::size_t failed = collector.failed();
  if (pending == 0 && failed == 0) {
    journal.remove();
    return;
  }
  journal.writer().sync();
  if (level < LogLevel::warning) return;
  context.err << fmt::format(
      "{} stays: {}\n", journal.writer().path().string(),
      pending > 0 ? fmt::format("--resume runs the {} pending points", pending)
                  : fmt::format("--retry-failed runs the {} failed points again", failed));
}

int publish(const Context& context, const SweepOptions& options, const Scenario& scenario,
            const Plan& plan, const Collector& collector, SweepJournal& journal, AtomicFile& file,
            Provenance& provenance) {
  const LogLevel level = effective_level(options.scenario);
  const std::string& name = options.output.file.value();
  if (collector.done() == plan.points) journal.writer().add_end();
  journal.writer().flush();  // from now on no death of this process costs a point
  provenance.end = utc_now();
  run_in_arena(provenance.threads, [&] {
    publish_results(file, scenario, collector.outcomes(), collector.networks(), provenance);
  });
  if (level >= LogLevel::info) {
    print_sweep_summary(scenario.sweep, collector.outcomes(), context.out);
    context.out << fmt::format("results in {}\n", name);
  }
  if (collector.done() < plan.points) {
    context.err << fmt::format(
        "needflow: stopped after {} points without a result; {} are pending\n",
        collector.troubled(), plan.points - collector.done());
  }
  end_journal(context, level, plan, collector, journal);
  return collector.troubled() > 0 ? kSomePointsFailed : kDone;
}

/// From the journal to the published file.
int run_journaled(const Context& context, const SweepOptions& options, const Scenario& scenario,
                  const Plan& plan, Begin begin, SweepJournal& journal, AtomicFile& file) {
  const LogLevel level = effective_level(options.scenario);
  const std::string& name = options.output.file.value();
  const int threads = chosen_threads(options.scenario);
  Provenance provenance = begin_provenance(context.command, threads);
  Collector collector(scenario.sweep, plan.points, options.most_failures(), level);
  const RemainingWork work = take_over(context, options, scenario, plan, begin, journal, collector);
  const std::size_t before = collector.done();
  if (level >= LogLevel::debug) {
    context.err << fmt::format("{} points on {} networks, {} threads, SIMD target {}\n",
                               plan.points, plan.tasks.size(), threads, provenance.simd_target);
  }
  Progress progress(context.err, progress_style(context, level), plan.points, before);
  StatusFile status(name, plan.points, before);
  collector.attach(&journal.writer(), journal.begin(before, threads), &progress, &status);
  do_work(scenario.sweep, work, threads, collector);
  progress.finish();
  if (interrupted() && collector.done() < plan.points) {  // after the last point nothing is lost
    return end_interrupted(context, name, plan, collector, journal.writer());
  }
  return publish(context, options, scenario, plan, collector, journal, file, provenance);
}

int run_sweep(const Context& context, const SweepOptions& options) {
  const Scenario scenario = load(options.scenario);
  refuse_inputs_as_output(scenario, options.output);
  const std::string& name = options.output.file.value();
  const Begin begin = how_to_begin(scenario, options.output, options.resume);
  if (begin == Begin::finished) {
    if (effective_level(options.scenario) >= LogLevel::info) {
      context.out << fmt::format("{} is finished\n", name);
    }
    return kDone;
  }
  const Plan plan = make_plan(scenario.sweep, options.lanes);
  watch_interrupts();  // before there is a temporary that nobody would remove
  watch_the_time(options.walltime);
  // Made before the first round: an output that cannot be written is found now.
  const bool replaces = begin == Begin::goes_on;
  AtomicFile file(name, replaces ? IfExists::kReplace : options.output.if_exists());
  SweepJournal journal(scenario, name, begin);
  file.remove_leftovers();  // the journal is ours alone, so whoever made them is gone
  try {
    return run_journaled(context, options, scenario, plan, begin, journal, file);
  } catch (const IoError& problem) {
    throw IoError(fmt::format("{}\nwhat {} holds is kept; the same command with --resume goes on",
                              problem.what(), journal.writer().path().string()));
  }
}

}  // namespace

Command add_sweep(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("sweep", "Run every point of a scenario's grid into one HDF5 file");
  command->footer(
      "Examples:\n"
      "  needflow sweep data/mesh.toml -o mesh.h5\n"
      "  needflow sweep data/aid2022_sweep.toml -o aid.h5 --set round.tolerance=0.001 "
      "--traces\n"
      "  needflow sweep data/mesh.toml -o mesh.h5 --resume            after a crash, a kill or "
      "exit "
      "code 75\n"
      "  needflow sweep data/mesh.toml -o mesh.h5 --max-walltime 2h   stops in time, exits 75\n"
      "\nEvery finished point is in mesh.h5.journal at once; needflow status mesh.h5 reads "
      "it.\n\n" +
      option_help());
  const auto options = std::make_shared<SweepOptions>();
  add_scenario_options(*command, options->scenario);
  add_output_options(*command, options->output, options->scenario.overrides)->required();
  command->add_flag("--resume", options->resume.resume,
                    "Go on with the journal of an earlier sweep; without one start afresh, with a "
                    "finished file do nothing");
  command->add_flag("--retry-failed", options->resume.retry_failed,
                    "As --resume, and run points that failed again");
  command
      ->add_option("--max-walltime", options->walltime,
                   "Stop after this time and exit with 75: 90s, 30m, 2h, 02:30:00, 1-02:03:04 "
                   "(default: Slurm's end of the job, if there is one)")
      ->type_name("T");
  add_lanes_option(*command, options->lanes);
  auto* fast = command->add_flag("--fail-fast", options->fail_fast,
                                 "Stop at the first point without a result");
  command
      ->add_option("--max-failures", options->max_failures,
                   "Stop when more points than this have no result (default: keep going)")
      ->check(CLI::NonNegativeNumber)
      ->excludes(fast);
  return [options](const Context& context) { return run_sweep(context, *options); };
}

}  // namespace needflow::app
