// Eight gathered numbers are put together from single loads: the gather instruction takes twice as
// long on the processors tried (AMD Zen 5). Plain loops over the eight rows are 7 % slower.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sell.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "kernels/lane_rows.hpp"
#include "kernels/sell.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kRows = 8;
using EightTag = hn::CappedTag<double, kRows>;
using Eight = hn::Vec<EightTag>;
constexpr std::size_t kPerVector = hn::MaxLanes(EightTag());
constexpr std::size_t kParts = kRows / kPerVector;

/// The numbers at kPerVector places.
HWY_INLINE Eight gathered(const double* from, const Index* at) {
#if HWY_TARGET == HWY_SCALAR
  return Eight(from[at[0]]);
#elif HWY_TARGET == HWY_AVX2
  return Eight{__m256d{from[at[0]], from[at[1]], from[at[2]], from[at[3]]}};
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  return Eight{__m512d{from[at[0]], from[at[1]], from[at[2]], from[at[3]], from[at[4]], from[at[5]],
                       from[at[6]], from[at[7]]}};
#else
  double numbers[kPerVector];
  for (std::size_t i = 0; i < kPerVector; ++i) numbers[i] = from[at[i]];
  return hn::LoadU(EightTag(), numbers);
#endif
}

/// Four partial sums of eight rows.
struct EightSums {
  Eight partial[4][kParts];

  HWY_INLINE EightSums() {
    for (auto& sums : partial) {
      for (auto& sum : sums) sum = hn::Zero(EightTag());
    }
  }
  HWY_INLINE Eight total(std::size_t part) const {
    return hn::Add(hn::Add(partial[0][part], partial[1][part]),
                   hn::Add(partial[2][part], partial[3][part]));
  }
};

/// Calls visit(k, part, entry) for the entries of eight rows; `entry` is the first of a vector's.
template <class Visit>
HWY_INLINE void for_eight_rows(const CsrView& rows, std::size_t row, const Visit& visit) {
  const auto begin = static_cast<std::size_t>(rows.offsets[row]);
  const auto end = static_cast<std::size_t>(rows.offsets[row + kRows]);
  const auto step = [&](std::size_t k, std::size_t entry) HWY_ATTR {
    for (std::size_t part = 0; part < kParts; ++part) visit(k, part, entry + part * kPerVector);
  };
  std::size_t e = begin;
  for (; e + 4 * kRows <= end; e += 4 * kRows) {
    step(0, e);
    step(1, e + kRows);
    step(2, e + 2 * kRows);
    step(3, e + 3 * kRows);
  }
  if (e < end) step(0, e);
  if (e + kRows < end) step(1, e + kRows);
  if (e + 2 * kRows < end) step(2, e + 2 * kRows);
}

/// Calls eights(row) for eight rows at a time where they are stored so, single(row) for the others.
template <class Eights, class Single>
HWY_INLINE void for_mixed_rows(const SellMatrix& matrix, RowRange range, const Eights& eights,
                               const Single& single) {
  for (std::size_t row = range.begin; row < range.end;) {
    if (row % kRows == 0 && row + kRows <= range.end && matrix.uniform[row / kRows] != 0) {
      eights(row);
      row += kRows;
    } else {
      single(row++);
    }
  }
}

template <bool kBounded>
HWY_INLINE Eight bounded_claim(const SellMatrix& matrix, std::size_t entry, Eight active) {
  if constexpr (!kBounded) return active;
  const Eight desire = hn::LoadU(EightTag(), matrix.desire.data() + entry);
  return hn::IfThenElse(hn::Lt(desire, active), desire, active);
}

