// needflow report: a page with figures, and tables, from a result file.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

#include "solver/app/commands.hpp"
#include "solver/app/report_page.hpp"
#include "solver/error.hpp"

namespace needflow::app {

namespace {

namespace fs = std::filesystem;

struct ReportOptions {
  std::string file;
  std::string folder;
  std::optional<std::string> python;
  bool overwrite = false;
  bool quiet = false;
  LogLevel level = LogLevel::info;
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

int report(const Context& context, const ReportOptions& options) {
  const fs::path folder = folder_of(options);
  refuse_existing(folder, options.overwrite);
  context.out.flush();  // the scripts print to the same stream
  const bool quiet = options.quiet || options.level < LogLevel::info;
  return write_report_page(
      {options.file, folder, options.python, quiet, options.level == LogLevel::debug});
}

}  // namespace

Command add_report(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "report", "A page with figures (HTML) and tables (CSV) of a result file");
  command->footer(
      "Examples:\n"
      "  needflow report results/mesh.h5                      (results/mesh_report/index.html)\n"
      "  needflow report results/aid2022.h5 -o aid --overwrite\n\n"
      "The page is one file that loads nothing. The same result file gives the same bytes. Figures "
      "need\nPython 3 with h5py, Matplotlib and NumPy; Debian's interpreter is tried first, then "
      "that of PATH.");
  const auto options = std::make_shared<ReportOptions>();
  command->add_option("FILE", options->file, "Result file of run, sweep, merge or network")
      ->required();
  command->add_option("-o,--output", options->folder,
                      "Folder for the page and its tables (default: FILE without .h5, _report)");
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
