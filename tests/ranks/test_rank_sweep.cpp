// A sweep over ranks: together they run every point once, and stop together.
#include <doctest/doctest.h>

#include <atomic>
#include <numeric>

#include "solver/error.hpp"
#include "solver/ranks/rank_sweep.hpp"
#include "tests/ranks/ranks.hpp"

namespace needflow {
namespace {

/// Meshes of three sizes, drawn amounts, 40 draws each.
Sweep small_sweep() {
  Sweep sweep;
  sweep.base.network.agents = 20;
  sweep.base.network.neighbors = 4;
  sweep.replicates = 40;
  sweep.networks = 6;
  auto instance = std::make_shared<Instance>();
  instance->source = Source::generated;
  sweep.instance = instance;
  return sweep;
}

class Counts : public OutcomeSink {
 public:
  explicit Counts(std::size_t points) : times(points, 0) {}
  void finished(OutcomeBatch batch) override {
    for (const std::size_t point : batch.points) ++times[point];
    done += batch.points.size();
  }
  [[nodiscard]] bool stop_requested() const override { return done >= stop_at; }

  std::vector<std::int64_t> times;
  std::atomic<std::size_t> done = 0;
  std::size_t stop_at = std::numeric_limits<std::size_t>::max();
};

TEST_CASE("ranks run every point once") {
  const Sweep sweep = small_sweep();
  const Plan plan = make_plan(sweep);
  Counts counts(plan.points);
  // One point of the first rank's fails, and one may.
  const auto own = [&counts] {
    const auto done = static_cast<std::int64_t>(counts.done.load());
    return RankProgress{done, ranks().first() ? std::min<std::int64_t>(done, 1) : 0};
  };
  RankProgress heard;
  const auto hear = [&heard](const RankProgress& others) { heard = others; };
  RankSweep job(ranks());
  job.run({sweep, plan, 1, {}, counts, own, hear, std::size_t{1}});
  CHECK(job.wait_for_all([] { return false; }));
  CHECK(job.everywhere().done == static_cast<std::int64_t>(plan.points));
  CHECK(job.everywhere().troubled <= 1);
  CHECK(heard.done <= static_cast<std::int64_t>(plan.points - counts.done));
  ranks().add(counts.times);
  for (const std::int64_t times : counts.times) CHECK(times == 1);
}

TEST_CASE("too many failures on one rank stop all of them") {
  const Sweep sweep = small_sweep();
  const Plan plan = make_plan(sweep);
  Counts counts(plan.points);
  RankSweep job(ranks());
  job.run({sweep,
           plan,
           1,
           {},
           counts,
           [&] {
             const auto done = static_cast<std::int64_t>(counts.done.load());
             return RankProgress{done, done};
           },
           {},
           std::size_t{0}});
  CHECK(job.wait_for_all([] { return false; }));
  CHECK(job.everywhere().troubled > 0);
  ranks().add(counts.times);
  const auto done = std::accumulate(counts.times.begin(), counts.times.end(), std::int64_t{0});
  CHECK(done < static_cast<std::int64_t>(plan.points));
}

TEST_CASE("a rank that stops leaves what is left to nobody and keeps nobody waiting") {
  const Sweep sweep = small_sweep();
  const Plan plan = make_plan(sweep);
  Counts counts(plan.points);
  counts.stop_at = 1;
  RankSweep job(ranks());
  const bool last = ranks().rank() + 1 == ranks().size();
  if (!last) ranks().barrier();  // comes through once the last one has stopped
  job.run({sweep, plan, 1, {}, counts, [] { return RankProgress{}; }, {}, {}});
  if (last) ranks().barrier();
  CHECK((counts.done > 0) == last);
  CHECK(job.wait_for_all([] { return false; }));
}

TEST_CASE("one that an exception ends waits for no other") {
  Communicator& all = ranks();
  if (all.size() == 1) return;
  const bool last = all.rank() + 1 == all.size();
  const auto fall = [&] {
    RankSweep job(all);
    if (!last) all.barrier();  // comes through once the last one is out
    throw IoError("no such disk");
  };
  CHECK_THROWS_AS(fall(), IoError);
  if (last) all.barrier();
}

TEST_CASE("one that gives up waiting says so") {
  RankSweep job(ranks());
  if (ranks().size() > 1 && ranks().first()) {
    CHECK(!job.wait_for_all([] { return true; }));  // before the others come
    ranks().barrier();
  } else {
    if (ranks().size() > 1) ranks().barrier();
    CHECK(job.wait_for_all([] { return false; }));
  }
}

}  // namespace
}  // namespace needflow
