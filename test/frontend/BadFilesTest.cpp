// Files that are no models.
#include "Models.h"

using namespace ingot;
using namespace ingot::test;

TEST(BadFiles, Missing) {
  expectParts(reportOn(scratchFolder() / "absent.onnx"),
              {"absent.onnx", "cannot be opened", "Check the path"});
}

TEST(BadFiles, Folder) {
  expectParts(reportOn(scratchFolder()), {"is a folder, not a file", "Name the .onnx file itself"});
}

TEST(BadFiles, Empty) {
  expectParts(reportOn(writeFile(scratchFolder() / "m.onnx", "")), {"is empty", "export the model again"});
}

TEST(BadFiles, NoProtobuf) {
  expectParts(reportOn(writeFile(scratchFolder() / "m.onnx", "#!/bin/sh\necho this is not a model\n")),
              {"m.onnx", "is not an ONNX model", "export it again"});
}

TEST(BadFiles, LfsPointer) {
  expectParts(
      reportOn(writeFile(scratchFolder() / "m.onnx", "version https://git-lfs.github.com/spec/v1\noid …\n")),
      {"Git LFS pointer", "git lfs pull"});
}

TEST(BadFiles, Truncated) {
  std::string bytes = reluModel().SerializeAsString();
  bytes.resize(bytes.size() - 10);
  expectParts(reportOn(writeFile(scratchFolder() / "m.onnx", bytes)),
              {"cut short or damaged", "export it again"});
}

TEST(BadFiles, NoGraph) {
  onnx::ModelProto model = reluModel();
  model.clear_graph();
  expectParts(reportOn(model), {"contains no graph", "export it again"});
}

TEST(BadFiles, BeyondProtobuf) {
  auto path = writeFile(scratchFolder() / "m.onnx", "x");
  std::filesystem::resize_file(path, size_t(1) << 32); // sparse: takes no room
  expectParts(reportOn(path), {"4096 MiB", "protobuf ends at 2 GiB", "external data"});
  std::filesystem::remove(path);
}

TEST(BadFiles, IrVersionTooNew) {
  onnx::ModelProto model = reluModel();
  model.set_ir_version(99);
  expectParts(reportOn(model), {"IR version 99 is newer", "set ir_version to"});
}

TEST(BadFiles, OpsetTooNew) {
  onnx::ModelProto model = reluModel();
  model.mutable_opset_import(0)->set_version(9999);
  expectParts(reportOn(model), {"operator set ai.onnx 9999 is newer than", "Export for operator set"});
}

TEST(BadFiles, OpsetNegative) {
  onnx::ModelProto model = reluModel();
  model.mutable_opset_import(0)->set_version(-1);
  expectParts(reportOn(model), {"version -1, which never existed", "Import a version from"});
}

TEST(BadFiles, NoImports) {
  onnx::ModelProto model = reluModel();
  model.clear_opset_import();
  expectParts(reportOn(model), {"imports no operator set", "Add opset_import"});
}
