// needflow sweep: the main job. Every point of the grid, in parallel, into one HDF5 file.
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <optional>
#include <ostream>

#include "io/results.hpp"
#include "solver/app/commands.hpp"
#include "solver/app/sweep_summary.hpp"
#include "solver/error.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::app {

namespace {

struct SweepOptions {
  ScenarioOptions scenario;
  OutputOptions output;
  std::optional<int> lanes;
  bool fail_fast = false;
  std::optional<std::int64_t> max_failures;
};

/// Keeps every outcome at its point's place and tells people how it goes.
class Collector : public OutcomeSink {
 public:
  Collector(const Sweep& sweep, std::size_t points, std::optional<std::size_t> max_failures,
            LogLevel level, Progress& progress)
      : sweep_(sweep),
        outcomes_(points, sweep.types()),
        networks_(points),
        max_failures_(max_failures),
        level_(level),
        progress_(progress) {}

  void finished(OutcomeBatch batch) override {
    done_ += batch.points.size();
    for (std::size_t i = 0; i < batch.messages.size(); ++i) {
      if (!batch.messages[i].empty()) report_trouble(batch, i);
    }
    outcomes_.add(std::move(batch));
    progress_.update(done_, troubled_);
  }

  void measured(std::span<const std::size_t> points, GraphMetrics metrics) override {
    networks_.add(points, std::move(metrics));
  }

  [[nodiscard]] bool stop_requested() const override {
    return interrupted() || (max_failures_ && troubled_ > *max_failures_);
  }

  [[nodiscard]] const Outcomes& outcomes() const { return outcomes_; }
  [[nodiscard]] const NetworkTable& networks() const { return networks_; }
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] std::size_t troubled() const { return troubled_; }

 private:
  void report_trouble(const OutcomeBatch& batch, std::size_t i) {
    constexpr std::size_t kShown = 10;
    if (++troubled_ > kShown || level_ < LogLevel::warning) return;
    const std::size_t point = batch.points[i];
    const Status status = batch.outcomes[i * outcomes_.types()].status;
    progress_.say(fmt::format("point {} ({}) is {}: {}", point, point_text(sweep_, point),
                              status_name(status), batch.messages[i]));
    if (troubled_ == kShown) progress_.say("further points without a result are in the file only");
  }

  const Sweep& sweep_;
  Outcomes outcomes_;
  NetworkTable networks_;
  std::optional<std::size_t> max_failures_;
  LogLevel level_;
  Progress& progress_;
  std::size_t done_ = 0;
  std::atomic<std::size_t> troubled_ = 0;  // read by threads that ask whether to stop
};

ProgressStyle progress_style(const Context& context, LogLevel level) {
  if (level < LogLevel::info) return ProgressStyle::none;
  return context.err_is_terminal ? ProgressStyle::bar : ProgressStyle::lines;
}

int run_sweep(const Context& context, const SweepOptions& options) {
  const LogLevel level = effective_level(options.scenario);
  const Scenario scenario = load(options.scenario);
  refuse_inputs_as_output(scenario, options.output);
  const Plan plan = make_plan(scenario.sweep, options.lanes);
  watch_interrupts();  // before there is a temporary that nobody would remove
  // Made before the first round: an output that cannot be written is found now.
  const std::string& name = options.output.file.value();
  AtomicFile file(name, options.output.if_exists());
  const int threads = chosen_threads(options.scenario);
  Provenance provenance = begin_provenance(context.command, threads);

  if (level >= LogLevel::debug) {
    context.err << fmt::format("{} points on {} networks, {} threads, SIMD target {}\n",
                               plan.points, plan.tasks.size(), threads, provenance.simd_target);
  }
  Progress progress(context.err, progress_style(context, level), plan.to_do());
  std::optional<std::size_t> limit;
  if (options.max_failures) limit = static_cast<std::size_t>(*options.max_failures);
  if (options.fail_fast) limit = 0;
  Collector collector(scenario.sweep, plan.points, limit, level, progress);
  run_plan(scenario.sweep, plan, threads, collector);
  progress.finish();
  if (interrupted() && collector.done() < plan.to_do()) {  // after the last point nothing is lost
    context.err << fmt::format(
        "needflow: interrupted after {} of {} points; {} was not written, and there is no journal "
        "to "
        "resume from\n",
        collector.done(), plan.to_do(), name);
    return kInterrupted;
  }

  provenance.end = utc_now();
  run_in_arena(threads, [&] {
    publish_results(file, scenario, collector.outcomes(), collector.networks(), provenance);
  });
  if (level >= LogLevel::info) {
    print_sweep_summary(scenario.sweep, collector.outcomes(), context.out);
    context.out << fmt::format("results in {}\n", name);
  }
  if (collector.done() < plan.to_do()) {
    context.err << fmt::format(
        "needflow: stopped after {} points without a result; {} are pending\n",
        collector.troubled(), plan.to_do() - collector.done());
  }
  return collector.troubled() > 0 ? kSomePointsFailed : kDone;
}

}  // namespace

Command add_sweep(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("sweep", "Run every point of a scenario's grid into one HDF5 file");
  command->footer(
      "Examples:\n"
      "  needflow sweep data/mesh.toml -o mesh.h5\n"
      "  needflow sweep data/aid2022_sweep.toml -o aid.h5 --set round.tolerance=0.001 "
      "--traces\n\n" +
      option_help());
  const auto options = std::make_shared<SweepOptions>();
  add_scenario_options(*command, options->scenario);
  add_output_options(*command, options->output, options->scenario.overrides)->required();
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
