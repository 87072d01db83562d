// needflow sweep: the main job. Every point of the grid, in parallel, into one HDF5
// file; every finished point into a journal first.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <span>

#include "io/error_list.hpp"
#include "io/processors.hpp"
#include "io/results.hpp"
#include "io/walltime.hpp"
#include "solver/app/collector.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/interrupts.hpp"
#include "solver/app/sweep_journal.hpp"
#include "solver/app/sweep_summary.hpp"
#include "solver/error.hpp"
#include "solver/ranks/rank_sweep.hpp"
#include "solver/ranks/together.hpp"
#include "solver/sweep/remaining.hpp"
#include "solver/sweep/shards.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

struct SweepOptions {
  ScenarioOptions scenario;
  OutputOptions output;
  ResumeOptions resume;
  std::optional<int> lanes;
  std::optional<std::string> walltime;
  std::optional<std::string> shard;
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

/// What this process knows before the first round.
struct Job {
  const Context& context;
  const SweepOptions& options;
  LogLevel level;
  Scenario scenario;
  SweepPlace place;
  Plan plan;
  std::size_t points;  ///< of this shard, or of all
  int threads;

  [[nodiscard]] const std::string& name() const { return options.output.file.value(); }
};

/// What the process that publishes has ready before the first round.
struct Lead {
  Begin begin = Begin::finished;
  std::optional<AtomicFile> file;
  std::unique_ptr<SweepJournal> journal;
  std::unique_ptr<Collector> collector;
  RemainingWork work;
  std::map<std::size_t, std::uint32_t> tried;  ///< on the other ranks: Collector::tried()
};

/// What an earlier process left, taken over; the work that remains.
RemainingWork take_over(const Job& job, Begin begin, SweepJournal& journal, Collector& collector) {
  const bool retry = job.options.resume.retry_failed;
  collector.restore(journal.take_contents());
  const std::vector<std::uint8_t> wanted = collector.wanted(retry);
  const CrashMarks crashes = journal.count_crashes(wanted, retry);
  std::ostream& err = job.context.err;
  if (!journal.damage().empty() && job.level >= LogLevel::warning) err << journal.damage() << '\n';
  if (begin == Begin::goes_on && job.level >= LogLevel::warning) {
    const std::string commit = journal_header(job.scenario).commit;
    if (journal.begun_by() != commit) {
      err << fmt::format("{} was begun by commit {}, this is {}\n",
                         journal.writer().path().string(), journal.begun_by(), commit);
    }
  }
  if (begin == Begin::goes_on && job.level >= LogLevel::info) {
    err << fmt::format("resuming: {} of {} points are done\n", collector.done(), job.points);
  }
  return remaining_work(job.scenario.sweep, job.plan, wanted, crashes);
}

RankProgress progress_of(const Collector& collector, std::size_t before) {
  return {static_cast<std::int64_t>(collector.done() - before),
          static_cast<std::int64_t>(collector.new_troubles())};
}

RankWork rank_work(const Job& job, const Plan& plan, Collector& collector) {
  const std::size_t before = collector.done();
  return {job.scenario.sweep,
          plan,
          job.threads,
          job.options.lanes,
          collector,
          [&collector, before] { return progress_of(collector, before); },
          [&collector](const RankProgress& others) {
            collector.heard_of(static_cast<std::size_t>(others.done),
                               static_cast<std::size_t>(others.troubled));
          },
          job.options.most_failures()};
}

/// All ranks learn what rank 0 found: how to begin, what is left, and what was tried before: 0 for
/// a point that is not wanted, or one more than it has failed, up to 254 times.
void agree(const Job& job, Lead& lead) {
  if (job.place.ranks == 1) return;
  std::vector<std::uint8_t> words(job.plan.points + 1, 0);
  if (job.context.ranks.first()) {
    words.back() = static_cast<std::uint8_t>(lead.begin);
    for (const InvalidEntry& entry : lead.work.plan.invalid) words[entry.point] = 1;
    for (const NetworkTask& task : lead.work.plan.tasks) {
      for (const std::size_t point : task.points) words[point] = 1;
    }
    for (const auto& [point, times] : lead.collector->tried()) {
      if (words[point] != 0) words[point] = static_cast<std::uint8_t>(1 + std::min(times, 254U));
    }
  }
  job.context.ranks.broadcast(std::as_writable_bytes(std::span(words)));
  if (job.context.ranks.first()) return;
  lead.begin = static_cast<Begin>(words.back());
  words.pop_back();
  for (std::size_t point = 0; point < words.size(); ++point) {
    if (words[point] > 1) lead.tried[point] = words[point] - 1U;
  }
  lead.work.plan = remaining_plan(job.plan, words);
}

/// Every rank but the first: work for the journal, which rank 0 reads.
int follow(const Job& job, Lead& lead) {
  Collector collector(job.scenario.sweep, job.plan.points, job.options.most_failures(),
                      LogLevel::error);
  collector.set_tried(std::move(lead.tried));
  auto journal =
      std::make_unique<SweepJournal>(job.scenario, job.plan, job.name(), lead.begin, job.place);
  collector.attach(&journal->writer(), journal->begin(0, job.threads), nullptr, nullptr);
  RankSweep ranks(job.context.ranks);
  ranks.run(rank_work(job, lead.work.plan, collector));
  collector.rethrow();
  const bool stopped = interrupted();
  if (!stopped) journal->writer().add_end();
  journal->writer().sync();
  collector.attach(nullptr, nullptr, nullptr, nullptr);
  journal.reset();  // closed before rank 0 hears that it may be removed
  (void)ranks.wait_for_all([] { return false; });
  return stopped ? kInterrupted : kDone;
}

/// Returns whether the sweep was stopped from outside, here or on another rank.
bool do_work(const Job& job, Lead& lead) {
  Collector& collector = *lead.collector;
  const Sweep& sweep = job.scenario.sweep;
  for (const OutcomeBatch& batch : lead.work.given_up) collector.finished(batch);
  std::optional<RankSweep> ranks;
  if (job.place.ranks > 1) {
    ranks.emplace(job.context.ranks);
    ranks->run(rank_work(job, lead.work.plan, collector));
  } else {
    run_plan(sweep, lead.work.plan, node_arenas(job.threads), collector);
  }
  for (const Plan& careful : lead.work.careful) run_plan(sweep, careful, job.threads, collector);
  collector.rethrow();
  if (!ranks) return interrupted();
  lead.journal->writer().sync();
  // A rank that has vanished is waited for until somebody ends this one as well.
  constexpr double kPatience = 10.0;
  std::optional<std::chrono::steady_clock::time_point> told;
  const bool all = ranks->wait_for_all([&] {
    const auto now = std::chrono::steady_clock::now();
    if (!interrupted()) return false;
    if (!told) told = now;
    return std::chrono::duration<double>(now - *told).count() > kPatience;
  });
  if (!all) job.context.ranks.stop_all(kInterrupted);
  const auto troubled = static_cast<std::size_t>(ranks->everywhere().troubled);
  const auto most = job.options.most_failures();
  collector.heard_of(0, 0);
  collector.restore(lead.journal->read_others());
  (void)collector.wanted(false);
  return interrupted() || !(most && troubled > *most);
}

/// The end of a sweep that was stopped from outside: everything is in the journal, nothing is
/// published.
int end_interrupted(const Job& job, const Collector& collector, JournalWriter& journal) {
  journal.sync();
  const std::string reason = interrupt_reason();
  job.context.err << fmt::format(
      "needflow: interrupted ({}) after {} of {} points; {}{} keeps them, and the same command "
      "with --resume goes on to {}\n",
      reason.empty() ? "another rank" : reason, collector.done(), job.points,
      journal_path(job.name()).string(), job.place.ranks > 1 ? ".*" : "", job.name());
  return kInterrupted;
}

/// The journal goes once nothing can be gained from it.
void end_journal(const Job& job, const Collector& collector, SweepJournal& journal) {
  const std::size_t pending = job.points - collector.done();
  const std::size_t failed = collector.failed();
  if (pending == 0 && failed == 0) {
    journal.remove();
    return;
  }
  journal.writer().sync();
  if (job.level < LogLevel::warning) return;
  job.context.err << fmt::format(
      "{} stays: {}\n", journal.writer().path().string(),
      pending > 0 ? fmt::format("--resume runs the {} pending points", pending)
                  : fmt::format("--retry-failed runs the {} failed points again", failed));
}

/// What makes the file a part, where it is one.
std::optional<ShardRecord> shard_record(const Job& job, SweepJournal& journal) {
  if (!job.options.shard) return {};
  const std::filesystem::path folder =
      std::filesystem::absolute(job.options.scenario.file).parent_path();
  return ShardRecord{static_cast<std::int64_t>(job.place.shard.index),
                     static_cast<std::int64_t>(job.place.shard.count), job.scenario.hash_text(),
                     folder.string(), journal.bytes()};
}

int publish(const Job& job, Lead& lead, Provenance& provenance) {
  const Collector& collector = *lead.collector;
  if (collector.done() == job.points) lead.journal->writer().add_end();
  lead.journal->writer().flush();  // from now on no death of this process costs a point
  provenance.end = utc_now();
  const std::optional<ShardRecord> shard = shard_record(job, *lead.journal);
  run_in_arena(provenance.threads, [&] {
    publish_results(*lead.file, job.scenario, collector.outcomes(), collector.networks(),
                    provenance, shard ? &*shard : nullptr);
  });
  if (job.level >= LogLevel::info) {
    print_sweep_summary(job.scenario.sweep, collector.outcomes(), job.context.out);
    job.context.out << fmt::format("results in {}\n", job.name());
  }
  if (collector.done() < job.points) {
    job.context.err << fmt::format(
        "needflow: stopped after {} points without a result; {} are pending\n",
        collector.troubled(), job.points - collector.done());
  }
  end_journal(job, collector, *lead.journal);
  return collector.troubled() > 0 ? kSomePointsFailed : kDone;
}

IoError what_is_kept(const IoError& problem, SweepJournal& journal) {
  return IoError(fmt::format("{}\nwhat {} holds is kept; the same command with --resume goes on",
                             problem.what(), journal.writer().path().string()));
}

/// Before the first round: an output that cannot be written is found now.
void prepare(const Job& job, Lead& lead) {
  const SweepOptions& options = job.options;
  refuse_inputs_as_output(job.scenario, options.output);
  lead.begin = how_to_begin(job.scenario, options.output, options.resume, job.place.shard);
  if (lead.begin == Begin::finished) {
    if (job.level >= LogLevel::info) {
      job.context.out << fmt::format("{} is finished\n", job.name());
    }
    return;
  }
  watch_interrupts();  // before there is a temporary that nobody would remove
  const bool replaces = lead.begin == Begin::goes_on;
  lead.file.emplace(job.name(), replaces ? IfExists::kReplace : options.output.if_exists());
  lead.journal =
      std::make_unique<SweepJournal>(job.scenario, job.plan, job.name(), lead.begin, job.place);
  lead.file->remove_leftovers();  // the journal is ours alone, so whoever made them is gone
  lead.collector = std::make_unique<Collector>(job.scenario.sweep, job.plan.points,
                                               options.most_failures(), job.level);
  try {
    lead.work = take_over(job, lead.begin, *lead.journal, *lead.collector);
  } catch (const IoError& problem) {
    throw what_is_kept(problem, *lead.journal);
  }
}

int run_lead(const Job& job, Lead& lead) {
  Provenance provenance = begin_provenance(job.context.command, job.threads);
  provenance.ranks = job.place.ranks;
  const std::size_t before = lead.collector->done();
  if (job.level >= LogLevel::debug) {
    job.context.err << fmt::format("{} points on {} networks, {} threads, SIMD target {}\n",
                                   job.points, job.plan.tasks.size(), job.threads,
                                   provenance.simd_target);
  }
  Progress progress(job.context.err, progress_style(job.context, job.level), job.points, before);
  StatusFile status(job.name(), job.points, before);
  try {
    lead.collector->attach(&lead.journal->writer(), lead.journal->begin(before, job.threads),
                           &progress, &status);
    const bool stopped = do_work(job, lead);
    progress.finish();
    // After the last point nothing is lost.
    if (stopped && lead.collector->done() < job.points) {
      return end_interrupted(job, *lead.collector, lead.journal->writer());
    }
    return publish(job, lead, provenance);
  } catch (const IoError& problem) {
    throw what_is_kept(problem, *lead.journal);
  }
}

Shard wanted_shard(const SweepOptions& options, const Communicator& ranks) {
  if (!options.shard) return {};
  const std::optional<Shard> shard = parse_shard(*options.shard);
  if (!shard) {
    throw ScenarioError(
        fmt::format("--shard {} is no shard; expected i/n with i from 1 to n, such as 2/7",
                    shown(*options.shard)));
  }
  if (ranks.size() > 1) {
    throw ScenarioError(
        "--shard is for processes that do not know each other; ranks divide a sweep without it");
  }
  return *shard;
}

int run_sweep(const Context& context, const SweepOptions& options) {
  const Shard shard = wanted_shard(options, context.ranks);
  Scenario scenario = load(options.scenario);
  Plan plan =
      share_of(scenario.sweep, make_plan(scenario.sweep, options.lanes), shard, options.lanes);
  const std::size_t points = planned_points(plan);
  const Job job{context,
                options,
                effective_level(options.scenario),
                std::move(scenario),
                {shard, context.ranks.rank(), context.ranks.size()},
                std::move(plan),
                points,
                chosen_threads(options.scenario, context.ranks.ranks_on_node())};
  watch_the_time(options.walltime);
  Lead lead;
  on_first_rank(context.ranks, [&] { prepare(job, lead); });
  agree(job, lead);
  if (lead.begin == Begin::finished) return kDone;
  if (context.ranks.first()) return run_lead(job, lead);
  watch_interrupts();
  return follow(job, lead);
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
      "  needflow sweep data/mesh.toml -o part2.h5 --shard 2/7        then needflow merge\n"
      "  mpirun -n 4 needflow sweep data/mesh.toml -o mesh.h5         where built with MPI\n"
      "\nEvery finished point is in mesh.h5.journal at once; needflow status mesh.h5 reads "
      "it.\n\n" +
      option_help());
  const auto options = std::make_shared<SweepOptions>();
  add_scenario_options(*command, options->scenario);
  add_output_options(*command, options->output, options->scenario.overrides)->required();
  command
      ->add_option("--shard", options->shard,
                   "Run part i of n of the points, i from 1, into a part for needflow merge")
      ->type_name("i/n");
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
