// needflow: parses the command line, runs a subcommand, turns troubles into messages and exit
// codes. Nothing else in the program prints or exits.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>

#include "io/build_info.hpp"
#include "io/error_list.hpp"
#include "io/suggest.hpp"
#include "kernels/allocate.hpp"
#include "solver/app/commands.hpp"
#include "solver/error.hpp"
#include "solver/ranks/communicator.hpp"

namespace {

using namespace needflow;
using namespace needflow::app;

/// NEEDFLOW_SIMD pins the kernels to one SIMD target, for tests and mixed clusters.
void obey_simd_wish() {
  const char* wish = std::getenv("NEEDFLOW_SIMD");
  if (wish == nullptr || *wish == '\0' || force_simd_target(wish)) return;
  std::string usable;
  for (const std::string& name : usable_simd_targets()) usable += " " + name;
  throw ScenarioError(
      fmt::format("NEEDFLOW_SIMD = {} is not usable here; expected one of{}", wish, usable));
}

/// CLI11 would say that a subcommand is missing; say which word is not one.
void refuse_unknown_command(int argc, char** argv, const std::map<std::string, Command>& commands) {
  if (argc < 2 || argv[1][0] == '-' || commands.contains(argv[1])) return;
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& [name, command] : commands) names.push_back(name);
  const std::string nearest = nearest_word(argv[1], names);
  throw ScenarioError(fmt::format("unknown command {}; {}", shown(argv[1]),
                                  nearest.empty()
                                      ? fmt::format("expected one of {}", fmt::join(names, ", "))
                                      : fmt::format("did you mean {}?", nearest)));
}

/// What was printed has to have arrived: `needflow info > /dev/full` must not end as done.
int flushed(int code) {
  std::cout.flush();
  if (!std::cout) throw IoError("cannot write to standard output");
  return code;
}

/// What every rank does; the others leave to the first.
bool takes_ranks(const std::string& command) { return command == "run" || command == "sweep"; }

int run(int argc, char** argv, Communicator& ranks) {
  CLI::App program(
      "Decentralised need allocation in rounds: from a scenario (TOML) to results (HDF5).\n"
      "First steps: needflow run data/seed_round.toml · needflow plan data/mesh.toml",
      "needflow");
  program.set_version_flag("--version", "needflow " + build_info().version);
  program.require_subcommand(1);
  std::map<std::string, Command> commands;
  commands["run"] = add_run(program);
  commands["plan"] = add_plan(program);
  commands["sweep"] = add_sweep(program);
  commands["merge"] = add_merge(program);
  commands["network"] = add_network(program);
  commands["report"] = add_report(program);
  commands["reproduce"] = add_reproduce(program);
  commands["status"] = add_status(program);
  commands["info"] = add_info(program);
  refuse_unknown_command(argc, argv, commands);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    if (!ranks.first()) return problem.get_exit_code() == 0 ? kDone : kBadInput;
    // CLI11 has an exit code a mistake; ours has one for all of them.
    return flushed(program.exit(problem) == 0 ? kDone : kBadInput);
  }
  obey_simd_wish();
  // HDF5 prints its own stack of errors unless told not to; ours say what the user can do.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is then an error of write(), with a message
  const std::string chosen = program.get_subcommands().front()->get_name();
  if (!ranks.first() && !takes_ranks(chosen)) return kDone;
  std::ostream nowhere(nullptr);
  const Context context{ranks.first() ? std::cout : nowhere,
                        ranks.first() ? std::cerr : nowhere,
                        ranks.first() && isatty(STDERR_FILENO) == 1,
                        {argv, argv + argc},
                        ranks};
  return flushed(commands.at(chosen)(context));
}

/// Turns troubles into a message and an exit code.
int run_and_complain(int argc, char** argv, Communicator& ranks) {
  const auto complain = [&ranks](const char* text, int code) {
    if (ranks.first()) std::cerr << "needflow: " << text << '\n';
    if (ranks.size() == 1) return code;
    // A bad scenario is one to all ranks: the first has said so. Somebody's own trouble, such as
    // a file that its node does not have, leaves the others waiting: they must not wait for ever.
    constexpr double kPatience = 5.0;
    if (ranks.all_stop_within(kPatience)) return code;
    if (!ranks.first()) {
      std::cerr << fmt::format("needflow: rank {}: {}\n", ranks.rank(), text);
    }
    ranks.stop_all(code);
    return code;
  };
  try {
    return run(argc, argv, ranks);
  } catch (const Interrupted&) {
    return complain("interrupted; nothing was written", kInterrupted);
  } catch (const ScenarioError& problem) {
    return complain(problem.what(), kBadInput);
  } catch (const InvalidPoint& problem) {
    return complain(problem.what(), kSomePointsFailed);
  } catch (const IoError& problem) {
    return complain(problem.what(), kIoFailure);
  } catch (const std::bad_alloc&) {
    return complain("not enough memory; needflow plan says what a scenario needs", kInternalError);
  } catch (const std::exception& problem) {
    return complain(problem.what(), kInternalError);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::unique_ptr<Communicator> ranks = join_ranks(argc, argv);
    return run_and_complain(argc, argv, *ranks);
  } catch (const ScenarioError& problem) {
    std::cerr << "needflow: " << problem.what() << '\n';
    return kBadInput;
  } catch (const std::exception& problem) {
    std::cerr << "needflow: " << problem.what() << '\n';
    return kInternalError;
  }
}
