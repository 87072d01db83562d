// What the auditors see along the rows of one run: the first half of kernels/trust_rows.hpp, which
// says why rows go by chunks. Compiled once a SIMD target (Highway's scheme instead of an include
// guard).
#if defined(NEEDFLOW_TRUST_SIGHTS_ONCE) == defined(HWY_TARGET_TOGGLE)
#ifdef NEEDFLOW_TRUST_SIGHTS_ONCE
#undef NEEDFLOW_TRUST_SIGHTS_ONCE
#else
#define NEEDFLOW_TRUST_SIGHTS_ONCE
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/lane_rows.hpp"
#include "kernels/random_vectors.hpp"
#include "kernels/trust.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using EntryTag = hn::ScalableTag<double>;
using EntryVector = hn::Vec<EntryTag>;

/// Entries of a chunk: a multiple of 4, so that a row cut by its end keeps its partial sums apart.
inline constexpr std::size_t kChunkEntries = 512;
inline constexpr std::size_t kChunkPad = 16;  ///< at least two vectors
inline constexpr double kNoEvidence = std::numeric_limits<double>::quiet_NaN();

/// A number or an agent for every entry of a chunk.
struct TrustChunk {
  std::size_t begin = 0;  ///< entries [begin, end) of the matrix
  std::size_t end = 0;
  RowRange rows{0, 0};  ///< those that have entries here
  alignas(64) double values[kChunkEntries + kChunkPad];
  alignas(64) std::uint32_t sources[kChunkEntries + kChunkPad];
  alignas(64) std::uint32_t targets[kChunkEntries + kChunkPad];

  [[nodiscard]] std::size_t size() const { return end - begin; }
};

/// The entries of a row that lie in the chunk.
HWY_INLINE RowRange entries_in(const CsrView& network, const TrustChunk& chunk, std::size_t row) {
  return {std::max(static_cast<std::size_t>(network.offsets[row]), chunk.begin),
          std::min(static_cast<std::size_t>(network.offsets[row + 1]), chunk.end)};
}

/// Calls visit() for every chunk of a range of rows: whole rows as far as they fit, a longer one in
/// pieces.
template <class Visit>
HWY_INLINE void for_chunks(const CsrView& network, RowRange range, TrustChunk& chunk,
                           const Visit& visit) {
  const Offset* const offsets = network.offsets.data();
  std::size_t row = range.begin;
  auto entry = static_cast<std::size_t>(offsets[row]);
  while (row < range.end) {
    chunk.begin = entry;
    chunk.rows.begin = row;
    const std::size_t limit = entry + kChunkEntries;
    while (row < range.end && static_cast<std::size_t>(offsets[row + 1]) <= limit) ++row;
    const bool whole = row > chunk.rows.begin;
    chunk.end = whole ? static_cast<std::size_t>(offsets[row]) : limit;
    chunk.rows.end = whole ? row : row + 1;
    entry = chunk.end;
    visit();
  }
}

/// Vectors along `count` entries: body(k, Whole) or, for what is left, body(k, Rest).
struct WholeVector {
  HWY_INLINE EntryVector load(const double* from) const { return hn::LoadU(EntryTag(), from); }
  HWY_INLINE void store(EntryVector v, double* to) const { hn::StoreU(v, EntryTag(), to); }
  HWY_INLINE EntryVector load(const float* from) const {
    const hn::Rebind<float, EntryTag> narrow;
    return hn::PromoteTo(EntryTag(), hn::LoadU(narrow, from));
  }
};
struct RestOfVector {
  std::size_t count;
  HWY_INLINE EntryVector load(const double* from) const {
    return hn::MaskedLoad(hn::FirstN(EntryTag(), count), EntryTag(), from);
  }
  HWY_INLINE void store(EntryVector v, double* to) const {
    hn::BlendedStore(v, hn::FirstN(EntryTag(), count), EntryTag(), to);
  }
  HWY_INLINE EntryVector load(const float* from) const {
    double wide[hn::MaxLanes(EntryTag())] = {};
    for (std::size_t i = 0; i < count; ++i) wide[i] = static_cast<double>(from[i]);
    return hn::LoadU(EntryTag(), wide);
  }
};
template <class Body>
HWY_INLINE void along(std::size_t count, const Body& body) {
  const std::size_t width = hn::Lanes(EntryTag());
  std::size_t k = 0;
  for (; k + width <= count; k += width) body(k, WholeVector());
  if (k < count) body(k, RestOfVector{count - k});
}

