//===- MappedFile.cpp -----------------------------------------------------===//
#include "compiler/frontend/MappedFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path &path, Problem &problem) {
  auto fail = [&](std::string message, std::string remedy) {
    problem = {"'" + path.string() + "' " + std::move(message), std::move(remedy)};
    return nullptr;
  };
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return fail(std::string("cannot be opened: ") + std::strerror(errno),
                "Check the path and its permissions");

  std::shared_ptr<MappedFile> file(new MappedFile);
  file->where = path;
  struct stat status;
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    bool folder = S_ISDIR(status.st_mode);
    ::close(fd);
    return fail(folder ? "is a folder, not a file" : "is not a regular file", "Name the .onnx file itself");
  }
  file->size = static_cast<size_t>(status.st_size);
  if (file->size != 0) {
    void *address = ::mmap(nullptr, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED) {
      int error = errno;
      ::close(fd);
      file->size = 0;
      return fail(std::string("cannot be mapped: ") + std::strerror(error), "Free some memory and try again");
    }
    file->data = static_cast<const uint8_t *>(address);
  }
  ::close(fd);
  return file;
}

MappedFile::~MappedFile() {
  if (data)
    ::munmap(const_cast<uint8_t *>(data), size);
}

} // namespace ingot
