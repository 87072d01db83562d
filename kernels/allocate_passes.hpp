// Inside of kernels/allocate.cpp: the three passes over a block of rows [begin, end) as one SIMD
// target compiled them. A table of plain pointers, so that Highway dispatches once a call.
#pragma once

#include "kernels/allocate.hpp"

namespace needflow {

template <int L>
struct RowPasses {
  void (*denominators)(const CsrView&, const PublishedNeeds<L>&,
                       LaneSpan<const double, L> available, LaneSpan<double, L> denominator,
                       LaneSpan<double, L> scale, std::size_t begin, std::size_t end);
  void (*deliveries)(const CsrView&, const PublishedNeeds<L>&, LaneSpan<const double, L> scale, Cap,
                     LaneSpan<double, L> received, LaneSpan<std::int32_t, L> messages,
                     std::size_t begin, std::size_t end);
  void (*settlements)(const CsrView&, const PublishedNeeds<L>&, LaneSpan<const double, L> scale,
                      LaneSpan<const double, L> returned_share, Cap, LaneSpan<double, L> delivered,
                      LaneSpan<double, L> returned, std::size_t begin, std::size_t end);
};

}  // namespace needflow
