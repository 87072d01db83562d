#include "kernels/settle.hpp"

#include <algorithm>
#include <cmath>

namespace needflow {

double adaptive_factor(double oldest, double previous, double newest, double need) {
  const double differs = kOverDiffers * need;
  const bool rose_first = previous - oldest > differs;
  const bool fell_first = oldest - previous > differs;
  const bool rose_last = newest - previous > differs;
  const bool fell_last = previous - newest > differs;
  // Bitwise and by selection: which case it is changes from agent to agent, and a branch that
  // cannot be predicted costs more than the other cases' arithmetic.
  const bool oscillates = (rose_first & fell_last) | (fell_first & rose_last);
  const bool falls_or_rests = !(rose_first | rose_last);
  const double calm = falls_or_rests ? 1.0 : 0.8;
  return oscillates ? 0.5 : calm;
}

namespace {

double total_after(const SettleRule& rule, double satisfied, double received, double total_before,
                   double need) {
  double total = rule.settlement == SettlementKind::reallocate ? received : satisfied + received;
  if (rule.relaxation < 1.0) {
    total = (1.0 - rule.relaxation) * total_before + rule.relaxation * received;
  }
  return std::abs(total - need) <= kMetWithin * need ? need : total;
}

template <int L>
void settle_element(const SettleRule& rule, const RecipientState<L>& state, std::size_t r,
                    std::size_t l) {
  const double need = state.need[r][l];
  const double received = state.received[r][l];
  const double before = rule.relaxation < 1.0 ? state.total[r][l] : 0.0;
  const double total = total_after(rule, state.satisfied[r][l], received, before, need);
  const double over = std::max(0.0, total - need);
  const double under = std::max(0.0, need - total);

  state.satisfied[r][l] = std::min(need, total);
  if (!state.total.values().empty()) state.total[r][l] = total;
  const double oldest = state.over_previous[r][l];
  const double previous = state.over[r][l];
  state.over_oldest[r][l] = oldest;
  state.over_previous[r][l] = previous;
  state.over[r][l] = over;
  state.returned_share[r][l] = received > 0.0 ? over / received : 0.0;
  if (rule.adaptive_damping) {
    state.damping[r][l] = rule.history < 2 ? 0.8 : adaptive_factor(oldest, previous, over, need);
  }
  state.converged[r][l] = over <= rule.tolerance * need && under <= rule.tolerance * need ? 1 : 0;
}

}  // namespace

template <int L>
void settle(const SettleRule& rule, const RecipientState<L>& state, Threads threads) {
  for_row_blocks(state.need.rows(), threads, [=](std::size_t begin, std::size_t end) {
    // Copies of its own: the flags are bytes, and a store of bytes might change anything that the
    // compiler cannot see to be local, every pointer among them.
    const SettleRule own_rule = rule;
    const RecipientState<L> own_state = state;
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t l = 0; l < L; ++l) settle_element<L>(own_rule, own_state, r, l);
    }
  });
}

template void settle<1>(const SettleRule&, const RecipientState<1>&, Threads);
template void settle<8>(const SettleRule&, const RecipientState<8>&, Threads);

}  // namespace needflow
