// needflow report: a page with figures (report_page.hpp), and the tables behind it
// (report_tables.hpp), from a result file.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "solver/app/commands.hpp"
#include "solver/app/report_page.hpp"
#include "solver/app/report_tables.hpp"
#include "solver/error.hpp"

namespace needflow::app {

namespace {

namespace fs = std::filesystem;

struct ReportOptions {
  std::string file;
  std::string folder;
  std::optional<std::string> python;
  bool tables_only = false;
  bool overwrite = false;
  bool quiet = false;
  LogLevel level = LogLevel::info;

  [[nodiscard]] bool says_nothing() const { return quiet || level < LogLevel::info; }
};

fs::path folder_of(const ReportOptions& options) {
  if (!options.folder.empty()) return options.folder;
  fs::path folder = options.file;
  if (folder.extension() == ".h5") folder.replace_extension();
  folder += "_report";
  return folder;
}

/// Before the work: what stands there is not overwritten unasked.
void refuse_existing(const fs::path& folder, bool overwrite) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    throw ScenarioError(
        fmt::format("{} is not a folder; expected one for the report's files, or a "
                    "name that is free",
                    folder.string()));
  }
  const fs::path page = folder / "index.html";
  if (!overwrite && fs::exists(page, error)) {
    throw ScenarioError(fmt::format("{} exists; --overwrite replaces it", page.string()));
  }
}

int write_tables(const Context& context, const ReportOptions& options, const fs::path& folder) {
  write_report_tables(report_tables(ResultFields(options.file)), folder,
                      options.overwrite ? IfExists::kReplace : IfExists::kRefuse);
  if (!options.says_nothing()) {
    context.out << fmt::format("cells.csv, differences.csv and fits.csv in {}\n", folder.string());
  }
  return kDone;
}

/// Tables for the page; none of a file of networks or without a point that ended. A file that is no
/// result at all is for the scripts to refuse: they know more ways in which one can be wrong.
ReportTables tables_if_any(const std::string& file) {
  try {
    return report_tables(ResultFields(file));
  } catch (const IoError&) {
    return {};
  }
}

int report(const Context& context, const ReportOptions& options) {
  const fs::path folder = folder_of(options);
  if (options.tables_only) return write_tables(context, options, folder);
  refuse_existing(folder, options.overwrite);
  const ReportTables tables = tables_if_any(options.file);
  context.out.flush();  // the scripts print to the same stream
  return write_report_page({options.file,
                            folder,
                            {{"cells.csv", tables.cells},
                             {"differences.csv", tables.differences},
                             {"fits.csv", tables.fits}},
                            options.python,
                            options.says_nothing(),
                            options.level == LogLevel::debug});
}

}  // namespace

Command add_report(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "report", "A page with figures (HTML) and tables (CSV) of a result file");
  command->footer(
      "Examples:\n"
      "  needflow report results/mesh.h5                      (results/mesh_report/index.html)\n"
      "  needflow report results/aid2022.h5 -o aid --overwrite\n"
      "  needflow report results/mesh.h5 -o mesh_tables --tables-only   (no Python needed)\n\n"
      "Replicates are nested in networks: errors are those of networks, at 95 %. The page is one "
      "file that\nloads nothing; the same result file gives the same bytes. Figures need Python 3 "
      "with h5py, Matplotlib\nand NumPy; Debian's interpreter is tried first, then that of PATH.");
  const auto options = std::make_shared<ReportOptions>();
  command->add_option("FILE", options->file, "Result file of run, sweep, merge or network")
      ->required();
  command->add_option("-o,--output", options->folder,
                      "Folder for page and tables (default: FILE without .h5, with _report)");
  command->add_flag("--tables-only", options->tables_only,
                    "cells.csv, differences.csv and fits.csv and nothing else");
  command->add_option("--python", options->python, "Python interpreter for the figures")
      ->type_name("PROGRAM");
  command->add_flag("--overwrite", options->overwrite, "Replace a report that exists");
  command->add_flag("-q,--quiet", options->quiet, "Print nothing but errors");
  const std::vector<std::pair<std::string, LogLevel>> levels{{"error", LogLevel::error},
                                                             {"warning", LogLevel::warning},
                                                             {"info", LogLevel::info},
                                                             {"debug", LogLevel::debug}};
  command->add_option("--log-level", options->level, "error, warning, info (default) or debug")
      ->transform(CLI::CheckedTransformer(levels, CLI::ignore_case))
      ->type_name("LEVEL");
  return [options](const Context& context) { return report(context, *options); };
}

}  // namespace needflow::app
