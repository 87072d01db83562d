// M3's figures of recipients that are split over ranks: those of solver/statistics.hpp to the bit,
// and nobody holds the shares of more recipients than are its own.
//
// Each rank sorts its own shares. Ranks then agree where all shares sorted would be cut – the value
// at a place is found by halving the 64 bits of a double, each time counting who is below – and
// send each other what lies between two cuts, so that each has whole blocks of the order of all.
// Memory a rank: 24 bytes an own recipient, and 80 for each 512 of all.
#pragma once

#include <span>

#include "kernels/spread.hpp"
#include "solver/ranks/communicator.hpp"

namespace needflow {

/// The figures of one run, on all ranks. `parts`: the recipients of each rank, in whole blocks
/// (split_rows()); need, satisfied, over: those of this one. Called by all.
[[nodiscard]] Satisfaction measure_on_ranks(Communicator& ranks, std::span<const RankPart> parts,
                                            std::span<const double> need,
                                            std::span<const double> satisfied,
                                            std::span<const double> over, double wasted,
                                            double tolerance, Threads threads);

}  // namespace needflow
