#include "bench/machine.hpp"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <numeric>
#include <span>

#include "kernels/random.hpp"

namespace needflow::bench {

namespace {

// Several times the last-level cache of the machines we have; a larger cache needs more here.
constexpr std::size_t kStreamWords = std::size_t{1} << 25;  // 256 MiB
constexpr std::size_t kGathers = std::size_t{1} << 20;
constexpr std::size_t kGrain = std::size_t{1} << 14;
constexpr int kTries = 5;

/// Σ part(begin, end) over [0, count), wrapping.
template <class Part>
std::uint64_t sum_of_parts(std::size_t count, Threads threads, const Part& part) {
  if (threads == Threads::one) return part(0, count);
  using Range = oneapi::tbb::blocked_range<std::size_t>;
  return oneapi::tbb::parallel_reduce(
      Range(0, count, kGrain), std::uint64_t{0},
      [part](const Range& range, std::uint64_t before) {
        return before + part(range.begin(), range.end());
      },
      std::plus<>());
}

/// Words are added in several sums at once, so that no addition waits for the one before.
std::uint64_t sum_of_words(std::span<const std::uint64_t> words) {
  std::array<std::uint64_t, 16> sums{};
  for (std::size_t i = 0; i + 16 <= words.size(); i += 16) {
    for (std::size_t k = 0; k < 16; ++k) sums[k] += words[i + k];
  }
  return std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

/// Shortest of kTries calls. The result is kept, or the compiler would drop the work.
template <class Work>
double best_seconds(Threads threads, const Work& work) {
  double best = 1e300;
  [[maybe_unused]] volatile std::uint64_t kept = 0;
  for (int i = 0; i < kTries; ++i) {
    const double start = seconds_now(threads);
    kept = work();
    best = std::min(best, seconds_now(threads) - start);
  }
  return best;
}

}  // namespace

double seconds_now(Threads threads) {
  std::timespec now{};
  clock_gettime(threads == Threads::one ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

Machine::Machine() : memory_(kStreamWords, 1), places_(kGathers) {}

std::size_t Machine::stream_bytes() const { return memory_.size() * sizeof(std::uint64_t); }

std::size_t Machine::gathers() const { return places_.size(); }

std::uint64_t Machine::stream(Threads threads) const {
  const std::span<const std::uint64_t> words(memory_);
  return sum_of_parts(words.size(), threads, [words](std::size_t begin, std::size_t end) {
    return sum_of_words(words.subspan(begin, end - begin));
  });
}

std::uint64_t Machine::gather(std::size_t rows, int lanes, Prefetch prefetch, Threads threads) {
  draw_places(rows);
  const std::uint64_t* words = memory_.data();
  const std::span<const std::uint32_t> places(places_);
  return sum_of_parts(places.size(), threads, [=](std::size_t begin, std::size_t end) {
    return sum_of_places(words, places.subspan(begin, end - begin), lanes, prefetch);
  });
}

double Machine::read_bandwidth(Threads threads) const {
  return static_cast<double>(stream_bytes()) /
         best_seconds(threads, [&] { return stream(threads); });
}

double Machine::gather_seconds(std::size_t rows, int lanes, Threads threads) {
  const auto seconds = [&](Prefetch prefetch) {
    return best_seconds(threads, [&] { return gather(rows, lanes, prefetch, threads); });
  };
  return std::min(seconds(Prefetch::no), seconds(Prefetch::yes)) / static_cast<double>(gathers());
}

void Machine::draw_places(std::size_t rows) {
  if (rows == rows_drawn_) return;
  const RandomStream stream(0, "places");
  for (std::size_t i = 0; i < places_.size(); ++i) {
    places_[i] = bounded(stream.bits({0, 0, static_cast<std::uint32_t>(i), 0}),
                         static_cast<std::uint32_t>(rows));
  }
  rows_drawn_ = rows;
}

}  // namespace needflow::bench
