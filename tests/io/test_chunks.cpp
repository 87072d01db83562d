// Chunks as the file holds them: zlib itself must read them back, whatever is in them.
#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <random>

#include "io/chunks.hpp"
#include "io/deflate.hpp"
#include "io/huffman.hpp"

using namespace needflow;

namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer inflated(std::span<const std::uint8_t> stream, std::size_t size) {
  Buffer bytes(size + 1);
  uLongf found = bytes.size();
  REQUIRE(uncompress(bytes.data(), &found, stream.data(), stream.size()) == Z_OK);
  bytes.resize(found);
  return bytes;
}

Buffer deflated(const Buffer& bytes, std::size_t plane_bytes) {
  Buffer stream;
  stream.resize(deflate_planes(bytes, plane_bytes, {}, stream));
  return stream;
}

/// Bytes of one kind: 0 constant, 1 noise, 2 few values, 3 runs of all lengths, 4 lopsided counts.
Buffer bytes_of(unsigned kind, std::size_t size, std::mt19937_64& random) {
  Buffer bytes;
  while (bytes.size() < size) {
    const std::uint64_t draw = random();
    if (kind == 0) bytes.push_back(0x41);
    if (kind == 1) bytes.push_back(static_cast<std::uint8_t>(draw));
    if (kind == 2) bytes.push_back(static_cast<std::uint8_t>(draw % 5));
    if (kind == 3) bytes.insert(bytes.end(), draw % 700, static_cast<std::uint8_t>(draw >> 32U));
    if (kind == 4) bytes.push_back(static_cast<std::uint8_t>(std::countl_zero(draw | 1U)));
  }
  bytes.resize(size);
  return bytes;
}

template <class T>
std::span<const std::uint8_t> bytes_in(const std::vector<T>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)};
}

std::vector<double> noise(std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<double> values(count);
  for (double& value : values) value = std::uniform_real_distribution<double>(0.5, 1.0)(random);
  return values;
}

Buffer shuffled_by_definition(std::span<const std::uint8_t> elements, std::size_t element_bytes) {
  Buffer planes;
  for (std::size_t plane = 0; plane < element_bytes; ++plane) {
    for (std::size_t at = plane; at < elements.size(); at += element_bytes) {
      planes.push_back(elements[at]);
    }
  }
  return planes;
}

}  // namespace

TEST_CASE("code lengths make a full prefix code of Huffman's cost, and none is beyond the limit") {
  std::mt19937_64 random(1);
  for (const std::size_t symbols : {2U, 3U, 19U, 286U}) {
    std::vector<std::uint32_t> counts(symbols);
    for (auto& count : counts) count = static_cast<std::uint32_t>(random() % 1000 + 1);
    std::vector<std::uint8_t> lengths(symbols);
    code_lengths(counts, 15, lengths);
    double kraft = 0.0;
    std::uint64_t cost = 0;
    for (std::size_t i = 0; i < symbols; ++i) {
      kraft += 1.0 / static_cast<double>(1U << lengths[i]);
      cost += std::uint64_t{counts[i]} * lengths[i];
    }
    CHECK(kraft == 1.0);
    // By definition: the two rarest are joined until one is left, and every join costs its sum.
    std::vector<std::uint64_t> left(counts.begin(), counts.end());
    std::uint64_t least = 0;
    while (left.size() > 1) {
      std::sort(left.rbegin(), left.rend());
      const std::uint64_t joined = left.back() + left[left.size() - 2];
      left.resize(left.size() - 2);
      left.push_back(joined);
      least += joined;
    }
    CHECK(cost == least);
  }
}

TEST_CASE("counts that would need longer codes than the limit still give a full code within it") {
  std::vector<std::uint32_t> fibonacci = {1, 1};
  while (fibonacci.size() < 40) fibonacci.push_back(fibonacci.back() + *(fibonacci.end() - 2));
  for (const unsigned limit : {7U, 15U}) {
    std::vector<std::uint8_t> lengths(fibonacci.size());
    code_lengths(fibonacci, limit, lengths);
    double kraft = 0.0;
    for (const std::uint8_t length : lengths) kraft += 1.0 / static_cast<double>(1U << length);
    CHECK(kraft == 1.0);
    CHECK(*std::max_element(lengths.begin(), lengths.end()) <= limit);
  }
}

