// Which threads run what. On a machine with several memory nodes each of them gets an arena of its
// own, and a network with all its points stays in one: it is built there, so that first touch puts
// its rows beside the processors that read them.
//
// Never measured: no machine with two nodes was at hand. What is certain is that nothing depends on
// it but time.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace needflow {

/// An arena bound to a memory node.
struct NodeArena {
  int node = -1;    ///< oneTBB's number for it; -1: wherever the system puts the threads
  int threads = 1;  ///< 1 or more
};

/// So many threads over nodes with so many usable processors each, in proportion, the earlier ones
/// first; a node's share may be 0. Nodes without a processor get none.
[[nodiscard]] std::vector<int> share_threads(int threads, std::span<const int> processors);

/// Calls work() with at most `threads` threads at its disposal.
void run_in_arena(int threads, const std::function<void()>& work);

/// Calls work(hand) once for each of `hands` hands, spread over the arenas in proportion to their
/// threads; in an arena, they are the only ones.
void run_in_arenas(std::span<const NodeArena> arenas, std::size_t hands,
                   const std::function<void(std::size_t)>& work);

}  // namespace needflow
