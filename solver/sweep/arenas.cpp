#include "solver/sweep/arenas.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "kernels/parallel.hpp"

namespace needflow {

namespace {

namespace tbb = oneapi::tbb;

/// The arena bounds how many threads may join; the control lets TBB make more than there are cores.
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads)
      : control_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads)) {}

 private:
  tbb::global_control control_;
};

/// One node's arena and what runs in it.
class BoundArena {
 public:
  /// The caller joins the first arena and has no seat kept for it in the others, where it only
  /// waits at the end.
  BoundArena(const NodeArena& place, bool first)
      : arena_(tbb::task_arena::constraints{place.node, place.threads}, first ? 1U : 0U) {}

  template <class Work>
  void start(const Work& work) {
    fork_join::arrive();
    arena_.execute([&] {
      fork_join::depart();  // where the arena is full, one of its threads does this
      group_.run([&work] {
        fork_join::depart();
        work();
        fork_join::arrive();
      });
    });
  }
  void wait() {
    fork_join::arrive();
    arena_.execute([&] {
      fork_join::depart();
      group_.wait();
    });
    fork_join::depart();
  }

 private:
  tbb::task_arena arena_;
  tbb::task_group group_;
};

}  // namespace

std::vector<int> share_threads(int threads, std::span<const int> processors) {
  const int all = std::max(1, std::accumulate(processors.begin(), processors.end(), 0));
  std::vector<int> shares;
  std::int64_t before = 0;  // rounding the running sums up leaves nobody out
  int given = 0;
  for (const int count : processors) {
    before += count;
    const auto until = static_cast<int>((before * threads + all - 1) / all);
    shares.push_back(until - given);
    given = until;
  }
  return shares;
}

void run_in_arena(int threads, const std::function<void()>& work) {
  const ThreadLimit limit(threads);
  tbb::task_arena arena(threads);
  arena.execute(work);
}

void run_in_arenas(std::span<const NodeArena> arenas, std::size_t hands,
                   const std::function<void(std::size_t)>& work) {
  std::vector<int> threads;
  for (const NodeArena& arena : arenas) threads.push_back(arena.threads);
  const ThreadLimit limit(std::accumulate(threads.begin(), threads.end(), 0));
  const std::vector<int> shares = share_threads(static_cast<int>(hands), threads);
  std::vector<std::unique_ptr<BoundArena>> bound;
  std::vector<std::function<void()>> works;
  std::size_t first = 0;
  for (const int share : shares) {
    const auto count = static_cast<std::size_t>(share);
    works.emplace_back([&work, first, count] {
      parallel_indices(
          count, [&](std::size_t i) { work(first + i); }, tbb::simple_partitioner());
    });
    first += count;
  }
  for (std::size_t i = 0; i < arenas.size(); ++i) {
    bound.push_back(std::make_unique<BoundArena>(arenas[i], i == 0));
  }
  for (std::size_t i = 0; i < arenas.size(); ++i) bound[i]->start(works[i]);
  for (const auto& arena : bound) arena->wait();
}

}  // namespace needflow
