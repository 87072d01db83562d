// What a round stores for others to gather – claims, factors, returned shares – in 64 bits or
// rounded to 32.
//
// A number is rounded to the nearest float once, where it is stored; all arithmetic is in doubles.
// So the bits of a run do not depend on how its floats are held: many lanes hold them as floats,
// for a row of 16 is then one cache line instead of two; one lane holds doubles of the same values,
// whose kernels need not know.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>

#include "kernels/lanes.hpp"
#include "kernels/large_pages.hpp"

namespace needflow {

/// How a run stores what a round gathers.
enum class StatePrecision { f64, f32 };

/// The nearest float's value. What lies beyond the largest float becomes infinite, and the run
/// fails.
[[nodiscard]] inline double rounded_to_float(double value) {
  return static_cast<double>(static_cast<float>(value));
}

/// A borrowed N × L block of them; T is double or const double, whatever they are held as.
template <class T, int L>
class StoredSpan {
 public:
  static constexpr bool kReadOnly = std::is_const_v<T>;
  template <class Held>
  using Block = LaneSpan<std::conditional_t<kReadOnly, const Held, Held>, L>;

  StoredSpan() = default;
  /// Doubles; with `rounds` they are rounded as floats are.
  explicit(false) StoredSpan(Block<double> doubles, bool rounds = false)
      : doubles_(doubles), rounds_(rounds) {}
  explicit(false) StoredSpan(LaneSpan<double, L> doubles) requires kReadOnly : doubles_(doubles) {}
  explicit(false) StoredSpan(Block<float> floats)
      : floats_(floats), holds_floats_(true), rounds_(true) {}
  /// A writable block may be read.
  template <class U>
  requires(kReadOnly&& std::is_same_v<U, double>) explicit(false)
      StoredSpan(const StoredSpan<U, L>& other)
      : doubles_(other.template as<double>()),
        floats_(other.template as<float>()),
        holds_floats_(other.holds_floats()),
        rounds_(other.rounds()) {}

  [[nodiscard]] bool holds_floats() const { return holds_floats_; }
  [[nodiscard]] bool rounds() const { return rounds_; }
  [[nodiscard]] bool empty() const { return rows() == 0; }
  [[nodiscard]] std::size_t rows() const { return doubles_.rows() + floats_.rows(); }
  /// The block as it is held; empty if it is held otherwise.
  template <class Held>
  [[nodiscard]] Block<Held> as() const {
    if constexpr (std::is_same_v<Held, float>) {
      return floats_;
    } else {
      return doubles_;
    }
  }

  // Of a block that holds doubles.
  [[nodiscard]] T* operator[](std::size_t row) const { return doubles_[row]; }
  [[nodiscard]] std::span<T> values() const { return doubles_.values(); }

  // Of any, one by one.
  [[nodiscard]] double at(std::size_t row, std::size_t lane) const {
    return holds_floats_ ? static_cast<double>(floats_[row][lane]) : doubles_[row][lane];
  }
  /// Rounds if need be, and returns what is stored now.
  double put(std::size_t row, std::size_t lane, double value) const requires(!kReadOnly) {
    if (rounds_) value = rounded_to_float(value);
    if (holds_floats_) {
      floats_[row][lane] = static_cast<float>(value);
    } else {
      doubles_[row][lane] = value;
    }
    return value;
  }

  /// Rows [begin, end) alone; an empty block stays empty.
  [[nodiscard]] StoredSpan part(std::size_t begin, std::size_t end) const {
    StoredSpan some = *this;
    some.doubles_ = doubles_.part(begin, end);
    some.floats_ = floats_.part(begin, end);
    return some;
  }

 private:
  Block<double> doubles_;
  Block<float> floats_;
  bool holds_floats_ = false;
  bool rounds_ = false;
};

/// Rounds what a kernel that knows doubles alone has written.
inline void round_stored(const StoredSpan<double, 1>& stored) {
  if (!stored.rounds()) return;
  for (double& value : stored.values()) value = rounded_to_float(value);
}

/// An owned one, on large pages.
template <int L>
class StoredVector {
 public:
  void resize(std::size_t elements, StatePrecision precision) {
    rounds_ = precision == StatePrecision::f32;
    if (rounds_ && L > 1) {
      floats_.resize(elements);
    } else {
      doubles_.resize(elements);
    }
  }
  [[nodiscard]] StoredSpan<double, L> write() {
    if (holds_floats()) return LaneSpan<float, L>(floats_);
    return {LaneSpan<double, L>(doubles_), rounds_};
  }
  [[nodiscard]] StoredSpan<const double, L> read() const {
    if (holds_floats()) return LaneSpan<const float, L>(floats_);
    return {LaneSpan<const double, L>(doubles_), rounds_};
  }
  /// Of one lane.
  [[nodiscard]] std::span<double> doubles() { return doubles_; }
  void swap(StoredVector& other) {
    doubles_.swap(other.doubles_);
    floats_.swap(other.floats_);
  }
  [[nodiscard]] std::size_t elements() const { return doubles_.size() + floats_.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return doubles_.size() * sizeof(double) + floats_.size() * sizeof(float);
  }

 private:
  [[nodiscard]] bool holds_floats() const { return rounds_ && L > 1; }

  GatheredVector<double> doubles_;
  GatheredVector<float> floats_;
  bool rounds_ = false;
};

/// What one of L lanes takes to store a number.
[[nodiscard]] constexpr std::size_t stored_bytes(StatePrecision precision, int lanes) {
  return precision == StatePrecision::f32 && lanes > 1 ? sizeof(float) : sizeof(double);
}

}  // namespace needflow
