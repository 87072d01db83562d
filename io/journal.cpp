#include "io/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "io/posix_files.hpp"
#include "solver/error.hpp"

namespace needflow {

namespace {

namespace fs = std::filesystem;

constexpr const char* kJournalEnding = ".journal";
constexpr const char* kInFlightEnding = ".inflight";

constexpr std::size_t kPiece = std::size_t{1} << 18;  // read at once; larger gains nothing

/// Reads a file from its begin, in large pieces.
class Source {
 public:
  explicit Source(const fs::path& path) : path_(path) {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail(errno);
    struct stat facts = {};
    if (::fstat(descriptor_, &facts) != 0) fail(errno);
    if (!S_ISREG(facts.st_mode)) {
      throw IoError(fmt::format("{} is not a journal: it is not a regular file", path.string()));
    }
    size_ = static_cast<std::uint64_t>(facts.st_size);
  }
  explicit Source(std::span<const std::byte> bytes)
      : size_(bytes.size()), piece_(bytes.begin(), bytes.end()) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t left() const { return size_ - at_; }

  /// False where the file ends first.
  bool read(std::byte* to, std::size_t count) {
    if (count > left()) return false;
    while (count > 0) {
      if (used_ == piece_.size()) refill();
      if (piece_.empty()) return false;  // it was cut off while we read
      const std::size_t some = std::min(count, piece_.size() - used_);
      std::memcpy(to, piece_.data() + used_, some);
      used_ += some;
      at_ += some;
      to += some;
      count -= some;
    }
    return true;
  }

 private:
  void refill() {
    piece_.resize(kPiece);
    used_ = 0;
    ssize_t got = 0;
    do {
      got = ::read(descriptor_, piece_.data(), piece_.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) fail(errno);
    piece_.resize(static_cast<std::size_t>(got));
  }
  [[noreturn]] void fail(int error) {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    throw IoError(fmt::format("cannot read {}: {}", path_.string(), error_text(error)));
  }

  fs::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;  ///< when it was opened; a live one grows
  std::uint64_t at_ = 0;
  Bytes piece_;
  std::size_t used_ = 0;
};

/// The next record's type and payload. Empty, with a reason, where no more can be believed.
struct NextRecord {
  Bytes bytes;  ///< type, then payload
  std::string damage;
  [[nodiscard]] RecordType type() const { return static_cast<RecordType>(bytes[0]); }
  [[nodiscard]] std::span<const std::byte> payload() const { return std::span(bytes).subspan(1); }
};

NextRecord next_record(Source& source) {
  RecordHead head{};
  NextRecord next;
  const std::uint64_t left = source.left();
  std::array<std::byte, sizeof(RecordHead)> raw{};
  if (!source.read(raw.data(), raw.size()) ||
      (head = std::bit_cast<RecordHead>(raw), source.left() < std::uint64_t{head.length} + 1)) {
    next.damage = fmt::format("the last {} bytes are an incomplete record", left);
    return next;
  }
  next.bytes.resize(std::size_t{head.length} + 1);
  if (!source.read(next.bytes.data(), next.bytes.size())) {
    next.bytes.clear();
    next.damage = "it became shorter while it was read";
  } else if (crc32c(next.bytes) != head.crc) {
    next.bytes.clear();
    next.damage = "a record's checksum is wrong";
  }
  return next;
}

/// Whether it is the begin of a header and nothing else. A header that is whole but damaged is not,
/// even where its length is what was damaged: it reads to its end all the same.
bool is_cut_header(Source& source) {
  constexpr std::uint32_t kLongest = std::uint32_t{1} << 28;  // letters as a length are more
  const std::uint64_t size = source.size();
  RecordHead head{};
  std::array<std::byte, sizeof(head)> raw{};
  if (!source.read(raw.data(), std::min(size, sizeof(head)))) return false;
  if (size < sizeof(head.length)) return true;
  head = std::bit_cast<RecordHead>(raw);
  if (head.length >= kLongest || size > sizeof(head) + head.length) return false;
  if (size <= sizeof(head)) return true;
  Bytes bytes(static_cast<std::size_t>(source.left()));
  if (!source.read(bytes.data(), bytes.size())) return false;
  if (static_cast<RecordType>(bytes[0]) != RecordType::header) return false;
  try {
    (void)decode_header(std::span(bytes).subspan(1));
    return false;
  } catch (const EndsTooEarly&) {
    return true;
  } catch (const MalformedRecord&) {
    return false;
  }
}

void take_record(const NextRecord& record, JournalContents& contents) {
  const auto payload = record.payload();
  switch (record.type()) {
    case RecordType::outcomes:
      contents.batches.push_back(decode_outcomes(payload, contents.header));
      contents.ended = false;
      return;
    case RecordType::network:
      contents.networks.push_back(decode_network(payload, contents.header));
      return;
    case RecordType::crash:
      contents.crashes = decode_crash(payload, contents.header);
      return;
    case RecordType::end:
      contents.ended = true;
      return;
    case RecordType::session:
      contents.sessions.push_back(decode_session(payload));
      contents.ended = false;
      return;
    case RecordType::header:
      throw MalformedRecord("a second header");
  }
  throw MalformedRecord("a record of an unknown type");
}

/// "section.key" and its value, for each line of a resolved scenario.
std::vector<std::pair<std::string, std::string>> settings_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> settings;
  std::string section;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      section = line.substr(1, line.find(']') - 1) + ".";
      continue;
    }
    const std::size_t equals = line.find(" = ");
    const bool is_setting = equals != std::string::npos;
    settings.emplace_back(section + line.substr(0, equals),
                          is_setting ? line.substr(equals + 3) : "");
  }
  return settings;
}

