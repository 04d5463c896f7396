// Writes the golden libraries: golden_tool RUNTIME_DIR OUT_DIR [source]. With "source" only the files that are kept
// in golden/ (no runtime copies, nothing compiled), to renew them after a reviewed change of the generator.
#include "GoldenSpecs.h"
#include "codegen/package/Package.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace ingot;

static int fail(llvm::Error error) {
  llvm::errs() << toString(std::move(error)) << "\n";
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  bool sourceOnly = argc > 3;
  auto runtime = package::loadRuntime(argv[1]);
  if (!runtime)
    return fail(runtime.takeError());
  for (package::LibrarySpec spec : {test::mlpSpec(), test::decoderSpec(), test::cnnSpec(), test::tallySpec()}) {
    std::string folder = std::string(argv[2]) + "/" + spec.name;
    if (!sourceOnly) {
      spec.runtime = *runtime;
      package::ToolchainOptions options;
      if (llvm::Error error = package::writeLibrary(spec, folder, &options))
        return fail(std::move(error));
      continue;
    }
    for (const package::File &file : package::emitFiles(spec)) {
      std::string path = folder + "/" + file.path;
      llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path));
      std::error_code code;
      llvm::raw_fd_ostream(path, code) << file.text;
    }
  }
  return 0;
}
