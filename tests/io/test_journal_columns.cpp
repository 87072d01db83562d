#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "io/journal_columns.hpp"

using namespace needflow;

namespace {

using Words = std::vector<std::uint64_t>;

Bytes packed(const Words& words) {
  Bytes bytes;
  RecordWriter(bytes).column(words);
  return bytes;
}

Words unpacked(const Bytes& bytes, std::size_t count) {
  RecordReader reader(bytes);
  Words words = reader.column(count, count);
  reader.done();
  return words;
}

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_CASE("Words come back from a column whatever the largest of them is, in as many bytes each") {
  struct Width {
    std::uint64_t largest;
    std::size_t bytes;
  };
  for (const Width width : {Width{1, 2},
                            {0xffff, 2},
                            {0x10000, 4},
                            {0xffffffff, 4},
                            {0x100000000, 8},
                            {kLargest - 1, 8},
                            {kLargest, 8}}) {
    CAPTURE(width.largest);
    for (const std::size_t count : {2, 3, 63, 64, 65, 130}) {
      CAPTURE(count);
      Words words(count);
      for (std::size_t i = 0; i < count; ++i) words[i] = width.largest - i % 2;
      if (width.bytes == 8) {  // no two the same: nothing to gain from one that many are
        for (std::size_t i = 0; i < count; ++i) words[i] = width.largest - (count - 1 - i);
      }
      const Bytes bytes = packed(words);
      CHECK(unpacked(bytes, count) == words);
      CHECK(bytes.size() <= 1 + width.bytes * count);
    }
  }
}

TEST_CASE("Columns of no word, of one and of the same ones take one word at most") {
  CHECK(packed({}).size() == 1);
  CHECK(unpacked(packed({}), 0).empty());
  for (const std::uint64_t word : {std::uint64_t{0}, std::uint64_t{7}, kLargest}) {
    for (const std::size_t count : {1, 2, 1000}) {
      const Words words(count, word);
      CHECK(packed(words).size() == 9);
      CHECK(unpacked(packed(words), count) == words);
    }
  }
}

TEST_CASE(
    "A column that is shorter than it says, longer than it may be or of another kind throws") {
  const std::array<Words, 4> columns{Words{1, 2, 3}, Words{1, 70000, 3},
                                     Words{kLargest, kLargest - 1, 5},
                                     Words{kLargest, kLargest, kLargest, 5}};
  for (const Words& words : columns) {
    const Bytes bytes = packed(words);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      CHECK_THROWS_AS((void)unpacked(cut, words.size()), EndsTooEarly);
    }
    RecordReader reader(bytes);
    CHECK_THROWS_AS((void)reader.column(words.size(), words.size() - 1), MalformedRecord);
    Bytes other = bytes;
    other[0] = std::byte{3};
    CHECK_THROWS_AS((void)unpacked(other, words.size()), MalformedRecord);
  }
}