std::string scenario_difference(const std::string& before, const std::string& now) {
  const auto old_settings = settings_of(before);
  const auto new_settings = settings_of(now);
  const auto find = [](const auto& settings, const std::string& key) {
    return std::find_if(settings.begin(), settings.end(),
                        [&](const auto& entry) { return entry.first == key; });
  };
  std::string lines;
  for (const auto& [key, value] : old_settings) {
    const auto other = find(new_settings, key);
    if (other != new_settings.end() && other->second == value) continue;
    lines += fmt::format("  {}: {} then, {} now\n", key, value,
                         other == new_settings.end() ? "not there" : other->second);
  }
  for (const auto& [key, value] : new_settings) {
    if (find(old_settings, key) != old_settings.end()) continue;
    lines += fmt::format("  {}: not there then, {} now\n", key, value);
  }
  return lines;
}

}  // namespace

fs::path journal_path(const fs::path& output, std::optional<int> rank) {
  return fs::path(output.native() + kJournalEnding + (rank ? fmt::format(".{}", *rank) : ""));
}

fs::path in_flight_path(const fs::path& output, std::optional<int> rank) {
  return fs::path(output.native() + kInFlightEnding + (rank ? fmt::format(".{}", *rank) : ""));
}

bool journal_is_begun(const fs::path& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) return false;
  if (!fs::is_regular_file(status)) return true;
  try {
    Source source(path);
    return !is_cut_header(source);
  } catch (const IoError&) {
    return true;  // whoever goes on with it says why not
  }
}

std::vector<fs::path> journals_of(const fs::path& output, Journals which) {
  const std::string begin = output.filename().native() + kJournalEnding + ".";
  std::vector<int> ranks;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of(output), error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(begin) || name.size() > begin.size() + 9) continue;
    const std::string rank = name.substr(begin.size());
    if (rank.empty() || rank.find_first_not_of("0123456789") != std::string::npos) continue;
    if (rank.size() > 1 && rank.front() == '0') continue;
    ranks.push_back(std::stoi(rank));
  }
  std::sort(ranks.begin(), ranks.end());
  std::vector<fs::path> journals;
  if (fs::exists(journal_path(output), error)) journals.push_back(journal_path(output));
  // As a rank itself names its own, which the folder's "./" before it is not.
  for (const int rank : ranks) journals.push_back(journal_path(output, rank));
  if (which == Journals::begun) {
    std::erase_if(journals, [](const fs::path& path) { return !journal_is_begun(path); });
  }
  return journals;
}

