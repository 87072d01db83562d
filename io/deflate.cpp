#include "io/deflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "io/huffman.hpp"

namespace needflow {

namespace {

static_assert(std::endian::native == std::endian::little, "bits are put out as whole words");

using Bytes = std::span<const std::uint8_t>;

// What a stretch is like is decided for this many bytes of a plane at a time.
constexpr std::size_t kStretch = 4096;
// A code is made for about this many tokens. 8192 and 32768 give the same size within 0.3 %.
constexpr std::size_t kTokensABlock = 16384;
// Planes differ: a block ends with its plane unless it holds hardly more than its own header.
constexpr std::size_t kTokensWorthABlock = 512;

constexpr std::size_t kEndOfBlock = 256;
constexpr std::size_t kSymbols = 286;
constexpr std::size_t kShortestMatch = 3;
// Runs shorter than this are cheaper as bytes: with 3, 5 and 6 the size is the same within 0.5 %.
constexpr std::size_t kShortestRun = 4;
constexpr std::size_t kLongestMatch = 258;
constexpr std::size_t kDistances = 30;
constexpr unsigned kLongestCode = 15;

/// Writes bits, first bit lowest, into memory that is large enough.
class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* out) : out_(out) {}

  /// Up to 56 bits; the rest of `bits` is 0.
  void put(std::uint64_t bits, unsigned count) {
    held_ |= bits << used_;
    used_ += count;
    std::memcpy(out_, &held_, sizeof held_);
    out_ += used_ / 8;
    held_ >>= used_ & ~7U;
    used_ &= 7U;
  }
  void align() {
    if (used_ > 0) put(0, 8 - used_);
  }
  /// Whole bytes, after align().
  void copy(Bytes bytes) {
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }
  [[nodiscard]] std::uint8_t* end() const { return out_; }

 private:
  std::uint8_t* out_;
  std::uint64_t held_ = 0;
  unsigned used_ = 0;
};

/// Length symbol, extra bits and their number, by length − 3 (RFC 1951, 3.2.5).
struct LengthCode {
  std::uint16_t symbol;
  std::uint8_t extra_bits;
  std::uint8_t extra;
};

constexpr std::array<LengthCode, 256> length_codes() {
  std::array<LengthCode, 256> table{};
  for (unsigned length = 0; length < 256; ++length) {
    const unsigned width = static_cast<unsigned>(std::bit_width(length));
    const unsigned extra_bits = width < 4 ? 0 : width - 3;
    const unsigned symbol = 257 + 4 * extra_bits + (length >> extra_bits);
    table[length] = {static_cast<std::uint16_t>(symbol), static_cast<std::uint8_t>(extra_bits),
                     static_cast<std::uint8_t>(length & ((1U << extra_bits) - 1))};
  }
  table[255] = {285, 0, 0};
  return table;
}
constexpr std::array<LengthCode, 256> kLengthCodes = length_codes();

/// The same for a distance (from 1 on).
struct DistanceCode {
  std::uint8_t symbol;
  std::uint8_t extra_bits;
  std::uint16_t extra;
};

DistanceCode distance_code(std::size_t distance) {
  const auto value = static_cast<unsigned>(distance - 1);
  if (value < 2) return {static_cast<std::uint8_t>(value), 0, 0};
  const unsigned extra_bits = static_cast<unsigned>(std::bit_width(value)) - 2;
  return {static_cast<std::uint8_t>(2 * extra_bits + (value >> extra_bits)),
          static_cast<std::uint8_t>(extra_bits),
          static_cast<std::uint16_t>(value & ((1U << extra_bits) - 1))};
}

/// How the lengths of a block's codes are written: in symbols 0 … 18 (RFC 1951, 3.2.7).
class CodeDescription {
 public:
  explicit CodeDescription(std::span<const std::uint8_t> lengths) {
    for (std::size_t i = 0; i < lengths.size();) {
      std::size_t run = 1;
      while (i + run < lengths.size() && lengths[i + run] == lengths[i]) ++run;
      i += run;
      add_run(lengths[i - 1], run);
    }
    code_lengths(counts_, 7, code_lengths_);
    canonical_codes(code_lengths_, codes_);
    while (sent_ > 4 && code_lengths_[kOrder[sent_ - 1]] == 0) --sent_;
  }

