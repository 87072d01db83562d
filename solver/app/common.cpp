#include "solver/app/common.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <thread>

#include "io/processors.hpp"
#include "kernels/lanes.hpp"
#include "solver/error.hpp"

namespace needflow::app {

namespace {

// A signal handler can reach nothing but a global of this type.
volatile std::sig_atomic_t interrupt_seen = 0;

extern "C" void remember_interrupt(int /*signal*/) { interrupt_seen = 1; }

}  // namespace

void add_scenario_options(CLI::App& command, ScenarioOptions& options) {
  command.add_option("SCENARIO", options.file, "Scenario file (TOML)")->required();
  command
      .add_option("--set", options.overrides.settings,
                  "section.key=value; wins over the file; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command.add_option("--seed", options.overrides.seed, "Seed of all draws; wins over the file");
  command
      .add_option("--threads", options.threads,
                  "Threads (default: the least of affinity mask, cgroup quota, Slurm's grant)")
      ->check(CLI::Range(1, 4096));
  command.add_flag("-q,--quiet", options.quiet, "Print nothing but errors");
  const std::vector<std::pair<std::string, LogLevel>> levels{{"error", LogLevel::error},
                                                             {"warning", LogLevel::warning},
                                                             {"info", LogLevel::info},
                                                             {"debug", LogLevel::debug}};
  command.add_option("--log-level", options.level, "error, warning, info (default) or debug")
      ->transform(CLI::CheckedTransformer(levels, CLI::ignore_case))
      ->type_name("LEVEL");
}

CLI::Option* add_output_options(CLI::App& command, OutputOptions& output, Overrides& overrides) {
  CLI::Option* file = command.add_option("-o,--output", output.file, "Result file (HDF5)");
  command.add_flag("--overwrite", output.overwrite, "Replace the result file if it exists");
  command.add_flag("--traces", overrides.traces, "Keep every round");
  command.add_flag("--agents", overrides.agents, "Keep every agent");
  return file;
}

void add_lanes_option(CLI::App& command, std::optional<int>& lanes) {
  command
      .add_option("--lanes", lanes,
                  "Runs side by side on one network: 1, 8 or 16 (default: chosen from sizes; "
                  "results do not depend on it)")
      ->check(CLI::IsMember(std::vector<int>(std::begin(kLaneWidths), std::end(kLaneWidths))))
      ->type_name("N");
}

void refuse_inputs_as_output(const Scenario& scenario, const OutputOptions& output) {
  for (const std::filesystem::path& input : scenario.files) {
    std::error_code ignored;
    if (output.file && std::filesystem::equivalent(input, *output.file, ignored)) {
      throw ScenarioError(
          fmt::format("-o {} is an input of this scenario; expected another file", *output.file));
    }
  }
}

LogLevel effective_level(const ScenarioOptions& options) {
  return options.quiet ? LogLevel::error : options.level;
}

int chosen_threads(const ScenarioOptions& options, int ranks_on_node) {
  if (options.threads > 0) return options.threads;
  return threads_of_rank(usable_processors(), static_cast<int>(std::thread::hardware_concurrency()),
                         ranks_on_node);
}

int threads_of_rank(const UsableProcessors& usable, int online, int ranks_on_node) {
  // Slurm's grant is a task's own; so is a mask that is less than the node.
  const bool own = usable.decided_by == "SLURM_CPUS_PER_TASK" ||
                   (!usable.limits.empty() && usable.limits.front().processors < online);
  return own ? usable.count : std::max(1, usable.count / ranks_on_node);
}

Scenario load(const ScenarioOptions& options) {
  if (options.file.ends_with(".h5")) {
    throw ScenarioError(fmt::format(
        "{} is a result file; expected a scenario (its attribute \"scenario\" holds the one it was "
        "made from)",
        options.file));
  }
  return load_scenario(options.file, options.overrides);
}

std::string grid_text(const Sweep& sweep) {
  std::string text;
  for (const Dimension& dimension : sweep.dimensions()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " × ", dimension.name, dimension.length);
  }
  return text.empty() ? "one point" : text;
}

std::string point_text(const Sweep& sweep, std::size_t i) {
  const Sweep one = only_point(sweep, i);
  std::string text;
  for (const Axis& axis : one.axes) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", axis.name,
                        plain_text(axis.values.front()));
  }
  const auto add_index = [&text](const char* name, std::int64_t length, std::uint32_t index) {
    if (length > 1) text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, index);
  };
  add_index("network", sweep.networks, one.first_network);
  add_index("replicate", sweep.replicates, one.first_replicate);
  return text.empty() ? "the only point" : text;
}

void watch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = remember_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one acts as usual
  for (const int signal : std::array{SIGINT, SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
}

bool interrupted() { return interrupt_seen != 0; }

}  // namespace needflow::app
