#include "io/atomic_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "io/text_file.hpp"
#include "solver/error.hpp"
#include "tests/io/folder.hpp"

using namespace needflow;
using namespace needflow::test;
namespace fs = std::filesystem;

namespace {

void put(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

/// The text of the error that an action ends in, led by its type.
std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ScenarioError& error) {
    return std::string("ScenarioError: ") + error.what();
  } catch (const IoError& error) {
    return std::string("IoError: ") + error.what();
  } catch (const std::exception& error) {
    return std::string("other: ") + error.what();
  }
  return "no error";
}

/// Runs in a forked child, which may then limit itself at will; returns what the action returned.
std::string in_child(const std::function<std::string()>& action) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const std::string text = action();
    const ssize_t sent = ::write(ends[1], text.data(), text.size());
    ::_exit(sent == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  return text;
}

}  // namespace

TEST_CASE("a file appears under its name only when it is published") {
  const Folder folder;
  const fs::path path = folder / "result.h5";
  AtomicFile file(path);
  file.write("first ");
  file.write(std::as_bytes(std::span("second", 6)));
  CHECK_FALSE(fs::exists(path));
  CHECK(read_text_file(file.path()) == "first second");
  file.publish();
  CHECK(read_text_file(path) == "first second");
  CHECK(folder.files() == 1);
}

TEST_CASE("the temporary is hidden beside the file and says whose it is") {
  const Folder folder;
  const AtomicFile file(folder / "result.h5");
  const AtomicFile twin(folder / "result.h5");
  const std::string stem = ".result.h5.tmp-" + std::to_string(::getpid());
  CHECK(file.path() == folder / (stem + "-0"));
  CHECK(twin.path() == folder / (stem + "-1"));
}

TEST_CASE("a file is published with the permissions of any new file") {
  const Folder folder;
  const mode_t before = ::umask(027);
  AtomicFile file(folder / "x");
  ::umask(before);
  file.publish();
  struct stat facts = {};
  REQUIRE(::stat((folder / "x").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0640U);
}

TEST_CASE("an unpublished file leaves the old one alone and no temporary behind") {
  const Folder folder;
  put(folder / "x", "old");
  {
    AtomicFile file(folder / "x");
    file.write("new");
  }
  CHECK(read_text_file(folder / "x") == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("publishing replaces an old file whole") {
  const Folder folder;
  put(folder / "x", "something long that was there before");
  AtomicFile file(folder / "x");
  file.write("new");
  file.publish();
  CHECK(read_text_file(folder / "x") == "new");
}

TEST_CASE("what others write under the temporary's name is published") {
  const Folder folder;
  AtomicFile file(folder / "x");
  put(file.path(), "by a library");
  file.publish();
  CHECK(read_text_file(folder / "x") == "by a library");
}

TEST_CASE("a name without a folder is published in the working folder") {
  const Folder folder;
  const std::string found = in_child([&] {
    fs::current_path(folder.path());
    AtomicFile file("x");
    file.write("here");
    const std::string beside = file.path().parent_path().string();
    file.publish();
    return beside + " " + read_text_file("x");
  });
  CHECK(found == ". here");
}

TEST_CASE("the longest name a folder allows can be published") {
  const Folder folder;
  std::string name = "x";
  while (name.size() + 2 <= 255) name += "é";
  AtomicFile file(folder / name);
  file.publish();
  CHECK(fs::exists(folder / name));
}

TEST_CASE("a link stays a link and its target is replaced") {
  const Folder folder;
  fs::create_directory(folder / "scratch");
  put(folder / "scratch/real.h5", "old");
  fs::create_symlink("scratch/real.h5", folder / "result.h5");
  AtomicFile file(folder / "result.h5");
  CHECK(file.path().parent_path().filename() == "scratch");
  file.write("new");
  file.publish();
  CHECK(fs::is_symlink(folder / "result.h5"));
  CHECK(read_text_file(folder / "scratch/real.h5") == "new");
}

TEST_CASE("a link to nowhere is refused") {
  const Folder folder;
  fs::create_symlink("gone/real.h5", folder / "x");
  CHECK(error_of([&] { AtomicFile(folder / "x"); }) ==
        "IoError: cannot write " + (folder / "x").string() +
            ": it is a link to gone/real.h5, which does not exist");
}

TEST_CASE("an existing file is refused at once where it must be kept") {
  const Folder folder;
  const fs::path path = folder / "result.h5";
  put(path, "old");
  CHECK(error_of([&] { AtomicFile(path, IfExists::kRefuse); }) ==
        "ScenarioError: " + path.string() + " exists; --overwrite replaces it");
  fs::create_symlink("gone", folder / "link");
  CHECK(error_of([&] {
          AtomicFile(folder / "link", IfExists::kRefuse);
        }).ends_with("link exists; --overwrite replaces it"));
  CHECK(folder.files() == 2);
}

TEST_CASE("a file that came into being meanwhile is refused at the end where it must be kept") {
  const Folder folder;
  const fs::path path = folder / "result.h5";
  {
    AtomicFile file(path, IfExists::kRefuse);
    file.write("mine");
    put(path, "of another run");
    CHECK(error_of([&] { file.publish(); }) ==
          "ScenarioError: " + path.string() + " exists; --overwrite replaces it");
    CHECK(read_text_file(file.path()) == "mine");  // still there to be saved
    fs::remove(path);
    file.publish();
  }
  CHECK(read_text_file(path) == "mine");
  CHECK(folder.files() == 1);
}

TEST_CASE("a new file is published where an existing one would be refused") {
  const Folder folder;
  AtomicFile file(folder / "x", IfExists::kRefuse);
  file.write("new");
  file.publish();
  CHECK(read_text_file(folder / "x") == "new");
}

TEST_CASE("a folder that is not there is found at once") {
  CHECK(error_of([] { AtomicFile("no/such/folder/x.h5"); }) ==
        "IoError: cannot write no/such/folder/x.h5: cannot make a file in folder no/such/folder: "
        "No such file or directory");
}

TEST_CASE("a folder that cannot be written is found at once") {
  const Folder folder;
  fs::permissions(folder.path(), static_cast<fs::perms>(0555));
  const std::string message = in_child([&]() -> std::string {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) return "cannot stop being root";
    return error_of([&] { AtomicFile(folder / "x.h5"); });
  });
  CHECK(message == "IoError: cannot write " + (folder / "x.h5").string() +
                       ": cannot make a file in folder " + folder.path().string() +
                       ": Permission denied");
}

TEST_CASE("what is no regular file is never replaced") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(error_of([] { AtomicFile("/dev/null"); }) ==
        "IoError: cannot write /dev/null: it is not a regular file");
  CHECK(error_of([&] { AtomicFile(folder / "pipe"); }).ends_with("it is not a regular file"));
  CHECK(error_of([&] { AtomicFile(folder.path()); }).ends_with("it is a folder"));
  for (const char* name : {"", "results/", ".", "..", "results/.."})
    CHECK(error_of([&] { AtomicFile{fs::path(name)}; }).ends_with("it names a folder"));
  CHECK(error_of([&] {
          AtomicFile(folder / std::string("x\0y", 3));
        }).ends_with("its name holds a NUL byte"));
}

TEST_CASE("a write is taken up where the system cut it short, and a limit is an error") {
  const Folder folder;
  const fs::path path = folder / "x.h5";
  const std::string message = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {.rlim_cur = 1000, .rlim_max = 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    AtomicFile file(path);
    std::string text = error_of([&] { file.write(std::string(600, 'x')); });
    text += "; " + error_of([&] { file.write(std::string(600, 'y')); });
    return text + "; " + std::to_string(fs::file_size(file.path()));
  });
  CHECK(message.starts_with("no error; IoError: cannot write " + path.string() +
                            ": File too large (folder " + folder.path().string() + ": "));
  CHECK(message.ends_with(" free); 1000"));
  CHECK(folder.files() == 0);
}

