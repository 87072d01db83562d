// Which points are being computed at this moment, in memory that somebody may read after the
// process has died: how a sweep finds the point that kills it.
//
// A word a lane, stored plainly when a run begins and cleared when it ends: a nanosecond a run.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace needflow {

/// Words in rows of kLanes, a row a crew. Thread-safe.
class FlightTable {
 public:
  static constexpr std::size_t kLanes = 16;
  /// Set in a word: the network of this point is being built, for all points on it.
  static constexpr std::uint64_t kBuilding = std::uint64_t{1} << 63U;

  /// `words` must outlive it; a multiple of kLanes, all 0: nothing in flight.
  explicit FlightTable(std::span<std::uint64_t> words) : words_(words) {
    for (std::size_t row = 0; row < words.size() / kLanes; ++row) free_.push_back(row);
  }

 private:
  friend class Flight;
  [[nodiscard]] std::uint64_t* take() {
    const std::scoped_lock lock(mutex_);
    if (free_.empty()) return nullptr;
    const std::size_t row = free_.back();
    free_.pop_back();
    return &words_[row * kLanes];
  }
  void give_back(const std::uint64_t* row) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(static_cast<std::size_t>(row - words_.data()) / kLanes);
  }

  std::span<std::uint64_t> words_;
  std::mutex mutex_;
  std::vector<std::size_t> free_;
};

/// A row of the table while somebody computes. Without a table, or with all rows taken, marks go
/// nowhere.
class Flight {
 public:
  explicit Flight(FlightTable* table)
      : table_(table), row_(table == nullptr ? nullptr : table->take()) {}
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() {
    if (row_ == nullptr) return;
    for (std::size_t lane = 0; lane < FlightTable::kLanes; ++lane) end(lane);
    table_->give_back(row_);
  }

  void begin(std::size_t lane, std::size_t point) { store(lane, point + 1); }
  void begin_building(std::size_t point) { store(0, (point + 1) | FlightTable::kBuilding); }
  void end(std::size_t lane) { store(lane, 0); }

 private:
  // Whoever reads it is another process: the compiler must not leave it out.
  void store(std::size_t lane, std::uint64_t word) {
    if (row_ == nullptr) return;
    std::atomic_ref<std::uint64_t>(row_[lane]).store(word, std::memory_order_relaxed);
  }

  FlightTable* table_;
  std::uint64_t* row_;
};

}  // namespace needflow
