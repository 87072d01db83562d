// The table of points in flight (solver/sweep/flight.hpp) as a small file that is mapped into
// memory: the kernel keeps its last state whatever kills the process.
#pragma once

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace needflow {

/// What the last process left in the air.
struct InFlight {
  bool found = false;                ///< it did not end in peace: then the file would be gone
  std::vector<std::uint64_t> words;  ///< as in FlightTable, those that are not 0
  bool told_to_stop = false;  ///< it had a signal or ran out of time: its death blames no point
};

/// Empty where there is no such file, or it is of another plan, or makes no sense.
[[nodiscard]] InFlight read_in_flight(const std::filesystem::path& path, std::uint64_t plan_hash);

class InFlightFile {
 public:
  /// Makes the file, `rows` × FlightTable::kLanes words of 0. Where that cannot be done there is
  /// none, and words() is empty: no sweep fails for it.
  InFlightFile(const std::filesystem::path& path, std::uint64_t plan_hash, std::size_t rows);
  InFlightFile(const InFlightFile&) = delete;
  InFlightFile& operator=(const InFlightFile&) = delete;
  /// Removes the file: whoever gets here has not crashed.
  ~InFlightFile();

  [[nodiscard]] std::span<std::uint64_t> words();
  /// For a signal handler to set to 1; null where there is no file.
  [[nodiscard]] volatile std::sig_atomic_t* stop_mark();

 private:
  std::filesystem::path path_;
  std::uint64_t* mapped_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace needflow