TEST_CASE("zlib reads back every mixture of constants, noise, few values and runs") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 60; ++round) {
    Buffer bytes;
    for (std::uint64_t parts = random() % 8 + 1; parts > 0; --parts) {
      const Buffer part = bytes_of(static_cast<unsigned>(random() % 5), random() % 30000, random);
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
    const std::size_t plane = random() % (bytes.size() + 1) + 1;
    CHECK(inflated(deflated(bytes, plane), bytes.size()) == bytes);
  }
}

TEST_CASE("zlib reads back the shortest streams and every length of run") {
  for (std::size_t size = 0; size < 600; ++size) {
    const Buffer run(size, 9);
    CHECK(inflated(deflated(run, 100), size) == run);
    Buffer between(size + 2, 9);
    between.front() = between.back() = 1;
    CHECK(inflated(deflated(between, between.size()), between.size()) == between);
  }
  std::mt19937_64 random(4);
  for (const std::size_t size : {4095U, 4096U, 4097U, 65535U, 65536U, 65537U, 200000U}) {
    for (unsigned kind = 0; kind < 5; ++kind) {
      const Buffer bytes = bytes_of(kind, size, random);
      CHECK(inflated(deflated(bytes, size), size) == bytes);
    }
  }
}

TEST_CASE("noise costs its own size and constants next to nothing") {
  std::mt19937_64 random(5);
  const Buffer all_noise = bytes_of(1, 100000, random);
  CHECK(deflated(all_noise, 12500).size() < 100000 + 30);
  CHECK(deflated(bytes_of(0, 100000, random), 12500).size() < 250);
  // Five values alike and a rare sixth, the end: 2, 2, 3, 3, 3 bits, 2.6 a byte.
  CHECK(deflated(bytes_of(2, 100000, random), 12500).size() < 100000 * 2.62 / 8);
}

TEST_CASE("the shuffle puts all first bytes first, whatever the number and width of elements") {
  std::mt19937_64 random(6);
  for (const std::size_t width : {1U, 3U, 8U}) {
    for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 31U, 1000U}) {
      const Buffer elements = bytes_of(1, width * count, random);
      Buffer planes(elements.size());
      shuffle(elements, width, planes);
      CHECK(planes == shuffled_by_definition(elements, width));
    }
  }
}

TEST_CASE("a chunk holds its part of the array and the fill beyond the edge") {
  const std::vector<std::size_t> shape = {5, 7, 6};
  std::vector<std::int64_t> values(5 * 7 * 6);
  std::iota(values.begin(), values.end(), std::int64_t{100});
  const std::int64_t fill = -1;
  for (const std::vector<std::size_t>& chunk :
       {std::vector<std::size_t>{5, 7, 6}, {2, 7, 6}, {2, 3, 4}, {1, 4, 6}, {5, 7, 4}}) {
    const ChunkGrid grid(shape, chunk);
    std::vector<bool> seen(values.size());
    std::vector<std::uint8_t> room;
    for (std::size_t c = 0; c < grid.count(); ++c) {
      const auto found = grid.gather(c, values.data(), 8, &fill, room);
      REQUIRE(found.size() == 8 * grid.chunk_elements());
      const auto origin = grid.origin(c);
      std::size_t e = 0;
      for (std::size_t x = origin[0]; x < origin[0] + chunk[0]; ++x) {
        for (std::size_t y = origin[1]; y < origin[1] + chunk[1]; ++y) {
          for (std::size_t z = origin[2]; z < origin[2] + chunk[2]; ++z, ++e) {
            std::int64_t value = 0;
            std::memcpy(&value, &found[8 * e], 8);
            const bool inside = x < shape[0] && y < shape[1] && z < shape[2];
            const std::size_t at = (x * shape[1] + y) * shape[2] + z;
            CHECK(value == (inside ? values[at] : fill));
            if (inside) seen[at] = true;
          }
        }
      }
    }
    CHECK(std::count(seen.begin(), seen.end(), true) == 5 * 7 * 6);
  }
}

