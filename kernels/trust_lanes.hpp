// Trust along the rows of L runs side by side: the text of kernels/trust.cpp for more than one
// lane, with the bits of kernels/trust_rows.hpp in every lane. Compiled once a SIMD target
// (Highway's scheme instead of an include guard).
//
// All of an entry's lanes are next to each other, so vectors run along the lanes and nothing is
// gathered but rows of L numbers.
#if defined(NEEDFLOW_TRUST_LANES_ONCE) == defined(HWY_TARGET_TOGGLE)
#ifdef NEEDFLOW_TRUST_LANES_ONCE
#undef NEEDFLOW_TRUST_LANES_ONCE
#else
#define NEEDFLOW_TRUST_LANES_ONCE
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "kernels/lane_loops.hpp"
#include "kernels/trust_rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Where a vector that may be left out starts, or null: an empty span may point somewhere.
template <class T, int L>
HWY_INLINE const T* given(LaneSpan<const T, L> span) {
  return span.values().empty() ? nullptr : span.values().data();
}

/// Which of a vector of lanes are marked: bytes of 0 or 1.
template <class D>
HWY_INLINE hn::Mask<D> marked(D d, const std::uint8_t* marks) {
  double values[hn::MaxLanes(D())];
  for (std::size_t l = 0; l < hn::MaxLanes(D()); ++l) values[l] = marks[l];
  return hn::Gt(hn::LoadU(d, values), hn::Zero(d));
}

/// The rules of all lanes as a number a lane each.
template <int L>
struct AuditTable {
  explicit AuditTable(const Audits<L>& audits) : network(audits.network) {
    for (std::size_t l = 0; l < L; ++l) {
      const AuditRule& rule = audits.rules[l];
      decay[l] = rule.decay;
      noise[l] = rule.noise;
      audit[l] = rule.audit;
      first_key[l] = rule.stream_key[0];
      second_key[l] = rule.stream_key[1];
      replicate[l] = rule.replicate;
      updates[l] = audits.updates[l];
      if (updates[l] == 0) continue;
      draws = draws || rule.noise > 0.0 || rule.audit < 1.0;
      any = true;
    }
  }

  std::uint32_t network;
  PerLane<double, L> decay{}, noise{}, audit{};
  PerLane<std::uint64_t, L> first_key{}, second_key{}, replicate{};
  PerLane<std::uint8_t, L> updates{};
  bool draws = false;  ///< some lane does
  bool any = false;    ///< some lane is updated
};

#if HWY_TARGET == HWY_SCALAR

/// Adds noise to what is seen along (i, j) and blanks what nobody looks at.
template <int L, class D>
HWY_INLINE hn::Vec<D> drawn_sight(D d, const AuditTable<L>& table, std::size_t lane,
                                  std::uint32_t source, std::uint32_t target, hn::Vec<D> seen) {
  const auto block = r123::Philox4x32()(
      {{source, target, table.network, static_cast<std::uint32_t>(table.replicate[lane])}},
      {{static_cast<std::uint32_t>(table.first_key[lane]),
        static_cast<std::uint32_t>(table.second_key[lane])}});
  const std::uint64_t first = block[0] | std::uint64_t{block[1]} << 32;
  const std::uint64_t second = block[2] | std::uint64_t{block[3]} << 32;
  double value = hn::GetLane(seen);
  value += table.noise[lane] * inverse_normal(uniform_open(first));
  return hn::Set(d, uniform_open_closed(second) > table.audit[lane] ? kNoEvidence : value);
}

#else

template <int L, class D>
HWY_INLINE hn::Vec<D> drawn_sight(D d, const AuditTable<L>& table, std::size_t lane,
                                  std::uint32_t source, std::uint32_t target, hn::Vec<D> seen) {
  const Bits bits;
  const Words words = philox_words(word(source), word(target), word(table.network),
                                   hn::LoadU(bits, table.replicate.data() + lane),
                                   hn::LoadU(bits, table.first_key.data() + lane),
                                   hn::LoadU(bits, table.second_key.data() + lane));
  const auto noise = lane_values<L>(d, table.noise, lane);
  seen = hn::Add(seen, hn::Mul(noise, normal_vector(open(words.first))));
  const auto looked = hn::Le(open_closed(words.second), lane_values<L>(d, table.audit, lane));
  return hn::IfThenElse(looked, seen, hn::Set(d, kNoEvidence));
}

