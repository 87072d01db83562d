#include "solver/acceleration.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/reduce.hpp"

namespace needflow {

namespace {

/// Of a column's squared length, what must be left after the others are taken off: products of
/// doubles tell angles down to 1e-8, and rounding noise is no direction.
constexpr double kLeast = 1e-12;

}  // namespace

std::vector<double> mixing_weights(std::span<const double> gram, std::span<const double> products) {
  const std::size_t m = products.size();
  // Cholesky of the columns scaled to length 1, those that add nothing left out.
  std::vector<double> scale(m, 0.0);
  for (std::size_t i = 0; i < m; ++i) {
    const double square = gram[i * m + i];
    scale[i] = square > 0.0 ? 1.0 / std::sqrt(square) : 0.0;
  }
  std::vector<double> lower(m * m, 0.0);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < m; ++i) {
    if (scale[i] == 0.0) continue;
    double left = 1.0;
    for (const std::size_t j : kept) {
      double value = gram[i * m + j] * scale[i] * scale[j];
      for (const std::size_t k : kept) {
        if (k == j) break;
        value -= lower[i * m + k] * lower[j * m + k];
      }
      lower[i * m + j] = value / lower[j * m + j];
      left -= lower[i * m + j] * lower[i * m + j];
    }
    if (!(left > kLeast)) continue;
    lower[i * m + i] = std::sqrt(left);
    kept.push_back(i);
  }
  std::vector<double> weights(m, 0.0);
  for (const std::size_t i : kept) {
    double value = products[i] * scale[i];
    for (const std::size_t j : kept) {
      if (j == i) break;
      value -= lower[i * m + j] * weights[j];
    }
    weights[i] = value / lower[i * m + i];
  }
  for (auto i = kept.rbegin(); i != kept.rend(); ++i) {
    double value = weights[*i];
    for (auto j = kept.rbegin(); j != i; ++j) value -= lower[*j * m + *i] * weights[*j];
    weights[*i] = value / lower[*i * m + *i];
  }
  for (const std::size_t i : kept) weights[i] *= scale[i];
  return weights;
}

Accelerator::Accelerator(std::size_t recipients, std::int64_t depth)
    : depth_(static_cast<std::size_t>(std::clamp<std::int64_t>(depth, 1, kMostDepth))),
      y_(recipients),
      y_before_(recipients),
      residual_(recipients),
      y_steps_(depth_, Row(recipients)),
      residual_steps_(depth_, Row(recipients)),
      gram_(depth_ * depth_) {}

void Accelerator::restart() {
  round_ = 0;
  count_ = 0;
  fallbacks_ = 0;
}

double Accelerator::dot(const Row& a, const Row& b, Threads threads, Peers* peers) const {
  const auto product = [&a, &b](std::size_t i) { return a[i] * b[i]; };
  if (peers == nullptr) return block_sum(a.size(), threads, product);
  return peers->sum_recipient_blocks(block_sums(a.size(), threads, product));
}

/// The new residual, and with a residual of before the newest column of the history.
void Accelerator::remember(std::span<const double> values, std::size_t stride, bool steps) {
  if (steps) {
    newest_ = (newest_ + 1) % depth_;
    count_ = std::min(count_ + 1, depth_);
  }
  Row& y_step = y_steps_[newest_];
  Row& residual_step = residual_steps_[newest_];
  for (std::size_t i = 0; i < y_.size(); ++i) {
    const double residual = values[i * stride] - y_[i];
    if (steps) {
      y_step[i] = y_[i] - y_before_[i];
      residual_step[i] = residual - residual_[i];
    }
    residual_[i] = residual;
  }
}

/// γ by place in the ring; places that are not in use have 0.
std::vector<double> Accelerator::weights(Threads threads, Peers* peers) {
  for (std::size_t j = 0; j < count_; ++j) {
    const std::size_t other = (newest_ + depth_ - j) % depth_;
    const double product = dot(residual_steps_[newest_], residual_steps_[other], threads, peers);
    gram_[newest_ * depth_ + other] = gram_[other * depth_ + newest_] = product;
  }
  std::vector<double> gram(count_ * count_);
  std::vector<double> products(count_);
  const auto place = [this](std::size_t j) { return (newest_ + depth_ - j) % depth_; };
  for (std::size_t i = 0; i < count_; ++i) {  // the newest first: it is to be kept
    products[i] = dot(residual_steps_[place(i)], residual_, threads, peers);
    for (std::size_t j = 0; j < count_; ++j) {
      gram[i * count_ + j] = gram_[place(i) * depth_ + place(j)];
    }
  }
  const std::vector<double> found = mixing_weights(gram, products);
  std::vector<double> by_place(depth_, 0.0);
  for (std::size_t j = 0; j < count_; ++j) by_place[place(j)] = found[j];
  return by_place;
}

void Accelerator::advance(std::span<double> values, std::size_t stride, double relaxation,
                          Threads threads, Peers* peers) {
  if (++round_ == 1) {
    for (std::size_t i = 0; i < y_.size(); ++i) y_[i] = values[i * stride];
    return;
  }
  remember(values, stride, round_ > 2);
  const double squares = dot(residual_, residual_, threads, peers);
  if (round_ > 2 && !(squares <= last_squares_)) {
    count_ = 0;
    ++fallbacks_;
  }
  last_squares_ = squares;
  std::vector<double> mixed(depth_, 0.0);
  if (count_ > 0) mixed = weights(threads, peers);
  for (std::size_t i = 0; i < y_.size(); ++i) {
    double next = y_[i] + relaxation * residual_[i];
    for (std::size_t j = 0; j < depth_; ++j) {
      if (mixed[j] != 0.0) {
        next -= mixed[j] * (y_steps_[j][i] + relaxation * residual_steps_[j][i]);
      }
    }
    y_before_[i] = y_[i];
    y_[i] = next < 0.0 ? 0.0 : next;  // NaN stays: the run then ends as failed
    values[i * stride] = y_[i];
  }
}

std::size_t Accelerator::bytes() const { return (3 + 2 * depth_) * y_.size() * sizeof(double); }

}  // namespace needflow
