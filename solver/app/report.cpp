// needflow report: the tables of a result file (solver/app/report_tables.hpp).
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

#include "solver/app/commands.hpp"
#include "solver/app/report_tables.hpp"
#include "solver/error.hpp"

namespace needflow::app {

namespace {

struct ReportOptions {
  std::string file;
  std::string folder;
  bool tables_only = false;
  bool overwrite = false;
  bool quiet = false;
};

int report(const Context& context, const ReportOptions& options) {
  if (!options.tables_only) {
    throw ScenarioError(
        "needflow report writes tables alone so far; ask for them with --tables-only");
  }
  const ResultFields results(options.file);
  const std::filesystem::path folder =
      options.folder.empty() ? std::filesystem::path(options.file).replace_extension(".report")
                             : std::filesystem::path(options.folder);
  write_report_tables(report_tables(results), folder,
                      options.overwrite ? IfExists::kReplace : IfExists::kRefuse);
  if (!options.quiet) {
    context.out << fmt::format("cells.csv, differences.csv and fits.csv in {}\n", folder.string());
  }
  return kDone;
}

}  // namespace

Command add_report(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("report", "Tables of a result file: cells, differences, fits");
  command->footer(
      "Replicates are nested in networks: errors are those of networks, at 95 %.\n"
      "Example:\n"
      "  needflow report mesh.h5 -o mesh_report --tables-only");
  const auto options = std::make_shared<ReportOptions>();
  command->add_option("FILE", options->file, "Result file of sweep or merge")->required();
  command->add_option("-o,--output", options->folder,
                      "Folder for the tables (default: FILE with .report for its ending)");
  command->add_flag("--tables-only", options->tables_only, "Write the tables and nothing else");
  command->add_flag("--overwrite", options->overwrite, "Replace tables that exist");
  command->add_flag("-q,--quiet", options->quiet, "Print nothing but errors");
  return [options](const Context& context) { return report(context, *options); };
}

}  // namespace needflow::app
