#include "solver/ranks/rank_sweep.hpp"

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "solver/sweep/shards.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow {

RankSweep::RankSweep(Communicator& ranks)
    : ranks_(ranks),
      next_(ranks.counter()),
      done_(ranks.counter()),
      troubled_(ranks.counter()),
      finished_(ranks.counter()),
      exceptions_(std::uncaught_exceptions()) {}

RankSweep::~RankSweep() {
  if (std::uncaught_exceptions() == exceptions_) return;
  for (auto* counter : {&next_, &done_, &troubled_, &finished_}) ranks_.keep(std::move(*counter));
}

void RankSweep::run(const RankWork& work) {
  const auto size = static_cast<std::size_t>(ranks_.size());
  const std::vector<Plan> bundles = bundles_of(work.sweep, work.plan, size, work.forced_lanes);
  const auto all = static_cast<std::int64_t>(bundles.size());
  heard_of_ = work.heard_of;
  while (!work.sink.stop_requested()) {
    const std::int64_t bundle = next_->take();
    if (bundle >= all) break;
    run_plan(work.sweep, bundles[static_cast<std::size_t>(bundle)], work.threads, work.sink);
    tell(work.own());
    const std::int64_t troubled = everywhere().troubled;
    if (work.max_failures && troubled > static_cast<std::int64_t>(*work.max_failures)) break;
  }
  (void)next_->take(all);  // whoever comes now finds nothing, and most often nothing is left
}

void RankSweep::tell(const RankProgress& own) {
  const std::int64_t done = done_->take(own.done - told_.done) - told_.done;
  const std::int64_t troubled = troubled_->take(own.troubled - told_.troubled) - told_.troubled;
  told_ = own;
  if (heard_of_) heard_of_({done, troubled});
}

bool RankSweep::wait_for_all(const std::function<bool()>& give_up) {
  constexpr auto kNap = std::chrono::milliseconds(10);
  (void)finished_->take();
  while (finished_->take(0) < ranks_.size()) {
    if (give_up()) return false;
    tell(told_);
    ranks_.progress();
    std::this_thread::sleep_for(kNap);
  }
  return true;
}

RankProgress RankSweep::everywhere() { return {done_->take(0), troubled_->take(0)}; }

}  // namespace needflow
