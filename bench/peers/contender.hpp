// How the driver talks with a contender: one process each, one command a line on standard input,
// one JSON object a line on standard output. Loading and start-up happen once; the driver lets the
// contenders take turns.
//
//   check ROUNDS FILE   runs ROUNDS rounds from the start and writes x, received, d (doubles, N
//   each) time ROUNDS RUNS    RUNS times ROUNDS rounds from the start: {"seconds_per_round": …}
//   quit
//
// Wall time throughout, also for one thread, so that threads and ranks are measured alike.
#pragma once

#include <chrono>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace needflow::peers {

/// State after the last round, agents in the file's order.
struct Answer {
  std::vector<double> satisfied, received, denominator;
};

/// One way to run rounds. A round is that of needflow under `reallocate`, adaptive damping, no D,
/// no cap (bench/peers/README.md); a run begins with x = 0, f = 1 and no history.
class Contender {
 public:
  Contender() = default;
  virtual ~Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  virtual void run(int rounds) = 0;
  [[nodiscard]] virtual Answer answer() = 0;

  /// What the first line of output says beside "ready": JSON members such as "version": "7.4".
  [[nodiscard]] virtual std::string description() const = 0;
  /// A command of its own; empty if it knows none of that name.
  [[nodiscard]] virtual std::string other_command(std::istream& /*words*/,
                                                  const std::string& /*name*/) {
    return {};
  }

  // For contenders of several processes.
  virtual void barrier() {}
  [[nodiscard]] virtual bool speaks() const { return true; }
  /// The next line, "quit" at the end of input.
  [[nodiscard]] virtual std::string next_line() {
    std::string line;
    return std::getline(std::cin, line) ? line : "quit";
  }
};

/// Answers commands until "quit".
void serve(Contender& contender);

/// Wall seconds of work().
[[nodiscard]] inline double seconds_of(const std::function<void()>& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

}  // namespace needflow::peers