TEST_CASE("a full disk is an error with the space left, and the old file stays") {
  const Folder folder;
  const std::string found = in_child([&]() -> std::string {
    // A disk of our own that is soon full needs the right to mount; without it nothing is tested.
    if (::unshare(::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return "";
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "";
    if (::mount("none", folder.path().c_str(), "tmpfs", 0, "size=256k") != 0) return "";
    put(folder / "x.h5", "old");
    std::string message = error_of([&] {
      AtomicFile file(folder / "x.h5");
      for (int i = 0; i < 1000; ++i) file.write(std::string(1000, 'x'));
      file.publish();
    });
    message += "; " + std::to_string(folder.files()) + " file: " + read_text_file(folder / "x.h5");
    return message;
  });
  if (found.empty()) {
    MESSAGE("not tested: no right to mount a small disk here");
    return;
  }
  CHECK(found == "IoError: cannot write " + (folder / "x.h5").string() +
                     ": No space left on device (folder " + folder.path().string() +
                     ": 0 bytes free); 1 file: old");
}

TEST_CASE("a temporary taken away is an error, not an empty success") {
  const Folder folder;
  AtomicFile file(folder / "x");
  fs::remove(file.path());
  CHECK(error_of([&] { file.publish(); }) == "IoError: cannot rename " + file.path().string() +
                                                 " to " + (folder / "x").string() +
                                                 ": No such file or directory");
}

TEST_CASE("a file moves with its temporary, and the one assigned to gives up its own") {
  const Folder folder;
  AtomicFile from(folder / "x");
  from.write("moved");
  AtomicFile to(folder / "y");
  CHECK(folder.files() == 2);
  to = std::move(from);
  CHECK(folder.files() == 1);
  AtomicFile last(std::move(to));
  last.publish();
  CHECK(read_text_file(folder / "x") == "moved");
  CHECK(folder.files() == 1);
}

TEST_CASE("use after publishing is the program's mistake and says so") {
  const Folder folder;
  AtomicFile file(folder / "x");
  file.publish();
  CHECK_THROWS_AS(file.publish(), std::logic_error);
  CHECK_THROWS_AS(file.write("x"), std::logic_error);
}
