// Loops over threads. The block size is fixed by the kernel, never by the thread count, so nothing
// that is computed per block can depend on how many threads there are.
#pragma once

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstddef>

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace needflow {

/// Whether a kernel may spread its row blocks over the threads of the caller's arena.
enum class Threads { one, all };

/// Rows a block. Any size from 64 to 4096 times the same within noise; 512 keeps the state of a
/// block in L1.
inline constexpr std::size_t kRowBlock = 512;

/// Tells ThreadSanitizer what it cannot see inside the prebuilt TBB: work starts after the fork and
/// the join comes after all work. Nothing in other builds. One address stands for every loop,
/// because work must not read anything, its own captures included, before it has said so.
namespace fork_join {
#if defined(__SANITIZE_THREAD__)
inline char sight;
inline void arrive() { __tsan_release(&sight); }
inline void depart() { __tsan_acquire(&sight); }
#else
inline void arrive() {}
inline void depart() {}
#endif
}  // namespace fork_join

/// Calls work(i) once for each i in [0, count), on the threads of the caller's arena. `partitioner`
/// is TBB's: auto_partitioner for many small pieces, simple_partitioner for few and unequal ones.
template <class Work, class Partitioner>
void parallel_indices(std::size_t count, const Work& work, const Partitioner& partitioner) {
  using Indices = oneapi::tbb::blocked_range<std::size_t>;
  fork_join::arrive();
  oneapi::tbb::parallel_for(
      Indices(0, count, 1),
      [&work](const Indices& range) {
        fork_join::depart();
        for (std::size_t i = range.begin(); i != range.end(); ++i) work(i);
        fork_join::arrive();
      },
      partitioner);
  fork_join::depart();
}

/// How many workers share that many pieces of work: at most one a thread of the caller's arena.
[[nodiscard]] inline std::size_t workers_for(std::size_t pieces, Threads threads) {
  if (threads == Threads::one) return std::min<std::size_t>(pieces, 1);
  const int most = oneapi::tbb::this_task_arena::max_concurrency();
  return std::min(pieces, static_cast<std::size_t>(std::max(1, most)));
}

/// Calls work(worker) once for each of so many workers, each with memory of its own that it keeps
/// while it takes pieces from a common counter. Only for what is added up in integers: who takes
/// which piece is left to chance.
template <class Work>
void run_workers(std::size_t workers, const Work& work) {
  if (workers == 1) {
    work(std::size_t{0});
  } else {
    parallel_indices(workers, work, oneapi::tbb::simple_partitioner());
  }
}

/// How many blocks that many rows make.
[[nodiscard]] inline std::size_t blocks_of(std::size_t rows) {
  return (rows + kRowBlock - 1) / kRowBlock;
}

/// Calls work(begin, end) once for each block of kRowBlock rows of [0, rows).
template <class Work>
void for_row_blocks(std::size_t rows, Threads threads, const Work& work) {
  const std::size_t blocks = blocks_of(rows);
  const auto one_block = [rows, &work](std::size_t block) {
    work(block * kRowBlock, std::min(rows, (block + 1) * kRowBlock));
  };
  if (threads == Threads::one || blocks < 2) {
    for (std::size_t block = 0; block < blocks; ++block) one_block(block);
    return;
  }
  parallel_indices(blocks, one_block, oneapi::tbb::auto_partitioner());
}

}  // namespace needflow
