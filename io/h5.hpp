// HDF5 as values: small RAII handles and the few things a result file needs. The file is built in
// memory (core driver) and handed out as bytes: HDF5 1.10 cannot recover from a full disk (closing
// fails, and the library tries again at exit), so no write of its own ever reaches a disk.
//
// Only what every reader keeps: little-endian numbers, variable-length UTF-8 strings, dimension
// scales; no enums, bools, compounds or fixed-length strings; creation order tracked, times not.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace needflow {

/// Owns an HDF5 identifier. Throws IoError when given a negative one.
class H5Handle {
 public:
  H5Handle(hid_t id, herr_t (*close)(hid_t), const char* what);
  H5Handle(H5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  H5Handle& operator=(H5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  H5Handle(const H5Handle&) = delete;
  H5Handle& operator=(const H5Handle&) = delete;
  ~H5Handle() {
    if (id_ >= 0) close_(id_);
  }
  [[nodiscard]] hid_t get() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

using Shape = std::vector<hsize_t>;

// Attributes of a file, group or dataset; an existing name is an error.
void write_attribute(hid_t where, const std::string& name, std::string_view text);
void write_attribute(hid_t where, const std::string& name, std::int64_t value);
void write_attribute(hid_t where, const std::string& name, double value);
void write_attribute(hid_t where, const std::string& name, std::uint8_t value);
void write_attribute(hid_t where, const std::string& name, std::span<const std::string> texts);
void write_attribute(hid_t where, const std::string& name, std::span<const std::int64_t> values);
void write_attribute(hid_t where, const std::string& name, std::span<const double> values);
void write_attribute(hid_t where, const std::string& name, std::span<const std::uint8_t> values);

/// What a dataset is called and how readers show it.
struct Described {
  std::string name;
  std::string units;  ///< "" leaves the attribute out
  std::string long_name;
  bool may_be_missing =
      true;  ///< false leaves out _FillValue: readers then keep integers as integers
};

// Datasets, row-major, shape {} is a scalar. Doubles get _FillValue NaN, integers −1 (unless
// nothing can be missing), bytes and strings none. Chunks of at most 1 MiB, shuffled and deflated,
// where there is more than one element.
[[nodiscard]] H5Handle write_dataset(hid_t where, const Described& what, const Shape& shape,
                                     std::span<const double> values);
[[nodiscard]] H5Handle write_dataset(hid_t where, const Described& what, const Shape& shape,
                                     std::span<const std::int64_t> values);
[[nodiscard]] H5Handle write_dataset(hid_t where, const Described& what, const Shape& shape,
                                     std::span<const std::uint8_t> values);
[[nodiscard]] H5Handle write_dataset(hid_t where, const Described& what, const Shape& shape,
                                     std::span<const std::string> values);

/// A dataset of numbers that waits to be written; the values are read then.
struct Numbers {
  Described what;
  Shape shape;
  std::variant<std::span<const double>, std::span<const std::int64_t>,
               std::span<const std::uint8_t>>
      values;
};

/// Several datasets at once: their chunks are packed side by side on the threads of the caller's
/// arena and written in order. The bytes are the same as one by one, on any number of threads.
[[nodiscard]] std::vector<H5Handle> write_datasets(hid_t where, std::span<const Numbers> datasets);

/// Makes a one-dimensional dataset the scale of a dimension of its own name.
void make_scale(const H5Handle& dataset, const std::string& name);

/// Binds dimension i of the dataset to scales[i].
void attach_scales(const H5Handle& dataset, std::span<const H5Handle* const> scales);

/// A new file in memory.
class H5Builder {
 public:
  H5Builder();
  [[nodiscard]] hid_t root() const { return file_.get(); }
  [[nodiscard]] H5Handle group(const std::string& name) const;
  /// The finished file's bytes, where the library holds them: valid while this lives and nothing
  /// more is written.
  [[nodiscard]] std::span<const std::byte> image() const;

 private:
  H5Handle file_;
};

/// Opens a file read-only and returns the shape of one of its datasets: proof that what was written
/// can be read. Throws IoError otherwise.
[[nodiscard]] Shape dataset_shape(const std::filesystem::path& file, const std::string& dataset);

/// The version of the library in use, "1.10.8".
[[nodiscard]] std::string h5_version();

}  // namespace needflow
