//===- ExternalData.cpp ---------------------------------------------------===//
#include "compiler/frontend/ExternalData.h"

#include <charconv>

namespace ingot {
namespace fs = std::filesystem;

static bool parseNumber(const std::string &text, uint64_t &value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

static bool isInside(const fs::path &file, const fs::path &folder) {
  auto [inFolder, inFile] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return inFolder == folder.end() && inFile != file.end();
}

std::shared_ptr<const MappedFile> ExternalData::open(const std::string &location, Problem &problem) const {
  if (auto known = opened.find(location); known != opened.end())
    return known->second;

  fs::path relative(location);
  bool climbs = relative.is_absolute() || location.find('\0') != std::string::npos;
  for (const fs::path &part : relative)
    climbs |= part == "..";
  if (location.empty() || climbs) {
    problem = {"external data '" + location + "' " +
                   (location.empty() ? "has no location" : "lies outside the model's folder"),
               "Put the data file beside the model and save its location as a relative path without '..'"};
    return nullptr;
  }
  std::error_code error;
  fs::path root = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
  fs::path target = error ? fs::path() : fs::canonical(root / relative, error);
  if (error) {
    problem = {"external data '" + location + "' is missing",
               "Put the file beside the model; it was exported together with it"};
    return nullptr;
  }
  if (target == root) {
    problem = {"external data '" + location + "' is the model's folder, not a file in it",
               "Export the model again; its external data entries are damaged"};
    return nullptr;
  }
  if (!isInside(target, root)) {
    problem = {"external data '" + location + "' is a symbolic link that leaves the model's folder",
               "Replace the link by the file itself"};
    return nullptr;
  }
  auto file = MappedFile::open(target, problem);
  if (file)
    opened[location] = file;
  else
    problem.message = "external data " + problem.message;
  return file;
}

std::vector<fs::path> ExternalData::files() const {
  std::vector<fs::path> paths;
  for (const auto &[location, file] : opened)
    paths.push_back(folder / location);
  return paths;
}

std::optional<ExternalSlice> ExternalData::resolve(const onnx::TensorProto &tensor, uint64_t expected,
                                                   Problem &problem) const {
  std::string location;
  ExternalSlice slice;
  slice.length = expected;
  bool inModel = false;
  for (const auto &entry : tensor.external_data()) {
    bool number = entry.key() == "offset" || entry.key() == "length";
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == kInModelFile)
      inModel = true;
    else if (number && !parseNumber(entry.value(), entry.key() == "offset" ? slice.offset : slice.length)) {
      problem = {"external data has the " + entry.key() + " '" + entry.value() +
                     "', which is not a number of bytes",
                 "Export the model again; its external data entries are damaged"};
      return std::nullopt;
    }
  }
  slice.file = inModel && model ? model : open(location, problem);
  if (!slice.file)
    return std::nullopt;

  if (slice.length != expected) {
    problem = {"external data has " + std::to_string(slice.length) + " bytes, its shape and type need " +
                   std::to_string(expected),
               "Export the model again; shape and data of this tensor disagree"};
    return std::nullopt;
  }
  uint64_t size = slice.file->bytes().size();
  if (slice.offset > size || slice.length > size - slice.offset) {
    problem = {"external data '" + location + "' ends at byte " + std::to_string(size) +
                   ", but the tensor needs " + std::to_string(slice.length) + " bytes from " +
                   std::to_string(slice.offset),
               "The data file is cut short: copy or download it again"};
    return std::nullopt;
  }
  return slice;
}

} // namespace ingot
