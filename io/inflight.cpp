#include "io/inflight.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "solver/sweep/flight.hpp"

namespace needflow {

namespace {

constexpr std::uint64_t kMagic = 0x3130'5446'4c46'464eULL;  // "NFFLFT01"
// Words before the table: magic, plan hash, stop mark, one to spare.
constexpr std::size_t kHead = 4;
constexpr std::size_t kMostWords = std::size_t{1} << 20;

}  // namespace

InFlight read_in_flight(const std::filesystem::path& path, std::uint64_t plan_hash) {
  InFlight found;
  std::error_code problem;
  const std::uintmax_t bytes = std::filesystem::file_size(path, problem);
  if (problem) return found;
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint64_t> words(std::min<std::uintmax_t>(bytes / 8, kMostWords));
  file.read(reinterpret_cast<char*>(words.data()), static_cast<std::streamsize>(words.size() * 8));
  words.resize(static_cast<std::size_t>(file.gcount()) / 8);
  if (words.size() < kHead || words[0] != kMagic || words[1] != plan_hash) return found;
  found.found = true;
  found.told_to_stop = words[2] != 0;
  for (std::size_t i = kHead; i < words.size(); ++i) {
    if (words[i] != 0) found.words.push_back(words[i]);
  }
  return found;
}

InFlightFile::InFlightFile(const std::filesystem::path& path, std::uint64_t plan_hash,
                           std::size_t rows)
    : path_(path), count_(kHead + rows * FlightTable::kLanes) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return;
  const auto bytes = static_cast<off_t>(count_ * sizeof(std::uint64_t));
  // Room is taken now: a page without room would be a SIGBUS later.
  if (::posix_fallocate(descriptor, 0, bytes) == 0) {
    void* memory = ::mmap(nullptr, static_cast<std::size_t>(bytes), PROT_READ | PROT_WRITE,
                          MAP_SHARED, descriptor, 0);
    if (memory != MAP_FAILED) mapped_ = static_cast<std::uint64_t*>(memory);
  }
  ::close(descriptor);
  if (mapped_ == nullptr) {
    ::unlink(path.c_str());
    return;
  }
  mapped_[1] = plan_hash;
  mapped_[0] = kMagic;
}

InFlightFile::~InFlightFile() {
  if (mapped_ == nullptr) return;
  ::munmap(mapped_, count_ * sizeof(std::uint64_t));
  ::unlink(path_.c_str());
}

std::span<std::uint64_t> InFlightFile::words() {
  return mapped_ == nullptr ? std::span<std::uint64_t>()
                            : std::span(mapped_ + kHead, count_ - kHead);
}

volatile std::sig_atomic_t* InFlightFile::stop_mark() {
  return mapped_ == nullptr ? nullptr : reinterpret_cast<std::sig_atomic_t*>(mapped_ + 2);
}

}  // namespace needflow