fs::path in_flight_of(const fs::path& journal) {
  std::string name = journal.native();
  const std::size_t at = name.rfind(kJournalEnding);
  if (at != std::string::npos) name.replace(at, std::strlen(kJournalEnding), kInFlightEnding);
  return name;
}

static JournalContents read_source(Source& source) {
  JournalContents contents;
  contents.file_bytes = source.size();
  const NextRecord first = next_record(source);
  if (!first.damage.empty()) throw MalformedRecord("its first record is damaged");
  if (first.type() != RecordType::header) throw MalformedRecord("it is not a needflow journal");
  contents.header = decode_header(first.payload());
  contents.good_bytes = source.size() - source.left();
  while (source.left() > 0) {
    try {
      const NextRecord record = next_record(source);
      if (!record.damage.empty()) {
        contents.damage = record.damage;
        break;
      }
      take_record(record, contents);
    } catch (const MalformedRecord& problem) {
      contents.damage = fmt::format("a record makes no sense ({})", problem.what());
      break;
    }
    contents.good_bytes = source.size() - source.left();
  }
  return contents;
}

JournalContents read_journal(const fs::path& path) {
  Source source(path);
  try {
    return read_source(source);
  } catch (const MalformedRecord& problem) {
    throw IoError(fmt::format("cannot use {} as a journal: {}; --overwrite starts afresh",
                              path.string(), problem.what()));
  }
}

JournalContents read_journal(std::span<const std::byte> bytes) {
  Source source(bytes);
  return read_source(source);
}

JournalContents read_journals(const std::vector<fs::path>& paths) {
  JournalContents all;
  bool first = true;
  for (const fs::path& path : paths) {
    JournalContents one = read_journal(path);
    if (std::exchange(first, false)) {
      all = std::move(one);
      continue;
    }
    const std::string difference = journal_difference(one.header, all.header);
    if (!difference.empty()) {
      throw ScenarioError(fmt::format("{} and {} are of different sweeps:\n{}",
                                      paths.front().string(), path.string(), difference));
    }
    std::move(one.batches.begin(), one.batches.end(), std::back_inserter(all.batches));
    std::move(one.networks.begin(), one.networks.end(), std::back_inserter(all.networks));
    std::move(one.sessions.begin(), one.sessions.end(), std::back_inserter(all.sessions));
    merge(one.crashes, all.crashes);
    all.ended = all.ended && one.ended;
    all.good_bytes += one.good_bytes;
    all.file_bytes += one.file_bytes;
    if (!one.damage.empty()) all.damage += fmt::format("; {}: {}", path.string(), one.damage);
  }
  return all;
}

std::string journal_difference(const JournalHeader& journal, const JournalHeader& now) {
  std::string lines;
  if (journal.schema_version != now.schema_version) {
    lines += fmt::format("  schema_version: {} then, {} now\n", journal.schema_version,
                         now.schema_version);
  }
  if (journal.needflow_version != now.needflow_version) {
    lines += fmt::format("  needflow version: {} then, {} now\n", journal.needflow_version,
                         now.needflow_version);
  }
  if (journal.plan_hash != now.plan_hash || journal.points != now.points ||
      journal.types != now.types) {
    const std::string scenario = scenario_difference(journal.scenario, now.scenario);
    lines += scenario.empty() && journal.scenario == now.scenario
                 ? "  the files that the scenario names hold something else\n"
                 : scenario;
  }
  if (!lines.empty()) lines.pop_back();
  return lines;
}

bool journal_is_live(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  // Held for an instant: a writer that comes just then tries again.
  const bool live = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return live;
}

}  // namespace needflow
