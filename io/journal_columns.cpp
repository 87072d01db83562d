#include "io/journal_columns.hpp"

#include <algorithm>
#include <array>

namespace needflow {

template <class T>
void RecordWriter::narrow(std::span<const std::uint64_t> words) {
  number(static_cast<std::uint8_t>(sizeof(T)));
  constexpr std::size_t kSome = 64;
  std::array<T, kSome> some{};
  for (std::size_t begin = 0; begin < words.size(); begin += kSome) {
    const std::size_t count = std::min(kSome, words.size() - begin);
    for (std::size_t i = 0; i < count; ++i) some[i] = static_cast<T>(words[begin + i]);
    bytes(some.data(), count * sizeof(T));
  }
}

/// Where supply suffices nothing is unmet and everything fair: the word that many are, a bit each
/// for those that are not (the lowest first), and these. The first or the last is likely to be
/// one of the many. Returns false where that saves nothing.
bool RecordWriter::mostly(std::span<const std::uint64_t> words) {
  std::size_t as_first = 0;
  std::size_t as_last = 0;
  for (const std::uint64_t word : words) {
    as_first += word == words.front() ? 1 : 0;
    as_last += word == words.back() ? 1 : 0;
  }
  const std::size_t same = std::max(as_first, as_last);
  const std::size_t mask_bytes = (words.size() + 7) / 8;
  if (8 * same <= 8 + mask_bytes) return false;
  const std::uint64_t usual = as_first >= as_last ? words.front() : words.back();
  number<std::uint8_t>(1);
  number(usual);
  const std::size_t mask_at = to_.size();
  const std::size_t others = words.size() - same;
  // Every word is written, and the next one over it where it is a usual one: no branch that
  // nobody can predict. So there is room for one more.
  to_.resize(mask_at + mask_bytes + 8 * (others + 1));
  std::byte* mask = to_.data() + mask_at;
  std::byte* rest = mask + mask_bytes;
  for (std::size_t begin = 0; begin < words.size(); begin += 8) {
    const std::size_t end = std::min(begin + 8, words.size());
    unsigned bits = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const unsigned other = words[i] != usual ? 1 : 0;
      bits |= other << (i - begin);
      std::memcpy(rest, &words[i], 8);
      rest += std::size_t{8} * other;
    }
    *mask++ = static_cast<std::byte>(bits);
  }
  to_.resize(mask_at + mask_bytes + 8 * others);
  return true;
}

/// Words that are often all the same, or small: 0 and one word, or how many bytes of each are
/// written, and those; or 1 where many are one word, see mostly(). Leaves two fifths of what a
/// sweep writes; a page of the journal costs 1 to 2 µs to fill and to drop, and packing it 1 µs.
void RecordWriter::column(std::span<const std::uint64_t> words) {
  std::uint64_t any = 0;
  std::uint64_t differs = 0;
  for (const std::uint64_t word : words) {
    any |= word;
    differs |= word ^ words[0];
  }
  if (words.empty()) {
    number<std::uint8_t>(0);
  } else if (differs == 0) {
    same_column(words[0]);
  } else {
    varied_column(words, any);
  }
}

void RecordWriter::same_column(std::uint64_t word) {
  std::array<std::byte, 1 + sizeof(word)> both{};  // 0, as column() says
  std::memcpy(&both[1], &word, sizeof(word));
  bytes(both.data(), both.size());
}

void RecordWriter::varied_column(std::span<const std::uint64_t> words, std::uint64_t any) {
  if (any >> 16U == 0) {
    narrow<std::uint16_t>(words);
  } else if (any >> 32U == 0) {
    narrow<std::uint32_t>(words);
  } else if (!mostly(words)) {
    number<std::uint8_t>(8);
    numbers(words);
  }
}

template <class T>
std::vector<std::uint64_t> RecordReader::widened(std::uint64_t count) {
  const auto values = numbers<T>(count);
  return {values.begin(), values.end()};
}

std::vector<std::uint64_t> RecordReader::mostly(std::uint64_t count) {
  const auto usual = number<std::uint64_t>();
  const auto mask = numbers<std::uint8_t>((count + 7) / 8);
  std::vector<std::uint64_t> words(static_cast<std::size_t>(count), usual);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if ((mask[i / 8] >> (i % 8) & 1U) != 0) words[i] = number<std::uint64_t>();
  }
  return words;
}

std::vector<std::uint64_t> RecordReader::column(std::uint64_t count, std::uint64_t most) {
  require(count <= most, "more points than the plan has");
  switch (number<std::uint8_t>()) {
    case 0:
      return std::vector<std::uint64_t>(static_cast<std::size_t>(count),
                                        count == 0 ? 0 : number<std::uint64_t>());
    case 1:
      return mostly(count);
    case 2:
      return widened<std::uint16_t>(count);
    case 4:
      return widened<std::uint32_t>(count);
    case 8:
      return numbers<std::uint64_t>(count);
    default:
      throw MalformedRecord("a column of an unknown width");
  }
}

}  // namespace needflow
