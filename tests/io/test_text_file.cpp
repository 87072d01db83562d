#include "io/text_file.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "solver/error.hpp"
#include "tests/io/folder.hpp"

using namespace needflow;
using namespace needflow::test;
namespace fs = std::filesystem;

namespace {

std::string gzipped(std::string_view text) {
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  return text;
}

std::string message_of(const fs::path& path, std::uint64_t largest = kLargestText) {
  try {
    read_text_file(path, largest);
  } catch (const IoError& error) {
    return error.what();
  }
  return "no error";
}

std::string gunzip_message(std::string_view packed, std::uint64_t largest = kLargestText) {
  try {
    gunzip(packed, "x.gz", largest);
  } catch (const IoError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a plain file is read byte for byte") {
  const Folder folder;
  const std::string long_text = numbered_lines(100000);
  for (const std::string& text : {std::string(), std::string("a"), std::string("\x1f"),
                                  std::string("a\0b\r\n\xff", 6), long_text})
    CHECK(read_text_file(folder.put("x.csv", text)) == text);
}

TEST_CASE("a gzip file is unpacked whatever its name") {
  const Folder folder;
  for (const std::string& text :
       {std::string(), std::string("a,b\n1,2\n"), numbered_lines(100000)}) {
    CHECK(read_text_file(folder.put("x.csv.gz", gzipped(text))) == text);
    CHECK(read_text_file(folder.put("x.csv", gzipped(text))) == text);
  }
}

TEST_CASE("gzip members one after the other are one text, and padding after them is ignored") {
  const std::string first = numbered_lines(5000);
  const std::string packed = gzipped(first) + gzipped("") + gzipped("end\n");
  CHECK(gunzip(packed, "x.gz") == first + "end\n");
  CHECK(gunzip(packed + std::string(512, '\0'), "x.gz") == first + "end\n");
}

TEST_CASE("a pipe is read to its end") {
  const Folder folder;
  const std::string text = numbered_lines(50000);  // more than a pipe holds
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  std::thread writer([&] { std::ofstream(folder / "pipe", std::ios::binary) << text; });
  const std::string read = read_text_file(folder / "pipe");
  writer.join();
  CHECK(read == text);
}

TEST_CASE("a file that is not there is named with the reason") {
  CHECK(message_of("data/x.csv") == "cannot open data/x.csv: No such file or directory");
  CHECK(message_of("") == "cannot open : No such file or directory");
}

TEST_CASE("a folder is not a text file") {
  const Folder folder;
  CHECK(message_of(folder.path()) == "cannot read " + folder.path().string() + ": Is a directory");
}

TEST_CASE("a file without permission is named with the reason") {
  constexpr uid_t kNobody = 65534;
  const Folder folder;
  const fs::path path = folder.put("x.csv", "a\n");
  fs::permissions(folder.path(), static_cast<fs::perms>(0755));
  fs::permissions(path, fs::perms::none);
  const uid_t before = ::geteuid();
  if (before == 0) REQUIRE(::seteuid(kNobody) == 0);  // root reads everything
  const std::string message = message_of(path);
  if (before == 0) REQUIRE(::seteuid(before) == 0);
  CHECK(message == "cannot open " + path.string() + ": Permission denied");
}

TEST_CASE("a name with a NUL byte does not open the file before the NUL") {
  const Folder folder;
  const fs::path path = folder.put("x.csv", "a\n");
  CHECK(message_of(path.string() + std::string("\0.gz", 4)) ==
        "cannot open " + path.string() + ": its name holds a NUL byte");
}

TEST_CASE("gzip data cut at any byte are truncated") {
  const Folder folder;
  const std::string packed = gzipped(numbered_lines(200));
  for (std::size_t length = 2; length < packed.size(); ++length)
    REQUIRE(gunzip_message(packed.substr(0, length)) == "x.gz: truncated gzip data");
  const fs::path path = folder.put("x.csv.gz", packed.substr(0, packed.size() - 1));
  CHECK(message_of(path) == path.string() + ": truncated gzip data");
}

TEST_CASE("damaged gzip data are named with zlib's reason") {
  std::string packed = gzipped(numbered_lines(200));
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);
  CHECK(gunzip_message(packed) == "x.gz: damaged gzip data (incorrect data check)");
  CHECK(gunzip_message("id,need\n") == "x.gz: damaged gzip data (incorrect header check)");
}

TEST_CASE("other bytes after gzip data are an error, not silently dropped") {
  CHECK(gunzip_message(gzipped("a\n") + "b\n") ==
        "x.gz: bytes that are not gzip data follow the gzip data");
}

TEST_CASE("a text may be as large as the limit and no larger") {
  const Folder folder;
  for (const std::size_t size : {std::size_t{1}, std::size_t{65536}, std::size_t{300000}}) {
    const std::string text(size, 'x');
    for (const std::string& bytes : {text, gzipped(text), gzipped(text.substr(1)) + gzipped("x")}) {
      const fs::path path = folder.put("x", bytes);
      if (bytes.size() > size) continue;  // gzip makes one byte longer; the limit is for both
      CHECK(read_text_file(path, size) == text);
      CHECK(message_of(path, size - 1).ends_with(": holds more than " + readable_size(size - 1)));
    }
    CHECK(gunzip(gzipped(text), "x.gz", size) == text);
  }
}

TEST_CASE("a gzip bomb ends in an error and not in a full memory") {
  const std::string megabytes(std::size_t{16} << 20U, '\0');
  std::string bomb;
  for (int i = 0; i < 8; ++i) bomb += gzipped(megabytes);
  CHECK(gunzip_message(bomb, std::uint64_t{20} << 20U) == "x.gz: holds more than 20.0 MiB");
}

TEST_CASE("a trailer that lies about the size does no harm") {
  std::string packed = gzipped("short\n") + gzipped(numbered_lines(3000));
  CHECK(gunzip(packed, "x.gz") == "short\n" + numbered_lines(3000));
  for (std::size_t i = packed.size() - 4; i < packed.size(); ++i) packed[i] = '\xff';
  CHECK(gunzip_message(packed) == "x.gz: damaged gzip data (incorrect length check)");
}

TEST_CASE("ten thousand mutated gzip files are read or refused") {
  std::mt19937_64 random(20240601);
  const std::vector<std::string> seeds = {gzipped(""), gzipped("id,need\nA,1\n"),
                                          gzipped(numbered_lines(50)),
                                          gzipped("a\n") + gzipped("b\n")};
  int read = 0;
  int refused = 0;
  for (int i = 0; i < 10000; ++i) {
    std::string bytes = seeds[random() % seeds.size()];
    if (i % 10 == 0) {
      bytes.resize(random() % 64);
      for (char& c : bytes) c = static_cast<char>(random());
      if (i % 20 == 0) bytes.insert(0, "\x1f\x8b\x08");
    }
    for (std::uint64_t edits = random() % 4; edits > 0 && !bytes.empty(); --edits) {
      const std::size_t at = random() % bytes.size();
      const std::uint64_t kind = random() % 4;
      if (kind == 0) bytes[at] = static_cast<char>(random());
      if (kind == 1) bytes.resize(at);
      if (kind == 2) bytes.insert(at, 1, static_cast<char>(random()));
      if (kind == 3) bytes += bytes.substr(at);
    }
    try {
      gunzip(bytes, "x.gz", 1U << 20U);
      ++read;
    } catch (const IoError&) {
      ++refused;
    }
  }
  CHECK(read + refused == 10000);
  CHECK(read > 1000);
  CHECK(refused > 1000);
}

TEST_CASE("sizes are written in the unit that a person would choose") {
  CHECK(readable_size(0) == "0 bytes");
  CHECK(readable_size(1023) == "1023 bytes");
  CHECK(readable_size(1024) == "1.0 KiB");
  CHECK(readable_size(1536) == "1.5 KiB");
  CHECK(readable_size((1U << 20U) - 1) == "1.0 MiB");
  CHECK(readable_size(kLargestText) == "8.0 GiB");
  CHECK(readable_size(UINT64_MAX) == "16.0 EiB");
}
