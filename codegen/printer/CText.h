//===- CText.h - C types, literals, identifiers and line breaks ----------------------------===//
#ifndef INGOT_CODEGEN_PRINTER_CTEXT_H
#define INGOT_CODEGEN_PRINTER_CTEXT_H

#include "dialects/plan/Plan.h"
#include <set>
#include <string>
#include <vector>

namespace ingot::printer {

constexpr size_t columnLimit = 110;

/// "int64_t", "float", "f32x16", "mask8", "const float *"; storage types are unsigned integers of their bits.
/// Signless integers are signed unless `isUnsigned`.
std::string cType(mlir::Type type, bool isUnsigned = false);
/// As an array's element: bools are bytes, sub-byte elements share them.
std::string cStorage(mlir::Type element, bool isUnsigned = false);
/// "f16", "f8e4m3fn", …: in the names of conversion functions; empty for types that C has.
std::string smallFloatName(mlir::Type type);
/// 4 or 2 where elements are packed, else 0.
int packedBits(mlir::Type element);
/// The enumerator of ingot_dtype, "INGOT_F32".
std::string dtypeName(mlir::Type element);

std::string floatLiteral(const llvm::APFloat &value, mlir::FloatType type);
std::string intLiteral(const llvm::APInt &value, bool isSigned);
/// An ingot_string in braces: {"text", 4}.
std::string stringLiteral(llvm::StringRef text);

/// Identifiers of one function, in nested scopes. A name is free again behind its scope, never inside another.
class Names {
public:
  Names() { push(); }
  void push() { scopes_.emplace_back(); }
  void pop();
  /// `hint` made a C identifier and unique.
  std::string fresh(llvm::StringRef hint);
  /// Takes exactly this name.
  void reserve(llvm::StringRef name);

private:
  std::set<std::string> used_;
  std::vector<std::vector<std::string>> scopes_;
};
/// `text` as a C identifier that is no keyword and no word of the generated code's own.
std::string identifier(llvm::StringRef text);
/// "/layer1/layer1.0/conv1/Conv" as "layer1_0_conv1_Conv": an ONNX name without what its parts repeat. Leading parts
/// go where it is longer than `limit`; the last one stays.
std::string shortName(llvm::StringRef onnx, size_t limit = 34);
/// As short as it means something: "weight", "conv1_Conv", "encoder_0".
std::string lastName(llvm::StringRef onnx);
/// "query_bias" of "layer.0.query.bias": the name of a module and of its parameter, or nothing where they are no words.
std::string lastWords(llvm::StringRef onnx);
/// Whether `word` stands in `text` as a whole identifier.
bool mentionsWord(llvm::StringRef text, llvm::StringRef word);

/// A statement, broken where it passes the column limit; `indent` columns before it, a newline behind.
std::string wrapStatement(llvm::StringRef text, unsigned indent);
/// Comment lines "// …" of the text within the column limit; an empty text gives nothing.
std::string comment(llvm::StringRef text, unsigned indent = 0);

} // namespace ingot::printer
#endif
