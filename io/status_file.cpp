#include "io/status_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "io/build_info.hpp"

namespace needflow {

namespace {

constexpr auto kInterval = std::chrono::seconds(5);

}  // namespace

std::string json_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      quoted += {'\\', letter};
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(letter));
    } else {
      quoted += letter;
    }
  }
  return quoted + "\"";
}

StatusFile::StatusFile(const std::filesystem::path& output, std::size_t points, std::size_t before)
    : path_(output.native() + ".status.json"),
      points_(points),
      before_(before),
      start_(Clock::now()),
      written_(start_) {}

StatusFile::~StatusFile() {
  std::error_code ignored;
  if (exists_) std::filesystem::remove(path_, ignored);
}

void StatusFile::update(std::size_t done, std::size_t troubled, Clock::time_point now) {
  if (now - written_ < kInterval) return;
  written_ = now;
  write(done, troubled, now);
}

void StatusFile::write(std::size_t done, std::size_t troubled, Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done - before_) / seconds;
  const std::string left =
      rate > 0.0 ? fmt::format("{:.1f}", static_cast<double>(points_ - done) / rate) : "null";
  const std::filesystem::path next = path_.native() + ".next";
  {
    std::ofstream file(next, std::ios::trunc);
    file << fmt::format(
        "{{\"state\": \"running\", \"points\": {}, \"done\": {}, \"without_result\": {}, "
        "\"points_per_second\": {:.6g}, \"seconds_left\": {}, \"updated\": {}, \"process\": {}}}\n",
        points_, done, troubled, rate, left, json_text(utc_now()), ::getpid());
    if (!file.flush()) return;
  }
  std::error_code ignored;
  std::filesystem::rename(next, path_, ignored);
  exists_ = exists_ || !ignored;
}

}  // namespace needflow