  [[nodiscard]] std::size_t bits() const {
    std::size_t bits = 14 + 3 * sent_;
    for (const Item& item : std::span(items_).first(count_)) {
      bits += code_lengths_[item.symbol] + extra_bits(item.symbol);
    }
    return bits;
  }

  void write(BitWriter& out, std::size_t literals, std::size_t distances) const {
    out.put(literals - 257, 5);
    out.put(distances - 1, 5);
    out.put(sent_ - 4, 4);
    for (std::size_t i = 0; i < sent_; ++i) out.put(code_lengths_[kOrder[i]], 3);
    for (const Item& item : std::span(items_).first(count_)) {
      out.put(codes_[item.symbol], code_lengths_[item.symbol]);
      out.put(item.extra, extra_bits(item.symbol));
    }
  }

 private:
  struct Item {
    std::uint8_t symbol;
    std::uint8_t extra;
  };
  static constexpr std::array<std::uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                          11, 4,  12, 3, 13, 2, 14, 1, 15};

  static unsigned extra_bits(std::uint8_t symbol) {
    if (symbol < 16) return 0;
    return symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
  }
  void add(std::size_t symbol, std::size_t extra) {
    items_[count_++] = {static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(extra)};
    ++counts_[symbol];
  }
  void add_run(std::uint8_t length, std::size_t run) {
    if (length > 0) {
      add(length, 0);
      --run;
      for (; run >= 3; run -= std::min<std::size_t>(run, 6)) {
        add(16, std::min<std::size_t>(run, 6) - 3);
      }
    }
    for (; length == 0 && run >= 11; run -= std::min<std::size_t>(run, 138)) {
      add(18, std::min<std::size_t>(run, 138) - 11);
    }
    if (length == 0 && run >= 3) {
      add(17, run - 3);
      return;
    }
    for (; run > 0; --run) add(length, 0);
  }

  std::array<Item, kSymbols + kDistances> items_;
  std::size_t count_ = 0;
  std::array<std::uint32_t, 19> counts_{};
  std::array<std::uint8_t, 19> code_lengths_{};
  std::array<std::uint16_t, 19> codes_{};
  std::size_t sent_ = kOrder.size();
};

/// Tokens of a block and how often each symbol occurs. A token below 256 is a byte, one below 512 a
/// match at distance 1 of length token − 256 + 3, one above that a match of length token − 512 + 3
/// at the distance (less 1) that follows.
class Tokens {
 public:
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::span<const std::uint16_t> all() const { return {tokens_.data(), count_}; }
  [[nodiscard]] const std::array<std::uint32_t, kSymbols>& symbols() const { return symbols_; }
  [[nodiscard]] const std::array<std::uint32_t, kDistances>& distances() const {
    return distances_;
  }

  void clear() {
    count_ = 0;
    symbols_.fill(0);
    distances_.fill(0);
  }

  /// Bytes that are those `distance` before: 3 of them at least, at most 65536.
  void add_repeat(std::size_t length, std::size_t distance) {
    while (length > 0) {
      std::size_t some = std::min(length, kLongestMatch);
      const std::size_t rest = length - some;
      if (rest > 0 && rest < kShortestMatch) some -= kShortestMatch;  // the last is a match as well
      const std::size_t code = some - kShortestMatch;
      tokens_[count_++] = static_cast<std::uint16_t>(512 + code);
      tokens_[count_++] = static_cast<std::uint16_t>(distance - 1);
      ++symbols_[kLengthCodes[code].symbol];
      ++distances_[distance_code(distance).symbol];
      length -= some;
    }
  }

