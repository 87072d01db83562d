// What the subcommands share: options of the command line, levels of talk, exit codes, interrupts.
#pragma once

#include <CLI/CLI.hpp>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "io/atomic_file.hpp"
#include "io/processors.hpp"
#include "io/progress.hpp"
#include "io/scenario.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow::app {

/// Exit codes, promised.
enum ExitCode : int {
  kDone = 0,
  kInternalError = 1,
  kBadInput = 2,
  kSomePointsFailed = 3,
  kIoFailure = 4,
  kInterrupted = 75,
};

/// How much is said on stderr and in summaries; each level includes those before it.
enum class LogLevel { error, warning, info, debug };

/// Where a subcommand reads its words from and writes to; `main` owns the streams.
struct Context {
  std::ostream& out;  ///< results for people
  std::ostream& err;  ///< progress and troubles
  bool err_is_terminal = false;
  std::vector<std::string> command;  ///< argv, for provenance
  Communicator& ranks;               ///< on all but the first, `out` and `err` lead nowhere
};

/// Options that every subcommand with a scenario takes.
struct ScenarioOptions {
  std::string file;
  Overrides overrides;
  int threads = 0;  ///< 0: as many as are usable
  bool quiet = false;
  LogLevel level = LogLevel::info;
};

/// Adds them to a subcommand.
void add_scenario_options(CLI::App& command, ScenarioOptions& options);

/// Where results go, and what they keep beyond the scenario's wish.
struct OutputOptions {
  std::optional<std::string> file;
  bool overwrite = false;

  [[nodiscard]] IfExists if_exists() const {
    return overwrite ? IfExists::kReplace : IfExists::kRefuse;
  }
};

/// Adds -o, --overwrite, --traces and --agents; returns the record of -o.
CLI::Option* add_output_options(CLI::App& command, OutputOptions& output, Overrides& overrides);

/// Adds --lanes.
void add_lanes_option(CLI::App& command, std::optional<int>& lanes);

/// Refuses a result file that is one of the scenario's own files: --overwrite would destroy it.
void refuse_inputs_as_output(const Scenario& scenario, const OutputOptions& output);

/// The level after --quiet.
[[nodiscard]] LogLevel effective_level(const ScenarioOptions& options);

/// Threads to use: as asked, else the least of affinity mask, cgroup quota and Slurm's grant. Ranks
/// that a launcher has not bound to processors of their own share those of their node.
[[nodiscard]] int chosen_threads(const ScenarioOptions& options, int ranks_on_node = 1);
/// The same from what is usable.
[[nodiscard]] int threads_of_rank(const UsableProcessors& usable, int online, int ranks_on_node);

/// The scenario with its overrides. A file of ".h5" is refused with a hint.
[[nodiscard]] Scenario load(const ScenarioOptions& options);

/// "agents 7 × neighbors 8 × replicate 4"
[[nodiscard]] std::string grid_text(const Sweep& sweep);

/// The values of point i: "agents = 100, neighbors = table, network = 1".
[[nodiscard]] std::string point_text(const Sweep& sweep, std::size_t i);

/// Remembers INT, TERM and USR1 instead of dying at once; a second one kills as usual.
void watch_interrupts();
[[nodiscard]] bool interrupted();

}  // namespace needflow::app
