// Row blocks over threads. The block size is fixed by the kernel, never by the thread count, so
// nothing that is computed per block can depend on how many threads there are.
#pragma once

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>

#include <algorithm>
#include <cstddef>

namespace needflow {

/// Whether a kernel may spread its row blocks over the threads of the caller's arena.
enum class Threads { one, all };

/// Rows a block. Any size from 64 to 4096 times the same within noise; 512 keeps the state of a
/// block in L1.
inline constexpr std::size_t kRowBlock = 512;

/// Calls work(begin, end) once for each block of kRowBlock rows of [0, rows).
template <class Work>
void for_row_blocks(std::size_t rows, Threads threads, const Work& work) {
  const std::size_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  const auto one_block = [rows, &work](std::size_t block) {
    work(block * kRowBlock, std::min(rows, (block + 1) * kRowBlock));
  };
  if (threads == Threads::one || blocks < 2) {
    for (std::size_t block = 0; block < blocks; ++block) one_block(block);
    return;
  }
  using Range = oneapi::tbb::blocked_range<std::size_t>;
  oneapi::tbb::parallel_for(
      Range(0, blocks, 1),
      [&one_block](const Range& range) {
        for (std::size_t block = range.begin(); block != range.end(); ++block) one_block(block);
      },
      oneapi::tbb::auto_partitioner());
}

}  // namespace needflow
