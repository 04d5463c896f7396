//===- CodeSize.cpp - what of a library is not weights --------------------------------===//
#include "codegen/package/Package.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace llvm::object;

namespace ingot::package {

/// Bytes of the weights' section and of the gap that aligns it in the file.
static uint64_t weightBytes(const ELFFile<ELF64LE> &file, StringRef section) {
  auto sections = file.sections();
  if (!sections) {
    consumeError(sections.takeError());
    return 0;
  }
  for (const auto &s : *sections) {
    auto name = file.getSectionName(s);
    if (!name) {
      consumeError(name.takeError());
      continue;
    }
    if (!name->ends_with(section)) // .rodata, or .lrodata beyond 2 GB
      continue;
    uint64_t before = sizeof(ELF64LE::Ehdr);
    for (const auto &other : *sections)
      if (other.sh_type != ELF::SHT_NOBITS && other.sh_offset < s.sh_offset)
        before = std::max<uint64_t>(before, other.sh_offset + other.sh_size);
    return s.sh_size + (s.sh_offset - before);
  }
  return 0;
}

Expected<uint64_t> codeBytes(StringRef path, StringRef name) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false); // mapped
  if (!buffer)
    return errorCodeToError(buffer.getError());
  auto archive = Archive::create(**buffer);
  if (!archive)
    return archive.takeError();
  uint64_t weights = 0;
  Error error = Error::success();
  for (const Archive::Child &child : (*archive)->children(error)) {
    auto object = child.getBuffer();
    if (!object)
      return object.takeError();
    auto file = ELFFile<ELF64LE>::create(*object);
    if (!file)
      return file.takeError();
    weights += weightBytes(*file, ("rodata." + name + "_weights").str());
  }
  if (error)
    return std::move(error);
  return (*buffer)->getBufferSize() - weights;
}

} // namespace ingot::package
