// Datasets that we pack ourselves, read by the HDF5 library with its own filters.
#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "io/h5.hpp"
#include "kernels/parallel.hpp"
#include "solver/sweep/tasks.hpp"

using namespace needflow;

namespace {

std::vector<double> mixed_numbers(std::size_t count) {
  std::mt19937_64 random(11);
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const bool constant = i / 5000 % 3 == 1;
    values[i] = constant ? 1.0 : std::uniform_real_distribution<double>(0.0, 1.0)(random);
  }
  return values;
}

struct Case {
  std::string name;
  Shape shape;
  std::vector<double> values;
};

std::vector<Case> cases() {
  const auto product = [](const Shape& shape) {
    std::size_t count = 1;
    for (const hsize_t length : shape) count *= length;
    return count;
  };
  std::vector<Case> result;
  const auto add = [&](const std::string& name, const Shape& shape) {
    result.push_back({name, shape, mixed_numbers(product(shape))});
  };
  add("scalar", {});
  add("empty", {0});
  add("one", {1});
  add("two", {2});
  add("one_chunk", {100, 8, 16});
  add("two_chunks", {131073});             // halved: two of 65537, the second reaches beyond
  add("edges_everywhere", {401, 403, 5});  // more than 6 MiB, both long sides halved
  // More chunks than are packed before the first are written.
  result.push_back({"constant", {5000000}, std::vector<double>(5000000, 0.25)});
  return result;
}

std::vector<std::byte> image_on(int threads, const std::vector<Case>& all) {
  std::vector<std::byte> bytes;
  run_in_arena(threads, [&] {
    const H5Builder file;
    std::vector<Numbers> datasets;
    for (const Case& one : all) {
      datasets.push_back({{one.name, "1", ""}, one.shape, std::span<const double>(one.values)});
    }
    CHECK(write_datasets(file.root(), datasets).size() == all.size());
    const std::vector<std::int64_t> whole(70000, 3);
    const std::vector<std::uint8_t> flags(70000, 2);
    (void)write_dataset(file.root(), {"whole", "", ""}, {70000},
                        std::span<const std::int64_t>(whole));
    (void)write_dataset(file.root(), {"flags", "", ""}, {70000},
                        std::span<const std::uint8_t>(flags));
    const std::span<const std::byte> image = file.image();
    bytes.assign(image.begin(), image.end());
  });
  return bytes;
}

/// A file of its own in the temporary folder, gone with the object.
struct TemporaryFile {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("needflow-test-h5-" + std::to_string(::getpid()) + ".h5");
  explicit TemporaryFile(const std::vector<std::byte>& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path); }
};

H5Handle opened(const std::filesystem::path& path) {
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open"};
}

template <class T>
std::vector<T> read_back(const H5Handle& file, const std::string& name, std::size_t count,
                         hid_t type) {
  const H5Handle dataset(H5Dopen2(file.get(), name.c_str(), H5P_DEFAULT), H5Dclose, "open");
  std::vector<T> values(count);
  REQUIRE(H5Dread(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
  return values;
}

/// The filters of a dataset, in the order they were set.
std::vector<H5Z_filter_t> filters_of(const H5Handle& file, const std::string& name) {
  const H5Handle dataset(H5Dopen2(file.get(), name.c_str(), H5P_DEFAULT), H5Dclose, "open");
  const H5Handle creation(H5Dget_create_plist(dataset.get()), H5Pclose, "ask");
  std::vector<H5Z_filter_t> filters;
  for (int i = 0; i < H5Pget_nfilters(creation.get()); ++i) {
    unsigned flags = 0;
    unsigned config = 0;
    std::size_t values = 0;
    filters.push_back(H5Pget_filter2(creation.get(), static_cast<unsigned>(i), &flags, &values,
                                     nullptr, 0, nullptr, &config));
  }
  return filters;
}

}  // namespace

TEST_CASE("HDF5's own filters read back what we packed, for every shape") {
  const std::vector<Case> all = cases();
  const TemporaryFile file(image_on(2, all));
  const H5Handle read = opened(file.path);
  for (const Case& one : all) {
    CAPTURE(one.name);
    CHECK(read_back<double>(read, one.name, one.values.size(), H5T_NATIVE_DOUBLE) == one.values);
  }
  const auto whole = read_back<std::int64_t>(read, "whole", 70000, H5T_NATIVE_INT64);
  CHECK(whole == std::vector<std::int64_t>(70000, 3));
  const auto flags = read_back<std::uint8_t>(read, "flags", 70000, H5T_NATIVE_UINT8);
  CHECK(flags == std::vector<std::uint8_t>(70000, 2));
  CHECK(filters_of(read, "two_chunks") ==
        std::vector<H5Z_filter_t>{H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE});
}

TEST_CASE("the file has the same bytes on one thread and on several") {
  const std::vector<Case> all = cases();
  const std::vector<std::byte> one = image_on(1, all);
  CHECK(image_on(3, all) == one);
  CHECK(image_on(8, all) == one);
}