/// values[e] = of_target[j] for the entries (i, j) of the chunk.
HWY_INLINE void spread_over_entries(const CsrView& network, TrustRow rows, const double* of_target,
                                    TrustChunk& chunk) {
  if (rows == TrustRow::source) {
    const Index* const columns = network.columns.data() + chunk.begin;
    const std::size_t count = chunk.size();
    std::size_t k = 0;
    for (; k + 8 <= count; k += 8) {
      __builtin_prefetch(columns + k + kPrefetchAhead);
      for (std::size_t i = k; i < k + 8; ++i) {
        chunk.values[i] = of_target[static_cast<std::size_t>(columns[i])];
      }
    }
    for (; k < count; ++k) chunk.values[k] = of_target[static_cast<std::size_t>(columns[k])];
    return;
  }
  // What a row writes beyond its end the next one writes over, or nobody reads.
  for (std::size_t j = chunk.rows.begin; j < chunk.rows.end; ++j) {
    const RowRange entries = entries_in(network, chunk, j);
    const EntryVector value = hn::Set(EntryTag(), of_target[j]);
    for (std::size_t e = entries.begin; e < entries.end; e += hn::Lanes(EntryTag())) {
      hn::StoreU(value, EntryTag(), chunk.values + (e - chunk.begin));
    }
  }
}

/// Which agents of a chunk's entries a mark is about.
enum class MarkedEnd { rows, columns };

/// Blanks the entries whose agent at that end is marked 0.
HWY_INLINE void blank_marked(const CsrView& network, MarkedEnd end, const std::uint8_t* marks,
                             double blank, TrustChunk& chunk) {
  if (end == MarkedEnd::columns) {
    const Index* const columns = network.columns.data() + chunk.begin;
    const std::size_t count = chunk.size();
    const auto blank_bits = std::bit_cast<std::uint64_t>(blank);
    for (std::size_t k = 0; k < count; ++k) {  // in bits: GCC 12 makes a branch of a choice
      const std::uint64_t keeps = 0 - std::uint64_t{marks[static_cast<std::size_t>(columns[k])]};
      const auto value = std::bit_cast<std::uint64_t>(chunk.values[k]);
      chunk.values[k] = std::bit_cast<double>((value & keeps) | (blank_bits & ~keeps));
    }
    return;
  }
  for (std::size_t i = chunk.rows.begin; i < chunk.rows.end; ++i) {
    if (marks[i] != 0) continue;
    const RowRange entries = entries_in(network, chunk, i);
    std::fill(chunk.values + (entries.begin - chunk.begin),
              chunk.values + (entries.end - chunk.begin), blank);
  }
}

/// Blanks the entries without recognition.
template <class W>
HWY_INLINE void blank_unrecognised(const W* recognition, TrustChunk& chunk) {
  const W* const from = recognition + chunk.begin;
  along(chunk.size(), [&](std::size_t k, const auto& part) HWY_ATTR {
    __builtin_prefetch(from + k + kPrefetchAhead);
    const EntryVector value = hn::Load(EntryTag(), chunk.values + k);
    const auto recognised = hn::Gt(part.load(from + k), hn::Zero(EntryTag()));
    const EntryVector blank = hn::Set(EntryTag(), kNoEvidence);
    hn::Store(hn::IfThenElse(recognised, value, blank), EntryTag(), chunk.values + k);
  });
}

/// The agents at both ends of every entry.
HWY_INLINE void name_ends(const CsrView& network, TrustRow rows, TrustChunk& chunk) {
  std::uint32_t* const own = rows == TrustRow::source ? chunk.sources : chunk.targets;
  std::uint32_t* const others = rows == TrustRow::source ? chunk.targets : chunk.sources;
  for (std::size_t row = chunk.rows.begin; row < chunk.rows.end; ++row) {
    const RowRange entries = entries_in(network, chunk, row);
    for (std::size_t e = entries.begin; e < entries.end; ++e) {
      own[e - chunk.begin] = static_cast<std::uint32_t>(row);
      others[e - chunk.begin] = static_cast<std::uint32_t>(network.columns[e]);
    }
  }
}

#if HWY_TARGET == HWY_SCALAR

/// Adds noise to what is seen and blanks what nobody looks at.
inline void draw_sights(std::uint32_t network, const AuditRule& rule, TrustChunk& chunk) {
  for (std::size_t k = 0; k < chunk.size(); ++k) {
    const auto block =
        r123::Philox4x32()({{chunk.sources[k], chunk.targets[k], network, rule.replicate}},
                           {{rule.stream_key[0], rule.stream_key[1]}});
    const std::uint64_t first = block[0] | std::uint64_t{block[1]} << 32;
    const std::uint64_t second = block[2] | std::uint64_t{block[3]} << 32;
    double& seen = chunk.values[k];
    if (rule.noise > 0.0) seen += rule.noise * inverse_normal(uniform_open(first));
    if (uniform_open_closed(second) > rule.audit) seen = kNoEvidence;
  }
}

#else

