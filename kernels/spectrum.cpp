#include "kernels/spectrum.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/reduce.hpp"

namespace needflow {

namespace {

/// A residual below this is rounding: the vectors so far span all that the start can reach.
constexpr double kNothingLeft = 1e-13;

/// How many eigenvalues of the tridiagonal matrix are below x: negative pivots of T − x (Sturm).
std::size_t eigenvalues_below(std::span<const double> diagonal, std::span<const double> beside,
                              double x) {
  std::size_t below = 0;
  double pivot = 1.0;
  for (std::size_t i = 0; i < diagonal.size(); ++i) {
    const double link = i == 0 ? 0.0 : beside[i - 1] * beside[i - 1] / pivot;
    pivot = diagonal[i] - x - link;
    if (pivot == 0.0) pivot = 1e-300;
    below += pivot < 0.0 ? 1 : 0;
  }
  return below;
}

/// |last component| of the eigenvector of length 1. Backwards from the end: in that direction the
/// components grow when the eigenvalue has converged, so rounding fades.
double last_component(std::span<const double> diagonal, std::span<const double> beside,
                      double eigenvalue) {
  double squares = 1.0;
  double after = 0.0;
  double here = 1.0;
  for (std::size_t i = diagonal.size(); i-- > 1;) {
    const double link_after = i + 1 < diagonal.size() ? beside[i] : 0.0;
    const double before = ((eigenvalue - diagonal[i]) * here - link_after * after) / beside[i - 1];
    after = here;
    here = before;
    squares += here * here;
    if (squares > 1e200) return 0.0;  // 1e-100 of the length
  }
  return 1.0 / std::sqrt(squares);
}

/// The Lanczos iteration: vectors, and the tridiagonal matrix they make.
class Lanczos {
 public:
  Lanczos(std::span<const Offset> offsets, std::span<const Index> columns,
          std::span<const double> start, Threads threads);

  /// One step. Returns the length of what is left, the next number beside the diagonal.
  double step();
  [[nodiscard]] std::span<const double> diagonal() const { return diagonal_; }
  /// As many as the diagonal: the last belongs to the step to come.
  [[nodiscard]] std::span<const double> beside() const { return beside_; }

 private:
  [[nodiscard]] double inner_top() const;
  void set_current(double length);

  std::span<const Offset> offsets_;
  std::span<const Index> columns_;
  Threads threads_;
  std::size_t nodes_;
  std::vector<double> scale_, top_, current_, previous_, scaled_, rest_;
  std::vector<double> diagonal_, beside_;
};

Lanczos::Lanczos(std::span<const Offset> offsets, std::span<const Index> columns,
                 std::span<const double> start, Threads threads)
    : offsets_(offsets),
      columns_(columns),
      threads_(threads),
      nodes_(offsets.size() - 1),
      scale_(nodes_),
      top_(nodes_),
      current_(nodes_),
      previous_(nodes_),
      scaled_(nodes_),
      rest_(start.begin(), start.end()) {
  const double entries = static_cast<double>(columns.size());
  for (std::size_t i = 0; i < nodes_; ++i) {
    const auto degree = static_cast<double>(offsets[i + 1] - offsets[i]);
    scale_[i] = 1.0 / std::sqrt(degree);
    top_[i] = std::sqrt(degree / entries);
  }
  const double along = inner_top();
  const double square = block_sum(nodes_, threads_, [this, along](std::size_t i) {
    rest_[i] -= along * top_[i];
    return rest_[i] * rest_[i];
  });
  set_current(std::sqrt(square));
}

double Lanczos::inner_top() const {
  return block_sum(nodes_, threads_, [this](std::size_t i) { return rest_[i] * top_[i]; });
}

void Lanczos::set_current(double length) {
  previous_.swap(current_);
  for_row_blocks(nodes_, threads_, [this, length](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      current_[i] = rest_[i] / length;
      scaled_[i] = current_[i] * scale_[i];
    }
  });
}

double Lanczos::step() {
  const double link = beside_.empty() ? 0.0 : beside_.back();
  if (!beside_.empty()) set_current(link);
  const double along = block_sum(nodes_, threads_, [this, link](std::size_t i) {
    const Index* const columns = columns_.data();
    const double* const scaled = scaled_.data();
    const double row = interleaved_sum(
        static_cast<std::size_t>(offsets_[i]), static_cast<std::size_t>(offsets_[i + 1]),
        [columns, scaled](std::size_t e) { return scaled[columns[e]]; });
    rest_[i] = row * scale_[i] - link * previous_[i];
    return rest_[i] * current_[i];
  });
  const double along_top = block_sum(nodes_, threads_, [this, along](std::size_t i) {
    rest_[i] -= along * current_[i];
    return rest_[i] * top_[i];
  });
  const double square = block_sum(nodes_, threads_, [this, along_top](std::size_t i) {
    rest_[i] -= along_top * top_[i];
    return rest_[i] * rest_[i];
  });
  diagonal_.push_back(along);
  beside_.push_back(std::sqrt(square));
  return beside_.back();
}

/// The end of larger modulus, and whether the other cannot pass it any more.
struct Verdict {
  SecondEigenvalue second;
  bool settled;
};

Verdict judge(const Lanczos& lanczos, double tolerance) {
  const auto diagonal = lanczos.diagonal();
  const auto beside = lanczos.beside();
  const auto at_end = [&](SpectrumEnd end) {
    const double value = extreme_eigenvalue(diagonal, beside, end);
    const double residual = beside.back() * last_component(diagonal, beside, value);
    return SecondEigenvalue{value, residual, static_cast<std::int64_t>(diagonal.size())};
  };
  SecondEigenvalue winner = at_end(SpectrumEnd::largest);
  SecondEigenvalue other = at_end(SpectrumEnd::smallest);
  if (std::abs(other.value) > std::abs(winner.value)) std::swap(winner, other);
  const bool behind = other.residual <= tolerance ||
                      std::abs(other.value) + other.residual < std::abs(winner.value);
  return {winner, winner.residual <= tolerance && behind};
}

}  // namespace

double extreme_eigenvalue(std::span<const double> diagonal, std::span<const double> beside,
                          SpectrumEnd end) {
  // Below `high` lie as many as wanted, below `low` fewer.
  const std::size_t wanted = end == SpectrumEnd::largest ? diagonal.size() : 1;
  double low = -1.0625;
  double high = 1.0625;
  for (int halving = 0; halving < 56; ++halving) {  // to 2^-55
    const double middle = (low + high) / 2.0;
    (eigenvalues_below(diagonal, beside, middle) >= wanted ? high : low) = middle;
  }
  return (low + high) / 2.0;
}

SecondEigenvalue second_eigenvalue(std::span<const Offset> offsets, std::span<const Index> columns,
                                   std::span<const double> start, const SpectrumLimits& limits,
                                   Threads threads) {
  Lanczos lanczos(offsets, columns, start, threads);
  // Looking costs two bisections of all steps so far, so ever more seldom.
  std::int64_t look = 8;
  for (std::int64_t step = 1;; ++step) {
    const double left = lanczos.step();
    const bool last = left < kNothingLeft || step >= limits.steps;
    if (!last && step < look) continue;
    const Verdict verdict = judge(lanczos, limits.tolerance);
    if (last || verdict.settled) return verdict.second;
    look = step + std::max<std::int64_t>(8, step / 8);
  }
}

}  // namespace needflow
