// Whose values a rank needs from others between two passes, and how it gets them.
//
// Agents are split over ranks in contiguous blocks of rows. A rank's rows name their columns by
// place: its own agents first, in order, then the others it sees. Where ranks see less than
// kShareOfAll of the others together, each sends each the list it asked for once and then, a pass,
// exactly those values; else everybody gets everything by one MPI_Allgatherv, which packs nothing.
// Which of the two follows from sizes alone, and the numbers do not depend on it.
//
// Cost a pass: lists 8 B a value sent and a gather to pack it (1-3 ns); all: 8 B an agent of
// others.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/csr.hpp"
#include "kernels/parallel.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow {

/// Rows [0, rows) over so many ranks in whole blocks of kRowBlock, so that every block's sum is one
/// rank's. Parts differ by one block at most; with fewer blocks than ranks some have none.
[[nodiscard]] std::vector<RankPart> split_rows(std::size_t rows, int ranks);

class Halo {
 public:
  /// From this share of others' values on, everything is sent to everybody. Through shared memory a
  /// value by list takes 2.2 to 3.7 times as long as one of all, packing by one thread included, so
  /// lists would pay below a third; where the way takes longer than the packing, below nearly one
  /// (bench/ranks.md). The middle serves both.
  static constexpr double kShareOfAll = 0.5;

  /// `parts`: the rows of each rank, on the side that the columns name. Turns the columns of this
  /// rank's rows into places. Called by all ranks. Memory beside what is kept: a bit and a half an
  /// agent of all.
  Halo(Communicator& ranks, std::span<const RankPart> parts, std::span<Index> columns);

  /// Own agents and the others seen.
  [[nodiscard]] std::size_t seen() const { return seen_; }
  [[nodiscard]] bool gets_all() const { return gets_all_; }
  /// Values that a fetch receives.
  [[nodiscard]] std::size_t received() const { return seen_ - own_; }
  /// values: seen(), one's own filled in; fills in the others. Called by all ranks.
  void fetch(std::span<double> values, Threads threads);

  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Places;
  void exchange_lists(const Places& places, std::span<const RankPart> parts);

  Communicator& ranks_;
  std::size_t own_;
  std::size_t seen_ = 0;
  bool gets_all_ = false;
  std::vector<RankPart> arrivals_;          ///< of each rank among the values seen
  std::vector<std::vector<Index>> wanted_;  ///< own rows that each rank asked for
  std::vector<std::vector<double>> packed_;
};

}  // namespace needflow