#endif  // HWY_TARGET

/// One vector of lanes of one row.
template <int L, bool kDraws>
class LaneUpdater {
 public:
  using Groups = LaneGroups<L>;
  using D = typename Groups::D;
  using V = typename Groups::V;
  using M = hn::Mask<D>;

  HWY_INLINE LaneUpdater(const AuditTable<L>& table, const Audits<L>& audits, TrustRow rows,
                         const EvidenceCounts<L>& counts, double* trust, std::size_t row,
                         std::size_t lane)
      : table_(table),
        by_source_(rows == TrustRow::source),
        types_(audits.types),
        agents_(audits.exaggeration.rows() / audits.types),
        exaggeration_(given(audits.exaggeration)),
        auditors_(given(audits.auditors)),
        good_(counts.good.values().data()),
        bad_(counts.bad.values().data()),
        trust_(trust),
        row_(row),
        lane_(lane),
        decay_(lane_values<L>(d_, table.decay, lane)),
        updates_(marked(d_, table.updates.data() + lane)),
        own_(hn::Zero(d_)),
        own_auditors_(updates_),
        auditors_count_(hn::Zero(d_)) {
    if (exaggeration_ != nullptr && !by_source_) own_ = sight_of(row);
    if (auditors_ != nullptr && by_source_) own_auditors_ = marked(d_, auditors_ + row * L + lane);
    for (auto& sum : trust_sum_) sum = hn::Zero(d_);
    for (auto& sum : lacking_sum_) sum = hn::Zero(d_);
  }

  /// Entry e, which is the k-th of four in turn, towards agent `other`.
  HWY_INLINE void visit(std::size_t k, std::size_t e, std::size_t other, bool recognised) {
    const V one = hn::Set(d_, 1.0);
    V seen = types_ == 1 ? drawn(other, sight(other)) : mean_sight(other);
    if (!recognised) seen = hn::Set(d_, kNoEvidence);
    const M evidence = hn::Eq(seen, seen);
    const V found = hn::Sub(one, hn::Min(hn::Max(seen, hn::Zero(d_)), one));
    const V lacking = hn::IfThenElseZero(evidence, hn::Sub(one, found));
    const std::size_t at = e * L + lane_;
    const V a_before = hn::LoadU(d_, good_ + at);
    const V b_before = hn::LoadU(d_, bad_ + at);
    const V a = fused_multiply_add(decay_, a_before, hn::IfThenElseZero(evidence, found));
    const V b = fused_multiply_add(decay_, b_before, lacking);
    const V trust = hn::Div(hn::Add(a, one), hn::Add(hn::Add(a, b), hn::Set(d_, 2.0)));
    hn::StoreU(hn::IfThenElse(updates_, a, a_before), d_, good_ + at);
    hn::StoreU(hn::IfThenElse(updates_, b, b_before), d_, bad_ + at);
    hn::StoreU(hn::IfThenElse(updates_, trust, hn::LoadU(d_, trust_ + at)), d_, trust_ + at);
    trust_sum_[k] = hn::Add(trust_sum_[k], trust);
    lacking_sum_[k] = hn::Add(lacking_sum_[k], lacking);
    auditors_count_ = hn::Add(auditors_count_, hn::IfThenElseZero(evidence, one));
  }

  HWY_INLINE void finish(const TrustRows<L>& made, const AuditFindings<L>& findings) const {
    put(total(trust_sum_), made.trust_sum[row_]);
    if (findings.observed.values().empty()) return;
    V mean = hn::Div(total(lacking_sum_), auditors_count_);
    if (exaggeration_ != nullptr && types_ == 1) {  // without noise all saw the same
      const V one = hn::Set(d_, 1.0);
      const V clamped = hn::Min(hn::Max(own_, hn::Zero(d_)), one);
      const M quiet = hn::Le(lane_values<L>(d_, table_.noise, lane_), hn::Zero(d_));
      mean = hn::IfThenElse(quiet, hn::Sub(one, hn::Sub(one, clamped)), mean);
    }
    const M any = hn::Gt(auditors_count_, hn::Zero(d_));
    put(auditors_count_, findings.auditors[row_]);
    put(hn::IfThenElse(any, mean, hn::Set(d_, kNoEvidence)), findings.observed[row_]);
  }

