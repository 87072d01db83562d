// The bytes of a journal's records: numbers and texts as they lie in memory, and columns of words
// packed. Nothing of what they mean; io/journal_records.hpp says that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace needflow {

using Bytes = std::vector<std::byte>;

/// Bytes that are not what their record should hold.
class MalformedRecord : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// There are fewer of them than it takes.
class EndsTooEarly : public MalformedRecord {
 public:
  EndsTooEarly() : MalformedRecord("it ends too early") {}
};

/// Appends to bytes.
class RecordWriter {
 public:
  explicit RecordWriter(Bytes& to) : to_(to) {}

  void bytes(const void* from, std::size_t count) {
    const auto* first = static_cast<const std::byte*>(from);
    to_.insert(to_.end(), first, first + count);
  }
  template <class T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes(&value, sizeof(T));
  }
  template <class T>
  void numbers(std::span<const T> values) {
    static_assert(std::is_arithmetic_v<T>);
    if (!values.empty()) bytes(values.data(), values.size_bytes());
  }
  template <class T>
  void counted(const std::vector<T>& values) {
    number<std::uint64_t>(values.size());
    numbers(std::span<const T>(values));
  }
  void text(const std::string& text) {
    number<std::uint64_t>(text.size());
    bytes(text.data(), text.size());
  }
  /// Words that are often all the same, small, or mostly the same; in at most a byte more than
  /// they have.
  void column(std::span<const std::uint64_t> words);
  /// The same where it is known that they are all this word …
  void same_column(std::uint64_t word);
  /// … or that they are not, and which bits any of them has.
  void varied_column(std::span<const std::uint64_t> words, std::uint64_t any);

 private:
  bool mostly(std::span<const std::uint64_t> words);
  template <class T>
  void narrow(std::span<const std::uint64_t> words);

  Bytes& to_;
};

/// Takes bytes from the begin; throws MalformedRecord, never anything else.
class RecordReader {
 public:
  explicit RecordReader(std::span<const std::byte> from) : from_(from) {}

  void bytes(void* to, std::size_t count) {
    if (count > from_.size()) throw EndsTooEarly();
    if (count > 0) std::memcpy(to, from_.data(), count);
    from_ = from_.subspan(count);
  }
  template <class T>
  [[nodiscard]] T number() {
    T value;
    bytes(&value, sizeof(T));
    return value;
  }
  /// Asks for memory only after it is clear that the bytes are there.
  template <class T>
  [[nodiscard]] std::vector<T> numbers(std::uint64_t count) {
    if (count > from_.size() / sizeof(T)) throw EndsTooEarly();
    std::vector<T> values(static_cast<std::size_t>(count));
    bytes(values.data(), values.size() * sizeof(T));
    return values;
  }
  template <class T>
  [[nodiscard]] std::vector<T> counted() {
    return numbers<T>(number<std::uint64_t>());
  }
  [[nodiscard]] std::string text() {
    const auto letters = counted<char>();
    return {letters.begin(), letters.end()};
  }
  /// As RecordWriter::column() writes it. Words may be as few as one in all, so whoever says how
  /// many there are is believed up to `most` alone.
  [[nodiscard]] std::vector<std::uint64_t> column(std::uint64_t count, std::uint64_t most);
  void done() const { require(from_.empty(), "it is too long"); }
  /// How many things of at least `bytes` each can follow.
  void require_room(std::uint64_t count, std::size_t bytes) const {
    if (count > from_.size() / bytes) throw EndsTooEarly();
  }
  static void require(bool holds, const char* what) {
    if (!holds) throw MalformedRecord(what);
  }

 private:
  template <class T>
  [[nodiscard]] std::vector<std::uint64_t> widened(std::uint64_t count);
  [[nodiscard]] std::vector<std::uint64_t> mostly(std::uint64_t count);

  std::span<const std::byte> from_;
};

}  // namespace needflow
