#include "solver/ranks/rank_sweep.hpp"

#include <chrono>
#include <exception>
#include <thread>

#include "solver/sweep/shards.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow {

RankSweep::RankSweep(Communicator& ranks)
    : ranks_(ranks),
      next_(ranks.counter()),
      troubled_(ranks.counter()),
      finished_(ranks.counter()),
      exceptions_(std::uncaught_exceptions()) {}

RankSweep::~RankSweep() {
  if (std::uncaught_exceptions() == exceptions_) return;
  // Freeing waits for all ranks, and the others know nothing of this one's trouble.
  (void)next_.release();
  (void)troubled_.release();
  (void)finished_.release();
}

void RankSweep::run(const RankWork& work) {
  const auto size = static_cast<std::size_t>(ranks_.size());
  const std::vector<Plan> bundles = bundles_of(work.sweep, work.plan, size, work.forced_lanes);
  const auto all = static_cast<std::int64_t>(bundles.size());
  std::size_t told = 0;  // troubles that the others know of
  while (!work.sink.stop_requested()) {
    const std::int64_t bundle = next_->take();
    if (bundle >= all) break;
    run_plan(work.sweep, bundles[static_cast<std::size_t>(bundle)], work.threads, work.sink);
    const std::size_t now = work.troubled();
    const auto fresh = static_cast<std::int64_t>(now - told);
    told = now;
    const std::int64_t everywhere = troubled_->take(fresh) + fresh;
    if (work.max_failures && everywhere > static_cast<std::int64_t>(*work.max_failures)) break;
  }
  (void)next_->take(all);  // whoever comes now finds nothing, and most often nothing is left
}

bool RankSweep::wait_for_all(const std::function<bool()>& give_up) {
  constexpr auto kNap = std::chrono::milliseconds(10);
  (void)finished_->take();
  while (finished_->take(0) < ranks_.size()) {
    if (give_up()) return false;
    ranks_.progress();
    std::this_thread::sleep_for(kNap);
  }
  return true;
}

std::size_t RankSweep::troubled_everywhere() {
  return static_cast<std::size_t>(troubled_->take(0));
}

}  // namespace needflow
