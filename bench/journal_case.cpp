// One sweep for journal_cost.py, with its journal or without, says what it took as JSON.
//   journal_case SCENARIO OUTPUT with|without THREADS [section.key=value …]
// The same steps as `needflow sweep`: networks, rounds, outcomes, result file; the journal is made,
// synced once a second and removed at the end. Loading the scenario is not timed. Said as well:
// wall seconds of the parts of it, the journal's bytes, pages that were touched for the first time.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "io/results.hpp"
#include "solver/app/collector.hpp"
#include "solver/app/sweep_journal.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

struct Used {
  double cpu = 0.0;
  long pages = 0;
};

Used used_so_far() {
  rusage used = {};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return {seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_minflt};
}

/// Wall seconds: points, from the first to the last one in the journal; the result file; the
/// journal's removal.
struct Parts {
  double points = 0.0;
  double file = 0.0;
  double end = 0.0;
  std::uint64_t journal_bytes = 0;
};

Parts sweep_once(const Scenario& scenario, const Plan& plan, const std::string& output,
                 bool with_journal, int threads) {
  const auto began = Clock::now();
  app::Collector collector(scenario.sweep, plan.points, {}, app::LogLevel::error);
  AtomicFile file(output, IfExists::kReplace);
  std::unique_ptr<app::SweepJournal> journal;
  if (with_journal) {
    journal = std::make_unique<app::SweepJournal>(scenario, plan, output, app::Begin::afresh);
    (void)journal->count_crashes(collector.wanted(false), false);
    FlightTable* flights = journal->begin(0, threads);
    collector.attach(&journal->writer(), flights, nullptr, nullptr);
  }
  run_plan(scenario.sweep, plan, threads, collector);
  collector.rethrow();
  if (journal != nullptr) {
    journal->writer().add_end();
    journal->writer().flush();
  }
  const auto computed = Clock::now();
  const Provenance provenance = begin_provenance({}, threads);
  run_in_arena(threads, [&] {
    publish_results(file, scenario, collector.outcomes(), collector.networks(), provenance);
  });
  const auto published = Clock::now();
  const std::uint64_t bytes = journal == nullptr ? 0 : journal->writer().bytes();
  if (journal != nullptr) journal->remove();
  journal.reset();
  return {seconds_between(began, computed), seconds_between(computed, published),
          seconds_between(published, Clock::now()), bytes};
}

void run_case(const std::vector<std::string>& words) {
  Overrides overrides;
  overrides.settings.assign(words.begin() + 4, words.end());
  const Scenario scenario = load_scenario(words[0], overrides);
  const int threads = std::stoi(words[3]);
  const Plan plan = make_plan(scenario.sweep, {});
  const Used before = used_so_far();
  const auto started = Clock::now();
  const Parts parts = sweep_once(scenario, plan, words[1], words[2] == "with", threads);
  const double wall = seconds_between(started, Clock::now());
  const Used after = used_so_far();
  std::cout << fmt::format(
      "{{\"points\": {}, \"wall\": {:.6f}, \"cpu\": {:.6f}, \"computing\": {:.6f}, "
      "\"file\": {:.6f}, \"end\": {:.6f}, \"bytes\": {}, \"pages\": {}}}\n",
      plan.points, wall, after.cpu - before.cpu, parts.points, parts.file, parts.end,
      parts.journal_bytes, after.pages - before.pages);
}

}  // namespace

}  // namespace needflow::bench

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 4 || (words[2] != "with" && words[2] != "without")) {
    std::cerr << "usage: journal_case SCENARIO OUTPUT with|without THREADS [section.key=value …]\n";
    return 2;
  }
  try {
    needflow::bench::run_case(words);
  } catch (const std::exception& problem) {
    std::cerr << "journal_case: " << problem.what() << "\n";
    return 1;
  }
}
