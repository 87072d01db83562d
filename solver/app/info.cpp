// needflow info: what was built, from what, and what this machine offers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <ostream>

#include "io/build_info.hpp"
#include "io/options.hpp"
#include "io/processors.hpp"
#include "kernels/allocate.hpp"
#include "solver/app/commands.hpp"
#include "solver/ranks/communicator.hpp"
#include "solver/sweep/arenas.hpp"

namespace needflow::app {

namespace {

void print_info(std::ostream& out) {
  const BuildInfo build = build_info();
  const UsableProcessors usable = usable_processors();
  out << fmt::format("needflow {}\n", build.version);
  out << fmt::format("commit      {}{}\n", build.commit, build.dirty ? " (with changes)" : "");
  out << fmt::format("compiler    {}\n", build.compiler);
  out << fmt::format("flags       {}\n", build.flags);
  out << fmt::format("libraries   {}\n", libraries_text(build));
  out << fmt::format("MPI         {}\n", mpi_library());
  out << fmt::format("SIMD        {} chosen; usable here: {} (NEEDFLOW_SIMD pins one)\n",
                     chosen_simd_target(), fmt::join(usable_simd_targets(), ", "));
  out << fmt::format("processors  {} usable, decided by the {}\n", usable.count, usable.decided_by);
  for (const ProcessorLimit& limit : usable.limits) {
    out << fmt::format("            {}: {} ({})\n", limit.name, limit.processors, limit.source);
  }
  const int nodes = numa_nodes("/");
  out << fmt::format("memory      {} {}\n", nodes,
                     nodes == 1 ? "NUMA node: all of it is as near to all threads"
                                : "NUMA nodes: each page lies where a thread first wrote it");
  const auto arenas = node_arenas(usable.count);
  if (arenas.size() > 1) {
    std::vector<int> threads;
    for (const NodeArena& arena : arenas) threads.push_back(arena.threads);
    out << fmt::format("            {} arenas of {} threads: a sweep's networks stay in one each\n",
                       arenas.size(), fmt::join(threads, ", "));
  } else if (nodes > 1) {
    out << "            one arena: oneTBB does not tell the nodes apart (is libtbbbind there?), or "
           "only one of them is usable\n";
  }
}

}  // namespace

Command add_info(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "info", "Version, commit, compiler, libraries, SIMD targets, usable processors");
  const auto reference = std::make_shared<bool>(false);
  command->add_flag("--options", *reference, "Print the reference page of all scenario options");
  return [reference](const Context& context) {
    if (*reference) {
      context.out << option_reference();
    } else {
      print_info(context.out);
    }
    return int{kDone};
  };
}

}  // namespace needflow::app