template <bool kBounded>
void denominator_eights(const CsrView& rows, const SellMatrix& matrix,
                        const PublishedNeeds<1>& ledger, LaneSpan<const double, 1> available,
                        RowRange range, LaneSpan<double, 1> denominator,
                        LaneSpan<double, 1> scale) {
  const EightTag d;
  const double* const active = ledger.active[0];
  const Index* const columns = matrix.columns.data();
  const double* const weights = matrix.weights.data();
  const auto eights = [&](std::size_t row) HWY_ATTR {
    EightSums sums;
    for_eight_rows(rows, row, [&](std::size_t k, std::size_t part, std::size_t entry) HWY_ATTR {
      const Eight claim = bounded_claim<kBounded>(matrix, entry, gathered(active, columns + entry));
      Eight& sum = sums.partial[k][part];
      sum = fused_multiply_add(hn::LoadU(d, weights + entry), claim, sum);
    });
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t at = row + part * kPerVector;
      const Eight total = sums.total(part);
      const Eight quotient = hn::Div(hn::LoadU(d, available[at]), total);
      hn::StoreU(total, d, denominator[at - range.begin]);
      hn::StoreU(hn::IfThenElseZero(hn::Gt(total, hn::Zero(d)), quotient), d,
                 scale[at - range.begin]);
    }
  };
  for_mixed_rows(matrix, range, eights, [&](std::size_t row) HWY_ATTR {
    const Offer offer = compute_offer<kBounded>(rows.row(row), *available[row], ledger);
    *denominator[row - range.begin] = offer.denominator;
    *scale[row - range.begin] = offer.scale;
  });
}

template <bool kBounded>
void delivery_eights(const CsrView& rows, const SellMatrix& matrix, const PublishedNeeds<1>& ledger,
                     LaneSpan<const double, 1> scale, RowRange range,
                     LaneSpan<double, 1> received) {
  const EightTag d;
  const double* const factors = scale[0];
  const Index* const columns = matrix.columns.data();
  const double* const weights = matrix.weights.data();
  const auto eights = [&](std::size_t row) HWY_ATTR {
    EightSums sums;
    Eight own[kParts];
    for (std::size_t part = 0; part < kParts; ++part) {
      own[part] = hn::LoadU(d, ledger.active[row + part * kPerVector]);
    }
    for_eight_rows(rows, row, [&](std::size_t k, std::size_t part, std::size_t entry) HWY_ATTR {
      const Eight factor = gathered(factors, columns + entry);
      const Eight weight = hn::LoadU(d, weights + entry);
      const Eight claim = bounded_claim<kBounded>(matrix, entry, own[part]);
      Eight& sum = sums.partial[k][part];
      sum = kBounded ? fused_multiply_add(factor, hn::Mul(weight, claim), sum)
                     : fused_multiply_add(weight, factor, sum);
    });
    for (std::size_t part = 0; part < kParts; ++part) {
      const Eight total = sums.total(part);
      hn::StoreU(kBounded ? total : hn::Mul(total, own[part]), d,
                 received[row + part * kPerVector - range.begin]);
    }
  };
  for_mixed_rows(matrix, range, eights, [&](std::size_t row) HWY_ATTR {
    *received[row - range.begin] =
        gather_delivery<kBounded, Cap::none>(rows.row(row), *ledger.active[row], scale);
  });
}

void return_eights(const CsrView& rows, const SellMatrix& matrix, LaneSpan<const double, 1> scale,
                   LaneSpan<const double, 1> returned_claim, RowRange range,
                   LaneSpan<double, 1> returned) {
  const EightTag d;
  const double* const claims = returned_claim[0];
  const Index* const columns = matrix.columns.data();
  const double* const weights = matrix.weights.data();
  const bool scaled = !scale.values().empty();
  const auto eights = [&](std::size_t row) HWY_ATTR {
    EightSums sums;
    for_eight_rows(rows, row, [&](std::size_t k, std::size_t part, std::size_t entry) HWY_ATTR {
      Eight& sum = sums.partial[k][part];
      sum =
          fused_multiply_add(hn::LoadU(d, weights + entry), gathered(claims, columns + entry), sum);
    });
    for (std::size_t part = 0; part < kParts; ++part) {
      const std::size_t at = row + part * kPerVector;
      const Eight own = scaled ? hn::LoadU(d, scale[at]) : hn::Set(d, 1.0);
      hn::StoreU(hn::Mul(own, sums.total(part)), d, returned[at - range.begin]);
    }
  };
  for_mixed_rows(matrix, range, eights, [&](std::size_t row) HWY_ATTR {
    const double own = scaled ? *scale[row] : 1.0;
    *returned[row - range.begin] = gather_return(rows.row(row), own, returned_claim);
  });
}