 private:
  HWY_INLINE V sight_of(std::size_t j) const {
    return hn::LoadU(d_, exaggeration_ + j * L + lane_);
  }
  /// δ_j along the edge to or from `other`, NaN where i does not audit or j cannot be.
  HWY_INLINE V sight(std::size_t other) const {
    V seen = hn::Set(d_, kNoEvidence);
    if (exaggeration_ != nullptr) seen = by_source_ ? sight_of(other) : own_;
    if (auditors_ == nullptr) return seen;
    const M looks = by_source_ ? own_auditors_ : marked(d_, auditors_ + other * L + lane_);
    return hn::IfThenElse(looks, seen, hn::Set(d_, kNoEvidence));
  }
  /// The same with noise, and NaN where nobody looks.
  HWY_INLINE V drawn(std::size_t other, V seen) const {
    if constexpr (!kDraws) return seen;
    const auto source = static_cast<std::uint32_t>(by_source_ ? row_ : other);
    const auto target = static_cast<std::uint32_t>(by_source_ ? other : row_);
    return drawn_sight<L>(d_, table_, lane_, source, target, seen);
  }
  /// Of several need types: the mean over those with an observation.
  HWY_NOINLINE V mean_sight(std::size_t other) const {
    const V zero = hn::Zero(d_);
    const V one = hn::Set(d_, 1.0);
    if (exaggeration_ == nullptr) return hn::Set(d_, kNoEvidence);
    const V noise = drawn(other, zero);
    const std::size_t target = by_source_ ? other : row_;
    const std::size_t source = by_source_ ? row_ : other;
    V sum = zero;
    V types = zero;
    for (std::size_t type = 0; type < types_; ++type) {
      const V seen = hn::Add(sight_of(type * agents_ + target), noise);
      M evidence = hn::Eq(seen, seen);
      if (auditors_ != nullptr) {
        const std::size_t auditor = type * agents_ + source;
        evidence = hn::And(evidence, marked(d_, auditors_ + auditor * L + lane_));
      }
      const V clamped = hn::Min(hn::Max(seen, zero), one);
      sum = hn::Add(sum, hn::IfThenElseZero(evidence, clamped));
      types = hn::Add(types, hn::IfThenElseZero(evidence, one));
    }
    const V nothing = hn::Set(d_, kNoEvidence);
    return hn::IfThenElse(hn::Gt(types, zero), hn::Div(sum, types), nothing);
  }
  HWY_INLINE static V total(const V (&sums)[4]) {
    return hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
  }
  HWY_INLINE void put(V value, double* row) const {
    hn::StoreU(hn::IfThenElse(updates_, value, hn::LoadU(d_, row + lane_)), d_, row + lane_);
  }

  D d_;
  const AuditTable<L>& table_;
  bool by_source_;
  std::size_t types_, agents_;
  const double* exaggeration_;
  const std::uint8_t* auditors_;
  double* good_;
  double* bad_;
  double* trust_;
  std::size_t row_, lane_;
  V decay_;
  M updates_;
  V own_;           ///< δ of the row, by target
  M own_auditors_;  ///< whether the row audits, by source
  V trust_sum_[4], lacking_sum_[4];
  V auditors_count_;
};

/// Whether i recognises j at all.
HWY_INLINE bool is_recognised(const CsrView& network, std::size_t entry) {
  if (network.narrow()) return network.narrow_weights[entry] > 0.0F;
  return network.weights.empty() || network.weights[entry] > 0.0;
}

/// Cost (modelled): 16 B an entry and lane read, 24 written; by source the lanes of δ_j gathered.
template <int L, bool kDraws>
void update_lane_rows(const AuditTable<L>& table, const CsrView& network, TrustRow rows,
                      const Audits<L>& audits, const EvidenceCounts<L>& counts,
                      const TrustRows<L>& made, const AuditFindings<L>& findings, RowRange range) {
  constexpr std::size_t kWidth = LaneGroups<L>::kVectorLanes;
  double* const trust = made.trust.values().data();
  for (std::size_t row = range.begin; row < range.end; ++row) {
    const auto begin = static_cast<std::size_t>(network.offsets[row]);
    const auto end = static_cast<std::size_t>(network.offsets[row + 1]);
    for (std::size_t lane = 0; lane < L; lane += kWidth) {
      LaneUpdater<L, kDraws> updater(table, audits, rows, counts, trust, row, lane);
      const auto visit = [&](std::size_t k, std::size_t e) HWY_ATTR __attribute__((always_inline)) {
        const auto other = static_cast<std::size_t>(network.columns[e]);
        updater.visit(k, e, other, is_recognised(network, e));
      };
      std::size_t e = begin;
      for (; e + 4 <= end; e += 4) {
        visit(0, e);
        visit(1, e + 1);
        visit(2, e + 2);
        visit(3, e + 3);
      }
      if (e < end) visit(0, e);
      if (e + 1 < end) visit(1, e + 1);
      if (e + 2 < end) visit(2, e + 2);
      updater.finish(made, findings);
    }
  }
}