  /// Runs of equal bytes as matches, the byte before `begin` counted in. About 1.5 ns a byte that
  /// is no run, hardly anything for those that are.
  void add(Bytes bytes, std::size_t begin, std::size_t end) {
    std::size_t i = begin;
    if (i == 0) literal(bytes[i++]);
    while (i < end) {
      if (bytes[i] != bytes[i - 1]) {
        literal(bytes[i++]);
        continue;
      }
      const std::size_t after = run_end(bytes, i, end);
      add_run(bytes[i], after - i);
      i = after;
    }
  }

  void add_run(std::uint8_t value, std::size_t run) {
    while (run >= kShortestRun) {
      const std::size_t length = std::min(run, kLongestMatch);
      const std::size_t code = length - kShortestMatch;
      tokens_[count_++] = static_cast<std::uint16_t>(256 + code);
      ++symbols_[kLengthCodes[code].symbol];
      ++distances_[0];
      run -= length;
    }
    for (; run > 0; --run) literal(value);
  }

 private:
  void literal(std::uint8_t value) {
    tokens_[count_++] = value;
    ++symbols_[value];
  }
  static std::size_t run_end(Bytes bytes, std::size_t i, std::size_t end) {
    const std::uint8_t value = bytes[i];
    const std::uint64_t eight = 0x0101010101010101ULL * value;
    for (; i + sizeof eight <= end; i += sizeof eight) {
      std::uint64_t found = 0;
      std::memcpy(&found, &bytes[i], sizeof found);
      if (found != eight) return i + static_cast<std::size_t>(std::countr_zero(found ^ eight)) / 8;
    }
    while (i < end && bytes[i] == value) ++i;
    return i;
  }

  std::array<std::uint16_t, kTokensABlock + kStretch> tokens_;
  std::array<std::uint32_t, kSymbols> symbols_{};
  std::array<std::uint32_t, kDistances> distances_{};
  std::size_t count_ = 0;
};

/// A block's codes: for every symbol its bits and their number.
struct BlockCode {
  std::array<std::uint8_t, kSymbols + kDistances> lengths{};  ///< literals first, then distances
  std::array<std::uint16_t, kSymbols> codes{};
  std::array<std::uint8_t, kDistances> distance_lengths{};
  std::array<std::uint16_t, kDistances> distance_codes{};
  std::size_t literals = kSymbols;  ///< lengths sent
  std::size_t distances = 1;        ///< the same
  std::size_t bits = 0;             ///< of all tokens and the end

  BlockCode(std::array<std::uint32_t, kSymbols> counts,
            const std::array<std::uint32_t, kDistances>& distance_counts) {
    counts[kEndOfBlock] = 1;
    code_lengths(counts, kLongestCode, std::span(lengths).first(kSymbols));
    canonical_codes(std::span(lengths).first(kSymbols), codes);
    for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
      bits += std::size_t{counts[symbol]} * lengths[symbol];
    }
    for (const LengthCode& code : kLengthCodes) extra_bits[code.symbol - 257U] = code.extra_bits;
    for (std::size_t i = 0; i < extra_bits.size(); ++i) {
      bits += std::size_t{counts[257 + i]} * extra_bits[i];
    }
    while (literals > 257 && lengths[literals - 1] == 0) --literals;
    add_distances(distance_counts);
  }

 private:
  void add_distances(std::array<std::uint32_t, kDistances> counts) {
    distances = kDistances;
    while (distances > 1 && counts[distances - 1] == 0) --distances;
    distance_lengths[0] = 1;
    if (distances > 1) {
      counts[0] = std::max(counts[0], 1U);  // a code of two symbols at least is a full one
      code_lengths(counts, kLongestCode, distance_lengths);
      canonical_codes(distance_lengths, distance_codes);
    }
    for (std::size_t i = 0; i < distances; ++i) {
      lengths[literals + i] = distance_lengths[i];
      const std::size_t extra = i < 4 ? 0 : i / 2 - 1;
      bits += counts[i] * (distance_lengths[i] + extra);
    }
  }

  std::array<std::uint8_t, kSymbols - 257> extra_bits{};
};

/// Turns bytes into blocks in order.
class Deflater {
 public:
  Deflater(Bytes bytes, std::uint8_t* out) : bytes_(bytes), out_(out) { out_.put(0x5E78, 16); }