void denominators_of_eights(const CsrView& rows, const SellMatrix& matrix,
                            const PublishedNeeds<1>& ledger, LaneSpan<const double, 1> available,
                            RowRange range, LaneSpan<double, 1> denominator,
                            LaneSpan<double, 1> scale) {
  const auto variant = rows.desire.empty() ? denominator_eights<false> : denominator_eights<true>;
  variant(rows, matrix, ledger, available, range, denominator, scale);
}

void deliveries_of_eights(const CsrView& rows, const SellMatrix& matrix,
                          const PublishedNeeds<1>& ledger, LaneSpan<const double, 1> scale,
                          RowRange range, LaneSpan<double, 1> received) {
  const auto variant = rows.desire.empty() ? delivery_eights<false> : delivery_eights<true>;
  variant(rows, matrix, ledger, scale, range, received);
}

SellPasses passes_of_eights() {
  return {denominators_of_eights, deliveries_of_eights, return_eights};
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(passes_of_eights);

SellPasses sell_passes() { return HWY_DYNAMIC_DISPATCH(passes_of_eights)(); }

namespace {

constexpr std::size_t kEight = 8;

/// Whether rows [row, row + 8) are there and equally long.
bool is_uniform(const CsrView& rows, std::size_t row) {
  if (row + kEight > rows.rows()) return false;
  const Offset length = rows.offsets[row + 1] - rows.offsets[row];
  for (std::size_t i = 1; i < kEight; ++i) {
    if (rows.offsets[row + i + 1] - rows.offsets[row + i] != length) return false;
  }
  return true;
}

/// Copies the entries of eight rows, turned round: written in order, read from eight places.
template <class T, class Target>
void turn(std::span<const T> from, std::size_t begin, std::size_t length, Target& to) {
  const T* const source = from.data() + begin;
  T* const target = to.data() + begin;
  for (std::size_t j = 0; j < length; ++j) {
    for (std::size_t i = 0; i < kEight; ++i) target[j * kEight + i] = source[i * length + j];
  }
}

}  // namespace

SellMatrix sell_matrix(const CsrView& rows) {
  SellMatrix made;
  if (rows.narrow() || rows.entries() >= kTooManyForEights) return made;
  std::size_t in_eights = 0;
  made.uniform.resize((rows.rows() + kEight - 1) / kEight);
  for (std::size_t chunk = 0; chunk < made.uniform.size(); ++chunk) {
    made.uniform[chunk] = is_uniform(rows, chunk * kEight) ? 1 : 0;
    if (made.uniform[chunk] != 0) in_eights += kEight;
  }
  if (10 * in_eights < 9 * rows.rows()) return {};
  const auto entries = static_cast<std::size_t>(rows.entries());
  made.columns.resize(entries);
  made.weights.resize(entries);
  made.desire.resize(rows.desire.size());
  for (std::size_t chunk = 0; chunk < made.uniform.size(); ++chunk) {
    if (made.uniform[chunk] == 0) continue;
    const auto begin = static_cast<std::size_t>(rows.offsets[chunk * kEight]);
    const auto length = static_cast<std::size_t>(rows.offsets[chunk * kEight + 1]) - begin;
    turn(rows.columns, begin, length, made.columns);
    turn(rows.weights, begin, length, made.weights);
    if (!rows.desire.empty()) turn(rows.desire, begin, length, made.desire);
  }
  return made;
}

}  // namespace needflow
#endif  // HWY_ONCE