inline void draw_sights(std::uint32_t network, const AuditRule& rule, TrustChunk& chunk) {
  const EntryTag d;
  const Bits bits;
  const hn::Rebind<std::uint32_t, Bits> ids;
  const B third = word(network);
  const B fourth = word(rule.replicate);
  for (std::size_t k = 0; k < chunk.size(); k += hn::Lanes(d)) {
    const B source = hn::PromoteTo(bits, hn::LoadU(ids, chunk.sources + k));
    const B target = hn::PromoteTo(bits, hn::LoadU(ids, chunk.targets + k));
    const Words words =
        philox_words(source, target, third, fourth, rule.stream_key[0], rule.stream_key[1]);
    EntryVector seen = hn::Load(d, chunk.values + k);
    if (rule.noise > 0.0) {
      const EntryVector z = normal_vector(open(words.first));
      seen = hn::Add(seen, hn::Mul(hn::Set(d, rule.noise), z));
    }
    const auto looked = hn::Le(open_closed(words.second), hn::Set(d, rule.audit));
    hn::Store(hn::IfThenElse(looked, seen, hn::Set(d, kNoEvidence)), d, chunk.values + k);
  }
}

#endif  // HWY_TARGET

/// δ_j of one need type along the chunk; NaN where i does not audit or j cannot be.
HWY_INLINE void see_type(const CsrView& network, TrustRow rows, const Audits<1>& audits,
                         std::size_t type, TrustChunk& chunk) {
  const std::size_t first = type * network.rows();
  spread_over_entries(network, rows, audits.exaggeration[first], chunk);
  if (audits.auditors.values().empty()) return;
  const MarkedEnd end = rows == TrustRow::source ? MarkedEnd::rows : MarkedEnd::columns;
  blank_marked(network, end, audits.auditors[first], kNoEvidence, chunk);
}

/// Adds noise and leaves out what nobody looks at, if the rule says so.
HWY_INLINE void draw_along(const CsrView& network, TrustRow rows, const Audits<1>& audits,
                           TrustChunk& chunk) {
  const AuditRule& rule = audits.rules[0];
  if (!(rule.noise > 0.0) && !(rule.audit < 1.0)) return;
  name_ends(network, rows, chunk);
  draw_sights(audits.network, rule, chunk);
}

/// What is seen of several need types: the mean over those with an observation.
/// Cost (modelled): the gathers and marks of one type for each, nothing more from memory.
inline void see_types(const CsrView& network, TrustRow rows, const Audits<1>& audits,
                      TrustChunk& chunk) {
  constexpr std::size_t kRoom = kChunkEntries + kChunkPad;
  alignas(64) double noise[kRoom];
  alignas(64) double sums[kRoom] = {};
  alignas(64) double counts[kRoom] = {};
  const EntryTag d;
  const EntryVector zero = hn::Zero(d);
  const EntryVector one = hn::Set(d, 1.0);
  std::fill_n(chunk.values, kRoom, 0.0);
  draw_along(network, rows, audits, chunk);
  std::copy_n(chunk.values, kRoom, noise);
  for (std::size_t type = 0; type < audits.types; ++type) {
    see_type(network, rows, audits, type, chunk);
    for (std::size_t k = 0; k < chunk.size(); k += hn::Lanes(d)) {
      const EntryVector seen = hn::Add(hn::Load(d, chunk.values + k), hn::Load(d, noise + k));
      const auto evidence = hn::Eq(seen, seen);
      const EntryVector clamped = hn::Min(hn::Max(seen, zero), one);
      const EntryVector sum = hn::Load(d, sums + k);
      const EntryVector count = hn::Load(d, counts + k);
      hn::Store(hn::Add(sum, hn::IfThenElseZero(evidence, clamped)), d, sums + k);
      hn::Store(hn::Add(count, hn::IfThenElseZero(evidence, one)), d, counts + k);
    }
  }
  for (std::size_t k = 0; k < chunk.size(); k += hn::Lanes(d)) {
    const EntryVector count = hn::Load(d, counts + k);
    const EntryVector mean = hn::Div(hn::Load(d, sums + k), count);
    const EntryVector nothing = hn::Set(d, kNoEvidence);
    hn::Store(hn::IfThenElse(hn::Gt(count, zero), mean, nothing), d, chunk.values + k);
  }
}

/// What is seen along one chunk: δ_j, noise and all, or NaN.
inline void see_entries(const CsrView& network, TrustRow rows, const Audits<1>& audits,
                        TrustChunk& chunk) {
  if (audits.exaggeration.values().empty()) {
    std::fill_n(chunk.values, chunk.size(), kNoEvidence);
    return;
  }
  if (audits.types == 1) {
    see_type(network, rows, audits, 0, chunk);
    draw_along(network, rows, audits, chunk);
  } else {
    see_types(network, rows, audits, chunk);
  }
  if (network.narrow()) {
    blank_unrecognised(network.narrow_weights.data(), chunk);
  } else if (!network.weights.empty()) {
    blank_unrecognised(network.weights.data(), chunk);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#endif  // NEEDFLOW_TRUST_SIGHTS_ONCE