  /// The next stretch, which must not cross a plane's end. Where a plane has repeats, noise is not
  /// stored: blocks would be too short.
  void add(std::size_t end, bool may_store) {
    if (is_constant(end)) {
      add_constant(end);
    } else {
      const Bytes stretch = bytes_.subspan(next_, end - next_);
      adler_ = adler32_z(adler_, stretch.data(), stretch.size());
      if (may_store && is_noise(stretch)) {
        end_block(next_);
        stored_end_ = end;
      } else {
        end_stored();
        tokens_.add(bytes_, next_, end);
      }
    }
    next_ = end;
    if (tokens_.count() >= kTokensABlock) end_block(next_);
  }

  /// The same for a stretch that may be what stands `distance` before; false, and nothing is done,
  /// if it is not, or better taken otherwise.
  [[nodiscard]] bool add_repeat(std::size_t end, std::size_t distance) {
    const Bytes stretch = bytes_.subspan(next_, end - next_);
    if (is_constant(end) ||
        std::memcmp(stretch.data(), stretch.data() - distance, stretch.size()) != 0) {
      return false;
    }
    adler_ = adler32_z(adler_, stretch.data(), stretch.size());
    end_stored();
    tokens_.add_repeat(stretch.size(), distance);
    next_ = end;
    if (tokens_.count() >= kTokensABlock) end_block(next_);
    return true;
  }

  void end_plane() {
    if (tokens_.count() >= kTokensWorthABlock) end_block(next_);
  }

  std::uint8_t* finish() {
    end_block(next_);
    end_stored();
    out_.put(0b011, 3);  // the last block: fixed codes, nothing but the end
    out_.put(0, 7);
    out_.align();
    const auto check = static_cast<std::uint32_t>(adler_);
    for (int shift = 24; shift >= 0; shift -= 8) out_.put(check >> shift & 0xFFU, 8);
    return out_.end();
  }

 private:
  [[nodiscard]] bool is_constant(std::size_t end) const {
    const std::uint8_t* begin = &bytes_[next_];
    return std::memcmp(begin, begin + 1, end - next_ - 1) == 0;
  }

  void add_constant(std::size_t end) {
    const std::uint64_t value = bytes_[next_];
    const std::uint64_t count = end - next_;
    const std::uint64_t low = adler_ & 0xFFFFU;
    const std::uint64_t high = adler_ >> 16U;
    constexpr std::uint64_t kPrime = 65521;
    const std::uint64_t sum = high + count * low + value * (count * (count + 1) / 2);
    adler_ = static_cast<uLong>((sum % kPrime) << 16U | (low + count * value) % kPrime);
    end_stored();
    const bool continues = next_ > 0 && bytes_[next_] == bytes_[next_ - 1];
    if (!continues) tokens_.add(bytes_, next_, next_ + 1);
    tokens_.add_run(bytes_[next_], end - next_ - (continues ? 0 : 1));
  }

  /// Whether a Huffman code would save less than about 4 %: among 1024 bytes from four places, as
  /// few pairs are equal as in noise, within a quarter (its spread is 2 %). Equal pairs bound the
  /// entropy from below: 2^(-bits) is at least their share.
  [[nodiscard]] bool is_noise(Bytes stretch) const {
    constexpr std::size_t kWindows = 4;
    constexpr std::size_t kWindow = 256;
    constexpr std::size_t kSample = kWindows * kWindow;
    if (stretch.size() < kSample) return next_ > 0 && stored_end_ == next_;  // as what it ends
    std::array<std::array<std::uint16_t, 256>, kWindows> counts{};
    const std::size_t step = (stretch.size() - kWindow) / (kWindows - 1);
    for (std::size_t i = 0; i < kWindow; ++i) {
      for (std::size_t w = 0; w < kWindows; ++w) ++counts[w][stretch[w * step + i]];
    }
    std::size_t pairs = 0;
    for (std::size_t value = 0; value < 256; ++value) {
      const std::size_t count =
          counts[0][value] + counts[1][value] + counts[2][value] + counts[3][value];
      pairs += count * (count - 1);
    }
    return 4 * pairs <= 5 * (kSample * (kSample - 1) / 256);
  }

