//===- Text.h - Small pieces of C text --------------------------------------------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_TEXT_H
#define INGOT_CODEGEN_PACKAGE_TEXT_H

#include "codegen/package/LibrarySpec.h"
#include "llvm/ADT/ArrayRef.h"

#include <set>
#include <utility>

namespace ingot::package {

using Substitutions = std::vector<std::pair<std::string, std::string>>;

/// Replaces every @key@ of the template.
std::string fill(llvm::StringRef text, const Substitutions &substitutions);

/// `prefix` + items joined by ", " + `suffix`, continued under the first item within 110 columns, or four columns in
/// behind a long prefix.
std::string wrapList(llvm::StringRef prefix, llvm::ArrayRef<std::string> items, llvm::StringRef suffix);

/// `prefix` + `formula` + `suffix`, continued six columns in within 110 columns, with a newline.
std::string wrapFormula(llvm::StringRef prefix, llvm::StringRef formula, llvm::StringRef suffix);

/// Identifiers that occur in C text.
std::set<std::string> identifiersIn(llvm::StringRef text);

/// A keyword of C or C++, a macro of their headers, or a type of theirs or of the runtime's.
bool isWordOfC(llvm::StringRef word);
/// A C identifier for `text` that is no keyword, no word of the generated code's own and not in `used`; it is
/// added to `used`.
std::string makeIdentifier(llvm::StringRef text, std::set<std::string> &used);
/// What the value that follows `name` is called in generated code: h -> h_next, state_ -> state_next.
std::string nextName(llvm::StringRef name);

/// Whether a library may be called so.
bool isValidLibraryName(llvm::StringRef name);
/// The rule, for messages.
extern const char *const libraryNameRule;
/// A valid library name for any text: that of a file, for instance.
std::string makeLibraryName(llvm::StringRef text);

/// One row per element type: how C spells it.
struct ElementText {
  const char *suffix;     // ingot_view_<suffix>
  const char *type;       // storage type
  const char *enumerator; // of ingot_dtype
};
ElementText elementText(ingot_dtype type);

/// "[batch, 8]", or "scalar".
std::string shapeComment(llvm::ArrayRef<std::string> dims);

/// The product of the dimensions: as C over `checked` values, and as people read it ("batch*(length+seq)").
struct Product {
  std::string code, formula;
};
Product product(llvm::ArrayRef<std::string> dims);

/// `text` without what would end, nest or continue a comment: names come from the model.
std::string commentText(llvm::StringRef text);

/// Indented comment lines within 110 columns, broken where a formula or list reads on best.
std::string lineComment(llvm::StringRef text, llvm::StringRef indent = "");

/// The first line of a source, or two where one is too long: "// title; banner".
std::string headComment(llvm::StringRef title, llvm::StringRef banner);

} // namespace ingot::package

#endif
