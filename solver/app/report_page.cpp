#include "solver/app/report_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "solver/error.hpp"

namespace needflow::app {

namespace {

struct EmbeddedText {
  std::string_view name;
  std::string_view text;
};
#include "report_scripts.inc"

/// Exit codes of start.py: kMissing plus a bit for each of these.
constexpr int kMissing = 64;
constexpr std::array<const char*, 3> kLibraries{"h5py", "matplotlib", "numpy"};
constexpr const char* kPackages = "python3 python3-h5py python3-matplotlib python3-numpy";

/// An open file without a name: the interpreter's standard input, which start.py takes apart. Not a
/// pipe, which would block at 64 KiB and kill with SIGPIPE where the interpreter dies early.
class Scripts {
 public:
  explicit Scripts(const PageOptions& options)
      : descriptor_(memfd_create("needflow-report", MFD_CLOEXEC)) {
    if (descriptor_ < 0) fail();
    for (const auto& [name, text] : options.tables) write(fmt::format("\x1c{}\x1d{}", name, text));
    for (const EmbeddedText& script : kReportScripts) {
      if (script.name != "start") write(fmt::format("\x1c{}\x1d{}", script.name, script.text));
    }
    if (lseek(descriptor_, 0, SEEK_SET) != 0) fail();
  }
  Scripts(const Scripts&) = delete;
  Scripts& operator=(const Scripts&) = delete;
  ~Scripts() { close(descriptor_); }

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  [[noreturn]] static void fail() {
    throw IoError(fmt::format("cannot hand the report's scripts over: {}", std::strerror(errno)));
  }

  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno != EINTR) fail();
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  int descriptor_;
};

std::string_view script(std::string_view name) {
  for (const EmbeddedText& embedded : kReportScripts) {
    if (embedded.name == name) return embedded.text;
  }
  throw std::logic_error("a script of the report is missing");
}

/// How an interpreter ended: exit code, or why it did not run.
struct Ended {
  int code = 0;
  std::string trouble;
};

Ended wait_for(pid_t child, const std::string& python) {
  int state = 0;
  while (waitpid(child, &state, 0) < 0) {
    if (errno != EINTR) return {0, std::strerror(errno)};
  }
  if (WIFEXITED(state)) return {WEXITSTATUS(state), {}};
  throw std::runtime_error(fmt::format("{} was ended by signal {} while making the report", python,
                                       WIFSIGNALED(state) ? WTERMSIG(state) : 0));
}

Ended run_python(const std::string& python, const PageOptions& options) {
  const Scripts scripts(options);
  std::vector<std::string> words{python, "-c", std::string(script("start")), options.file,
                                 options.folder.string()};
  if (options.quiet) words.emplace_back("--quiet");
  if (options.debug) words.emplace_back("--debug");
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, scripts.descriptor(), STDIN_FILENO);
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, python.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return {0, std::strerror(error)};
  return wait_for(child, python);
}

/// "lacks h5py and numpy"; "" where the interpreter had all it needs.
std::string missing_libraries(int code) {
  const int bits = code - kMissing;
  if (bits < 1 || bits >= 1 << kLibraries.size()) return {};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kLibraries.size(); ++i) {
    if (((bits >> i) & 1) != 0) names.emplace_back(kLibraries[i]);
  }
  return fmt::format("lacks {}", fmt::join(names, ", "));
}

}  // namespace

int write_report_page(const PageOptions& options) {
  std::vector<std::string> candidates{"/usr/bin/python3", "python3"};
  if (options.python) candidates = {*options.python};
  std::string found;
  for (const std::string& python : candidates) {
    const Ended ended = run_python(python, options);
    const std::string reason =
        ended.trouble.empty() ? missing_libraries(ended.code) : ended.trouble;
    if (reason.empty()) return ended.code;
    found += fmt::format("\n  {}: {}", python, reason);
  }
  const std::string words = fmt::format(
      "the report's figures need Python 3 with h5py, Matplotlib and NumPy:{}\non Debian: apt-get "
      "install {}\nelse --python names an interpreter that has them",
      found, kPackages);
  if (options.python) throw ScenarioError(words);
  throw IoError(words);
}

}  // namespace needflow::app