  void end_stored() {
    if (stored_end_ > block_begin_) put_stored(stored_end_);
  }

  void put_stored(std::size_t end) {
    constexpr std::size_t kLongest = 65535;
    while (block_begin_ < end) {
      const std::size_t length = std::min(kLongest, end - block_begin_);
      out_.put(0, 3);
      out_.align();
      out_.put(length, 16);
      out_.put(~length & 0xFFFFU, 16);
      out_.copy(bytes_.subspan(block_begin_, length));
      block_begin_ += length;
    }
  }

  /// The tokens since the last block, or the bytes they stand for where those are shorter.
  void end_block(std::size_t end) {
    if (tokens_.count() == 0) return;
    const BlockCode code(tokens_.symbols(), tokens_.distances());
    const CodeDescription description(
        std::span(code.lengths).first(code.literals + code.distances));
    if (code.bits + description.bits() >= 8 * (end - block_begin_) + 40) {
      put_stored(end);
    } else {
      out_.put(0b100, 3);
      description.write(out_, code.literals, code.distances);
      put_tokens(code);
      block_begin_ = end;
    }
    tokens_.clear();
  }

  /// About 0.8 ns a token.
  void put_tokens(const BlockCode& code) {
    BitWriter out = out_;  // in registers
    const std::span<const std::uint16_t> tokens = tokens_.all();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::uint16_t token = tokens[i];
      if (token < 256) {
        out.put(code.codes[token], code.lengths[token]);
        continue;
      }
      const LengthCode& length = kLengthCodes[token % 256U];
      const unsigned bits = code.lengths[length.symbol];
      out.put(code.codes[length.symbol] | std::uint64_t{length.extra} << bits,
              bits + length.extra_bits);
      const DistanceCode distance = distance_code(token < 512 ? 1 : tokens[++i] + std::size_t{1});
      const unsigned distance_bits = code.distance_lengths[distance.symbol];
      out.put(code.distance_codes[distance.symbol] | std::uint64_t{distance.extra} << distance_bits,
              distance_bits + distance.extra_bits);
    }
    out.put(code.codes[kEndOfBlock], code.lengths[kEndOfBlock]);
    out_ = out;
  }

  Bytes bytes_;
  BitWriter out_;
  uLong adler_ = 1;
  std::size_t next_ = 0;         ///< first byte not looked at
  std::size_t block_begin_ = 0;  ///< first byte not put out
  std::size_t stored_end_ = 0;   ///< up to here noise waits to be stored
  Tokens tokens_;
};

}  // namespace

std::size_t deflate_planes(Bytes bytes, std::size_t plane_bytes, std::span<const Repeat> repeats,
                           std::vector<std::uint8_t>& stream) {
  // Every block is at most its bytes and a header; stored ones add 5 bytes and up to one for bits.
  const std::size_t most = bytes.size() + bytes.size() / 64 + 64;
  if (stream.size() < most) stream.resize(most);
  Deflater deflater(bytes, stream.data());
  for (std::size_t plane = 0; plane < bytes.size(); plane += plane_bytes) {
    const std::size_t plane_end = std::min(bytes.size(), plane + plane_bytes);
    std::size_t begin = plane;
    const auto add_up_to = [&](std::size_t end) {
      for (; begin < end; begin = std::min(end, begin + kStretch)) {
        deflater.add(std::min(end, begin + kStretch), repeats.empty());
      }
    };
    for (const Repeat& repeat : repeats) {
      add_up_to(plane + repeat.begin);
      const std::size_t end = begin + repeat.length;
      if (deflater.add_repeat(end, repeat.distance)) begin = end;
    }
    add_up_to(plane_end);
    deflater.end_plane();
  }
  return static_cast<std::size_t>(deflater.finish() - stream.data());
}

}  // namespace needflow
