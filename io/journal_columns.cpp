#include "io/journal_columns.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace needflow {

namespace {

constexpr std::size_t kUsualBytes = 1 + sizeof(std::uint64_t);  ///< before the mask

/// The first or the last, whichever more of some others are like; empty where none is.
std::optional<std::uint64_t> likely_word(std::span<const std::uint64_t> words) {
  constexpr std::size_t kSome = 24;
  // No divisor of the usual 64: grids have patterns of such lengths.
  const std::size_t step = words.size() <= kSome ? 1 : words.size() / kSome | 1U;
  std::size_t as_first = 0;
  std::size_t as_last = 0;
  for (std::size_t i = 1; i + 1 < words.size(); i += step) {
    as_first += words[i] == words.front() ? 1 : 0;
    as_last += words[i] == words.back() ? 1 : 0;
  }
  if (as_first + as_last == 0 && words.front() != words.back()) return {};
  return as_first >= as_last ? words.front() : words.back();
}

}  // namespace

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
/// for those that are not (the lowest first), and these. Returns false where that saves nothing.
bool RecordWriter::mostly(std::span<const std::uint64_t> words) {
  const std::optional<std::uint64_t> usual = likely_word(words);
  if (!usual) return false;
  const std::size_t begin = to_.size();
  const std::size_t mask_bytes = (words.size() + 7) / 8;
  number<std::uint8_t>(1);
  number(*usual);
  // Every word is written, and the next one over it where it is the usual one: no branch that
  // nobody can foretell. So there is room for all.
  to_.resize(to_.size() + mask_bytes + 8 * words.size());
  std::byte* mask = to_.data() + begin + kUsualBytes;
  std::byte* rest = mask + mask_bytes;
  const std::byte* const most = rest + 8 * words.size() - kUsualBytes - mask_bytes;
  for (std::size_t first = 0; first < words.size(); first += 8) {
    const std::size_t count = std::min<std::size_t>(8, words.size() - first);
    unsigned bits = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const unsigned other = words[first + i] != *usual ? 1 : 0;
      bits |= other << i;
      std::memcpy(rest, &words[first + i], 8);
      rest += std::size_t{8} * other;
    }
    *mask++ = static_cast<std::byte>(bits);
  }
  const bool saves = rest < most;
  to_.resize(saves ? static_cast<std::size_t>(rest - to_.data()) : begin);
  return saves;
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
