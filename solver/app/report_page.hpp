// The page of `needflow report`: HTML with figures, made by Python scripts (solver/app/report) that
// the program carries in itself, so that they are found wherever it is installed. h5py, Matplotlib
// and NumPy are the interpreter's; nothing else of needflow needs Python.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace needflow::app {

struct PageOptions {
  std::string file;              ///< result file
  std::filesystem::path folder;  ///< where index.html and its tables go; made if it is not there
  /// Names and texts of tables that the page shows and puts beside itself; empty ones are left out.
  std::vector<std::pair<std::string, std::string>> tables;
  std::optional<std::string> python;  ///< interpreter; by default Debian's, then that of PATH
  bool quiet = false;
  bool debug = false;  ///< Python's own words where the scripts fail
};

/// Runs the scripts; what they have to say goes to this process's stdout and stderr. Returns the
/// exit code of the program, 0 for done. Throws ScenarioError where `python` cannot be used,
/// IoError where no interpreter with the libraries is found.
int write_report_page(const PageOptions& options);

}  // namespace needflow::app
