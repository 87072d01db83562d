// The machine's limits as a contender that takes its turn among the others, so that a share of a
// limit never compares two different hours.
//   machine_limits THREADS
// Commands: limits AGENTS    {"stream": bytes/s, "gather": visits/s, "fma": flop/s}; quit
#include <iomanip>
#include <iostream>
#include <sstream>

#include "bench/machine.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

std::string limits(Machine& machine, std::size_t agents, Threads threads) {
  std::ostringstream text;
  text << std::setprecision(9) << "{\"stream\": " << machine.read_bandwidth(threads)
       << ", \"gather\": " << 1.0 / machine.gather_seconds(agents, 1, threads)
       << ", \"fma\": " << machine.fma_rate(threads) << "}";
  return text.str();
}

void answer_commands(Threads threads) {
  Machine machine;
  std::cout << "{\"ready\": true, \"version\": \"bench/machine.hpp\"}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string name;
    std::size_t agents = 0;
    words >> name >> agents;
    if (name == "quit") return;
    std::cout << (name == "limits" ? limits(machine, agents, threads)
                                   : R"({"error": "no such command"})")
              << std::endl;
  }
}

}  // namespace

}  // namespace needflow::bench

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::stoi(argv[1]) : 1;
  needflow::run_in_arena(threads, [threads] {
    needflow::bench::answer_commands(threads == 1 ? needflow::Threads::one
                                                  : needflow::Threads::all);
  });
}