TEST_CASE("stretches that come again are found, noise and chance are not taken for them") {
  const std::vector<double> once = noise(4000);
  std::vector<double> thrice;
  for (int i = 0; i < 3; ++i) thrice.insert(thrice.end(), once.begin(), once.end());
  CHECK(find_repeats(bytes_in(once), 8).empty());
  std::size_t covered = 0;
  std::size_t end = 0;
  for (const Repeat& repeat : find_repeats(bytes_in(thrice), 8)) {
    CHECK(repeat.begin >= end);
    CHECK(repeat.distance == 4000);
    for (std::size_t i = 0; i < repeat.length; ++i) {
      REQUIRE(thrice[repeat.begin + i] == thrice[repeat.begin + i - repeat.distance]);
    }
    end = repeat.begin + repeat.length;
    covered += repeat.length;
  }
  CHECK(covered == 8000);
  std::vector<double> doubled = once;  // times two: the lower bytes are the same
  for (const double value : once) doubled.push_back(2.0 * value);
  CHECK(!find_repeats(bytes_in(doubled), 8).empty());
  std::mt19937_64 random(8);
  std::vector<std::int64_t> few(20000);
  for (auto& value : few) value = static_cast<std::int64_t>(random() % 3);
  CHECK(find_repeats(bytes_in(few), 8).empty());
  CHECK(find_repeats(bytes_in(std::vector<std::uint8_t>(20000, 7)), 1).empty());
}

TEST_CASE("numbers that go up in even steps are told from others") {
  std::vector<std::int64_t> counting(5000);
  std::iota(counting.begin(), counting.end(), std::int64_t{0});
  CHECK(counts_up(bytes_in(counting), 8));
  CHECK_FALSE(counts_up(bytes_in(noise(5000)), 8));
  CHECK_FALSE(counts_up(bytes_in(std::vector<double>(5000, 2.0)), 8));
}

TEST_CASE("zlib reads back repeats of any length and distance, in planes where they hold or not") {
  std::mt19937_64 random(9);
  for (int round = 0; round < 40; ++round) {
    constexpr std::size_t kPlane = 100000;
    Buffer bytes;
    for (unsigned plane = 0; plane < 5; ++plane) {
      const Buffer part = bytes_of(plane, kPlane, random);
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
    std::vector<Repeat> repeats;
    for (std::size_t at = 1 + random() % 40000; at < kPlane;) {
      const std::size_t longest[] = {3, 16, 257, 258, 259, 260, 261, 262, 65536, 1000};
      const std::size_t length = std::min({kPlane - at, longest[random() % 10]});
      if (length < 3) break;
      const std::size_t distance = 1 + random() % std::min<std::size_t>(at, 32768);
      repeats.push_back({at, length, distance});
      for (std::size_t plane = random() % 2; plane < 5; plane += 1 + random() % 2) {
        for (std::size_t i = plane * kPlane + at; i < plane * kPlane + at + length; ++i) {
          bytes[i] = bytes[i - distance];
        }
      }
      at += length + random() % 3000;
    }
    Buffer stream;
    stream.resize(deflate_planes(bytes, kPlane, repeats, stream));
    CHECK(inflated(stream, bytes.size()) == bytes);
  }
}

TEST_CASE("what repeats hardly costs more than once") {
  const std::vector<double> once = noise(10000);
  std::vector<double> often;
  for (int i = 0; i < 5; ++i) often.insert(often.end(), once.begin(), once.end());
  ChunkPacker packer;
  const std::size_t alone = packer.pack(bytes_in(once), 8).size();
  CHECK(packer.pack(bytes_in(often), 8).size() < alone + alone / 10);
}

TEST_CASE("a packed chunk unpacks to the shuffled elements and does not depend on the last one") {
  ChunkPacker packer;
  std::vector<double> repeated = noise(3000);
  for (int i = 0; i < 3; ++i) repeated.insert(repeated.end(), repeated.begin(), repeated.end());
  for (const std::vector<double>& values :
       {noise(100000), repeated, std::vector<double>(50000, 1.5), noise(1), noise(100)}) {
    const auto elements = bytes_in(values);
    const auto packed = packer.pack(elements, 8);
    CHECK(inflated(packed, elements.size()) == shuffled_by_definition(elements, 8));
    ChunkPacker fresh;
    const auto again = fresh.pack(elements, 8);
    CHECK(std::equal(packed.begin(), packed.end(), again.begin(), again.end()));
  }
}