template <int L>
void update_rows(const CsrView& network, TrustRow rows, const Audits<L>& audits,
                 const EvidenceCounts<L>& counts, const TrustRows<L>& made,
                 const AuditFindings<L>& findings, RowRange range) {
  const AuditTable<L> table(audits);
  if (!table.any) return;
  const auto update = table.draws ? update_lane_rows<L, true> : update_lane_rows<L, false>;
  update(table, network, rows, audits, counts, made, findings, range);
}

/// How the lanes of a batch weigh, as a number a lane each.
template <int L>
struct WeightTable {
  explicit WeightTable(const Weighting<L>& weighting) : updates(weighting.updates) {
    for (std::size_t l = 0; l < L; ++l) {
      share[l] = weighting.rules[l].global_share;
      rest[l] = 1.0 - share[l];
      power[l] = static_cast<double>(weighting.rules[l].power);
      any = any || updates[l] != 0;
    }
  }

  PerLane<double, L> share{}, rest{}, power{};
  PerLane<std::uint8_t, L> updates;
  bool any = false;
};

/// base^γ where γ is a matter of the lane.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V powered_by_lane(D d, V base, V power) {
  const auto is = [&](TrustPower which)
                      HWY_ATTR { return hn::Eq(power, hn::Set(d, static_cast<double>(which))); };
  const V square = hn::Mul(base, base);
  V made = hn::Mul(square, square);
  made = hn::IfThenElse(is(TrustPower::three), hn::Mul(square, base), made);
  made = hn::IfThenElse(is(TrustPower::two), square, made);
  made = hn::IfThenElse(is(TrustPower::one), base, made);
  return hn::IfThenElse(is(TrustPower::half), hn::Sqrt(base), made);
}

/// Cost (modelled): 8 B of T an entry and lane read and written; by source the lanes of G_j
/// gathered.
template <int L>
void weigh_rows(const CsrView& network, TrustRow rows, const Weighting<L>& weighting,
                LaneSpan<double, L> values, RowRange range) {
  using Groups = LaneGroups<L>;
  const typename Groups::D d;
  using V = typename Groups::V;
  const WeightTable<L> table(weighting);
  if (!table.any) return;
  const bool by_source = rows == TrustRow::source;
  const double* const reputation = given(weighting.reputation);
  const std::uint8_t* const open = given(weighting.open);
  for (std::size_t row = range.begin; row < range.end; ++row) {
    const auto begin = static_cast<std::size_t>(network.offsets[row]);
    const auto end = static_cast<std::size_t>(network.offsets[row + 1]);
    for (std::size_t lane = 0; lane < L; lane += Groups::kVectorLanes) {
      const V share = lane_values<L>(d, table.share, lane);
      const V rest = lane_values<L>(d, table.rest, lane);
      const V power = lane_values<L>(d, table.power, lane);
      const auto plain = hn::Eq(power, hn::Set(d, static_cast<double>(TrustPower::zero)));
      const auto updates = marked(d, table.updates.data() + lane);
      for (std::size_t e = begin; e < end; ++e) {
        const std::size_t j = by_source ? static_cast<std::size_t>(network.columns[e]) : row;
        double* const value = values[e] + lane;
        const V trust = hn::LoadU(d, value);
        const V part =
            reputation == nullptr ? share : hn::Mul(share, hn::LoadU(d, reputation + j * L + lane));
        const V base = fused_multiply_add(rest, trust, part);
        const V recognition = hn::Set(d, network.weight(e));
        V weight = hn::Mul(recognition, powered_by_lane(d, base, power));
        weight = hn::IfThenElse(plain, recognition, weight);
        if (open != nullptr) weight = hn::IfThenElseZero(marked(d, open + j * L + lane), weight);
        hn::StoreU(hn::IfThenElse(updates, weight, trust), d, value);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#endif  // NEEDFLOW_TRUST_LANES_ONCE
